//! Sessions: whose a credential is, from where it is used, and how a session ends (A37, B14–B18, B21, B27, R6).

use crate::{
    ANONYMOUS, App, Caller, Done, Error, Problem, Viewer, error::not_found, retrying, scheduled::WORKER,
};
use domain::{
    AccountId, Metadata, OrganisationId, SessionId, Timestamp,
    account::{Account, Command, Event, Holder, SessionEnd, Sighting},
    bytes::TokenHash,
    event::Actor,
    organisation,
    policy::{Role, SessionPolicy},
};
use eventstore::{Commit, Position};
use projections::sessions::SessionRow;
use seal::{Token, opaque};
use secrecy::SecretString;
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a session's token hashes under, and its id is hidden under.
const PURPOSE: &str = "session";

/// What is stored of a session's token.
pub(crate) fn session_token_hash(token: &Token) -> TokenHash {
    TokenHash(token.hash(PURPOSE))
}

impl App {
    /// The credential of a session: its hidden id and its token. Two halves that do not fit tell that somebody tampered
    /// (B21).
    pub(crate) async fn session_credential(
        &self,
        organisation: OrganisationId,
        session: SessionId,
        token: &Token,
    ) -> Result<SecretString, Error> {
        let id = opaque::hide(&self.index_key(organisation).await?, PURPOSE, &session.bytes());
        let credential = Zeroizing::new(format!("{id}.{}", *token.to_base64url()));
        Ok(SecretString::from(credential.as_str()))
    }

    /// Who a session's credential belongs to; `None` without one. What a page does by itself is no activity (B15).
    pub async fn viewer(
        &self,
        caller: &Caller,
        token: Option<&str>,
        background: bool,
    ) -> Result<Option<Viewer>, Error> {
        let Some(credential) = token else { return Ok(None) };
        let organisation = caller.organisation;
        let row = self.session_of(organisation, credential).await?;
        let rules = self.rules(organisation).await?;
        let now = self.log.now();
        if let Some(why) = over(&row, &rules.policy.sessions, now) {
            self.end(organisation, row.account, row.session, why, &WORKER).await?;
            return Err(Error::SessionEnded);
        }
        let holder = self.sight(caller, &row, &rules, now).await?;
        if !background {
            self.models.note_activity(organisation, row.session, now).await?;
        }
        Ok(Some(Viewer {
            organisation,
            account: row.account,
            session: row.session,
            kind: holder.kind,
            roles: roles(&rules, &row, &holder),
            holder: Arc::new(holder),
            rules,
        }))
    }

    /// The living session that both halves of a credential are of. Where one half fits alone, somebody tampered with it,
    /// and the session ends (B21).
    async fn session_of(&self, organisation: OrganisationId, credential: &str) -> Result<SessionRow, Error> {
        // Half a credential may be either half.
        let (id, token) = credential.split_once('.').unwrap_or((credential, credential));
        let index = self.index_key(organisation).await?;
        let id = opaque::reveal(&index, PURPOSE, id).and_then(|bytes| bytes.try_into().ok());
        let id: Option<SessionId> = id.map(|bytes| SessionId::new(Uuid::from_bytes(bytes)));
        let hash = Token::parse(token).map(|token| session_token_hash(&token));
        let fits = |row: &SessionRow| Some(row.session) == id;
        if let Some(row) = self.living_by_token(organisation, hash.as_ref()).await?.filter(fits) {
            return Ok(row);
        }
        let by_id = match id {
            Some(id) => self.models.session(organisation, id).await?.filter(lives),
            None => None,
        };
        // Looked up once more and last: a session that begins meanwhile must not be found by its id alone.
        let by_token = self.living_by_token(organisation, hash.as_ref()).await?;
        match by_token {
            Some(row) if fits(&row) => Ok(row),
            by_token => {
                for row in by_id.into_iter().chain(by_token) {
                    let why = SessionEnd::Tampered;
                    self.end(organisation, row.account, row.session, why, &ANONYMOUS).await?;
                }
                Err(Error::SessionEnded)
            }
        }
    }

    async fn living_by_token(
        &self,
        organisation: OrganisationId,
        hash: Option<&TokenHash>,
    ) -> Result<Option<SessionRow>, Error> {
        let Some(hash) = hash else { return Ok(None) };
        Ok(self.models.session_by_token(organisation, hash).await?.filter(lives))
    }

    /// The person behind a session, unless it ended, or ends because of where it is used from (B17, R6). A network that it
    /// was not seen from before is on record.
    async fn sight(
        &self,
        caller: &Caller,
        row: &SessionRow,
        rules: &organisation::State,
        at: Timestamp,
    ) -> Result<Holder, Error> {
        let (organisation, session) = (caller.organisation, row.session);
        retrying(move || async move {
            let loaded = self.log.load::<Account>(organisation, row.account.uuid()).await?;
            // The log knows of an end before the read model does.
            let holder = loaded.state.holder().ok_or(Error::SessionEnded)?;
            let live = holder.sessions.iter().find(|live| live.id == session).ok_or(Error::SessionEnded)?;
            if live.seen.first() == Some(&caller.network.to_canonical()) {
                return Ok(holder.clone());
            }
            let policy = &rules.policy.sessions;
            let sighting = Sighting {
                session,
                from: caller.network,
                pinning: policy.pinning,
                exempt: policy.exempt_networks.clone(),
                at,
            };
            let (change, events) = loaded.decide_seeing(Command::Sight(sighting)).map_err(Problem::from)?;
            let ends = events.iter().any(|event| matches!(event, Event::SessionEnded { .. }));
            let known = Metadata {
                by: Actor::Person { account: row.account, role: None },
                session: Some(session),
                policy: Some(rules.policy_version),
            };
            // Whoever comes from elsewhere may be somebody else.
            let meta = if ends { &ANONYMOUS } else { &known };
            self.log.append(Commit::new(organisation, meta, vec![change])).await?;
            if ends { Err(Error::SessionEnded) } else { Ok(holder.clone()) }
        })
        .await
    }

    /// Ends this session, on this device only (B27, B28).
    pub async fn log_out(&self, viewer: &Viewer) -> Result<Done<SessionId>, Error> {
        self.end_session(viewer, viewer.session).await
    }

    /// Ends one of this person's sessions.
    pub async fn end_session(&self, viewer: &Viewer, session: SessionId) -> Result<Done<SessionId>, Error> {
        let Viewer { organisation, account, .. } = *viewer;
        if !viewer.holder.sessions.iter().any(|live| live.id == session) {
            return Err(not_found("session").at(["sessionId"]).into());
        }
        let why = if session == viewer.session { SessionEnd::LoggedOut } else { SessionEnd::EndedElsewhere };
        let position = self.end(organisation, account, session, why, &viewer.meta()).await?;
        self.wait_for(position).await?;
        Ok(Done { value: session, position })
    }

    /// The sessions of this person that live, those of client programs as well.
    pub async fn sessions(&self, viewer: &Viewer) -> Result<Vec<SessionRow>, Error> {
        let (policy, now) = (&viewer.rules.policy.sessions, self.log.now());
        let mut rows = self.models.sessions_of(viewer.organisation, viewer.account, now).await?;
        rows.retain(|row| over(row, policy, now).is_none());
        Ok(rows)
    }

    pub(crate) async fn end(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        session: SessionId,
        why: SessionEnd,
        meta: &Metadata,
    ) -> Result<Position, Error> {
        let at = self.log.now();
        let end = || Command::EndSession { session, why, at };
        self.instruct(organisation, account, meta, end).await
    }
}

fn lives(row: &SessionRow) -> bool {
    row.ended_at.is_none()
}

/// Why a session cannot go on, if it cannot. A client program's may rest.
pub(crate) fn over(row: &SessionRow, policy: &SessionPolicy, now: Timestamp) -> Option<SessionEnd> {
    if row.ends_at <= now {
        Some(SessionEnd::TooOld)
    } else if row.client.is_none() && row.last_active_at.plus(policy.idle_limit) <= now {
        Some(SessionEnd::Idle)
    } else {
        None
    }
}

/// The roles that a person can use: one that needs a second factor sleeps until the person has one, and where nobody is
/// asked for it, as in a client program.
fn roles(rules: &organisation::State, row: &SessionRow, holder: &Holder) -> BTreeSet<Role> {
    awake(rules, row.account, holder.second_factor.is_some() && row.client.is_none())
}

/// The roles of an account that do not sleep for want of a second factor.
pub(crate) fn awake(rules: &organisation::State, account: AccountId, by_two_factors: bool) -> BTreeSet<Role> {
    let mut awake = rules.roles_of(account);
    if !by_two_factors {
        awake.retain(|role| !rules.policy.accounts.second_factor.contains(role));
    }
    awake
}

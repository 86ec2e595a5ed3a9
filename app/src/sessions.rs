//! Logging in and out, and who a session's credential belongs to (A9, A17, B14, B27, R3, R4).

use crate::{
    ANONYMOUS, App, Caller, Done, Error, Problem, ProblemCode, Viewer, registration::Credential, retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId, SessionId, Timestamp,
    account::{Account, Command, Event, Holder, LogIn, NewSession, SessionEnd, Verdict},
    address::EmailAddress,
    bytes::TokenHash,
    event::Actor,
    reservation::{self, Reservation},
};
use eventstore::{Commit, Position};
use projections::sessions::SessionRow;
use seal::{Token, password};
use secrecy::SecretString;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A session that just began.
pub struct LoggedIn {
    /// The credential; handed out once, stored nowhere.
    pub token: SecretString,
    /// Who logged in.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
}

/// What a session's token hashes under.
const PURPOSE: &str = "session";
/// Characters kept of what a browser says it is.
const DEVICE_CHARACTERS: usize = 200;

impl App {
    /// Starts a session. One answer to every failure, whatever the cause; the cause is on record (A9, R4).
    pub async fn log_in(
        &self,
        caller: &Caller,
        identifier: &str,
        password: &SecretString,
    ) -> Result<Done<LoggedIn>, Error> {
        let Ok(address) = EmailAddress::parse(identifier) else {
            self.check(password.clone(), None).await?;
            return Err(login_failed());
        };
        let Some((account, holder)) = self.holder_of(caller.organisation, &address).await? else {
            return self.fail_unknown(caller, address, password).await;
        };
        let hash = self.password_hash(caller.organisation, account, &holder).await?;
        let verdict = self.check(password.clone(), hash).await?;
        let rules = self.rules(caller.organisation).await?;
        let (token, at) = (Token::random(), self.log.now());
        let session: SessionId = self.log.clock().new_id();
        let attempt = LogIn {
            password: verdict,
            from: caller.network,
            lockout: rules.policy.sessions.lockout(),
            session: NewSession {
                id: session,
                token: TokenHash(token.hash(PURPOSE)),
                device: caller.device.chars().take(DEVICE_CHARACTERS).collect(),
                ends_at: at.plus(rules.policy.sessions.absolute_limit),
            },
            at,
        };
        let (events, position) = self.attempt(caller, account, &attempt).await?;
        if !events.iter().any(|event| matches!(event, Event::SessionStarted { .. })) {
            return Err(login_failed());
        }
        // The next request brings the credential: it must be known by then (R17).
        self.wait_for(position).await?;
        let token = SecretString::from(token.to_base64url().as_str());
        Ok(Done { value: LoggedIn { token, account, session }, position })
    }

    async fn attempt(
        &self,
        caller: &Caller,
        account: AccountId,
        attempt: &LogIn,
    ) -> Result<(Vec<Event>, Position), Error> {
        let by = match attempt.password {
            Verdict::Right => Actor::Person { account, role: None },
            Verdict::Wrong => Actor::Anonymous,
        };
        let meta = Metadata { by, ..ANONYMOUS };
        let meta = &meta;
        retrying(move || async move {
            let loaded = self.log.load::<Account>(caller.organisation, account.uuid()).await?;
            let command = Command::LogIn(Box::new(attempt.clone()));
            let (change, events) = loaded.decide_seeing(command).map_err(Problem::from)?;
            let appended = self.log.append(Commit::new(caller.organisation, meta, vec![change])).await?;
            Ok((events, appended.position()))
        })
        .await
    }

    /// The same work and the same answer as for a wrong password, and an event as well (R4).
    async fn fail_unknown(
        &self,
        caller: &Caller,
        typed: EmailAddress,
        password: &SecretString,
    ) -> Result<Done<LoggedIn>, Error> {
        self.check(password.clone(), None).await?;
        let tag = self.address_tag(caller.organisation, &typed).await?;
        let (from, at) = (caller.network, self.log.now());
        let fail = || reservation::Command::FailLogin { typed: typed.clone(), from, at };
        // Somebody may have been given the address this very moment: then there is nothing to record here.
        let _ = self.log.execute::<Reservation>(caller.organisation, tag.uuid(), &ANONYMOUS, fail).await?;
        Err(login_failed())
    }

    async fn password_hash(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        holder: &Holder,
    ) -> Result<Option<Zeroizing<String>>, Error> {
        let Some(sealed) = &holder.password else { return Ok(None) };
        let key = self.credential_key(organisation, account).await?;
        let opened = seal::open(&key, Credential::Password.label(), &account.bytes(), &sealed.0).ok();
        Ok(opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).map(Zeroizing::new))
    }

    /// Compares a password with a hash, or with a decoy where there is none, so that both take the same time.
    async fn check(&self, password: SecretString, hash: Option<Zeroizing<String>>) -> Result<Verdict, Error> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        let checked = tokio::task::spawn_blocking(move || {
            let right = match &hash {
                Some(hash) => password::verify_password(&password, hash),
                None => decoy(&password),
            };
            if right { Verdict::Right } else { Verdict::Wrong }
        });
        checked.await.map_err(|_| Error::Busy)
    }

    /// Who a session's credential belongs to; `None` without one. What a page does by itself is no activity (B15).
    pub async fn viewer(
        &self,
        caller: &Caller,
        token: Option<&str>,
        background: bool,
    ) -> Result<Option<Viewer>, Error> {
        let Some(token) = token else { return Ok(None) };
        let organisation = caller.organisation;
        let hash = Token::parse(token).map(|token| TokenHash(token.hash(PURPOSE)));
        let Some(hash) = hash else { return Err(Error::SessionEnded) };
        let row = self.models.session_by_token(organisation, &hash).await?.ok_or(Error::SessionEnded)?;
        if row.ended_at.is_some() {
            return Err(Error::SessionEnded);
        }
        let rules = self.rules(organisation).await?;
        let now = self.log.now();
        let idle_ends_at = row.last_active_at.plus(rules.policy.sessions.idle_limit);
        if let Some(why) = over(&row, idle_ends_at, now) {
            self.end_session(organisation, row.account, row.session, why, &ANONYMOUS).await?;
            return Err(Error::SessionEnded);
        }
        if !background {
            self.models.note_activity(organisation, row.session, now).await?;
        }
        let holder = Arc::new(self.holder(organisation, row.account).await?);
        Ok(Some(Viewer {
            organisation,
            account: row.account,
            session: row.session,
            kind: holder.kind,
            roles: rules.roles_of(row.account),
            holder,
            rules,
        }))
    }

    /// Ends this session, on this device only (B27, B28).
    pub async fn log_out(&self, viewer: &Viewer) -> Result<Done<SessionId>, Error> {
        let Viewer { organisation, account, session, .. } = *viewer;
        let position =
            self.end_session(organisation, account, session, SessionEnd::LoggedOut, &viewer.meta()).await?;
        self.wait_for(position).await?;
        Ok(Done { value: session, position })
    }

    /// The sessions of this person that live.
    pub async fn sessions(&self, viewer: &Viewer) -> Result<Vec<SessionRow>, Error> {
        Ok(self.models.sessions_of(viewer.organisation, viewer.account, self.log.now()).await?)
    }

    async fn end_session(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        session: SessionId,
        why: SessionEnd,
        meta: &Metadata,
    ) -> Result<Position, Error> {
        let at = self.log.now();
        let end = || Command::EndSession { session, why, at };
        let done = self.log.execute::<Account>(organisation, account.uuid(), meta, end).await?;
        Ok(done.map_err(Problem::from)?.position())
    }
}

/// Why a session cannot go on, if it cannot.
fn over(row: &SessionRow, idle_ends_at: Timestamp, now: Timestamp) -> Option<SessionEnd> {
    if row.ends_at <= now {
        Some(SessionEnd::TooOld)
    } else if idle_ends_at <= now {
        Some(SessionEnd::Idle)
    } else {
        None
    }
}

/// The work of a comparison, and its answer when there is nothing to compare with.
fn decoy(password: &SecretString) -> bool {
    // Whatever the decoy says, nobody has that password.
    let _ = password::verify_password(password, password::decoy_hash());
    false
}

fn login_failed() -> Error {
    Problem::new(ProblemCode::LoginFailed, "Address and password do not match, or login is not possible now.")
        .into()
}

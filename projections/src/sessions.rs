//! `rm_sessions`: who is logged in where. When a session was last used is no event and stands in `session_activity`,
//! which is not derived from the log and outlives a rebuild (A37, B15).

use crate::{Cell, ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{
    AccountId, Event, OrganisationId, SessionId, Timestamp, account, bytes::TokenHash, event::Subject,
    id::ClientId,
};
use eventstore::{Recorded, db::Row};
use std::{collections::HashMap, net::IpAddr};

pub(crate) const MODEL: ReadModel = ReadModel { name: "sessions", tables: &["rm_sessions"], apply };

const START: &str = "INSERT INTO rm_sessions \
     (organisation, token, session, account, client, network, device, started_at, ends_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const MOVE: &str = "UPDATE rm_sessions SET network = $3 WHERE organisation = $1 AND session = $2";
const END: &str = "UPDATE rm_sessions SET ended_at = $3 \
     WHERE organisation = $1 AND session = $2 AND ended_at IS NULL";
const BY_TOKEN: &str = "SELECT s.session, s.account, s.client, s.network, s.device, s.started_at, s.ends_at, s.ended_at, \
     COALESCE(a.last_active_at, s.started_at) AS last_active_at FROM rm_sessions s \
     LEFT JOIN session_activity a ON a.organisation = s.organisation AND a.session = s.session \
     WHERE s.organisation = $1 AND s.token = $2";
const BY_SESSION: &str = "SELECT s.session, s.account, s.client, s.network, s.device, s.started_at, s.ends_at, s.ended_at, \
     COALESCE(a.last_active_at, s.started_at) AS last_active_at FROM rm_sessions s \
     LEFT JOIN session_activity a ON a.organisation = s.organisation AND a.session = s.session \
     WHERE s.organisation = $1 AND s.session = $2";
const OVER: &str = "SELECT s.session, s.account, s.client, s.network, s.device, s.started_at, s.ends_at, s.ended_at, \
     COALESCE(a.last_active_at, s.started_at) AS last_active_at FROM rm_sessions s \
     LEFT JOIN session_activity a ON a.organisation = s.organisation AND a.session = s.session \
     WHERE s.organisation = $1 AND s.ended_at IS NULL AND (s.ends_at <= $2 \
     OR (s.client IS NULL AND COALESCE(a.last_active_at, s.started_at) <= $3)) ORDER BY s.started_at LIMIT $4";
const USED_BY_CLIENTS: &str = "SELECT s.client, MAX(COALESCE(a.last_active_at, s.started_at)) AS last_active_at \
     FROM rm_sessions s LEFT JOIN session_activity a ON a.organisation = s.organisation AND a.session = s.session \
     WHERE s.organisation = $1 AND s.account = $2 AND s.client IS NOT NULL GROUP BY s.client";
const OF_ACCOUNT: &str = "SELECT s.session, s.account, s.client, s.network, s.device, s.started_at, s.ends_at, s.ended_at, \
     COALESCE(a.last_active_at, s.started_at) AS last_active_at FROM rm_sessions s \
     LEFT JOIN session_activity a ON a.organisation = s.organisation AND a.session = s.session \
     WHERE s.organisation = $1 AND s.account = $2 AND s.ended_at IS NULL AND s.ends_at > $3 \
     ORDER BY s.started_at DESC, s.session DESC";
const ACTIVE: &str = "INSERT INTO session_activity (organisation, session, last_active_at) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, session) DO UPDATE SET last_active_at = excluded.last_active_at \
     WHERE session_activity.last_active_at < excluded.last_active_at";

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// The client program whose credential it is, if it is one's (B51).
    pub client: Option<ClientId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// When it ended, if that was recorded.
    pub ended_at: Option<Timestamp>,
    /// When it was last used; never before it began.
    pub last_active_at: Timestamp,
    /// From where it was last seen (R6); `None` once the person's data is erased.
    pub network: Option<IpAddr>,
    /// Browser or client, in words; `None` once the person's data is erased.
    pub device: Option<String>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let Event::Account(account, event) = &recorded.event else {
        return vec![];
    };
    let organisation = recorded.organisation;
    match event {
        account::Event::SessionStarted { session, token, from, device, client, ends_at, at } => {
            let subject = Subject::Account(*account);
            vec![Statement::new(
                START,
                [
                    organisation.into(),
                    token.into(),
                    (*session).into(),
                    (*account).into(),
                    (*client).into(),
                    Cell::personal(subject, from, IpAddr::to_string),
                    Cell::personal(subject, device, String::clone),
                    (*at).into(),
                    (*ends_at).into(),
                ],
            )]
        }
        account::Event::SessionEnded { session, at, .. } => {
            vec![Statement::new(END, [organisation.into(), (*session).into(), (*at).into()])]
        }
        account::Event::NetworkChanged { session, from, .. } => {
            let network = Cell::personal(Subject::Account(*account), from, IpAddr::to_string);
            vec![Statement::new(MOVE, [organisation.into(), (*session).into(), network])]
        }
        account::Event::Invited { .. }
        | account::Event::InvitationResent { .. }
        | account::Event::InvitationLapsed { .. }
        | account::Event::Registered { .. }
        | account::Event::RegistrationRefused { .. }
        | account::Event::ActivationIssued { .. }
        | account::Event::Activated { .. }
        | account::Event::LoggedIn { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::LockedOut { .. }
        | account::Event::LockoutReleased { .. }
        | account::Event::ProfileUpdated { .. }
        | account::Event::PromotedToMember { .. }
        | account::Event::AudienceChanged { .. }
        | account::Event::Resubscribed { .. }
        | account::Event::Unsubscribed { .. }
        | account::Event::Closed { .. }
        | account::Event::Recovery(_)
        | account::Event::SecondFactor(_)
        | account::Event::Alias(_)
        | account::Event::Client(_) => vec![],
    }
}

impl Projections {
    /// The session whose credential hashes to that, ended or not.
    pub async fn session_by_token(
        &self,
        organisation: OrganisationId,
        token: &TokenHash,
    ) -> Result<Option<SessionRow>, ProjectionError> {
        match self.log().db().optional(BY_TOKEN, vec![organisation.value(), token.value()]).await? {
            Some(row) => Ok(Some(self.session_row(organisation, &row).await?)),
            None => Ok(None),
        }
    }

    /// An account's sessions that neither ended nor are too old, newest first.
    pub async fn sessions_of(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<SessionRow>, ProjectionError> {
        let values = vec![organisation.value(), account.value(), now.value()];
        let mut sessions = vec![];
        for row in self.log().db().all(OF_ACCOUNT, values).await? {
            sessions.push(self.session_row(organisation, &row).await?);
        }
        Ok(sessions)
    }

    /// The session of that id, ended or not.
    pub async fn session(
        &self,
        organisation: OrganisationId,
        session: SessionId,
    ) -> Result<Option<SessionRow>, ProjectionError> {
        match self.log().db().optional(BY_SESSION, vec![organisation.value(), session.value()]).await? {
            Some(row) => Ok(Some(self.session_row(organisation, &row).await?)),
            None => Ok(None),
        }
    }

    /// Sessions not recorded as ended that are too old at `now`, or that nobody used since `unused_since`; a client
    /// program's may rest (B51).
    pub async fn sessions_over(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
        unused_since: Timestamp,
        limit: u32,
    ) -> Result<Vec<SessionRow>, ProjectionError> {
        let values = vec![organisation.value(), now.value(), unused_since.value(), limit.value()];
        let mut sessions = vec![];
        for row in self.log().db().all(OVER, values).await? {
            sessions.push(self.session_row(organisation, &row).await?);
        }
        Ok(sessions)
    }

    /// When each client program of an account was last used, whether its session lives or not (B51).
    pub async fn clients_last_used(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<HashMap<ClientId, Timestamp>, ProjectionError> {
        let values = vec![organisation.value(), account.value()];
        let rows = self.log().db().all(USED_BY_CLIENTS, values).await?;
        rows.iter().map(|row| Ok((row.id("client")?, row.time("last_active_at")?))).collect()
    }

    /// Notes that a session was used; an earlier time than the noted one changes nothing. A power cut may take the last
    /// notes back.
    pub async fn note_activity(
        &self,
        organisation: OrganisationId,
        session: SessionId,
        at: Timestamp,
    ) -> Result<(), ProjectionError> {
        let mut tx = self.log().db().begin_derived().await?;
        tx.run(ACTIVE, vec![organisation.value(), session.value(), at.value()]).await?;
        Ok(tx.commit().await?)
    }

    async fn session_row(
        &self,
        organisation: OrganisationId,
        row: &Row,
    ) -> Result<SessionRow, ProjectionError> {
        let account = row.id("account")?;
        let subject = Subject::Account(account);
        let network = match self.open(organisation, subject, row, "network").await? {
            Some(text) => Some(text.parse().map_err(|_| ProjectionError::Unreadable { column: "network" })?),
            None => None,
        };
        Ok(SessionRow {
            session: row.id("session")?,
            account,
            client: row.opt_id("client")?,
            started_at: row.time("started_at")?,
            ends_at: row.time("ends_at")?,
            ended_at: row.opt_time("ended_at")?,
            last_active_at: row.time("last_active_at")?,
            network,
            device: self.open(organisation, subject, row, "device").await?.map(|text| text.to_string()),
        })
    }
}

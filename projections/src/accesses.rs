//! `rm_accesses`, `rm_access_parties`, `rm_access_networks`: who did what with which message, and whose mail that is (N7).
//!
//! Rows stay when the message expires, is deleted or taken back, and when its reader leaves: that somebody read it stays true,
//! and nothing here says what it said.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags,
    query::{Paging, Query},
    rows::Columns,
    statement::word,
};
use domain::{
    AccountId, Event, MessageId, OrganisationId, SessionId, Timestamp,
    account::{self, alias},
    break_glass,
    event::Subject,
    export, message,
};
use eventstore::{Position, Recorded, db::Row};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

pub(crate) const MODEL: ReadModel = ReadModel {
    name: "accesses",
    tables: &["rm_accesses", "rm_access_parties", "rm_access_networks"],
    apply,
};

const NOTE: &str = "INSERT INTO rm_accesses (organisation, message, position, at, kind, accessor, network, network_of) \
     VALUES ($1, $2, $3, $4, $5, $6, \
     (SELECT network FROM rm_access_networks WHERE organisation = $1 AND session = $7), \
     (SELECT account FROM rm_access_networks WHERE organisation = $1 AND session = $7))";
const INVOLVE: &str = "INSERT INTO rm_access_parties (organisation, account, message) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, account, message) DO NOTHING";
const JOIN_PARTIES: &str = "INSERT INTO rm_access_parties (organisation, account, message) \
     SELECT organisation, $3, message FROM rm_access_parties WHERE organisation = $1 AND account = $2 \
     ON CONFLICT (organisation, account, message) DO NOTHING";
const DROP_PARTIES: &str = "DELETE FROM rm_access_parties WHERE organisation = $1 AND account = $2";
const JOIN_ACCESSORS: &str = "UPDATE rm_accesses SET accessor = $3 WHERE organisation = $1 AND accessor = $2";
const BEGIN: &str =
    "INSERT INTO rm_access_networks (organisation, session, account, network) VALUES ($1, $2, $3, $4)";
const MOVE: &str = "UPDATE rm_access_networks SET network = $3 WHERE organisation = $1 AND session = $2";
const END: &str = "DELETE FROM rm_access_networks WHERE organisation = $1 AND session = $2";

const COLUMNS: &str = "SELECT a.message, a.position, a.at, a.kind, a.accessor, a.network, a.network_of";
const COUNT: &str = "SELECT COUNT(*) AS found";
const MESSAGES: &str = "SELECT DISTINCT a.message";
const FROM: &str = " FROM rm_access_parties p JOIN rm_accesses a ON a.organisation = p.organisation \
     AND a.message = p.message WHERE p.organisation = ? AND p.account = ?";

/// What was done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKind {
    /// Its content was shown (R2).
    Opened,
    /// Text, attachment, Zip or EML was fetched.
    Downloaded,
    /// The print view was shown.
    Printed,
    /// It was answered.
    Replied,
    /// It was passed on.
    Forwarded,
    /// It was exported with two persons' consent (E1).
    Exported,
    /// It was read in an emergency (K6).
    BreakGlass,
}

/// An access to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// Which message.
    pub message: MessageId,
    /// Position of the event that says so.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub kind: AccessKind,
    /// Who, by the account that is theirs now; `None` of an export.
    pub accessor: Option<AccountId>,
    /// From where, if it is known.
    pub network: Option<IpAddr>,
}

/// Which accesses to a person's mail are asked for.
#[derive(Debug, Clone, Default)]
pub struct AccessFilter {
    /// To this message alone.
    pub message: Option<MessageId>,
    /// Emergencies with these are not told.
    pub hidden: Vec<MessageId>,
}

/// Where an access stands in the list.
pub type AccessPlace = (Position, MessageId);

/// Which part of the list, newest first. `first` beats `last`; with neither it is 50.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccessPage {
    /// So many from the newest, or from `after`.
    pub first: Option<u32>,
    /// Older than this.
    pub after: Option<AccessPlace>,
    /// So many from the oldest, or from `before`.
    pub last: Option<u32>,
    /// Newer than this.
    pub before: Option<AccessPlace>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let organisation = recorded.organisation;
    match &recorded.event {
        Event::Message(message, event) => of_message(recorded, *message, event),
        Event::BreakGlass(_, break_glass::Event::Read { by, message, at }) => {
            vec![noted(recorded, *message, AccessKind::BreakGlass, Some(*by), *at)]
        }
        Event::Account(account, event) => of_account(organisation, *account, event),
        // Officers are told of by their role alone, so it is not noted who of them it was.
        Event::Export(_, export::Event::Disclosed { messages, at, .. }) => {
            let exported = |message: &MessageId| noted(recorded, *message, AccessKind::Exported, None, *at);
            messages.iter().map(exported).collect()
        }
        Event::BreakGlass(_, break_glass::Event::Opened { .. } | break_glass::Event::Closed { .. })
        | Event::Export(
            _,
            export::Event::Requested { .. }
            | export::Event::Approved { .. }
            | export::Event::Finished { .. }
            | export::Event::Failed { .. }
            | export::Event::Downloaded { .. },
        )
        | Event::Organisation(_)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Draft(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Review(..)
        | Event::Key(..) => vec![],
    }
}

fn of_message(recorded: &Recorded, message: MessageId, event: &message::Event) -> Vec<Statement> {
    let access = |kind, by: &AccountId, at: &Timestamp| vec![noted(recorded, message, kind, Some(*by), *at)];
    match event {
        message::Event::Sent { from, recipients, .. } => {
            let involve = |party: AccountId| {
                Statement::new(INVOLVE, [recorded.organisation.into(), party.into(), message.into()])
            };
            recipients.iter().map(|to| to.account).chain([*from]).map(involve).collect()
        }
        message::Event::Opened { by, at, .. } => access(AccessKind::Opened, by, at),
        message::Event::Downloaded { by, at, .. } => access(AccessKind::Downloaded, by, at),
        message::Event::Printed { by, at } => access(AccessKind::Printed, by, at),
        message::Event::Replied { by, at, .. } => access(AccessKind::Replied, by, at),
        message::Event::Forwarded { by, at, .. } => access(AccessKind::Forwarded, by, at),
        message::Event::OnwardRefused { .. }
        | message::Event::RuleOverridden { .. }
        | message::Event::Recalled { .. }
        | message::Event::Deleted { .. }
        | message::Event::ExpiryWarned { .. }
        | message::Event::Expired { .. } => vec![],
    }
}

/// Who acted is whoever was logged in: a message can know them by an account that joined theirs.
fn noted(
    recorded: &Recorded,
    message: MessageId,
    kind: AccessKind,
    by: Option<AccountId>,
    at: Timestamp,
) -> Statement {
    let accessor = by.map(|by| crate::audit::actor(&recorded.meta).unwrap_or(by));
    let cells = [
        recorded.organisation.into(),
        message.into(),
        recorded.position.into(),
        at.into(),
        Cell::word(kind),
        accessor.into(),
        recorded.meta.session.into(),
    ];
    Statement::new(NOTE, cells)
}

fn of_account(organisation: OrganisationId, account: AccountId, event: &account::Event) -> Vec<Statement> {
    let of_session = |session: &SessionId| -> [Cell; 2] { [organisation.into(), (*session).into()] };
    match event {
        account::Event::SessionStarted { session, from, .. } => {
            let [org, which] = of_session(session);
            let network = Cell::personal(Subject::Account(account), from, IpAddr::to_string);
            vec![Statement::new(BEGIN, [org, which, account.into(), network])]
        }
        account::Event::NetworkChanged { session, from, .. } => {
            let [org, which] = of_session(session);
            let network = Cell::personal(Subject::Account(account), from, IpAddr::to_string);
            vec![Statement::new(MOVE, [org, which, network])]
        }
        account::Event::SessionEnded { session, .. } => vec![Statement::new(END, of_session(session))],
        // From here on the mail of both is one person's, also when they leave.
        account::Event::Alias(alias::Event::AccountJoined { account: joined, .. }) => {
            let both = || -> [Cell; 3] { [organisation.into(), (*joined).into(), account.into()] };
            let [org, joined, _] = both();
            vec![
                Statement::new(JOIN_PARTIES, both()),
                Statement::new(DROP_PARTIES, [org, joined]),
                Statement::new(JOIN_ACCESSORS, both()),
            ]
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
        | account::Event::Unsubscribed { .. }
        | account::Event::Resubscribed { .. }
        | account::Event::Closed { .. }
        | account::Event::Recovery(_)
        | account::Event::SecondFactor(_)
        | account::Event::Client(_)
        | account::Event::Alias(
            alias::Event::AliasRequested { .. }
            | alias::Event::AliasAdded { .. }
            | alias::Event::AliasConfirmed { .. }
            | alias::Event::AliasPromoted { .. }
            | alias::Event::AliasPromotionUndone { .. }
            | alias::Event::AliasRemoved { .. },
        ) => vec![],
    }
}

impl Projections {
    /// A page of the accesses to mail that somebody sent or received.
    pub async fn accesses(
        &self,
        organisation: OrganisationId,
        party: AccountId,
        filter: &AccessFilter,
        page: &AccessPage,
    ) -> Result<Slice<AccessRow>, ProjectionError> {
        let mut query = narrowed(COLUMNS, organisation, party, filter);
        for (condition, place) in [
            (" AND (a.position, a.message) < (?, ?)", page.after),
            (" AND (a.position, a.message) > (?, ?)", page.before),
        ] {
            if let Some((position, message)) = place {
                query.push(condition, [position.value(), message.value()]);
            }
        }
        let paging = Paging::new(page.first, page.last, page.after.is_some(), page.before.is_some());
        let (newest, oldest) =
            (" ORDER BY a.position DESC, a.message DESC", " ORDER BY a.position, a.message");
        paging.end(&mut query, newest, oldest);
        let mut rows = vec![];
        for row in self.all(query).await? {
            rows.push(self.access_row(organisation, &row).await?);
        }
        Ok(paging.slice(rows))
    }

    /// How many there are.
    pub async fn access_count(
        &self,
        organisation: OrganisationId,
        party: AccountId,
        filter: &AccessFilter,
    ) -> Result<u64, ProjectionError> {
        Ok(self.one(narrowed(COUNT, organisation, party, filter)).await?.number("found")?)
    }

    /// One of them.
    pub async fn access(
        &self,
        organisation: OrganisationId,
        party: AccountId,
        filter: &AccessFilter,
        position: Position,
    ) -> Result<Option<AccessRow>, ProjectionError> {
        let mut query = narrowed(COLUMNS, organisation, party, filter);
        query.push(" AND a.position = ?", [position.value()]);
        match self.all(query).await?.first() {
            Some(row) => self.access_row(organisation, row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Which of somebody's messages were read in an emergency.
    pub async fn messages_read_in_emergencies(
        &self,
        organisation: OrganisationId,
        party: AccountId,
    ) -> Result<Vec<MessageId>, ProjectionError> {
        let mut query = narrowed(MESSAGES, organisation, party, &AccessFilter::default());
        query.push(" AND a.kind = ?", [word(AccessKind::BreakGlass)]);
        self.all(query).await?.iter().map(|row| Ok(row.id("message")?)).collect()
    }

    async fn access_row(
        &self,
        organisation: OrganisationId,
        row: &Row,
    ) -> Result<AccessRow, ProjectionError> {
        let network = match row.opt_id("network_of")? {
            Some(account) => self.open(organisation, Subject::Account(account), row, "network").await?,
            None => None,
        };
        let unreadable = |_| ProjectionError::Unreadable { column: "network" };
        Ok(AccessRow {
            message: row.id("message")?,
            position: row.int("position")?,
            at: row.time("at")?,
            kind: row.word("kind")?,
            accessor: row.opt_id("accessor")?,
            network: network.map(|text| text.parse().map_err(unreadable)).transpose()?,
        })
    }
}

fn narrowed(
    what: &'static str,
    organisation: OrganisationId,
    party: AccountId,
    filter: &AccessFilter,
) -> Query {
    let mut query = Query::new(what, []);
    query.push(FROM, [organisation.value(), party.value()]);
    if let Some(message) = filter.message {
        query.push(" AND p.message = ?", [message.value()]);
    }
    if !filter.hidden.is_empty() {
        query.push(" AND NOT (a.kind = ? AND a.message IN ", [word(AccessKind::BreakGlass)]);
        query.list(filter.hidden.iter().map(|message| message.value()));
        query.push(")", []);
    }
    query
}

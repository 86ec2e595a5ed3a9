//! The audit's events and the conditions by which they are found.

use super::{
    account::{Account, Role},
    audit_kind::{AuditEventKind, recorded_kinds},
    compliance::MessageRecord,
    ids::{self, Kind},
    review::Review,
    scalars::{DateTime, EmailAddress, Long, Network},
};
use crate::{
    asker::{asker, viewer},
    codes::{Code, error, failure},
    loaders::Rows,
};
use app::{AuditQuestion, AuditedEvent, EventRef};
use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Result, SimpleObject, dataloader::DataLoader,
};
use domain::{AccountId, MessageId, Timestamp, address, event, policy};
use eventstore::Position;
use projections::audit;

/// One thing that happened; typed columns for what is asked often, `details` for the rest.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct AuditEvent {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    position: Position,
    #[graphql(skip)]
    whom: Option<AccountId>,
    #[graphql(skip)]
    about: Option<MessageId>,
    /// Leaf index in the log: its position less one (N1).
    index: Long,
    /// What happened.
    kind: AuditEventKind,
    /// When, UTC (K8).
    at: DateTime,
    /// Who did it.
    actor: Actor,
    /// The address it touched, if it is no account's; null when erased.
    subject_address: Option<EmailAddress>,
    /// From where.
    network: Option<Network>,
    /// How it ended.
    outcome: AuditOutcome,
    /// Result code, such as `wrong_password`; or the reason a person gave.
    reason: Option<String>,
    /// The policy it was decided under (Q3).
    policy_version: Option<i32>,
}

#[ComplexObject]
impl AuditEvent {
    /// Whom it touched, if an account.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        find(ctx, self.whom).await
    }

    /// The message it touched.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<MessageRecord>> {
        let Some(message) = self.about else {
            return Ok(None);
        };
        let row = ctx.data_unchecked::<DataLoader<Rows>>().load_one(message).await.map_err(failure)?;
        Ok(row.map(MessageRecord::from))
    }

    /// Who signed it off (Q2).
    async fn reviews(&self, ctx: &Context<'_>) -> Result<Vec<Review>> {
        Review::of_event(ctx, self.position).await
    }
}

/// Who or what acted.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Actor {
    /// A person, a worker, nobody known.
    kind: ActorKind,
    #[graphql(skip)]
    who: Option<AccountId>,
    /// The role used, when it took one.
    role: Option<Role>,
}

#[ComplexObject]
impl Actor {
    /// The person.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        find(ctx, self.who).await
    }
}

/// Who can act.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActorKind {
    /// A logged-in person.
    Person,
    /// Whoever held an emailed link.
    LinkHolder,
    /// Nobody known.
    Anonymous,
    /// A scheduled job.
    Worker,
    /// The command line.
    Operator,
}

/// How an attempt ended.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "audit::Outcome")]
pub(crate) enum AuditOutcome {
    /// It happened.
    Done,
    /// Refused for lack of right or by a rule.
    Refused,
    /// It went wrong.
    Failed,
}

/// One bar of a chart.
#[derive(SimpleObject)]
pub(crate) struct EventCount {
    /// Start of the bucket.
    from: DateTime,
    /// Which kind.
    kind: AuditEventKind,
    /// How many.
    count: i32,
}

impl From<audit::EventCount> for EventCount {
    fn from(counted: audit::EventCount) -> Self {
        Self {
            from: counted.from.into(),
            kind: counted.kind.into(),
            count: i32::try_from(counted.count).unwrap_or(i32::MAX),
        }
    }
}

/// Conditions on events; all must hold, a list means any of it.
#[derive(InputObject)]
pub(crate) struct AuditFilter {
    /// At this instant or later.
    from: Option<DateTime>,
    /// Before this instant.
    until: Option<DateTime>,
    /// One of these kinds.
    kinds: Option<Vec<AuditEventKind>>,
    /// Done by one of these accounts.
    actor_ids: Option<Vec<ID>>,
    /// Touching one of these accounts.
    subject_ids: Option<Vec<ID>>,
    /// Touching one of these addresses, also unregistered ones.
    addresses: Option<Vec<EmailAddress>>,
    /// Touching one of these messages.
    message_ids: Option<Vec<ID>>,
    /// From within one of these networks.
    networks: Option<Vec<Network>>,
    /// With one of these outcomes.
    outcomes: Option<Vec<AuditOutcome>>,
    /// Touching guests of one of these audiences (C15).
    audiences: Option<Vec<String>>,
    /// True: done by right of a role (Q10).
    privileged: Option<bool>,
    /// False: nobody signed it off (Q2, Q10).
    reviewed: Option<bool>,
}

impl AuditFilter {
    /// The conditions as the audit takes them. A list of which nothing can exist finds nothing; there an empty list would
    /// find everything.
    pub(crate) fn into_question(self) -> Result<AuditQuestion> {
        let kinds = self.kinds.map(|kinds| kinds.into_iter().flat_map(recorded_kinds).collect::<Vec<_>>());
        let ids = |kind, ids: Option<Vec<ID>>| -> Option<Vec<_>> {
            ids.map(|ids| ids.iter().filter_map(|id| ids::parse(kind, id)).collect())
        };
        let actors = ids(Kind::Account, self.actor_ids);
        let subjects = ids(Kind::Account, self.subject_ids);
        let messages = ids(Kind::Message, self.message_ids);
        let outcomes: Option<Vec<_>> =
            self.outcomes.map(|outcomes| outcomes.into_iter().map(audit::Outcome::from).collect());
        let addresses = each(self.addresses, |address| {
            address::EmailAddress::parse(&address.0)
                .map_err(|_| "Write each of `addresses` as ada@example.org.".into())
        })?;
        let networks = each(self.networks, |network| {
            policy::Network::parse(&network.0).map_err(|error| error.to_string())
        })?;
        let impossible = [&actors, &subjects, &messages].into_iter().flatten().any(Vec::is_empty)
            || kinds.as_ref().is_some_and(Vec::is_empty)
            || outcomes.as_ref().is_some_and(Vec::is_empty)
            || addresses.as_ref().is_some_and(Vec::is_empty)
            || networks.as_ref().is_some_and(Vec::is_empty)
            || self.audiences.as_ref().is_some_and(Vec::is_empty);
        let until = if impossible { Some(BEFORE_ALL) } else { self.until.map(|at| at.0) };
        let accounts = |ids: Option<Vec<_>>| ids.into_iter().flatten().map(AccountId::new).collect();
        let filter = audit::AuditFilter {
            from: self.from.map(|at| at.0),
            until,
            kinds: kinds.unwrap_or_default(),
            actors: accounts(actors),
            subjects: accounts(subjects),
            messages: messages.into_iter().flatten().map(MessageId::new).collect(),
            networks: networks.unwrap_or_default(),
            audiences: self.audiences.unwrap_or_default(),
            outcomes: outcomes.unwrap_or_default(),
            privileged: self.privileged,
            reviewed: self.reviewed,
            ..audit::AuditFilter::default()
        };
        Ok(AuditQuestion { filter, addresses: addresses.unwrap_or_default() })
    }
}

/// Every entry of a list as what it must be; the words say how one is written.
fn each<T, U>(
    list: Option<Vec<T>>,
    parse: impl Fn(T) -> std::result::Result<U, String>,
) -> Result<Option<Vec<U>>> {
    let parse = |entry| parse(entry).map_err(|words| error(Code::BadRequest, words));
    list.map(|entries| entries.into_iter().map(parse).collect()).transpose()
}

/// Nothing was recorded before 1970.
const BEFORE_ALL: Timestamp = Timestamp::from_micros(0);

async fn find(ctx: &Context<'_>, account: Option<AccountId>) -> Result<Option<Account>> {
    match account {
        Some(account) => Account::find(ctx, account).await,
        None => Ok(None),
    }
}

impl AuditEvent {
    /// One of them, for an officer.
    pub(crate) async fn find(ctx: &Context<'_>, wanted: EventRef) -> Result<Option<Self>> {
        let found =
            asker(ctx).app.audited_events(&*viewer(ctx)?, &[wanted.position]).await.map_err(failure)?;
        Ok(found.into_iter().find(|event| event.id == wanted.id).map(Self::from))
    }
}

impl From<AuditedEvent> for AuditEvent {
    fn from(event: AuditedEvent) -> Self {
        Self {
            id: ids::event(EventRef { position: event.position, id: event.id }),
            position: event.position,
            whom: event.subject,
            about: event.message,
            index: Long(event.position - 1),
            kind: event.kind.into(),
            at: event.at.into(),
            actor: event.by.into(),
            subject_address: event.subject_address.as_ref().map(EmailAddress::from),
            network: event.network.map(Network::from),
            outcome: event.outcome.into(),
            reason: event.reason,
            policy_version: event.policy.map(|version| i32::try_from(version).unwrap_or(i32::MAX)),
        }
    }
}

impl From<event::Actor> for Actor {
    fn from(actor: event::Actor) -> Self {
        let (kind, who, role) = match actor {
            event::Actor::Person { account, role } => {
                (ActorKind::Person, Some(account), role.map(Role::from))
            }
            event::Actor::LinkHolder { account } => (ActorKind::LinkHolder, Some(account), None),
            event::Actor::Anonymous => (ActorKind::Anonymous, None, None),
            event::Actor::Worker => (ActorKind::Worker, None, None),
            event::Actor::Operator => (ActorKind::Operator, None, None),
        };
        Self { kind, who, role }
    }
}

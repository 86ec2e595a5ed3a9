//! `rm_messages`, `rm_mailbox`, `rm_deliveries`, `rm_drafts`, `rm_attachments`, `rm_condemned_keys`: what stands in whose folders,
//! what became of a message at each recipient, who has which file, and when the last key is gone. Nothing here says what a message says; a row's grant lets its reader open that.

mod attachments;
mod deliveries;
mod drafts;
mod entries;
mod messages;
mod news;
mod past;
mod records;
mod shredding;

pub use deliveries::DeliveryRow;
pub use drafts::DraftRow;
pub use entries::{MailboxEntry, MailboxFilter, Page};
pub use messages::MessageRow;
pub use news::MailboxNews;
pub use records::{MessageState, RecordFilter};

use crate::{Cell, ReadModel, Statement, Tags};
use domain::{
    AccountId, Event, MessageId, OrganisationId, Timestamp,
    account::{self, Closing, alias},
    message::{self, About, Direction, Grant, Onward, Recipient},
};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel {
    name: "mailbox",
    tables: &[
        "rm_messages",
        "rm_mailbox",
        "rm_deliveries",
        "rm_drafts",
        "rm_attachments",
        "rm_condemned_keys",
    ],
    apply,
};

const SEND: &str = "INSERT INTO rm_messages (organisation, message, position, sender, generation, content_key, \
     policy_version, sent_at, expires_at, attachment_count, size_bytes, reply_to, forward_of, secured_by) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const GRANT: &str = "INSERT INTO rm_mailbox \
     (organisation, account, granted_to, direction, message, sent_at, expires_at, generation, grant_key) \
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8)";
const DELIVER: &str = "INSERT INTO rm_deliveries (organisation, message, account, kind, field, generation) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const OPEN: &str = "UPDATE rm_mailbox SET opened_at = $5 WHERE organisation = $1 AND granted_to = $2 \
     AND direction = $3 AND message = $4 AND opened_at IS NULL";
const NOTE_OPENED: &str = "UPDATE rm_deliveries SET opened_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND opened_at IS NULL";
const NOTE_REPLIED: &str = "UPDATE rm_deliveries SET replied_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND replied_at IS NULL";
const NOTE_FORWARDED: &str = "UPDATE rm_deliveries SET forwarded_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND forwarded_at IS NULL";
const NOTE_DOWNLOADED: &str = "UPDATE rm_deliveries SET downloaded_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND downloaded_at IS NULL";
const NOTE_PRINTED: &str = "UPDATE rm_deliveries SET printed_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND printed_at IS NULL";
const NOTE_RECALLED: &str = "UPDATE rm_deliveries SET recalled_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND recalled_at IS NULL";
const RECALL: &str = "UPDATE rm_mailbox SET recalled_at = $4 \
     WHERE organisation = $1 AND message = $2 AND granted_to = $3 AND recalled_at IS NULL";
const NOTE_WHOLLY_RECALLED: &str = "UPDATE rm_messages SET recalled_at = $3 \
     WHERE organisation = $1 AND message = $2 AND recalled_at IS NULL";
const NOTE_DELETED: &str = "UPDATE rm_deliveries SET deleted_at = $4 \
     WHERE organisation = $1 AND message = $2 AND account = $3 AND deleted_at IS NULL";
const DELETE: &str = "DELETE FROM rm_mailbox WHERE organisation = $1 AND message = $2 AND granted_to = $3";
const DELETE_BY_SENDER: &str = "UPDATE rm_messages SET sender_deleted_at = $4 \
     WHERE organisation = $1 AND message = $2 AND sender = $3 AND sender_deleted_at IS NULL";
const WARN: &str = "UPDATE rm_messages SET warned_at = $3 WHERE organisation = $1 AND message = $2";
const EXPIRE: &str =
    "UPDATE rm_messages SET expired_at = $3 WHERE organisation = $1 AND message = $2 AND expired_at IS NULL";
const CLEAR: &str = "DELETE FROM rm_mailbox WHERE organisation = $1 AND message = $2";
const NOTE_REVOKED: &str = "UPDATE rm_deliveries SET revoked_at = $4 \
     WHERE organisation = $1 AND revoked_at IS NULL AND (message, account) IN (SELECT message, granted_to \
     FROM rm_mailbox WHERE organisation = $1 AND account = $2 AND direction = $3 AND revoked_at IS NULL)";
const REVOKE: &str = "UPDATE rm_mailbox SET revoked_at = $4 WHERE organisation = $1 AND account = $2 \
     AND direction = $3 AND revoked_at IS NULL";
const DROP_DOUBLES: &str = "DELETE FROM rm_mailbox WHERE organisation = $1 AND account = $2 AND EXISTS \
     (SELECT 1 FROM rm_mailbox own WHERE own.organisation = $1 AND own.account = $3 \
     AND own.direction = rm_mailbox.direction AND own.message = rm_mailbox.message)";
const JOIN: &str = "UPDATE rm_mailbox SET account = $3 WHERE organisation = $1 AND account = $2";

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let organisation = recorded.organisation;
    match &recorded.event {
        Event::Message(message, event) => of_message(recorded, organisation, *message, event),
        Event::Draft(draft, event) => drafts::apply(organisation, *draft, event),
        Event::Account(account, event) => match event {
            account::Event::Unsubscribed { at, .. } => revoked(organisation, *account, Direction::In, *at),
            account::Event::Closed { why: Closing::Wish | Closing::Administrator, at, .. } => {
                let way = |way| revoked(organisation, *account, way, *at);
                [way(Direction::In), way(Direction::Out)].concat()
            }
            account::Event::Alias(alias::Event::AccountJoined { account: joined, .. }) => {
                let cells = || [organisation.into(), (*joined).into(), (*account).into()];
                vec![Statement::new(DROP_DOUBLES, cells()), Statement::new(JOIN, cells())]
            }
            // What joins another account's inbox is read there.
            account::Event::Closed { why: Closing::Joined { .. }, .. }
            | account::Event::Invited { .. }
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
            | account::Event::SessionStarted { .. }
            | account::Event::SessionEnded { .. }
            | account::Event::NetworkChanged { .. }
            | account::Event::ProfileUpdated { .. }
            | account::Event::PromotedToMember { .. }
            | account::Event::AudienceChanged { .. }
            | account::Event::Resubscribed { .. }
            | account::Event::Recovery(_)
            | account::Event::SecondFactor(_)
            | account::Event::Alias(
                alias::Event::AliasRequested { .. }
                | alias::Event::AliasAdded { .. }
                | alias::Event::AliasConfirmed { .. }
                | alias::Event::AliasPromoted { .. }
                | alias::Event::AliasPromotionUndone { .. }
                | alias::Event::AliasRemoved { .. },
            )
            | account::Event::Client(_) => vec![],
        },
        Event::Key(key, event) => shredding::apply(organisation, *key, event),
        Event::Organisation(_)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..) => vec![],
    }
}

/// What a person received, or sent, is out of their reach.
fn revoked(
    organisation: OrganisationId,
    account: AccountId,
    way: Direction,
    at: Timestamp,
) -> Vec<Statement> {
    let cells = || -> [Cell; 4] { [organisation.into(), account.into(), Cell::word(way), at.into()] };
    let rows = Statement::new(REVOKE, cells());
    match way {
        Direction::In => vec![Statement::new(NOTE_REVOKED, cells()), rows],
        Direction::Out => vec![rows],
    }
}

fn of_message(
    recorded: &Recorded,
    organisation: OrganisationId,
    message: MessageId,
    event: &message::Event,
) -> Vec<Statement> {
    let key = || -> [Cell; 2] { [organisation.into(), message.into()] };
    let by_whom = |sql, by: AccountId, at: Timestamp| {
        Statement::new(sql, [organisation.into(), message.into(), by.into(), at.into()])
    };
    match event {
        message::Event::Sent { recipients, grants, files, expires_at, at, .. } => {
            let times = (*at, *expires_at);
            let granted = grants.iter().map(|grant| granted(organisation, message, grant, times));
            let delivered = recipients.iter().map(|Recipient { account, kind, field, .. }| {
                let [org, id] = key();
                let generation = generation(grants, *account, Direction::In).into();
                let (kind, field) = (Cell::word(kind), Cell::word(field));
                Statement::new(DELIVER, [org, id, (*account).into(), kind, field, generation])
            });
            let kept = attachments::of_message(organisation, message, files, *expires_at);
            sent(recorded, message, event).into_iter().chain(granted).chain(delivered).chain(kept).collect()
        }
        message::Event::Opened { by, at, .. } => {
            let incoming = Cell::word(Direction::In);
            let cells = [organisation.into(), (*by).into(), incoming, message.into(), (*at).into()];
            vec![Statement::new(OPEN, cells), by_whom(NOTE_OPENED, *by, *at)]
        }
        message::Event::Replied { by, at, .. } => vec![by_whom(NOTE_REPLIED, *by, *at)],
        message::Event::Forwarded { by, at, .. } => vec![by_whom(NOTE_FORWARDED, *by, *at)],
        message::Event::Expired { at } => {
            let [org, id] = key();
            let forget = attachments::gone_with(organisation, message);
            vec![Statement::new(EXPIRE, [org, id, (*at).into()]), Statement::new(CLEAR, key()), forget]
        }
        message::Event::Downloaded { by, at, .. } => vec![by_whom(NOTE_DOWNLOADED, *by, *at)],
        message::Event::Printed { by, at } => vec![by_whom(NOTE_PRINTED, *by, *at)],
        message::Event::Recalled { from, wholly, at } => {
            let each =
                |person: &AccountId| [by_whom(NOTE_RECALLED, *person, *at), by_whom(RECALL, *person, *at)];
            let [org, id] = key();
            let whole = wholly.then(|| Statement::new(NOTE_WHOLLY_RECALLED, [org, id, (*at).into()]));
            from.iter().flat_map(each).chain(whole).collect()
        }
        message::Event::Deleted { by, at } => {
            let [org, id] = key();
            vec![
                by_whom(NOTE_DELETED, *by, *at),
                by_whom(DELETE_BY_SENDER, *by, *at),
                Statement::new(DELETE, [org, id, (*by).into()]),
            ]
        }
        message::Event::ExpiryWarned { at, .. } => {
            let [org, id] = key();
            vec![Statement::new(WARN, [org, id, (*at).into()])]
        }
        message::Event::OnwardRefused { .. } | message::Event::RuleOverridden { .. } => vec![],
    }
}

fn sent(recorded: &Recorded, message: MessageId, event: &message::Event) -> Option<Statement> {
    let message::Event::Sent {
        from,
        about,
        content_key,
        grants,
        attachment_count,
        size_bytes,
        secured_by,
        expires_at,
        at,
        ..
    } = event
    else {
        return None;
    };
    let cells = [
        recorded.organisation.into(),
        message.into(),
        recorded.position.into(),
        (*from).into(),
        generation(grants, *from, Direction::Out).into(),
        (*content_key).into(),
        recorded.meta.policy.unwrap_or_default().into(),
        (*at).into(),
        (*expires_at).into(),
        (*attachment_count).into(),
        (*size_bytes).into(),
        original(about.as_ref(), Onward::Reply).into(),
        original(about.as_ref(), Onward::Forward).into(),
        (*secured_by).into(),
    ];
    Some(Statement::new(SEND, cells))
}

fn granted(
    organisation: OrganisationId,
    message: MessageId,
    grant: &Grant,
    (sent_at, expires_at): (Timestamp, Timestamp),
) -> Statement {
    let Grant { account, direction, generation, key } = grant;
    let cells = [
        organisation.into(),
        (*account).into(),
        Cell::word(direction),
        message.into(),
        sent_at.into(),
        expires_at.into(),
        (*generation).into(),
        key.into(),
    ];
    Statement::new(GRANT, cells)
}

/// Of the mailbox that a message was put into. Every reader has a grant; 0 stands for none.
fn generation(grants: &[Grant], account: AccountId, direction: Direction) -> u32 {
    let own = |grant: &&Grant| grant.account == account && grant.direction == direction;
    grants.iter().find(own).map_or(0, |grant| grant.generation)
}

/// The message that another one answers, or passes on.
fn original(about: Option<&About>, what: Onward) -> Option<MessageId> {
    about.filter(|about| about.what == what).map(|about| about.message)
}

//! When the last key to a message is gone (Q6). What it says is sealed under one content key, which is sealed for each reader under
//! their mailbox key and the key of the day on which it ends. So it is shredded with that day, and before it when every mailbox
//! is gone that it or a forward of it stands in.

use crate::{Cell, Statement};
use domain::{
    AccountId, OrganisationId, Timestamp,
    id::VaultKeyId,
    key::{self, Subject},
    message::Direction,
};
use time::{Date, Time};

const CONDEMN_DAY: &str = "INSERT INTO rm_condemned_keys (organisation, key_id, day_begins, day_ends) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const CONDEMN_MAILBOX: &str = "INSERT INTO rm_condemned_keys (organisation, key_id, direction, account, generation) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const SHRED_DAY: &str = "UPDATE rm_messages SET shredded_at = $3 WHERE organisation = $1 AND shredded_at IS NULL \
     AND expires_at >= (SELECT day_begins FROM rm_condemned_keys WHERE organisation = $1 AND key_id = $2) \
     AND expires_at < (SELECT day_ends FROM rm_condemned_keys WHERE organisation = $1 AND key_id = $2)";
const LOSE_RECEIVED: &str = "UPDATE rm_deliveries SET key_gone_at = $3 WHERE organisation = $1 AND account = \
     (SELECT account FROM rm_condemned_keys WHERE organisation = $1 AND key_id = $2 AND direction = $4) \
     AND generation = (SELECT generation FROM rm_condemned_keys WHERE organisation = $1 AND key_id = $2)";
const LOSE_SENT: &str = "UPDATE rm_messages SET sender_key_gone_at = $3 WHERE organisation = $1 AND sender = \
     (SELECT account FROM rm_condemned_keys WHERE organisation = $1 AND key_id = $2 AND direction = $4) \
     AND generation = (SELECT generation FROM rm_condemned_keys WHERE organisation = $1 AND key_id = $2)";
/// Looks at messages that the owner of the mailbox sent or received, and at what else has their content.
const SHRED_LOST: &str = "UPDATE rm_messages SET shredded_at = $3 WHERE organisation = $1 AND shredded_at IS NULL \
     AND content_key IN (SELECT own.content_key FROM rm_condemned_keys k JOIN rm_messages own \
     ON own.organisation = k.organisation AND own.sender = k.account WHERE k.organisation = $1 AND k.key_id = $2 \
     UNION SELECT got.content_key FROM rm_condemned_keys k JOIN rm_deliveries d \
     ON d.organisation = k.organisation AND d.account = k.account JOIN rm_messages got \
     ON got.organisation = d.organisation AND got.message = d.message WHERE k.organisation = $1 AND k.key_id = $2) \
     AND NOT EXISTS (SELECT 1 FROM rm_messages s WHERE s.organisation = rm_messages.organisation \
     AND s.content_key = rm_messages.content_key AND (s.sender_key_gone_at IS NULL OR EXISTS \
     (SELECT 1 FROM rm_deliveries d WHERE d.organisation = s.organisation AND d.message = s.message \
     AND d.key_gone_at IS NULL)))";

pub(super) fn apply(organisation: OrganisationId, key: VaultKeyId, event: &key::Event) -> Vec<Statement> {
    match event {
        key::Event::DestructionRequested { subject, .. } => {
            condemned(organisation, key, *subject).into_iter().collect()
        }
        key::Event::Destroyed { at } => destroyed(organisation, key, *at),
    }
}

fn condemned(organisation: OrganisationId, key: VaultKeyId, subject: Subject) -> Option<Statement> {
    let mailbox = |direction, account: AccountId, generation: u32| {
        let cells =
            [organisation.into(), key.into(), Cell::word(direction), account.into(), generation.into()];
        Some(Statement::new(CONDEMN_MAILBOX, cells))
    };
    match subject {
        Subject::ExpiryDay { day } => {
            let next = day.next_day().unwrap_or(Date::MAX);
            let cells = [organisation.into(), key.into(), start_of(day).into(), start_of(next).into()];
            Some(Statement::new(CONDEMN_DAY, cells))
        }
        Subject::IncomingMailbox { account, generation } => mailbox(Direction::In, account, generation),
        Subject::OutgoingMailbox { account, generation } => mailbox(Direction::Out, account, generation),
        // Nothing that was sent is read by these.
        Subject::Credentials { .. }
        | Subject::Personal { .. }
        | Subject::Draft { .. }
        | Subject::Held { .. }
        | Subject::Export { .. } => None,
    }
}

/// What the key was of stands in the row that its announcement left.
fn destroyed(organisation: OrganisationId, key: VaultKeyId, at: Timestamp) -> Vec<Statement> {
    let whole = |sql| Statement::new(sql, [organisation.into(), key.into(), at.into()]);
    let half = |sql, direction| {
        Statement::new(sql, [organisation.into(), key.into(), at.into(), Cell::word(direction)])
    };
    vec![
        whole(SHRED_DAY),
        half(LOSE_RECEIVED, Direction::In),
        half(LOSE_SENT, Direction::Out),
        whole(SHRED_LOST),
    ]
}

fn start_of(day: Date) -> Timestamp {
    day.with_time(Time::MIDNIGHT).assume_utc().into()
}

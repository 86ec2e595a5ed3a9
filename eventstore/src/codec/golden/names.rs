//! The name of every type of event, as it is stored.

use domain::{
    Decider, Event,
    account::{self, Account},
    audit::{self, Audit},
    draft::{self, Draft},
    event::Stored,
    key::{self, VaultKey},
    message::{self, Message},
    notification::{self, Notification},
    organisation::{self, Organisation},
    reservation::{self, Reservation},
};
use serde_json::json;
use std::collections::BTreeSet;

/// The stored name. A new variant makes the compiler ask for it here; its example then belongs into `examples.rs`.
pub(super) fn name(event: &Event) -> &'static str {
    match event {
        Event::Organisation(event) => match event {
            organisation::Event::Founded { .. } => "organisation.founded",
            organisation::Event::PolicyChanged { .. } => "organisation.policy_changed",
            organisation::Event::RoleGranted { .. } => "organisation.role_granted",
            organisation::Event::RoleRevoked { .. } => "organisation.role_revoked",
        },
        Event::Account(_, event) => account(event),
        Event::Reservation(_, event) => match event {
            reservation::Event::Reserved { .. } => "address.reserved",
            reservation::Event::LoginFailed { .. } => "address.login_failed",
        },
        Event::Draft(_, event) => match event {
            draft::Event::Saved { .. } => "draft.saved",
            draft::Event::AttachmentAdded { .. } => "draft.attachment_added",
            draft::Event::AttachmentRemoved { .. } => "draft.attachment_removed",
            draft::Event::Sent { .. } => "draft.sent",
            draft::Event::Discarded { .. } => "draft.discarded",
        },
        Event::Message(_, event) => match event {
            message::Event::Sent { .. } => "message.sent",
            message::Event::Opened { .. } => "message.opened",
            message::Event::Replied { .. } => "message.replied",
            message::Event::Forwarded { .. } => "message.forwarded",
            message::Event::OnwardRefused { .. } => "message.onward_refused",
            message::Event::Expired { .. } => "message.expired",
        },
        Event::Notification(_, event) => match event {
            notification::Event::Sent { .. } => "notification.sent",
            notification::Event::Deferred { .. } => "notification.deferred",
            notification::Event::Failed { .. } => "notification.failed",
            notification::Event::Suppressed { .. } => "notification.suppressed",
        },
        Event::Audit(_, event) => match event {
            audit::Event::Queried { .. } => "audit.queried",
            audit::Event::AccessRefused { .. } => "audit.access_refused",
        },
        Event::Key(_, event) => match event {
            key::Event::DestructionRequested { .. } => "key.destruction_requested",
            key::Event::Destroyed { .. } => "key.destroyed",
        },
    }
}

fn account(event: &account::Event) -> &'static str {
    match event {
        account::Event::Invited { .. } => "account.invited",
        account::Event::InvitationResent { .. } => "account.invitation_resent",
        account::Event::InvitationLapsed { .. } => "account.invitation_lapsed",
        account::Event::Registered { .. } => "account.registered",
        account::Event::RegistrationRefused { .. } => "account.registration_refused",
        account::Event::ActivationIssued { .. } => "account.activation_issued",
        account::Event::Activated { .. } => "account.activated",
        account::Event::LoggedIn { .. } => "account.logged_in",
        account::Event::LoginFailed { .. } => "account.login_failed",
        account::Event::LockedOut { .. } => "account.locked_out",
        account::Event::LockoutReleased { .. } => "account.lockout_released",
        account::Event::SessionStarted { .. } => "account.session_started",
        account::Event::SessionEnded { .. } => "account.session_ended",
        account::Event::Unsubscribed { .. } => "account.unsubscribed",
    }
}

/// Every name that can be read, as the types themselves tell it.
pub(super) fn known_names() -> BTreeSet<String> {
    [
        names_of::<Organisation>(),
        names_of::<Account>(),
        names_of::<Reservation>(),
        names_of::<Draft>(),
        names_of::<Message>(),
        names_of::<Notification>(),
        names_of::<Audit>(),
        names_of::<VaultKey>(),
    ]
    .concat()
    .into_iter()
    .collect()
}

/// The error for an unknown variant lists the known ones, each between backticks.
fn names_of<A: Stored>() -> Vec<String> {
    let unknown = serde_json::from_value::<<A as Decider>::Event>(json!({ "t": "?" })).err();
    let listed = unknown.expect("no event has this name").to_string();
    let names = listed.split('`').skip(1).step_by(2).filter(|name| *name != "?");
    names.map(|name| format!("{}.{name}", A::CATEGORY)).collect()
}

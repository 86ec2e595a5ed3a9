//! The name of every type of event, as it is stored.

use domain::{
    Event,
    account::{self, Account, alias, client, recovery, second_factor},
    audit::{self, Audit},
    break_glass::{self, BreakGlass},
    device::{self, Device},
    draft::{self, Draft},
    event::Stored,
    export::{self, Export},
    intake::{self, Intake},
    key::{self, VaultKey},
    message::{self, Message},
    network::{self, Network},
    notification::{self, Notification},
    organisation::{self, Organisation, rules},
    replier::{self, Replier},
    reservation::{self, Reservation},
    review::{self, Review},
};
use serde::{
    Deserialize,
    de::{self, value::MapDeserializer},
};
use std::{cell::RefCell, fmt};

/// The stored name. A new variant makes the compiler ask for it here; its example then belongs into `examples/`.
pub(super) fn name(event: &Event) -> &'static str {
    match event {
        Event::Organisation(event) => match event {
            organisation::Event::Founded { .. } => "organisation.founded",
            organisation::Event::PolicyChanged { .. } => "organisation.policy_changed",
            organisation::Event::Updated { .. } => "organisation.updated",
            organisation::Event::DomainClaimed { .. } => "organisation.domain_claimed",
            organisation::Event::DomainReleased { .. } => "organisation.domain_released",
            organisation::Event::RoleGranted { .. } => "organisation.role_granted",
            organisation::Event::RoleRevoked { .. } => "organisation.role_revoked",
            organisation::Event::Rules(event) => match event {
                rules::Event::RuleCreated { .. } => "organisation.rule_created",
                rules::Event::RuleChanged { .. } => "organisation.rule_changed",
                rules::Event::RuleDeleted { .. } => "organisation.rule_deleted",
            },
        },
        Event::Account(_, event) => account(event),
        Event::Reservation(_, event) => match event {
            reservation::Event::Reserved { .. } => "address.reserved",
            reservation::Event::Transferred { .. } => "address.transferred",
            reservation::Event::Released { .. } => "address.released",
            reservation::Event::ChallengeFailed { .. } => "address.challenge_failed",
            reservation::Event::LoginFailed { .. } => "address.login_failed",
        },
        Event::Network(_, event) => match event {
            network::Event::AttemptFailed { .. } => "network.attempt_failed",
            network::Event::Blocked { .. } => "network.blocked",
            network::Event::Released { .. } => "network.released",
        },
        Event::Device(_, event) => match event {
            device::Event::Requested { .. } => "device.requested",
            device::Event::Approved { .. } => "device.approved",
            device::Event::Fetched { .. } => "device.fetched",
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
            message::Event::RuleOverridden { .. } => "message.rule_overridden",
            message::Event::Downloaded { .. } => "message.downloaded",
            message::Event::Printed { .. } => "message.printed",
            message::Event::Recalled { .. } => "message.recalled",
            message::Event::Deleted { .. } => "message.deleted",
            message::Event::ExpiryWarned { .. } => "message.expiry_warned",
            message::Event::Expired { .. } => "message.expired",
        },
        Event::Intake(_, event) => match event {
            intake::Event::RuleMet { .. } => "intake.rule_met",
            intake::Event::Decided { .. } => "intake.decided",
            intake::Event::PassedOn { .. } => "intake.passed_on",
            intake::Event::PassingFailed { .. } => "intake.passing_failed",
        },
        Event::Replier(_, event) => match event {
            replier::Event::NoticeOwed { .. } => "replier.notice_owed",
        },
        Event::Notification(_, event) => match event {
            notification::Event::Sent { .. } => "notification.sent",
            notification::Event::Deferred { .. } => "notification.deferred",
            notification::Event::Failed { .. } => "notification.failed",
            notification::Event::Bounced { .. } => "notification.bounced",
            notification::Event::Suppressed { .. } => "notification.suppressed",
        },
        Event::Audit(_, event) => match event {
            audit::Event::Queried { .. } => "audit.queried",
            audit::Event::AccessRefused { .. } => "audit.access_refused",
        },
        Event::Export(_, event) => match event {
            export::Event::Requested { .. } => "export.requested",
            export::Event::Approved { .. } => "export.approved",
            export::Event::Disclosed { .. } => "export.disclosed",
            export::Event::Finished { .. } => "export.finished",
            export::Event::Failed { .. } => "export.failed",
            export::Event::Downloaded { .. } => "export.downloaded",
        },
        Event::Review(_, event) => match event {
            review::Event::Reviewed { .. } => "review.reviewed",
        },
        Event::BreakGlass(_, event) => match event {
            break_glass::Event::Opened { .. } => "break_glass.opened",
            break_glass::Event::Read { .. } => "break_glass.read",
            break_glass::Event::Closed { .. } => "break_glass.closed",
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
        account::Event::NetworkChanged { .. } => "account.network_changed",
        account::Event::ProfileUpdated { .. } => "account.profile_updated",
        account::Event::PromotedToMember { .. } => "account.promoted_to_member",
        account::Event::AudienceChanged { .. } => "account.audience_changed",
        account::Event::Unsubscribed { .. } => "account.unsubscribed",
        account::Event::Resubscribed { .. } => "account.resubscribed",
        account::Event::Closed { .. } => "account.closed",
        account::Event::Recovery(event) => match event {
            recovery::Event::ReminderSent { .. } => "account.reminder_sent",
            recovery::Event::ResetRequested { .. } => "account.reset_requested",
            recovery::Event::ChallengeFailed { .. } => "account.challenge_failed",
            recovery::Event::PasswordStaged { .. } => "account.password_staged",
            recovery::Event::PasswordChanged { .. } => "account.password_changed",
            recovery::Event::PasswordLapsed { .. } => "account.password_lapsed",
        },
        account::Event::SecondFactor(event) => match event {
            second_factor::Event::SecondFactorRequested { .. } => "account.second_factor_requested",
            second_factor::Event::SecondFactorEnrolled { .. } => "account.second_factor_enrolled",
            second_factor::Event::SecondFactorRemoved { .. } => "account.second_factor_removed",
        },
        account::Event::Alias(event) => match event {
            alias::Event::AliasRequested { .. } => "account.alias_requested",
            alias::Event::AliasAdded { .. } => "account.alias_added",
            alias::Event::AliasConfirmed { .. } => "account.alias_confirmed",
            alias::Event::AliasPromoted { .. } => "account.alias_promoted",
            alias::Event::AliasPromotionUndone { .. } => "account.alias_promotion_undone",
            alias::Event::AliasRemoved { .. } => "account.alias_removed",
            alias::Event::AccountJoined { .. } => "account.account_joined",
        },
        account::Event::Client(event) => match event {
            client::Event::ClientActivated { .. } => "account.client_activated",
            client::Event::ClientBlocked { .. } => "account.client_blocked",
            client::Event::ClientDeleted { .. } => "account.client_deleted",
        },
    }
}

/// Every name that can be read, as the types themselves tell it; one that is told twice could be read as two things.
pub(super) fn known_names() -> Vec<String> {
    [
        names_of::<Organisation>(),
        names_of::<Account>(),
        names_of::<Reservation>(),
        names_of::<Network>(),
        names_of::<Device>(),
        names_of::<Draft>(),
        names_of::<Message>(),
        names_of::<Intake>(),
        names_of::<Replier>(),
        names_of::<Notification>(),
        names_of::<Audit>(),
        names_of::<Export>(),
        names_of::<Review>(),
        names_of::<BreakGlass>(),
        names_of::<VaultKey>(),
    ]
    .concat()
}

/// Tries a name that none has. An account's events are several enums, and each is asked before the attempt fails.
fn names_of<A: Stored>() -> Vec<String> {
    LISTED.take();
    let unknown = MapDeserializer::<_, Unknown>::new([("t", "?")].into_iter());
    assert!(A::Event::deserialize(unknown).is_err(), "no event has this name");
    LISTED.take().iter().map(|name| format!("{}.{name}", A::CATEGORY)).collect()
}

thread_local! {
    static LISTED: RefCell<Vec<&'static str>> = const { RefCell::new(vec![]) };
}

/// Why an event cannot be read. Notes in [`LISTED`] what it could have been.
#[derive(Debug)]
struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an unknown name")
    }
}

impl std::error::Error for Unknown {}

impl de::Error for Unknown {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        LISTED.with_borrow_mut(|listed| listed.extend(expected));
        Self
    }
}

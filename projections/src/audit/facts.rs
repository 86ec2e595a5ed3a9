//! What the audit says of an event: the same for every question, page and export.

use super::kind::{Kind, Outcome};
use domain::{
    AccountId, Event, MessageId,
    account::{self, LeavingVia, LoginFailure, RegistrationFailure, ReleasedBy, SessionEnd},
    audit::{self, Right},
    draft,
    event::{Actor, Metadata},
    id::AddressTag,
    key, message,
    message::Onward,
    notification::{self, Suppression},
    organisation, reservation,
};
use eventstore::Recorded;

/// What the audit says of an event, besides who did it ([`actor`]) and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What happened.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// Whom it touched.
    pub subjects: Vec<AccountId>,
    /// Which address it touched, if that is not an account's.
    pub address: Option<AddressTag>,
    /// Which messages it touched.
    pub messages: Vec<MessageId>,
    /// Result code.
    pub reason: Option<&'static str>,
    /// Whether it was done by right of a role, or by whoever runs the machine (Q10).
    pub privileged: bool,
}

/// Who caused an event, if it was someone with an account.
#[must_use]
pub fn actor(meta: &Metadata) -> Option<AccountId> {
    match meta.by {
        Actor::Person { account, .. } | Actor::LinkHolder { account } => Some(account),
        Actor::Anonymous | Actor::Worker | Actor::Operator => None,
    }
}

/// What the audit says of an event.
#[must_use]
pub fn facts(recorded: &Recorded) -> Facts {
    let facts = match &recorded.event {
        Event::Organisation(event) => of_organisation(event),
        Event::Account(account, event) => Facts { subjects: vec![*account], ..of_account(event) },
        Event::Reservation(address, event) => Facts { address: Some(*address), ..of_reservation(event) },
        Event::Draft(_, event) => of_draft(event),
        Event::Message(message, event) => of_message(*message, event),
        Event::Notification(_, event) => of_notification(event),
        Event::Audit(_, event) => of_audit(event),
        Event::Key(_, event) => of_key(event),
    };
    let privileged = match recorded.meta.by {
        Actor::Person { role, .. } => role.is_some(),
        Actor::Operator => true,
        Actor::LinkHolder { .. } | Actor::Anonymous | Actor::Worker => false,
    };
    Facts { privileged, ..facts }
}

impl Facts {
    fn done(kind: Kind) -> Self {
        Self {
            kind,
            outcome: Outcome::Done,
            subjects: vec![],
            address: None,
            messages: vec![],
            reason: None,
            privileged: false,
        }
    }
    fn because(kind: Kind, outcome: Outcome, reason: &'static str) -> Self {
        Self { outcome, reason: Some(reason), ..Self::done(kind) }
    }
}

fn of_organisation(event: &organisation::Event) -> Facts {
    match event {
        organisation::Event::Founded { .. } => Facts::done(Kind::OrganisationFounded),
        organisation::Event::PolicyChanged { .. } => Facts::done(Kind::PolicyChanged),
        organisation::Event::RoleGranted { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::RoleGranted) }
        }
        organisation::Event::RoleRevoked { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::RoleRevoked) }
        }
    }
}

fn of_account(event: &account::Event) -> Facts {
    let done = |kind, reason| Facts::because(kind, Outcome::Done, reason);
    match event {
        account::Event::Invited { .. } => Facts::done(Kind::Invited),
        account::Event::InvitationResent { .. } => Facts::done(Kind::InvitationResent),
        account::Event::InvitationLapsed { .. } => Facts::done(Kind::InvitationLapsed),
        account::Event::Registered { .. } => Facts::done(Kind::Registered),
        account::Event::RegistrationRefused { why, .. } => {
            let reason = match why {
                RegistrationFailure::AnotherAddress => "another_address",
                RegistrationFailure::LinkExpired => "link_expired",
            };
            Facts::because(Kind::RegistrationRefused, Outcome::Refused, reason)
        }
        account::Event::ActivationIssued { .. } => Facts::done(Kind::ActivationIssued),
        account::Event::Activated { .. } => Facts::done(Kind::Activated),
        account::Event::LoggedIn { .. } => Facts::done(Kind::LoginSucceeded),
        account::Event::LoginFailed { why, .. } => login_failed(*why),
        account::Event::LockedOut { .. } => Facts::done(Kind::LockedOut),
        account::Event::LockoutReleased { by, .. } => done(
            Kind::LockoutReleased,
            match by {
                ReleasedBy::Time => "time",
                ReleasedBy::Administrator => "administrator",
            },
        ),
        account::Event::SessionStarted { .. } => Facts::done(Kind::SessionStarted),
        account::Event::SessionEnded { why, .. } => done(
            Kind::SessionEnded,
            match why {
                SessionEnd::LoggedOut => "logged_out",
                SessionEnd::Idle => "idle",
                SessionEnd::TooOld => "too_old",
            },
        ),
        account::Event::Unsubscribed { via, .. } => done(
            Kind::Unsubscribed,
            match via {
                LeavingVia::Link => "link",
                LeavingVia::Account => "account",
            },
        ),
    }
}

fn login_failed(why: LoginFailure) -> Facts {
    let reason = match why {
        LoginFailure::WrongPassword => "wrong_password",
        LoginFailure::LockedOut => "locked_out",
        LoginFailure::NotActivated => "not_activated",
        LoginFailure::UnknownAddress => "unknown_address",
    };
    Facts::because(Kind::LoginFailed, Outcome::Failed, reason)
}

fn of_reservation(event: &reservation::Event) -> Facts {
    match event {
        reservation::Event::Reserved { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::AddressReserved) }
        }
        reservation::Event::LoginFailed { why, .. } => login_failed(*why),
    }
}

fn of_draft(event: &draft::Event) -> Facts {
    match event {
        draft::Event::Saved { about, .. } => Facts {
            messages: about.iter().map(|about| about.message).collect(),
            ..Facts::done(Kind::DraftSaved)
        },
        draft::Event::AttachmentAdded { .. } => Facts::done(Kind::AttachmentAdded),
        draft::Event::AttachmentRemoved { .. } => Facts::done(Kind::AttachmentRemoved),
        draft::Event::Sent { message, .. } => {
            Facts { messages: vec![*message], ..Facts::done(Kind::DraftSent) }
        }
        draft::Event::Discarded { .. } => Facts::done(Kind::DraftDiscarded),
    }
}

fn of_message(message: MessageId, event: &message::Event) -> Facts {
    let facts = |facts: Facts, subjects: Vec<AccountId>, others: Option<MessageId>| Facts {
        subjects,
        messages: [message].into_iter().chain(others).collect(),
        ..facts
    };
    match event {
        message::Event::Sent { from, recipients, about, .. } => {
            let touched = [*from].into_iter().chain(recipients.iter().map(|to| to.account)).collect();
            facts(Facts::done(Kind::MessageSent), touched, about.map(|about| about.message))
        }
        message::Event::Opened { by, .. } => facts(Facts::done(Kind::MessageOpened), vec![*by], None),
        message::Event::Replied { by, with, .. } => {
            facts(Facts::done(Kind::MessageReplied), vec![*by], Some(*with))
        }
        message::Event::Forwarded { by, with, .. } => {
            facts(Facts::done(Kind::MessageForwarded), vec![*by], Some(*with))
        }
        message::Event::OnwardRefused { by, what, .. } => {
            let kind = match what {
                Onward::Reply => Kind::MessageReplied,
                Onward::Forward => Kind::MessageForwarded,
            };
            facts(Facts::because(kind, Outcome::Refused, "recipients_not_allowed"), vec![*by], None)
        }
        message::Event::Expired { .. } => facts(Facts::done(Kind::MessageExpired), vec![], None),
    }
}

fn of_notification(event: &notification::Event) -> Facts {
    let (facts, about) = match event {
        notification::Event::Sent { about, .. } => (Facts::done(Kind::Notified), about),
        notification::Event::Deferred { about, .. } => {
            (Facts::because(Kind::NotificationFailed, Outcome::Failed, "deferred"), about)
        }
        notification::Event::Failed { about, .. } => {
            (Facts::because(Kind::NotificationFailed, Outcome::Failed, "failed"), about)
        }
        notification::Event::Suppressed { about, why, .. } => {
            let why = match why {
                Suppression::Unsubscribed => "unsubscribed",
                Suppression::Over => "over",
                Suppression::Erased => "erased",
            };
            (Facts::because(Kind::NotificationFailed, Outcome::Refused, why), about)
        }
    };
    Facts { subjects: vec![about.recipient], messages: about.message.into_iter().collect(), ..facts }
}

/// Asking about somebody touches them (K7).
fn of_audit(event: &audit::Event) -> Facts {
    match event {
        audit::Event::Queried { question, .. } => Facts {
            subjects: question.actors.iter().chain(&question.subjects).copied().collect(),
            messages: question.messages.clone(),
            ..Facts::done(Kind::AuditQueried)
        },
        audit::Event::AccessRefused { right, .. } => {
            let reason = match right {
                Right::ReadAudit => "read_audit",
                Right::Administer => "administer",
                Right::Operate => "operate",
            };
            Facts::because(Kind::AccessRefused, Outcome::Refused, reason)
        }
    }
}

fn of_key(event: &key::Event) -> Facts {
    match event {
        key::Event::DestructionRequested { subject, .. } => {
            let (reason, whose) = match subject {
                key::Subject::ExpiryDay { .. } => ("expiry_day", None),
                key::Subject::IncomingMailbox { account, .. } => ("incoming_mailbox", Some(*account)),
                key::Subject::Draft { .. } => ("draft", None),
            };
            let facts = Facts::because(Kind::KeyDestructionRequested, Outcome::Done, reason);
            Facts { subjects: whose.into_iter().collect(), ..facts }
        }
        key::Event::Destroyed { .. } => Facts::done(Kind::KeyDestroyed),
    }
}

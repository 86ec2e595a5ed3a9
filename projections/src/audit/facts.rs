//! What the audit says of an event: the same for every question, page and export.

use super::kind::{Kind, Outcome};
use domain::{
    AccountId, Event, MessageId,
    account::{
        self, Closing, LeavingVia, LoginFailure, RegistrationFailure, ReleasedBy, SessionEnd, alias, client,
        recovery::{self, ChallengeFailure, ResetBy},
        second_factor,
    },
    audit::{self, Right, Topic},
    content::Action,
    device, draft,
    event::{Actor, Metadata},
    export,
    id::AddressTag,
    intake, key, message,
    message::{Onward, Taken},
    network,
    notification::{self, Suppression},
    organisation,
    organisation::rules,
    replier, reservation,
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
        Event::Account(account, event) => {
            let facts = of_account(event);
            Facts { subjects: [vec![*account], facts.subjects].concat(), ..facts }
        }
        Event::Reservation(address, event) => Facts { address: Some(*address), ..of_reservation(event) },
        Event::Network(_, event) => of_network(event),
        Event::Device(_, event) => of_device(event),
        Event::Draft(_, event) => of_draft(event),
        Event::Message(message, event) => of_message(*message, event),
        Event::Intake(_, event) => of_intake(event),
        Event::Replier(address, event) => Facts { address: Some(*address), ..of_replier(event) },
        Event::Notification(_, event) => of_notification(event),
        Event::Audit(_, event) => of_audit(event),
        Event::Export(_, event) => of_export(event),
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
        organisation::Event::Updated { .. } => Facts::done(Kind::OrganisationUpdated),
        organisation::Event::DomainClaimed { .. } => Facts::done(Kind::DomainClaimed),
        organisation::Event::DomainReleased { .. } => Facts::done(Kind::DomainReleased),
        organisation::Event::RoleGranted { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::RoleGranted) }
        }
        organisation::Event::RoleRevoked { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::RoleRevoked) }
        }
        organisation::Event::Rules(event) => {
            let reason = match event {
                rules::Event::RuleCreated { .. } => "created",
                rules::Event::RuleChanged { .. } => "changed",
                rules::Event::RuleDeleted { .. } => "deleted",
            };
            Facts::because(Kind::ContentRuleChanged, Outcome::Done, reason)
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
                ReleasedBy::Reset => "reset",
            },
        ),
        account::Event::SessionStarted { .. } => Facts::done(Kind::SessionStarted),
        account::Event::SessionEnded { why, .. } => done(Kind::SessionEnded, session_ended(*why)),
        account::Event::NetworkChanged { .. } => Facts::done(Kind::NetworkChanged),
        account::Event::ProfileUpdated { .. } => Facts::done(Kind::ProfileUpdated),
        account::Event::PromotedToMember { .. } => Facts::done(Kind::PromotedToMember),
        account::Event::AudienceChanged { .. } => Facts::done(Kind::AudienceChanged),
        account::Event::Unsubscribed { via, .. } => done(
            Kind::Unsubscribed,
            match via {
                LeavingVia::Link => "link",
                LeavingVia::Account => "account",
                LeavingVia::Mail => "mail",
            },
        ),
        account::Event::Resubscribed { .. } => Facts::done(Kind::Resubscribed),
        account::Event::Closed { why, .. } => closed(*why),
        account::Event::Recovery(event) => of_recovery(event),
        account::Event::SecondFactor(event) => of_second_factor(event),
        account::Event::Alias(event) => of_alias(event),
        account::Event::Client(event) => of_client(event),
    }
}

fn session_ended(why: SessionEnd) -> &'static str {
    match why {
        SessionEnd::LoggedOut => "logged_out",
        SessionEnd::Idle => "idle",
        SessionEnd::TooOld => "too_old",
        SessionEnd::EndedElsewhere => "ended_elsewhere",
        SessionEnd::Replaced => "replaced",
        SessionEnd::NetworkChanged => "network_changed",
        SessionEnd::Tampered => "tampered",
        SessionEnd::PasswordChanged => "password_changed",
        SessionEnd::PromotionUndone => "promotion_undone",
        SessionEnd::ClientBlocked => "client_blocked",
        SessionEnd::AccountClosed => "account_closed",
    }
}

fn closed(why: Closing) -> Facts {
    let because = |reason| Facts::because(Kind::AccountClosed, Outcome::Done, reason);
    match why {
        Closing::Wish => because("wish"),
        Closing::Administrator => because("administrator"),
        Closing::Joined { .. } => because("joined"),
    }
}

fn of_recovery(event: &recovery::Event) -> Facts {
    match event {
        recovery::Event::ReminderSent { .. } => Facts::done(Kind::ReminderSent),
        recovery::Event::ResetRequested { by, .. } => {
            let reason = match by {
                ResetBy::Person => "person",
                ResetBy::Administrator => "administrator",
                ResetBy::Challenge => "challenge",
            };
            Facts::because(Kind::ResetRequested, Outcome::Done, reason)
        }
        recovery::Event::ChallengeFailed { why, .. } => challenge_failed(*why),
        recovery::Event::PasswordStaged { .. } => Facts::done(Kind::PasswordStaged),
        recovery::Event::PasswordChanged { .. } => Facts::done(Kind::PasswordChanged),
        recovery::Event::PasswordLapsed { .. } => Facts::done(Kind::PasswordLapsed),
    }
}

fn challenge_failed(why: ChallengeFailure) -> Facts {
    let reason = match why {
        ChallengeFailure::WrongAnswer => "wrong_answer",
        ChallengeFailure::TooMany => "too_many",
        ChallengeFailure::NotActive => "not_active",
        ChallengeFailure::UnknownAddress => "unknown_address",
    };
    Facts::because(Kind::ChallengeFailed, Outcome::Failed, reason)
}

fn of_second_factor(event: &second_factor::Event) -> Facts {
    let reason = match event {
        second_factor::Event::SecondFactorRequested { .. } => "requested",
        second_factor::Event::SecondFactorEnrolled { .. } => "enrolled",
        second_factor::Event::SecondFactorRemoved { .. } => "removed",
    };
    Facts::because(Kind::SecondFactorChanged, Outcome::Done, reason)
}

fn of_alias(event: &alias::Event) -> Facts {
    match event {
        alias::Event::AliasRequested { .. } => Facts::done(Kind::AliasRequested),
        alias::Event::AliasAdded { .. } => Facts::because(Kind::AliasConfirmed, Outcome::Done, "added"),
        alias::Event::AliasConfirmed { .. } => Facts::done(Kind::AliasConfirmed),
        alias::Event::AliasPromoted { .. } => Facts::done(Kind::AliasPromoted),
        alias::Event::AliasPromotionUndone { .. } => Facts::done(Kind::AliasPromotionUndone),
        alias::Event::AliasRemoved { .. } => Facts::done(Kind::AliasRemoved),
        alias::Event::AccountJoined { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::AccountsMerged) }
        }
    }
}

fn of_client(event: &client::Event) -> Facts {
    match event {
        client::Event::ClientActivated { .. } => Facts::done(Kind::ClientActivated),
        client::Event::ClientBlocked { .. } => Facts::done(Kind::ClientBlocked),
        client::Event::ClientDeleted { .. } => Facts::done(Kind::ClientDeleted),
    }
}

fn of_network(event: &network::Event) -> Facts {
    match event {
        network::Event::AttemptFailed { .. } => {
            Facts { outcome: Outcome::Failed, ..Facts::done(Kind::AttemptFailed) }
        }
        network::Event::Blocked { .. } => Facts::because(Kind::LockedOut, Outcome::Done, "network"),
        network::Event::Released { .. } => Facts::because(Kind::LockoutReleased, Outcome::Done, "network"),
    }
}

fn of_device(event: &device::Event) -> Facts {
    match event {
        device::Event::Requested { .. } => Facts::done(Kind::ClientRequested),
        device::Event::Approved { account, .. } => Facts {
            subjects: vec![*account],
            ..Facts::because(Kind::ClientRequested, Outcome::Done, "approved")
        },
        device::Event::Fetched { .. } => Facts::because(Kind::ClientRequested, Outcome::Done, "fetched"),
    }
}

fn login_failed(why: LoginFailure) -> Facts {
    let reason = match why {
        LoginFailure::WrongPassword => "wrong_password",
        LoginFailure::LockedOut => "locked_out",
        LoginFailure::NotActivated => "not_activated",
        LoginFailure::UnknownAddress => "unknown_address",
        LoginFailure::WrongCode => "wrong_code",
        LoginFailure::UnfamiliarNetwork => "unfamiliar_network",
        LoginFailure::Closed => "closed",
    };
    Facts::because(Kind::LoginFailed, Outcome::Failed, reason)
}

fn of_reservation(event: &reservation::Event) -> Facts {
    match event {
        reservation::Event::Reserved { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::AddressReserved) }
        }
        reservation::Event::Transferred { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::AddressTransferred) }
        }
        reservation::Event::Released { account, .. } => {
            Facts { subjects: vec![*account], ..Facts::done(Kind::AddressReleased) }
        }
        reservation::Event::LoginFailed { why, .. } => login_failed(*why),
        reservation::Event::ChallengeFailed { why, .. } => challenge_failed(*why),
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
        message::Event::RuleOverridden { by, .. } => {
            facts(Facts::done(Kind::RuleOverridden), vec![*by], None)
        }
        message::Event::Downloaded { by, what, .. } => {
            let what = match what {
                Taken::Text => "text",
                Taken::Attachment(_) => "attachment",
                Taken::Zip => "zip",
                Taken::Eml => "eml",
            };
            facts(Facts::because(Kind::MessageDownloaded, Outcome::Done, what), vec![*by], None)
        }
        message::Event::Printed { by, .. } => facts(Facts::done(Kind::MessagePrinted), vec![*by], None),
        message::Event::Recalled { from, wholly, .. } => {
            let reason = if *wholly { "from_everyone" } else { "from_some" };
            facts(Facts::because(Kind::MessageRecalled, Outcome::Done, reason), from.clone(), None)
        }
        message::Event::Deleted { by, .. } => facts(Facts::done(Kind::MessageDeleted), vec![*by], None),
        message::Event::ExpiryWarned { recipients, .. } => {
            facts(Facts::done(Kind::ExpiryWarned), recipients.clone(), None)
        }
        message::Event::Expired { .. } => facts(Facts::done(Kind::MessageExpired), vec![], None),
    }
}

fn of_intake(event: &intake::Event) -> Facts {
    match event {
        intake::Event::RuleMet { action, sender, message, .. } => Facts {
            subjects: sender.iter().copied().collect(),
            messages: message.iter().copied().collect(),
            ..Facts::because(Kind::RuleHit, Outcome::Done, of_action(*action))
        },
        intake::Event::Decided { by, decision, message, .. } => Facts {
            subjects: vec![*by],
            messages: message.iter().copied().collect(),
            ..Facts::because(Kind::HeldMailDecided, Outcome::Done, of_action(*decision))
        },
        intake::Event::PassedOn { .. } => Facts::done(Kind::HeldMailPassed),
        intake::Event::PassingFailed { .. } => {
            Facts { outcome: Outcome::Failed, ..Facts::done(Kind::HeldMailPassed) }
        }
    }
}

fn of_action(action: Action) -> &'static str {
    match action {
        Action::Pass => "pass",
        Action::Secure => "secure",
        Action::Hold => "hold",
        Action::Refuse => "refuse",
    }
}

fn of_replier(event: &replier::Event) -> Facts {
    match event {
        replier::Event::NoticeOwed { about, .. } => {
            let reason = match about {
                replier::Matter::Unread => "unread",
                replier::Matter::NamesTooLittle => "names_too_little",
                replier::Matter::ConfirmLeaving => "confirm_leaving",
            };
            Facts::because(Kind::NoticeOwed, Outcome::Done, reason)
        }
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
        notification::Event::Bounced { about, .. } => {
            (Facts::because(Kind::NotificationFailed, Outcome::Failed, "bounced"), about)
        }
        notification::Event::Suppressed { about, why, .. } => {
            let why = match why {
                Suppression::Unsubscribed => "unsubscribed",
                Suppression::Over => "over",
                Suppression::Erased => "erased",
                Suppression::Digest => "digest",
            };
            (Facts::because(Kind::NotificationFailed, Outcome::Refused, why), about)
        }
    };
    Facts {
        subjects: about.recipient.into_iter().collect(),
        messages: about.message.into_iter().collect(),
        ..facts
    }
}

/// Asking about somebody touches them (K7).
fn of_audit(event: &audit::Event) -> Facts {
    match event {
        audit::Event::Queried { question, .. } => Facts {
            subjects: question.actors.iter().chain(&question.subjects).copied().collect(),
            messages: question.messages.clone(),
            reason: match question.topic {
                Topic::Audit => None,
                Topic::Organisation => Some("organisation"),
                Topic::Accounts => Some("accounts"),
                Topic::Invitations => Some("invitations"),
                Topic::Notifications => Some("notifications"),
                Topic::Policy => Some("policy"),
            },
            ..Facts::done(Kind::AuditQueried)
        },
        audit::Event::AccessRefused { right, .. } => {
            let reason = match right {
                Right::ReadAudit => "read_audit",
                Right::Administer => "administer",
                Right::AuthorPolicy => "author_policy",
                Right::Operate => "operate",
            };
            Facts::because(Kind::AccessRefused, Outcome::Refused, reason)
        }
    }
}

/// What is asked about is touched, as by a question; and so is what is opened (N7).
fn of_export(event: &export::Event) -> Facts {
    let exported = |reason| Facts::because(Kind::Exported, Outcome::Done, reason);
    match event {
        export::Event::Requested { what, .. } => Facts {
            subjects: what.actors.iter().chain(&what.subjects).copied().collect(),
            messages: what.messages.clone(),
            ..exported("requested")
        },
        export::Event::Approved { .. } => exported("approved"),
        export::Event::Disclosed { messages, .. } => {
            Facts { messages: messages.clone(), ..exported("disclosed") }
        }
        export::Event::Finished { .. } => exported("finished"),
        export::Event::Failed { why, .. } => {
            let reason = match why {
                export::Failure::TooLarge => "too_large",
                export::Failure::Unreadable => "unreadable",
                export::Failure::TooLate => "too_late",
            };
            Facts::because(Kind::Exported, Outcome::Failed, reason)
        }
        export::Event::Downloaded { .. } => Facts::done(Kind::ExportDownloaded),
    }
}

fn of_key(event: &key::Event) -> Facts {
    match event {
        key::Event::DestructionRequested { subject, .. } => {
            let (reason, whose) = match subject {
                key::Subject::ExpiryDay { .. } => ("expiry_day", None),
                key::Subject::IncomingMailbox { account, .. } => ("incoming_mailbox", Some(*account)),
                key::Subject::OutgoingMailbox { account, .. } => ("outgoing_mailbox", Some(*account)),
                key::Subject::Credentials { account } => ("credentials", Some(*account)),
                // An address or a record is nobody's account, and found by nobody.
                key::Subject::Personal { owner } => ("personal", Some(AccountId::new(*owner))),
                key::Subject::Draft { .. } => ("draft", None),
                key::Subject::Export { .. } => ("export", None),
                key::Subject::Held { .. } => ("held_mail", None),
            };
            let facts = Facts::because(Kind::KeyDestructionRequested, Outcome::Done, reason);
            Facts { subjects: whose.into_iter().collect(), ..facts }
        }
        key::Event::Destroyed { .. } => Facts::done(Kind::KeyDestroyed),
    }
}

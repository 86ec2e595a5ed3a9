//! What can happen, and how it ended, by the codes that the API uses.

/// What happened. The codes are those of the API's `AuditEventKind`, and two of our own that it folds into others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The organisation began.
    OrganisationFounded,
    /// Settings changed.
    PolicyChanged,
    /// A role was given.
    RoleGranted,
    /// A role was taken.
    RoleRevoked,
    /// An address became an account's. Ours.
    AddressReserved,
    /// Someone was invited.
    Invited,
    /// An invitation was sent again.
    InvitationResent,
    /// An invitation became too old.
    InvitationLapsed,
    /// Someone registered.
    Registered,
    /// A registration was refused.
    RegistrationRefused,
    /// A confirmation mail was ordered.
    ActivationIssued,
    /// An account became active.
    Activated,
    /// A login succeeded.
    LoginSucceeded,
    /// A login failed.
    LoginFailed,
    /// Too many failures in a row.
    LockedOut,
    /// A lockout ended.
    LockoutReleased,
    /// A session began.
    SessionStarted,
    /// A session ended.
    SessionEnded,
    /// Someone left.
    Unsubscribed,
    /// A draft was saved.
    DraftSaved,
    /// A draft became a message. Ours.
    DraftSent,
    /// A draft was thrown away.
    DraftDiscarded,
    /// A file was attached to a draft.
    AttachmentAdded,
    /// A file was detached from a draft.
    AttachmentRemoved,
    /// A message was sent.
    MessageSent,
    /// A message was shown.
    MessageOpened,
    /// A message was answered, or that was refused.
    MessageReplied,
    /// A message was passed on, or that was refused.
    MessageForwarded,
    /// A message's time was over.
    MessageExpired,
    /// A notification left.
    Notified,
    /// A notification did not leave, or not yet.
    NotificationFailed,
    /// The audit was asked.
    AuditQueried,
    /// Someone lacked a right.
    AccessRefused,
    /// A key is about to be destroyed.
    KeyDestructionRequested,
    /// A key is gone.
    KeyDestroyed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 35] = [
        Self::OrganisationFounded,
        Self::PolicyChanged,
        Self::RoleGranted,
        Self::RoleRevoked,
        Self::AddressReserved,
        Self::Invited,
        Self::InvitationResent,
        Self::InvitationLapsed,
        Self::Registered,
        Self::RegistrationRefused,
        Self::ActivationIssued,
        Self::Activated,
        Self::LoginSucceeded,
        Self::LoginFailed,
        Self::LockedOut,
        Self::LockoutReleased,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::Unsubscribed,
        Self::DraftSaved,
        Self::DraftSent,
        Self::DraftDiscarded,
        Self::AttachmentAdded,
        Self::AttachmentRemoved,
        Self::MessageSent,
        Self::MessageOpened,
        Self::MessageReplied,
        Self::MessageForwarded,
        Self::MessageExpired,
        Self::Notified,
        Self::NotificationFailed,
        Self::AuditQueried,
        Self::AccessRefused,
        Self::KeyDestructionRequested,
        Self::KeyDestroyed,
    ];

    /// The API's name of it; searched columns hold its tag, so it is frozen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OrganisationFounded => "ORGANISATION_FOUNDED",
            Self::PolicyChanged => "POLICY_CHANGED",
            Self::RoleGranted => "ROLE_GRANTED",
            Self::RoleRevoked => "ROLE_REVOKED",
            Self::AddressReserved => "ADDRESS_RESERVED",
            Self::Invited => "INVITED",
            Self::InvitationResent => "INVITATION_RESENT",
            Self::InvitationLapsed => "INVITATION_LAPSED",
            Self::Registered => "REGISTERED",
            Self::RegistrationRefused => "REGISTRATION_REFUSED",
            Self::ActivationIssued => "ACTIVATION_ISSUED",
            Self::Activated => "ACTIVATED",
            Self::LoginSucceeded => "LOGIN_SUCCEEDED",
            Self::LoginFailed => "LOGIN_FAILED",
            Self::LockedOut => "LOCKED_OUT",
            Self::LockoutReleased => "LOCKOUT_RELEASED",
            Self::SessionStarted => "SESSION_STARTED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::Unsubscribed => "UNSUBSCRIBED",
            Self::DraftSaved => "DRAFT_SAVED",
            Self::DraftSent => "DRAFT_SENT",
            Self::DraftDiscarded => "DRAFT_DISCARDED",
            Self::AttachmentAdded => "ATTACHMENT_ADDED",
            Self::AttachmentRemoved => "ATTACHMENT_REMOVED",
            Self::MessageSent => "MESSAGE_SENT",
            Self::MessageOpened => "MESSAGE_OPENED",
            Self::MessageReplied => "MESSAGE_REPLIED",
            Self::MessageForwarded => "MESSAGE_FORWARDED",
            Self::MessageExpired => "MESSAGE_EXPIRED",
            Self::Notified => "NOTIFIED",
            Self::NotificationFailed => "NOTIFICATION_FAILED",
            Self::AuditQueried => "AUDIT_QUERIED",
            Self::AccessRefused => "ACCESS_REFUSED",
            Self::KeyDestructionRequested => "KEY_DESTRUCTION_REQUESTED",
            Self::KeyDestroyed => "KEY_DESTROYED",
        }
    }

    /// The kind of that code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It happened.
    Done,
    /// Refused for lack of right or by a rule.
    Refused,
    /// It went wrong.
    Failed,
}

impl Outcome {
    /// The API's name of it; frozen like [`Kind::code`].
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
            Self::Failed => "FAILED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use std::collections::BTreeSet;

    /// Q1: every kind has a code of its own, by which it is found again.
    #[test]
    fn every_kind_is_found_by_its_code() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.code()) == Some(kind)));
        let codes: BTreeSet<_> = Kind::ALL.map(Kind::code).into();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert_eq!(Kind::parse("SOMETHING_ELSE"), None);
    }
}

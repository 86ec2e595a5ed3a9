//! A lost or unwanted password: reminder, challenge, reset link, and the change itself (A10–A16, B22–B26, C14, R3, R4).

use super::{IssuedLink, Lockout, Refusal, ReleasedBy, SessionEnd, Stage, Verdict};
use crate::{account, bytes::Sealed, classified::Personal, id::LinkId, period::Period, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What is under way to change a password, and what is remembered of attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last right to set a password.
    pub permit: Option<Permit>,
    /// A change that does not count yet (A13–A15).
    pub staged: Option<Staged>,
    /// The link of the last change that took effect.
    pub activated: Option<LinkId>,
    /// Wrong answers since the last change, oldest first.
    pub failures: Vec<Timestamp>,
    /// Mails that were asked for without logging in, oldest first.
    pub mails: Vec<Timestamp>,
}

/// A right to set a password, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Its link, or what is handed out in its place after a challenge.
    pub link: IssuedLink<LinkId>,
    /// How it came about.
    pub by: ResetBy,
    /// Whether a password was set by it.
    pub used: bool,
}

/// A change that does not count yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// What it would put in place.
    pub secrets: NewSecrets,
    /// The link that makes it count, and until when.
    pub activation: IssuedLink<LinkId>,
    /// Since when.
    pub at: Timestamp,
}

/// What a change puts in place, each sealed under the account's credential key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecrets {
    /// The password's hash.
    pub password: Sealed,
    /// The reminder phrase (A12); `None` leaves the old one.
    pub reminder: Option<Sealed>,
}

/// How a right to set a password came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetBy {
    /// A link was asked for on the login page (B22); the password set by it works at once (B25).
    Person,
    /// An administrator had a link sent (B26).
    Administrator,
    /// The challenge was answered (A11); the password set by it waits for its activation (A13). Nothing is mailed.
    Challenge,
}

/// Why a challenge failed. For the audit alone: whoever answers is told nothing of it (R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeFailure {
    /// An answer was wrong.
    WrongAnswer,
    /// Too many answers were wrong before.
    TooMany,
    /// There is no password yet, or none any more.
    NotActive,
    /// Nobody holds the address.
    UnknownAddress,
}

/// What can be asked about a lost password.
#[derive(Debug, Clone)]
pub enum Command {
    /// Has the reminder phrase mailed (A10).
    SendReminder {
        /// When.
        at: Timestamp,
    },
    /// Has a reset link mailed (B22, B26).
    IssueReset {
        /// On whose wish.
        by: ResetBy,
        /// The mailed link.
        link: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// Answers the challenge (A11).
    AnswerChallenge {
        /// What comparing all answers said.
        answers: Verdict,
        /// From where.
        from: IpAddr,
        /// The policy's rule for failures.
        lockout: Lockout,
        /// The right that follows if they match.
        permit: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// Sets a password by a right that was given before (A12, B25).
    SetPassword {
        /// That right.
        permit: LinkId,
        /// What it puts in place.
        secrets: NewSecrets,
        /// The confirmation to be mailed, where one is needed (A13).
        activation: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// Makes a staged change count (A13, A14).
    ActivatePassword {
        /// The link that was followed.
        link: LinkId,
        /// When.
        at: Timestamp,
    },
    /// Drops a staged change whose time is over (A14).
    LapsePassword {
        /// When.
        at: Timestamp,
    },
}

/// What happened about a lost password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// The reminder phrase is to be mailed.
    ReminderSent {
        /// When.
        at: Timestamp,
    },
    /// There is a right to set a password from now on; its link is mailed unless a challenge gave it.
    ResetRequested {
        /// How it came about.
        by: ResetBy,
        /// Its link.
        link: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// The challenge was not met.
    ChallengeFailed {
        /// Why.
        why: ChallengeFailure,
        /// From where.
        from: Personal<IpAddr>,
        /// When.
        at: Timestamp,
    },
    /// A new password waits for its activation.
    PasswordStaged {
        /// What it would put in place.
        secrets: NewSecrets,
        /// The mailed link.
        activation: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// A new password counts.
    PasswordChanged {
        /// What it put in place.
        secrets: NewSecrets,
        /// When.
        at: Timestamp,
    },
    /// A staged password was not activated in time; the old one stays.
    PasswordLapsed {
        /// When.
        at: Timestamp,
    },
}

/// Between two mails that a stranger can have sent to somebody.
const MAIL_PAUSE: Period = Period::minutes(1);
/// Mails that a stranger can have sent to somebody in [`MAIL_WINDOW`].
const MAILS: usize = 5;
/// See [`MAILS`]. Shorter than a reset link lives, so that whoever asks in vain has one that works (R3).
const MAIL_WINDOW: Period = Period::hours(1);
/// Wrong answers that are remembered; above the highest threshold that a policy can have.
const REMEMBERED: usize = 32;

impl account::Holder {
    pub(super) fn recover(&self, command: Command) -> Result<Vec<account::Event>, Refusal> {
        let has_password = matches!(self.stage, Stage::Active | Stage::LockedOut { .. });
        match command {
            Command::SendReminder { at } if has_password && self.has_reminder() && self.may_mail(at) => {
                Ok(vec![Event::ReminderSent { at }.into()])
            }
            Command::IssueReset { by: ResetBy::Person, at, .. } if !self.may_mail(at) => Ok(vec![]),
            // That right comes of answers alone.
            Command::IssueReset { by: ResetBy::Challenge, .. } => Ok(vec![]),
            Command::IssueReset { link, .. } if self.recovery.holds(link.id) => Ok(vec![]),
            Command::IssueReset { by, link, at } if has_password => {
                Ok(vec![Event::ResetRequested { by, link, at }.into()])
            }
            // Whoever asked hears the same in any case (R4).
            Command::SendReminder { .. } | Command::IssueReset { .. } => Ok(vec![]),
            Command::AnswerChallenge { answers, from, lockout, permit, at } => {
                let failed = |why| Event::ChallengeFailed { why, from: Personal::known(from), at };
                let recent = self.recovery.failures.iter().filter(|then| at < then.plus(lockout.duration));
                let too_many = recent.count() >= usize::try_from(lockout.threshold).unwrap_or(usize::MAX);
                Ok(vec![match answers {
                    _ if !has_password => failed(ChallengeFailure::NotActive).into(),
                    _ if too_many => failed(ChallengeFailure::TooMany).into(),
                    Verdict::Wrong => failed(ChallengeFailure::WrongAnswer).into(),
                    Verdict::Right => {
                        Event::ResetRequested { by: ResetBy::Challenge, link: permit, at }.into()
                    }
                }])
            }
            Command::SetPassword { permit, secrets, activation, at } => {
                let Some(own) = &self.recovery.permit else { return Err(Refusal::LinkInvalid) };
                match own {
                    _ if own.link.id != permit || !has_password => Err(Refusal::LinkInvalid),
                    Permit { used: true, .. } => Err(Refusal::LinkUsed),
                    _ if own.link.expires_at <= at => Err(Refusal::LinkExpired),
                    Permit { by: ResetBy::Challenge, .. } => {
                        Ok(vec![Event::PasswordStaged { secrets, activation, at }.into()])
                    }
                    Permit { by: ResetBy::Person | ResetBy::Administrator, .. } => {
                        Ok(self.password_changed(secrets, at))
                    }
                }
            }
            Command::ActivatePassword { link, at } => match &self.recovery.staged {
                _ if !has_password => Err(Refusal::LinkInvalid),
                None if self.recovery.activated == Some(link) => Err(Refusal::LinkUsed),
                Some(staged) if staged.activation.id == link && at < staged.activation.expires_at => {
                    Ok(self.password_changed(staged.secrets.clone(), at))
                }
                Some(staged) if staged.activation.id == link => Err(Refusal::LinkExpired),
                None | Some(_) => Err(Refusal::LinkInvalid),
            },
            Command::LapsePassword { at } => match &self.recovery.staged {
                Some(staged) if staged.activation.expires_at <= at => {
                    Ok(vec![Event::PasswordLapsed { at }.into()])
                }
                None | Some(_) => Ok(vec![]),
            },
        }
    }

    /// Whoever may have known the old password is out; a lockout has done its work (R3).
    fn password_changed(&self, secrets: NewSecrets, at: Timestamp) -> Vec<account::Event> {
        let mut events = vec![Event::PasswordChanged { secrets, at }.into()];
        if let Stage::LockedOut { .. } = self.stage {
            events.push(account::Event::LockoutReleased { by: ReleasedBy::Reset, at });
        }
        events.extend(self.end_sessions(false, SessionEnd::PasswordChanged, at));
        events
    }

    fn has_reminder(&self) -> bool {
        self.credentials.as_ref().is_some_and(|own| own.reminder.is_some())
    }

    /// Strangers can ask for mails; they cannot fill a mailbox (R13).
    fn may_mail(&self, at: Timestamp) -> bool {
        let mails = &self.recovery.mails;
        let recent = mails.iter().filter(|then| at < then.plus(MAIL_WINDOW)).count();
        recent < MAILS && mails.last().is_none_or(|last| last.plus(MAIL_PAUSE) <= at)
    }

    pub(super) fn recovered(&mut self, event: &Event) {
        match event {
            Event::ReminderSent { at } => self.recovery.mailed(*at),
            Event::ResetRequested { by, link, at } => {
                if *by == ResetBy::Person {
                    self.recovery.mailed(*at);
                }
                self.recovery.permit = Some(Permit { link: link.clone(), by: *by, used: false });
            }
            Event::ChallengeFailed { why: ChallengeFailure::WrongAnswer, at, .. } => {
                self.recovery.failures.push(*at);
                let surplus = self.recovery.failures.len().saturating_sub(REMEMBERED);
                self.recovery.failures.drain(..surplus);
            }
            Event::ChallengeFailed {
                why:
                    ChallengeFailure::TooMany | ChallengeFailure::NotActive | ChallengeFailure::UnknownAddress,
                ..
            } => {}
            Event::PasswordStaged { secrets, activation, at } => {
                self.recovery.use_permit();
                self.recovery.staged =
                    Some(Staged { secrets: secrets.clone(), activation: activation.clone(), at: *at });
            }
            Event::PasswordChanged { secrets, .. } => {
                self.recovery.use_permit();
                let staged = self.recovery.staged.take();
                if let Some(staged) = staged.filter(|staged| staged.secrets == *secrets) {
                    self.recovery.activated = Some(staged.activation.id);
                }
                self.recovery.failures.clear();
                self.vigilance.failures.clear();
                self.vigilance.lockouts.clear();
                if let Some(own) = &mut self.credentials {
                    own.password = secrets.password.clone();
                    if secrets.reminder.is_some() {
                        own.reminder.clone_from(&secrets.reminder);
                    }
                }
            }
            Event::PasswordLapsed { .. } => self.recovery.staged = None,
        }
    }
}

impl Recovery {
    fn mailed(&mut self, at: Timestamp) {
        self.mails.push(at);
        let surplus = self.mails.len().saturating_sub(MAILS);
        self.mails.drain(..surplus);
    }

    fn holds(&self, link: LinkId) -> bool {
        self.permit.as_ref().is_some_and(|permit| permit.link.id == link)
    }

    /// From now on no password is set by it.
    pub(super) fn use_permit(&mut self) {
        if let Some(permit) = &mut self.permit {
            permit.used = true;
        }
    }
}

impl From<Event> for account::Event {
    fn from(event: Event) -> Self {
        Self::Recovery(event)
    }
}

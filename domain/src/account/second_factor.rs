//! The second factor: a code of an authenticator (RFC 6238), or one of the codes on paper.

use super::{FactorUse, Holder, Refusal, Stage};
use crate::{account, bytes::Sealed, period::Period, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret shared with the authenticator, sealed under the account's credential key.
    pub secret: Sealed,
    /// Hashes of the codes on paper, sealed likewise.
    pub recovery_codes: Sealed,
    /// Codes on paper that were used.
    pub used_codes: BTreeSet<u8>,
    /// The last time step whose code was used.
    pub last_step: Option<u64>,
}

/// An enrolment that waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret, sealed under the account's credential key.
    pub secret: Sealed,
    /// Until when the first code can be given.
    pub until: Timestamp,
}

/// What can be asked of the second factor.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begins to enrol.
    Request {
        /// The secret, sealed.
        secret: Sealed,
        /// When.
        at: Timestamp,
    },
    /// Completes that. The first code was checked before.
    Confirm {
        /// The time step that it is right for; `None` when it is wrong.
        step: Option<u64>,
        /// Hashes of the codes on paper, sealed.
        recovery_codes: Sealed,
        /// When.
        at: Timestamp,
    },
    /// Takes it away.
    Remove {
        /// Whether the policy demands it of one of the person's roles.
        demanded: bool,
        /// When.
        at: Timestamp,
    },
}

/// What happened to the second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// An enrolment began.
    SecondFactorRequested {
        /// The secret, sealed.
        secret: Sealed,
        /// Until when its first code can be given.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It is asked at each login from now on.
    SecondFactorEnrolled {
        /// The secret, sealed.
        secret: Sealed,
        /// Hashes of the codes on paper, sealed.
        recovery_codes: Sealed,
        /// The time step of the first code, which does not count again.
        step: u64,
        /// When.
        at: Timestamp,
    },
    /// It is asked no more.
    SecondFactorRemoved {
        /// When.
        at: Timestamp,
    },
}

/// How long an enrolment waits for its first code.
pub const ENROLMENT: Period = Period::minutes(10);

impl SecondFactor {
    /// Whether that counts: nothing counts twice (RFC 6238 §5.2).
    #[must_use]
    pub fn takes(&self, used: FactorUse) -> bool {
        match used {
            FactorUse::Totp { step } => self.last_step.is_none_or(|last| last < step),
            FactorUse::RecoveryCode { index } => !self.used_codes.contains(&index),
        }
    }

    pub(super) fn note(&mut self, used: FactorUse) {
        match used {
            FactorUse::Totp { step } => self.last_step = Some(step),
            FactorUse::RecoveryCode { index } => {
                self.used_codes.insert(index);
            }
        }
    }
}

impl Holder {
    pub(super) fn factor(&self, command: Command) -> Result<Vec<account::Event>, Refusal> {
        if self.stage == Stage::Closed {
            return Err(Refusal::Closed);
        }
        match command {
            Command::Request { .. } if self.second_factor.is_some() => Err(Refusal::AlreadyEnrolled),
            Command::Request { ref secret, at } if self.awaits(secret, at) => Ok(vec![]),
            Command::Request { secret, at } => {
                Ok(vec![Event::SecondFactorRequested { secret, until: at.plus(ENROLMENT), at }.into()])
            }
            Command::Confirm { step, recovery_codes, at } => match (&self.enrolment, step) {
                (Some(waiting), _) if waiting.until <= at => Err(Refusal::NotEnrolling),
                (None, _) => Err(Refusal::NotEnrolling),
                (Some(_), None) => Err(Refusal::WrongCode),
                (Some(waiting), Some(step)) => {
                    let secret = waiting.secret.clone();
                    Ok(vec![Event::SecondFactorEnrolled { secret, recovery_codes, step, at }.into()])
                }
            },
            Command::Remove { .. } if self.second_factor.is_none() => Ok(vec![]),
            Command::Remove { demanded: true, .. } => Err(Refusal::FactorDemanded),
            Command::Remove { demanded: false, at } => Ok(vec![Event::SecondFactorRemoved { at }.into()]),
        }
    }

    fn awaits(&self, secret: &Sealed, at: Timestamp) -> bool {
        self.enrolment.as_ref().is_some_and(|waiting| waiting.secret == *secret && at < waiting.until)
    }

    pub(super) fn factored(&mut self, event: &Event) {
        match event {
            Event::SecondFactorRequested { secret, until, .. } => {
                self.enrolment = Some(Enrolment { secret: secret.clone(), until: *until });
            }
            Event::SecondFactorEnrolled { secret, recovery_codes, step, .. } => {
                self.enrolment = None;
                self.second_factor = Some(SecondFactor {
                    secret: secret.clone(),
                    recovery_codes: recovery_codes.clone(),
                    used_codes: BTreeSet::new(),
                    last_step: Some(*step),
                });
            }
            Event::SecondFactorRemoved { .. } => self.second_factor = None,
        }
    }
}

impl From<Event> for account::Event {
    fn from(event: Event) -> Self {
        Self::SecondFactor(event)
    }
}

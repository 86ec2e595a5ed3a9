//! Logging in, and being locked out (A9, A17, A18, R3).

use super::{Event, Holder, LoginFailure, ReleasedBy, SecondFactor, Stage};
use crate::{
    bytes::TokenHash, classified::Personal, id::SessionId, period::Period, policy::Network,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// When repeated failures disable an account, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Lockout {
    /// How many in a row.
    pub threshold: u32,
    /// Failures further apart than this do not add up.
    pub window: Period,
    /// How long login is disabled.
    pub duration: Period,
}

/// An attempt. Password and code were checked before: hashing is slow and belongs to the edge. A verdict is a fact like
/// the time.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// What checking the password said.
    pub password: Verdict,
    /// What checking the second factor said.
    pub factor: FactorVerdict,
    /// From where.
    pub from: IpAddr,
    /// The policy's rule.
    pub lockout: Lockout,
    /// The session that begins if it succeeds.
    pub session: NewSession,
    /// When.
    pub at: Timestamp,
}

/// What checking a password or an answer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the account's.
    Right,
    /// It is not.
    Wrong,
}

/// What checking a second factor said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorVerdict {
    /// None was given yet; where one is enrolled, the login stays half done.
    NotGiven,
    /// It was right.
    Right(FactorUse),
    /// It was not.
    Wrong,
}

/// Which second factor was used; each counts once (RFC 6238 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FactorUse {
    /// A code of this time step of 30 s.
    Totp {
        /// Steps since 1970.
        step: u64,
    },
    /// A code on paper.
    RecoveryCode {
        /// Which, in the order in which they were given out.
        index: u8,
    },
}

/// A session that can begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// What its credential hashes to.
    pub token: TokenHash,
    /// Browser or client, in words.
    pub device: String,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// Lockouts within [`CAP_WINDOW`] after which strangers cannot lock the account any more: from then on further attempts
/// are heard only from networks that the person logged in from before (R3).
pub const CAP: usize = 4;
/// See [`CAP`].
pub const CAP_WINDOW: Period = Period::days(1);
/// Networks that are remembered as the person's own.
const FAMILIAR: usize = 8;
/// Failures and lockouts that are remembered; above the highest threshold that a policy can have.
const REMEMBERED: usize = 32;

/// What is remembered of failures and of where the person comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vigilance {
    /// Failures since the last success, oldest first.
    pub failures: Vec<Timestamp>,
    /// Lockouts since the last change of the password, oldest first.
    pub lockouts: Vec<Timestamp>,
    /// When a lockout was last told by mail.
    pub told_at: Option<Timestamp>,
    /// Networks of past logins, the last one last.
    pub familiar: Vec<Network>,
}

impl Vigilance {
    /// Another failure.
    pub(super) fn fail(&mut self, at: Timestamp) {
        remember(&mut self.failures, at, REMEMBERED);
    }

    /// Another lockout.
    pub(super) fn lock(&mut self, at: Timestamp, told: bool) {
        remember(&mut self.lockouts, at, REMEMBERED);
        if told {
            self.told_at = Some(at);
        }
    }

    /// A login from there succeeded.
    pub(super) fn succeed(&mut self, from: &Personal<IpAddr>) {
        self.failures.clear();
        if let Some(address) = from.value() {
            let network = Network::around(*address);
            self.familiar.retain(|known| *known != network);
            remember(&mut self.familiar, network, FAMILIAR);
        }
    }

    fn recent(&self, rule: &Lockout, at: Timestamp) -> usize {
        self.failures.iter().filter(|then| at < then.plus(rule.window)).count()
    }

    fn is_capped(&self, at: Timestamp) -> bool {
        self.lockouts.iter().filter(|then| at < then.plus(CAP_WINDOW)).count() >= CAP
    }

    fn is_familiar(&self, from: IpAddr) -> bool {
        self.familiar.iter().any(|network| network.contains(from))
    }
}

fn remember<T>(list: &mut Vec<T>, value: T, most: usize) {
    list.push(value);
    if list.len() > most {
        list.remove(0);
    }
}

pub(super) fn log_in(holder: &Holder, attempt: &LogIn) -> Vec<Event> {
    match &holder.stage {
        Stage::Invited | Stage::Registered { .. } => vec![attempt.failed(LoginFailure::NotActivated)],
        Stage::Closed => vec![attempt.failed(LoginFailure::Closed)],
        Stage::LockedOut { until } if attempt.at < *until => vec![attempt.failed(LoginFailure::LockedOut)],
        // The worker may be late; the time that the mail promised counts (A18).
        Stage::LockedOut { .. } => {
            let released = Event::LockoutReleased { by: ReleasedBy::Time, at: attempt.at };
            let vigilance = Vigilance { failures: vec![], ..holder.vigilance.clone() };
            [vec![released], attempt.judged(&vigilance, holder.second_factor.as_ref())].concat()
        }
        Stage::Active => attempt.judged(&holder.vigilance, holder.second_factor.as_ref()),
    }
}

pub(super) fn release(stage: &Stage, by: ReleasedBy, at: Timestamp) -> Vec<Event> {
    match (stage, by) {
        (Stage::LockedOut { until }, ReleasedBy::Time) if at < *until => vec![],
        (Stage::LockedOut { .. }, _) => vec![Event::LockoutReleased { by, at }],
        (Stage::Invited | Stage::Registered { .. } | Stage::Active | Stage::Closed, _) => vec![],
    }
}

impl LogIn {
    fn judged(&self, vigilance: &Vigilance, factor: Option<&SecondFactor>) -> Vec<Event> {
        let threshold = usize::try_from(self.lockout.threshold).unwrap_or(usize::MAX);
        let recent = vigilance.recent(&self.lockout, self.at);
        let capped = vigilance.is_capped(self.at);
        if capped && recent >= threshold && !vigilance.is_familiar(self.from) {
            return vec![self.failed(LoginFailure::UnfamiliarNetwork)];
        }
        let why = match (self.password, self.factor, factor) {
            (Verdict::Wrong, _, _) => LoginFailure::WrongPassword,
            (Verdict::Right, _, None) => return self.succeeded(None),
            (Verdict::Right, FactorVerdict::NotGiven, Some(_)) => return vec![],
            (Verdict::Right, FactorVerdict::Right(used), Some(enrolled)) if enrolled.takes(used) => {
                return self.succeeded(Some(used));
            }
            (Verdict::Right, FactorVerdict::Right(_) | FactorVerdict::Wrong, Some(_)) => {
                LoginFailure::WrongCode
            }
        };
        let mut events = vec![self.failed(why)];
        if recent + 1 >= threshold && !capped {
            events.push(Event::LockedOut {
                until: self.at.plus(self.lockout.duration),
                attempts: u32::try_from(recent + 1).unwrap_or(u32::MAX),
                untold: vigilance.told_at.is_some_and(|then| self.at < then.plus(self.lockout.window)),
                at: self.at,
            });
        }
        events
    }

    fn succeeded(&self, factor: Option<FactorUse>) -> Vec<Event> {
        let from = Personal::known(self.from);
        vec![
            Event::LoggedIn { from: from.clone(), factor, at: self.at },
            self.session.clone().started(from, None, self.at),
        ]
    }

    fn failed(&self, why: LoginFailure) -> Event {
        Event::LoginFailed { why, from: Personal::known(self.from), at: self.at }
    }
}

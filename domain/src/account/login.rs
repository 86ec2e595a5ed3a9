//! Logging in, and being locked out (A9, A17, A18, R3).

use super::{Event, LoginFailure, ReleasedBy, Stage};
use crate::{bytes::TokenHash, classified::Personal, id::SessionId, period::Period, timestamp::Timestamp};
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

/// An attempt. The password was checked before: hashing is slow and belongs to the edge. The verdict is a fact like the
/// time.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// What the check said.
    pub password: Verdict,
    /// From where.
    pub from: IpAddr,
    /// The policy's rule.
    pub lockout: Lockout,
    /// The session that begins if it succeeds.
    pub session: NewSession,
    /// When.
    pub at: Timestamp,
}

/// What checking a password said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the account's.
    Right,
    /// It is not.
    Wrong,
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

pub(super) fn log_in(stage: &Stage, attempt: &LogIn) -> Vec<Event> {
    match stage {
        Stage::Invited | Stage::Registered { .. } => vec![attempt.failed(LoginFailure::NotActivated)],
        Stage::LockedOut { until } if attempt.at < *until => vec![attempt.failed(LoginFailure::LockedOut)],
        // The worker may be late; the time that the mail promised counts (A18).
        Stage::LockedOut { .. } => {
            let released = Event::LockoutReleased { by: ReleasedBy::Time, at: attempt.at };
            [vec![released], attempt.judged(&[])].concat()
        }
        Stage::Active { failures } => attempt.judged(failures),
    }
}

pub(super) fn release(stage: &Stage, by: ReleasedBy, at: Timestamp) -> Vec<Event> {
    match (stage, by) {
        (Stage::LockedOut { until }, ReleasedBy::Time) if at < *until => vec![],
        (Stage::LockedOut { .. }, _) => vec![Event::LockoutReleased { by, at }],
        (Stage::Invited | Stage::Registered { .. } | Stage::Active { .. }, _) => vec![],
    }
}

impl LogIn {
    fn judged(&self, failures: &[Timestamp]) -> Vec<Event> {
        match self.password {
            Verdict::Right => self.succeeded(),
            Verdict::Wrong => {
                let recent = failures.iter().filter(|then| self.at < then.plus(self.lockout.window)).count();
                let attempts = u32::try_from(recent).unwrap_or(u32::MAX).saturating_add(1);
                let mut events = vec![self.failed(LoginFailure::WrongPassword)];
                if attempts >= self.lockout.threshold {
                    let until = self.at.plus(self.lockout.duration);
                    events.push(Event::LockedOut { until, attempts, at: self.at });
                }
                events
            }
        }
    }

    fn succeeded(&self) -> Vec<Event> {
        let from = Personal::known(self.from);
        let session = &self.session;
        vec![
            Event::LoggedIn { from: from.clone(), at: self.at },
            Event::SessionStarted {
                session: session.id,
                token: session.token,
                from,
                device: Personal::known(session.device.clone()),
                ends_at: session.ends_at,
                at: self.at,
            },
        ]
    }

    fn failed(&self, why: LoginFailure) -> Event {
        Event::LoginFailed { why, from: Personal::known(self.from), at: self.at }
    }
}

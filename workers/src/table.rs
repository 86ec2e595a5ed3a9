//! The cron table: which job runs when.

use std::{collections::BTreeMap, fmt, str::FromStr};
use thiserror::Error;

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobName {
    /// Messages end at their time, and the keys of past days are destroyed (A21).
    ExpireMessages,
    /// Lockouts end at the time that the mail named (A18), and blocked networks are heard again (R3).
    ReleaseLockouts,
    /// Sessions end that nobody used for too long (A37, B14).
    EndIdleSessions,
    /// Mails that are due go out (A6).
    SendNotifications,
    /// Invitations that nobody took up end (R11).
    LapseInvitations,
    /// New passwords that were not confirmed in time are dropped (A14).
    LapsePasswordChanges,
    /// Recipients are warned of messages that end soon (A22).
    WarnOfExpiry,
    /// Files that nobody has any more are deleted (A21).
    CollectGarbage,
    /// Mails that were held and that an officer let pass go to the relay (G2).
    PassOnMail,
    /// Content rules are tried on past mail, where somebody asked for it (G3).
    TryRules,
    /// Proposed policies are run over the history, where somebody asked for it (N3).
    ReplayPolicies,
    /// What a second person granted is carried out, and requests that nobody decided on end (K3).
    CarryOut,
    /// The log's newest checkpoint is put outside the database (N1).
    Anchor,
    /// Exports that were asked for are made (E1–E6).
    MakeExports,
}

/// When a job runs.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Which job.
    pub name: JobName,
    /// Six fields, UTC (K8): second, minute, hour, day of month, month, day of week.
    pub expression: cron::Schedule,
}

/// When each job runs; every job once.
#[derive(Debug, Clone)]
pub struct Table(Vec<Schedule>);

/// Why a cron table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// There is no such job.
    #[error("there is no job `{name}`; the jobs are {}", known())]
    UnknownJob {
        /// What was written.
        name: String,
    },
    /// This is no cron expression of six fields.
    #[error(
        "job `{job}`: `{expression}` is no cron expression; write six fields, second minute hour day month weekday, \
         in UTC, such as `0 */5 * * * *` for every five minutes"
    )]
    BadExpression {
        /// Whose.
        job: JobName,
        /// What was written.
        expression: String,
    },
}

impl JobName {
    /// All jobs, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::ExpireMessages,
        Self::ReleaseLockouts,
        Self::EndIdleSessions,
        Self::SendNotifications,
        Self::LapseInvitations,
        Self::LapsePasswordChanges,
        Self::WarnOfExpiry,
        Self::CollectGarbage,
        Self::PassOnMail,
        Self::TryRules,
        Self::ReplayPolicies,
        Self::CarryOut,
        Self::Anchor,
        Self::MakeExports,
    ];

    /// The name in the configuration, on the command line and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExpireMessages => "expire-messages",
            Self::ReleaseLockouts => "release-lockouts",
            Self::EndIdleSessions => "end-idle-sessions",
            Self::SendNotifications => "send-notifications",
            Self::LapseInvitations => "lapse-invitations",
            Self::LapsePasswordChanges => "lapse-password-changes",
            Self::WarnOfExpiry => "warn-of-expiry",
            Self::CollectGarbage => "collect-garbage",
            Self::PassOnMail => "pass-on-mail",
            Self::TryRules => "try-rules",
            Self::ReplayPolicies => "replay-policies",
            Self::CarryOut => "carry-out",
            Self::Anchor => "anchor-checkpoint",
            Self::MakeExports => "make-exports",
        }
    }

    /// What it does, in one sentence for people.
    #[must_use]
    pub const fn doc(self) -> &'static str {
        match self {
            Self::ExpireMessages => "Ends messages at their time and destroys the keys of past days.",
            Self::ReleaseLockouts => {
                "Ends lockouts at the time that the mail named, and hears blocked networks again."
            }
            Self::EndIdleSessions => "Ends sessions that nobody used for too long.",
            Self::SendNotifications => "Sends the mails that are due.",
            Self::LapseInvitations => "Ends invitations that nobody took up.",
            Self::LapsePasswordChanges => "Drops new passwords that were not confirmed in time.",
            Self::WarnOfExpiry => "Warns recipients of messages that end soon.",
            Self::CollectGarbage => "Deletes files that nobody has any more.",
            Self::PassOnMail => "Hands mails that were held and that an officer let pass to the relay.",
            Self::TryRules => "Tries content rules on past mail, where somebody asked for it.",
            Self::ReplayPolicies => "Runs proposed policies over the history, where somebody asked for it.",
            Self::CarryOut => {
                "Carries out what a second person granted, and ends requests that nobody decided on in time."
            }
            Self::Anchor => "Puts the log's newest checkpoint outside the database.",
            Self::MakeExports => "Makes the exports that were asked for.",
        }
    }

    /// The expression that holds unless the configuration says otherwise.
    #[must_use]
    pub const fn default_expression(self) -> &'static str {
        match self {
            Self::ExpireMessages | Self::LapseInvitations | Self::Anchor => "0 * * * * *",
            Self::ReleaseLockouts | Self::LapsePasswordChanges => "*/10 * * * * *",
            Self::EndIdleSessions => "30 * * * * *",
            Self::PassOnMail => "45 * * * * *",
            Self::CarryOut => "50 * * * * *",
            Self::SendNotifications | Self::TryRules | Self::ReplayPolicies | Self::MakeExports => {
                "*/2 * * * * *"
            }
            Self::WarnOfExpiry => "0 */10 * * * *",
            Self::CollectGarbage => "0 20 * * * *",
        }
    }
}

impl FromStr for JobName {
    type Err = TableError;

    fn from_str(name: &str) -> Result<Self, TableError> {
        let found = Self::ALL.into_iter().find(|job| job.as_str() == name);
        found.ok_or_else(|| TableError::UnknownJob { name: name.to_owned() })
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::with_overrides(&BTreeMap::new()).expect("the default expressions are right")
    }
}

impl Table {
    /// The defaults, with other expressions for the jobs that are named.
    pub fn with_overrides(overrides: &BTreeMap<String, String>) -> Result<Self, TableError> {
        for name in overrides.keys() {
            name.parse::<JobName>()?;
        }
        let schedule = |name: JobName| {
            let expression = overrides.get(name.as_str()).map_or(name.default_expression(), String::as_str);
            let bad = |_| TableError::BadExpression { job: name, expression: expression.to_owned() };
            Ok(Schedule { name, expression: expression.parse().map_err(bad)? })
        };
        Ok(Self(JobName::ALL.into_iter().map(schedule).collect::<Result<_, TableError>>()?))
    }

    /// When each job runs, in the order of [`JobName::ALL`].
    #[must_use]
    pub fn schedules(&self) -> &[Schedule] {
        &self.0
    }

    /// When a job runs.
    #[must_use]
    pub fn schedule(&self, name: JobName) -> &Schedule {
        let found = self.0.iter().find(|schedule| schedule.name == name);
        found.expect("every job is in the table")
    }
}

fn known() -> String {
    JobName::ALL.map(JobName::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(name: &str, expression: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), expression.to_owned())])
    }

    /// Every job has a time of its own, and its name reads back.
    #[test]
    fn every_job_is_in_the_table() {
        let table = Table::default();
        let names: Vec<_> = table.schedules().iter().map(|schedule| schedule.name).collect();
        assert_eq!(names, JobName::ALL);
        for name in JobName::ALL {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
    }

    #[test]
    fn an_override_changes_its_job_alone() {
        let table = Table::with_overrides(&overrides("expire-messages", "0 0 3 * * *")).unwrap();
        for schedule in table.schedules() {
            let expected = match schedule.name {
                JobName::ExpireMessages => "0 0 3 * * *",
                other => other.default_expression(),
            };
            assert_eq!(schedule.expression.source(), expected);
        }
    }

    #[test]
    fn an_unknown_job_is_answered_with_the_known_ones() {
        let problem = Table::with_overrides(&overrides("expire", "0 * * * * *")).unwrap_err().to_string();
        assert!(problem.contains("`expire`") && problem.contains("lapse-invitations"), "{problem}");
    }

    #[test]
    fn a_bad_expression_is_answered_with_an_example() {
        for bad in ["", "* * * * *", "61 * * * * *", "soon"] {
            let problem = Table::with_overrides(&overrides("expire-messages", bad)).unwrap_err().to_string();
            assert!(problem.contains("0 */5 * * * *"), "{bad}: {problem}");
        }
    }
}

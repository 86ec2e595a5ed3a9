//! Rights beyond one's own mail.

use serde::{Deserialize, Serialize};

/// A right that an account can be given, apart from the others (K2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// People, notifications, lockouts.
    Administrator,
    /// Policy and content rules.
    PolicyAuthor,
    /// Audit, holds, exports.
    ComplianceOfficer,
    /// Second person (K3).
    Approver,
    /// May open content in an emergency (K6).
    BreakGlass,
    /// Runs the machines.
    Operator,
}

impl Role {
    /// Whether one account must not hold both: operators and administrators read no content (K2).
    ///
    /// Break-glass opens content (K6), and the compliance officer exports it (E1); neither goes with administering or
    /// operating. The policy author and the approver see no content and may be anybody; that nobody approves their own
    /// request is a rule of the request (K3).
    #[must_use]
    pub fn conflicts(self, other: Self) -> bool {
        (self.reaches_content() && other.administers()) || (self.administers() && other.reaches_content())
    }

    fn reaches_content(self) -> bool {
        match self {
            Self::BreakGlass | Self::ComplianceOfficer => true,
            Self::Administrator | Self::PolicyAuthor | Self::Approver | Self::Operator => false,
        }
    }
    fn administers(self) -> bool {
        match self {
            Self::Administrator | Self::Operator => true,
            Self::PolicyAuthor | Self::ComplianceOfficer | Self::Approver | Self::BreakGlass => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Role; 6] = [
        Role::Administrator,
        Role::PolicyAuthor,
        Role::ComplianceOfficer,
        Role::Approver,
        Role::BreakGlass,
        Role::Operator,
    ];

    /// K2: who administers or operates reads no content; the four pairs that would, and no others, conflict.
    #[test]
    fn administration_and_content_are_apart() {
        let conflicts: Vec<_> = ALL
            .into_iter()
            .flat_map(|a| ALL.map(|b| (a, b)))
            .filter(|(a, b)| a < b && a.conflicts(*b))
            .collect();
        assert_eq!(
            conflicts,
            [
                (Role::Administrator, Role::ComplianceOfficer),
                (Role::Administrator, Role::BreakGlass),
                (Role::ComplianceOfficer, Role::Operator),
                (Role::BreakGlass, Role::Operator),
            ]
        );
    }

    /// K2: a conflict is mutual, and no role conflicts with itself.
    #[test]
    fn conflicts_are_mutual() {
        for a in ALL {
            assert!(!a.conflicts(a));
            for b in ALL {
                assert_eq!(a.conflicts(b), b.conflicts(a));
            }
        }
    }

    /// K2: names as they are stored.
    #[test]
    fn names_are_stored_in_snake_case() {
        let names = ALL.map(|role| serde_json::to_value(role).unwrap());
        assert_eq!(
            names,
            ["administrator", "policy_author", "compliance_officer", "approver", "break_glass", "operator"]
        );
    }
}

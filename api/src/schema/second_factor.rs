//! What a person proves themselves by besides the password.

use async_graphql::Enum;

/// Kinds of second factor.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::SecondFactorKind")]
pub(crate) enum SecondFactorKind {
    /// RFC 6238 codes.
    Totp,
    /// Codes on paper, once each.
    RecoveryCode,
}

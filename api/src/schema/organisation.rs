//! What anyone may know of an organisation.

use super::{ids, scalars::Url};
use async_graphql::{Enum, ID, SimpleObject};
use domain::{OrganisationId, organisation};

/// What login, registration and help pages need; the same for everyone.
#[derive(SimpleObject)]
pub(crate) struct PublicOrganisation {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// The organisation's name.
    name: String,
    /// The fixed address of the portal (A8).
    portal_url: Url,
    /// What registration asks for (A3, A5, C5).
    registration: RegistrationRules,
    /// Which ways out a login page offers (A9, B22, C14).
    recovery: RecoveryRules,
}

/// What a registration form must ask.
#[derive(SimpleObject)]
pub(crate) struct RegistrationRules {
    /// Identifying data asked for; each is mandatory (A3).
    profile_fields: Vec<ProfileField>,
    /// In characters; 8 to 64.
    password_minimum_length: i32,
    /// How many questions with answers; 0 or 2.
    challenge_question_count: i32,
    /// Whether a reminder phrase is asked (A5).
    reminder_phrase: bool,
    /// Whether a confirmation mail must be followed (A4, C6).
    activation: bool,
}

/// Which ways out exist.
#[derive(SimpleObject)]
pub(crate) struct RecoveryRules {
    /// Challenge questions (A11).
    challenge: bool,
    /// Emailed reset link (B22).
    link: bool,
    /// Reminder phrase by email (A10).
    reminder: bool,
}

/// Identifying data.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::policy::ProfileField")]
pub(crate) enum ProfileField {
    /// Given name.
    GivenName,
    /// Family name.
    FamilyName,
    /// Company or practice.
    Company,
    /// Telephone number.
    Telephone,
    /// Postal address.
    PostalAddress,
    /// The organisation's own number for the person.
    MemberNumber,
}

impl PublicOrganisation {
    /// From the rules as they stand; `None` before it was founded.
    pub(crate) fn new(organisation: OrganisationId, rules: &organisation::State) -> Option<Self> {
        let identity = rules.founded.as_ref()?;
        let recovery = &rules.policy.recovery;
        Some(Self {
            id: ids::organisation(organisation),
            name: identity.name.clone(),
            portal_url: Url(identity.portal_url.clone()),
            registration: RegistrationRules {
                profile_fields: rules
                    .policy
                    .accounts
                    .profile_fields
                    .iter()
                    .map(|field| (*field).into())
                    .collect(),
                password_minimum_length: int(*app::PASSWORD_CHARACTERS.start()),
                challenge_question_count: if recovery.challenge { int(app::CHALLENGES) } else { 0 },
                reminder_phrase: recovery.reminder_phrase,
                activation: rules.policy.accounts.activation,
            },
            recovery: RecoveryRules {
                challenge: recovery.challenge,
                link: recovery.link,
                reminder: recovery.reminder_phrase,
            },
        })
    }
}

/// A small number as GraphQL has it.
fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

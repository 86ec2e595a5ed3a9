//! What anyone may know of an organisation.

use super::{ids, scalars::Url};
use async_graphql::{Enum, ID, SimpleObject};
use domain::{OrganisationId, challenge, organisation, presentation};

/// What login, registration and help pages need; the same for everyone.
#[derive(SimpleObject)]
pub(crate) struct PublicOrganisation {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// The organisation's name.
    name: String,
    /// Logo, colour and wording.
    branding: Branding,
    /// The fixed address of the portal (A8).
    portal_url: Url,
    /// What registration asks for (A3, A5, C5).
    registration: RegistrationRules,
    /// Which ways out a login page offers (A9, B22, C14).
    recovery: RecoveryRules,
    /// Telephone numbers by country (A47).
    support: Vec<SupportContact>,
    /// The organisation's own words, Markdown (A47).
    privacy_statement: String,
    /// Illustrated help (A47, B2, B3).
    help_topics: Vec<HelpTopic>,
    /// Browsers that work (A46).
    supported_browsers: Vec<&'static str>,
    /// Client programs that work, and the version wanted (B54, B55).
    supported_clients: Vec<SupportedClient>,
}

/// How the organisation shows itself.
#[derive(SimpleObject)]
pub(crate) struct Branding {
    /// Accent as #rrggbb; contrast checked at 4.5 to 1 (R8).
    colour: String,
    /// Words of the notification mail; holds neither content nor advertising (A7, B35, R12).
    notification_text: String,
}

/// Whom to call.
#[derive(SimpleObject)]
pub(crate) struct SupportContact {
    /// ISO 3166-1 alpha-2.
    country: String,
    /// E.164.
    telephone: String,
    /// When someone answers.
    hours: Option<String>,
}

/// A page of help.
#[derive(SimpleObject)]
pub(crate) struct HelpTopic {
    /// Short name, stable.
    slug: &'static str,
    /// Title in the language of the request.
    title: &'static str,
    /// Markdown with images.
    body: String,
}

/// A client program that the organisation supports.
#[derive(SimpleObject)]
pub(crate) struct SupportedClient {
    /// Its name.
    name: String,
    /// Where it runs.
    platform: String,
    /// Older ones are refused with CLIENT_TOO_OLD.
    minimum_version: String,
    /// The version the server wants (B54).
    wanted_version: String,
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
    /// Questions to pick from; own ones are allowed.
    suggested_questions: Vec<&'static str>,
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
        let (recovery, shown) = (&rules.policy.recovery, &rules.presentation);
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
                password_minimum_length: int(*domain::password::CHARACTERS.start()),
                challenge_question_count: if recovery.challenge { int(challenge::QUESTIONS) } else { 0 },
                suggested_questions: challenge::SUGGESTED_QUESTIONS.to_vec(),
                reminder_phrase: recovery.reminder_phrase,
                activation: rules.policy.accounts.activation,
            },
            recovery: RecoveryRules {
                challenge: recovery.challenge,
                link: recovery.link,
                reminder: recovery.reminder_phrase,
            },
            branding: Branding {
                colour: shown.colour.clone(),
                notification_text: shown.notification_text.clone(),
            },
            support: shown.support.iter().cloned().map(SupportContact::from).collect(),
            privacy_statement: shown.privacy_statement.clone(),
            help_topics: app::help_topics(rules).into_iter().map(HelpTopic::from).collect(),
            supported_browsers: app::SUPPORTED_BROWSERS.to_vec(),
            supported_clients: shown.clients.iter().cloned().map(SupportedClient::from).collect(),
        })
    }
}

impl From<presentation::SupportContact> for SupportContact {
    fn from(contact: presentation::SupportContact) -> Self {
        let presentation::SupportContact { country, telephone, hours } = contact;
        Self { country, telephone, hours }
    }
}

impl From<presentation::SupportedClient> for SupportedClient {
    fn from(client: presentation::SupportedClient) -> Self {
        let presentation::SupportedClient { name, platform, minimum_version, wanted_version } = client;
        Self { name, platform, minimum_version, wanted_version }
    }
}

impl From<app::HelpTopic> for HelpTopic {
    fn from(topic: app::HelpTopic) -> Self {
        let app::HelpTopic { slug, title, body } = topic;
        Self { slug, title, body }
    }
}

/// A small number as GraphQL has it.
fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

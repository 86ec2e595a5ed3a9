//! From an invitation's link to an active account (A3–A5, B8, B9, C5).

use crate::{App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode, links::invalid_link, retrying};
use domain::{
    AccountId, Metadata, OrganisationId, Timestamp,
    account::{Account, Command, Credentials, Event, Profile, Register, RegistrationFailure},
    address::EmailAddress,
    bytes::Sealed,
    event::Actor,
    id::LinkId,
    organisation,
    period::Period,
    policy::ProfileField,
};
use eventstore::Commit;
use seal::{Key, password};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

/// A filled-in registration form.
#[derive(Debug, Clone)]
pub struct RegistrationForm {
    /// Token of the invitation's link.
    pub invitation: String,
    /// The address; must be the invited one.
    pub address: EmailAddress,
    /// Name to log in with, if it is not the address.
    pub user_name: Option<String>,
    /// Chosen by the person.
    pub password: SecretString,
    /// Identifying data.
    pub profile: Profile,
    /// A hint for oneself.
    pub reminder: Option<SecretString>,
    /// Questions with answers.
    pub challenges: Vec<Challenge>,
}

/// A question and what only the person knows (A5).
#[derive(Debug, Clone)]
pub struct Challenge {
    /// From the list or one's own.
    pub question: String,
    /// Compared without case, spaces and punctuation.
    pub answer: SecretString,
}

/// What to do after registering (contract: `RegistrationNext`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationNext {
    /// Follow the link of the confirmation mail (A4).
    Activate,
    /// Log in (C6).
    LogIn,
}

/// Characters of a password: NIST SP 800-63B §3.1.1.2 asks for 8 at least and 64 to be allowed.
pub const PASSWORD_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=256;
/// How long the link of the confirmation mail works.
const ACTIVATION_LIFE: Period = Period::days(7);
/// Characters of each text of a profile, a question or an answer.
const TEXT_CHARACTERS: usize = 200;
/// Questions where the policy asks for them (A5).
pub const CHALLENGES: usize = 2;

impl App {
    /// Registers who was invited. Another address than the invited one is refused, with the same answer whether that
    /// address is known or not (B9, R4), and the refusal is on record.
    pub async fn register(
        &self,
        caller: &Caller,
        form: RegistrationForm,
    ) -> Result<Done<RegistrationNext>, Error> {
        let organisation = caller.organisation;
        let rules = self.rules(organisation).await?;
        let link = self.find_link(organisation, LinkPurpose::Register, &form.invitation).await?;
        let link = link.ok_or_else(|| invalid_link("invitationToken"))?;
        let problems = complaints(&form, &rules);
        if !problems.is_empty() {
            return Err(Error::Problems(problems));
        }
        let account = link.account;
        let at = self.log.now();
        let activation = if rules.policy.accounts.activation {
            Some(self.activation_link(organisation, account, at).await?)
        } else {
            None
        };
        let register = Register {
            invitation: domain::id::InvitationId::new(link.link),
            address: form.address.clone(),
            profile: form.profile.clone(),
            user_name: form.user_name.clone(),
            credentials: self.credentials(organisation, account, &form).await?,
            activation,
            at,
        };
        let meta = Metadata { policy: Some(rules.policy_version), ..by_link(account) };
        let (meta, register) = (&meta, &register);
        let (events, position) = retrying(move || async move {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            let command = Command::Register(Box::new(register.clone()));
            let (change, events) = loaded.decide_seeing(command).map_err(Problem::from)?;
            let appended = self.log.append(Commit::new(organisation, meta, vec![change])).await?;
            Ok((events, appended.position()))
        })
        .await?;
        answer(&events).map(|value| Done { value, position })
    }

    /// Confirms a registration by the mailed link. Works once (A4, R1).
    pub async fn activate(&self, caller: &Caller, token: &str) -> Result<Done<AccountId>, Error> {
        let organisation = caller.organisation;
        let link = self.find_link(organisation, LinkPurpose::ActivateAccount, token).await?;
        let link = link.ok_or_else(|| invalid_link("token"))?;
        let (account, at) = (link.account, self.log.now());
        let activate = || Command::Activate { link: LinkId::new(link.link), at };
        let done =
            self.log.execute::<Account>(organisation, account.uuid(), &by_link(account), activate).await?;
        Ok(Done { value: account, position: done.map_err(Problem::from)?.position() })
    }

    async fn activation_link(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        at: Timestamp,
    ) -> Result<domain::account::IssuedLink<LinkId>, Error> {
        let expires_at = at.plus(ACTIVATION_LIFE);
        self.issue_link(organisation, account, LinkPurpose::ActivateAccount, expires_at).await
    }

    async fn credentials(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        form: &RegistrationForm,
    ) -> Result<Credentials, Error> {
        let key = self.credential_key(organisation, account).await?;
        let hash = self.hash(form.password.clone()).await?;
        let mut challenges = vec![];
        for Challenge { question, answer } in &form.challenges {
            let normalised = password::normalise_answer(answer.expose_secret());
            let answer = self.hash(SecretString::from(normalised.as_str())).await?;
            challenges.push(SealedChallenge { question: question.clone(), answer: answer.to_string() });
        }
        let reminder = form.reminder.as_ref().map(|phrase| {
            seal_credential(&key, Credential::Reminder, account, phrase.expose_secret().as_bytes())
        });
        let challenges = (!challenges.is_empty()).then(|| {
            let json = Zeroizing::new(serde_json::to_vec(&challenges).unwrap_or_default());
            seal_credential(&key, Credential::Challenges, account, &json)
        });
        Ok(Credentials {
            password: seal_credential(&key, Credential::Password, account, hash.as_bytes()),
            reminder,
            challenges,
        })
    }

    /// Hashes a secret when one of the permits is free, away from the threads that answer requests.
    async fn hash(&self, secret: SecretString) -> Result<Zeroizing<String>, Error> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        tokio::task::spawn_blocking(move || password::hash_password(&secret)).await.map_err(|_| Error::Busy)
    }
}

/// One challenge as it is sealed: the question in clear within, the answer hashed.
#[derive(Serialize)]
struct SealedChallenge {
    question: String,
    answer: String,
}

/// What is sealed under a credential key; its code keeps one from being taken for another.
#[derive(Clone, Copy)]
pub(crate) enum Credential {
    Password,
    Reminder,
    Challenges,
}

impl Credential {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Reminder => "reminder",
            Self::Challenges => "challenges",
        }
    }
}

fn seal_credential(key: &Key, what: Credential, account: AccountId, plaintext: &[u8]) -> Sealed {
    Sealed(seal::seal(key, what.label(), &account.bytes(), plaintext))
}

/// Metadata of what is done by a link that was mailed to an account.
pub(crate) fn by_link(account: AccountId) -> Metadata {
    Metadata::by(Actor::LinkHolder { account })
}

/// What follows from the events is what the person is told.
fn answer(events: &[Event]) -> Result<RegistrationNext, Error> {
    for event in events {
        if let Event::RegistrationRefused { why, .. } = event {
            let problem = match why {
                RegistrationFailure::AnotherAddress => Problem::new(
                    ProblemCode::AddressRefused,
                    "This address cannot be registered by this invitation; use the address that the mail came to.",
                )
                .at(["address"]),
                RegistrationFailure::LinkExpired => Problem::new(
                    ProblemCode::LinkExpired,
                    "This invitation is too old; ask whoever wrote to you for a new one.",
                )
                .at(["invitationToken"]),
            };
            return Err(problem.into());
        }
    }
    let activated = events.iter().any(|event| matches!(event, Event::Activated { .. }));
    Ok(if activated { RegistrationNext::LogIn } else { RegistrationNext::Activate })
}

/// Everything that is wrong with a form, so that one look mends it (A3, A5).
fn complaints(form: &RegistrationForm, rules: &organisation::State) -> Vec<Problem> {
    let mut problems = vec![];
    let password = form.password.expose_secret();
    if !PASSWORD_CHARACTERS.contains(&password.chars().count()) {
        let message = format!(
            "Choose a password of {} to {} characters.",
            PASSWORD_CHARACTERS.start(),
            PASSWORD_CHARACTERS.end()
        );
        problems.push(Problem::new(ProblemCode::PasswordRejected, message).at(["password"]));
    }
    if password.to_lowercase().contains(form.address.normalised()) {
        let message = "Choose a password that does not hold your address.";
        problems.push(Problem::new(ProblemCode::PasswordRejected, message).at(["password"]));
    }
    if rules.policy.accounts.is_group(&form.address) {
        let message = "This is a group; register an address of your own.";
        problems.push(Problem::new(ProblemCode::GroupAddress, message).at(["address"]));
    }
    for field in &rules.policy.accounts.profile_fields {
        let (name, value) = profile_field(&form.profile, *field);
        if value.as_ref().is_none_or(|text| text.trim().is_empty()) {
            problems.push(Problem::new(ProblemCode::Required, "Fill this in.").at(["profile", name]));
        }
    }
    let texts = ALL_FIELDS.map(|field| profile_field(&form.profile, field));
    for (name, value) in texts {
        if value.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARACTERS) {
            let message = format!("Use {TEXT_CHARACTERS} characters at most.");
            problems.push(Problem::new(ProblemCode::TooLong, message).at(["profile", name]));
        }
    }
    problems.extend(reminder_complaint(form, rules.policy.recovery.reminder_phrase));
    problems.extend(challenge_complaints(form, rules.policy.recovery.challenge));
    problems
}

fn reminder_complaint(form: &RegistrationForm, asked: bool) -> Option<Problem> {
    let problem = |code, message| Some(Problem::new(code, message).at(["reminderPhrase"]));
    match form.reminder.as_ref().map(ExposeSecret::expose_secret) {
        None | Some("") if asked => problem(ProblemCode::Required, "Fill this in."),
        Some(phrase) if phrase.chars().count() > TEXT_CHARACTERS => {
            problem(ProblemCode::TooLong, "Use 200 characters at most.")
        }
        Some(phrase) if phrase.to_lowercase().contains(&form.password.expose_secret().to_lowercase()) => {
            problem(ProblemCode::PhraseRejected, "Choose a phrase that does not hold the password.")
        }
        None | Some(_) => None,
    }
}

fn challenge_complaints(form: &RegistrationForm, asked: bool) -> Vec<Problem> {
    if asked && form.challenges.len() != CHALLENGES {
        let message = format!("Choose {CHALLENGES} questions and answer them.");
        return vec![Problem::new(ProblemCode::Required, message).at(["challengeAnswers"])];
    }
    let bad = |challenge: &Challenge| {
        let answer = challenge.answer.expose_secret();
        challenge.question.trim().is_empty()
            || challenge.question.chars().count() > TEXT_CHARACTERS
            || answer.chars().count() > TEXT_CHARACTERS
            || password::normalise_answer(answer).is_empty()
    };
    let complaint = |index: usize| {
        let message =
            "Give a question of its own and an answer with letters or digits, 200 characters at most.";
        Problem::new(ProblemCode::Invalid, message).at(["challengeAnswers", &index.to_string()])
    };
    let repeated = |index: usize| {
        let question = form.challenges[index].question.trim().to_lowercase();
        form.challenges[..index].iter().any(|earlier| earlier.question.trim().to_lowercase() == question)
    };
    let is_bad = |index: &usize| bad(&form.challenges[*index]) || repeated(*index);
    (0..form.challenges.len()).filter(is_bad).map(complaint).collect()
}

const ALL_FIELDS: [ProfileField; 6] = [
    ProfileField::GivenName,
    ProfileField::FamilyName,
    ProfileField::Company,
    ProfileField::Telephone,
    ProfileField::PostalAddress,
    ProfileField::MemberNumber,
];

/// A field's name in the input, and what stands in it.
fn profile_field(profile: &Profile, field: ProfileField) -> (&'static str, &Option<String>) {
    match field {
        ProfileField::GivenName => ("givenName", &profile.given_name),
        ProfileField::FamilyName => ("familyName", &profile.family_name),
        ProfileField::Company => ("company", &profile.company),
        ProfileField::Telephone => ("telephone", &profile.telephone),
        ProfileField::PostalAddress => ("postalAddress", &profile.postal_address),
        ProfileField::MemberNumber => ("memberNumber", &profile.member_number),
    }
}

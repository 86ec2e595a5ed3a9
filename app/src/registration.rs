//! From an invitation's link to an active account (A3–A5, B8, B9, C5).

use crate::{
    App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode,
    chosen::{Chosen, TEXT_CHARACTERS},
    credentials::Credential,
    links::invalid_link,
    profile, retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId, Timestamp,
    account::{Account, Command, Credentials, Event, Profile, Register, RegistrationFailure},
    address::EmailAddress,
    challenge::QUESTIONS,
    event::Actor,
    id::LinkId,
    organisation,
    period::Period,
    reservation::{self, Reservation},
    user_name::UserName,
};
use eventstore::{Commit, log::Change};
use seal::password;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A filled-in registration form.
#[derive(Debug, Clone)]
pub struct RegistrationForm {
    /// Token of the invitation's link.
    pub invitation: String,
    /// The address; must be the invited one.
    pub address: EmailAddress,
    /// Name to log in with, if it is not the address.
    pub user_name: Option<UserName>,
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

/// How long the link of the confirmation mail works.
pub(crate) const ACTIVATION_LIFE: Period = Period::days(7);

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
        let mut problems = complaints(&form, &rules);
        problems.extend(
            self.complaints_of_secrets(Chosen {
                password: form.password.clone(),
                reminder: form.reminder.clone(),
                phrase_asked: rules.policy.recovery.reminder_phrase,
                address: form.address.clone(),
                names: names(&form.profile, form.user_name.as_ref()),
            })
            .await?,
        );
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
            let mut changes = vec![change];
            if let Some(name) = &register.user_name
                && events.iter().any(|event| matches!(event, Event::Registered { .. }))
            {
                changes.push(self.naming(organisation, name, account, at).await?);
            }
            let appended = self.log.append(Commit::new(organisation, meta, changes)).await?;
            Ok((events, appended.position()))
        })
        .await?;
        self.wait_for(position).await?;
        answer(&events).map(|value| Done { value, position })
    }

    /// Confirms a registration by the mailed link. Works once (A4, R1).
    pub async fn activate(&self, caller: &Caller, token: &str) -> Result<Done<AccountId>, Error> {
        let organisation = caller.organisation;
        let link = self.find_link(organisation, LinkPurpose::ActivateAccount, token).await?;
        let link = link.ok_or_else(|| invalid_link("token"))?;
        let (account, at) = (link.account, self.log.now());
        let activate = || Command::Activate { link: LinkId::new(link.link), at };
        self.tell(organisation, account, &by_link(account), activate).await
    }

    /// The change by which a user name becomes the account's (C5).
    async fn naming(
        &self,
        organisation: OrganisationId,
        name: &UserName,
        account: AccountId,
        at: Timestamp,
    ) -> Result<Change, Error> {
        let tag = self.user_name_tag(organisation, name).await?;
        let reservation = self.log.load::<Reservation>(organisation, tag.uuid()).await?;
        let reserve = reservation::Command::Reserve { account, at };
        Ok(reservation.decide(reserve).map_err(|reservation::Refusal::Taken| {
            Problem::new(ProblemCode::Invalid, "Somebody else has this user name; choose another.")
                .at(["userName"])
        })?)
    }

    pub(crate) async fn activation_link(
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
        let seal =
            async |what, plaintext: &[u8]| self.seal_credential(organisation, account, what, plaintext).await;
        let hash = self.hash(form.password.clone()).await?;
        let mut challenges = vec![];
        for Challenge { question, answer } in &form.challenges {
            let normalised = password::normalise_answer(answer.expose_secret());
            let answer = self.hash(SecretString::from(normalised.as_str())).await?;
            challenges.push(SealedChallenge { question: question.clone(), answer: answer.to_string() });
        }
        let reminder = match &form.reminder {
            Some(phrase) => Some(seal(Credential::Reminder, phrase.expose_secret().as_bytes()).await?),
            None => None,
        };
        let challenges = if challenges.is_empty() {
            None
        } else {
            let json = Zeroizing::new(serde_json::to_vec(&challenges).unwrap_or_default());
            Some(seal(Credential::Challenges, &json).await?)
        };
        Ok(Credentials { password: seal(Credential::Password, hash.as_bytes()).await?, reminder, challenges })
    }
}

/// One challenge as it is sealed: the question in clear within, the answer hashed.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedChallenge {
    pub(crate) question: String,
    pub(crate) answer: String,
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
    if rules.policy.accounts.is_group(&form.address) {
        let message = "This is a group; register an address of your own.";
        problems.push(Problem::new(ProblemCode::GroupAddress, message).at(["address"]));
    }
    problems.extend(profile::complaints(&form.profile, &rules.policy.accounts.profile_fields));
    problems.extend(challenge_complaints(form, rules.policy.recovery.challenge));
    problems
}

fn challenge_complaints(form: &RegistrationForm, asked: bool) -> Vec<Problem> {
    let given = form.challenges.len();
    if given != QUESTIONS && (asked || given > 0) {
        let message = format!("Choose {QUESTIONS} questions and answer them.");
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

/// What a person is called, as far as a password must not hold it.
pub(crate) fn names(profile: &Profile, user_name: Option<&UserName>) -> Vec<String> {
    let user_name = user_name.map(|name| name.as_str().to_owned());
    [&profile.given_name, &profile.family_name, &user_name].into_iter().flatten().cloned().collect()
}

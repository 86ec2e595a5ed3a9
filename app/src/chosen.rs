//! What a person chooses to prove themselves by: a password that is hard to guess, and a phrase that does not give it away
//! (A5, A12).

use crate::{App, Error, Problem, ProblemCode};
use domain::{
    address::EmailAddress,
    password::{complaints, reminder_gives_away},
};
use secrecy::{ExposeSecret, SecretString};

/// A password and a phrase, with all that they are judged by.
pub(crate) struct Chosen {
    pub(crate) password: SecretString,
    pub(crate) reminder: Option<SecretString>,
    /// Whether the policy asks for a phrase.
    pub(crate) phrase_asked: bool,
    pub(crate) address: EmailAddress,
    /// What the person is called.
    pub(crate) names: Vec<String>,
}

/// Characters of each text that a person enters about themselves.
pub(crate) const TEXT_CHARACTERS: usize = 200;

impl App {
    /// Everything that is wrong with a choice. Takes as long as a hash, and a permit like one.
    pub(crate) async fn complaints_of_secrets(&self, chosen: Chosen) -> Result<Vec<Problem>, Error> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        tokio::task::spawn_blocking(move || problems(&chosen)).await.map_err(|_| Error::Busy)
    }
}

fn problems(chosen: &Chosen) -> Vec<Problem> {
    let password = chosen.password.expose_secret();
    let rejected = complaints(password, &chosen.address, chosen.names.iter().map(String::as_str));
    let rejected = rejected
        .into_iter()
        .map(|complaint| Problem::new(ProblemCode::PasswordRejected, complaint.to_string()).at(["password"]));
    rejected.chain(phrase_problem(chosen)).collect()
}

fn phrase_problem(chosen: &Chosen) -> Option<Problem> {
    let problem = |code, message: &str| Some(Problem::new(code, message).at(["reminderPhrase"]));
    let phrase = chosen.reminder.as_ref().map_or("", ExposeSecret::expose_secret).trim();
    if phrase.is_empty() {
        if chosen.phrase_asked { problem(ProblemCode::Required, "Fill this in.") } else { None }
    } else if phrase.chars().count() > TEXT_CHARACTERS {
        problem(ProblemCode::TooLong, &format!("Use {TEXT_CHARACTERS} characters at most."))
    } else if reminder_gives_away(chosen.password.expose_secret(), phrase) {
        problem(
            ProblemCode::PhraseRejected,
            "Choose a phrase that holds neither the password nor four characters of it in a row.",
        )
    } else {
        None
    }
}

//! The ways out of a lost password. What is answered is the same for every address, known or not (R4).

use super::{Button, Task, links::missing_mail};
use crate::{
    fields,
    form::{Filled, Mistake},
    visit::Visit,
};
use poem::Response;

/// Whose password is lost, and how to get a new one: by link (B22), by questions (A11), or both.
pub(crate) fn forgot(visit: &Visit, filled: &Filled, mistakes: &[Mistake]) -> Response {
    let ways = &visit.rules.policy.recovery;
    let by_link = ways.link.then_some(Button { value: "link", label: "Email me a link" });
    let by_questions = ways.challenge.then_some(Button { value: "questions", label: "Ask me my questions" });
    let mut links = vec![];
    if ways.reminder_phrase {
        links.push(("/reminder", "Send me my reminder phrase instead"));
    }
    let mut words = vec![];
    if ways.link {
        words.push("We email you a link. Open it, and choose a new password.".to_owned());
    }
    if ways.challenge {
        words.push("We ask the two questions that you answered when you registered.".to_owned());
    }
    let paused = if ways.link {
        "After several wrong passwords we wait for a while. A new password by link works at once."
    } else {
        "After several wrong passwords we wait for a while. A new password ends that, once you have confirmed it."
    };
    Task {
        heading: "Choose a new password",
        words,
        inputs: filled.inputs(fields::lost(), mistakes),
        mistakes,
        buttons: by_link.into_iter().chain(by_questions).collect(),
        links,
        aside: vec![("Is signing in paused?", paused.to_owned())],
        ..Task::default()
    }
    .form(visit)
}

/// Where the reminder phrase is asked for (A10).
pub(crate) fn reminder(visit: &Visit, filled: &Filled, mistakes: &[Mistake]) -> Response {
    Task {
        heading: "Be reminded of your password",
        words: vec![
            "We email you the phrase that you chose when you registered, never the password.".to_owned(),
        ],
        inputs: filled.inputs(fields::lost(), mistakes),
        mistakes,
        buttons: Button::only("Send me my reminder phrase"),
        links: vec![("/forgot", "Choose a new password instead")],
        ..Task::default()
    }
    .form(visit)
}

/// A link was mailed, if the address has an account (B22).
pub(crate) fn link_sent(visit: &Visit, masked_address: Option<&str>) -> Response {
    sent(visit, masked_address, "a link for a new password", "Open it and choose a new password.")
}

/// The phrase was mailed, if there is one.
pub(crate) fn reminder_sent(visit: &Visit, masked_address: Option<&str>) -> Response {
    sent(visit, masked_address, "your reminder phrase", "Then sign in.")
}

fn sent(visit: &Visit, masked_address: Option<&str>, what: &str, then: &str) -> Response {
    Task {
        heading: "Look into your mail",
        address: masked_address.map(|address| ("You entered", address)),
        words: vec![format!(
            "If there is an account with this address or name, we have sent {what} to its address. {then}"
        )],
        links: vec![("/login", "Back to signing in")],
        aside: vec![
            missing_mail(),
            (
                "Another address?",
                "Somebody wrote to you at the address that your account has. Try that one.".to_owned(),
            ),
        ],
        ..Task::default()
    }
    .form(visit)
}

/// The questions (A11). Which they are tells nobody whether there is an account (R4).
pub(crate) fn challenge(
    visit: &Visit,
    token: &str,
    questions: &[String],
    filled: &Filled,
    mistakes: &[Mistake],
) -> Response {
    let asked = ["question1", "question2"].into_iter().zip(questions.iter().map(String::as_str));
    Task {
        heading: "Answer your questions",
        words: vec!["Both answers must be those that you gave when you registered.".to_owned()],
        action: Some("/forgot/answers"),
        hidden: [("token", token)].into_iter().chain(asked).collect(),
        inputs: filled.inputs(fields::challenge(questions), mistakes),
        mistakes,
        buttons: Button::only("Go on"),
        links: vec![("/forgot", "Begin again")],
        aside: vec![("How exact?", "Capital letters, blanks and full stops do not matter.".to_owned())],
        ..Task::default()
    }
    .form(visit)
}

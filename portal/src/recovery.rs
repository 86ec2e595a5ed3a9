//! The ways out of a lost password: a mailed link (B22), questions (A11), the reminder phrase (A10). Each answers every
//! address alike (R4).

use crate::{
    Portal, fields,
    form::{Filled, Mistake},
    pages::{recovery as pages, see_other},
    refusals::{self, Refused},
    visit::Visit,
};
use app::Error;
use domain::address::EmailAddress;
use poem::{Request, Response};
use secrecy::ExposeSecret;

impl Portal {
    pub(crate) fn show_forgot(visit: &Visit) -> Response {
        pages::forgot(visit, &Filled::default(), &[])
    }

    /// Mails a link or asks the questions, by the button that was chosen.
    pub(crate) async fn recover(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        let filled = Filled::read(request).await?;
        let blanks = filled.blanks(&fields::lost());
        if !blanks.is_empty() {
            return Ok(pages::forgot(visit, &filled, &blanks));
        }
        let typed = filled.text("identifier");
        let by_questions = filled.text("way") == "questions" || !visit.rules.policy.recovery.link;
        if by_questions {
            let asked = self.app.request_password_challenge(&visit.caller, typed).await?;
            let token = asked.token.expose_secret();
            return Ok(pages::challenge(visit, token, &asked.questions, &Filled::default(), &[]));
        }
        self.app.request_password_link(&visit.caller, typed).await?;
        Ok(pages::link_sent(visit, masked(typed).as_deref()))
    }

    /// The right answers lead to the page that sets a password, the others back.
    pub(crate) async fn answer_challenge(
        &self,
        visit: &Visit,
        request: Request,
    ) -> Result<Response, Refused> {
        let filled = Filled::read(request).await?;
        let token = filled.text("token");
        let questions: Vec<String> =
            ["question1", "question2"].map(|question| filled.text(question).to_owned()).into();
        let asked = fields::challenge(&questions);
        let blanks = filled.blanks(&asked);
        if !blanks.is_empty() {
            return Ok(pages::challenge(visit, token, &questions, &filled, &blanks));
        }
        let answers: Vec<_> = asked.iter().map(|field| filled.secret(field.id)).collect();
        match self.app.answer_password_challenge(&visit.caller, token, &answers).await {
            Ok(done) => Ok(see_other(&format!("/link/{}", done.value.expose_secret()))),
            Err(Error::Problems(problems)) => {
                let mistakes = Mistake::from_problems(&problems, &[]);
                Ok(pages::challenge(visit, token, &questions, &filled, &mistakes))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn show_reminder(visit: &Visit) -> Response {
        if visit.rules.policy.recovery.reminder_phrase {
            pages::reminder(visit, &Filled::default(), &[])
        } else {
            refusals::no_reminder(visit)
        }
    }

    pub(crate) async fn remind(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        if !visit.rules.policy.recovery.reminder_phrase {
            return Ok(refusals::no_reminder(visit));
        }
        let filled = Filled::read(request).await?;
        let blanks = filled.blanks(&fields::lost());
        if !blanks.is_empty() {
            return Ok(pages::reminder(visit, &filled, &blanks));
        }
        let typed = filled.text("identifier");
        self.app.request_reminder(&visit.caller, typed).await?;
        Ok(pages::reminder_sent(visit, masked(typed).as_deref()))
    }
}

/// What was typed as others may see it; nothing of a user name.
fn masked(typed: &str) -> Option<String> {
    EmailAddress::parse(typed).ok().map(|address| address.masked())
}

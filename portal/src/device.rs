//! Where a person lets a client program in by the code that it shows (B51, RFC 8628).

use crate::{
    Portal, fields,
    form::{Filled, Mistake},
    login::Next,
    pages::{login as pages, see_other},
    refusals::Refused,
    visit::Visit,
};
use app::{Error, Problem};
use poem::{Request, Response};

impl Portal {
    pub(crate) async fn show_device(&self, visit: &Visit) -> Result<Response, Refused> {
        Ok(match self.viewer(visit, true).await? {
            Some(_) => pages::device(visit, &Filled::default(), &[]),
            None => see_other(&Next::Device.login()),
        })
    }

    /// Says which program shows that code.
    pub(crate) async fn find_device(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        if self.viewer(visit, false).await?.is_none() {
            return Ok(see_other(&Next::Device.login()));
        }
        let filled = Filled::read(request).await?;
        let blanks = filled.blanks(&fields::device());
        if !blanks.is_empty() {
            return Ok(pages::device(visit, &filled, &blanks));
        }
        let code = filled.text("code");
        match self.app.asking_program(&visit.caller, code).await {
            Ok(program) => Ok(pages::asking(visit, code, &program)),
            Err(error) => Ok(pages::device(visit, &filled, &mistakes(error)?)),
        }
    }

    /// Lets it in.
    pub(crate) async fn approve_device(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        let Some(viewer) = self.viewer(visit, false).await? else {
            return Ok(see_other(&Next::Device.login()));
        };
        let filled = Filled::read(request).await?;
        match self.app.approve_client(&visit.caller, &viewer, filled.text("code")).await {
            Ok(done) => Ok(pages::approved(visit, &done.value.program)),
            Err(error) => Ok(pages::device(visit, &filled, &mistakes(error)?)),
        }
    }
}

/// At the code, unless it is not the code that stands in the way.
fn mistakes(error: Error) -> Result<Vec<Mistake>, Error> {
    let of_code = |problem: &Problem| {
        if problem.field.is_empty() {
            Mistake::from_problem(problem, &[])
        } else {
            Mistake::at("code", &problem.message)
        }
    };
    match error {
        Error::Problems(problems) => Ok(problems.iter().map(of_code).collect()),
        error => Err(error),
    }
}

//! The front page, and the pages that the links of mails lead to. Looking changes nothing; the button does (R1).

use crate::{
    Portal,
    form::{Filled, Mistake, in_order},
    pages, refusals,
    visit::Visit,
};
use app::{Done, Error, Leaver, LinkStanding, LinkUse, LinkView, Problem, ProblemCode};
use poem::{Endpoint, Request, Response, Result, http::StatusCode};
use std::sync::Arc;

/// `GET /`.
pub(crate) struct Front(pub(crate) Arc<Portal>);
/// `GET /link/{token}`: what the link would do.
pub(crate) struct Show(pub(crate) Arc<Portal>);
/// `POST /link/{token}`: does it.
pub(crate) struct Follow(pub(crate) Arc<Portal>);

impl Endpoint for Front {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(match self.0.visit(&request).await {
            Ok(Some(visit)) => pages::front(&visit),
            Ok(None) => refusals::no_portal(),
            Err(error) => refusals::trouble(None, &error),
        })
    }
}

impl Endpoint for Show {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(match self.0.visit(&request).await {
            Ok(Some(visit)) => {
                let shown = self.0.show(&visit, token(&request)).await;
                shown.unwrap_or_else(|error| refusals::trouble(Some(&visit), &error))
            }
            Ok(None) => refusals::no_portal(),
            Err(error) => refusals::trouble(None, &error),
        })
    }
}

impl Endpoint for Follow {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(match self.0.visit(&request).await {
            Ok(Some(visit)) => {
                let followed = self.0.follow(&visit, request).await;
                followed.unwrap_or_else(|error| refusals::trouble(Some(&visit), &error))
            }
            Ok(None) => refusals::no_portal(),
            Err(error) => refusals::trouble(None, &error),
        })
    }
}

/// The token of the address. It is of URL characters alone, so it is not decoded: another spelling is another token.
fn token(request: &Request) -> &str {
    request.raw_path_param("token").unwrap_or_default()
}

impl Portal {
    async fn show(&self, visit: &Visit, token: &str) -> Result<Response, Error> {
        let Some(link) = self.app.link(&visit.caller, token).await? else {
            return Ok(refusals::unknown_link(visit));
        };
        Ok(match (link.state, link.purpose) {
            (LinkStanding::Used | LinkStanding::Expired | LinkStanding::Replaced, _) => {
                pages::ended(visit, &link)
            }
            (LinkStanding::Usable, LinkUse::Register) => {
                pages::registration(visit, &link, StatusCode::OK, &Filled::default(), &[])
            }
            (LinkStanding::Usable, LinkUse::ActivateAccount) => pages::activation(visit, &link),
            (LinkStanding::Usable, LinkUse::Unsubscribe) => pages::leaving(visit, &link),
        })
    }

    async fn follow(&self, visit: &Visit, request: Request) -> Result<Response, Error> {
        let token = token(&request).to_owned();
        let Some(link) = self.app.link(&visit.caller, &token).await? else {
            return Ok(refusals::unknown_link(visit));
        };
        if link.state != LinkStanding::Usable {
            return Ok(pages::ended(visit, &link));
        }
        match link.purpose {
            LinkUse::Register => self.register(visit, link, &token, request).await,
            LinkUse::ActivateAccount => {
                let done = self.app.activate(&visit.caller, &token).await;
                self.done(visit, link, done, |_| pages::activated(visit)).await
            }
            LinkUse::Unsubscribe => {
                let done = self.app.unsubscribe(&visit.caller, Leaver::Token(&token)).await;
                self.done(visit, link, done, |_| pages::left(visit)).await
            }
        }
    }

    async fn register(
        &self,
        visit: &Visit,
        link: LinkView,
        token: &str,
        request: Request,
    ) -> Result<Response, Error> {
        let policy = &visit.rules.policy;
        let filled = match Filled::read(request).await {
            Ok(filled) => filled,
            Err(status) => return Ok(refusals::unreadable_form(visit, status)),
        };
        let again = |mistakes| {
            let mistakes = in_order(mistakes, policy);
            pages::registration(visit, &link, StatusCode::UNPROCESSABLE_ENTITY, &filled, &mistakes)
        };
        let form = match filled.to_registration(token, policy) {
            Ok(form) => form,
            Err(mistakes) => return Ok(again(mistakes)),
        };
        match self.app.register(&visit.caller, form).await {
            Err(Error::Problems(problems)) if !problems.iter().any(is_of_link) => {
                Ok(again(problems.iter().map(|problem| Mistake::from_problem(problem, policy)).collect()))
            }
            done => self.done(visit, link, done, |next| pages::registered(visit, next)).await,
        }
    }

    /// The page for what was done, or for a link that ended between looking and doing.
    async fn done<T>(
        &self,
        visit: &Visit,
        link: LinkView,
        done: Result<Done<T>, Error>,
        page: impl FnOnce(T) -> Response,
    ) -> Result<Response, Error> {
        match done {
            Ok(done) => {
                // So that following the link once more finds it used. It is done all the same if that takes long.
                let _shown = self.app.wait_for(done.position).await;
                Ok(page(done.value))
            }
            Err(Error::Problems(problems)) => {
                match problems.iter().find_map(|problem| standing(problem.code)) {
                    Some(state) => Ok(pages::ended(visit, &LinkView { state, ..link })),
                    None => Err(Error::Problems(problems)),
                }
            }
            Err(error) => Err(error),
        }
    }
}

fn is_of_link(problem: &Problem) -> bool {
    standing(problem.code).is_some()
}

/// What a refused link has become; one that worked a moment ago and is no longer known was replaced.
fn standing(code: ProblemCode) -> Option<LinkStanding> {
    match code {
        ProblemCode::LinkUsed => Some(LinkStanding::Used),
        ProblemCode::LinkExpired => Some(LinkStanding::Expired),
        ProblemCode::LinkInvalid => Some(LinkStanding::Replaced),
        _ => None,
    }
}

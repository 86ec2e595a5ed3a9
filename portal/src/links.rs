//! What the links of mails lead to. Looking changes nothing; the button does (R1).

use crate::{
    Portal, fields,
    form::{Filled, Mistake, in_order},
    pages::{links as pages, see_other},
    refusals::{self, Refused},
    registration,
    visit::Visit,
};
use app::{
    Done, Error, Leaver, LinkStanding, LinkUse, LinkView, NewPassword, PasswordSet, Problem, ProblemCode,
};
use poem::{Request, Response};

/// A link that somebody follows, and what they typed there.
struct Followed<'a> {
    visit: &'a Visit,
    token: &'a str,
    link: LinkView,
}

/// The token of the address. It is of URL characters alone, so it is not decoded: another spelling is another token.
fn token(request: &Request) -> &str {
    request.raw_path_param("token").unwrap_or_default()
}

/// From the address of its button to the link itself.
pub(crate) fn to_link(request: &Request) -> Response {
    see_other(&format!("/link/{}", token(request)))
}

impl Portal {
    pub(crate) async fn show_link(&self, visit: &Visit, request: &Request) -> Result<Response, Refused> {
        let token = token(request);
        let Some(link) = self.app.link(&visit.caller, token).await? else {
            return Ok(refusals::unknown_link(visit));
        };
        if link.state != LinkStanding::Usable {
            return Ok(pages::ended(visit, token, &link));
        }
        let empty = Filled::default();
        Ok(match link.purpose {
            LinkUse::Register => pages::registration(visit, &link, &empty, &[]),
            LinkUse::ActivateAccount => pages::activation(visit, &link),
            LinkUse::SetPassword => pages::new_password(visit, &link, &empty, &[]),
            LinkUse::ActivatePassword => pages::password_activation(visit, &link),
            LinkUse::ConfirmAlias => pages::alias(visit, &link, &empty, &[]),
            LinkUse::UndoAliasPromotion => pages::undoing(visit, &link),
            LinkUse::Unsubscribe => pages::leaving(visit, &link),
        })
    }

    pub(crate) async fn follow_link(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        let token = token(&request).to_owned();
        let Some(link) = self.app.link(&visit.caller, &token).await? else {
            return Ok(refusals::unknown_link(visit));
        };
        if link.state != LinkStanding::Usable {
            return Ok(pages::ended(visit, &token, &link));
        }
        let (app, caller) = (&self.app, &visit.caller);
        let followed = Followed { visit, token: &token, link };
        match followed.link.purpose {
            LinkUse::Register => self.register(followed, &Filled::read(request).await?).await,
            LinkUse::ActivateAccount => {
                let done = app.activate(caller, &token).await;
                self.done(followed, done, |_| pages::activated(visit)).await
            }
            LinkUse::SetPassword => self.set_password(followed, &Filled::read(request).await?).await,
            LinkUse::ActivatePassword => {
                let done = app.activate_password(caller, &token).await;
                self.done(followed, done, |_| pages::password_activated(visit)).await
            }
            LinkUse::ConfirmAlias => self.confirm_alias(followed, &Filled::read(request).await?).await,
            LinkUse::UndoAliasPromotion => {
                let done = app.undo_promotion(caller, &token).await;
                self.done(followed, done, |_| pages::undone(visit)).await
            }
            LinkUse::Unsubscribe => {
                let done = app.unsubscribe(caller, Leaver::Token(&token)).await;
                self.done(followed, done, |_| pages::left(visit)).await
            }
        }
    }

    /// Has a new link mailed in place of one that is too old (R11).
    pub(crate) async fn renew_link(&self, visit: &Visit, request: &Request) -> Result<Response, Refused> {
        let token = token(request);
        let Some(link) = self.app.link(&visit.caller, token).await? else {
            return Ok(refusals::unknown_link(visit));
        };
        if link.state != LinkStanding::Expired {
            // Its own page says what it does, or why it does nothing.
            return Ok(to_link(request));
        }
        match self.app.renew_link(&visit.caller, token).await {
            Ok(done) => Ok(pages::renewed(visit, done.value.as_deref())),
            Err(Error::Problems(_)) => Ok(pages::over(visit, &link)),
            Err(error) => Err(error.into()),
        }
    }

    async fn register(&self, followed: Followed<'_>, filled: &Filled) -> Result<Response, Refused> {
        let Followed { visit, token, ref link } = followed;
        let policy = &visit.rules.policy;
        let again = |mistakes: &[Mistake]| pages::registration(visit, link, filled, mistakes);
        let form = match registration::read(filled, token, policy) {
            Ok(form) => form,
            Err(mistakes) => return Ok(again(&mistakes)),
        };
        match self.app.register(&visit.caller, form).await {
            Err(Error::Problems(problems)) if !problems.iter().any(is_of_link) => {
                Ok(again(&Mistake::from_problems(&problems, &registration::fields_of(policy))))
            }
            done => self.done(followed, done, |next| pages::registered(visit, next)).await,
        }
    }

    async fn set_password(&self, followed: Followed<'_>, filled: &Filled) -> Result<Response, Refused> {
        let Followed { visit, token, ref link } = followed;
        let fields = fields::new_password(&visit.rules.policy);
        let again = |mistakes: &[Mistake]| pages::new_password(visit, link, filled, mistakes);
        let mut mistakes = filled.blanks(&fields);
        mistakes.extend(filled.differing(&fields));
        if !mistakes.is_empty() {
            return Ok(again(&in_order(mistakes, &fields)));
        }
        let new = NewPassword {
            token: token.to_owned(),
            password: filled.secret("password"),
            reminder: filled.given("reminderPhrase").map(Into::into),
        };
        match self.app.set_password(&visit.caller, new).await {
            Err(Error::Problems(problems)) if !problems.iter().any(is_of_link) => {
                Ok(again(&Mistake::from_problems(&problems, &fields)))
            }
            done => {
                let page = |set| match set {
                    PasswordSet::Effective => pages::password_activated(visit),
                    PasswordSet::Staged { activate_by } => pages::password_staged(visit, activate_by),
                };
                self.done(followed, done, page).await
            }
        }
    }

    async fn confirm_alias(&self, followed: Followed<'_>, filled: &Filled) -> Result<Response, Refused> {
        let Followed { visit, token, ref link } = followed;
        let fields = fields::of_alias(link.needs_password);
        let again = |mistakes: &[Mistake]| pages::alias(visit, link, filled, mistakes);
        let blanks = filled.blanks(&fields);
        if !blanks.is_empty() {
            return Ok(again(&blanks));
        }
        let password = link.needs_password.then(|| filled.secret("password"));
        match self.app.confirm_alias(&visit.caller, token, password.as_ref()).await {
            Err(Error::Problems(problems)) if !problems.iter().any(is_of_link) => {
                Ok(again(&Mistake::from_problems(&problems, &fields)))
            }
            done => self.done(followed, done, |_| pages::alias_confirmed(visit)).await,
        }
    }

    /// The page for what was done, or for a link that ended between looking and doing.
    async fn done<T>(
        &self,
        followed: Followed<'_>,
        done: Result<Done<T>, Error>,
        page: impl FnOnce(T) -> Response,
    ) -> Result<Response, Refused> {
        let Followed { visit, token, link } = followed;
        match done {
            Ok(done) => {
                // So that following the link once more finds it used. It is done all the same if that takes long.
                let _shown = self.app.wait_for(done.position).await;
                Ok(page(done.value))
            }
            Err(Error::Problems(problems)) => {
                match problems.iter().find_map(|problem| standing(problem.code)) {
                    Some(state) => Ok(pages::ended(visit, token, &LinkView { state, ..link })),
                    None => Err(Error::Problems(problems).into()),
                }
            }
            Err(error) => Err(error.into()),
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

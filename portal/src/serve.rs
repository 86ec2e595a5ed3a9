//! From a request to the page that answers it.

use crate::{
    Portal, envelope, links,
    pages::see_other,
    refusals::{self, Refused},
    visit::Visit,
};
use poem::{Endpoint, Request, Response, Result};
use std::sync::Arc;

/// Everything that an organisation's portal answers. Who looks (GET, HEAD) changes nothing (R1).
#[derive(Clone, Copy)]
pub(crate) enum Page {
    /// On to another one.
    At(&'static str),
    /// What a link would do.
    Link,
    /// Does it.
    FollowLink,
    /// From the address of its button to the link itself.
    ToLink,
    /// Sends a new link for an old one.
    RenewLink,
    /// The form, or who is signed in.
    Login,
    LogIn,
    /// The second factor.
    ConfirmLogIn,
    /// Whether the cookie came back.
    CheckCookie,
    LogOut,
    /// The ways to a new password.
    Forgot,
    Recover,
    AnswerChallenge,
    /// The form for the reminder phrase.
    Reminder,
    Remind,
    /// The form for the code that a client program shows.
    Device,
    FindDevice,
    ApproveDevice,
    /// A registered envelope, closed.
    Envelope,
    OpenEnvelope,
    /// The second factor of its reader.
    ConfirmEnvelope,
    ReplyFromEnvelope,
    /// From the address of its forms to the envelope itself.
    ToEnvelope,
}

/// Answers with one page.
pub(crate) struct Serve {
    pub(crate) portal: Arc<Portal>,
    pub(crate) page: Page,
}

impl Endpoint for Serve {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(match self.portal.visit(&request).await {
            Ok(Some(visit)) => {
                let answer = self.portal.answer(self.page, &visit, request).await;
                answer.unwrap_or_else(|refused| refused.page(&visit))
            }
            Ok(None) => refusals::no_portal(),
            Err(error) => refusals::trouble(None, &error),
        })
    }
}

impl Portal {
    async fn answer(&self, page: Page, visit: &Visit, request: Request) -> Result<Response, Refused> {
        match page {
            Page::At(address) => Ok(see_other(address)),
            Page::Link => self.show_link(visit, &request).await,
            Page::FollowLink => self.follow_link(visit, request).await,
            Page::ToLink => Ok(links::to_link(&request)),
            Page::RenewLink => self.renew_link(visit, &request).await,
            Page::Login => self.show_login(visit, &request).await,
            Page::LogIn => self.log_in(visit, request).await,
            Page::ConfirmLogIn => self.confirm_log_in(visit, request).await,
            Page::CheckCookie => Ok(Self::check_cookie(visit, &request)),
            Page::LogOut => self.log_out(visit).await,
            Page::Forgot => Ok(Self::show_forgot(visit)),
            Page::Recover => self.recover(visit, request).await,
            Page::AnswerChallenge => self.answer_challenge(visit, request).await,
            Page::Reminder => Ok(Self::show_reminder(visit)),
            Page::Remind => self.remind(visit, request).await,
            Page::Device => self.show_device(visit).await,
            Page::FindDevice => self.find_device(visit, request).await,
            Page::ApproveDevice => self.approve_device(visit, request).await,
            Page::Envelope => self.show_envelope(visit, &request).await,
            Page::OpenEnvelope => self.open_envelope(visit, request).await,
            Page::ConfirmEnvelope => self.confirm_envelope(visit, request).await,
            Page::ReplyFromEnvelope => self.reply_from_envelope(visit, request).await,
            Page::ToEnvelope => Ok(envelope::to_envelope(&request)),
        }
    }
}

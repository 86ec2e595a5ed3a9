//! The portal's pages: those that the links of mails lead to (register, activate, set a password, confirm, undo, leave),
//! signing in and out, the ways out of a lost password, and where a client program is approved.
//!
//! Knows HTTP and markup, no rule: what a link does is decided by the use cases in `app`. No script; every page works
//! as the server sends it. Looking changes nothing (R1). Addresses and answers:
//!
//! | Address | GET, HEAD | POST |
//! |---|---|---|
//! | `/` | 303 to `/login`: where notifications lead (A8) | 405 |
//! | `/link/{token}` | 200 what the link would do, which is a form or a button; 410 used, expired or replaced; 404 unknown | 200 done; 422 the form is to be mended; 410; 404 |
//! | `/link/{token}/new` | 303 to `/link/{token}` | 200 a new link was sent (R11); 303 to the link if it needs none; 410 none can be; 404 |
//! | `/login` | 200 the form, or who is signed in | 303 to `/login/check`, with the cookie; 200 a code is asked; 422 |
//! | `/login/code` | 303 to `/login` | 303 to `/login/check`, with the cookie; 422 |
//! | `/login/check` | 303 on, once the cookie came back; 200 the browser keeps none (B20) | 405 |
//! | `/logout` | 303 to `/login` | 200 signed out |
//! | `/forgot` | 200 the form | 200 the same for every address (R4); 422 |
//! | `/forgot/answers` | 303 to `/forgot` | 303 to the link that sets a password; 422 |
//! | `/reminder` | 200 the form; 404 not in this organisation | 200 the same for every address; 422; 404 |
//! | `/device` | 200 the form; 303 to `/login` | 200 which program it is; 422; 303 to `/login` |
//! | `/device/approve` | 303 to `/device` | 200 activated; 422; 303 to `/login` |
//! | `/envelope/{token}` | 200 the envelope, closed; 404 unknown | 200 the message, with the cookie, or a code is asked; 410 gone; 422; 404 |
//! | `/envelope/{token}/code` | 303 to `/envelope/{token}` | the same; 422 |
//! | `/envelope/{token}/reply` | 303 to `/envelope/{token}` | 200 sent; 422; 404 |
//! | `/static/…` | 200, 304 | 405 |
//!
//! Any page: 403 a form of another site, 404 no portal under this host, 413 a form over 64 KiB, 429 too many failed
//! attempts from this network, 503 busy, 500.

mod assets;
mod device;
mod envelope;
mod fields;
mod form;
mod guard;
mod links;
mod login;
mod pages;
mod recovery;
mod refusals;
mod registration;
mod serve;
mod session;
mod visit;

use app::App;
use domain::policy::Network;
use guard::Proof;
use poem::{Route, get};
use serve::{Page, Serve};
use std::sync::Arc;

/// What the program's settings say about the portal.
#[derive(Debug, Clone, Default)]
pub struct PortalSettings {
    /// Networks of the proxies before this server, whose `X-Forwarded-For` is believed. None: the peer is the client.
    pub trusted_proxies: Vec<Network>,
}

/// What every page is made from.
pub(crate) struct Portal {
    pub(crate) app: App,
    pub(crate) trusted_proxies: Vec<Network>,
}

/// Adds all pages to a route that lies at the root, where the links of mails point.
#[must_use]
pub fn mount(route: Route, app: App, settings: &PortalSettings) -> Route {
    let portal = Arc::new(Portal { app, trusted_proxies: settings.trusted_proxies.clone() });
    let serve = |page| Serve { portal: portal.clone(), page };
    let look = |page| get(serve(page));
    let page = |looking, acting| look(looking).post(serve(acting));
    let pages = [
        ("/", Proof::Origin, look(Page::At("/login"))),
        ("/link/:token", Proof::Token, page(Page::Link, Page::FollowLink)),
        ("/link/:token/new", Proof::Token, page(Page::ToLink, Page::RenewLink)),
        ("/login", Proof::Origin, page(Page::Login, Page::LogIn)),
        ("/login/code", Proof::Origin, page(Page::At("/login"), Page::ConfirmLogIn)),
        ("/login/check", Proof::Origin, look(Page::CheckCookie)),
        ("/logout", Proof::Origin, page(Page::At("/login"), Page::LogOut)),
        ("/forgot", Proof::Origin, page(Page::Forgot, Page::Recover)),
        ("/forgot/answers", Proof::Origin, page(Page::At("/forgot"), Page::AnswerChallenge)),
        ("/reminder", Proof::Origin, page(Page::Reminder, Page::Remind)),
        ("/envelope/:token", Proof::File, page(Page::Envelope, Page::OpenEnvelope)),
        ("/envelope/:token/code", Proof::Token, page(Page::ToEnvelope, Page::ConfirmEnvelope)),
        ("/envelope/:token/reply", Proof::Token, page(Page::ToEnvelope, Page::ReplyFromEnvelope)),
        ("/device", Proof::Origin, page(Page::Device, Page::FindDevice)),
        ("/device/approve", Proof::Origin, page(Page::At("/device"), Page::ApproveDevice)),
    ];
    let route =
        pages.into_iter().fold(route, |route, (path, proof, page)| route.at(path, guard::page(page, proof)));
    assets::ASSETS.iter().fold(route, |route, asset| route.at(assets::path(asset), get(assets::Serve(asset))))
}

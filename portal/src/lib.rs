//! The portal's pages. For now those that the links of mails lead to: register, activate, leave; and a front page.
//!
//! Knows HTTP and markup, no rule: what a link does is decided by the use cases in `app`. No script; every page works
//! as the server sends it. Addresses and answers:
//!
//! | Address | GET, HEAD | POST |
//! |---|---|---|
//! | `/` | 200 | 405 |
//! | `/link/{token}` | 200 what the link would do, which is a form or a button; 410 used, expired or replaced; 404 unknown | 200 done; 422 the form is to be mended; 410; 404 |
//! | `/static/…` | 200, 304 | 405 |
//!
//! Any page: 403 a form of another site, 404 no portal under this host, 413 a form over 64 KiB, 503 busy, 500.

mod assets;
mod fields;
mod form;
mod guard;
mod links;
mod pages;
mod refusals;
mod visit;

use app::App;
use domain::policy::Network;
use poem::{Route, get};
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
    let link = get(links::Show(portal.clone())).post(links::Follow(portal.clone()));
    let route = route.at("/", guard::page(get(links::Front(portal)))).at("/link/:token", guard::page(link));
    assets::ASSETS.iter().fold(route, |route, asset| route.at(assets::path(asset), get(assets::Serve(asset))))
}

//! Where reading begins.

use super::{
    link::Link,
    node::{self, Node},
    organisation::PublicOrganisation,
    scalars::Secret,
    viewer::Viewer,
};
use crate::{asker::asker, codes::failure};
use async_graphql::{Context, ID, Object, Result};
use secrecy::ExposeSecret;

/// The root of queries.
pub(crate) struct Query;

/// Where reading begins.
#[Object]
impl Query {
    /// What anyone may know of this organisation: names, rules for passwords, help, clients. Role: anyone.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<PublicOrganisation> {
        let asker = asker(ctx);
        let found = PublicOrganisation::new(asker.caller.organisation, &*asker.rules().await?);
        found.ok_or_else(|| failure(app::Error::NotCaughtUp))
    }

    /// What the link of a mail is for and whether it still works; asking changes nothing (R1, R10, R11). Role: anyone.
    async fn link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token.")] token: Secret,
    ) -> Result<Option<Link>> {
        let asker = asker(ctx);
        let found = asker.app.link(&asker.caller, token.0.expose_secret()).await.map_err(failure)?;
        Ok(found.and_then(Link::new))
    }

    /// Whoever asks; null when nobody is logged in, error SESSION_ENDED when the session is over (B14). Role: guest, member.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Viewer>> {
        match std::future::ready(asker(ctx).viewer()).await {
            Ok(viewer) => Ok(Some(Viewer::new(viewer))),
            Err(app::Error::Unauthenticated) => Ok(None),
            Err(other) => Err(failure(other)),
        }
    }

    /// Any object by its id; null when there is none or the viewer may not see it. Role: anyone; each type says who.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The object's id.")] id: ID,
    ) -> Result<Option<Node>> {
        node::find(ctx, &id).await
    }
}

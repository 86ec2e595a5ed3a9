//! Any object by its id.

use super::{
    account::Account,
    audit::AuditEvent,
    compliance::MessageRecord,
    delivery::{Delivery, deliveries},
    draft::Draft,
    ids::{self, Kind},
    invitation::Invitation,
    mailbox::Mailbox,
    message::{Attachment, Message},
    notification::Notification,
    organisation::PublicOrganisation,
    session::Session,
    viewer::Viewer,
};
use crate::{asker::asker, codes::failure};
use async_graphql::{Context, ID, Interface, Result};
use domain::{AccountId, DraftId, MessageId, id::InvitationId};

/// An object with an identity.
#[derive(Interface)]
#[expect(clippy::large_enum_variant, reason = "one value at a time, for the length of a field")]
#[graphql(field(name = "id", ty = "&ID", desc = "Opaque and stable."))]
pub(crate) enum Node {
    PublicOrganisation(PublicOrganisation),
    Viewer(Viewer),
    Account(Account),
    Session(Session),
    Mailbox(Mailbox),
    Message(Message),
    Draft(Draft),
    Attachment(Attachment),
    Delivery(Delivery),
    Notification(Notification),
    Invitation(Invitation),
    AuditEvent(AuditEvent),
    MessageRecord(MessageRecord),
}

/// The object, if this person may see it. Files, mails and events of the audit are found by what holds them alone.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some((kind, uuid, second)) = ids::decode(id) else {
        return Ok(None);
    };
    let asker = asker(ctx);
    if kind == Kind::Organisation {
        let organisation = asker.caller.organisation;
        let found = PublicOrganisation::new(organisation, &*asker.rules().await?);
        return Ok(found.filter(|_| ids::organisation(organisation) == *id).map(Node::PublicOrganisation));
    }
    let viewer = match asker.viewer() {
        Ok(viewer) => viewer,
        Err(app::Error::Unauthenticated) => return Ok(None),
        Err(other) => return Err(failure(other)),
    };
    let own = viewer.account.uuid() == uuid;
    Ok(match kind {
        Kind::Viewer => own.then(|| Node::Viewer(Viewer::new(viewer))),
        Kind::Mailbox => own.then(|| Node::Mailbox(Mailbox::new(viewer.account))),
        Kind::Account => Account::visible(ctx, &viewer, AccountId::new(uuid)).await?.map(Node::Account),
        Kind::Session => {
            let rules = asker.rules().await?;
            let rows = asker.app.sessions(&viewer).await.map_err(failure)?;
            let row = rows.into_iter().find(|row| row.session.uuid() == uuid);
            row.and_then(|row| Session::new(row, &viewer, &rules.policy.sessions)).map(Node::Session)
        }
        Kind::Message => Message::find(ctx, MessageId::new(uuid)).await?.map(Node::Message),
        Kind::Draft => match asker.app.draft(&viewer, DraftId::new(uuid)).await {
            Ok(draft) => Some(Node::Draft(draft.into())),
            Err(app::Error::Problems(_)) => None,
            Err(other) => return Err(failure(other)),
        },
        Kind::Delivery => {
            let all = deliveries(ctx, MessageId::new(uuid)).await?.unwrap_or_default();
            all.into_iter().find(|delivery| Some(delivery.to.uuid()) == second).map(Node::Delivery)
        }
        Kind::Invitation => {
            let found = asker.app.models().invitation(viewer.organisation, InvitationId::new(uuid)).await;
            let row = found.map_err(|error| failure(app::Error::from(error)))?;
            let row = row.filter(|row| row.invited_by == Some(viewer.account));
            row.map(|row| Node::Invitation(app::Invitation::from(row).into()))
        }
        Kind::Organisation | Kind::Attachment | Kind::Notification | Kind::Event => None,
    })
}

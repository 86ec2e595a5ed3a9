//! Any object by its id.

use super::{
    access::AccessRecord,
    account::{Account, aliases, sees_accounts},
    alias::Alias,
    audit::AuditEvent,
    break_glass::BreakGlass,
    client::Client,
    compliance::MessageRecord,
    content_rule::ContentRule,
    delivery::{Delivery, deliveries},
    draft::Draft,
    dry_run::DryRun,
    ids::{self, Kind},
    invitation::Invitation,
    mailbox::Mailbox,
    message::{Attachment, Message},
    notification::Notification,
    organisation::PublicOrganisation,
    policy::Policy,
    replay::{PolicyReplay, ReplayEffect},
    review::Review,
    rule_hit::RuleHit,
    session::Session,
    viewer::Viewer,
    work::Work,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use async_graphql::{Context, ID, Interface, Result};
use domain::{
    AccountId, DraftId, MessageId,
    audit::Right,
    id::{BreakGlassId, Id, IntakeId, NotificationId, ReviewId, RuleId},
};
use uuid::Uuid;

/// An object with an identity.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID", desc = "Opaque and stable."))]
pub(crate) enum Node {
    PublicOrganisation(PublicOrganisation),
    Viewer(Viewer),
    Account(Account),
    Alias(Alias),
    Session(Session),
    Client(Client),
    Mailbox(Mailbox),
    Message(Message),
    Draft(Draft),
    Attachment(Attachment),
    Delivery(Delivery),
    Notification(Notification),
    Invitation(Invitation),
    Policy(Policy),
    AuditEvent(AuditEvent),
    MessageRecord(MessageRecord),
    ContentRule(ContentRule),
    RuleHit(RuleHit),
    DryRun(DryRun),
    Work(Work),
    PolicyReplay(PolicyReplay),
    ReplayEffect(ReplayEffect),
    Review(Review),
    BreakGlass(BreakGlass),
    AccessRecord(AccessRecord),
}

/// The object, if this person may see it. Files and mails are found by what holds them alone.
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
        Kind::Alias => {
            let account = second
                .map(AccountId::new)
                .filter(|account| *account == viewer.account || sees_accounts(&viewer));
            let all = match account {
                Some(account) => aliases(ctx, account).await?,
                None => vec![],
            };
            all.into_iter().find(|alias| alias.id == *id).map(Node::Alias)
        }
        Kind::Session => {
            let rules = asker.rules().await?;
            let rows = asker.app.sessions(&viewer).await.map_err(failure)?;
            let row = rows.into_iter().find(|row| row.session.uuid() == uuid);
            row.and_then(|row| Session::new(row, &viewer, &rules.policy.sessions)).map(Node::Session)
        }
        Kind::Client => {
            let all = asker.app.clients(&viewer).await.map_err(failure)?;
            all.into_iter().find(|client| client.id.uuid() == uuid).map(|client| Node::Client(client.into()))
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
            let found = asker.app.invitation(&viewer, AccountId::new(uuid)).await.map_err(failure)?;
            found.map(|invitation| Node::Invitation(invitation.into()))
        }
        Kind::Notification if viewer.role_for(Right::Administer).is_some() => {
            Notification::find(ctx, NotificationId::new(uuid)).await?.map(Node::Notification)
        }
        Kind::Policy if sees_policies(&viewer) => {
            let all = asker.app.policy_versions(viewer.organisation).await.map_err(failure)?;
            let version = all.into_iter().find(|version| uuid.as_u128() == version.version.into());
            version.map(|version| Node::Policy(version.into()))
        }
        Kind::ContentRule if sees_policies(&viewer) => {
            ContentRule::find(ctx, RuleId::new(uuid)).await?.map(Node::ContentRule)
        }
        Kind::RuleHit if viewer.role_for(Right::ReadAudit).is_some() => {
            RuleHit::find(ctx, IntakeId::new(uuid)).await?.map(Node::RuleHit)
        }
        Kind::DryRun | Kind::TriedHit => dry_run(ctx, uuid, second).await?,
        Kind::Replay | Kind::ReplayEffect => replay(ctx, uuid, second).await?,
        Kind::Work => {
            let work = asker.app.work(&viewer, Id::new(uuid)).await.map_err(failure)?;
            work.map(|work| Node::Work(Work::at(asker.app.log().now(), &work)))
        }
        Kind::Event if viewer.role_for(Right::ReadAudit).is_some() => match ids::parse_event(id) {
            Some(event) => AuditEvent::find(ctx, event).await?.map(Node::AuditEvent),
            None => None,
        },
        Kind::Access => match second.and_then(ids::position) {
            Some(position) => {
                let found = AccessRecord::find(ctx, MessageId::new(uuid), position).await?;
                found.map(Node::AccessRecord)
            }
            None => None,
        },
        Kind::BreakGlass => BreakGlass::find(ctx, BreakGlassId::new(uuid)).await?.map(Node::BreakGlass),
        Kind::Review => Review::find(ctx, ReviewId::new(uuid)).await?.map(Node::Review),
        Kind::Organisation
        | Kind::Attachment
        | Kind::Notification
        | Kind::Policy
        | Kind::Event
        | Kind::ContentRule
        | Kind::RuleHit => None,
    })
}

/// A dry run, or what it found in a message.
async fn dry_run(ctx: &Context<'_>, uuid: Uuid, message: Option<Uuid>) -> Result<Option<Node>> {
    let (asker, viewer) = (asker(ctx), viewer(ctx)?);
    let Some(run) = asker.app.dry_run(&viewer, Id::new(uuid)).await.map_err(failure)? else {
        return Ok(None);
    };
    let Some(message) = message else { return Ok(Some(Node::DryRun(run.into()))) };
    let hit = asker.app.dry_run_hit(&viewer, &run, MessageId::new(message)).await.map_err(failure)?;
    Ok(hit.map(|hit| Node::RuleHit(RuleHit::tried(run.work.id, hit))))
}

/// A replay, or one of its effects.
async fn replay(ctx: &Context<'_>, uuid: Uuid, number: Option<Uuid>) -> Result<Option<Node>> {
    let (asker, viewer) = (asker(ctx), viewer(ctx)?);
    let found = asker.app.replay(&viewer, Id::new(uuid)).await.map_err(failure)?;
    let Some(replay) = found.map(PolicyReplay::from) else { return Ok(None) };
    let Some(number) = number else { return Ok(Some(Node::PolicyReplay(replay))) };
    let number = i64::try_from(number.as_u128()).unwrap_or_default();
    Ok(replay.effect_at(ctx, number).await?.map(Node::ReplayEffect))
}

/// Whether this person may read the settings: who administers them, and officers.
fn sees_policies(viewer: &app::Viewer) -> bool {
    let rights = [Right::Administer, Right::AuthorPolicy, Right::ReadAudit];
    rights.into_iter().any(|right| viewer.role_for(right).is_some())
}

//! Any object by its id.

use super::{
    account::{Account, aliases, sees_accounts},
    alias::Alias,
    approval::Approval,
    audit::AuditEvent,
    client::Client,
    compliance::{Disclosure, MessageRecord, PersonDossier},
    content_rule::ContentRule,
    delivery::{Delivery, deliveries, record_deliveries},
    draft::Draft,
    dry_run::DryRun,
    export::Export,
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
    id::{ApprovalId, Id, IntakeId, NotificationId, ReviewId, RuleId},
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
    PersonDossier(PersonDossier),
    Disclosure(Disclosure),
    ContentRule(ContentRule),
    RuleHit(RuleHit),
    DryRun(DryRun),
    Export(Export),
    Work(Work),
    PolicyReplay(PolicyReplay),
    ReplayEffect(ReplayEffect),
    Review(Review),
    Approval(Approval),
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
        // Whoever has it sees it as their own; who sees records, as a record.
        Kind::Message => match Message::find(ctx, MessageId::new(uuid)).await? {
            Some(own) => Some(Node::Message(own)),
            None if viewer.role_for(Right::SeeRecords).is_some() => {
                MessageRecord::asked(ctx, MessageId::new(uuid)).await?.map(Node::MessageRecord)
            }
            None => None,
        },
        Kind::Draft => match asker.app.draft(&viewer, DraftId::new(uuid)).await {
            Ok(draft) => Some(Node::Draft(draft.into())),
            Err(app::Error::Problems(_)) => None,
            Err(other) => return Err(failure(other)),
        },
        Kind::Delivery => delivery(ctx, MessageId::new(uuid), second).await?.map(Node::Delivery),
        Kind::Invitation => {
            let found = asker.app.invitation(&viewer, AccountId::new(uuid)).await.map_err(failure)?;
            found.map(|invitation| Node::Invitation(invitation.into()))
        }
        Kind::Notification if viewer.role_for(Right::Administer).is_some() => {
            Notification::find(ctx, NotificationId::new(uuid)).await?.map(Node::Notification)
        }
        Kind::Policy if sees_policies(&viewer) => {
            let version = u32::try_from(uuid.as_u128()).unwrap_or_default();
            policy(ctx, version).await?.map(Node::Policy)
        }
        Kind::ContentRule if sees_policies(&viewer) => {
            ContentRule::find(ctx, RuleId::new(uuid)).await?.map(Node::ContentRule)
        }
        Kind::RuleHit if viewer.role_for(Right::ReadAudit).is_some() => {
            RuleHit::find(ctx, IntakeId::new(uuid)).await?.map(Node::RuleHit)
        }
        Kind::Approval => Approval::find(ctx, ApprovalId::new(uuid)).await?.map(Node::Approval),
        Kind::Person | Kind::PersonAtAddress | Kind::Disclosure
            if viewer.role_for(Right::ReadAudit).is_some() =>
        {
            dossier(ctx, kind, uuid, id).await?
        }
        Kind::DryRun | Kind::TriedHit => dry_run(ctx, uuid, second).await?,
        Kind::Replay | Kind::ReplayEffect => replay(ctx, uuid, second).await?,
        Kind::Export => Export::find(ctx, &viewer, Id::new(uuid)).await?.map(Node::Export),
        Kind::Work => {
            let work = asker.app.work(&viewer, Id::new(uuid)).await.map_err(failure)?;
            work.map(|work| Node::Work(Work::at(asker.app.log().now(), &work)))
        }
        Kind::Event if viewer.role_for(Right::ReadAudit).is_some() => match ids::parse_event(id) {
            Some(event) => AuditEvent::find(ctx, event).await?.map(Node::AuditEvent),
            None => None,
        },
        Kind::Review => Review::find(ctx, ReviewId::new(uuid)).await?.map(Node::Review),
        Kind::Organisation
        | Kind::Attachment
        | Kind::Notification
        | Kind::Policy
        | Kind::Event
        | Kind::ContentRule
        | Kind::Person
        | Kind::PersonAtAddress
        | Kind::Disclosure
        | Kind::RuleHit => None,
    })
}

/// What became of a message at a recipient: for its sender, and for who sees records.
async fn delivery(
    ctx: &Context<'_>,
    message: MessageId,
    recipient: Option<Uuid>,
) -> Result<Option<Delivery>> {
    let all = match deliveries(ctx, message).await? {
        Some(own) => own,
        None if viewer(ctx)?.role_for(Right::SeeRecords).is_some() => record_deliveries(ctx, message).await?,
        None => vec![],
    };
    Ok(all.into_iter().find(|delivery| Some(delivery.to.uuid()) == recipient))
}

/// What is known of a person, or one disclosure of it.
async fn dossier(ctx: &Context<'_>, kind: Kind, uuid: Uuid, id: &ID) -> Result<Option<Node>> {
    if kind != Kind::Disclosure {
        return Ok(PersonDossier::by_id(ctx, kind, uuid).await?.map(Node::PersonDossier));
    }
    match PersonDossier::by_id(ctx, Kind::Person, uuid).await? {
        Some(dossier) => Ok(dossier.disclosure(ctx, id).await?.map(Node::Disclosure)),
        None => Ok(None),
    }
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

/// A version of the settings.
pub(super) async fn policy(ctx: &Context<'_>, version: u32) -> Result<Option<Policy>> {
    let asker = asker(ctx);
    let all = asker.app.policy_versions(asker.caller.organisation).await.map_err(failure)?;
    Ok(all.into_iter().find(|found| found.version == version).map(Policy::from))
}

/// Whether this person may read the settings: who administers them, and officers.
fn sees_policies(viewer: &app::Viewer) -> bool {
    let rights = [Right::Administer, Right::AuthorPolicy, Right::ReadAudit];
    rights.into_iter().any(|right| viewer.role_for(right).is_some())
}

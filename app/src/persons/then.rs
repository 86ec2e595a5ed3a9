//! What a person could see and do at an instant (N2).

use super::{Person, PersonName};
use crate::{
    App, Capability, Error, Viewer, authorise::capabilities, organisations::STREAM, past::Past,
    sessions::awake,
};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    account::{Account, Kind, Stage},
    event::Stored,
    message::Message,
    organisation::Organisation,
    policy::Role,
    reach::Circle,
};
use projections::{
    Slice, TimedPage,
    accounts::AccountState,
    mailbox::{MessageRow, RecordFilter},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a person could do at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The instant.
    pub at: Timestamp,
    /// Inside or outside.
    pub kind: Kind,
    /// How far they had come.
    pub state: AccountState,
    /// Roles held.
    pub roles: BTreeSet<Role>,
    /// What the policy let them do; nothing while they could not log in.
    pub capabilities: BTreeSet<Capability>,
    /// That policy.
    pub policy: u32,
}

/// Candidates that are looked at in one go, so that a page costs what it shows.
const BATCH: u32 = 100;

impl App {
    /// Which messages a person could see at an instant, now if none is named, newest first (N2).
    pub async fn person_mailbox(
        &self,
        viewer: &Viewer,
        person: &Person,
        as_of: Option<Timestamp>,
        page: &TimedPage<Message>,
    ) -> Result<Slice<MessageRow>, Error> {
        self.ask_about_person(viewer, person, as_of).await?;
        let organisation = viewer.organisation;
        let at = self.instant(organisation, as_of, "asOf").await?;
        self.mailbox_at(organisation, person, at, page).await
    }

    /// What a person was and could do at an instant, now if none is named (N2); `None` before they were invited.
    pub async fn person_rights(
        &self,
        viewer: &Viewer,
        person: &Person,
        as_of: Option<Timestamp>,
    ) -> Result<Option<Rights>, Error> {
        self.ask_about_person(viewer, person, as_of).await?;
        let organisation = viewer.organisation;
        let at = self.instant(organisation, as_of, "asOf").await?;
        let PersonName::Account(account) = person.name else { return Ok(None) };
        self.rights_at(organisation, account, at).await
    }

    /// Which messages a person could see at an instant. Candidates are looked at until the page is full.
    pub(crate) async fn mailbox_at(
        &self,
        organisation: OrganisationId,
        person: &Person,
        at: Timestamp,
        page: &TimedPage<Message>,
    ) -> Result<Slice<MessageRow>, Error> {
        let backwards = page.first.is_none() && page.last.is_some();
        let wanted = usize::try_from(page.first.or(page.last).unwrap_or(BATCH)).unwrap_or(usize::MAX);
        let mut lives = Past::default();
        let accounts = person.accounts.iter().copied().collect();
        self.add_lives(organisation, &mut lives, accounts).await?;
        let filter = RecordFilter {
            parties: Some(person.accounts.clone()),
            // What was sent at that instant could be seen at it.
            sent_until: Some(Timestamp::from_micros(at.micros().saturating_add(1))),
            ends_after: Some(at),
            ..RecordFilter::default()
        };
        let (mut after, mut before, mut seen) = (page.after, page.before, vec![]);
        loop {
            let (first, last) = if backwards { (None, Some(BATCH)) } else { (Some(BATCH), None) };
            let part = TimedPage { first, after, last, before };
            let rows = self.models.message_records(organisation, at, &filter, &part).await?;
            let place = |row: &MessageRow| (row.sent_at, row.message);
            let more = if backwards { rows.has_previous } else { rows.has_next };
            let mut found = self.visible(organisation, person, &lives, rows.items.clone(), at).await?;
            if backwards {
                before = rows.items.first().map(place);
                found.append(&mut seen);
                seen = found;
            } else {
                after = rows.items.last().map(place);
                seen.append(&mut found);
            }
            if !more || seen.len() > wanted {
                break;
            }
        }
        let more = seen.len() > wanted;
        Ok(if backwards {
            let items = seen.split_off(seen.len().saturating_sub(wanted));
            Slice { items, has_previous: more, has_next: page.before.is_some() }
        } else {
            seen.truncate(wanted);
            Slice { items: seen, has_previous: page.after.is_some(), has_next: more }
        })
    }

    /// Those of these messages that a person could see at an instant.
    async fn visible(
        &self,
        organisation: OrganisationId,
        person: &Person,
        lives: &Past,
        mut rows: Vec<MessageRow>,
        at: Timestamp,
    ) -> Result<Vec<MessageRow>, Error> {
        let mut past = lives.clone();
        let messages = rows.iter().map(|row| row.message).collect();
        self.add_fates(organisation, &mut past, messages).await?;
        let circle = past.circle(at);
        rows.retain(|row| sees(&circle, person, row.message, at));
        Ok(rows)
    }

    pub(crate) async fn rights_at(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        at: Timestamp,
    ) -> Result<Option<Rights>, Error> {
        let state = self.folded::<Account>(organisation, account.uuid(), at).await?;
        let Some(holder) = state.holder() else { return Ok(None) };
        let rules = self.folded::<Organisation>(organisation, STREAM, at).await?;
        let (state, present) = match holder.stage {
            Stage::Invited => (AccountState::Invited, false),
            Stage::Registered { .. } => (AccountState::Registered, false),
            Stage::Active => (AccountState::Active, true),
            Stage::LockedOut { .. } => (AccountState::Locked, true),
            Stage::Closed => (AccountState::Closed, false),
        };
        let usable = awake(&rules, account, holder.second_factor.is_some());
        let able = if present { capabilities(holder.kind, &usable, &rules.policy) } else { BTreeSet::new() };
        Ok(Some(Rights {
            at,
            kind: holder.kind,
            state,
            roles: rules.roles_of(account),
            capabilities: able,
            policy: rules.policy_version,
        }))
    }

    /// An aggregate as it was at an instant, after all that was recorded at it.
    async fn folded<A: Stored>(
        &self,
        organisation: OrganisationId,
        stream: Uuid,
        at: Timestamp,
    ) -> Result<A::State, Error> {
        let events = self.stream_of::<A>(organisation, stream).await?;
        let until = events.into_iter().filter(|recorded| recorded.recorded_at <= at);
        let own = until.filter_map(|recorded| A::own(recorded.event));
        Ok(own.fold(A::State::default(), |state, event| A::evolve(state, &event)))
    }
}

/// Whether a person has a message in their own folders.
fn sees(circle: &Circle, person: &Person, message: MessageId, at: Timestamp) -> bool {
    let PersonName::Account(account) = person.name else { return false };
    circle.holders(message, at).keys().any(|access| access.person == account)
}

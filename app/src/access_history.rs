//! Every access to mail that a person sent or received, by anyone (N7).
//!
//! Whoever left, or whose mail expired, was taken back or deleted, still learns who read it: that ends access to what it said,
//! not the right to know. An officer is told of by the role alone.

use crate::{App, Error, Listed, MessageView, Viewer};
use domain::{AccountId, MessageId, Timestamp, policy::Role};
use eventstore::Position;
use projections::{
    Slice,
    accesses::{AccessFilter, AccessKind, AccessPage, AccessRow},
};
use std::{collections::HashMap, net::IpAddr};

/// An access to a message, as its sender or recipient may know it.
#[derive(Debug, Clone)]
pub struct AccessRecord {
    /// Which message.
    pub message: MessageId,
    /// Position of the event that says so.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub kind: AccessKind,
    /// Whether it was this person.
    pub by_oneself: bool,
    /// Which correspondent; nothing for the organisation's officers.
    pub by: Option<AccountId>,
    /// The role it was done by, for exports and emergencies.
    pub role: Option<Role>,
    /// From where; of one's own accesses alone.
    pub network: Option<IpAddr>,
}

impl App {
    /// Accesses to one's mail, newest first; to one message, if it is named.
    pub async fn access_history(
        &self,
        viewer: &Viewer,
        message: Option<MessageId>,
        page: &AccessPage,
        counted: bool,
    ) -> Result<Listed<AccessRecord>, Error> {
        let filter = AccessFilter { message, hidden: vec![] };
        let (organisation, account) = (viewer.organisation, viewer.account);
        let Slice { items, has_previous, has_next } =
            self.models.accesses(organisation, account, &filter, page).await?;
        let items = items.into_iter().map(|row| told(viewer, row)).collect();
        let total = if counted {
            Some(self.models.access_count(organisation, account, &filter).await?)
        } else {
            None
        };
        Ok(Listed { slice: Slice { items, has_previous, has_next }, total })
    }

    /// One of them; `None` for everyone whose mail it is not.
    pub async fn access_record(
        &self,
        viewer: &Viewer,
        message: MessageId,
        position: Position,
    ) -> Result<Option<AccessRecord>, Error> {
        let filter = AccessFilter { message: Some(message), hidden: vec![] };
        let row = self.models.access(viewer.organisation, viewer.account, &filter, position).await?;
        Ok(row.map(|row| told(viewer, row)))
    }

    /// One's own messages by id, or what is left of each; each is looked at once.
    pub async fn messages_by_id(
        &self,
        viewer: &Viewer,
        wanted: &[MessageId],
    ) -> Result<HashMap<MessageId, MessageView>, Error> {
        let mut found = HashMap::new();
        for message in wanted {
            if !found.contains_key(message)
                && let Some(view) = self.message(viewer, *message).await?
            {
                found.insert(*message, view);
            }
        }
        Ok(found)
    }
}

fn told(viewer: &Viewer, row: AccessRow) -> AccessRecord {
    let AccessRow { message, position, at, kind, accessor, network } = row;
    let role = match kind {
        AccessKind::Exported => Some(Role::ComplianceOfficer),
        AccessKind::BreakGlass => Some(Role::BreakGlass),
        AccessKind::Opened
        | AccessKind::Downloaded
        | AccessKind::Printed
        | AccessKind::Replied
        | AccessKind::Forwarded => None,
    };
    let by_oneself = accessor.is_some_and(|accessor| viewer.is(accessor));
    AccessRecord {
        message,
        position,
        at,
        kind,
        by_oneself,
        by: accessor.filter(|_| role.is_none()),
        role,
        network: network.filter(|_| by_oneself),
    }
}

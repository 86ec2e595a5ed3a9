//! Promoting an alias, and undoing that from the old address (B46, R14).

use super::{Alias, Event, Standing};
use crate::{
    account::{self, Holder, IssuedLink, Refusal, SessionEnd, recovery},
    id::{AliasId, LinkId},
    timestamp::Timestamp,
};

impl Holder {
    pub(super) fn undo(&self, link: LinkId, at: Timestamp) -> Result<Vec<account::Event>, Refusal> {
        let former = self.aliases.iter().find_map(|alias| match &alias.standing {
            Standing::FormerPrimary { undo, .. } if undo.id == link => Some((alias, undo)),
            Standing::Pending { .. } | Standing::Confirmed | Standing::FormerPrimary { .. } => None,
        });
        match former {
            None if self.followed.contains(&link) => Err(Refusal::LinkUsed),
            None => Err(Refusal::LinkInvalid),
            Some((_, undo)) if undo.expires_at <= at => Err(Refusal::LinkExpired),
            Some((former, _)) => {
                // Whoever promoted may not have been the person: nobody stays logged in, by
                // no program either, and no password waits.
                let (former, address) = (former.id, former.address.clone());
                let mut events = vec![Event::AliasPromotionUndone { former, address, at }.into()];
                events.extend(
                    self.recovery.staged.iter().map(|_| recovery::Event::PasswordLapsed { at }.into()),
                );
                events.extend(self.end_sessions(true, SessionEnd::PromotionUndone, at));
                Ok(events)
            }
        }
    }

    pub(super) fn promoted(&mut self, alias: AliasId, former: AliasId, undo: &IssuedLink<LinkId>) {
        let Some(place) = self.aliases.iter().position(|own| own.id == alias) else { return };
        let promoted = self.aliases.remove(place);
        // At the end: former primary addresses stand in the order of their promotions.
        self.aliases.push(Alias {
            id: former,
            address: std::mem::replace(&mut self.address, promoted.address),
            standing: Standing::FormerPrimary { undo: undo.clone(), promoted: alias },
            added_by: None,
        });
    }

    /// What came after the undone promotion was the same hand's: its links undo nothing any more, and a reset link that
    /// went to its address sets no password.
    pub(super) fn promotion_undone(&mut self, former: AliasId) {
        let Some(place) = self.aliases.iter().position(|own| own.id == former) else { return };
        let undone = &mut self.aliases[place];
        std::mem::swap(&mut self.address, &mut undone.address);
        if let Standing::FormerPrimary { promoted, .. } = undone.standing {
            undone.id = promoted;
        }
        for own in &mut self.aliases[place..] {
            if let Standing::FormerPrimary { undo, .. } = &own.standing {
                self.followed.push(undo.id);
                own.standing = Standing::Confirmed;
            }
        }
        self.recovery.use_permit();
    }
}

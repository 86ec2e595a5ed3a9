//! A proposed policy over what happened (N3): what would have become of a message and of each reading of it.
//!
//! Pure: the use case brings what the log says. What nobody recorded cannot be replayed: to whom a refused reply would have
//! gone is in no event, so a rule that allows more gives nobody anything here.

use crate::{
    account,
    id::AccountId,
    message::{Event, Onward},
    period::Period,
    policy::Policy,
    recipients::{Candidate, Occasion, Sender, judge},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a policy can change for a message (contract: `ReplayEffectKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// It would be gone.
    Expires,
    /// It would still be there.
    LivesOn,
    /// Somebody could read it.
    GainsAccess,
    /// Somebody could not.
    LosesAccess,
}

/// One consequence of a proposed policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// What would differ.
    pub kind: EffectKind,
    /// Whose access; `None` where it is about the message.
    pub account: Option<AccountId>,
    /// From when on.
    pub at: Timestamp,
}

/// A message, and what became of it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// By whom it was sent.
    pub from: AccountId,
    /// To whom.
    pub recipients: Vec<AccountId>,
    /// What it answers or passes on.
    pub onward: Option<Onward>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends, or did.
    pub expires_at: Timestamp,
    /// Each time somebody had its content: opened, taken along, printed, answered, passed on.
    readings: Vec<(AccountId, Timestamp)>,
    /// From whom it was taken back, and who deleted it.
    lost_by: BTreeSet<AccountId>,
}

impl Past {
    /// What the events of a message's stream say; `None` where it was never sent.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut past: Option<Self> = None;
        for event in events {
            match (past.as_mut(), event) {
                (_, Event::Sent { from, recipients, about, expires_at, at, .. }) => {
                    past = Some(Self {
                        from: *from,
                        recipients: recipients.iter().map(|recipient| recipient.account).collect(),
                        onward: about.map(|about| about.what),
                        sent_at: *at,
                        expires_at: *expires_at,
                        readings: vec![],
                        lost_by: BTreeSet::new(),
                    });
                }
                (
                    Some(past),
                    Event::Opened { by, at, .. }
                    | Event::Downloaded { by, at, .. }
                    | Event::Printed { by, at }
                    | Event::Replied { by, at, .. }
                    | Event::Forwarded { by, at, .. },
                ) => past.readings.push((*by, *at)),
                (Some(past), Event::Recalled { from, .. }) => past.lost_by.extend(from),
                (Some(past), Event::Deleted { by, .. }) => {
                    past.lost_by.insert(*by);
                }
                (
                    None,
                    Event::Opened { .. }
                    | Event::Downloaded { .. }
                    | Event::Printed { .. }
                    | Event::Replied { .. }
                    | Event::Forwarded { .. }
                    | Event::Recalled { .. }
                    | Event::Deleted { .. },
                )
                | (
                    _,
                    Event::OnwardRefused { .. }
                    | Event::RuleOverridden { .. }
                    | Event::ExpiryWarned { .. }
                    | Event::Expired { .. },
                ) => {}
            }
        }
        past
    }

    /// When it would end if messages lived as long as proposed (A20). `then` is how long they lived when it was sent: who wished
    /// for a shorter life got it, and would again.
    #[must_use]
    pub fn end_under(&self, then: Period, proposed: Period) -> Timestamp {
        let end = self.sent_at.plus(proposed);
        if self.expires_at < self.sent_at.plus(then) { end.min(self.expires_at) } else { end }
    }

    /// What would differ if it ended at another time, as seen now. `gone` are those who left: nothing comes back for them.
    #[must_use]
    pub fn with_end(&self, end: Timestamp, gone: &BTreeSet<AccountId>, now: Timestamp) -> Vec<Effect> {
        let mut effects = vec![];
        let (over, would_be_over) = (self.expires_at <= now, end <= now);
        if would_be_over && !over {
            effects.push(Effect { kind: EffectKind::Expires, account: None, at: end });
        }
        if over && !would_be_over {
            let at = self.expires_at;
            effects.push(Effect { kind: EffectKind::LivesOn, account: None, at });
            let readers: BTreeSet<_> = self.recipients.iter().chain([&self.from]).copied().collect();
            let still = readers.into_iter().filter(|who| !self.lost_by.contains(who) && !gone.contains(who));
            effects.extend(still.map(|who| Effect { kind: EffectKind::GainsAccess, account: Some(who), at }));
        }
        let refused = self.readings.iter().filter(|(_, at)| *at >= end);
        effects.extend(refused.map(|(who, at)| Effect {
            kind: EffectKind::LosesAccess,
            account: Some(*who),
            at: *at,
        }));
        effects
    }

    /// Who would not have got it, because its sender could not have written to them (A26, A31). `of` tells what is known of a
    /// recipient; of whom nothing is known any more, nothing is said.
    #[must_use]
    pub fn refused_by(
        &self,
        policy: &Policy,
        sender: &Sender,
        of: impl Fn(AccountId) -> Option<Candidate>,
    ) -> Vec<Effect> {
        if sender.kind == account::Kind::Member {
            return vec![];
        }
        let occasion = match self.onward {
            None => Occasion::New,
            Some(Onward::Reply) => Occasion::Reply,
            Some(Onward::Forward) => Occasion::Forward,
        };
        let refused = self.recipients.iter().filter(|recipient| {
            of(**recipient).is_some_and(|candidate| judge(policy, sender, occasion, &candidate).is_err())
        });
        let loses =
            |who: &AccountId| Effect { kind: EffectKind::LosesAccess, account: Some(*who), at: self.sent_at };
        refused.map(loses).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{address::Domain, id::Id, policy::RecipientRule, recipients::Standing};
    use uuid::Uuid;

    const SENDER: AccountId = Id::new(Uuid::from_u128(1));
    const ADA: AccountId = Id::new(Uuid::from_u128(2));
    const BEA: AccountId = Id::new(Uuid::from_u128(3));

    fn day(count: u8) -> Timestamp {
        Timestamp::from_micros(0).plus(Period::days(count))
    }

    /// Sent on day 0 to Ada and Bea for 60 days; Ada read it on days 1 and 30.
    fn past() -> Past {
        Past {
            from: SENDER,
            recipients: vec![ADA, BEA],
            onward: None,
            sent_at: day(0),
            expires_at: day(60),
            readings: vec![(ADA, day(1)), (ADA, day(30))],
            lost_by: BTreeSet::new(),
        }
    }

    fn effect(kind: EffectKind, account: Option<AccountId>, at: u8) -> Effect {
        Effect { kind, account, at: day(at) }
    }

    /// N3: a shorter life ends it earlier, and what was read after that end would not have been.
    #[test]
    fn a_shorter_life_ends_it_and_refuses_readings() {
        let end = past().end_under(Period::days(60), Period::days(20));
        assert_eq!(end, day(20));
        let effects = past().with_end(end, &BTreeSet::new(), day(40));
        let expected =
            [effect(EffectKind::Expires, None, 20), effect(EffectKind::LosesAccess, Some(ADA), 30)];
        assert_eq!(effects, expected);
    }

    /// N3: a longer life keeps it for those who had it to the end; what they lost otherwise stays lost.
    #[test]
    fn a_longer_life_keeps_it() {
        let mut past = past();
        past.lost_by.insert(SENDER);
        let end = past.end_under(Period::days(60), Period::days(90));
        let effects = past.with_end(end, &BTreeSet::from([BEA]), day(70));
        let expected =
            [effect(EffectKind::LivesOn, None, 60), effect(EffectKind::GainsAccess, Some(ADA), 60)];
        assert_eq!(effects, expected);
    }

    /// N3: while it lives under both, or is over under both, nothing differs but what was read in between.
    #[test]
    fn nothing_differs_where_both_agree() {
        let none = BTreeSet::new();
        assert_eq!(past().with_end(day(90), &none, day(40)), []);
        assert_eq!(past().with_end(day(50), &none, day(70)), []);
        let read = [effect(EffectKind::LosesAccess, Some(ADA), 30)];
        assert_eq!(past().with_end(day(20), &none, day(70)), read);
    }

    /// N3: a life that its sender had wished shorter stays so under a longer one, and not under a shorter one still.
    #[test]
    fn a_wish_for_less_stays() {
        let end = |proposed| past().end_under(Period::days(90), Period::days(proposed));
        assert_eq!((end(120), end(60), end(10)), (day(60), day(60), day(10)));
    }

    /// N3, A31: under a stricter rule a guest's reply would not have reached another guest; a member's mail is as it was.
    #[test]
    fn a_stricter_rule_refuses_recipients() {
        let mut policy = Policy::default();
        policy.mail.reply_rule = RecipientRule::SenderOnly;
        let domain = Domain::parse("clinic.example").unwrap();
        let past = Past { onward: Some(Onward::Reply), ..past() };
        let candidate = |who: AccountId| {
            let is_original_sender = who == ADA;
            let standing = Standing::Guest;
            Some(Candidate { domain: domain.clone(), standing, is_original_sender })
        };
        let guest = Sender { kind: account::Kind::Guest, domain: domain.clone() };
        let expected = [effect(EffectKind::LosesAccess, Some(BEA), 0)];
        assert_eq!(past.refused_by(&policy, &guest, candidate), expected);
        assert_eq!(past.refused_by(&policy, &guest, |_| None), []);
        let member = Sender { kind: account::Kind::Member, ..guest };
        assert_eq!(past.refused_by(&policy, &member, candidate), []);
    }
}

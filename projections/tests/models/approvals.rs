//! What needs a second person, as it is listed (K3).

use crate::world::{ORG, World, at, by, by_worker, id, message, person};
use domain::{
    OrganisationId,
    approval::{Action, Approval, Command, Outcome},
    id::ApprovalId,
    policy::Policy,
};
use eventstore::testing::on_both;
use projections::{
    TimedPage,
    approvals::{ApprovalAction, ApprovalState, ApprovalSubject},
    audit::{AuditFilter, Kind, PositionPage},
};

const FIRST: ApprovalId = ApprovalId::from_bytes([1; 16]);
const SECOND: ApprovalId = ApprovalId::from_bytes([2; 16]);

impl World {
    async fn approval(&self, approval: ApprovalId, command: Command) {
        assert!(!self.tell::<Approval>(approval.uuid(), &by_worker(), command).await, "a request refused");
    }

    pub async fn ask(&self, approval: ApprovalId, action: Action, minute: i64) {
        let ask = Command::Ask { action, by: Some(person(1)), reason: "So be it.".into(), at: at(minute) };
        self.approval(approval, ask).await;
    }

    pub async fn decide(&self, approval: ApprovalId, granted: bool, minute: i64) {
        let comment = Some("Looked at.".into());
        let decide = Command::Decide { by: person(2), requester_now: None, granted, comment, at: at(minute) };
        self.approval(approval, decide).await;
    }

    /// Everything that can become of a request, from that minute on.
    pub async fn approve(&self, minute: i64) {
        let shorten = Action::ShortenRetention { policy: Box::new(Policy::default()), version: 1 };
        self.ask(FIRST, shorten, minute).await;
        self.decide(FIRST, true, minute + 1).await;
        let note = Command::NoteCarriedOut { outcome: Outcome::Done, at: at(minute + 2) };
        self.approval(FIRST, note).await;
        self.ask(SECOND, Action::Erase { account: person(3) }, minute + 3).await;
        self.approval(SECOND, Command::Lapse { at: at(minute + 3 + WEEK) }).await;
    }
}

/// Minutes of a week.
const WEEK: i64 = 7 * 24 * 60;

/// K3: a request is listed with what it is about, who asked and where it stands; by its states, newest first.
#[tokio::test]
async fn a_request_is_listed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let actions = [
            (Action::ExportContent { export: id(11) }, ApprovalSubject::Export(id(11))),
            (Action::ReleaseHold { hold: id(12) }, ApprovalSubject::Hold(id(12))),
            (
                Action::ShortenRetention { policy: Box::new(Policy::default()), version: 4 },
                ApprovalSubject::Policy(4),
            ),
            (Action::Erase { account: person(3) }, ApprovalSubject::Account(person(3))),
            (Action::DestroyKey { message: message(5) }, ApprovalSubject::Message(message(5))),
        ];
        for (minute, (action, _)) in (1_i64..).zip(&actions) {
            world.ask(id(minute.unsigned_abs().into()), action.clone(), minute).await;
        }
        world.decide(id(1), true, 10).await;
        world.decide(id(2), false, 11).await;
        let models = world.caught_up().await;
        let all = models.approvals(ORG, None, &TimedPage::default()).await.unwrap().items;
        let subjects: Vec<_> = all.iter().rev().map(|row| row.subject).collect();
        assert_eq!(subjects, actions.map(|(_, subject)| subject));
        let first = all.last().unwrap();
        assert_eq!(
            (first.state, first.requested_by, first.requested_at, first.lapses_at),
            (ApprovalState::Approved, Some(person(1)), at(1), at(1 + WEEK))
        );
        assert_eq!((first.position, first.decided_by, first.decided_at), (1, Some(person(2)), Some(at(10))));
        assert_eq!((first.decided_in, first.outcome), (Some(6), None));
        assert_eq!(models.approval(ORG, id(1)).await.unwrap().as_ref(), Some(first));

        let of = async |states: &[ApprovalState]| {
            let found = models.approvals(ORG, Some(states), &TimedPage::default()).await.unwrap().items;
            assert_eq!(models.approval_count(ORG, Some(states)).await.unwrap(), found.len() as u64);
            found.into_iter().map(|row| row.approval).collect::<Vec<ApprovalId>>()
        };
        assert_eq!(of(&[ApprovalState::Pending]).await, [id(5), id(4), id(3)]);
        assert_eq!(of(&[ApprovalState::Approved, ApprovalState::Refused]).await, [id(2), id(1)]);
        assert_eq!(of(&[]).await, []);
        let pending = async |action| {
            let found = models.approvals_pending(ORG, action).await.unwrap();
            found.into_iter().map(|row| row.approval).collect::<Vec<ApprovalId>>()
        };
        assert_eq!(pending(ApprovalAction::Erase).await, [id(4)]);
        assert_eq!(pending(ApprovalAction::ReleaseHold).await, []);
        assert_eq!(models.approval(OrganisationId(2), id(1)).await.unwrap(), None);
        let page = TimedPage { first: Some(2), after: Some((at(4), id(4))), ..TimedPage::default() };
        let page = models.approvals(ORG, None, &page).await.unwrap();
        assert_eq!((page.items, page.has_next), (all[2..4].to_vec(), true));
    })
    .await;
}

/// K3: what lapsed and what was granted and not done is due, until that is on record.
#[tokio::test]
async fn what_is_to_be_done_is_due() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.ask(FIRST, Action::Erase { account: person(3) }, 1).await;
        world.ask(SECOND, Action::Erase { account: person(4) }, 2).await;
        let due = async |minute| {
            let rows = world.caught_up().await.approvals_due(at(minute), 10).await.unwrap();
            rows.into_iter().map(|(_, row)| row.approval).collect::<Vec<_>>()
        };
        assert_eq!(due(3).await, []);
        world.decide(SECOND, true, 3).await;
        assert_eq!(due(3).await, [SECOND]);
        assert_eq!(due(1 + WEEK).await, [FIRST, SECOND]);
        world.approval(FIRST, Command::Lapse { at: at(1 + WEEK) }).await;
        let note = Command::NoteCarriedOut { outcome: Outcome::Stale, at: at(4) };
        world.approval(SECOND, note).await;
        assert_eq!(due(2 * WEEK).await, []);
        let row = world.projections.approval(ORG, SECOND).await.unwrap().unwrap();
        assert_eq!((row.state, row.outcome), (ApprovalState::Approved, Some(Outcome::Stale)));
    })
    .await;
}

/// K3, Q10: all that becomes of a request is found under its kinds, and whom it is about is touched by it.
#[tokio::test]
async fn a_request_is_audited() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.approve(1).await;
        let (request, destroy) = (id(3), Action::DestroyKey { message: message(5) });
        let ask = Command::Ask { action: destroy, by: Some(person(1)), reason: "x".into(), at: at(9) };
        world.tell::<Approval>(request.uuid(), &by(person(1)), ask).await;
        let _: ApprovalId = request;
        let found = async |filter: AuditFilter| {
            let page = PositionPage::default();
            world.caught_up().await.audit(ORG, &filter, &page).await.unwrap().items
        };
        let of_kind = async |kind| found(AuditFilter { kinds: vec![kind], ..AuditFilter::default() }).await;
        assert_eq!(of_kind(Kind::ApprovalRequested).await, [6, 4, 1]);
        assert_eq!(of_kind(Kind::ApprovalDecided).await, [5, 2]);
        assert_eq!(of_kind(Kind::ApprovalCarriedOut).await, [3]);
        let (subjects, messages) = (vec![person(3)], vec![message(5)]);
        assert_eq!(found(AuditFilter { subjects, ..AuditFilter::default() }).await, [4]);
        assert_eq!(found(AuditFilter { messages, ..AuditFilter::default() }).await, [6]);
    })
    .await;
}

//! The runner: exactly once, whatever fails and whoever else runs.

use crate::world::{ORG, World, at, hash, id, message, person};
use domain::account::Verdict;
use eventstore::{db::Value, testing::on_both};
use projections::{ProjectionError, Projections, READ_MODELS, links::LinkState};
use tokio_util::sync::CancellationToken;

const POISON: &str = "INSERT INTO rm_links (organisation, hash, purpose, account, about, link, state, expires_at) \
     VALUES (1, $1, 'register', $2, $2, $2, 'used', 0)";
const CURE: &str = "DELETE FROM rm_links WHERE hash = $1";

/// R17: rows and checkpoint change together or not at all: a read model that cannot apply an event stands still before
/// it, with nothing of that event written, and goes on when the cause is gone. The others are not held up.
#[tokio::test]
async fn a_failing_event_parks_its_read_model_alone() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.invite(2, 200, 0).await;
        let before = world.log.head();
        world.invite(2, 210, 150).await;
        let poison: Value = hash(210).0.into();
        let nobody: Value = person(99).bytes().into();
        world.log.db().run(POISON, vec![poison.clone(), nobody]).await.unwrap();

        let parked = world.projections.catch_up().await.unwrap_err();
        assert!(
            matches!(parked, ProjectionError::Parked { name: "links", position, .. } if position == before)
        );
        // The event's first statement, which would have replaced this link, was taken back with the second.
        assert_eq!(world.projections.link(ORG, &hash(200)).await.unwrap().unwrap().state, LinkState::Usable);
        for status in world.projections.status().await.unwrap() {
            let is_links = status.name == "links";
            assert_eq!(
                (status.parked.is_some(), status.behind),
                (is_links, i64::from(is_links)),
                "{status:?}"
            );
        }

        world.log.db().run(CURE, vec![poison]).await.unwrap();
        let models = world.caught_up().await;
        assert_eq!(models.link(ORG, &hash(200)).await.unwrap().unwrap().state, LinkState::Replaced);
        assert_eq!(models.link(ORG, &hash(210)).await.unwrap().unwrap().state, LinkState::Usable);
        assert!(
            models.status().await.unwrap().iter().all(|status| status.parked.is_none() && status.behind == 0)
        );
    })
    .await;
}

/// A6: two runners that apply the same log at the same time count each event once.
#[tokio::test]
async fn two_runners_never_apply_twice() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let another = Projections::new(world.log.clone());
        world.send(1, 1, &[2], 0, 1).await;
        world.write(id(1), 1, 1).await;
        world.caught_up().await;
        // What follows is only counted up, so that an event applied twice would show.
        let (_, row) = world.projections.notifications_due(at(1), 1).await.unwrap().remove(0);
        for n in 1..=5 {
            world.attach(id(1), 1, n, 1).await;
            world.mailed(&row, Some(451), 2).await;
            let (first, second) = tokio::join!(world.projections.catch_up(), another.catch_up());
            first.unwrap();
            second.unwrap();
        }
        let told = world.projections.notifications_of(ORG, person(2)).await.unwrap();
        assert_eq!(told[0].attempts, 5);
        assert_eq!(world.projections.drafts(ORG, person(1), 10).await.unwrap()[0].attachment_count, 5);
        assert_eq!(world.position("mailbox").await, world.log.head());
    })
    .await;
}

/// R17: whoever waits for a position sees what was done, whichever node keeps the read models up.
#[tokio::test]
async fn a_read_waits_for_its_position() {
    on_both(async |test| {
        let (one, two) = (World::new(&test).await, World::another(&test).await);
        let stop = CancellationToken::new();
        let runs = [&one, &two].map(|world| {
            let (models, stop) = (world.projections.clone(), stop.clone());
            tokio::spawn(async move { models.run(stop).await })
        });
        for n in 1..=5 {
            one.send(n, 1, &[2], 0, 1).await;
            let position = one.log.head();
            for models in [&one.projections, &two.projections] {
                models.wait_for(position, &["mailbox", "audit"]).await.unwrap();
                assert!(models.message(ORG, message(n)).await.unwrap().is_some());
            }
        }
        stop.cancel();
        for run in runs {
            run.await.unwrap();
        }
    })
    .await;
}

/// A18: read models that stand at different places meet and go on.
#[tokio::test]
async fn a_read_model_that_was_behind_catches_up() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Wrong, 1, 1).await;
        world.caught_up().await;
        world.log_in(2, Verdict::Wrong, 2, 2).await;
        let back = "UPDATE checkpoints SET position = 0 WHERE projection = 'lockouts'";
        world.log.db().run(back, vec![]).await.unwrap();
        let models = world.caught_up().await;
        assert!(models.lockout(ORG, person(2)).await.unwrap().is_some());
        let head = world.log.head();
        assert!(models.status().await.unwrap().iter().all(|status| status.position == head));
        assert_eq!(models.status().await.unwrap().len(), READ_MODELS.len());
    })
    .await;
}

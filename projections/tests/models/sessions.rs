//! Sessions of people and of client programs: given commands, then rows.

use crate::{
    life::{ABROAD, activate_client, begin_client, just_before, sight},
    world::{ORG, World, at, hash, id, person},
};
use domain::{
    OrganisationId, SessionId, Timestamp,
    account::{Command, Verdict, client},
};
use eventstore::testing::on_both;

/// B51: a client program's session says whose credential it is, and ends when the program is blocked.
#[tokio::test]
async fn a_client_programs_session_says_so() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Right, 7, 1).await;
        world.does(2, activate_client(30, 2)).await;
        world.does(2, begin_client(30, 8, 3)).await;
        let models = world.caught_up().await;
        let clients = async || {
            let rows = models.sessions_of(ORG, person(2), at(4)).await.unwrap();
            rows.iter().map(|row| (row.session, row.client)).collect::<Vec<_>>()
        };
        assert_eq!(clients().await, [(id(8), Some(id(30))), (id(7), None)]);
        let found = models.session_by_token(ORG, &hash(8)).await.unwrap().unwrap();
        assert_eq!((found.client, found.ends_at), (Some(id(30)), at(5003)));
        world.does(2, Command::Client(client::Command::Block { client: id(30), at: at(4) })).await;
        world.caught_up().await;
        assert_eq!(clients().await, [(id(7), None)]);
    })
    .await;
}

/// R6: a session shows from where it was last seen, and is found by its id, ended or not.
#[tokio::test]
async fn a_session_shows_where_it_was_last_seen() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Right, 7, 1).await;
        world.log_in(2, Verdict::Right, 8, 1).await;
        world.does(2, sight(7, 2)).await;
        let models = world.caught_up().await;
        let (session, other): (SessionId, SessionId) = (id(7), id(8));
        let network = async |id| models.session(ORG, id).await.unwrap().unwrap().network;
        assert_eq!(network(session).await, Some(ABROAD.into()));
        assert_eq!(network(other).await, Some([192, 0, 2, 7].into()));
        world.log_out(2, session, 3).await;
        world.caught_up().await;
        assert_eq!(models.session(ORG, session).await.unwrap().unwrap().ended_at, Some(at(3)));
        assert_eq!(models.session(ORG, id(9)).await.unwrap(), None);
        assert_eq!(models.session(OrganisationId(2), session).await.unwrap(), None);
    })
    .await;
}

/// A37, B14, B51: a session is over, to the second, when nobody used it for too long or when it is too old; a client
/// program's may rest, and what ended is not told again.
#[tokio::test]
async fn sessions_are_over_to_the_second() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Right, 7, 1).await;
        world.log_in(2, Verdict::Right, 8, 2).await;
        world.does(2, activate_client(30, 2)).await;
        world.does(2, begin_client(30, 9, 3)).await;
        let models = world.caught_up().await;
        models.note_activity(ORG, id(7), at(100)).await.unwrap();
        let over = async |now: Timestamp, unused_since: Timestamp| {
            let rows = models.sessions_over(ORG, now, unused_since, 10).await.unwrap();
            rows.iter().map(|row| row.session).collect::<Vec<SessionId>>()
        };
        let now = at(200);
        assert_eq!(over(now, just_before(at(2))).await, []);
        assert_eq!(over(now, at(2)).await, [id(8)]);
        assert_eq!(over(now, just_before(at(100))).await, [id(8)]);
        assert_eq!(over(now, at(100)).await, [id(7), id(8)]);

        let long_ago = at(0);
        assert_eq!(over(just_before(at(601)), long_ago).await, []);
        assert_eq!(over(at(601), long_ago).await, [id(7)]);
        assert_eq!(over(at(602), long_ago).await, [id(7), id(8)]);
        assert_eq!(over(just_before(at(5003)), long_ago).await, [id(7), id(8)]);
        assert_eq!(over(at(5003), long_ago).await, [id(7), id(8), id(9)]);
        assert_eq!(models.sessions_over(ORG, at(5003), long_ago, 1).await.unwrap().len(), 1);

        world.log_out(2, id(7), 150).await;
        world.caught_up().await;
        assert_eq!(over(at(5003), at(5003)).await, [id(8), id(9)]);
        assert_eq!(models.sessions_over(OrganisationId(2), at(5003), at(5003), 10).await.unwrap(), []);
    })
    .await;
}

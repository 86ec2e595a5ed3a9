//! Organisations, accounts, addresses, links, sessions, lockouts, notifications: given commands, then rows.

use crate::world::{ORG, World, address, at, by_worker, hash, id, person};
use domain::{
    OrganisationId, SessionId,
    account::Verdict,
    event::Subject,
    id::AddressTag,
    key,
    reservation::{self, Reservation},
};
use eventstore::{keys::KeyName, testing::on_both};
use projections::{
    accounts::AccountState,
    links::{LinkPurpose, LinkState},
};

/// A8: an organisation is found by the host of its portal.
#[tokio::test]
async fn an_organisation_is_found_by_its_host() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.found("https://Mail.Insurer.Example:8443").await;
        let models = world.caught_up().await;
        assert_eq!(models.organisation_of_host("mail.insurer.example:8443").await.unwrap(), Some(ORG));
        assert_eq!(models.organisation_of_host("mail.insurer.example").await.unwrap(), None);
        let all = models.organisations().await.unwrap();
        assert_eq!((all.len(), all[0].name.as_str(), all[0].organisation), (1, "Insurer", OrganisationId(1)));
    })
    .await;
}

/// A1, A4: an account goes from invited to active, and its row says what is known of the person.
#[tokio::test]
async fn an_account_goes_from_invited_to_active() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.invite(2, 200, 1).await;
        let invited = world.caught_up().await.account(ORG, person(2)).await.unwrap().unwrap();
        assert_eq!(invited.state, AccountState::Invited);
        assert_eq!(
            invited.address.map(|found| found.typed().to_owned()),
            Some(address(2).typed().to_owned())
        );
        assert_eq!((invited.profile, invited.user_name, invited.last_login_at), (None, None, None));
        assert_eq!((invited.invited_by, invited.created_at), (Some(person(1)), at(1)));

        world.register(2, 200, 2).await;
        let registered = world.caught_up().await.account(ORG, person(2)).await.unwrap().unwrap();
        assert_eq!(registered.state, AccountState::Registered);
        assert_eq!(registered.profile.and_then(|profile| profile.family_name).as_deref(), Some("Family 2"));
        assert_eq!(registered.user_name.as_deref(), Some("user2"));

        world.activate(2, 201, 3).await;
        world.log_in(2, Verdict::Right, 1, 4).await;
        let active = world.caught_up().await.account(ORG, person(2)).await.unwrap().unwrap();
        assert_eq!((active.state, active.last_login_at), (AccountState::Active, Some(at(4))));
        assert_eq!(world.projections.account(OrganisationId(2), person(2)).await.unwrap(), None);
    })
    .await;
}

/// R11: an invitation that is too old is due to lapse once, and a new one begins it afresh.
#[tokio::test]
async fn an_old_invitation_lapses_and_is_sent_again() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.invite(2, 200, 0).await;
        world.invite(3, 300, 1).await;
        let models = world.caught_up().await;
        assert_eq!(models.lapsing(at(99), 10).await.unwrap(), []);
        assert_eq!(models.lapsing(at(100), 10).await.unwrap(), [(ORG, person(2))]);
        world.lapse(2, 100).await;
        assert_eq!(world.caught_up().await.lapsing(at(100), 10).await.unwrap(), []);
        assert!(models.account(ORG, person(2)).await.unwrap().unwrap().invitation_lapsed);

        world.invite(2, 210, 150).await;
        let found = world.caught_up().await.invitation(ORG, id(210)).await.unwrap().unwrap();
        assert_eq!((found.account, found.invitation_lapsed), (person(2), false));
        assert_eq!((found.invitation_sent_at, found.created_at), (at(150), at(0)));
        assert_eq!(models.invitation(ORG, id(200)).await.unwrap(), None);
        let by_one = models.invitations_by(ORG, person(1), 10).await.unwrap();
        assert_eq!(by_one.iter().map(|row| row.account).collect::<Vec<_>>(), [person(2), person(3)]);
    })
    .await;
}

/// R11, A3, A4: a link is usable until it was used or a newer one was sent.
#[tokio::test]
async fn a_link_is_usable_until_used_or_replaced() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.invite(2, 200, 0).await;
        world.invite(2, 210, 150).await;
        let models = world.caught_up().await;
        let old = models.link(ORG, &hash(200)).await.unwrap().unwrap();
        assert_eq!((old.purpose, old.state), (LinkPurpose::Register, LinkState::Replaced));
        let new = models.link(ORG, &hash(210)).await.unwrap().unwrap();
        assert_eq!((new.account, new.link, new.state), (person(2), id::<()>(210).uuid(), LinkState::Usable));

        world.register(2, 210, 151).await;
        world.caught_up().await;
        assert_eq!(models.link(ORG, &hash(210)).await.unwrap().unwrap().state, LinkState::Used);
        assert_eq!(models.link(ORG, &hash(200)).await.unwrap().unwrap().state, LinkState::Replaced);
        let confirm = models.link(ORG, &hash(211)).await.unwrap().unwrap();
        assert_eq!((confirm.purpose, confirm.state), (LinkPurpose::ActivateAccount, LinkState::Usable));
        world.activate(2, 211, 152).await;
        world.caught_up().await;
        assert_eq!(models.link(ORG, &hash(211)).await.unwrap().unwrap().state, LinkState::Used);
        assert_eq!(models.link(ORG, &hash(999)).await.unwrap(), None);
    })
    .await;
}

/// B8: an address belongs to one account, and a failed login does not change whose it is.
#[tokio::test]
async fn an_address_leads_to_its_account() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let (held, free): (AddressTag, AddressTag) = (id(1), id(2));
        let reserve = reservation::Command::Reserve { account: person(2), at: at(0) };
        world.tell::<Reservation>(held.uuid(), &by_worker(), reserve).await;
        let from = [192, 0, 2, 7].into();
        let fail = reservation::Command::FailLogin { typed: address(9), from, at: at(0) };
        world.tell::<Reservation>(free.uuid(), &by_worker(), fail).await;
        let models = world.caught_up().await;
        assert_eq!(models.account_at(ORG, held).await.unwrap(), Some(person(2)));
        assert_eq!(models.account_at(ORG, free).await.unwrap(), None);
        assert_eq!(models.account_at(OrganisationId(2), held).await.unwrap(), None);
    })
    .await;
}

/// A37, B15: a session is found by its credential until it ends, and remembers when it was last used.
#[tokio::test]
async fn a_session_remembers_when_it_was_last_used() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Right, 7, 1).await;
        let models = world.caught_up().await;
        let session: SessionId = id(7);
        let found = models.session_by_token(ORG, &hash(7)).await.unwrap().unwrap();
        assert_eq!((found.account, found.started_at, found.last_active_at), (person(2), at(1), at(1)));
        assert_eq!(found.network, Some([192, 0, 2, 7].into()));
        assert_eq!(found.device.as_deref(), Some("Firefox on Linux"));

        models.note_activity(ORG, session, at(20)).await.unwrap();
        models.note_activity(ORG, session, at(10)).await.unwrap();
        let used = models.sessions_of(ORG, person(2), at(21)).await.unwrap();
        assert_eq!(used.iter().map(|row| row.last_active_at).collect::<Vec<_>>(), [at(20)]);
        assert_eq!(models.sessions_of(ORG, person(2), at(601)).await.unwrap(), []);

        world.log_out(2, session, 30).await;
        assert_eq!(world.caught_up().await.sessions_of(ORG, person(2), at(31)).await.unwrap(), []);
        models.rebuild("sessions", |_, _| {}).await.unwrap();
        let ended = models.session_by_token(ORG, &hash(7)).await.unwrap().unwrap();
        assert_eq!((ended.ended_at, ended.last_active_at), (Some(at(30)), at(20)));
    })
    .await;
}

/// A17, A18: a lockout stands until its time is over, is then due to be released, and is gone after that.
#[tokio::test]
async fn a_lockout_is_due_when_its_time_is_over() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Wrong, 1, 1).await;
        world.log_in(2, Verdict::Wrong, 2, 2).await;
        let models = world.caught_up().await;
        let lockout = models.lockout(ORG, person(2)).await.unwrap().unwrap();
        assert_eq!((lockout.since, lockout.until, lockout.attempts), (at(2), at(32), 2));
        assert_eq!(models.account(ORG, person(2)).await.unwrap().unwrap().state, AccountState::Locked);
        assert_eq!(models.lockouts_due(at(31), 10).await.unwrap(), []);
        assert_eq!(models.lockouts_due(at(32), 10).await.unwrap(), [(ORG, person(2))]);
        world.release(2, 32).await;
        assert_eq!(world.caught_up().await.lockouts_due(at(33), 10).await.unwrap(), []);
        assert_eq!(models.lockout(ORG, person(2)).await.unwrap(), None);
        assert_eq!(models.account(ORG, person(2)).await.unwrap().unwrap().state, AccountState::Active);
    })
    .await;
}

/// K5: once a person's key is gone, no read model names them, rebuilt or not; the rest of the row stands.
#[tokio::test]
async fn a_person_whose_key_is_gone_is_not_named() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Right, 7, 1).await;
        world.caught_up().await;
        let name = KeyName::subject(ORG, Subject::Account(person(2)));
        let label = key::Subject::IncomingMailbox { account: person(2), generation: 1 };
        world.log.destroy_key(&name, label, at(2)).await.unwrap();
        for rebuilt in [false, true] {
            if rebuilt {
                world.projections.rebuild("accounts", |_, _| {}).await.unwrap();
                world.projections.rebuild("sessions", |_, _| {}).await.unwrap();
            }
            let row = world.projections.account(ORG, person(2)).await.unwrap().unwrap();
            assert_eq!((row.address, row.profile, row.user_name), (None, None, None));
            assert_eq!((row.state, row.created_at), (AccountState::Active, at(0)));
            let session = world.projections.session_by_token(ORG, &hash(7)).await.unwrap().unwrap();
            assert_eq!((session.network, session.device), (None, None));
        }
    })
    .await;
}

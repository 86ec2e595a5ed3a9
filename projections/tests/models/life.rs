//! What else people of the test's world do with their accounts.

use crate::world::{World, address, at, by, by_worker, hash, id, link, lockout, person};
use domain::{
    Timestamp,
    account::{self, Closing, Command, NewSession, Profile, Sighting, Verdict, alias, client, recovery},
    bytes::Sealed,
    network::{self, Network},
    policy::NetworkPinning,
    reservation::{self, Reservation},
};
use std::collections::BTreeSet;

/// Where people are that are not at home.
pub const ABROAD: [u8; 4] = [198, 51, 100, 9];

/// A second earlier.
pub fn just_before(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros() - 1_000_000)
}
pub fn profile(family_name: &str) -> Profile {
    Profile { family_name: Some(family_name.into()), ..Profile::default() }
}
/// The session of a client program, of that number; it ends after 5000 minutes.
pub fn client_session(n: u128, minute: i64) -> NewSession {
    NewSession { id: id(n), token: hash(n), device: "Plugin".into(), ends_at: at(minute + 5000) }
}

pub fn close(why: Closing, minute: i64) -> Command {
    Command::Close { why, reason: None, at: at(minute) }
}
/// A right to set a password, whose link has that number.
pub fn issue_reset(by: recovery::ResetBy, number: u128, minute: i64) -> Command {
    Command::Recover(recovery::Command::IssueReset { by, link: link(number, minute), at: at(minute) })
}
/// The challenge is met, and gives a right of that number.
pub fn answer(answers: Verdict, number: u128, minute: i64) -> Command {
    let (permit, from, lockout) = (link(number, minute), ABROAD.into(), lockout());
    Command::Recover(recovery::Command::AnswerChallenge { answers, from, lockout, permit, at: at(minute) })
}
/// A password is set by the right of that number; the link that activates it has the next one.
pub fn set_password(permit: u128, minute: i64) -> Command {
    let secrets = recovery::NewSecrets { password: Sealed(vec![permit.to_be_bytes()[15]]), reminder: None };
    let activation = link(permit + 1, minute);
    Command::Recover(recovery::Command::SetPassword {
        permit: id(permit),
        secrets,
        activation,
        at: at(minute),
    })
}
pub fn activate_password(number: u128, minute: i64) -> Command {
    Command::Recover(recovery::Command::ActivatePassword { link: id(number), at: at(minute) })
}
pub fn lapse_password(minute: i64) -> Command {
    Command::Recover(recovery::Command::LapsePassword { at: at(minute) })
}
/// Alias `n` for the address of that number; the link of its confirmation has the number `mail`.
pub fn request_alias(n: u128, mail: u128, minute: i64) -> Command {
    Command::Alias(alias::Command::Request {
        alias: id(n),
        address: address(n),
        added_by: None,
        allowed: true,
        link: link(mail, minute),
        at: at(minute),
    })
}
pub fn confirm_alias(mail: u128, joining: Option<alias::Joining>, minute: i64) -> Command {
    Command::Alias(alias::Command::Confirm { link: id(mail), joining, at: at(minute) })
}
/// The link by which it is undone has the number `mail`, and the former primary address the id `former`.
pub fn promote_alias(n: u128, former: u128, mail: u128, minute: i64) -> Command {
    let undo = link(mail, minute);
    Command::Alias(alias::Command::Promote { alias: id(n), former: id(former), undo, at: at(minute) })
}
pub fn undo_promotion(mail: u128, minute: i64) -> Command {
    Command::Alias(alias::Command::UndoPromotion { link: id(mail), at: at(minute) })
}
pub fn remove_alias(n: u128, minute: i64) -> Command {
    Command::Alias(alias::Command::Remove { alias: id(n), at: at(minute) })
}
pub fn activate_client(n: u128, minute: i64) -> Command {
    let program = client::Program { name: "Plugin".into(), version: "2".into(), platform: "Linux".into() };
    Command::Client(client::Command::Activate { client: id(n), program, at: at(minute) })
}
/// Client program `n` gets its credential, a session of that number.
pub fn begin_client(n: u128, session: u128, minute: i64) -> Command {
    let (session, from) = (client_session(session, minute), ABROAD.into());
    Command::Client(client::Command::Begin { client: id(n), session, from, at: at(minute) })
}
/// A session is seen abroad, where the policy notes it.
pub fn sight(session: u128, minute: i64) -> Command {
    let (pinning, exempt) = (NetworkPinning::Log, BTreeSet::new());
    Command::Sight(Sighting { session: id(session), from: ABROAD.into(), pinning, exempt, at: at(minute) })
}

impl World {
    /// What person `n` does, and may.
    pub async fn does(&self, n: u128, command: Command) {
        let refused = self.account(n, &by(person(n)), command.clone()).await;
        assert!(!refused, "{command:?}");
    }

    /// Joined as a member, who can have aliases.
    pub async fn join_as_member(&self, n: u128) {
        self.join(n).await;
        self.does(n, Command::PromoteToMember { at: at(0) }).await;
    }

    /// An alias that was asked for and confirmed at once.
    pub async fn add_alias(&self, n: u128, alias: u128, mail: u128, minute: i64) {
        self.does(n, request_alias(alias, mail, minute)).await;
        self.does(n, confirm_alias(mail, None, minute)).await;
    }

    /// Person `guest` joins `n`, who confirms the guest's address as an alias; the guest's account is closed by it.
    pub async fn merge(&self, n: u128, guest: u128, mail: u128, minute: i64) {
        self.does(n, request_alias(guest, mail, minute)).await;
        let joining = alias::Joining { accounts: vec![person(guest)], addresses: vec![] };
        self.does(n, confirm_alias(mail, Some(joining), minute)).await;
        self.does(guest, close(Closing::Joined { into: person(n) }, minute)).await;
    }

    pub async fn member(&self, n: u128, minute: i64) -> bool {
        self.account(n, &by(person(1)), Command::PromoteToMember { at: at(minute) }).await
    }

    pub async fn network(&self, n: u128, command: network::Command) {
        self.tell::<Network>(id::<()>(n).uuid(), &by_worker(), command).await;
    }

    /// As many failures as block a network.
    pub async fn block(&self, n: u128, minute: i64) {
        for _ in 0..network::THRESHOLD {
            self.network(n, network::Command::Fail { at: at(minute) }).await;
        }
    }

    pub async fn address(&self, n: u128, command: reservation::Command) {
        self.tell::<Reservation>(id::<()>(n).uuid(), &by_worker(), command).await;
    }

    /// The account as its read model has it.
    pub async fn row(&self, n: u128) -> projections::accounts::AccountRow {
        self.caught_up().await.account(crate::world::ORG, person(n)).await.unwrap().unwrap()
    }
}

/// The way in that an account was given.
pub fn invited_into(audience: &str, n: u128, number: u128) -> Command {
    Command::Invite(account::Invite {
        address: address(n),
        kind: account::Kind::Guest,
        audience: Some(audience.into()),
        by: None,
        invitation: link(number, 0),
        at: at(0),
    })
}

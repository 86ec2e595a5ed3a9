//! Histories that nobody thought of: what people may do in any order.

use crate::{
    correspondence::attachment,
    life::{
        activate_client, activate_password, answer, begin_client, close, confirm_alias, issue_reset,
        lapse_password, profile, promote_alias, remove_alias, request_alias, set_password, sight,
        undo_promotion,
    },
    world::{LIFE, ORG, World, address, at, by, by_worker, id, person},
};
use domain::{
    Event, SessionId,
    account::{Closing, Command, Verdict, alias::Joining, client, recovery::ResetBy},
    break_glass::{self, BreakGlass},
    content::Action,
    intake::{self, Intake},
    key, message, network,
    replier::{self, Replier},
    reservation,
    review::{self, Examined, Finding},
};
use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
};
use uuid::Uuid;

/// What people do; what the rules refuse changes nothing.
#[derive(Debug, Clone)]
pub enum Act {
    Invite(u128),
    Register(u128),
    Activate(u128),
    LogIn(u128, bool),
    LogOut(u128),
    Move(u128),
    Release(u128),
    /// An address goes to somebody, from them to the next one, or is given up.
    Address(u128, Passing),
    Account(u128, Change),
    Password(u128, Step),
    Alias(u128, u128, Turn),
    /// The second one's mail joins the first one's.
    Join(u128, u128),
    Client(u128, u128, Turn),
    Network(u128),
    Send(u128, u128),
    Open(u128, u128),
    After(u128, u128, Aftermath),
    Expire(u128),
    /// The key of a mailbox, or of the first day, is destroyed.
    Shred(u128, Shredding),
    /// A mail meets a rule at the gateway and is held, decided on, handed over.
    Hold(u128, Action),
    /// Somebody writes to the address that nobody reads.
    WriteToNobody(u128),
    /// Somebody signs off what happened at the beginning.
    Review(u128),
    /// Emergency access to two messages is opened, used, closed.
    Emergency(u128, Turn),
    Write(u128),
    Attach(u128, u128),
    Discard(u128),
    Mail(Fate),
    CatchUp,
}

#[derive(Debug, Clone, Copy)]
pub enum Passing {
    Reserve,
    Transfer,
    Release,
}

#[derive(Debug, Clone, Copy)]
pub enum Change {
    Profile,
    Member,
    Audience,
    Leave,
    Return,
    Close,
}

#[derive(Debug, Clone, Copy)]
pub enum Step {
    Reset,
    Answer,
    Set,
    Activate,
    Lapse,
}

/// From the first to the last thing that becomes of an alias, or of a client program.
#[derive(Debug, Clone, Copy)]
pub enum Turn {
    Begin,
    Confirm,
    Promote,
    Undo,
    Remove,
}

#[derive(Debug, Clone, Copy)]
pub enum Fate {
    Sent,
    Deferred,
    Failed,
    Returned,
}

#[derive(Debug, Clone, Copy)]
pub enum Aftermath {
    Take,
    Print,
    Recall,
    RecallFromOne,
    RecallOriginal,
    Delete,
    Warn,
}

#[derive(Debug, Clone, Copy)]
pub enum Shredding {
    Received,
    Sent,
    Day,
}

pub fn act() -> impl Strategy<Value = Act> {
    let (who, what) = (2_u128..5, 1_u128..5);
    let both = || (who.clone(), what.clone());
    let turn = || {
        prop_oneof![
            3 => Just(Turn::Begin),
            3 => Just(Turn::Confirm),
            3 => Just(Turn::Promote),
            1 => Just(Turn::Undo),
            1 => Just(Turn::Remove),
        ]
    };
    let passing = prop_oneof![Just(Passing::Reserve), Just(Passing::Transfer), Just(Passing::Release)];
    let change = prop_oneof![
        4 => Just(Change::Profile),
        6 => Just(Change::Member),
        3 => Just(Change::Audience),
        3 => Just(Change::Leave),
        6 => Just(Change::Return),
        1 => Just(Change::Close),
    ];
    let step = prop_oneof![
        2 => Just(Step::Reset),
        2 => Just(Step::Answer),
        3 => Just(Step::Set),
        2 => Just(Step::Activate),
        1 => Just(Step::Lapse),
    ];
    let fate = prop_oneof![Just(Fate::Sent), Just(Fate::Deferred), Just(Fate::Failed), Just(Fate::Returned)];
    let aftermath = prop_oneof![
        Just(Aftermath::Take),
        Just(Aftermath::Print),
        Just(Aftermath::Recall),
        Just(Aftermath::RecallFromOne),
        Just(Aftermath::RecallOriginal),
        Just(Aftermath::Delete),
        Just(Aftermath::Warn),
    ];
    let shredding = prop_oneof![Just(Shredding::Received), Just(Shredding::Sent), Just(Shredding::Day)];
    let decision = prop_oneof![Just(Action::Pass), Just(Action::Secure), Just(Action::Refuse)];
    let people = prop_oneof![
        2 => who.clone().prop_map(Act::Invite),
        2 => who.clone().prop_map(Act::Register),
        2 => who.clone().prop_map(Act::Activate),
        4 => (who.clone(), any::<bool>()).prop_map(|(who, right)| Act::LogIn(who, right)),
        2 => who.clone().prop_map(Act::LogOut),
        2 => who.clone().prop_map(Act::Move),
        2 => who.clone().prop_map(Act::Release),
        3 => (who.clone(), passing).prop_map(|(who, how)| Act::Address(who, how)),
        4 => (who.clone(), change).prop_map(|(who, how)| Act::Account(who, how)),
        5 => (who.clone(), step).prop_map(|(who, how)| Act::Password(who, how)),
        6 => (both(), turn()).prop_map(|((who, what), how)| Act::Alias(who, what, how)),
        2 => (who.clone(), who.clone()).prop_map(|(who, guest)| Act::Join(who, guest)),
        3 => (both(), turn()).prop_map(|((who, what), how)| Act::Client(who, what, how)),
        2 => what.clone().prop_map(Act::Network),
    ];
    let mail = prop_oneof![
        3 => both().prop_map(|(who, what)| Act::Send(what, who)),
        2 => both().prop_map(|(who, what)| Act::Open(what, who)),
        3 => (both(), aftermath).prop_map(|((who, what), how)| Act::After(what, who, how)),
        1 => what.clone().prop_map(Act::Expire),
        1 => (1_u128..5, shredding).prop_map(|(who, what)| Act::Shred(who, what)),
        1 => (what.clone(), decision).prop_map(|(mail, how)| Act::Hold(mail, how)),
        1 => who.clone().prop_map(Act::WriteToNobody),
        1 => who.clone().prop_map(Act::Review),
        2 => (what.clone(), turn()).prop_map(|(access, how)| Act::Emergency(access, how)),
        2 => what.clone().prop_map(Act::Write),
        2 => (what.clone(), what.clone()).prop_map(|(draft, file)| Act::Attach(draft, file)),
        1 => what.clone().prop_map(Act::Discard),
        3 => fate.prop_map(Act::Mail),
        2 => Just(Act::CatchUp),
    ];
    prop_oneof![2 => people, 1 => mail]
}

/// A beginning that makes sure that nobody's history is empty: two people come in, one of them as a member with a password
/// that waits, an alias, a client program and the other one's mail.
pub fn beginning() -> Vec<Act> {
    let come_in = |n| [Act::Invite(n), Act::Register(n), Act::Activate(n), Act::LogIn(n, true)];
    let password = [Step::Answer, Step::Set, Step::Activate, Step::Reset, Step::Answer, Step::Set];
    let later = [
        Act::Send(1, 2),
        Act::Send(2, 3),
        Act::Mail(Fate::Failed),
        Act::Mail(Fate::Sent),
        Act::Mail(Fate::Returned),
        Act::After(1, 2, Aftermath::Take),
        Act::After(1, 3, Aftermath::Delete),
        Act::After(1, 2, Aftermath::Warn),
        Act::After(2, 3, Aftermath::RecallFromOne),
        Act::Hold(1, Action::Pass),
        Act::WriteToNobody(2),
        Act::Emergency(1, Turn::Begin),
        Act::Emergency(1, Turn::Confirm),
        Act::Emergency(2, Turn::Begin),
        Act::Review(2),
        Act::Address(2, Passing::Reserve),
        Act::Address(2, Passing::Transfer),
        Act::Account(3, Change::Audience),
        Act::Account(2, Change::Member),
        Act::Account(2, Change::Profile),
        Act::Move(2),
        Act::Network(1),
    ];
    let turns = [Turn::Begin, Turn::Confirm, Turn::Promote];
    let alias = turns.map(|turn| Act::Alias(2, 1, turn));
    let client = turns.map(|turn| Act::Client(2, 1, turn));
    [
        come_in(2).to_vec(),
        come_in(3).to_vec(),
        later.to_vec(),
        password.map(|step| Act::Password(2, step)).to_vec(),
        alias.to_vec(),
        client.to_vec(),
        vec![Act::Join(2, 3), Act::Alias(2, 1, Turn::Undo)],
    ]
    .concat()
}

/// Numbers of links and sessions that no two acts share.
fn number(minute: i64, n: u128) -> u128 {
    n * 1_000_000 + 2 * u128::from(10_000 + minute.unsigned_abs())
}

impl World {
    pub async fn act(&self, act: &Act, minute: i64) {
        let session = 10_000 + u128::from(minute.unsigned_abs());
        match *act {
            Act::Invite(n) => self.invite(n, number(minute, n), minute).await,
            Act::Register(n) => {
                if let Some(row) = self.caught_up().await.account(ORG, person(n)).await.unwrap() {
                    self.register(n, row.invitation.uuid().as_u128(), minute).await;
                }
            }
            Act::Activate(n) => {
                if let Some(row) = self.caught_up().await.account(ORG, person(n)).await.unwrap() {
                    self.activate(n, row.invitation.uuid().as_u128() + 1, minute).await;
                }
            }
            Act::LogIn(n, right) => {
                let verdict = if right { Verdict::Right } else { Verdict::Wrong };
                self.log_in(n, verdict, session, minute).await;
            }
            Act::LogOut(n) => {
                for session in self.live(n, minute).await {
                    self.log_out(n, session, minute).await;
                }
            }
            Act::Move(n) => {
                for session in self.live(n, minute).await {
                    self.may(n, sight(session.uuid().as_u128(), minute)).await;
                }
            }
            Act::Release(n) => self.release(n, minute + 60).await,
            Act::Address(n, how) => self.pass(n, how, minute).await,
            Act::Account(n, how) => self.change(n, how, minute).await,
            Act::Password(n, how) => self.step(n, how, minute).await,
            Act::Alias(n, alias, how) => self.turn_alias(n, 100 * n + alias, how, minute).await,
            Act::Join(n, guest) => {
                let mail = number(minute, n);
                self.may(n, request_alias(10_000 + guest, mail, minute)).await;
                let joining = Joining { accounts: vec![person(guest)], addresses: vec![] };
                let confirm = confirm_alias(mail, Some(joining), minute);
                if n != guest && !self.account(n, &by(person(n)), confirm).await {
                    self.may(guest, close(Closing::Joined { into: person(n) }, minute)).await;
                }
            }
            Act::Client(n, client, how) => self.turn_client(n, client, how, session, minute).await,
            Act::Network(n) => {
                self.network(n, network::Command::Release { at: at(minute) }).await;
                self.block(n, minute).await;
            }
            Act::Send(what, n) => self.send(what, n, &[1, n, n + 1], 1, minute).await,
            Act::Open(what, n) => self.open(what, n, minute).await,
            Act::After(what, n, how) => self.aftermath(what, n, how, minute).await,
            Act::Expire(what) => self.expire(what, minute + LIFE).await,
            Act::Shred(n, what) => self.shred(n, what, minute).await,
            Act::Hold(n, decision) => self.hold(n, decision, minute).await,
            Act::WriteToNobody(n) => {
                let (about, automatic) = (replier::Matter::Unread, false);
                let owe =
                    replier::Command::OweNotice { address: address(n), about, automatic, at: at(minute) };
                self.tell::<Replier>(Uuid::from_u128(n), &by_worker(), owe).await;
            }
            Act::Review(n) => self.review(n, minute).await,
            Act::Emergency(access, how) => self.emergency(access, how, minute).await,
            Act::Write(draft) => self.write(id(draft), 2, minute).await,
            Act::Attach(draft, file) => self.attach(id(draft), 2, file, minute).await,
            Act::Discard(draft) => self.discard(id(draft), 2, minute).await,
            Act::Mail(fate) => {
                let due = self.caught_up().await.notifications_due(at(minute), 1).await.unwrap();
                match (due.first(), fate) {
                    (Some((_, row)), Fate::Sent) => self.mailed(row, None, minute).await,
                    (Some((_, row)), Fate::Deferred) => self.mailed(row, Some(451), minute).await,
                    (Some((_, row)), Fate::Failed) => self.bounced(row, minute).await,
                    (Some((_, row)), Fate::Returned) => {
                        self.mailed(row, None, minute).await;
                        self.returned(row, minute).await;
                    }
                    (None, _) => {}
                }
            }
            Act::CatchUp => drop(self.caught_up().await),
        }
    }

    async fn aftermath(&self, what: u128, n: u128, how: Aftermath, minute: i64) {
        use message::{Command, Recaller};
        let (by, at) = (person(n), at(minute));
        let command = match how {
            Aftermath::Take => Command::Download { by, what: message::Taken::Zip, at },
            Aftermath::Print => Command::Print { by, at },
            Aftermath::Recall => Command::Recall { by: Recaller::Sender(by), from: None, at },
            Aftermath::RecallFromOne => {
                Command::Recall { by: Recaller::Sender(by), from: Some(vec![person(1)]), at }
            }
            Aftermath::RecallOriginal => Command::Recall { by: Recaller::Original, from: None, at },
            Aftermath::Delete => Command::Delete { by, at },
            Aftermath::Warn => Command::WarnOfExpiry { at },
        };
        self.after(what, n, command).await;
    }

    async fn shred(&self, n: u128, what: Shredding, minute: i64) {
        let (account, generation) = (person(n), 1);
        let (key, subject) = match what {
            Shredding::Received => (70 + n, key::Subject::IncomingMailbox { account, generation }),
            Shredding::Sent => (80 + n, key::Subject::OutgoingMailbox { account, generation }),
            Shredding::Day => (90, key::Subject::ExpiryDay { day: at(LIFE).day() }),
        };
        self.destroy(key, subject, minute).await;
    }

    /// Signs off everything that emergencies did so far, and what stands at the beginning of the log.
    async fn review(&self, n: u128, minute: i64) {
        let emergencies =
            self.events().await.into_iter().filter(|one| matches!(one.event, Event::BreakGlass(..)));
        let positions = emergencies.map(|one| one.position).chain(1..=3);
        let events = positions.map(|position| Examined { position, actor: None }).collect();
        let (by, finding, at) = (person(n), Finding::InOrder, at(minute));
        let sign_off = review::Command::SignOff { by, joined: [].into(), events, finding, comment: None, at };
        self.tell::<review::Review>(
            Uuid::from_u128(minute.unsigned_abs().into()),
            &crate::world::by(by),
            sign_off,
        )
        .await;
    }

    async fn emergency(&self, access: u128, how: Turn, minute: i64) {
        use break_glass::Command;
        let (by, at) = (person(9), at(minute));
        let command = match how {
            Turn::Begin => Command::Open {
                by,
                messages: vec![id(1001), id(1002)],
                alerted: [person(2), person(3)].into(),
                reason: "Nobody can be reached.".into(),
                ends_at: crate::world::at(minute + 60),
                at,
            },
            Turn::Confirm | Turn::Promote => Command::Read { by, message: id(1001), at },
            Turn::Undo => Command::Close { by, at },
            Turn::Remove => Command::Lapse { at },
        };
        self.tell::<BreakGlass>(Uuid::from_u128(access), &crate::world::by(by), command).await;
    }

    async fn hold(&self, n: u128, decision: Action, minute: i64) {
        use intake::Command;
        let (stream, at) = (Uuid::from_u128(n), at(minute));
        let kept = Some(Box::new(intake::Kept { sender: None, recipients: vec![], raw: attachment(n) }));
        let (action, sender, message) = (Action::Hold, Some(person(2)), None);
        let meet = Command::Meet { rule: id(1), action, hits: 1, sender, message, kept, at };
        self.tell::<Intake>(stream, &by_worker(), meet).await;
        let reason = "Harmless.".into();
        let decide = Command::Decide { by: person(3), decision, message: Some(id(n)), reason, at };
        self.tell::<Intake>(stream, &by(person(3)), decide).await;
        let note = Command::NotePassed { taken: minute % 2 == 0, at };
        self.tell::<Intake>(stream, &by_worker(), note).await;
    }

    /// What may be refused.
    async fn may(&self, n: u128, command: Command) {
        self.account(n, &by(person(n)), command).await;
    }

    async fn live(&self, n: u128, minute: i64) -> Vec<SessionId> {
        let rows = self.caught_up().await.sessions_of(ORG, person(n), at(minute)).await.unwrap();
        rows.iter().map(|row| row.session).collect()
    }

    async fn pass(&self, n: u128, how: Passing, minute: i64) {
        let (account, next, at) = (person(n), person(n + 1), at(minute));
        let command = match how {
            Passing::Reserve => reservation::Command::Reserve { account, at },
            Passing::Transfer => reservation::Command::Transfer { from: account, account: next, at },
            Passing::Release => reservation::Command::Release { account, at },
        };
        self.address(n, command).await;
    }

    async fn change(&self, n: u128, how: Change, minute: i64) {
        let at = at(minute);
        let named = || Box::new(profile(&format!("Minute {minute}")));
        match how {
            Change::Profile => self.may(n, Command::UpdateProfile { profile: named(), at }).await,
            Change::Member => self.may(n, Command::PromoteToMember { at }).await,
            Change::Audience => {
                let audience = (minute % 2 == 0).then(|| format!("group {minute}"));
                self.may(n, Command::SetAudience { audience, at }).await;
            }
            Change::Leave => self.unsubscribe(n, minute).await,
            Change::Return => self.may(n, Command::Resubscribe { at }).await,
            Change::Close => self.may(n, close(Closing::Wish, minute)).await,
        }
    }

    async fn step(&self, n: u128, how: Step, minute: i64) {
        let last = self.last_link(n, "set_password").await;
        match how {
            Step::Reset => self.may(n, issue_reset(ResetBy::Person, number(minute, n), minute)).await,
            Step::Answer => self.may(n, answer(Verdict::Right, number(minute, n), minute)).await,
            Step::Set => self.may(n, set_password(last, minute)).await,
            Step::Activate => self.may(n, activate_password(last + 1, minute)).await,
            Step::Lapse => self.may(n, lapse_password(minute + 100)).await,
        }
    }

    async fn turn_alias(&self, n: u128, alias: u128, how: Turn, minute: i64) {
        let mail = number(minute, n);
        let command = match how {
            Turn::Begin => request_alias(alias, mail, minute),
            Turn::Confirm => confirm_alias(self.last_link(n, "confirm_alias").await, None, minute),
            Turn::Promote => promote_alias(alias, mail + 500_000, mail, minute),
            Turn::Undo => undo_promotion(self.last_link(n, "undo_alias_promotion").await, minute),
            Turn::Remove => remove_alias(alias, minute + 200),
        };
        self.may(n, command).await;
    }

    async fn turn_client(&self, n: u128, client: u128, how: Turn, session: u128, minute: i64) {
        let (own, at) = (id(client), at(minute));
        let command = match how {
            Turn::Begin => activate_client(client, minute),
            Turn::Confirm | Turn::Promote => begin_client(client, session, minute),
            Turn::Undo => Command::Client(client::Command::Block { client: own, at }),
            Turn::Remove => Command::Client(client::Command::Delete { client: own, at }),
        };
        self.may(n, command).await;
    }

    /// The number of the last link of a person for that purpose.
    async fn last_link(&self, n: u128, purpose: &str) -> u128 {
        let sql = "SELECT link FROM rm_links WHERE account = $1 AND purpose = $2 \
             ORDER BY expires_at DESC LIMIT 1";
        let values = vec![person(n).bytes().into(), purpose.into()];
        self.caught_up().await;
        let row = self.log.db().optional(sql, values).await.unwrap();
        row.map_or(0, |row| row.uuid("link").unwrap().as_u128())
    }
}

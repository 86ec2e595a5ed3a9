//! What is written: events as the product decides them, for people who exist for the measurement alone.

use anyhow::{Result, anyhow};
use domain::{
    AccountId, Decider, Event, MessageId, Metadata, OrganisationId, Timestamp,
    account::{
        self, Account, Credentials, FactorVerdict, Invite, IssuedLink, Kind, Lockout, LogIn, NewSession,
        Profile, Register, SessionEnd, Verdict,
    },
    address::{EmailAddress, Mailbox},
    bytes::{Sealed, TokenHash},
    classified::Personal,
    event::{Actor, Stored},
    id::{ContentKeyId, Id},
    message::{self, Body, Direction, Field, Grant, Headline, Message, Recipient, Send},
    notification,
    period::Period,
    reservation::{self, Reservation},
};
use eventstore::{
    Commit, Log, Position,
    keys::{KeyName, seal_grant},
    log::{Change, Loaded},
};
use seal::{Key, random_bytes};
use std::{
    convert::Infallible,
    fmt::Debug,
    net::{IpAddr, Ipv4Addr},
};
use uuid::Uuid;

/// Whose log it is.
pub const ORGANISATION: OrganisationId = OrganisationId(1);

const NETWORK: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 17));
const DEVICE: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// Logins, and messages, of one person: with them a life has a hundred events.
const HABITS: usize = 19;

/// The stream of an account without its rules, so that an append costs what the log makes it cost and no more.
pub enum Logins {}

impl Decider for Logins {
    const CATEGORY: &'static str = Account::CATEGORY;
    type State = ();
    type Command = account::Event;
    type Event = account::Event;
    type Refusal = Infallible;

    fn decide((): &(), event: account::Event) -> Result<Vec<account::Event>, Infallible> {
        Ok(vec![event])
    }
    fn evolve((): (), _: &account::Event) {}
}

impl Stored for Logins {
    fn event(stream: Uuid, event: account::Event) -> Event {
        Account::event(stream, event)
    }
    fn own(event: Event) -> Option<account::Event> {
        Account::own(event)
    }
}

/// One event: `stream` logs in, from a place that is personal data.
pub fn login(stream: &mut Loaded<Logins>, at: Timestamp) -> Result<Commit> {
    let change =
        decide(stream, account::Event::LoggedIn { from: Personal::known(NETWORK), factor: None, at })?;
    Ok(commit(Id::new(stream.id), change))
}

/// A stream of which nothing is stored yet.
pub fn new_stream<A: Stored>(id: Uuid) -> Loaded<A> {
    Loaded { id, version: 0, state: A::State::default() }
}

/// A whole life, a hundred events: invited, registered, activated; then logins and mail to `correspondent`.
pub async fn live(log: &Log, number: u64, correspondent: Option<AccountId>) -> Result<AccountId> {
    let account: AccountId = log.clock().new_id();
    let address = EmailAddress::parse(&format!("person{number}@guest.example"))?;
    let mut person = come_in(log, account, &address).await?;
    for _ in 0..HABITS {
        let session = log.clock().new_id();
        let attempt = LogIn {
            password: Verdict::Right,
            factor: FactorVerdict::NotGiven,
            from: NETWORK,
            lockout: Lockout { threshold: 5, window: Period::minutes(15), duration: Period::hours(1) },
            session: NewSession {
                id: session,
                token: TokenHash(random_bytes()),
                device: DEVICE.into(),
                ends_at: log.now().plus(Period::hours(12)),
            },
            at: log.now(),
        };
        let started = decide(&mut person, account::Command::LogIn(Box::new(attempt)))?;
        log.append(commit(account, started)).await?;
        let recipient = correspondent.unwrap_or(account);
        let (message, _) = send(log, account, recipient).await?;
        let mut loaded = log.load::<Message>(ORGANISATION, message.uuid()).await?;
        let opened = decide(&mut loaded, message::Command::Open { by: recipient, at: log.now() })?;
        log.append(commit(recipient, opened)).await?;
        let end = account::Command::EndSession { session, why: SessionEnd::LoggedOut, at: log.now() };
        log.append(commit(account, decide(&mut person, end)?)).await?;
    }
    Ok(account)
}

async fn come_in(log: &Log, account: AccountId, address: &EmailAddress) -> Result<Loaded<Account>> {
    let (mut person, mut reservation) =
        (new_stream(account.uuid()), new_stream::<Reservation>(Uuid::from_bytes(random_bytes())));
    let at = log.now();
    let (invitation, activation) = (issued(log), issued(log));
    let invite = Invite {
        address: address.clone(),
        kind: Kind::Guest,
        audience: None,
        by: None,
        invitation: issued_as(&invitation),
        at,
    };
    let reserved = decide(&mut reservation, reservation::Command::Reserve { account, at })?;
    let invited = decide(&mut person, account::Command::Invite(invite))?;
    log.append(Commit { changes: vec![reserved, invited], ..commit_of(account) }).await?;
    let form = Register {
        invitation: invitation.id,
        address: address.clone(),
        profile: Profile {
            given_name: Some("Ada".into()),
            family_name: Some("Example".into()),
            telephone: Some("+1 555 0100".into()),
            ..Profile::default()
        },
        user_name: None,
        // As long as a sealed Argon2 hash is.
        credentials: Credentials {
            password: Sealed(random_bytes::<200>().into()),
            reminder: None,
            challenges: None,
        },
        activation: Some(issued_as(&activation)),
        at,
    };
    let registered = decide(&mut person, account::Command::Register(Box::new(form)))?;
    log.append(commit(account, registered)).await?;
    let activated = decide(&mut person, account::Command::Activate { link: activation.id, at })?;
    log.append(commit(account, activated)).await?;
    Ok(person)
}

/// A message as the product sends it: a content key, granted to sender and recipient.
pub async fn send(log: &Log, from: AccountId, to: AccountId) -> Result<(MessageId, Position)> {
    let (commit, message) = letter(log, from, to).await?;
    Ok((message, log.append(commit).await?.position()))
}

/// That message, not appended yet.
pub async fn letter(log: &Log, from: AccountId, to: AccountId) -> Result<(Commit, MessageId)> {
    let text = "Thank you for your letter; this is what we found out. ".repeat(15);
    letter_of(log, from, to, "Your question of last Tuesday".into(), text).await
}

/// A message with this subject and text, not appended yet.
pub async fn letter_of(
    log: &Log,
    from: AccountId,
    to: AccountId,
    subject: String,
    text: String,
) -> Result<(Commit, MessageId)> {
    let at = log.now();
    let expires_at = at.plus(Period::days(30));
    let (id, key): (ContentKeyId, Key) = (log.clock().new_id(), Key::random());
    let day = log.vault().obtain(&KeyName::expiry_day(ORGANISATION, expires_at.day())).await?;
    let mut grants = vec![];
    for (account, direction) in [(from, Direction::Out), (to, Direction::In)] {
        let mailbox = log.vault().obtain(&KeyName::mailbox(ORGANISATION, account, direction, 1)).await?;
        let sealed = seal_grant(&mailbox.key, &day.key, account, id, &key);
        grants.push(Grant { account, direction, generation: 1, key: sealed });
    }
    let mailbox = |address| EmailAddress::parse(address).map(|address| Mailbox { name: None, address });
    let recipient = Recipient {
        account: to,
        kind: Kind::Member,
        field: Field::To,
        notice: Some(notification::Kind::NewMessage),
        notice_at: None,
    };
    let request = Send {
        from,
        recipients: vec![recipient],
        about: None,
        secured_by: None,
        against: None,
        content_key: id,
        grants,
        headline: Headline {
            subject,
            from: mailbox("clara@insurer.example")?,
            to: vec![mailbox("gina@guest.example")?],
            cc: vec![],
            attachments: vec![],
        },
        body: Body { text, html: None, original: None },
        expires_at,
        at,
    };
    let message: MessageId = log.clock().new_id();
    let sent = decide(&mut new_stream::<Message>(message.uuid()), message::Command::Send(Box::new(request)))?;
    Ok((Commit { content_key: Some((id, key)), ..commit(from, sent) }, message))
}

/// Decides, and takes the stream to where it stands once that is appended.
fn decide<A: Stored<Refusal: Debug>>(stream: &mut Loaded<A>, command: A::Command) -> Result<Change> {
    let (change, events) =
        stream.decide_seeing(command).map_err(|refusal| anyhow!("refused: {refusal:?}"))?;
    for event in &events {
        stream.version += 1;
        stream.state = A::evolve(std::mem::take(&mut stream.state), event);
    }
    Ok(change)
}

fn commit(by: AccountId, change: Change) -> Commit {
    Commit { changes: vec![change], ..commit_of(by) }
}

fn commit_of(account: AccountId) -> Commit {
    let meta = Metadata { by: Actor::Person { account, role: None }, session: None, policy: Some(1) };
    Commit::new(ORGANISATION, &meta, vec![])
}

fn issued<Of>(log: &Log) -> IssuedLink<Id<Of>> {
    let expires_at = log.now().plus(Period::days(7));
    IssuedLink { id: log.clock().new_id(), hash: TokenHash(random_bytes()), expires_at }
}

fn issued_as<Of>(link: &IssuedLink<Id<Of>>) -> IssuedLink<Id<Of>> {
    IssuedLink { id: link.id, hash: link.hash, expires_at: link.expires_at }
}

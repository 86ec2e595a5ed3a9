//! Logging in: by any address or the user name, by a second factor where one is enrolled, and what a failure leaves
//! (A9, A17, C5, R3, R4).
//!
//! Every failure takes the same way: the same loads, one Argon2id verification, one commit. What leads nowhere is looked
//! for like what leads to somebody.

use crate::{
    ANONYMOUS, App, Caller, Done, Error, Problem, ProblemCode, SecondFactorKind, Viewer, error::not_found,
    retrying, second_factor, sessions::session_token_hash,
};
use domain::{
    AccountId, Metadata, OrganisationId, SessionId, Timestamp,
    account::{
        Account, Command, Credentials, Event, FactorVerdict, Holder, LogIn, NewSession, ReleasedBy,
        SessionEnd, Verdict,
    },
    address::EmailAddress,
    audit::Right,
    bytes::Sealed,
    event::{Actor, Subject},
    id::AddressTag,
    organisation,
    period::Period,
    reservation::{self, Reservation},
    user_name::UserName,
};
use eventstore::{Commit, Position, keys::KeyName};
use seal::{Token, blind, opaque};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

/// How far a login came.
pub enum LogInStep {
    /// All the way.
    LoggedIn(LoggedIn),
    /// The password was right; a code is due.
    SecondFactorDue {
        /// For [`App::confirm_log_in`]; works for five minutes, and until the password changes.
        token: SecretString,
        /// What can be given.
        kinds: Vec<SecondFactorKind>,
    },
}

/// A session that just began.
pub struct LoggedIn {
    /// The credential; handed out once, stored nowhere.
    pub token: SecretString,
    /// Who logged in.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
}

/// A second factor as it is given.
#[derive(Debug, Clone)]
pub enum SecondFactorCode {
    /// Six digits of an authenticator.
    Totp(SecretString),
    /// One of the codes on paper.
    RecoveryCode(SecretString),
}

/// How long a login waits for its code.
pub const CODE_LIFE: Period = Period::minutes(5);
/// Characters kept of what a browser says it is.
const DEVICE_CHARACTERS: usize = 200;
/// What the token of a half-done login is hidden under.
const HALF_DONE: &str = "second-factor";

/// Whom an identifier leads to; nobody is looked for like somebody.
struct Sought {
    /// Stream of its reservation.
    tag: AddressTag,
    /// What was typed, if it is an address.
    address: Option<EmailAddress>,
    account: AccountId,
    holder: Option<Holder>,
}

impl App {
    /// Starts a session, or asks for a second factor. One answer to every failure, whatever the cause; the cause is on
    /// record (A9, R4). `replaces` is the session that the same browser brought, which ends.
    pub async fn log_in(
        &self,
        caller: &Caller,
        identifier: &str,
        password: &SecretString,
        replaces: Option<&Viewer>,
    ) -> Result<Done<LogInStep>, Error> {
        self.hear(caller).await?;
        let organisation = caller.organisation;
        let sought = self.seek(organisation, identifier).await?;
        let rules = self.rules(organisation).await?;
        let hash = self.password_hash(organisation, sought.account, sought.holder.as_ref()).await?;
        let verdict = self.check_heard(caller, password.clone(), hash).await?;
        let Some(holder) = &sought.holder else {
            self.fail_unknown(caller, &sought).await?;
            return Err(login_failed());
        };
        let attempt = self.new_attempt(caller, &rules, verdict, FactorVerdict::NotGiven);
        match self.attempt(caller, (sought.account, holder), Some(sought.tag), attempt).await? {
            Outcome::Failed => Err(login_failed()),
            Outcome::Begun(done) => self.welcome(done, replaces).await,
            Outcome::Open(position) => {
                let token = self.half_done_token(organisation, sought.account, holder).await?;
                let kinds = second_factor::kinds(holder);
                Ok(Done { value: LogInStep::SecondFactorDue { token, kinds }, position })
            }
        }
    }

    /// Completes a login by a second factor. A wrong code counts like a wrong password (A17), a right one once.
    pub async fn confirm_log_in(
        &self,
        caller: &Caller,
        token: &SecretString,
        code: &SecondFactorCode,
        replaces: Option<&Viewer>,
    ) -> Result<Done<LogInStep>, Error> {
        self.hear(caller).await?;
        let begin_again = || -> Error {
            let message = "This login was begun too long ago, or the password changed since; log in again.";
            Problem::new(ProblemCode::LoginFailed, message).into()
        };
        let organisation = caller.organisation;
        let (account, holder) =
            self.half_done(organisation, token.expose_secret()).await?.ok_or_else(begin_again)?;
        let rules = self.rules(organisation).await?;
        let factor = self.judge_code(organisation, account, &holder, code).await?;
        let attempt = self.new_attempt(caller, &rules, Verdict::Right, factor);
        match self.attempt(caller, (account, &holder), None, attempt).await? {
            Outcome::Begun(done) => self.welcome(done, replaces).await,
            Outcome::Failed => {
                let message = "The code is wrong or was used; wait for the next one and give that.";
                Err(Problem::new(ProblemCode::SecondFactorFailed, message).into())
            }
            Outcome::Open(_) => Err(begin_again()),
        }
    }

    /// Ends a lockout before its time; quiet where there is none. By an administrator.
    pub async fn release_lockout(
        &self,
        viewer: &Viewer,
        account: AccountId,
    ) -> Result<Done<AccountId>, Error> {
        let meta = self.authorise(viewer, Right::Administer).await?;
        let (by, at) = (ReleasedBy::Administrator, self.log.now());
        let release = || Command::ReleaseLockout { by, at };
        let done = self.log.execute::<Account>(viewer.organisation, account.uuid(), &meta, release).await?;
        let position = done.map_err(|_| not_found("account"))?.position();
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }

    async fn seek(&self, organisation: OrganisationId, identifier: &str) -> Result<Sought, Error> {
        let address = EmailAddress::parse(identifier).ok();
        let tag = match (&address, UserName::parse(identifier)) {
            (Some(address), _) => self.address_tag(organisation, address).await?,
            (None, Ok(name)) => self.user_name_tag(organisation, &name).await?,
            (None, Err(_)) => AddressTag::new(Uuid::nil()),
        };
        let account = match self.log.load::<Reservation>(organisation, tag.uuid()).await?.state {
            reservation::State::Held { account } => account,
            // No account has this id.
            reservation::State::Free => AccountId::new(tag.uuid()),
        };
        let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
        Ok(Sought { tag, address, account, holder: loaded.state.holder().cloned() })
    }

    /// An attempt with the session that begins if it succeeds, and the token of that.
    pub(crate) fn new_attempt(
        &self,
        caller: &Caller,
        rules: &organisation::State,
        password: Verdict,
        factor: FactorVerdict,
    ) -> (LogIn, Token) {
        let (token, at) = (Token::random(), self.log.now());
        let policy = &rules.policy.sessions;
        let session = NewSession {
            id: self.log.clock().new_id(),
            token: session_token_hash(&token),
            device: caller.device.chars().take(DEVICE_CHARACTERS).collect(),
            ends_at: at.plus(policy.absolute_limit),
        };
        let lockout = policy.lockout();
        (LogIn { password, factor, from: caller.network, lockout, session, at }, token)
    }

    /// What the attempt means for the account and, if it failed, for the network: one commit. What was given was judged by
    /// the person `as_judged`; where that changed since, it is wrong. `typed` is the stream of what a stranger typed.
    async fn attempt(
        &self,
        caller: &Caller,
        (account, as_judged): (AccountId, &Holder),
        typed: Option<AddressTag>,
        (attempt, token): (LogIn, Token),
    ) -> Result<Outcome, Error> {
        let _turn = match attempt.password {
            Verdict::Wrong => Some(self.turn(caller).await?),
            Verdict::Right => None,
        };
        if let (Verdict::Wrong, Some(tag)) = (attempt.password, typed) {
            self.typed_key(caller.organisation, tag).await?;
        }
        let attempt = &attempt;
        let (events, position) = retrying(move || async move {
            let loaded = self.log.load::<Account>(caller.organisation, account.uuid()).await?;
            let stands = loaded.state.holder().is_some_and(|holder| secrets(holder) == secrets(as_judged));
            let password = if stands { attempt.password } else { Verdict::Wrong };
            let by = match password {
                Verdict::Right => Actor::Person { account, role: None },
                Verdict::Wrong => Actor::Anonymous,
            };
            let meta = &Metadata { by, ..ANONYMOUS };
            let command = Command::LogIn(Box::new(LogIn { password, ..attempt.clone() }));
            let (change, events) = loaded.decide_seeing(command).map_err(Problem::from)?;
            let mut changes = vec![change];
            if events.iter().any(is_failure) {
                changes.push(self.failure(caller).await?);
            }
            let appended = self.log.append(Commit::new(caller.organisation, meta, changes)).await?;
            Ok((events, appended.position()))
        })
        .await?;
        if events.iter().any(is_failure) {
            return Ok(Outcome::Failed);
        }
        if !events.iter().any(|event| matches!(event, Event::SessionStarted { .. })) {
            return Ok(Outcome::Open(position));
        }
        let session = attempt.session.id;
        let token = self.session_credential(caller.organisation, session, &token).await?;
        Ok(Outcome::Begun(Begun { begun: LoggedIn { token, account, session }, position }))
    }

    /// The same work as for a wrong password, and an event as well (R4).
    async fn fail_unknown(&self, caller: &Caller, sought: &Sought) -> Result<(), Error> {
        let organisation = caller.organisation;
        let _turn = self.turn(caller).await?;
        self.typed_key(organisation, sought.tag).await?;
        let (from, at) = (caller.network, self.log.now());
        retrying(move || async move {
            let loaded = self.log.load::<Reservation>(organisation, sought.tag.uuid()).await?;
            let mut changes = vec![];
            // A user name leaves the failure of its network alone: what was typed might be a password.
            if let Some(typed) = sought.address.clone() {
                let fail = reservation::Command::FailLogin { typed, from, at };
                // Somebody may have been given the address this very moment: then there is nothing to record here.
                changes.extend(loaded.decide(fail).ok());
            }
            changes.push(self.failure(caller).await?);
            self.log.append(Commit::new(organisation, &ANONYMOUS, changes)).await?;
            Ok(())
        })
        .await
    }

    /// Makes the key that a failure at an unknown address is sealed under, for every address: making it takes a commit,
    /// by which a known address could be told (R4).
    pub(crate) async fn typed_key(&self, organisation: OrganisationId, tag: AddressTag) -> Result<(), Error> {
        self.log.vault().obtain(&KeyName::subject(organisation, Subject::Address(tag))).await?;
        Ok(())
    }

    /// The next request brings the credential: it must be known by then (R17).
    async fn welcome(&self, begun: Begun, replaces: Option<&Viewer>) -> Result<Done<LogInStep>, Error> {
        let Begun { begun, mut position } = begun;
        if let Some(old) = replaces
            && old.holder.sessions.iter().any(|live| live.id == old.session && live.client.is_none())
        {
            let why = SessionEnd::Replaced;
            position =
                self.end(old.organisation, old.account, old.session, why, &old.meta()).await?.max(position);
        }
        self.wait_for(position).await?;
        Ok(Done { value: LogInStep::LoggedIn(begun), position })
    }

    async fn half_done_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        holder: &Holder,
    ) -> Result<SecretString, Error> {
        let index = self.index_key(organisation).await?;
        let half_done = HalfDone {
            account,
            begun_at: self.log.now(),
            password: password_mark(&index, holder.credentials.as_ref()),
        };
        Ok(opaque::hide(&index, HALF_DONE, &half_done.to_bytes()).into())
    }

    /// Whose login a token is of, while it can be completed.
    async fn half_done(
        &self,
        organisation: OrganisationId,
        token: &str,
    ) -> Result<Option<(AccountId, Holder)>, Error> {
        let index = self.index_key(organisation).await?;
        let Some(half_done) = opaque::reveal(&index, HALF_DONE, token).and_then(HalfDone::from_bytes) else {
            return Ok(None);
        };
        let holder = self.holder(organisation, half_done.account).await?;
        let lives = self.log.now() < half_done.begun_at.plus(CODE_LIFE)
            && half_done.password == password_mark(&index, holder.credentials.as_ref());
        Ok(lives.then_some((half_done.account, holder)))
    }
}

/// What became of an attempt.
enum Outcome {
    Begun(Begun),
    /// Neither: a second factor is due.
    Open(Position),
    Failed,
}

struct Begun {
    begun: LoggedIn,
    position: Position,
}

/// A login whose password was right.
struct HalfDone {
    account: AccountId,
    begun_at: Timestamp,
    password: [u8; 8],
}

impl HalfDone {
    fn to_bytes(&self) -> Vec<u8> {
        [&self.account.bytes()[..], &self.begun_at.micros().to_be_bytes(), &self.password].concat()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        let (account, rest) = bytes.split_first_chunk::<16>()?;
        let (begun_at, rest) = rest.split_first_chunk::<8>()?;
        Some(Self {
            account: AccountId::from_bytes(*account),
            begun_at: Timestamp::from_micros(i64::from_be_bytes(*begun_at)),
            password: rest.try_into().ok()?,
        })
    }
}

/// Tells one password from the next. Sealed anew, the same password has another mark.
fn password_mark(index: &seal::Key, credentials: Option<&Credentials>) -> [u8; 8] {
    let sealed = credentials.map(|own| own.password.0.as_slice()).unwrap_or_default();
    blind::tag(index, "password-mark", sealed).first_chunk().copied().unwrap_or_default()
}

/// What the parts of a login are judged by: a password or a second factor that was changed meanwhile lets nobody in.
fn secrets(holder: &Holder) -> (Option<&Sealed>, Option<[&Sealed; 2]>) {
    let password = holder.credentials.as_ref().map(|own| &own.password);
    (password, holder.second_factor.as_ref().map(|own| [&own.secret, &own.recovery_codes]))
}

fn is_failure(event: &Event) -> bool {
    matches!(event, Event::LoginFailed { .. })
}

fn login_failed() -> Error {
    Problem::new(ProblemCode::LoginFailed, "Address and password do not match, or login is not possible now.")
        .into()
}

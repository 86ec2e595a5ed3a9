//! The account: from an invitation to one exact address, over registration and activation, to logging in and leaving.

mod login;
#[cfg(test)]
mod tests;

use crate::{
    address::EmailAddress,
    bytes::{Sealed, TokenHash},
    classified::Personal,
    decider::Decider,
    id::{AccountId, InvitationId, LinkId, SessionId},
    timestamp::Timestamp,
};
pub use login::{Lockout, LogIn, NewSession, Verdict};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The aggregate's name; never constructed.
pub enum Account {}
/// Names [`SessionId`]; never constructed.
pub enum Session {}
/// Names [`InvitationId`]; never constructed.
pub enum Invitation {}
/// Names [`LinkId`]; never constructed.
pub enum Link {}

/// What the rules know of an account.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// Nobody was invited.
    #[default]
    Vacant,
    /// Somebody was.
    Held(Box<Holder>),
}

/// A person, as far as the rules need to know them.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Inside or outside.
    pub kind: Kind,
    /// The one address that the invitation is bound to, and the primary one afterwards (A6, B8).
    pub address: Personal<EmailAddress>,
    /// The way in.
    pub invitation: IssuedLink<InvitationId>,
    /// How far the person came.
    pub stage: Stage,
    /// The password's hash, sealed under the account's credential key; `None` before registration.
    pub password: Option<Sealed>,
    /// Sessions that were not ended.
    pub sessions: Vec<SessionId>,
    /// Whether mail can be sent to this person (B38).
    pub subscribed: bool,
    /// Counts the mailboxes: leaving ends one, coming back begins another (K9).
    pub mailbox_generation: u32,
}

/// How far a person came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Has a link to register.
    Invited,
    /// Has a link to activate.
    Registered {
        /// That link.
        activation: IssuedLink<LinkId>,
    },
    /// Can log in.
    Active {
        /// Failures since the last success, oldest first.
        failures: Vec<Timestamp>,
    },
    /// Cannot log in for a time (A17).
    LockedOut {
        /// When that ends (A18).
        until: Timestamp,
    },
}

/// Inside or outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An outside person.
    Guest,
    /// One of the organisation's own people.
    Member,
}

/// A link that was mailed. Its token is derived anew for each mail; only the hash finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedLink<Of> {
    /// Which.
    pub id: Of,
    /// What its token hashes to.
    pub hash: TokenHash,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Identifying data (A5, A19). Which fields are asked for is policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Company or practice.
    pub company: Option<String>,
    /// Telephone number.
    pub telephone: Option<String>,
    /// Postal address.
    pub postal_address: Option<String>,
    /// The organisation's own number for the person.
    pub member_number: Option<String>,
    /// BCP 47 tag for pages and mails.
    pub language: Option<String>,
}

/// What a person proves themselves by, each sealed under the account's credential key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The password's hash.
    pub password: Sealed,
    /// The reminder phrase (A5).
    pub reminder: Option<Sealed>,
    /// Challenge questions with hashed answers (A5).
    pub challenges: Option<Sealed>,
}

/// What can be asked of an account.
#[derive(Debug, Clone)]
pub enum Command {
    /// Invites a person; an invitation that lapsed is sent again (A1, B8, R11).
    Invite(Invite),
    /// Ends an invitation that nobody took up.
    LapseInvitation {
        /// When.
        at: Timestamp,
    },
    /// Takes an invitation up (A3–A5).
    Register(Box<Register>),
    /// Confirms the registration by the mailed link (A4).
    Activate {
        /// The link that was followed.
        link: LinkId,
        /// When.
        at: Timestamp,
    },
    /// Logs in (A9, A17).
    LogIn(Box<LogIn>),
    /// Ends a lockout (A18).
    ReleaseLockout {
        /// By what right.
        by: ReleasedBy,
        /// When.
        at: Timestamp,
    },
    /// Ends a session.
    EndSession {
        /// Which.
        session: SessionId,
        /// Why.
        why: SessionEnd,
        /// When.
        at: Timestamp,
    },
    /// Leaves: no more notifications, and all mail received to date is out of reach (B36, B38).
    Unsubscribe {
        /// By which way.
        via: LeavingVia,
        /// When.
        at: Timestamp,
    },
}

/// An invitation to be sent.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The one address that it is bound to (B8).
    pub address: EmailAddress,
    /// Inside or outside.
    pub kind: Kind,
    /// Who invites; `None` for the organisation itself.
    pub by: Option<AccountId>,
    /// The mailed link.
    pub invitation: IssuedLink<InvitationId>,
    /// When.
    pub at: Timestamp,
}

/// A filled-in registration.
#[derive(Debug, Clone)]
pub struct Register {
    /// The link that was followed.
    pub invitation: InvitationId,
    /// The address that was typed; must be the invited one (B8, B9).
    pub address: EmailAddress,
    /// Identifying data, as much as the policy asks.
    pub profile: Profile,
    /// Name to log in with, if it is not the address (C5).
    pub user_name: Option<String>,
    /// Password and the like.
    pub credentials: Credentials,
    /// The confirmation to be mailed; `None` where the policy needs none (C6).
    pub activation: Option<IssuedLink<LinkId>>,
    /// When.
    pub at: Timestamp,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// Somebody was invited.
    Invited {
        /// The invited address.
        address: Personal<EmailAddress>,
        /// Inside or outside.
        kind: Kind,
        /// Who invited.
        by: Option<AccountId>,
        /// The mailed link.
        invitation: IssuedLink<InvitationId>,
        /// When.
        at: Timestamp,
    },
    /// A lapsed invitation was sent again, with a new link.
    InvitationResent {
        /// The new link.
        invitation: IssuedLink<InvitationId>,
        /// When.
        at: Timestamp,
    },
    /// The invitation became too old.
    InvitationLapsed {
        /// When.
        at: Timestamp,
    },
    /// The person registered.
    Registered {
        /// Identifying data.
        profile: Personal<Profile>,
        /// Name to log in with, if it is not the address.
        user_name: Option<Personal<String>>,
        /// Password and the like.
        credentials: Credentials,
        /// When.
        at: Timestamp,
    },
    /// A registration was turned down.
    RegistrationRefused {
        /// Why.
        why: RegistrationFailure,
        /// When.
        at: Timestamp,
    },
    /// A confirmation mail was ordered.
    ActivationIssued {
        /// The mailed link.
        activation: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// The account can log in from now on.
    Activated {
        /// When.
        at: Timestamp,
    },
    /// A login succeeded.
    LoggedIn {
        /// From where.
        from: Personal<IpAddr>,
        /// When.
        at: Timestamp,
    },
    /// A login failed.
    LoginFailed {
        /// Why.
        why: LoginFailure,
        /// From where.
        from: Personal<IpAddr>,
        /// When.
        at: Timestamp,
    },
    /// Too many failures: no login for a time.
    LockedOut {
        /// When that ends.
        until: Timestamp,
        /// How many failures led to it.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
    /// Login is possible again.
    LockoutReleased {
        /// By what right.
        by: ReleasedBy,
        /// When.
        at: Timestamp,
    },
    /// A session began.
    SessionStarted {
        /// Which.
        session: SessionId,
        /// What its credential hashes to.
        token: TokenHash,
        /// From where.
        from: Personal<IpAddr>,
        /// Browser or client, in words.
        device: Personal<String>,
        /// When it ends at the latest.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A session ended.
    SessionEnded {
        /// Which.
        session: SessionId,
        /// Why.
        why: SessionEnd,
        /// When.
        at: Timestamp,
    },
    /// The person left: no notifications, and all mail of this mailbox generation is out of reach.
    Unsubscribed {
        /// The mailbox generation that ended.
        mailbox_generation: u32,
        /// By which way.
        via: LeavingVia,
        /// When.
        at: Timestamp,
    },
}

/// Why a registration was turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationFailure {
    /// Not the invited address (B9).
    AnotherAddress,
    /// The invitation is too old, or a newer one was sent (R11).
    LinkExpired,
}

/// Why a login failed. For the audit alone: whoever logs in is told nothing of it (R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginFailure {
    /// The password was wrong.
    WrongPassword,
    /// The account is locked.
    LockedOut,
    /// The account is not active yet (A4).
    NotActivated,
    /// Nobody holds the address.
    UnknownAddress,
}

/// By what right a lockout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasedBy {
    /// Its time was over.
    Time,
    /// An administrator's.
    Administrator,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// The person logged out.
    LoggedOut,
    /// Nothing was done for too long (A37, B14).
    Idle,
    /// It reached its absolute limit.
    TooOld,
}

/// How somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeavingVia {
    /// By the link of a mail.
    Link,
    /// Logged in.
    Account,
}

/// Why an account turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody was invited.
    NotInvited,
    /// The invitation did its work.
    AlreadyRegistered,
    /// The link did its work.
    LinkUsed,
    /// The link is too old.
    LinkExpired,
    /// A newer link was sent, or it never was this account's.
    LinkInvalid,
}

impl Decider for Account {
    const CATEGORY: &'static str = "account";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        let State::Held(holder) = state else {
            return match command {
                Command::Invite(invite) => Ok(vec![invite.accepted()]),
                Command::LapseInvitation { .. }
                | Command::Register(_)
                | Command::Activate { .. }
                | Command::LogIn(_)
                | Command::ReleaseLockout { .. }
                | Command::EndSession { .. }
                | Command::Unsubscribe { .. } => Err(Refusal::NotInvited),
            };
        };
        match command {
            Command::Invite(invite) => Ok(holder.invited_again(invite)),
            Command::LapseInvitation { at } => Ok(holder.lapsed(at)),
            Command::Register(form) => holder.register(*form),
            Command::Activate { link, at } => holder.activate(link, at),
            Command::LogIn(attempt) => Ok(login::log_in(&holder.stage, &attempt)),
            Command::ReleaseLockout { by, at } => Ok(login::release(&holder.stage, by, at)),
            Command::EndSession { session, why, at } if holder.sessions.contains(&session) => {
                Ok(vec![Event::SessionEnded { session, why, at }])
            }
            Command::Unsubscribe { via, at } if holder.subscribed => {
                Ok(vec![Event::Unsubscribed { mailbox_generation: holder.mailbox_generation, via, at }])
            }
            Command::EndSession { .. } | Command::Unsubscribe { .. } => Ok(vec![]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (State::Vacant, Event::Invited { address, kind, invitation, .. }) => {
                State::Held(Box::new(Holder {
                    kind: *kind,
                    address: address.clone(),
                    invitation: invitation.clone(),
                    stage: Stage::Invited,
                    password: None,
                    sessions: vec![],
                    subscribed: true,
                    mailbox_generation: 1,
                }))
            }
            (State::Vacant, _) => State::Vacant,
            (State::Held(mut holder), event) => {
                holder.evolve(event);
                State::Held(holder)
            }
        }
    }
}

impl State {
    /// The person, if anyone was invited.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            State::Vacant => None,
            State::Held(holder) => Some(holder),
        }
    }
}

impl Holder {
    fn invited_again(&self, invite: Invite) -> Vec<Event> {
        let lapsed = self.stage == Stage::Invited && self.invitation.expires_at <= invite.at;
        if lapsed {
            vec![Event::InvitationResent { invitation: invite.invitation, at: invite.at }]
        } else {
            vec![]
        }
    }

    fn lapsed(&self, at: Timestamp) -> Vec<Event> {
        if self.stage == Stage::Invited && self.invitation.expires_at <= at {
            vec![Event::InvitationLapsed { at }]
        } else {
            vec![]
        }
    }

    fn register(&self, form: Register) -> Result<Vec<Event>, Refusal> {
        if self.stage != Stage::Invited {
            return Err(Refusal::AlreadyRegistered);
        }
        let at = form.at;
        let refused = |why| Ok(vec![Event::RegistrationRefused { why, at }]);
        if form.invitation != self.invitation.id || self.invitation.expires_at <= at {
            return refused(RegistrationFailure::LinkExpired);
        }
        if self.address.value().is_none_or(|invited| invited.normalised() != form.address.normalised()) {
            return refused(RegistrationFailure::AnotherAddress);
        }
        let registered = Event::Registered {
            profile: Personal::known(form.profile),
            user_name: form.user_name.map(Personal::known),
            credentials: form.credentials,
            at,
        };
        Ok(vec![
            registered,
            match form.activation {
                Some(activation) => Event::ActivationIssued { activation, at },
                None => Event::Activated { at },
            },
        ])
    }

    fn activate(&self, link: LinkId, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        match &self.stage {
            Stage::Invited => Err(Refusal::LinkInvalid),
            Stage::Registered { activation } if activation.id != link => Err(Refusal::LinkInvalid),
            Stage::Registered { activation } if activation.expires_at <= at => Err(Refusal::LinkExpired),
            Stage::Registered { .. } => Ok(vec![Event::Activated { at }]),
            Stage::Active { .. } | Stage::LockedOut { .. } => Err(Refusal::LinkUsed),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            // A second invitation into a held account cannot be decided; stored, it changes nothing.
            Event::Invited { .. } | Event::RegistrationRefused { .. } | Event::InvitationLapsed { .. } => {}
            Event::InvitationResent { invitation, .. } => self.invitation = invitation.clone(),
            Event::Registered { credentials, .. } => self.password = Some(credentials.password.clone()),
            Event::ActivationIssued { activation, .. } => {
                self.stage = Stage::Registered { activation: activation.clone() };
            }
            Event::Activated { .. } | Event::LoggedIn { .. } | Event::LockoutReleased { .. } => {
                self.stage = Stage::Active { failures: vec![] };
            }
            Event::LoginFailed { at, .. } => {
                if let Stage::Active { failures } = &mut self.stage {
                    failures.push(*at);
                }
            }
            Event::LockedOut { until, .. } => self.stage = Stage::LockedOut { until: *until },
            Event::SessionStarted { session, .. } => self.sessions.push(*session),
            Event::SessionEnded { session, .. } => self.sessions.retain(|live| live != session),
            Event::Unsubscribed { .. } => self.subscribed = false,
        }
    }
}

impl Invite {
    fn accepted(self) -> Event {
        Event::Invited {
            address: Personal::known(self.address),
            kind: self.kind,
            by: self.by,
            invitation: self.invitation,
            at: self.at,
        }
    }
}

//! The account: from an invitation to one exact address, over registration and activation, to logging in and leaving.

pub mod alias;
pub mod client;
mod event;
mod joining;
mod leaving;
mod login;
pub mod recovery;
pub mod second_factor;
mod session;
#[cfg(test)]
mod tests;

use crate::{
    address::EmailAddress,
    bytes::{Sealed, TokenHash},
    classified::Personal,
    decider::Decider,
    id::{AccountId, InvitationId, LinkId, SessionId},
    timestamp::Timestamp,
    user_name::UserName,
};
pub use alias::Alias;
pub use client::Client;
pub use event::{Event, LoginFailure, RegistrationFailure, ReleasedBy};
pub use joining::{Invite, Register};
pub use leaving::{Closing, LeavingVia};
pub use login::{FactorUse, FactorVerdict, Lockout, LogIn, NewSession, Verdict, Vigilance};
pub use second_factor::SecondFactor;
use serde::{Deserialize, Serialize};
pub use session::{LiveSession, SessionEnd, Sighting};
use std::net::IpAddr;

/// The aggregate's name; never constructed.
pub enum Account {}
/// Names [`SessionId`]; never constructed.
pub enum Session {}
/// Names [`InvitationId`]; never constructed.
pub enum Invitation {}
/// Names [`LinkId`]; never constructed.
pub enum Link {}
/// Names [`AliasId`](crate::id::AliasId); never constructed.
pub enum AliasName {}
/// Names [`ClientId`](crate::id::ClientId); never constructed.
pub enum ClientName {}

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
    /// The group of guests that the person belongs to (C15).
    pub audience: Option<String>,
    /// The one address that the invitation is bound to, and the primary one afterwards (A6, B8, B46).
    pub address: Personal<EmailAddress>,
    /// Identifying data (A19).
    pub profile: Personal<Profile>,
    /// Name to log in with besides the addresses (C5).
    pub user_name: Option<Personal<UserName>>,
    /// The way in.
    pub invitation: IssuedLink<InvitationId>,
    /// Whether it is on record that its link became too old.
    pub lapsed: bool,
    /// When the link of an invitation or of an activation was last mailed.
    pub issued_at: Timestamp,
    /// How far the person came.
    pub stage: Stage,
    /// What the person proves themselves by; `None` before registration.
    pub credentials: Option<Credentials>,
    /// Sessions that were not ended.
    pub sessions: Vec<LiveSession>,
    /// What is remembered of failed logins.
    pub vigilance: Vigilance,
    /// What is under way to change the password.
    pub recovery: recovery::Recovery,
    /// A second factor that waits for its first code.
    pub enrolment: Option<second_factor::Enrolment>,
    /// The second factor, where one is enrolled.
    pub second_factor: Option<SecondFactor>,
    /// Further addresses.
    pub aliases: Vec<Alias>,
    /// Links of aliases that did their work.
    pub followed: Vec<LinkId>,
    /// Accounts whose mail belongs to this inbox (B43).
    pub joined: Vec<AccountId>,
    /// Client programs, blocked ones too (B51).
    pub clients: Vec<Client>,
    /// Why the account was closed, if it was.
    pub closing: Option<Closing>,
    /// Whether mail can be sent to this person (B38).
    pub subscribed: bool,
    /// Counts the mailboxes: leaving ends one, coming back begins another (K9).
    pub mailbox_generation: u32,
    /// The last mailbox that leaving ended; 0 where none was.
    pub left_generation: u32,
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
    Active,
    /// Cannot log in for a time (A17).
    LockedOut {
        /// When that ends (A18).
        until: Timestamp,
    },
    /// Left for good; the address can be invited anew (K9).
    Closed,
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
    /// Sends an invitation again, lapsed or not; the old link is dead from then on (R11).
    ResendInvitation {
        /// The new link.
        invitation: IssuedLink<InvitationId>,
        /// When.
        at: Timestamp,
    },
    /// Takes an invitation up (A3–A5).
    Register(Box<Register>),
    /// Sends the confirmation mail again (B3, R11).
    ResendActivation {
        /// The new link.
        activation: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
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
    /// Notes from where a session is used, which may end it (B17, R6).
    Sight(Sighting),
    /// Changes identifying data (A19).
    UpdateProfile {
        /// All of it, as it is to be.
        profile: Box<Profile>,
        /// When.
        at: Timestamp,
    },
    /// Makes a guest one of the organisation's own people (B41).
    PromoteToMember {
        /// When.
        at: Timestamp,
    },
    /// Puts a guest into a group, or into none (C15).
    SetAudience {
        /// Which.
        audience: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// About a lost password.
    Recover(recovery::Command),
    /// About the second factor.
    Factor(second_factor::Command),
    /// About further addresses.
    Alias(alias::Command),
    /// About client programs.
    Client(client::Command),
    /// Leaves: no more notifications, and all mail received to date is out of reach (B36, B38).
    Unsubscribe {
        /// By which way.
        via: LeavingVia,
        /// When.
        at: Timestamp,
    },
    /// Comes back, with an empty mailbox (K9).
    Resubscribe {
        /// When.
        at: Timestamp,
    },
    /// Closes the account, for good (K9).
    Close {
        /// Why.
        why: Closing,
        /// In words, if an administrator does it.
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
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
    /// The account is closed.
    Closed,
    /// A second factor is enrolled already.
    AlreadyEnrolled,
    /// No enrolment waits for a code, or no longer.
    NotEnrolling,
    /// The code is wrong.
    WrongCode,
    /// The policy demands the second factor of one of the person's roles.
    FactorDemanded,
    /// Guests have no aliases, or the policy lets nobody manage them (B40, B41).
    AliasesNotAllowed,
    /// There is no such alias.
    AliasUnknown,
    /// The alias is not confirmed (B45).
    AliasPending,
    /// The former primary address stays until the promotion cannot be undone any more (R14).
    UndoOpen,
    /// There is no such client program, or it is blocked.
    ClientUnknown,
    /// Only a blocked client program can be deleted (B51).
    ClientActive,
    /// There are as many client programs as an account can have.
    TooManyClients,
    /// Only guests have an audience (C15), and only guests become members (B41).
    NotAGuest,
}

impl Decider for Account {
    const CATEGORY: &'static str = "account";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Vacant, Command::Invite(invite)) => Ok(vec![invite.accepted()]),
            (State::Vacant, _) => Err(Refusal::NotInvited),
            (State::Held(holder), command) => holder.decide(command),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match state {
            State::Vacant => {
                Holder::begin(event).map_or(State::Vacant, |holder| State::Held(Box::new(holder)))
            }
            State::Held(mut holder) => {
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
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Invite(invite) => Ok(self.invited_again(invite)),
            Command::LapseInvitation { at } => Ok(self.lapsed(at)),
            Command::ResendInvitation { invitation, at } => self.resend_invitation(invitation, at),
            Command::Register(form) => self.register(*form),
            Command::ResendActivation { activation, at } => self.resend_activation(activation, at),
            Command::Activate { link, at } => self.activate(link, at),
            Command::LogIn(attempt) => Ok(login::log_in(self, &attempt)),
            Command::ReleaseLockout { by, at } => Ok(login::release(&self.stage, by, at)),
            Command::EndSession { session, why, at } => Ok(self.end_session(session, why, at)),
            Command::Sight(sighting) => Ok(self.sight(&sighting)),
            Command::UpdateProfile { .. } if self.stage == Stage::Closed => Err(Refusal::Closed),
            Command::UpdateProfile { profile, .. } if self.profile.value() == Some(&*profile) => Ok(vec![]),
            Command::UpdateProfile { profile, at } => {
                Ok(vec![Event::ProfileUpdated { profile: Personal::known(*profile), at }])
            }
            Command::PromoteToMember { .. } | Command::SetAudience { .. } if self.stage == Stage::Closed => {
                Err(Refusal::Closed)
            }
            Command::PromoteToMember { .. } if self.kind == Kind::Member => Ok(vec![]),
            Command::PromoteToMember { at } => Ok(vec![Event::PromotedToMember { at }]),
            Command::SetAudience { audience, .. } if self.audience == audience => Ok(vec![]),
            Command::SetAudience { .. } if self.kind == Kind::Member => Err(Refusal::NotAGuest),
            Command::SetAudience { audience, at } => Ok(vec![Event::AudienceChanged { audience, at }]),
            Command::Recover(command) => self.recover(command),
            Command::Factor(command) => self.factor(command),
            Command::Alias(command) => self.alias(command),
            Command::Client(command) => self.client(command),
            Command::Unsubscribe { via, at } => Ok(self.unsubscribe(via, at)),
            Command::Resubscribe { at } => self.resubscribe(at),
            Command::Close { why, reason, at } => Ok(self.close(why, reason, at)),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            // A second invitation into a held account cannot be decided; stored, it changes nothing.
            Event::Invited { .. } | Event::RegistrationRefused { .. } => {}
            Event::InvitationLapsed { .. } => self.lapsed = true,
            Event::InvitationResent { invitation, at } => {
                self.invitation = invitation.clone();
                self.lapsed = false;
                self.issued_at = *at;
            }
            Event::Registered { profile, user_name, credentials, .. } => {
                self.profile = profile.clone();
                self.user_name.clone_from(user_name);
                self.credentials = Some(credentials.clone());
            }
            Event::ActivationIssued { activation, at } => {
                self.stage = Stage::Registered { activation: activation.clone() };
                self.issued_at = *at;
            }
            Event::Activated { .. } => self.stage = Stage::Active,
            Event::LoggedIn { from, factor, .. } => {
                self.stage = Stage::Active;
                self.vigilance.succeed(from);
                if let (Some(own), Some(used)) = (&mut self.second_factor, factor) {
                    own.note(*used);
                }
            }
            Event::LoginFailed { why, at, .. } => match why {
                LoginFailure::WrongPassword | LoginFailure::WrongCode => self.vigilance.fail(*at),
                LoginFailure::LockedOut
                | LoginFailure::NotActivated
                | LoginFailure::UnknownAddress
                | LoginFailure::UnfamiliarNetwork
                | LoginFailure::Closed => {}
            },
            Event::LockedOut { until, untold, at, .. } => {
                self.stage = Stage::LockedOut { until: *until };
                self.vigilance.lock(*at, !untold);
            }
            Event::LockoutReleased { .. } => {
                self.stage = Stage::Active;
                self.vigilance.failures.clear();
            }
            Event::SessionStarted { session, client, from, .. } => {
                let seen = from.value().map(IpAddr::to_canonical).into_iter().collect();
                self.sessions.push(LiveSession { id: *session, client: *client, seen });
            }
            Event::SessionEnded { session, .. } => self.session_over(*session),
            Event::NetworkChanged { session, from, .. } => {
                if let Some(live) = self.sessions.iter_mut().find(|live| live.id == *session) {
                    live.seen.extend(from.value().copied());
                }
            }
            Event::ProfileUpdated { profile, .. } => self.profile = profile.clone(),
            Event::PromotedToMember { .. } => {
                self.kind = Kind::Member;
                self.audience = None;
            }
            Event::AudienceChanged { audience, .. } => self.audience.clone_from(audience),
            Event::Unsubscribed { mailbox_generation, .. } => {
                self.subscribed = false;
                self.left_generation = *mailbox_generation;
                // Their mailboxes ended with this one.
                self.joined.clear();
            }
            Event::Resubscribed { mailbox_generation, .. } => {
                self.subscribed = true;
                self.mailbox_generation = *mailbox_generation;
            }
            Event::Closed { why, .. } => {
                self.stage = Stage::Closed;
                self.closing = Some(*why);
                self.subscribed = false;
            }
            Event::Recovery(event) => self.recovered(event),
            Event::SecondFactor(event) => self.factored(event),
            Event::Alias(event) => self.aliased(event),
            Event::Client(event) => self.served(event),
        }
    }
}

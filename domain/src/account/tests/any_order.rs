//! What holds whatever was asked before, in whichever order, and whichever way the clock went.

use super::{stored::one_of_each, *};
use crate::{decider::replay, id::AliasId, policy::NetworkPinning};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One step of a story: what is asked, when, of which of several, and which way.
#[derive(Debug, Clone, Copy)]
struct Step {
    kind: usize,
    minute: i64,
    pick: usize,
    flag: bool,
}

const KINDS: usize = 35;

fn story() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..KINDS, -100..2000_i64, 0..4_usize, any::<bool>())
        .prop_map(|(kind, minute, pick, flag)| Step { kind, minute, pick, flag });
    proptest::collection::vec(step, 0..150)
}
fn past() -> impl Strategy<Value = Vec<Event>> {
    prop_oneof![Just(vec![]), Just(vec![invited()]), Just(active()), Just(member())]
}

/// One of those that there are, or one that is not there.
fn one<Of>(of: &[Id<Of>], pick: usize) -> Id<Of> {
    of.get(pick % (of.len() + 1)).copied().unwrap_or(id(9999))
}

impl Step {
    /// What is asked; whatever is new has the number `new`.
    fn command(self, state: &State, new: u128) -> Command {
        let at = minutes(self.minute);
        match self.kind {
            0..9 => self.joining(state, new, at),
            9..16 => self.session(state, new, at),
            16..22 => Command::Recover(self.recovery(state, new, at)),
            22..25 => Command::Factor(self.factor(new, at)),
            25..31 => Command::Alias(self.alias(state, new, at)),
            _ => Command::Client(self.client(state, new, at)),
        }
    }

    fn joining(self, state: &State, new: u128, at: Timestamp) -> Command {
        let holder = state.holder();
        match self.kind {
            0 => Command::Invite(Invite {
                invitation: link_until(new, at.plus(Period::hours(1))),
                ..invite(at)
            }),
            1 => Command::LapseInvitation { at },
            2 => Command::ResendInvitation { invitation: link_until(new, at.plus(Period::hours(1))), at },
            3 => Command::Register(Box::new(Register {
                invitation: holder.map_or(id(3), |holder| holder.invitation.id),
                address: address(if self.pick == 0 { "eve@guest.example" } else { ADDRESS }),
                profile: Profile::default(),
                user_name: None,
                credentials: credentials(),
                activation: self.flag.then(|| link_until(new, at.plus(Period::hours(1)))),
                at,
            })),
            4 => Command::ResendActivation { activation: link_until(new, at.plus(Period::hours(1))), at },
            5 => {
                let link = holder.and_then(|holder| match &holder.stage {
                    Stage::Registered { activation } => Some(activation.id),
                    Stage::Invited | Stage::Active | Stage::LockedOut { .. } | Stage::Closed => None,
                });
                Command::Activate { link: link.unwrap_or(id(4)), at }
            }
            6 => {
                let profile = Profile { company: self.flag.then(|| "Practice".into()), ..Profile::default() };
                Command::UpdateProfile { profile: Box::new(profile), at }
            }
            7 if self.pick == 0 => Command::PromoteToMember { at },
            7 => Command::SetAudience { audience: self.flag.then(|| "broker".into()), at },
            _ if self.flag => Command::Resubscribe { at },
            _ => Command::Unsubscribe { via: LeavingVia::Link, at },
        }
    }

    fn session(self, state: &State, new: u128, at: Timestamp) -> Command {
        let live: Vec<_> =
            state.holder().map_or(vec![], |own| own.sessions.iter().map(|live| live.id).collect());
        let session = one(&live, self.pick);
        let from = if self.flag { AWAY } else { HOME };
        match self.kind {
            9..12 => Command::LogIn(Box::new(LogIn {
                password: if self.pick < 2 { Verdict::Wrong } else { Verdict::Right },
                factor: if self.flag {
                    FactorVerdict::NotGiven
                } else {
                    FactorVerdict::Right(FactorUse::Totp { step: 1 })
                },
                from,
                lockout: rule(),
                session: new_session(new),
                at,
            })),
            12 => {
                let by = if self.flag { ReleasedBy::Time } else { ReleasedBy::Administrator };
                Command::ReleaseLockout { by, at }
            }
            13 => Command::EndSession { session, why: SessionEnd::LoggedOut, at },
            14 => {
                let pinning = [
                    NetworkPinning::Off,
                    NetworkPinning::Log,
                    NetworkPinning::Subnet,
                    NetworkPinning::Strict,
                ];
                Command::Sight(Sighting {
                    session,
                    from,
                    pinning: pinning[self.pick],
                    exempt: BTreeSet::new(),
                    at,
                })
            }
            // Rarely, or most stories would end early.
            _ if self.pick > 0 || self.flag => Command::LapseInvitation { at },
            _ => Command::Close { why: Closing::Wish, reason: None, at },
        }
    }

    fn recovery(self, state: &State, new: u128, at: Timestamp) -> recovery::Command {
        use recovery::{Command, NewSecrets, ResetBy};
        let own = state.holder().map(|holder| &holder.recovery);
        let permit = own.and_then(|own| own.permit.as_ref()).map_or(id(5), |permit| permit.link.id);
        let link = own.and_then(|own| own.staged.as_ref()).map_or(id(11), |staged| staged.activation.id);
        match self.kind {
            16 => Command::SendReminder { at },
            17 => {
                let by =
                    [ResetBy::Person, ResetBy::Administrator, ResetBy::Challenge, ResetBy::Person][self.pick];
                Command::IssueReset { by, link: link_until(new, at.plus(Period::hours(4))), at }
            }
            18 => Command::AnswerChallenge {
                answers: if self.flag { Verdict::Right } else { Verdict::Wrong },
                from: HOME,
                lockout: rule(),
                permit: link_until(new, at.plus(Period::hours(1))),
                at,
            },
            19 => {
                let secrets = NewSecrets { password: Sealed(new.to_be_bytes().into()), reminder: None };
                Command::SetPassword {
                    permit,
                    secrets,
                    activation: link_until(new, at.plus(Period::hours(24))),
                    at,
                }
            }
            20 => Command::ActivatePassword { link, at },
            _ => Command::LapsePassword { at },
        }
    }

    fn factor(self, new: u128, at: Timestamp) -> second_factor::Command {
        use second_factor::Command;
        match self.kind {
            22 => Command::Request { secret: Sealed(new.to_be_bytes().into()), at },
            23 => {
                Command::Confirm { step: (self.pick > 0).then_some(0), recovery_codes: Sealed(vec![5]), at }
            }
            _ => Command::Remove { demanded: self.flag, at },
        }
    }

    fn alias(self, state: &State, new: u128, at: Timestamp) -> alias::Command {
        use alias::{CONFIRMATION_LIFE, Command, Standing, UNDO_WINDOW};
        let own = state.holder().map_or(vec![], |holder| holder.aliases.clone());
        let ids: Vec<AliasId> = own.iter().map(|own| own.id).collect();
        let alias = one(&ids, self.pick);
        let links = own.iter().filter_map(|own| match &own.standing {
            Standing::Pending { link } | Standing::FormerPrimary { undo: link, .. } => Some(link.id),
            Standing::Confirmed => None,
        });
        let link = one(&links.collect::<Vec<_>>(), self.pick);
        let wanted = address(&format!("ada{}@new.example", self.pick));
        match self.kind {
            25 => Command::Request {
                alias: id(new),
                address: wanted,
                added_by: None,
                allowed: true,
                link: link_until(new, at.plus(CONFIRMATION_LIFE)),
                at,
            },
            26 => Command::Add { alias: id(new), address: wanted, added_by: id(2), at },
            27 => Command::Confirm { link, joining: None, at },
            28 => {
                Command::Promote { alias, former: id(new), undo: link_until(new, at.plus(UNDO_WINDOW)), at }
            }
            29 => Command::UndoPromotion { link, at },
            _ => Command::Remove { alias, at },
        }
    }

    fn client(self, state: &State, new: u128, at: Timestamp) -> client::Command {
        use client::{Command, Program};
        let own: Vec<_> =
            state.holder().map_or(vec![], |holder| holder.clients.iter().map(|own| own.id).collect());
        let client = one(&own, self.pick);
        match self.kind {
            31 => {
                let program =
                    Program { name: "Plugin".into(), version: "2".into(), platform: "Linux".into() };
                Command::Activate { client: id(new), program, at }
            }
            32 => Command::Begin { client, session: new_session(new), from: HOME, at },
            33 => Command::Block { client, at },
            _ => Command::Delete { client, at },
        }
    }
}

/// Whether trying again is another attempt, which counts.
fn is_attempt(command: &Command, events: &[Event]) -> bool {
    let answers = matches!(command, Command::Recover(recovery::Command::AnswerChallenge { .. }));
    let refused = matches!(events, [Event::RegistrationRefused { .. }]);
    matches!(command, Command::LogIn(_)) || answers || refused
}

/// Tells a story to an account; `each` sees every step: state before, command, events, state after.
fn tell(
    past: &[Event],
    story: &[Step],
    mut each: impl FnMut(&Command, &[Event], &State) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut state = replay::<Account>(past);
    for (step, new) in story.iter().zip(100..) {
        let command = step.command(&state, new);
        let Ok(events) = Account::decide(&state, command.clone()) else { continue };
        state = events.iter().fold(state, Account::evolve);
        each(&command, &events, &state)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// R1, R7: what was asked is done once: asked again right away it stays quiet or is refused.
    #[test]
    fn asking_again_does_nothing_again(past in past(), story in story()) {
        tell(&past, &story, |command, events, state| {
            if !is_attempt(command, events) {
                let again = Account::decide(state, command.clone()).unwrap_or_default();
                prop_assert_eq!(again, [], "{:?}", command);
            }
            Ok(())
        })?;
    }

    /// B27: a session that ended is never live again, and a closed account has none.
    #[test]
    fn what_ended_is_not_live(past in past(), story in story()) {
        let mut ended = BTreeSet::new();
        tell(&past, &story, |_, events, state| {
            ended.extend(events.iter().filter_map(|event| {
                let Event::SessionEnded { session, .. } = event else { return None };
                Some(session.to_string())
            }));
            let holder = state.holder().expect("a command was taken");
            prop_assert!(holder.sessions.iter().all(|live| !ended.contains(&live.id.to_string())));
            prop_assert!(holder.stage != Stage::Closed || holder.sessions.is_empty());
            Ok(())
        })?;
    }

    /// A18: whatever is asked, a lockout ends by its time, an administrator, a reset or closing, and nothing else.
    #[test]
    fn a_lockout_holds(past in past(), story in story()) {
        let mut until = None;
        tell(&past, &story, |_, events, state| {
            if let Some(until) = until {
                let early = |event: &Event| {
                    let (Event::LoggedIn { at, .. } | Event::LockoutReleased { by: ReleasedBy::Time, at }) = event
                    else {
                        return false;
                    };
                    *at < until
                };
                prop_assert!(!events.iter().any(early));
            }
            until = state.holder().and_then(|holder| match holder.stage {
                Stage::LockedOut { until } => Some(until),
                Stage::Invited | Stage::Registered { .. } | Stage::Active | Stage::Closed => None,
            });
            Ok(())
        })?;
    }

    /// K1: an event that is stored has happened: none brings the account down, in whichever order.
    #[test]
    fn every_stored_event_is_taken(order in proptest::collection::vec(any::<prop::sample::Index>(), 0..60)) {
        let all = one_of_each();
        let events: Vec<_> = order.iter().map(|index| index.get(&all).1.clone()).collect();
        let held = replay::<Account>(&events).holder().is_some();
        prop_assert_eq!(held, events.iter().any(|event| matches!(event, Event::Invited { .. })));
    }
}

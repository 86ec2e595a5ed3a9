//! How every aggregate is written: `decide` turns a command into events, `evolve` folds events into state.

/// An aggregate's rules. Implemented by an empty enum that only names the aggregate.
pub trait Decider {
    /// First part of every stream name of this aggregate; frozen, because stored streams carry it.
    const CATEGORY: &'static str;
    /// What the rules need to know of the past; the default is a stream without events.
    type State: Default;
    /// What can be asked of it, with every fact that the rules need.
    type Command;
    /// What happened; past tense.
    type Event;
    /// Why a command is turned down *without leaving a trace*. A failure worth auditing is an event instead.
    type Refusal;

    /// The events that follow from `command`; none when it changes nothing (repeating a command is quiet).
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Total and deterministic: an event that is stored has happened, whatever today's rules say.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;
}

/// The state after `events`.
pub fn replay<'e, D: Decider>(events: impl IntoIterator<Item = &'e D::Event>) -> D::State
where
    D::Event: 'e,
{
    events.into_iter().fold(D::State::default(), D::evolve)
}

/// Given, when, then: how a rule is shown in a test.
pub mod kit {
    use super::{Decider, replay};
    use std::fmt::Debug;

    /// The past of an aggregate.
    pub struct Given<D: Decider>(D::State);
    /// What was decided upon it.
    pub struct Decided<D: Decider>(Result<Vec<D::Event>, D::Refusal>);

    /// Begins with what happened before.
    pub fn given<D: Decider>(events: impl AsRef<[D::Event]>) -> Given<D> {
        Given(replay::<D>(events.as_ref()))
    }

    impl<D: Decider> Given<D> {
        /// Gives it a command.
        #[must_use]
        pub fn when(self, command: D::Command) -> Decided<D> {
            Decided(D::decide(&self.0, command))
        }
    }

    impl<D: Decider> Decided<D>
    where
        D::Event: Debug + PartialEq,
        D::Refusal: Debug + PartialEq,
    {
        /// It happens: exactly these events.
        #[track_caller]
        pub fn then(self, expected: impl AsRef<[D::Event]>) {
            assert_eq!(self.0.as_deref(), Ok(expected.as_ref()));
        }
        /// It is refused, without a trace.
        #[track_caller]
        pub fn then_refused(self, why: D::Refusal) {
            assert_eq!(self.0, Err(why));
        }
        /// It stays quiet: there is nothing to change.
        #[track_caller]
        pub fn then_nothing(self) {
            self.then([]);
        }
    }
}

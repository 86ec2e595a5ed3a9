//! Load, decide, append; and again when somebody was faster.

use super::{Appended, Change, Commit, ContentKeys, Decided, Log, LogError, StreamName};
use crate::codec;
use domain::{
    Metadata, OrganisationId, Timestamp,
    event::{ContentKey, Stored},
    period::Period,
};
use std::{
    any::Any,
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// An aggregate as it stands now.
pub struct Loaded<A: Stored> {
    /// Its id.
    pub id: Uuid,
    /// Version of its last event; 0 for none.
    pub version: i64,
    /// What its rules know.
    pub state: A::State,
}

impl<A: Stored> Loaded<A> {
    /// Decides a command into a change that can be appended with others.
    pub fn decide(&self, command: A::Command) -> Result<Change, A::Refusal> {
        Ok(self.change(A::decide(&self.state, command)?))
    }

    /// Decides, and looks at the events besides: the answer often follows from them.
    pub fn decide_seeing(&self, command: A::Command) -> Result<(Change, Vec<A::Event>), A::Refusal> {
        let events = A::decide(&self.state, command)?;
        Ok((self.change(events.clone()), events))
    }

    fn change(&self, events: Vec<A::Event>) -> Change {
        let id = self.id;
        let events = events.into_iter().map(|event| Decided {
            event: A::event(id, event.clone()),
            parts: Box::new(move |meta| codec::split::<A>(id, meta, &event)),
        });
        Change {
            stream: StreamName { category: A::CATEGORY, id },
            class: A::CLASS,
            expected_version: self.version,
            events: events.collect(),
        }
    }
}

/// What became of a command: the refusal is an expected answer, not an error.
pub type Executed<A> = Result<Appended, <A as domain::Decider>::Refusal>;

/// How often a decision is made again when somebody else was faster.
pub const ATTEMPTS: usize = 8;

impl Log {
    /// Loads an aggregate, from the last remembered state on.
    pub async fn load<A: Stored>(
        &self,
        organisation: OrganisationId,
        id: Uuid,
    ) -> Result<Loaded<A>, LogError> {
        self.load_with(organisation, id, &ContentKeys::none()).await
    }

    /// Loads an aggregate whose rules need content. Such a state is never remembered.
    pub async fn load_with<A: Stored>(
        &self,
        organisation: OrganisationId,
        id: Uuid,
        keys: &ContentKeys,
    ) -> Result<Loaded<A>, LogError> {
        let stream = StreamName { category: A::CATEGORY, id };
        let now = self.clock.now();
        let (mut version, mut state) =
            self.states.get::<A>(organisation, stream, now).unwrap_or_else(|| (0, A::State::default()));
        let mut has_content = false;
        for recorded in self.read_stream(organisation, stream, version, keys).await? {
            version = recorded.version;
            let key = recorded.event.content_key();
            has_content |= matches!(key, Some(ContentKey::Draft(_) | ContentKey::Held(_)));
            if let Some(event) = A::own(recorded.event) {
                state = A::evolve(state, &event);
            }
        }
        if !has_content {
            self.states.put::<A>(organisation, stream, version, state.clone(), now);
        }
        Ok(Loaded { id, version, state })
    }

    /// Loads, decides and appends one command; on a conflict again, at most [`ATTEMPTS`] times.
    pub async fn execute<A: Stored>(
        &self,
        organisation: OrganisationId,
        id: Uuid,
        meta: &Metadata,
        command: impl Fn() -> A::Command,
    ) -> Result<Executed<A>, LogError> {
        // Who shares a stream on this node takes turns: a message that many open at once would else refuse the slower ones.
        let _turn = self.turns.take(organisation, StreamName { category: A::CATEGORY, id }).await;
        let mut attempts = 1;
        loop {
            let change = match self.load::<A>(organisation, id).await?.decide(command()) {
                Ok(change) => change,
                Err(refusal) => return Ok(Err(refusal)),
            };
            match self.append(Commit::new(organisation, meta, vec![change])).await {
                Err(error) if error.is_conflict() && attempts < ATTEMPTS => attempts += 1,
                appended => return Ok(Ok(appended?)),
            }
        }
    }
}

/// Turns at streams, a fixed number of them: two streams that share one wait for each other now and then.
pub(super) struct Turns(Vec<tokio::sync::Mutex<()>>);

/// Enough that streams seldom meet.
const TURNS: usize = 256;

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| tokio::sync::Mutex::default()).collect())
    }
}

impl Turns {
    async fn take(
        &self,
        organisation: OrganisationId,
        stream: StreamName,
    ) -> tokio::sync::MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((organisation, stream));
        let turn = usize::try_from(hash % TURNS as u64).unwrap_or_default();
        self.0[turn].lock().await
    }
}

/// Folded states of hot streams. A state is taken on from its version; what it is never is the truth.
#[derive(Default)]
pub(super) struct StateCache(Mutex<HashMap<(OrganisationId, StreamName), Remembered>>);

struct Remembered {
    version: i64,
    state: Arc<dyn Any + Send + Sync>,
    until: Timestamp,
}

/// States remembered at once; beyond it the memory starts afresh.
const REMEMBERED_STATES: usize = 20_000;
/// How long a state is remembered: as long as an unsealed key, since it can hold what the key opened.
const REMEMBERED: Period = Period::minutes(1);

impl StateCache {
    fn get<A: Stored>(
        &self,
        organisation: OrganisationId,
        stream: StreamName,
        now: Timestamp,
    ) -> Option<(i64, A::State)> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = states.get(&(organisation, stream)).filter(|found| now < found.until)?;
        Some((found.version, found.state.downcast_ref::<A::State>()?.clone()))
    }

    fn put<A: Stored>(
        &self,
        organisation: OrganisationId,
        stream: StreamName,
        version: i64,
        state: A::State,
        now: Timestamp,
    ) {
        let until = now.plus(REMEMBERED);
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= REMEMBERED_STATES {
            states.clear();
        }
        states.insert((organisation, stream), Remembered { version, state: Arc::new(state), until });
    }
}

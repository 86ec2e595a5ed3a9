//! The one clock. Everything that needs the time asks it, so that a test or a demo can move it.

use domain::{Timestamp, id::Id};
use seal::random_bytes;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use time::OffsetDateTime;
use uuid::Builder;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock, UTC (K8).
    System,
    /// Microseconds since 1970 that somebody sets; it moves by nothing else.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at an instant.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.micros())))
    }

    /// What time it is.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => OffsetDateTime::now_utc().into(),
            Self::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock to an instant; the machine's clock stays as it is and false comes back.
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called to move the clock, which most callers know to be manual"
    )]
    pub fn set(&self, at: Timestamp) -> bool {
        match self {
            Self::System => false,
            Self::Manual(micros) => {
                micros.store(at.micros(), Ordering::SeqCst);
                true
            }
        }
    }

    /// A new id: a UUID version 7 (RFC 9562), so that ids sort by the time they were made.
    #[must_use]
    pub fn new_id<Of>(&self) -> Id<Of> {
        let millis = u64::try_from(self.now().micros() / 1000).unwrap_or_default();
        Id::new(Builder::from_unix_timestamp_millis(millis, &random_bytes()).into_uuid())
    }
}

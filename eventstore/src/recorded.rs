//! An event as it is read: what happened, who caused it, and where it stands.

use domain::{Event, Metadata, OrganisationId, Timestamp};
use uuid::Uuid;

/// A place in the log: 1, 2, 3 … without gaps. 0 is before the first event.
pub type Position = i64;

/// An event of the log, opened as far as the reader's keys go.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Where it stands in the whole log.
    pub position: Position,
    /// Where it stands in its stream, from 1.
    pub version: i64,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its own id.
    pub event_id: Uuid,
    /// When it was recorded, from the row's header.
    pub recorded_at: Timestamp,
    /// Who caused it.
    pub meta: Metadata,
    /// What happened. Classified parts whose key is gone, or is not the reader's, are erased.
    pub event: Event,
}

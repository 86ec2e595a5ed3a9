//! Why a read model cannot be read or written.

use eventstore::{CodecError, LogError, Position, db::DbError, keys::KeyError};
use thiserror::Error;

/// Why a read model cannot be read or written. Names no person.
#[derive(Debug, Error)]
pub enum ProjectionError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A sealed column does not open, or does not hold what it should.
    #[error("the read model's column `{column}` does not open; rebuild the read model")]
    Unreadable {
        /// Which column.
        column: &'static str,
    },
    /// A read model stands still at an event that it cannot apply.
    #[error("read model {name} stands still after position {position}: {reason}")]
    Parked {
        /// Which.
        name: &'static str,
        /// The last position that it applied.
        position: Position,
        /// What happened at the next.
        reason: String,
    },
    /// There is no such read model.
    #[error("there is no read model `{name}`; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// A read model did not get as far as it was waited for in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the read model has not caught up with position {position} yet; try again in a moment")]
pub struct NotCaughtUp {
    /// The position that was waited for.
    pub position: Position,
}

impl ProjectionError {
    /// Whether trying the same event again gives the same error: then the read model is parked. Otherwise it is the
    /// surroundings that fail, and it is tried again.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Db(error) | Self::Log(LogError::Db(error)) => database_refuses(error),
            Self::Log(LogError::Key(error)) | Self::Key(error) => key_is_wrong(error),
            Self::Log(
                LogError::Codec(CodecError::Unopenable { .. } | CodecError::UnknownType { .. })
                | LogError::Open { .. },
            )
            | Self::Unreadable { .. } => true,
            Self::Log(LogError::Conflict | LogError::KeyReused | LogError::Busy | LogError::Closed)
            | Self::Parked { .. }
            | Self::Unknown { .. } => false,
        }
    }
}

fn database_refuses(error: &DbError) -> bool {
    match error {
        DbError::Unique | DbError::NoRow | DbError::Column { .. } | DbError::Other(_) => true,
        DbError::Busy(_)
        | DbError::Newer { .. }
        | DbError::Changed { .. }
        | DbError::Migration { .. }
        | DbError::Unreachable(_)
        | DbError::Url(_) => false,
    }
}

fn key_is_wrong(error: &KeyError) -> bool {
    match error {
        KeyError::Unopenable(_) => true,
        KeyError::Db(error) => database_refuses(error),
        KeyError::RootMissing(_)
        | KeyError::RootUnset(_)
        | KeyError::RootMalformed(_)
        | KeyError::RootExposed(_)
        | KeyError::RootVersionMissing { .. }
        | KeyError::RootCommand { .. }
        | KeyError::CredentialMissing(_)
        | KeyError::WrongRoot(_)
        | KeyError::EpochsMissing(_)
        | KeyError::EpochsOfOthers(_)
        | KeyError::EpochMissing { .. }
        | KeyError::Tombstone { .. }
        | KeyError::Indestructible(_)
        | KeyError::Manifest { .. }
        | KeyError::RootNotOurs(_)
        | KeyError::TurnLost
        | KeyError::File { .. }
        | KeyError::Destroyed => false,
    }
}

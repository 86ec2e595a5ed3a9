//! Places in the log as clients see them: opaque, so that they do not tell how busy the organisation is.

use crate::{App, Error};
use domain::OrganisationId;
use eventstore::Position;
use seal::opaque;

/// What a hidden place is for; one cannot stand in for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Position of something that was done (R17).
    Position,
    /// Where a page of a list ends.
    Cursor,
    /// What a work was asked to do, where it is kept.
    Work,
}

impl Place {
    fn purpose(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Cursor => "cursor",
            Self::Work => "work",
        }
    }
}

impl App {
    /// Hides a place from the client that gets it.
    pub async fn hide(
        &self,
        organisation: OrganisationId,
        place: Place,
        bytes: &[u8],
    ) -> Result<String, Error> {
        Ok(opaque::hide(&self.index_key(organisation).await?, place.purpose(), bytes))
    }

    /// Reads a place that a client brings; `None` for anything that was not given out by this organisation.
    pub async fn reveal(
        &self,
        organisation: OrganisationId,
        place: Place,
        hidden: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        Ok(opaque::reveal(&self.index_key(organisation).await?, place.purpose(), hidden))
    }

    /// A position as a payload shows it.
    pub async fn position_token(
        &self,
        organisation: OrganisationId,
        position: Position,
    ) -> Result<String, Error> {
        self.hide(organisation, Place::Position, &position.to_be_bytes()).await
    }

    /// The position in a `Sealpost-At-Least` header.
    pub async fn parse_position(
        &self,
        organisation: OrganisationId,
        token: &str,
    ) -> Result<Option<Position>, Error> {
        let bytes = self.reveal(organisation, Place::Position, token).await?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(Position::from_be_bytes))
    }
}

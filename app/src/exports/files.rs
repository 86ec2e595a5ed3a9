//! The files of an export in the store of attachments: written part by part under the export's own key, read by ranges.
//!
//! Each part lies in a place of its own that is never used again. So a step that a crash undid, or that two nodes did at once,
//! leaves a part that nobody asks for, and never touches one that somebody does; all of them go with the export.

use super::progress::Making;
use crate::{App, Error, Interrupted, Leaving};
use bytes::Bytes;
use domain::{
    OrganisationId,
    bytes::BlobKey,
    id::{ExportId, Id},
    message::Attachment,
};
use eventstore::blobs::Blobs;
use futures_util::{Stream, StreamExt, stream};
use seal::{Key, blind};
use std::ops::Range;
use uuid::Uuid;

/// Where the files of one export go.
pub(super) struct Shelf<'a> {
    app: &'a App,
    place: String,
    key: &'a Key,
}

impl App {
    pub(super) async fn shelf<'a>(
        &'a self,
        organisation: OrganisationId,
        export: ExportId,
        key: &'a Key,
    ) -> Result<Shelf<'a>, Error> {
        Ok(Shelf { app: self, place: self.place_of_export(organisation, export).await?, key })
    }

    /// Below which all files of an export lie.
    pub(crate) async fn place_of_export(
        &self,
        organisation: OrganisationId,
        export: ExportId,
    ) -> Result<String, Error> {
        let index = self.index_key(organisation).await?;
        let tag = blind::tag(&index, "organisation", &organisation.0.to_be_bytes());
        Ok(Blobs::export_place(tag, export))
    }

    /// A file's bytes in this range.
    pub(super) fn leaving_file(&self, key: &Key, file: &Making, range: &Range<u64>) -> Leaving {
        let mut start = 0;
        let mut pieces = vec![];
        for (place, bytes) in &file.parts {
            let end = start + bytes;
            let (from, until) = (range.start.max(start), range.end.min(end));
            if from < until {
                let wanted = from - start..until - start;
                pieces.push(self.blobs.open(&part(place, *bytes, key), wanted));
            }
            start = end;
        }
        stream::iter(pieces).flatten().map(|piece| piece.map_err(Interrupted::from)).boxed()
    }
}

impl Shelf<'_> {
    /// Writes what follows in a file. It counts once the step is recorded.
    pub(super) async fn append(
        &self,
        file: &mut Making,
        bytes: impl Stream<Item = Result<Bytes, Error>>,
    ) -> Result<(), Error> {
        let place = format!("{}/{}", self.place, self.app.log.clock().new_id::<Part>());
        let (mut hash, mut broken) = (file.hash.clone(), None);
        let pieces = bytes.map(|piece| match piece {
            Ok(piece) => {
                hash.update(&piece);
                Ok(piece)
            }
            Err(problem) => {
                broken = Some(problem);
                Err(())
            }
        });
        let written = self.app.blobs.put_part(&place, 0, self.key, pieces, u64::MAX).await?;
        if let Some(problem) = broken {
            return Err(problem);
        }
        if written > 0 {
            file.parts.push((place, written));
        }
        file.hash = hash;
        Ok(())
    }

    /// Writes a text.
    pub(super) async fn append_text(&self, file: &mut Making, text: String) -> Result<(), Error> {
        self.append(file, stream::iter([Ok(Bytes::from(text))])).await
    }
}

/// What a part's id is of.
struct Part;

/// A part as the store knows it.
fn part(place: &str, bytes: u64, key: &Key) -> Attachment {
    Attachment {
        id: Id::new(Uuid::nil()),
        name: String::new(),
        media_type: String::new(),
        size_bytes: bytes,
        blob: place.to_owned(),
        parts: vec![bytes],
        key: BlobKey(*key.expose()),
    }
}

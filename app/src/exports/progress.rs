//! How far an export is: what stands between two steps, sealed under the export's own key. It holds the end of what was
//! written last, so that the hash goes on.

use crate::{App, Error, WorkKind, works::Stored};
use base64ct::{Base64UrlUnpadded, Encoding};
use domain::{
    OrganisationId,
    bytes::Sha256,
    export::File,
    id::{ExportId, Id},
};
use seal::{Key, running::RunningHash};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// How far an export is.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Its files, as far as they are written.
    pub(super) files: Vec<Making>,
    /// Position of the last event that is written.
    pub(super) last: i64,
    /// Whether all is written but the manifest.
    pub(super) is_written: bool,
}

/// A file on its way.
#[derive(Serialize, Deserialize)]
pub(super) struct Making {
    pub(super) name: String,
    /// Where each part lies, and its bytes.
    pub(super) parts: Vec<(String, u64)>,
    #[serde(with = "resumed")]
    pub(super) hash: RunningHash,
}

const LABEL: &str = "export progress";

impl Making {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), parts: vec![], hash: RunningHash::default() }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }
}

impl Progress {
    /// The file of this name, begun where it is not there yet.
    pub(super) fn file(&mut self, name: &str) -> &mut Making {
        let place = self.files.iter().position(|file| file.name == name).unwrap_or_else(|| {
            self.files.push(Making::new(name));
            self.files.len() - 1
        });
        &mut self.files[place]
    }

    /// The files as the log names them.
    pub(super) fn finished_files(&self) -> Vec<File> {
        let finished =
            |file: &Making| File::new(&*file.name, file.size_bytes(), Sha256(file.hash.clone().finish()));
        self.files.iter().map(finished).collect()
    }

    pub(super) fn seal(&self, key: &Key, export: ExportId) -> Result<Vec<u8>, Error> {
        let plain = Zeroizing::new(serde_json::to_vec(self).map_err(Error::internal)?);
        Ok(seal::seal(key, LABEL, &export.bytes(), &plain))
    }

    pub(super) fn open(key: &Key, export: ExportId, sealed: &[u8]) -> Result<Self, Error> {
        let plain = seal::open(key, LABEL, &export.bytes(), sealed).map_err(Error::internal)?;
        serde_json::from_slice(&plain).map_err(Error::internal)
    }
}

impl App {
    /// The work of an export, begun where it is not there yet: a crash may have come between the event and its row.
    pub(super) async fn begun_export(
        &self,
        organisation: OrganisationId,
        export: ExportId,
    ) -> Result<Stored, Error> {
        let id = Id::new(export.uuid());
        if let Some(stored) = self.stored_work(organisation, WorkKind::Export, id).await? {
            return Ok(stored);
        }
        self.store_work(organisation, WorkKind::Export, id, [0; 32], String::new()).await?;
        let stored = self.stored_work(organisation, WorkKind::Export, id).await?;
        Ok(stored.ok_or_else(|| crate::error::not_found("work"))?)
    }
}

/// A running hash as text.
mod resumed {
    use super::{Base64UrlUnpadded, Deserialize, Deserializer, Encoding, RunningHash, Serializer};
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(hash: &RunningHash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Base64UrlUnpadded::encode_string(&hash.state()))
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RunningHash, D::Error> {
        let text = String::deserialize(from)?;
        let state = Base64UrlUnpadded::decode_vec(&text).ok();
        state.and_then(|state| RunningHash::resume(&state)).ok_or_else(|| D::Error::custom("no hash"))
    }
}

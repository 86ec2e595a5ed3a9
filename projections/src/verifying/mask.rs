//! What stands for a sealed column while read models are folded anew. A column is sealed anew with each writing, so its bytes
//! cannot be compared; and its text must not lie open in a scratch database. So a keyed hash of it lies there, and whose key
//! it is sealed under.

use crate::rows::{LABEL, aad};
use domain::{OrganisationId, event::Subject};
use eventstore::{
    keys::{KeyName, Vault},
    verify::VerifyError,
};
use seal::{Key, blind, random_bytes};
use uuid::Uuid;

/// Makes masks that nobody else can make or try.
pub(super) struct Mask {
    key: Key,
    /// How masks begin, and nothing else does.
    mark: [u8; 16],
}

/// What a mask stands for.
pub(super) struct Masked {
    organisation: OrganisationId,
    subject: Subject,
    /// `None` for what is erased.
    hash: Option<[u8; 32]>,
}

impl Mask {
    pub(super) fn new() -> Self {
        Self { key: Key::random(), mark: random_bytes() }
    }

    /// The mask of a text under a person's key.
    pub(super) fn cover(
        &self,
        organisation: OrganisationId,
        subject: Subject,
        text: Option<&str>,
    ) -> Vec<u8> {
        let mut mask = self.mark.to_vec();
        mask.extend_from_slice(&organisation.0.to_be_bytes());
        mask.extend_from_slice(&aad(subject));
        mask.extend(text.map(|text| self.hash(text.as_bytes())).into_iter().flatten());
        mask
    }

    /// Reads a mask; `None` for any other bytes.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Masked> {
        let rest = bytes.strip_prefix(&self.mark)?;
        let (organisation, rest) = rest.split_first_chunk::<4>()?;
        let (owner, hash) = rest.split_first_chunk::<16>()?;
        Some(Masked {
            organisation: OrganisationId(u32::from_be_bytes(*organisation)),
            // A key's name and the place that it seals for know the owner's bytes, and not what sort of subject it is.
            subject: Subject::Record(Uuid::from_bytes(*owner)),
            hash: hash.try_into().ok(),
        })
    }

    /// Whether a sealed column holds what a mask stands for. What nobody can open any more is as good as erased.
    pub(super) async fn fits(
        &self,
        vault: &Vault,
        masked: &Masked,
        sealed: Option<&[u8]>,
    ) -> Result<bool, VerifyError> {
        let found = match vault.find(&KeyName::subject(masked.organisation, masked.subject)).await {
            Ok(found) => found,
            Err(problem) if problem.is_of_one_row() => None,
            Err(other) => return Err(other.into()),
        };
        Ok(match (found, sealed, masked.hash) {
            (None, _, _) | (Some(_), None, None) => true,
            (Some(_), Some(_), None) | (Some(_), None, Some(_)) => false,
            (Some(found), Some(sealed), Some(hash)) => {
                let opened = seal::open(&found.key, LABEL, &aad(masked.subject), sealed);
                opened.is_ok_and(|text| self.hash(&text) == hash)
            }
        })
    }

    fn hash(&self, text: &[u8]) -> [u8; 32] {
        blind::blind(&self.key, "column", text)
    }
}

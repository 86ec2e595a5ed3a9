//! A SHA-256 that can be taken up again: where a long file is written in steps, and the next step may be another process's.

use sha2::{Digest, Sha256, digest::common::hazmat::SerializableState};
use zeroize::Zeroizing;

/// A SHA-256 under way.
#[derive(Default, Clone)]
pub struct RunningHash(Sha256);

impl RunningHash {
    /// Takes in what follows.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was taken in.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// How far it is. Holds up to 63 bytes of what was taken in last, so it is kept as that is.
    #[must_use]
    pub fn state(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }

    /// Takes it up where it was; `None` for bytes that [`RunningHash::state`] did not give.
    #[must_use]
    pub fn resume(state: &[u8]) -> Option<Self> {
        Sha256::deserialize(&state.try_into().ok()?).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E6: a hash that is taken up again is the one that was never put down, wherever it was cut.
    #[test]
    fn a_hash_goes_on() {
        let text: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        let whole: [u8; 32] = Sha256::digest(&text).into();
        for cut in [0, 1, 63, 64, 65, 128, 999, 1_000] {
            let (first, rest) = text.split_at(cut);
            let mut hash = RunningHash::default();
            hash.update(first);
            let mut hash = RunningHash::resume(&hash.state()).expect("a state");
            hash.update(rest);
            assert_eq!(hash.finish(), whole, "cut at {cut}");
        }
        assert!(RunningHash::resume(&[1, 2, 3]).is_none());
    }
}

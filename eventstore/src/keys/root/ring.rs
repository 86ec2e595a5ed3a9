//! A root key of our own, in all its versions: a text of one line for each.

use super::{FIRST_VERSION, KeyError};
use crate::keys::files::Writing;
use base64ct::{Base64UrlUnpadded, Encoding};
use seal::Key;
use std::{collections::BTreeMap, path::Path};
use zeroize::Zeroizing;

/// The versions, from the oldest that is needed to the newest. A line is the version and the key as 43 characters of
/// base64url; a line without a version is version 1.
pub(super) struct Ring(BTreeMap<u32, Key>);

impl Ring {
    /// `None` for anything but such lines: at least one, no version twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut versions = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (version, key) = match line.split_once(' ') {
                Some((version, key)) => (version.parse().ok().filter(|version| *version > 0)?, key.trim()),
                None => (FIRST_VERSION, line),
            };
            let bytes = Base64UrlUnpadded::decode_vec(key).map(Zeroizing::new).ok()?;
            if versions.insert(version, Key::try_from(bytes.as_slice()).ok()?).is_some() {
                return None;
            }
        }
        (!versions.is_empty()).then_some(Self(versions))
    }

    /// Begins with version 1. Whoever was faster made it, too.
    pub(super) fn create(path: &Path) -> Result<(), KeyError> {
        Writing::of(path, line(&Key::random()).as_bytes())?.make().map(drop)
    }

    /// With a new key as the newest version.
    pub(super) fn with_another(mut self) -> Self {
        let version = self.newest().0 + 1;
        self.0.insert(version, Key::random());
        self
    }

    /// Takes all versions away but some, and gives which those were.
    pub(super) fn keep(&mut self, kept: impl Fn(u32) -> bool) -> Vec<u32> {
        let gone: Vec<u32> = self.0.keys().copied().filter(|version| !kept(*version)).collect();
        self.0.retain(|version, _| !gone.contains(version));
        gone
    }

    /// Writes it in the place of the file that is there, as a whole.
    pub(super) fn replace(&self, path: &Path) -> Result<(), KeyError> {
        let lines = self.0.iter().map(|(version, key)| format!("{version} {}\n", *line(key)));
        Writing::of(path, Zeroizing::new(lines.collect::<String>()).as_bytes())?.replace()
    }

    pub(super) fn newest(&self) -> (u32, Key) {
        let (version, key) = self.0.last_key_value().expect("a ring has a key");
        (*version, key.clone())
    }

    pub(super) fn version(&self, version: u32) -> Option<Key> {
        self.0.get(&version).cloned()
    }
}

fn line(key: &Key) -> Zeroizing<String> {
    Zeroizing::new(Base64UrlUnpadded::encode_string(key.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const OTHER: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

    /// A44: a bare key is version 1; several versions stand in lines, in any order, and the highest is the newest.
    #[test]
    fn a_ring_is_read() {
        for (text, newest) in [
            (KEY.to_owned(), 1),
            (format!("{KEY}\n"), 1),
            (format!("{KEY}\n2 {OTHER}\n"), 2),
            (format!("\n7  {OTHER}\r\n3 {KEY}"), 7),
        ] {
            let ring = Ring::parse(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(ring.newest().0, newest, "{text}");
            assert!(ring.version(newest).is_some() && ring.version(newest + 1).is_none());
        }
    }

    /// A44: what is no ring is none: nothing, half a key, a version twice or below 1, words.
    #[test]
    fn anything_else_is_no_ring() {
        for text in [
            "",
            "\n \n",
            &KEY[1..],
            &format!("{KEY}A"),
            &format!("{KEY}\n1 {OTHER}"),
            &format!("0 {KEY}"),
            &format!("-1 {KEY}"),
            &format!("two {KEY}"),
            &format!("{KEY} 2"),
            &format!("2 {KEY}\n2 {KEY}"),
        ] {
            assert!(Ring::parse(text).is_none(), "{text}");
        }
    }
}

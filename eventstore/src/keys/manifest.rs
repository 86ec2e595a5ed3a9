//! Manifests: outside the database, for each organisation and day, which keys lived. Its hash is in the log. A key that a
//! manifest names, that the vault does not have and whose end is not in the log, was taken away by somebody (K5).
//!
//! The first line of `manifest-1-2026-03-06` says whose and of which day it is; then a key a line, by id: id, purpose, epoch.
//! Nothing in it opens anything.

use super::{
    KeyError, KeyTurn, Vault,
    files::{Writing, paths},
    name::purpose_word,
    tombstones::DAY,
};
use domain::{OrganisationId, bytes::Sha256, keyring::Manifest};
use seal::KeyId;
use sha2::Digest;
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use time::Date;

/// One key that lived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestKey {
    /// Which.
    pub key: KeyId,
    /// What it is for, as one word.
    pub purpose: String,
    /// The epoch that it was sealed under.
    pub epoch: i64,
}

const FILE: &str = "manifest-";
/// Keys read at once.
const TOGETHER: i64 = 1_000;
const LIVING: &str = "SELECT key_id, purpose, epoch FROM vault WHERE organisation = $1 AND key_id > $2 \
     ORDER BY key_id LIMIT $3";

impl KeyTurn {
    /// Lists the keys of an organisation that live now, as those of this day. A list that is there already stays: a crash came
    /// before it was recorded.
    pub async fn write_manifest(&self, organisation: OrganisationId, day: Date) -> Result<Manifest, KeyError> {
        let path = file_of(self.vault.files().folder(), organisation, day);
        if !path.try_exists().map_err(KeyError::file(&path))? {
            self.list_keys(organisation, day, &path).await?;
            crate::fault::may_die_at("manifest written");
        }
        Ok(read_manifest(&path)?.0)
    }

    async fn list_keys(&self, organisation: OrganisationId, day: Date, path: &Path) -> Result<(), KeyError> {
        let mut writing = Writing::of(path, heading(organisation, day).as_bytes())?;
        let mut last = vec![];
        loop {
            self.prolong().await?;
            let values = vec![i64::from(organisation.0).into(), last.clone().into(), TOGETHER.into()];
            let rows = self.vault.db.all(LIVING, values).await?;
            let Some(end) = rows.last() else { break };
            last = end.bytes("key_id")?;
            let mut lines = String::new();
            for row in &rows {
                let (key, purpose) = (KeyId(row.bytes16("key_id")?), purpose_word(row.int("purpose")?));
                writeln!(lines, "{key} {purpose} {}", row.int("epoch")?).expect("a string takes everything");
            }
            writing.add(lines.as_bytes())?;
        }
        writing.make().map(drop)
    }
}

impl Vault {
    /// The manifests of an organisation that are kept, by day.
    pub fn manifests(&self, organisation: OrganisationId) -> Result<Vec<(Date, PathBuf)>, KeyError> {
        manifests(self.files().folder(), organisation)
    }
}

/// The manifests of an organisation in a folder of keys, by day.
pub fn manifests(folder: &Path, organisation: OrganisationId) -> Result<Vec<(Date, PathBuf)>, KeyError> {
    let mut found = all(folder)?;
    found.retain(|(of, _, _)| *of == organisation);
    Ok(found.into_iter().map(|(_, day, path)| (day, path)).collect())
}

/// Reads a manifest: what it amounts to, and its keys. [`KeyError::Manifest`] for anything else.
pub fn read_manifest(path: &Path) -> Result<(Manifest, Vec<ManifestKey>), KeyError> {
    let text = fs::read_to_string(path).map_err(KeyError::file(path))?;
    let bad = |line: u64| KeyError::Manifest { path: path.to_owned(), line };
    let (organisation, day) = named(path).ok_or_else(|| bad(1))?;
    let rest = text.strip_prefix(&heading(organisation, day)).ok_or_else(|| bad(1))?;
    let mut keys: Vec<ManifestKey> = vec![];
    for (line, number) in rest.split_inclusive('\n').zip(2..) {
        let key = line.strip_suffix('\n').and_then(parse).ok_or_else(|| bad(number))?;
        if keys.last().is_some_and(|last| last.key >= key.key) {
            return Err(bad(number));
        }
        keys.push(key);
    }
    let sha256 = Sha256(sha2::Sha256::digest(text.as_bytes()).into());
    Ok((Manifest { day, keys: keys.len() as u64, sha256 }, keys))
}

/// Deletes the manifests of days before this one.
pub(super) fn prune(folder: &Path, before: Date) -> Result<(), KeyError> {
    for (_, day, path) in all(folder)? {
        if day < before {
            fs::remove_file(&path).map_err(KeyError::file(&path))?;
        }
    }
    Ok(())
}

fn all(folder: &Path) -> Result<Vec<(OrganisationId, Date, PathBuf)>, KeyError> {
    let with_name = |path: PathBuf| named(&path).map(|(organisation, day)| (organisation, day, path));
    let mut found: Vec<_> = paths(folder)?.into_iter().filter_map(with_name).collect();
    found.sort();
    Ok(found)
}

fn file_of(folder: &Path, organisation: OrganisationId, day: Date) -> PathBuf {
    folder.join(format!("{FILE}{organisation}-{}", day.format(DAY).unwrap_or_default()))
}

/// Whose a manifest is and of which day, by its name.
fn named(path: &Path) -> Option<(OrganisationId, Date)> {
    let (organisation, day) = path.file_name()?.to_str()?.strip_prefix(FILE)?.split_once('-')?;
    Some((OrganisationId(organisation.parse().ok()?), Date::parse(day, DAY).ok()?))
}

fn heading(organisation: OrganisationId, day: Date) -> String {
    format!("keys of organisation {organisation} on {}\n", day.format(DAY).unwrap_or_default())
}

fn parse(line: &str) -> Option<ManifestKey> {
    let mut words = line.split(' ');
    let (key, purpose, epoch) = (words.next()?, words.next()?, words.next()?);
    let read = ManifestKey {
        key: key.parse().ok()?,
        purpose: purpose.to_owned(),
        epoch: epoch.parse().ok()?,
    };
    (words.next().is_none() && !purpose.is_empty() && read.epoch.to_string() == epoch).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const KEYS: &str = "keys of organisation 7 on 2026-03-06\n\
        01010101010101010101010101010101 index 3\n\
        02020202020202020202020202020202 expiry_day 12\n";

    fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// K5: a manifest says which keys lived, and what its hash is.
    #[test]
    fn a_manifest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "manifest-7-2026-03-06", KEYS);
        let (manifest, keys) = read_manifest(&path).unwrap();
        let sha256 = Sha256(sha2::Sha256::digest(KEYS).into());
        assert_eq!(manifest, Manifest { day: date!(2026 - 03 - 06), keys: 2, sha256 });
        let purposes: Vec<_> = keys.iter().map(|key| (key.purpose.as_str(), key.epoch)).collect();
        assert_eq!(purposes, [("index", 3), ("expiry_day", 12)]);
        let empty = written(folder.path(), "manifest-7-2026-03-07", &KEYS[..37].replace("06", "07"));
        assert_eq!(read_manifest(&empty).unwrap().0.keys, 0);
        let found: Vec<_> =
            manifests(folder.path(), OrganisationId(7)).unwrap().into_iter().map(|(day, _)| day).collect();
        assert_eq!(found, [date!(2026 - 03 - 06), date!(2026 - 03 - 07)]);
        assert!(manifests(folder.path(), OrganisationId(8)).unwrap().is_empty());
        prune(folder.path(), date!(2026 - 03 - 07)).unwrap();
        assert_eq!(manifests(folder.path(), OrganisationId(7)).unwrap().len(), 1);
    }

    /// K5: what is no manifest, or another's, or out of order, is refused with its place.
    #[test]
    fn anything_else_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        for (bad, at) in [
            (String::new(), 1),
            (KEYS.replace("organisation 7", "organisation 8"), 1),
            (KEYS.replace("03-06", "03-07"), 1),
            (KEYS.replace("index 3", "index 03"), 2),
            (KEYS.replace("index 3", "index 3 "), 2),
            (KEYS.replace("index 3", "index"), 2),
            (KEYS.replace("0101 index", "01 index"), 2),
            (KEYS.replace("0202", "0101"), 3),
            (KEYS.replace("0202", "0000"), 3),
            (KEYS.trim_end().to_owned(), 3),
            (format!("{KEYS}\n"), 4),
        ] {
            let path = written(folder.path(), "manifest-7-2026-03-06", &bad);
            let refused = read_manifest(&path).unwrap_err();
            assert!(matches!(refused, KeyError::Manifest { line, .. } if line == at), "{bad}: {refused}");
        }
    }
}

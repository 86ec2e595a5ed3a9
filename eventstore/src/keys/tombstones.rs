//! Tombstones: one line for each destroyed key, outside the database, so that a database that is put back from a backup does
//! not bring back what was destroyed since (K5).
//!
//! A file for each UTC day, `tombstones-2026-03-06`, so that old ones go as a whole. A line is the key's id, its organisation
//! and the instant. It is on the disk before the key is deleted.

use super::{
    KeyError,
    files::{paths, sync_folder_of},
};
use domain::{OrganisationId, Timestamp};
use seal::KeyId;
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use time::{
    Date, OffsetDateTime,
    format_description::{StaticFormatDescription, well_known::Rfc3339},
    macros::format_description,
};

/// Says that a key was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Which key.
    pub key: KeyId,
    /// Whose.
    pub organisation: OrganisationId,
    /// When.
    pub destroyed_at: Timestamp,
}

/// Begins the name of every file; one of all days, without a day, is from the time before there were files for each.
const FILE: &str = "tombstones";
pub(super) const DAY: StaticFormatDescription = format_description!("[year]-[month]-[day]");

impl fmt::Display for Tombstone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.key, self.organisation, self.destroyed_at)
    }
}

impl Tombstone {
    /// A line as it is written, and no other.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (key, organisation, at) = (words.next()?, words.next()?, words.next()?);
        let tombstone = Self {
            key: key.parse().ok()?,
            organisation: OrganisationId(organisation.parse().ok()?),
            destroyed_at: OffsetDateTime::parse(at, &Rfc3339).ok()?.into(),
        };
        (tombstone.to_string() == line).then_some(tombstone)
    }

    /// Notes it, durably. A line that a power cut left half is taken away first.
    pub(super) fn add(&self, folder: &Path) -> Result<(), KeyError> {
        let path = file_of(folder, self.destroyed_at.day());
        let write = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file =
                options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            // Other nodes write here, too.
            file.lock()?;
            let whole = whole_lines(&mut file)?;
            file.set_len(whole)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(format!("{self}\n").as_bytes())?;
            file.sync_all()
        };
        write().map_err(KeyError::file(&path))?;
        sync_folder_of(&path)
    }
}

/// Every tombstone of a folder of keys, each key once. [`KeyError::Tombstone`] for anything that is none; half a line at a
/// file's end is none yet.
pub fn tombstones(folder: &Path) -> Result<BTreeMap<KeyId, Tombstone>, KeyError> {
    let mut all = BTreeMap::new();
    for (_, path) in files(folder)? {
        let text = fs::read_to_string(&path).map_err(KeyError::file(&path))?;
        let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        for (line, number) in whole.zip(1..) {
            let bad = || KeyError::Tombstone { path: path.clone(), line: number };
            let tombstone = Tombstone::parse(line).ok_or_else(bad)?;
            all.entry(tombstone.key).or_insert(tombstone);
        }
    }
    Ok(all)
}

/// Deletes the tombstones of days before this one.
pub(super) fn prune(folder: &Path, before: Date) -> Result<(), KeyError> {
    for (day, path) in files(folder)? {
        if day.is_some_and(|day| day < before) {
            fs::remove_file(&path).map_err(KeyError::file(&path))?;
        }
    }
    Ok(())
}

/// The files with their days, in order.
fn files(folder: &Path) -> Result<Vec<(Option<Date>, PathBuf)>, KeyError> {
    let mut files = vec![];
    for path in paths(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let day = name.strip_prefix(FILE).and_then(|rest| rest.strip_prefix('-'));
        match day.map(|day| Date::parse(day, DAY)) {
            Some(Ok(day)) => files.push((Some(day), path)),
            None if name == FILE => files.push((None, path)),
            Some(Err(_)) | None => {}
        }
    }
    files.sort();
    Ok(files)
}

fn file_of(folder: &Path, day: Date) -> PathBuf {
    folder.join(format!("{FILE}-{}", day.format(DAY).unwrap_or_default()))
}

/// How many bytes of a file are whole lines.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const LINE_BYTES: u64 = 256;
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(LINE_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut end = vec![];
    file.read_to_end(&mut end)?;
    let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last as u64 + 1);
    Ok(start + whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn tombstone(key: u8, at: OffsetDateTime) -> Tombstone {
        Tombstone { key: KeyId([key; 16]), organisation: OrganisationId(7), destroyed_at: at.into() }
    }

    fn write(folder: &Path, name: &str, text: &str) {
        fs::write(folder.join(name), text).unwrap();
    }

    const AT: OffsetDateTime = datetime!(2026-03-06 12:00:00.5 UTC);
    const LINE: &str = "01010101010101010101010101010101 7 2026-03-06T12:00:00.5Z";

    /// K5: a tombstone is read as it was written, each key once, the first that was noted; also those of old.
    #[test]
    fn tombstones_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (first, second) = (tombstone(1, AT), tombstone(2, AT + time::Duration::DAY));
        assert!(tombstones(folder).unwrap().is_empty());
        for tombstone in [first, second, tombstone(1, AT + time::Duration::DAY)] {
            tombstone.add(folder).unwrap();
        }
        assert_eq!(fs::read_to_string(folder.join("tombstones-2026-03-06")).unwrap(), format!("{LINE}\n"));
        write(folder, "tombstones", "03030303030303030303030303030303 7 2026-01-01T00:00:00Z\n");
        write(folder, "tombstones-of-others", "no tombstones");
        let read = tombstones(folder).unwrap();
        let old = tombstone(3, datetime!(2026-01-01 0:00 UTC));
        assert_eq!(read.into_values().collect::<Vec<_>>(), [first, second, old]);
    }

    /// K5: what is no tombstone is refused with its place, and not passed over.
    #[test]
    fn anything_else_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        for bad in [
            "",
            " ",
            &LINE.replace('T', "t"),
            &LINE.replace("0101 7", "010A 7"),
            &LINE[1..],
            &format!("{LINE} "),
            &format!(" {LINE}"),
            &LINE.replace(" 7 ", " +7 "),
            &LINE.replace(" 7 ", " 07 "),
            &LINE.replace(" 7 ", "  7 "),
            &LINE.replace("12:00:00.5Z", "12:00:00.50Z"),
            &LINE.replace('Z', "+00:00"),
            &format!("{LINE}\r"),
        ] {
            write(folder.path(), "tombstones-2026-03-06", &format!("{LINE}\n{bad}\n"));
            let refused = tombstones(folder.path()).unwrap_err();
            assert!(matches!(refused, KeyError::Tombstone { line: 2, .. }), "{bad:?}: {refused}");
        }
    }

    /// K5: half a line, which a power cut leaves, is none, and does not spoil the next.
    #[test]
    fn half_a_line_is_no_tombstone() {
        let folder = tempfile::tempdir().unwrap();
        for half in [&LINE[..20], LINE, "\u{0}\u{0}"] {
            write(folder.path(), "tombstones-2026-03-06", &format!("{LINE}\n{half}"));
            assert_eq!(tombstones(folder.path()).unwrap().len(), 1);
            tombstone(2, AT).add(folder.path()).unwrap();
            assert_eq!(tombstones(folder.path()).unwrap().len(), 2, "{half:?}");
        }
        write(folder.path(), "tombstones-2026-03-06", &LINE[..20]);
        tombstone(2, AT).add(folder.path()).unwrap();
        assert_eq!(tombstones(folder.path()).unwrap().len(), 1);
    }

    /// K5: old days go as a whole.
    #[test]
    fn old_days_go() {
        let folder = tempfile::tempdir().unwrap();
        for day in 0..3 {
            tombstone(day, AT + time::Duration::DAY * i32::from(day)).add(folder.path()).unwrap();
        }
        prune(folder.path(), date!(2026 - 03 - 08)).unwrap();
        assert_eq!(tombstones(folder.path()).unwrap().into_keys().collect::<Vec<_>>(), [KeyId([2; 16])]);
    }
}

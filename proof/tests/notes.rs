//! N1: notes and checkpoints, signed and believed, in the forms of C2SP.

use proof::{
    Checkpoint,
    note::{self, NoteError, Signer, Verifier},
    tile::{TileId, TilePath, index_path, parse_index_path, width_in},
};

fn signer(name: &str) -> Signer {
    Signer::new(name, &[7; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "insurer.example/log".into(),
        size: 12,
        root: [3; 32],
        signed_at: Some(1_700_000_000),
    }
}

/// N1: a checkpoint is believed of the key that signed it, and reads back.
#[test]
fn a_signed_checkpoint_reads_back() {
    let signer = signer("insurer.example/log");
    let note = checkpoint().sign(&signer);
    assert_eq!(Checkpoint::open(&note, &signer.verifier()), Ok(checkpoint()));
    assert_eq!(Checkpoint::read(&note), Ok(checkpoint()));
    let key: Verifier = signer.verifier().to_string().parse().unwrap();
    assert_eq!(key, signer.verifier());
}

/// N1: no letter of a note can be changed, and no other key's signature counts.
#[test]
fn a_changed_note_is_not_believed() {
    let signer = signer("insurer.example/log");
    let note = checkpoint().sign(&signer);
    for (place, letter) in note.char_indices() {
        let other = if letter == 'A' { 'B' } else { 'A' };
        let changed = format!("{}{other}{}", &note[..place], &note[place + letter.len_utf8()..]);
        assert!(Checkpoint::open(&changed, &signer.verifier()).is_err(), "{place}: {changed}");
    }
    let stranger = Signer::new("insurer.example/log", &[8; 32]).unwrap();
    assert_eq!(Checkpoint::open(&note, &stranger.verifier()), Err(NoteError::NotSigned));
    // Signed by a key of another name: another log's.
    let other = self::signer("other.example/log");
    assert_eq!(Checkpoint::open(&checkpoint().sign(&other), &other.verifier()), Err(NoteError::NotSigned));
}

/// N1: a file of anchors holds note after note; what is no note is not lost, so that it can be refused.
#[test]
fn notes_stand_one_after_another() {
    let notes: Vec<_> = ["a/log", "b/log"].map(|name| checkpoint().sign(&signer(name))).into();
    for between in ["", "\n", "\n\n\n"] {
        assert!(note::each(&notes.join(between)).eq(&notes), "{between:?}");
    }
    assert!(note::each(&format!("{}cut off\n", notes[0])).eq([notes[0].as_str(), "cut off\n"]));
    assert_eq!(note::each("\n").count(), 0);
}

/// N1: a name that a note cannot carry makes no key.
#[test]
fn names_are_without_spaces_and_plus() {
    for name in ["", "a b", "a+b", "a\nb"] {
        assert!(Signer::new(name, &[7; 32]).is_none(), "{name:?}");
    }
    assert!("a+00000000+AAAA".parse::<Verifier>().is_err());
}

/// N1: tiles are found under the paths of C2SP tlog-tiles.
#[test]
fn tiles_have_the_paths_of_the_specification() {
    assert_eq!(index_path(1_234_067, 256), "x001/x234/067");
    assert_eq!(index_path(0, 8), "000.p/8");
    for (index, width) in [(0, 256), (999, 1), (1_000, 255), (1_234_067, 256)] {
        assert_eq!(parse_index_path(&index_path(index, width)), Some((index, width)));
    }
    for bad in ["", "1", "0001", "x000/001", "001.p/256", "001.p/0", "001/002", "x001", "001.p/08"] {
        assert_eq!(parse_index_path(bad), None, "{bad}");
    }
    let id = TileId { level: 1, index: 0 };
    assert_eq!(TilePath { id, width: 3 }.to_string(), "tile/1/000.p/3");
    assert_eq!(width_in(id, 1_000), 3);
    assert_eq!(width_in(TileId { level: 0, index: 3 }, 1_000), 232);
    assert_eq!(width_in(TileId { level: 0, index: 4 }, 1_000), 0);
}

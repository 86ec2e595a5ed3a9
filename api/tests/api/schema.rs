//! The committed schema is the one that the program serves.

use std::{env, fs, path::Path};

/// R17: `api/schema.graphql` is what clients get; `SEALPOST_BLESS=1` writes it anew.
#[test]
fn the_committed_schema_is_the_served_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let served = api::sdl();
    assert_eq!(served, api::sdl(), "the same text each time");
    if env::var_os("SEALPOST_BLESS").is_some() {
        fs::write(&path, &served).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == served, "api/schema.graphql is out of date; run this test with SEALPOST_BLESS=1");
}

//! Places where a test lets its process die, as a power cut would.

/// Dies here without a word, if whoever started this process asked for it by `SEALPOST_DIE_AT`. Does nothing in the program:
/// only tests have the feature.
#[cfg(feature = "testing")]
pub(crate) fn may_die_at(place: &str) {
    if std::env::var("SEALPOST_DIE_AT").is_ok_and(|chosen| chosen == place) {
        std::process::abort();
    }
}

#[cfg(not(feature = "testing"))]
pub(crate) fn may_die_at(_: &str) {}

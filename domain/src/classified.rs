//! What kind of data a value is, said by its type, so that the store can seal it under the right key.
//!
//! In the plain JSON of an event a classified value is wrapped in a marker object. The codec lifts every marked value
//! into its own section of the event and leaves the marker empty; opening puts it back, or leaves it empty when the key
//! is gone or is not the reader's. The domain therefore cannot forget that a value may have been erased.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The marker of [`Personal`] in an event's plain JSON.
pub const PERSONAL: &str = "$personal";
/// The marker of [`Content`] in an event's plain JSON.
pub const CONTENT: &str = "$content";

/// Data about a person: dies with the person's subject key (K5).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal<T> {
    #[serde(rename = "$personal")]
    value: Option<T>,
}

/// What a message or draft says: dies with its content key, which ends with its last grant (A21, B38).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content<T> {
    #[serde(rename = "$content")]
    value: Option<T>,
}

impl<T> Personal<T> {
    /// A value that is to be sealed under the subject's key.
    pub fn known(value: T) -> Self {
        Self { value: Some(value) }
    }
    /// `None` once the person's key was destroyed.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T> Content<T> {
    /// A value that is to be sealed under the content key.
    pub fn known(value: T) -> Self {
        Self { value: Some(value) }
    }
    /// `None` for whoever holds no grant, and for everyone once the key is gone.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

// A debugger, a log line and a failed assertion show that there is a value, never which.
impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.value.is_some() { "Personal(…)" } else { "Personal(erased)" })
    }
}

impl<T> fmt::Debug for Content<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.value.is_some() { "Content(…)" } else { "Content(erased)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A44: the codec finds what it must seal apart by the marker, and an empty marker reads as erased.
    #[test]
    fn the_marker_is_visible_to_the_codec_and_an_empty_one_reads_as_erased() {
        let json = serde_json::to_value(Personal::known("ada@example.org")).unwrap();
        assert_eq!(json, serde_json::json!({ PERSONAL: "ada@example.org" }));
        let erased: Personal<String> = serde_json::from_value(serde_json::json!({ PERSONAL: null })).unwrap();
        assert_eq!(erased.value(), None);
        let content = serde_json::to_value(Content::known("Results")).unwrap();
        assert_eq!(content, serde_json::json!({ CONTENT: "Results" }));
    }

    /// A44: a log line cannot hold what is classified.
    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:?}", Personal::known("ada"), Content::known("Results"));
        assert_eq!(shown, "Personal(…) Content(…)");
    }
}

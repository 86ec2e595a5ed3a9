//! From an event to its sealed sections and back.
//!
//! The audit section says what kind of event it is and everything that is not classified; `$personal` and `$content`
//! values are lifted out into sections of their own, under keys of their own, by the JSON pointer where they stood.

use domain::{
    Decider, Event, Metadata,
    account::Account,
    audit::Audit,
    break_glass::BreakGlass,
    classified::{CONTENT, PERSONAL},
    device::Device,
    draft::Draft,
    event::Stored,
    export::Export,
    intake::Intake,
    key::VaultKey,
    message::Message,
    network::Network,
    notification::Notification,
    organisation::Organisation,
    replier::Replier,
    reservation::Reservation,
    review::Review,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use uuid::Uuid;

/// Why a stored event cannot be read.
#[derive(Debug, Error)]
pub enum CodecError {
    /// Bytes that no program wrote, or that were changed.
    #[error("the event at position {position} does not open: {problem}")]
    Unopenable {
        /// Where.
        position: i64,
        /// What does not fit.
        problem: &'static str,
    },
    /// A type or version that this program does not know.
    #[error(
        "the event at position {position} has the unknown type {name}; run the newer program that wrote it"
    )]
    UnknownType {
        /// Where.
        position: i64,
        /// Its type.
        name: String,
    },
}

/// The plaintext of the audit section.
#[derive(Serialize, Deserialize)]
struct Skeleton {
    /// Type: category, dot, variant.
    t: String,
    /// Version of the type's shape.
    v: u32,
    /// The stream's id.
    on: Uuid,
    #[serde(flatten)]
    meta: Metadata,
    /// The event without its classified values.
    d: Value,
}

/// The plaintexts of an event's sections, before sealing.
pub(crate) struct Parts {
    pub(crate) audit: Vec<u8>,
    pub(crate) personal: Option<Vec<u8>>,
    pub(crate) content: Option<Vec<u8>>,
}

/// The shape's version of every event type so far. An upcaster comes with the first type that has a second one.
const VERSION: u32 = 1;

/// Takes an event apart.
pub(crate) fn split<A: Stored>(stream: Uuid, meta: &Metadata, event: &A::Event) -> Parts {
    let mut json = serde_json::to_value(event).expect("an event is plain data");
    let kind = json.as_object_mut().and_then(|object| object.remove("t"));
    let (mut personal, mut content) = (Map::new(), Map::new());
    lift(&mut json, PERSONAL, &mut String::new(), &mut personal);
    lift(&mut json, CONTENT, &mut String::new(), &mut content);
    let skeleton = Skeleton {
        t: format!("{}.{}", A::CATEGORY, kind.as_ref().and_then(Value::as_str).unwrap_or_default()),
        v: VERSION,
        on: stream,
        meta: meta.clone(),
        d: json,
    };
    let bytes =
        |part: Map<String, Value>| (!part.is_empty()).then(|| Value::Object(part).to_string().into_bytes());
    Parts {
        audit: serde_json::to_vec(&skeleton).expect("a skeleton is plain data"),
        personal: bytes(personal),
        content: bytes(content),
    }
}

/// Puts an event together from what could be opened.
pub(crate) fn join(
    position: i64,
    audit: &[u8],
    personal: Option<&[u8]>,
    content: Option<&[u8]>,
) -> Result<(Metadata, Event), CodecError> {
    let unopenable = |problem| move |_| CodecError::Unopenable { position, problem };
    let skeleton: Skeleton =
        serde_json::from_slice(audit).map_err(unopenable("its skeleton is malformed"))?;
    let Skeleton { t, v, on, meta, mut d } = skeleton;
    for (part, marker) in [(personal, PERSONAL), (content, CONTENT)] {
        let Some(part) = part else { continue };
        let values: Map<String, Value> =
            serde_json::from_slice(part).map_err(unopenable("a sealed section is malformed"))?;
        for (pointer, value) in values {
            if let Some(marked) = d.pointer_mut(&pointer) {
                *marked = Value::Object(Map::from_iter([(marker.to_owned(), value)]));
            }
        }
    }
    let unknown = || CodecError::UnknownType { position, name: t.clone() };
    let (category, kind) = t.split_once('.').ok_or_else(unknown)?;
    let parse = parser(category).filter(|_| v == VERSION).ok_or_else(unknown)?;
    if let Some(object) = d.as_object_mut() {
        object.insert("t".into(), kind.into());
    }
    let event = parse(on, d).map_err(|_| unknown())?;
    Ok((meta, event))
}

type Parser = fn(Uuid, Value) -> serde_json::Result<Event>;

fn parser(category: &str) -> Option<Parser> {
    let aggregates: [(&str, Parser); 15] = [
        (Organisation::CATEGORY, parse::<Organisation>),
        (Account::CATEGORY, parse::<Account>),
        (Reservation::CATEGORY, parse::<Reservation>),
        (Network::CATEGORY, parse::<Network>),
        (Device::CATEGORY, parse::<Device>),
        (Draft::CATEGORY, parse::<Draft>),
        (Message::CATEGORY, parse::<Message>),
        (Intake::CATEGORY, parse::<Intake>),
        (Replier::CATEGORY, parse::<Replier>),
        (Notification::CATEGORY, parse::<Notification>),
        (Audit::CATEGORY, parse::<Audit>),
        (Export::CATEGORY, parse::<Export>),
        (Review::CATEGORY, parse::<Review>),
        (BreakGlass::CATEGORY, parse::<BreakGlass>),
        (VaultKey::CATEGORY, parse::<VaultKey>),
    ];
    aggregates.into_iter().find_map(|(known, parse)| (known == category).then_some(parse))
}

fn parse<A: Stored>(stream: Uuid, json: Value) -> serde_json::Result<Event> {
    Ok(A::event(stream, serde_json::from_value(json)?))
}

/// Moves every value under `marker` into `lifted`, by its pointer (RFC 6901), and leaves the marker empty.
fn lift(json: &mut Value, marker: &str, at: &mut String, lifted: &mut Map<String, Value>) {
    let length = at.len();
    match json {
        Value::Object(object) if object.len() == 1 && object.contains_key(marker) => {
            let value = object.insert(marker.to_owned(), Value::Null).unwrap_or_default();
            if !value.is_null() {
                lifted.insert(at.clone(), value);
            }
        }
        Value::Object(object) => {
            for (name, value) in object {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                lift(value, marker, at, lifted);
                at.truncate(length);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                lift(value, marker, at, lifted);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

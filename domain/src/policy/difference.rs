//! What differs between two policies, in words for a page and for the audit (Q8).

use super::Policy;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use std::fmt;

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path in the stored policy, such as `retention.messages`.
    pub setting: String,
    /// What it was, as it is stored: a period as ISO 8601 has it. Of a list, what only the first policy has, separated by
    /// commas.
    pub before: String,
    /// What it is to be, likewise. Of a list, what only the second policy has.
    pub after: String,
}

impl Policy {
    /// Every setting whose value is another one in `to`, in the order of the settings (Q8).
    #[must_use]
    pub fn differences(&self, to: &Policy) -> Vec<Difference> {
        let pairs = self.settings().into_iter().zip(to.settings());
        pairs
            .filter(|((_, before), (_, after))| before != after)
            .map(|((setting, before), (_, after))| Difference {
                before: but(&before, &after),
                after: but(&after, &before),
                setting,
            })
            .collect()
    }

    /// Every setting by its topic, those too that are not stored because there is nothing to say.
    #[must_use]
    pub fn by_topic(&self) -> Value {
        let mut all = serde_json::Map::new();
        for (path, value) in self.settings() {
            match path.split_once('.') {
                None => all.insert(path, value),
                Some((topic, setting)) => {
                    all.entry(topic).or_insert_with(|| Value::Object(serde_json::Map::new()))[setting] =
                        value;
                    None
                }
            };
        }
        Value::Object(all)
    }

    /// Path and stored value of each setting.
    fn settings(&self) -> Vec<(String, Value)> {
        let Self { pack, retention, accounts, recovery, sessions, mail, content } = self;
        let topics = [
            ("retention", fields(retention)),
            ("accounts", fields(accounts)),
            ("recovery", fields(recovery)),
            ("sessions", fields(sessions)),
            ("mail", fields(mail)),
            ("content", fields(content)),
        ];
        let pack = ("pack".to_owned(), serde_json::to_value(pack).unwrap_or_default());
        let named = topics.into_iter().flat_map(|(topic, fields)| {
            fields.into_iter().map(move |(name, value)| (format!("{topic}.{name}"), value))
        });
        [pack].into_iter().chain(named).collect()
    }
}

/// The text of a value; of a list, of the entries that `other` has not.
fn but(value: &Value, other: &Value) -> String {
    match (value, other) {
        (Value::Array(entries), Value::Array(others)) => {
            let own = entries.iter().filter(|entry| !others.contains(entry));
            own.map(text).collect::<Vec<_>>().join(", ")
        }
        (value, _) => text(value),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The fields of a topic in the order in which they stand there. Settings are plain data: writing them cannot fail.
fn fields(topic: &impl Serialize) -> Vec<(String, Value)> {
    let Fields(fields) =
        serde_json::to_string(topic).and_then(|json| serde_json::from_str(&json)).unwrap_or_default();
    fields
}

/// A JSON object in its own order, which [`Value`] does not keep.
#[derive(Default)]
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = vec![];
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        address::{Domain, EmailAddress},
        period::Period,
        policy::{ContentPolicy, NetworkPinning, Pack, Role},
    };

    fn differences(change: impl FnOnce(&mut Policy)) -> Vec<(String, String, String)> {
        let before = Policy::default();
        let mut after = before.clone();
        change(&mut after);
        let found = before.differences(&after).into_iter();
        found.map(|found| (found.setting, found.before, found.after)).collect()
    }
    fn said(setting: &str, before: &str, after: &str) -> (String, String, String) {
        (setting.into(), before.into(), after.into())
    }

    /// Q8: a policy does not differ from itself.
    #[test]
    fn the_same_policy_does_not_differ() {
        assert_eq!(differences(|_| ()), []);
    }

    /// Q8: each setting that differs is named by its path, with both values as they are stored, in the order of the
    /// settings.
    #[test]
    fn settings_that_differ_are_named() {
        let found = differences(|policy| {
            policy.mail.attachment_count = 20;
            policy.sessions.pinning = NetworkPinning::Strict;
            policy.accounts.activation = false;
            policy.retention.warning = Period::days(7);
            policy.retention.messages = Period::months(6);
        });
        let expected = [
            said("retention.messages", "P60D", "P6M"),
            said("retention.warning", "PT0S", "P7D"),
            said("accounts.activation", "true", "false"),
            said("sessions.pinning", "log", "strict"),
            said("mail.attachment_count", "10", "20"),
        ];
        assert_eq!(found, expected);
    }

    /// Q8: of a list only the entries that came and went are said.
    #[test]
    fn lists_differ_by_their_entries() {
        let found = differences(|policy| {
            let domains = &mut policy.accounts.public_mailbox_domains;
            domains.remove(&Domain::parse("aol.com").unwrap());
            domains.insert(Domain::parse("mail.example").unwrap());
            domains.insert(Domain::parse("post.example").unwrap());
            policy.accounts.group_addresses.insert(EmailAddress::parse("info@insurer.example").unwrap());
            policy.accounts.second_factor.insert(Role::Administrator);
        });
        let expected = [
            said("accounts.group_addresses", "", "info@insurer.example"),
            said("accounts.public_mailbox_domains", "aol.com", "mail.example, post.example"),
            said("accounts.second_factor", "", "administrator"),
        ];
        assert_eq!(found, expected);
    }

    /// Q8: the way back says the same the other way round.
    #[test]
    fn the_way_back_is_the_same() {
        let (portal, envelope) = (Policy::from_pack(Pack::Portal), Policy::from_pack(Pack::Envelope));
        let back = envelope.differences(&portal).into_iter().map(|found| Difference {
            before: found.after,
            after: found.before,
            setting: found.setting,
        });
        let there = portal.differences(&envelope);
        assert_eq!(there, back.collect::<Vec<_>>());
        let pack = Difference { setting: "pack".into(), before: "portal".into(), after: "envelope".into() };
        assert_eq!(there.first(), Some(&pack));
    }

    /// Q8: no setting is forgotten.
    #[test]
    fn every_setting_is_compared() {
        let policy = Policy::default();
        let json = serde_json::to_value(&policy).unwrap();
        let stored = |topic: &Value| topic.as_object().map_or(1, serde_json::Map::len);
        let all: usize = json.as_object().unwrap().values().map(stored).sum();
        assert_eq!(policy.settings().len(), all);
        for (setting, value) in policy.settings() {
            assert_eq!(json.pointer(&format!("/{}", setting.replace('.', "/"))), Some(&value), "{setting}");
        }
        assert_eq!(policy.by_topic(), json);
        let mut empty = policy;
        empty.content = ContentPolicy::default();
        assert_eq!(empty.by_topic()["content"], serde_json::json!({ "terms": [], "member_ids": [] }));
    }
}

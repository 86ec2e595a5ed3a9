//! What goes into the sections comes out of them, and nothing goes into the wrong one.

use super::{join, split};
use domain::{
    AccountId, Actor, Content, DraftId, Event, Metadata, Personal, Timestamp,
    account::{Account, Credentials, Event as OfAccount, Profile, recovery},
    bytes::Sealed,
    draft::{Draft, Event as OfDraft, Text},
    user_name::UserName,
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::json;
use uuid::Uuid;

const STREAM: Uuid = Uuid::from_u128(7);

fn meta() -> Metadata {
    Metadata {
        by: Actor::Person { account: AccountId::new(Uuid::from_u128(2)), role: None },
        session: None,
        policy: None,
    }
}

fn saved(text: Content<Text>) -> OfDraft {
    let owner = AccountId::new(Uuid::from_u128(2));
    OfDraft::Saved { owner, version: 1, about: None, text, expires_in: None, at: Timestamp::from_micros(1) }
}

fn registered(profile: Personal<Profile>, user_name: Option<Personal<UserName>>) -> OfAccount {
    let credentials = Credentials { password: Sealed(vec![1, 2]), reminder: None, challenges: None };
    OfAccount::Registered { profile, user_name, credentials, at: Timestamp::from_micros(1) }
}

/// What reads as erased, when the key is gone.
fn erased<T: serde::de::DeserializeOwned>(marker: &str) -> T {
    serde_json::from_value(json!({ marker: null })).expect("an empty marker")
}

/// Anything that can be typed, and what could be mistaken for structure.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[$/~\"{}:,a-z0-9]{0,40}", Just(r#"{"$content":"x"}"#.to_owned())]
}

proptest! {
    /// A36, A44: whatever is typed into a draft is read back as it was; without its section it is erased, the rest is there.
    #[test]
    fn a_drafts_text_comes_back(subject in text(), body in text(), to in vec(text(), 0..4)) {
        let text = Text { to: to.clone(), cc: to, subject, text: body };
        let event = saved(Content::known(text));
        let parts = split::<Draft>(STREAM, &meta(), &event);
        prop_assert!(parts.personal.is_none());
        let read = join(1, &parts.audit, None, parts.content.as_deref()).expect("what was split joins");
        prop_assert_eq!(read, (meta(), Event::Draft(DraftId::new(STREAM), event)));
        let (_, without) = join(1, &parts.audit, None, None).expect("a skeleton is enough");
        prop_assert_eq!(without, Event::Draft(DraftId::new(STREAM), saved(erased("$content"))));
    }

    /// A44, K5: the same of a person's data.
    #[test]
    fn personal_data_comes_back(given in option::of(text()), company in option::of(text()), user_name in text()) {
        let profile = Profile { given_name: given, company, ..Profile::default() };
        let user_name: UserName = serde_json::from_value(json!(user_name)).expect("what is on record is read");
        let event = registered(Personal::known(profile), Some(Personal::known(user_name)));
        let parts = split::<Account>(STREAM, &meta(), &event);
        prop_assert!(parts.content.is_none());
        let read = join(1, &parts.audit, parts.personal.as_deref(), None).expect("what was split joins");
        prop_assert_eq!(read, (meta(), Event::Account(AccountId::new(STREAM), event)));
        let (_, without) = join(1, &parts.audit, None, None).expect("a skeleton is enough");
        let event = registered(erased("$personal"), erased("$personal"));
        prop_assert_eq!(without, Event::Account(AccountId::new(STREAM), event));
    }

    /// A44: the skeleton is the same whatever is typed, so nothing of it is under the audit key.
    #[test]
    fn the_skeleton_tells_nothing(subject in text(), body in text(), to in vec(text(), 0..4)) {
        let text = Text { to, cc: vec![], subject, text: body };
        let skeleton = |text| split::<Draft>(STREAM, &meta(), &saved(Content::known(text))).audit;
        prop_assert_eq!(skeleton(text), skeleton(Text::default()));
    }

    /// K1: bytes that no program wrote are an error, never a panic.
    #[test]
    fn strange_bytes_are_refused(audit in vec(any::<u8>(), 0..200), section in vec(any::<u8>(), 0..50)) {
        prop_assert!(join(1, &audit, None, None).is_err());
        prop_assume!(serde_json::from_slice::<serde_json::Value>(&section).is_err());
        let parts = split::<Draft>(STREAM, &meta(), &saved(Content::known(Text::default())));
        prop_assert!(join(1, &parts.audit, None, Some(&section)).is_err());
    }
}

/// A type, or a version of it, that a newer program wrote is named and not guessed at.
#[test]
fn an_unknown_type_is_named() {
    let parts = split::<Draft>(STREAM, &meta(), &saved(Content::known(Text::default())));
    let skeleton: serde_json::Value = serde_json::from_slice(&parts.audit).expect("JSON");
    for (field, newer) in
        [("t", json!("draft.dictated")), ("t", json!("parcel.sent")), ("t", json!("saved")), ("v", json!(2))]
    {
        let mut skeleton = skeleton.clone();
        skeleton[field] = newer;
        let problem = join(9, skeleton.to_string().as_bytes(), None, None).expect_err("unknown");
        let name = skeleton["t"].as_str().expect("a type");
        assert_eq!(
            problem.to_string(),
            format!(
                "the event at position 9 has the unknown type {name}; run the newer program that wrote it"
            )
        );
    }
}

/// K1: an account's events are several enums, told apart by name. A name that none of them has is named as well: it is not
/// taken for an event of the same shape, and the enums themselves have none.
#[test]
fn an_unknown_event_of_an_account_is_taken_for_no_other() {
    let lapsed = OfAccount::from(recovery::Event::PasswordLapsed { at: Timestamp::from_micros(1) });
    let parts = split::<Account>(STREAM, &meta(), &lapsed);
    let (_, read) = join(9, &parts.audit, None, None).expect("a known name");
    assert_eq!(read, Event::Account(AccountId::new(STREAM), lapsed));
    let mut skeleton: serde_json::Value = serde_json::from_slice(&parts.audit).expect("JSON");
    for name in ["password_forgotten", "recovery", "second_factor", "alias", "client", "Recovery", ""] {
        skeleton["t"] = json!(format!("account.{name}"));
        let problem = join(9, skeleton.to_string().as_bytes(), None, None).expect_err("unknown");
        let expected = format!(
            "the event at position 9 has the unknown type account.{name}; run the newer program that wrote it"
        );
        assert_eq!(problem.to_string(), expected);
    }
}

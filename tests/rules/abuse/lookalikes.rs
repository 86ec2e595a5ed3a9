//! Addresses that look like others: which are one address, and which are two, is the same question everywhere.

use super::{allowed, links::CONFIRM_ALIAS};
use crate::{
    browser::Browser,
    house::{CLARA, folder},
    recovery::{LINK, mails_of},
    registration::{ACTIVATE, PASSWORD, form},
    stage::{INVITE, REGISTER, Stage, codes, on_stage, text},
};
use serde_json::{Value, json};

/// The invited one. Its domain is written as people do.
const ADA: &str = "ada@bücher.example";
/// Other ways to write the same address.
const SAME: [&str; 6] = [
    "ada@xn--bcher-kva.example",
    "ADA@BÜCHER.example",
    "Ada@XN--BCHER-KVA.EXAMPLE",
    // The umlaut as a letter and a mark.
    "ada@bu\u{308}cher.example",
    // A full stop of another script (UTS #46).
    "ada@bücher\u{3002}example",
    " ada@bücher.example ",
];
/// Addresses of somebody else, though a person might not see it.
const OTHERS: [&str; 10] = [
    // Cyrillic a.
    "\u{430}da@bücher.example",
    "ad\u{430}@xn--bcher-kva.example",
    "ada+shop@bücher.example",
    "a.da@bücher.example",
    "ada@bucher.example",
    "ada@b\u{4e}\u{fc}cher.example",
    "ada@mail.bücher.example",
    "ada1@bücher.example",
    "\u{1d5ba}da@bücher.example",
    "ada@bücher.examp\u{13cf}e",
];
/// What is no address at all, or one that nobody has.
const NONE: [&str; 12] = [
    "\"ada\"@bücher.example",
    "\"a d a\"@bücher.example",
    "ada@[192.0.2.1]",
    "ada.@bücher.example",
    ".ada@bücher.example",
    "a..da@bücher.example",
    "ada@bücher..example",
    "ada@@bücher.example",
    "ada\u{200b}@bücher.example",
    "\u{202e}ada@bücher.example",
    "ada@bücher.example\u{0}",
    "ada@bücher.example\r\nBcc: eve@evil.example",
];

/// No addresses to log in with; among recipients, Ada with a comment (RFC 5322 §3.2.2).
const COMMENTED: [&str; 2] = ["ada(the first)@bücher.example", "ada@(home)bücher.example"];

async fn invite(stage: &Stage, client: &mut Browser, address: &str) -> Value {
    client.attempt(INVITE, json!({ "idempotencyKey": stage.key(), "address": address })).await
}

/// A28, B8, B9, R4: whoever was invited registers, logs in, recovers and is written to by any way of writing the address; who
/// has one that looks like it is somebody else everywhere, and gets nothing of it.
#[tokio::test]
async fn which_addresses_are_one() {
    on_stage(async |stage| {
        allowed(stage).await;
        let mut clara = Browser::log_in(stage, "192.0.2.7", CLARA).await;
        let mut member = stage.log_in(CLARA).await;
        invite(stage, &mut clara, ADA).await;
        let invitation = stage.mails(ADA).await.first().map(|mail| mail.token().expect("a link"));
        let invitation = match invitation {
            Some(token) => token,
            None => stage.mails(SAME[0]).await[0].token().expect("a link"),
        };
        let mut ada = Browser::new(stage, "198.51.100.7");
        for other in OTHERS {
            let refused = ada.attempt(REGISTER, form(&invitation, other)).await;
            assert_eq!(codes(&refused), ["ADDRESS_REFUSED"], "{other}: {refused}");
        }
        for none in NONE.into_iter().chain(COMMENTED) {
            let refused = ada.attempt(REGISTER, form(&invitation, none)).await;
            assert_eq!(codes(&refused), ["INVALID"], "{none:?}: {refused}");
            assert_eq!(refused["problems"][0]["field"], json!(["address"]), "{none:?}");
        }
        // The invitation of one who looks like her is another invitation.
        let before = stage.head();
        for same in SAME {
            let again = invite(stage, &mut clara, same).await;
            assert!(codes(&again).is_empty() || codes(&again) == ["CONFLICT"], "{same}: {again}");
        }
        assert_eq!(stage.head(), before, "she was invited twice");
        ada.attempt(REGISTER, form(&invitation, SAME[3])).await;
        let mails = [stage.mails(ADA).await, stage.mails(SAME[0]).await].concat_tokens();
        let token = mails.into_iter().find(|token| *token != invitation).expect("a mail to confirm");
        assert_eq!(ada.attempt(ACTIVATE, json!({ "token": token })).await["activated"], true);

        for same in SAME.into_iter().chain([ADA]) {
            let payload = Browser::new(stage, "198.51.100.7").try_log_in(same, PASSWORD).await;
            assert!(payload["viewer"].is_object(), "{same}: {payload}");
            let count = folder(&mut stage_client(stage, same).await, "inbox").await.len();
            stage.send(&mut member, same, "For Ada").await;
            assert_eq!(
                folder(&mut stage_client(stage, same).await, "inbox").await.len(),
                count + 1,
                "{same}"
            );
        }
        let count = folder(&mut stage_client(stage, ADA).await, "inbox").await.len();
        let mut network = 0;
        for other in OTHERS {
            network += 1;
            let mut stranger = Browser::new(stage, &format!("10.0.{network}.1"));
            assert_eq!(codes(&stranger.try_log_in(other, PASSWORD).await), ["LOGIN_FAILED"], "{other}");
            let asked = stranger.attempt(LINK, json!({ "address": other })).await;
            assert_eq!(codes(&asked), [""; 0], "{other}");
            stage.try_send(&mut member, other, "For somebody else").await;
        }
        for none in NONE {
            assert_eq!(
                codes(&Browser::new(stage, "10.0.99.1").try_log_in(none, PASSWORD).await),
                ["LOGIN_FAILED"]
            );
            let sent = stage.try_send(&mut member, none, "For nobody").await;
            assert!(sent["message"].is_null(), "{none:?}: {sent}");
        }
        for commented in COMMENTED {
            let tried = Browser::new(stage, "10.0.99.2").try_log_in(commented, PASSWORD).await;
            assert_eq!(codes(&tried), ["LOGIN_FAILED"]);
            stage.send(&mut member, commented, "For Ada").await;
        }
        assert_eq!(
            folder(&mut stage_client(stage, ADA).await, "inbox").await.len(),
            count + COMMENTED.len(),
            "mail of others arrived"
        );
        for to in [ADA, SAME[0]] {
            assert!(mails_of(stage, to, "Set a new password").await.is_empty(), "a link of others arrived");
        }
        // An alias that looks like her address is not hers, and another writing of it is.
        for same in SAME {
            let asked =
                member.attempt(super::ADD_ALIAS, json!({ "address": same })).await.expect("an answer");
            assert_eq!(text(&asked, "/alias/state"), "PENDING", "{same}: {asked}");
        }
        let listed =
            member.ask("{ viewer { account { aliases { id } } } }", json!({})).await.expect("an answer");
        assert_eq!(
            listed["data"]["viewer"]["account"]["aliases"].as_array().map(Vec::len),
            Some(1),
            "one alias"
        );
        for none in NONE {
            let refused =
                member.attempt(super::ADD_ALIAS, json!({ "address": none })).await.expect("an answer");
            assert_eq!(codes(&refused), ["INVALID"], "{none:?}");
        }
        let stranger =
            member.attempt(super::ADD_ALIAS, json!({ "address": OTHERS[0] })).await.expect("an answer");
        assert_eq!(text(&stranger, "/alias/state"), "PENDING");
        let token = super::links::alias(stage, &mut member, "\u{430}da2@xn--bcher-kva.example").await;
        let confirmed =
            stage.stranger().attempt(CONFIRM_ALIAS, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&confirmed), [""; 0]);
    })
    .await;
}

/// B8: as long as an address may be it is one, and a character more is refused by name, everywhere in the same way.
#[tokio::test]
async fn long_addresses() {
    on_stage(async |stage| {
        let mut clara = Browser::log_in(stage, "192.0.2.7", CLARA).await;
        // 64 octets, the sign, and 253 octets of a domain: what mail can have at most (RFC 1035 §2.3.4).
        let domain =
            [&"d".repeat(63), &"d".repeat(63), &"d".repeat(63), &"d".repeat(53), "example"].map(String::from);
        let domain = domain.join(".");
        assert_eq!(domain.len(), 253);
        let longest = format!("{}@{domain}", "l".repeat(64));
        let taken = invite(stage, &mut clara, &longest).await;
        assert_eq!(codes(&taken), [""; 0], "{taken}");
        assert_eq!(stage.mails(&longest).await.len(), 1);
        for long in [
            format!("{}@{domain}", "l".repeat(65)),
            format!("l@d{domain}"),
            format!("l@{}.example", "d".repeat(64)),
        ] {
            let refused = invite(stage, &mut clara, &long).await;
            assert_eq!(
                (codes(&refused), &refused["problems"][0]["field"]),
                (vec!["INVALID"], &json!(["address"]))
            );
            assert_eq!(
                codes(&Browser::new(stage, "10.0.0.1").try_log_in(&long, PASSWORD).await),
                ["LOGIN_FAILED"]
            );
        }
    })
    .await;
}

async fn stage_client(stage: &Stage, address: &str) -> sealpost::walk::client::Client {
    let mut client = stage.stranger();
    client.log_in(address, PASSWORD).await.expect("an answer");
    client
}

trait Tokens {
    fn concat_tokens(self) -> Vec<String>;
}

impl<const N: usize> Tokens for [Vec<sealpost::walk::letters::Arrived>; N] {
    fn concat_tokens(self) -> Vec<String> {
        self.iter().flatten().map(|mail| mail.token().expect("a link")).collect()
    }
}

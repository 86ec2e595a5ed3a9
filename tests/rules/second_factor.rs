//! A second factor: codes of an authenticator (RFC 6238), and codes on paper.

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR, CLARA, GINA},
    stage::{Stage, codes, error, on_stage, text},
};
use domain::policy::Role;
use serde_json::{Value, json};
use totp_rs::Builder;

const HOME: &str = "192.0.2.7";
const REQUEST: &str = "mutation($input: RequestTotpInput!) { requestTotp(input: $input) { otpauthUrl problems { code field } } }";
const CONFIRM: &str =
    "mutation($input: ConfirmTotpInput!) { confirmTotp(input: $input) { recoveryCodes problems { code } } }";
const REMOVE: &str = "mutation($input: RemoveTotpInput!) { removeTotp(input: $input) \
     { viewer { secondFactors } problems { code } } }";
const CONFIRM_LOG_IN: &str = "mutation($input: ConfirmLogInInput!) { confirmLogIn(input: $input) \
     { viewer { account { primaryAddress } } problems { code } position } }";
const ENROLLED: &str = "{ viewer { secondFactors capabilities } }";

/// What an app on a phone keeps.
pub struct Authenticator([u8; 20]);

impl Authenticator {
    /// Reads the secret in an `otpauth` URL: base32 (RFC 4648 §6).
    fn reading(url: &str) -> Self {
        let secret = url.split("secret=").nth(1).expect("a secret").split('&').next().unwrap_or_default();
        let (mut bytes, mut bits, mut held) = (vec![], 0_u32, 0_u32);
        for letter in secret.bytes() {
            let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter);
            held = held << 5 | u32::try_from(digit.expect("base32")).expect("five bits");
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(held >> bits & 0xff).expect("a byte"));
            }
        }
        Self(bytes.try_into().expect("160 bits"))
    }

    /// The code that it shows now.
    fn code(&self, stage: &Stage) -> String {
        let totp = Builder::new().with_secret(self.0).build().expect("an authenticator");
        let seconds = u64::try_from(stage.clock.now().micros() / 1_000_000).expect("after 1970");
        totp.generate(seconds).to_string()
    }

    /// A code that it shows neither now nor soon.
    fn wrong(&self, stage: &Stage) -> String {
        let last = self.code(stage).pop().expect("six digits");
        format!("00000{}", char::from((u8::try_from(last).expect("a digit") - b'0' + 1) % 10 + b'0'))
    }
}

/// Enrols somebody; gives the authenticator and the codes on paper.
pub async fn enrol(stage: &Stage, browser: &mut Browser, who: &str) -> (Authenticator, Vec<String>) {
    let asked = browser.attempt(REQUEST, json!({ "password": stage.password(who) })).await;
    let authenticator = Authenticator::reading(&text(&asked, "/otpauthUrl"));
    let done = browser.attempt(CONFIRM, json!({ "code": authenticator.code(stage) })).await;
    let paper = done["recoveryCodes"].as_array().expect("codes").iter();
    let paper: Vec<_> = paper.filter_map(|code| code.as_str().map(str::to_owned)).collect();
    assert_eq!((paper.len(), codes(&done)), (10, vec![]));
    // The code of this step was used.
    stage.advance("PT30S").await;
    (authenticator, paper)
}

/// Logs in as far as the password goes; gives the token.
async fn half(stage: &Stage, browser: &mut Browser, who: &str) -> String {
    let payload = browser.try_log_in(who, stage.password(who)).await;
    assert_eq!((&payload["viewer"], codes(&payload)), (&Value::Null, vec![]), "{payload}");
    assert_eq!(browser.who().await, "", "nobody is logged in yet");
    text(&payload, "/secondFactor/token")
}

async fn confirm(browser: &mut Browser, token: &str, code: Value) -> Value {
    browser.attempt(CONFIRM_LOG_IN, json!({ "token": token, "code": code })).await
}

/// A9: where a second factor is enrolled, the password alone begins no session; a code completes the login, once.
#[tokio::test]
async fn a_code_completes_the_login() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, GINA).await;
        let (authenticator, _) = enrol(stage, &mut browser, GINA).await;
        let answer = browser.ask(ENROLLED, json!({})).await;
        assert_eq!(answer["data"]["viewer"]["secondFactors"], json!(["TOTP", "RECOVERY_CODE"]));

        let (mut first, mut second) = (Browser::new(stage, HOME), Browser::new(stage, HOME));
        let tokens = (half(stage, &mut first, GINA).await, half(stage, &mut second, GINA).await);
        let wrong = confirm(&mut first, &tokens.0, json!({ "totp": authenticator.wrong(stage) })).await;
        assert_eq!(codes(&wrong), ["SECOND_FACTOR_FAILED"]);
        let code = authenticator.code(stage);
        let done = confirm(&mut first, &tokens.0, json!({ "totp": code })).await;
        assert_eq!(done["viewer"]["account"]["primaryAddress"], GINA, "{done}");
        assert_eq!(first.who().await, GINA);
        let again = confirm(&mut second, &tokens.1, json!({ "totp": code })).await;
        assert_eq!(codes(&again), ["SECOND_FACTOR_FAILED"], "a code counts once");
        stage.advance("PT30S").await;
        let next = confirm(&mut second, &tokens.1, json!({ "totp": authenticator.code(stage) })).await;
        assert_eq!(codes(&next), Vec::<&str>::new());
    })
    .await;
}

/// A9: codes on paper work without the authenticator, each once, in any case and spacing.
#[tokio::test]
async fn codes_on_paper_count_once() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, GINA).await;
        let (_, paper) = enrol(stage, &mut browser, GINA).await;
        for (code, works) in [
            (paper[3].to_uppercase().replace('-', " "), true),
            (paper[3].clone(), false),
            (paper[9].clone(), true),
            ("0000-0000-0000-0000".to_owned(), false),
        ] {
            let token = half(stage, &mut browser_anew(stage), GINA).await;
            let done = confirm(&mut browser_anew(stage), &token, json!({ "recoveryCode": code })).await;
            let expected: &[&str] = if works { &[] } else { &["SECOND_FACTOR_FAILED"] };
            assert_eq!(codes(&done), expected, "{code}");
        }
    })
    .await;
}

/// A17: wrong codes lock the account like wrong passwords; then the password is no more accepted than any other.
#[tokio::test]
async fn wrong_codes_lock_the_account() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, GINA).await;
        let (authenticator, _) = enrol(stage, &mut browser, GINA).await;
        let mut stranger = Browser::new(stage, HOME);
        let token = half(stage, &mut stranger, GINA).await;
        for _ in 0..5 {
            let wrong = confirm(&mut stranger, &token, json!({ "totp": authenticator.wrong(stage) })).await;
            assert_eq!(codes(&wrong), ["SECOND_FACTOR_FAILED"]);
        }
        let late = confirm(&mut stranger, &token, json!({ "totp": authenticator.code(stage) })).await;
        assert_eq!(codes(&late), ["SECOND_FACTOR_FAILED"]);
        let payload = stranger.try_log_in(GINA, stage.password(GINA)).await;
        assert_eq!((codes(&payload), &payload["secondFactor"]), (vec!["LOGIN_FAILED"], &Value::Null));
    })
    .await;
}

/// A9: a half-done login waits five minutes, and a made-up one does not exist.
#[tokio::test]
async fn a_half_done_login_waits_five_minutes() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, GINA).await;
        let (authenticator, _) = enrol(stage, &mut browser, GINA).await;
        let mut stranger = Browser::new(stage, HOME);
        let token = half(stage, &mut stranger, GINA).await;
        let made_up = confirm(&mut stranger, "made-up", json!({ "totp": authenticator.code(stage) })).await;
        assert_eq!(codes(&made_up), ["LOGIN_FAILED"]);
        stage.advance("PT5M").await;
        let late = confirm(&mut stranger, &token, json!({ "totp": authenticator.code(stage) })).await;
        assert_eq!(codes(&late), ["LOGIN_FAILED"]);
        let token = half(stage, &mut stranger, GINA).await;
        stage.advance("PT4M59S").await;
        let done = confirm(&mut stranger, &token, json!({ "totp": authenticator.code(stage) })).await;
        assert_eq!(codes(&done), Vec::<&str>::new());
    })
    .await;
}

/// A9: enrolling and removing ask for the password, and a wrong code enrols nothing.
#[tokio::test]
async fn enrolling_asks_for_the_password() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, CLARA).await;
        let password = json!({ "password": stage.password(CLARA) });
        let refused = browser.attempt(REQUEST, json!({ "password": "not the password" })).await;
        assert_eq!((codes(&refused), &refused["otpauthUrl"]), (vec!["LOGIN_FAILED"], &Value::Null));
        let early = browser.attempt(CONFIRM, json!({ "code": "123456" })).await;
        assert_eq!(codes(&early), ["CONFLICT"]);
        let asked = browser.attempt(REQUEST, password.clone()).await;
        let authenticator = Authenticator::reading(&text(&asked, "/otpauthUrl"));
        let wrong = browser.attempt(CONFIRM, json!({ "code": authenticator.wrong(stage) })).await;
        assert_eq!((codes(&wrong), &wrong["recoveryCodes"]), (vec!["SECOND_FACTOR_FAILED"], &json!([])));
        stage.advance("PT10M").await;
        let late = browser.attempt(CONFIRM, json!({ "code": authenticator.code(stage) })).await;
        assert_eq!(codes(&late), ["CONFLICT"], "it waited ten minutes");

        enrol(stage, &mut browser, CLARA).await;
        let again = browser.attempt(REQUEST, password.clone()).await;
        assert_eq!(codes(&again), ["CONFLICT"]);
        let refused = browser.attempt(REMOVE, json!({ "password": "not the password" })).await;
        assert_eq!(codes(&refused), ["LOGIN_FAILED"]);
        let removed = browser.attempt(REMOVE, password).await;
        assert_eq!(removed["viewer"]["secondFactors"], json!([]), "{removed}");
        Browser::log_in(stage, HOME, CLARA).await;
    })
    .await;
}

/// K2: a role that needs a second factor sleeps until its holder has one, and then keeps it.
#[tokio::test]
async fn a_role_sleeps_without_its_factor() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, ADMINISTRATOR).await;
        let administers = |answer: &Value| {
            let all = answer["data"]["viewer"]["capabilities"].as_array().expect("a list").clone();
            all.contains(&json!("ADMINISTER"))
        };
        assert!(administers(&browser.ask(ENROLLED, json!({})).await));
        stage
            .change_policy(|policy| {
                policy.accounts.second_factor.insert(Role::Administrator);
            })
            .await;
        assert!(!administers(&browser.ask(ENROLLED, json!({})).await), "the role sleeps");
        enrol(stage, &mut browser, ADMINISTRATOR).await;
        assert!(administers(&browser.ask(ENROLLED, json!({})).await), "it is awake");
        let refused = browser.attempt(REMOVE, json!({ "password": stage.password(ADMINISTRATOR) })).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        assert_eq!(error(&browser.ask("{ viewer { id } }", json!({})).await), "");
    })
    .await;
}

/// K2, A9: whoever was logged in by the password alone is out once a second factor is enrolled elsewhere, so that no role
/// wakes for somebody who never gave one.
#[tokio::test]
async fn enrolling_ends_other_sessions() {
    on_stage(async |stage| {
        stage
            .change_policy(|policy| {
                policy.accounts.second_factor.insert(Role::Administrator);
            })
            .await;
        let mut thief = Browser::log_in(stage, HOME, ADMINISTRATOR).await;
        let mut browser = Browser::log_in(stage, HOME, ADMINISTRATOR).await;
        enrol(stage, &mut browser, ADMINISTRATOR).await;
        assert_eq!(thief.who().await, "SESSION_ENDED");
        assert_eq!(browser.who().await, ADMINISTRATOR);
    })
    .await;
}

fn browser_anew(stage: &Stage) -> Browser {
    Browser::new(stage, HOME)
}

/// R3: nobody tries first codes until one is right: wrong ones count against the network, and then none is heard.
#[tokio::test]
async fn first_codes_cannot_be_tried_out() {
    on_stage(async |stage| {
        let mut clara = Browser::log_in(stage, HOME, CLARA).await;
        let asked = clara.attempt(REQUEST, json!({ "password": stage.password(CLARA) })).await;
        let authenticator = Authenticator::reading(&text(&asked, "/otpauthUrl"));
        let wrong = json!({ "code": authenticator.wrong(stage) });
        for _ in 0..50 {
            assert_eq!(codes(&clara.attempt(CONFIRM, wrong.clone()).await), ["SECOND_FACTOR_FAILED"]);
        }
        let right = json!({ "input": { "code": authenticator.code(stage) } });
        assert_eq!(error(&clara.ask(CONFIRM, right).await), "THROTTLED");
        assert_eq!(clara.ask(ENROLLED, json!({})).await["data"]["viewer"]["secondFactors"], json!([]));
    })
    .await;
}

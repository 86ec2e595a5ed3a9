//! One's own account: what it says, and closing it.

use crate::{
    aliases::{id, mailbox_keys},
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, folder},
    registration,
    stage::{REGISTER, Stage, codes, drafts, error, listed, on_stage, open, text},
};
use domain::policy::ProfileField;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use workers::JobName;

const UPDATE: &str = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) \
     { account { profile { givenName familyName telephone company language } } problems { code field } } }";
const CLOSE: &str =
    "mutation($input: CloseAccountInput!) { closeAccount(input: $input) { closed problems { code } } }";
const CLOSE_FOR: &str = "mutation($input: CloseAccountForInput!) { closeAccountFor(input: $input) \
     { account { state roles } problems { code field } } }";
const GRANT: &str =
    "mutation($input: GrantRoleInput!) { grantRole(input: $input) { account { roles } problems { code } } }";
const ACTIVATE: &str = "mutation($input: ActivateAccountInput!) { activateAccount(input: $input) { activated problems { code } } }";

/// Purposes of keys, as the vault numbers them.
const INCOMING: i64 = 4;
const OUTGOING: i64 = 5;
const CREDENTIAL: i64 = 6;

/// A19: the profile shows what was registered and can be changed; what is left out stays, what is asked for cannot be
/// emptied, and the bounds are those of the registration.
#[tokio::test]
async fn the_profile_can_be_changed() {
    on_stage(async |stage| {
        let mut gina = stage.log_in(GINA).await;
        let change = json!({ "profile": { "company": " Lake ", "language": "de" } });
        let updated = gina.act(UPDATE, change).await.expect("it is changed");
        let profile = json!({ "givenName": "gina", "familyName": "Example", "telephone": "+1 555 0100", "company": "Lake", "language": "de" });
        assert_eq!(updated["account"]["profile"], profile);
        let head = stage.head();
        for (field, value, code) in [
            ("givenName", " ".to_owned(), "REQUIRED"),
            ("company", "x".repeat(201), "TOO_LONG"),
            ("familyName", "two\nlines".to_owned(), "INVALID"),
        ] {
            let change = json!({ "profile": { field: value } });
            let refused = gina.attempt(UPDATE, change).await.expect("an answer");
            assert_eq!(codes(&refused), [code], "{refused}");
            assert_eq!(refused["problems"][0]["field"], json!(["profile", field]));
        }
        gina.act(UPDATE, json!({ "profile": { "company": "Lake" } })).await.expect("nothing changes");
        assert_eq!(stage.head(), head, "something was recorded");
        // What the policy came to ask for meanwhile does not keep her from changing the rest.
        stage.change_policy(|policy| _ = policy.accounts.profile_fields.insert(ProfileField::MemberNumber)).await;
        let change = json!({ "profile": { "company": "" } });
        let updated = gina.act(UPDATE, change).await.expect("it is changed");
        assert_eq!(updated["account"]["profile"]["company"], Value::Null);
    })
    .await;
}

/// K9, B38: an account is closed by its password, which cannot be guessed here; its sessions end, its keys are destroyed,
/// its drafts are gone, and the sender's copy stands. The address can be invited anew, and no mail comes back.
#[tokio::test]
async fn an_account_is_closed() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let received = stage.send(&mut clara, GINA, "For Gina").await;
        let sent = stage.send(&mut gina, CLARA, "From Gina").await;
        let draft = stage.draft(&mut gina, &Value::Null).await;
        assert_eq!(drafts(&mut gina).await.len(), 1);
        let keys = [mailbox_keys(stage, INCOMING).await, mailbox_keys(stage, OUTGOING).await];
        let credentials = mailbox_keys(stage, CREDENTIAL).await;
        let refused = gina.attempt(CLOSE, json!({ "password": "not this one" })).await.expect("an answer");
        assert_eq!((codes(&refused), &refused["closed"]), (vec!["LOGIN_FAILED"], &json!(false)));

        let closed =
            gina.act(CLOSE, json!({ "password": stage.password(GINA) })).await.expect("it is closed");
        assert_eq!(closed["closed"], true);
        let nobody = gina.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(nobody["data"]["viewer"], Value::Null);
        assert_eq!(mailbox_keys(stage, INCOMING).await, keys[0] - 1);
        assert_eq!(mailbox_keys(stage, OUTGOING).await, keys[1] - 1);
        assert_eq!(mailbox_keys(stage, CREDENTIAL).await, credentials - 1);
        assert_eq!(mailbox_keys(stage, 8).await, 0, "the draft {draft} has a key");
        let failed = stage.stranger().log_in(GINA, stage.password(GINA)).await.expect("an answer");
        assert_eq!(codes(&failed), ["LOGIN_FAILED"]);
        for message in [&received, &sent] {
            assert_eq!(text(&open(&mut clara, message).await, "/content/text"), "The text.");
        }

        // Her address gets an account like any other.
        let anew = stage.send(&mut clara, GINA, "Anew").await;
        let mails = stage.mails(GINA).await;
        let invited = mails.iter().find(|mail| mail.subject.contains("invites"));
        let invitation = invited.expect("an invitation").token().expect("a link");
        let mut again = stage.stranger();
        again.act(REGISTER, registration::form(&invitation, GINA)).await.expect("she registers");
        let mails = stage.mails(GINA).await;
        let confirmation = mails.iter().find(|mail| mail.subject.starts_with("Confirm"));
        let activation = confirmation.expect("a mail").token().expect("a link");
        again.act(ACTIVATE, json!({ "token": activation })).await.expect("she activates");
        again.log_in(GINA, registration::PASSWORD).await.expect("she logs in");
        let inbox = folder(&mut again, "inbox").await;
        assert_eq!(inbox.iter().map(|message| &message["id"]).collect::<Vec<_>>(), [&json!(anew)]);
        assert_eq!(codes(&open(&mut again, &received).await), ["NOT_FOUND"]);
    })
    .await;
}

/// K9, K2: an administrator closes an account for a reason; its roles go with it, and the last administrator stays.
#[tokio::test]
async fn an_administrator_closes_an_account() {
    on_stage(async |stage| {
        let (mut administrator, mut bruno) = (stage.log_in(ADMINISTRATOR).await, stage.log_in(BRUNO).await);
        let mut clara = stage.log_in(CLARA).await;
        let received = stage.send(&mut clara, BRUNO, "For Bruno").await;
        let bruno_id = id(&mut bruno).await;
        let close = |account: &str, reason: &str| json!({ "accountId": account, "reason": reason });
        let forbidden =
            clara.ask(CLOSE_FOR, json!({ "input": close(&bruno_id, "Left us") })).await.expect("an answer");
        assert_eq!(error(&forbidden), "FORBIDDEN");
        for (reason, code) in [(" ".to_owned(), "REQUIRED"), ("x".repeat(501), "TOO_LONG")] {
            let refused =
                administrator.attempt(CLOSE_FOR, close(&bruno_id, &reason)).await.expect("an answer");
            assert_eq!((codes(&refused), &refused["problems"][0]["field"]), (vec![code], &json!(["reason"])));
        }
        let own = id(&mut administrator).await;
        let refused = administrator.attempt(CLOSE_FOR, close(&own, "Mine")).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        let password = stage.password(ADMINISTRATOR);
        let refused = administrator.attempt(CLOSE, json!({ "password": password })).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);

        for role in ["ADMINISTRATOR", "OPERATOR"] {
            let input = json!({ "accountId": bruno_id, "role": role });
            administrator.act(GRANT, input).await.expect("a role");
        }
        let closed = administrator.act(CLOSE_FOR, close(&bruno_id, "Left us")).await.expect("it is closed");
        assert_eq!(closed["account"], json!({ "state": "CLOSED", "roles": [] }));
        let over = bruno.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&over), "SESSION_ENDED");
        assert_eq!(listed(&mut clara, "sent", &received).await["subject"], "For Bruno");
    })
    .await;
}

/// K5, K9: what a crash leaves of a closed account's keys is swept.
#[tokio::test]
async fn keys_of_closed_accounts_are_swept() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        stage.send(&mut clara, GINA, "For Gina").await;
        stage.send(&mut gina, CLARA, "From Gina").await;
        let before = left(stage).await;
        close_and_crash(stage, GINA).await;
        assert_eq!(left(stage).await, before, "the crash left them");
        sweep(stage).await;
        let after = left(stage).await;
        assert_eq!(after, before.map(|keys| keys - 1));
        let head = stage.head();
        sweep(stage).await;
        assert_eq!(stage.head(), head, "once is enough");
        lives(&mut clara).await;
    })
    .await;
}

async fn left(stage: &Stage) -> [usize; 3] {
    let [incoming, outgoing, credential] =
        [INCOMING, OUTGOING, CREDENTIAL].map(|purpose| mailbox_keys(stage, purpose));
    [incoming.await, outgoing.await, credential.await]
}

pub async fn sweep(stage: &Stage) {
    let app = &stage.node.app;
    app.wait_for(app.log().head()).await.expect("the read models catch up");
    let ran = stage.node.scheduler.run_now(JobName::ExpireMessages).await.expect("the job runs");
    assert_eq!(ran.expect("nobody else runs it").failure, None);
}

async fn lives(client: &mut Client) {
    assert_eq!(folder(client, "inbox").await.len(), 1);
}

/// As far as a process comes that is killed after the event.
async fn close_and_crash(stage: &Stage, address: &str) {
    use domain::{
        Metadata,
        account::{Account, Closing, Command},
        event::Actor,
    };
    let (app, at) = (&stage.node.app, stage.clock.now());
    let row = "SELECT account FROM rm_accounts WHERE kind = 'guest' AND organisation = $1";
    let rows = app.log().db().all(row, vec![1_i64.into()]).await.expect("an answer");
    assert_eq!(rows.len(), 1, "{address} is the only guest");
    let account = rows[0].uuid("account").expect("an id");
    let close = || Command::Close { why: Closing::Wish, reason: None, at };
    let meta = Metadata::by(Actor::Operator);
    let done = app.log().execute::<Account>(stage.cast.organisation, account, &meta, close).await;
    done.expect("it is appended").expect("it is open");
}

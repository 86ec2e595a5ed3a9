//! Further addresses: asked for, confirmed, promoted, taken away; and the account that joins by one.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER, folder},
    own_account::sweep,
    stage::{FORWARD, REPLY, Stage, codes, drafts, error, on_stage, open, text},
};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const ADD: &str = "mutation($input: AddAliasInput!) { addAlias(input: $input) \
     { alias { id address state undoUntil } problems { code field } position } }";
const CONFIRM: &str = "mutation($input: ConfirmAliasInput!) { confirmAlias(input: $input) \
     { confirmed problems { code message } } }";
const PROMOTE: &str = "mutation($input: PromoteAliasInput!) { promoteAlias(input: $input) \
     { account { primaryAddress aliases { id address state undoUntil } } problems { code } } }";
const UNDO: &str = "mutation($input: UndoAliasPromotionInput!) { undoAliasPromotion(input: $input) { undone problems { code } } }";
const REMOVE: &str = "mutation($input: RemoveAliasInput!) { removeAlias(input: $input) \
     { account { aliases { address } } problems { code } } }";
const ADD_FOR: &str = "mutation($input: AddAliasForInput!) { addAliasFor(input: $input) \
     { alias { address state addedBy { primaryAddress } } problems { code } } }";
const TO_MEMBER: &str = "mutation($input: PromoteToMemberInput!) { promoteToMember(input: $input) \
     { account { kind } problems { code } } }";
const LEAVE: &str =
    "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { unsubscribed problems { code } } }";
const LINK: &str =
    "query($token: Secret!) { link(token: $token) { purpose state maskedAddress needsPassword } }";

const SECOND: &str = "clara@second.example";
const THIRD: &str = "clara@third.example";

/// B42, B44, B45, B48, B49, B52: an alias is pending until the link in its mail was followed; from then on its mail arrives
/// in the one inbox and is answered from there. There can be several, each on its own.
#[tokio::test]
async fn an_alias_is_confirmed_by_its_mail() {
    on_stage(async |stage| {
        allow(stage).await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let added = clara.act(ADD, json!({ "address": SECOND })).await.expect("it is asked for");
        assert_eq!((&added["alias"]["state"], &added["alias"]["address"]), (&json!("PENDING"), &json!(SECOND)));
        clara.act(ADD, json!({ "address": THIRD })).await.expect("another");
        assert_eq!(aliases(&mut clara).await, [(SECOND.into(), "PENDING".into()), (THIRD.into(), "PENDING".into())]);
        let node = clara.ask(
            "query($id: ID!) { node(id: $id) { ... on Alias { address state } } }",
            json!({ "id": added["alias"]["id"] }),
        );
        assert_eq!(node.await.expect("an answer")["data"]["node"], json!({ "address": SECOND, "state": "PENDING" }));

        let token = asked(stage, SECOND).await;
        let link = stage.stranger().ask(LINK, json!({ "token": token })).await.expect("an answer");
        assert_eq!(
            link["data"]["link"],
            json!({ "purpose": "CONFIRM_ALIAS", "state": "USABLE", "maskedAddress": "c***@s***.example", "needsPassword": false })
        );
        let mut anyone = stage.stranger();
        let confirmed = anyone.act(CONFIRM, json!({ "token": token })).await.expect("it is confirmed");
        assert_eq!(confirmed["confirmed"], true);
        let again = anyone.attempt(CONFIRM, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);
        assert_eq!(aliases(&mut clara).await, [(SECOND.into(), "CONFIRMED".into()), (THIRD.into(), "PENDING".into())]);

        let message = stage.send(&mut bruno, SECOND, "To the alias").await;
        assert_eq!(text(&open(&mut clara, &message).await, "/content/text"), "The text.");
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": message, "text": "Here." });
        clara.act(REPLY, reply).await.expect("she answers");
        assert_eq!(folder(&mut bruno, "inbox").await[0]["subject"], "Re: To the alias");

        // Both addresses are one recipient.
        let both = stage.send(&mut bruno, &format!("{CLARA}, {SECOND}"), "To both").await;
        let subjects: Vec<_> = folder(&mut clara, "inbox").await.iter().map(|one| one["subject"].clone()).collect();
        assert_eq!(subjects.iter().filter(|subject| *subject == "To both").count(), 1);
        let query = "query($id: ID!) { node(id: $id) { ... on Message { deliveries { state } } } }";
        let answer = bruno.ask(query, json!({ "id": both })).await.expect("an answer");
        assert_eq!(answer["data"]["node"]["deliveries"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

/// B42, R4, R13: the answer is the same whether the address has an account; one's own addresses are quiet; a confirmation
/// is not mailed again at once.
#[tokio::test]
async fn asking_for_an_alias_tells_nothing() {
    on_stage(async |stage| {
        allow(stage).await;
        let mut clara = stage.log_in(CLARA).await;
        let of_someone = clara.act(ADD, json!({ "address": GINA })).await.expect("an answer");
        let of_nobody = clara.act(ADD, json!({ "address": SECOND })).await.expect("an answer");
        for (answer, address) in [(&of_someone, GINA), (&of_nobody, SECOND)] {
            let alias = &answer["alias"];
            assert_eq!((&alias["address"], &alias["state"]), (&json!(address), &json!("PENDING")));
            assert!(answer["position"].is_string());
        }
        let head = stage.head();
        let own = clara.act(ADD, json!({ "address": CLARA.to_uppercase() })).await.expect("an answer");
        assert_eq!(own["alias"], Value::Null);
        let again = clara.act(ADD, json!({ "address": SECOND })).await.expect("an answer");
        assert_eq!(again["alias"]["id"], of_nobody["alias"]["id"]);
        assert_eq!(stage.head(), head, "something was recorded");
    })
    .await;
}

/// B33, B40, B41: groups are nobody's alias, guests have none, and where the policy says so members have none either; a
/// guest who became a member has.
#[tokio::test]
async fn who_may_have_aliases() {
    on_stage(async |stage| {
        let group = "claims@insurer.example";
        stage
            .change_policy(|policy| {
                policy.accounts.aliases = false;
                policy.accounts.group_addresses.insert(group.parse().expect("an address"));
            })
            .await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        assert!(!capabilities(&mut clara).await.contains(&"MANAGE_ALIASES".to_owned()));
        let refused = clara.attempt(ADD, json!({ "address": SECOND })).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        allow(stage).await;
        assert!(capabilities(&mut clara).await.contains(&"MANAGE_ALIASES".to_owned()));
        let refused = clara.attempt(ADD, json!({ "address": group })).await.expect("an answer");
        assert_eq!(
            (codes(&refused), &refused["problems"][0]["field"]),
            (vec!["GROUP_ADDRESS"], &json!(["address"]))
        );
        let refused = gina.attempt(ADD, json!({ "address": SECOND })).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        assert!(!capabilities(&mut gina).await.contains(&"MANAGE_ALIASES".to_owned()));

        let input = json!({ "accountId": id(&mut gina).await });
        let answer = clara.ask(TO_MEMBER, json!({ "input": input })).await.expect("an answer");
        assert_eq!(error(&answer), "FORBIDDEN");
        let mut administrator = stage.log_in(ADMINISTRATOR).await;
        let promoted = administrator.act(TO_MEMBER, input).await.expect("she is promoted");
        assert_eq!(promoted["account"]["kind"], "MEMBER");
        gina.act(ADD, json!({ "address": SECOND })).await.expect("she may now");
    })
    .await;
}

/// B46, B47, R14: a promoted alias is where mail comes from and where notifications go; the old address still receives and
/// cannot be taken away before the week is over in which it can undo that. Undoing ends all sessions.
#[tokio::test]
async fn a_promotion_can_be_undone() {
    on_stage(async |stage| {
        allow(stage).await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let alias = confirmed(stage, &mut clara, SECOND).await;
        let told = stage.mails(CLARA).await.len();
        let promoted = clara.act(PROMOTE, json!({ "aliasId": alias })).await.expect("it is promoted");
        let account = &promoted["account"];
        assert_eq!(account["primaryAddress"], SECOND);
        let former = &account["aliases"][0];
        assert_eq!((&former["address"], &former["state"]), (&json!(CLARA), &json!("FORMER_PRIMARY")));
        assert!(former["undoUntil"].is_string());

        let message = stage.send(&mut clara, BRUNO, "From the new address").await;
        let from = "query($id: ID!) { node(id: $id) { ... on Message { from { address } } } }";
        let answer = bruno.ask(from, json!({ "id": message })).await.expect("an answer");
        assert_eq!(answer["data"]["node"]["from"]["address"], SECOND);
        let old = stage.send(&mut bruno, CLARA, "To the old address").await;
        open(&mut clara, &old).await;
        let notified = stage.mails(SECOND).await;
        assert!(notified.iter().any(|mail| mail.subject.contains("secure message")), "no notification");

        assert_eq!(stage.mails(CLARA).await.len(), told + 1, "the old address is told, and of nothing else");
        let token = asked(stage, CLARA).await;
        let refused = clara.attempt(REMOVE, json!({ "aliasId": former["id"] })).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        let undone = stage.stranger().act(UNDO, json!({ "token": token })).await.expect("it is undone");
        assert_eq!(undone["undone"], true);
        let over = clara.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&over), "SESSION_ENDED");
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!(aliases(&mut clara).await, [(SECOND.into(), "CONFIRMED".into())]);
        let again = stage.stranger().attempt(UNDO, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);
    })
    .await;
}

/// B46, B47, R14: moving to a new address for good: a week later the old one can be given up, and is free.
#[tokio::test]
async fn an_address_is_left_behind() {
    on_stage(async |stage| {
        allow(stage).await;
        let mut clara = stage.log_in(CLARA).await;
        let received = stage.send(&mut clara, GINA, "From the old address").await;
        let alias = confirmed(stage, &mut clara, SECOND).await;
        let promoted = clara.act(PROMOTE, json!({ "aliasId": alias })).await.expect("it is promoted");
        let former = promoted["account"]["aliases"][0]["id"].clone();
        let token = asked(stage, CLARA).await;
        stage.advance("P8D").await;
        let late = stage.stranger().attempt(UNDO, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&late), ["LINK_EXPIRED"]);
        let mut clara = stage.stranger();
        clara.log_in(SECOND, stage.password(CLARA)).await.expect("she logs in by the new address");
        let removed = clara.act(REMOVE, json!({ "aliasId": former })).await.expect("it is removed");
        assert_eq!(removed["account"]["aliases"], json!([]));
        let payload = stage.stranger().log_in(CLARA, stage.password(CLARA)).await.expect("an answer");
        assert_eq!(payload["viewer"], Value::Null, "the old address is nobody's");
        stage.change_policy(|policy| policy.mail.ask_new_recipients = true).await;
        let mut bruno = stage.log_in(BRUNO).await;
        let asked = stage.try_send(&mut bruno, CLARA, "To nobody").await;
        assert_eq!(codes(&asked), ["NEW_RECIPIENTS"], "{asked}");

        // Answers to what was sent from there reach her all the same.
        let mut gina = stage.log_in(GINA).await;
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": received, "text": "Found you." });
        gina.act(REPLY, reply).await.expect("she answers");
        assert_eq!(folder(&mut clara, "inbox").await[0]["subject"], "Re: From the old address");
    })
    .await;
}

/// B43, B48, B38: an account joins by its password; its mail is read, answered and forwarded in the one inbox, it is closed,
/// its drafts are gone, and its addresses log in to the one that took it in. No sweep takes its keys; leaving does.
#[tokio::test]
async fn an_account_joins_another() {
    on_stage(async |stage| {
        allow(stage).await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let mut gina = stage.log_in(GINA).await;
        let received = stage.send_files(&mut bruno, GINA, "For Gina", &["a.txt"]).await;
        let sent = stage.send(&mut gina, BRUNO, "From Gina").await;
        let between = stage.send(&mut clara, GINA, "Between the two").await;
        stage.draft(&mut gina, &Value::Null).await;
        clara.act(ADD, json!({ "address": GINA })).await.expect("it is asked for");
        let token = asked(stage, GINA).await;
        let link = stage.stranger().ask(LINK, json!({ "token": token })).await.expect("an answer");
        assert_eq!(link["data"]["link"]["needsPassword"], true);

        let mut anyone = stage.stranger();
        let none = anyone.attempt(CONFIRM, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&none), ["PASSWORD_REQUIRED"]);
        let wrong = json!({ "token": token, "password": stage.password(CLARA) });
        let wrong = anyone.attempt(CONFIRM, wrong).await.expect("an answer");
        assert_eq!((codes(&wrong), &wrong["confirmed"]), (vec!["LOGIN_FAILED"], &json!(false)));
        let right = json!({ "token": token, "password": stage.password(GINA) });
        anyone.act(CONFIRM, right.clone()).await.expect("she joins");
        let again = anyone.attempt(CONFIRM, right).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);

        let over = gina.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&over), "SESSION_ENDED");
        let old = stage.stranger().log_in(GINA, stage.password(GINA)).await.expect("an answer");
        assert_eq!(old["viewer"], Value::Null, "her password is gone");
        let mut clara_too = stage.stranger();
        let new = clara_too.log_in(GINA, stage.password(CLARA)).await.expect("an answer");
        assert_eq!(new["viewer"]["account"]["primaryAddress"], CLARA);
        assert_eq!(aliases(&mut clara).await, [(GINA.into(), "CONFIRMED".into())]);
        assert!(drafts(&mut clara).await.is_empty());

        sweep(stage).await;
        let inbox = folder(&mut clara, "inbox").await;
        assert_eq!(inbox.len(), 2, "{inbox:?}");
        assert!(folder(&mut clara, "sent").await.iter().any(|message| message["id"] == sent.as_str()));
        for message in [&received, &sent, &between] {
            assert_eq!(text(&open(&mut clara, message).await, "/content/text"), "The text.");
        }
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": received, "text": "As Clara." });
        clara.act(REPLY, reply).await.expect("she answers Gina's mail");
        let onward =
            json!({ "idempotencyKey": stage.key(), "messageId": received, "to": [OFFICER], "text": "Look." });
        clara.act(FORWARD, onward).await.expect("she forwards Gina's mail");
        let mut officer = stage.log_in(OFFICER).await;
        assert_eq!(folder(&mut officer, "inbox").await[0]["attachments"][0]["name"], "a.txt");
        // Bruno answers what Gina sent: it reaches her who took her in.
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": sent, "text": "To Gina." });
        bruno.act(REPLY, reply).await.expect("he answers");
        assert_eq!(folder(&mut clara, "inbox").await.len(), 3);

        clara.act(LEAVE, json!({})).await.expect("she leaves");
        assert!(folder(&mut clara, "inbox").await.is_empty());
        assert_eq!(codes(&open(&mut clara, &received).await), ["UNAVAILABLE"]);
        assert_eq!(text(&open(&mut clara, &sent).await, "/content/text"), "The text.", "what was sent stays");
        assert_eq!(mailbox_keys(stage, 4).await, 2, "only those of Bruno and the officer are left");
    })
    .await;
}

/// B43, A17: the password of the account that is to join cannot be guessed here: wrong ones lock it, and then the right one
/// is refused.
#[tokio::test]
async fn a_joining_account_is_not_guessed() {
    on_stage(async |stage| {
        allow(stage).await;
        let mut clara = stage.log_in(CLARA).await;
        clara.act(ADD, json!({ "address": GINA })).await.expect("it is asked for");
        let token = asked(stage, GINA).await;
        let rules = stage.node.app.rules(stage.cast.organisation).await.expect("the rules");
        for _ in 0..rules.policy.sessions.lockout_threshold {
            let guess = json!({ "token": token, "password": "a wrong password" });
            let wrong = stage.stranger().attempt(CONFIRM, guess).await.expect("an answer");
            assert_eq!(codes(&wrong), ["LOGIN_FAILED"]);
        }
        let right = json!({ "token": token, "password": stage.password(GINA) });
        let refused = stage.stranger().attempt(CONFIRM, right).await.expect("an answer");
        assert_eq!(codes(&refused), ["LOGIN_FAILED"]);
        let mails = stage.mails(GINA).await;
        assert!(mails.iter().any(|mail| mail.subject.contains("paused")), "she is told of the lockout");
    })
    .await;
}

/// B43, K2: whoever was only invited joins without a password, and the mail that waits comes along; an account with a role
/// does not join.
#[tokio::test]
async fn who_joins_without_a_password_and_who_never() {
    on_stage(async |stage| {
        allow(stage).await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let waiting = stage.send(&mut bruno, SECOND, "Waits for a registration").await;
        let alias = confirmed(stage, &mut clara, SECOND).await;
        assert!(!alias.is_empty());
        assert_eq!(text(&open(&mut clara, &waiting).await, "/content/text"), "The text.");

        clara.act(ADD, json!({ "address": OFFICER })).await.expect("it is asked for");
        let token = asked(stage, OFFICER).await;
        let input = json!({ "token": token, "password": stage.password(OFFICER) });
        let refused = stage.stranger().attempt(CONFIRM, input).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        stage.log_in(OFFICER).await;
    })
    .await;
}

/// B50: an administrator's alias counts at once within the organisation's own domains, and is confirmed by link elsewhere.
#[tokio::test]
async fn an_administrator_adds_aliases() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.aliases = false).await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let mut administrator = stage.log_in(ADMINISTRATOR).await;
        let account = id(&mut clara).await;
        let add = |address: &str| json!({ "accountId": account, "address": address });
        let refused = bruno.ask(ADD_FOR, json!({ "input": add(SECOND) })).await.expect("an answer");
        assert_eq!(error(&refused), "FORBIDDEN");
        let own = administrator.act(ADD_FOR, add("c.lake@insurer.example")).await.expect("it is added");
        assert_eq!(
            own["alias"],
            json!({ "address": "c.lake@insurer.example", "state": "CONFIRMED", "addedBy": { "primaryAddress": ADMINISTRATOR } })
        );
        stage.send(&mut bruno, "c.lake@insurer.example", "At once").await;
        assert_eq!(folder(&mut clara, "inbox").await.len(), 1);
        let other = administrator.act(ADD_FOR, add(SECOND)).await.expect("it is asked for");
        assert_eq!(other["alias"]["state"], "PENDING");
        let token = asked(stage, SECOND).await;
        stage.stranger().act(CONFIRM, json!({ "token": token })).await.expect("it is confirmed");
        // An address that has an account is not taken from it.
        let held = administrator.act(ADD_FOR, add(BRUNO)).await.expect("it is asked for");
        assert_eq!(held["alias"]["state"], "PENDING");
    })
    .await;
}

/// The account that has an address joins somebody's, by the password that its holder knows.
pub async fn join(stage: &Stage, client: &mut Client, address: &str) {
    allow(stage).await;
    client.act(ADD, json!({ "address": address })).await.expect("it is asked for");
    let right = json!({ "token": asked(stage, address).await, "password": stage.password(address) });
    stage.stranger().act(CONFIRM, right).await.expect("they join");
}

async fn allow(stage: &Stage) {
    stage.change_policy(|policy| policy.accounts.aliases = true).await;
}

/// The token in the mail that asks about an address.
async fn asked(stage: &Stage, address: &str) -> String {
    let mails = stage.mails(address).await;
    let token =
        |mail: &sealpost::walk::letters::Arrived| mail.subject.contains("address").then(|| mail.token());
    mails.iter().rev().find_map(token).expect("a mail about the address").expect("a link")
}

/// A confirmed alias; gives its id.
async fn confirmed(stage: &Stage, client: &mut Client, address: &str) -> String {
    let added = client.act(ADD, json!({ "address": address })).await.expect("it is asked for");
    let token = asked(stage, address).await;
    stage.stranger().act(CONFIRM, json!({ "token": token })).await.expect("it is confirmed");
    text(&added, "/alias/id")
}

async fn aliases(client: &mut Client) -> Vec<(String, String)> {
    let query = "{ viewer { account { aliases { address state } } } }";
    let answer = client.ask(query, json!({})).await.expect("an answer");
    let all = answer["data"]["viewer"]["account"]["aliases"].as_array().expect("a list");
    all.iter().map(|alias| (text(alias, "/address"), text(alias, "/state"))).collect()
}

async fn capabilities(client: &mut Client) -> Vec<String> {
    let answer = client.ask("{ viewer { capabilities } }", json!({})).await.expect("an answer");
    let all = answer["data"]["viewer"]["capabilities"].as_array().expect("a list");
    all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

pub async fn id(client: &mut Client) -> String {
    let answer = client.ask("{ viewer { account { id } } }", json!({})).await.expect("an answer");
    text(&answer, "/data/viewer/account/id")
}

/// How many keys of a purpose the vault has.
pub async fn mailbox_keys(stage: &Stage, purpose: i64) -> usize {
    let sql = "SELECT key_id FROM vault WHERE purpose = $1 AND organisation = 1";
    stage.node.app.log().db().all(sql, vec![purpose.into()]).await.expect("an answer").len()
}

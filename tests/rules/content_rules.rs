//! Content rules: kept by policy authors, asked about what members write and what the mail server hands over, tried on past mail.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER, SEND, folder},
    policy::grant,
    stage::{FORWARD, REPLY, Stage, codes, drafts, error, on_stage, text},
};
use app::{Handover, Reception};
use domain::policy::Role;
use sealpost::walk::client::{Client, File};
use serde_json::{Value, json};
use workers::{JobName, Mailer};

const CREATE: &str = "mutation($input: CreateContentRuleInput!) { createContentRule(input: $input) { contentRule { id name \
     order enabled action conditions { part detector pattern threshold } } problems { code message field } position } }";
const UPDATE: &str = "mutation($input: UpdateContentRuleInput!) { updateContentRule(input: $input) { contentRule { id name \
     order enabled action conditions { part detector pattern threshold } } problems { code message field } position } }";
const DELETE: &str = "mutation($input: DeleteContentRuleInput!) { deleteContentRule(input: $input) { deletedRuleId \
     problems { code field } position } }";
const RULES: &str = "{ viewer { administration { contentRules { id name order enabled action \
     conditions { part detector pattern threshold } } } } }";
const SEND_DRAFT: &str = "mutation($input: SendDraftInput!) { sendDraft(input: $input) { message { id securedByRule } \
     draft { id version } problems { code message field } } }";
const HITS: &str = "query($waiting: Boolean, $first: Int, $after: String) { viewer { compliance { ruleHits(waiting: $waiting, \
     first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id action hitCount reason \
     decision rule { id name } sender { address } message { id securedBy { name } } decidedBy { primaryAddress } } } } } } }";
const TRY: &str = "mutation($input: DryRunContentRulesInput!) { dryRunContentRules(input: $input) { dryRun { id \
     work { id state done } hits { totalCount } } problems { code field } position } }";
const RUN: &str = "query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on DryRun { work { id state done total \
     startedAt finishedAt remaining failure } hits(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } \
     edges { node { id at action hitCount rule { id name } sender { address } message { id } decision } } } } } }";
const EVENTS: &str = "query($kinds: [AuditEventKind!]) { viewer { compliance { events(filter: { kinds: $kinds }, first: 50) { \
     edges { node { kind reason message { id } } } } } } }";
const POLICY: &str = "mutation($input: ChangePolicyInput!) { changePolicy(input: $input) { policy { content { terms \
     memberIds } } problems { code field } position } }";
const CARD: &str = "My card is 4111 1111 1111 1111.";

async fn author(stage: &Stage) -> Client {
    grant(stage, BRUNO, Role::PolicyAuthor).await;
    stage.log_in(BRUNO).await
}

fn condition(part: &str, detector: &str, pattern: Option<&str>) -> Value {
    json!({ "part": part, "detector": detector, "pattern": pattern })
}

fn rule(name: &str, order: i32, action: &str, conditions: &[Value]) -> Value {
    json!({ "name": name, "order": order, "action": action, "conditions": conditions })
}

fn cards(order: i32, action: &str) -> Value {
    rule(&format!("Cards {action}"), order, action, &[condition("BODY", "CARD_NUMBER", None)])
}

async fn create(stage: &Stage, author: &mut Client, rule: &Value) -> Value {
    let input = json!({ "idempotencyKey": stage.key(), "rule": rule });
    author.attempt(CREATE, input).await.expect("an answer")
}

async fn created(stage: &Stage, author: &mut Client, rule: &Value) -> String {
    text(&create(stage, author, rule).await, "/contentRule/id")
}

async fn standing(author: &mut Client) -> Vec<Value> {
    let answer = author.ask(RULES, json!({})).await.expect("an answer");
    let rules = answer["data"]["viewer"]["administration"]["contentRules"].as_array();
    rules.unwrap_or_else(|| panic!("no rules: {answer}")).clone()
}

async fn hits(officer: &mut Client, variables: Value) -> Value {
    let answer = officer.ask(HITS, variables).await.expect("an answer");
    let page = answer["data"]["viewer"]["compliance"]["ruleHits"].clone();
    assert!(page.is_object(), "{answer}");
    page
}

async fn events(officer: &mut Client, kinds: &[&str]) -> Vec<Value> {
    let answer = officer.ask(EVENTS, json!({ "kinds": kinds })).await.expect("an answer");
    let edges = answer["data"]["viewer"]["compliance"]["events"]["edges"].as_array();
    edges.unwrap_or_else(|| panic!("no events: {answer}")).iter().map(|edge| edge["node"].clone()).collect()
}

fn fields(payload: &Value) -> Vec<String> {
    let problems = payload["problems"].as_array().expect("problems");
    let path = |problem: &Value| {
        let parts = problem["field"].as_array().expect("a path").iter();
        parts.map(|part| part.as_str().expect("text").to_owned()).collect::<Vec<_>>().join(".")
    };
    problems.iter().map(path).collect()
}

/// G3: a policy author adds, changes and removes rules; they stand in their order, a repeat adds nothing, and all of it is on
/// record. Nobody else may.
#[tokio::test]
async fn rules_are_kept() {
    on_stage(async |stage| {
        let mut bruno = author(stage).await;
        let input = json!({ "idempotencyKey": stage.key(), "rule": cards(5, "HOLD") });
        let first = bruno.act(CREATE, input.clone()).await.expect("a rule");
        assert_eq!(
            first["contentRule"]["conditions"],
            json!([{ "part": "BODY", "detector": "CARD_NUMBER", "pattern": null, "threshold": 1 }])
        );
        assert_eq!(first["contentRule"]["enabled"], true);
        let head = stage.head();
        let again = bruno.act(CREATE, input.clone()).await.expect("the same rule");
        assert_eq!((&again["contentRule"], stage.head()), (&first["contentRule"], head));
        let other = json!({ "idempotencyKey": input["idempotencyKey"], "rule": cards(6, "HOLD") });
        let reused = bruno.attempt(CREATE, other).await.expect("an answer");
        assert_eq!(codes(&reused), ["IDEMPOTENCY_KEY_REUSED"]);
        let twin = create(stage, &mut bruno, &cards(1, "HOLD")).await;
        assert_eq!((codes(&twin), fields(&twin)), (vec!["CONFLICT"], vec!["rule.name".to_owned()]));

        let tag = rule("Tag", 1, "SECURE", &[condition("SUBJECT", "TERM", Some("[secure]"))]);
        let tag = created(stage, &mut bruno, &tag).await;
        let names = |rules: &[Value]| rules.iter().map(|rule| text(rule, "/name")).collect::<Vec<_>>();
        assert_eq!(names(&standing(&mut bruno).await), ["Tag", "Cards HOLD"]);
        let id = text(&first, "/contentRule/id");
        let mut changed = cards(0, "REFUSE");
        changed["enabled"] = json!(false);
        let input = json!({ "ruleId": id, "rule": changed });
        let changed = bruno.act(UPDATE, input).await.expect("it is changed");
        assert_eq!(
            (&changed["contentRule"]["id"], &changed["contentRule"]["action"]),
            (&json!(id), &json!("REFUSE"))
        );
        assert_eq!(names(&standing(&mut bruno).await), ["Cards REFUSE", "Tag"]);

        let node = "query($id: ID!) { node(id: $id) { id ... on ContentRule { name } } }";
        let found = bruno.ask(node, json!({ "id": tag })).await.expect("an answer");
        assert_eq!(found["data"]["node"]["name"], "Tag");
        let deleted = bruno.act(DELETE, json!({ "ruleId": tag })).await.expect("it is removed");
        assert_eq!(deleted["deletedRuleId"], json!(tag));
        let gone = json!({ "ruleId": tag, "rule": cards(9, "PASS") });
        let gone = bruno.attempt(UPDATE, gone).await.expect("an answer");
        assert_eq!((codes(&gone), fields(&gone)), (vec!["NOT_FOUND"], vec!["ruleId".to_owned()]));
        assert_eq!(names(&standing(&mut bruno).await), ["Cards REFUSE"]);
        // Its name is free again.
        created(
            stage,
            &mut bruno,
            &rule("Tag", 1, "PASS", &[condition("SUBJECT", "PATTERN", Some(r"\[open\]"))]),
        )
        .await;

        let wrong = json!({ "name": " ", "order": 1, "action": "HOLD", "conditions": [
            condition("BODY", "PATTERN", Some("(")),
            condition("SUBJECT", "PATTERN", None),
            condition("HEADER", "TERM", Some("yes")),
            condition("BODY", "IBAN", Some("DE")),
            { "part": "BODY", "detector": "IBAN", "threshold": 0 },
            condition("BODY", "TERM", Some(&"a".repeat(501))),
        ] });
        let wrong = create(stage, &mut bruno, &wrong).await;
        let at = |index: u8, field: &str| format!("rule.conditions.{index}.{field}");
        assert_eq!(
            fields(&wrong),
            [
                "rule.name".to_owned(),
                at(0, "pattern"),
                at(1, "pattern"),
                at(2, "pattern"),
                at(3, "pattern"),
                at(4, "threshold"),
                at(5, "pattern")
            ]
        );
        assert_eq!(
            codes(&wrong),
            ["REQUIRED", "INVALID", "REQUIRED", "INVALID", "INVALID", "INVALID", "TOO_LONG"]
        );
        assert!(text(&wrong, "/problems/1/message").contains("unclosed group"), "{wrong}");

        for who in [CLARA, ADMINISTRATOR] {
            let mut client = stage.log_in(who).await;
            let input = json!({ "idempotencyKey": stage.key(), "rule": cards(7, "PASS") });
            let answer = client.ask(CREATE, json!({ "input": input })).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{who}: {answer}");
            let found = client.ask(node, json!({ "id": id })).await.expect("an answer");
            assert_eq!(found["data"]["node"].is_object(), who == ADMINISTRATOR, "{who}");
        }
        let mut officer = stage.log_in(OFFICER).await;
        let reasons: Vec<_> = events(&mut officer, &["CONTENT_RULE_CHANGED"]).await;
        let reasons: Vec<_> = reasons.iter().map(|event| text(event, "/reason")).collect();
        assert_eq!(reasons, ["created", "deleted", "changed", "created", "created"]);
    })
    .await;
}

/// G2, Q9: a rule that holds keeps a member's mail in the drafts, until a reason lets it go; the officer sees both. One that
/// refuses lets nothing go. What is secure anyway is not held up by a rule that secures; guests are not asked.
#[tokio::test]
async fn rules_look_at_what_members_write() {
    on_stage(async |stage| {
        let mut bruno = author(stage).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        created(stage, &mut bruno, &rule("Accounts", 1, "SECURE", &[condition("BODY", "IBAN", None)])).await;
        created(stage, &mut bruno, &cards(2, "HOLD")).await;
        created(stage, &mut bruno, &rule("Never", 3, "REFUSE", &[condition("SUBJECT", "TERM", Some("top secret"))])).await;

        let mail = |subject: &str, text: &str| {
            json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": subject, "text": text })
        };
        let held = clara.attempt(SEND, mail("A card", CARD)).await.expect("an answer");
        assert_eq!((codes(&held), &held["message"]), (vec!["SECURED_BY_RULE"], &Value::Null));
        assert!(text(&held, "/problems/0/message").contains("Cards HOLD"), "{held}");
        let draft = held["draft"].clone();
        assert_eq!(draft["text"], CARD);
        let send = |draft: &Value, reason: Value| {
            json!({ "idempotencyKey": stage.key(), "draftId": draft["id"], "version": draft["version"],
                    "overrideReason": reason })
        };
        let still = clara.attempt(SEND_DRAFT, send(&draft, Value::Null)).await.expect("an answer");
        assert_eq!((codes(&still), &still["draft"]["id"]), (vec!["SECURED_BY_RULE"], &draft["id"]));
        for (reason, code) in [("  ".to_owned(), "REQUIRED"), ("a".repeat(501), "TOO_LONG"), ("a\u{7}".to_owned(), "INVALID")] {
            let refused = clara.attempt(SEND_DRAFT, send(&draft, json!(reason))).await.expect("an answer");
            assert_eq!((codes(&refused), fields(&refused)), (vec![code], vec!["overrideReason".to_owned()]));
        }
        let gone = clara.act(SEND_DRAFT, send(&draft, json!("It is a test card."))).await.expect("it goes");
        let gone = text(&gone, "/message/id");

        // The first rule that matches acts, and that mail is secure already.
        let both = format!("{CARD} DE89 3704 0044 0532 0130 00");
        let secured = clara.act(SEND, mail("Both", &both)).await.expect("it is sent");
        assert_eq!(codes(&secured), [""; 0]);
        let refused = clara.attempt(SEND, mail("TOP Secret", "All is well.")).await.expect("an answer");
        assert_eq!(codes(&refused), ["SECURED_BY_RULE"]);
        let refused = clara.attempt(SEND_DRAFT, send(&refused["draft"], json!("Please."))).await.expect("an answer");
        assert_eq!(codes(&refused), ["SECURED_BY_RULE"], "no reason helps");

        // Answers and forwards of members, and files that are text; guests write as they like.
        let question = json!({ "idempotencyKey": stage.key(), "to": [CLARA], "subject": "My card", "text": CARD });
        let question = text(&gina.act(SEND, question).await.expect("a guest is not asked"), "/message/id");
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": question, "text": CARD });
        let held = clara.attempt(REPLY, reply).await.expect("an answer");
        assert_eq!(codes(&held), ["SECURED_BY_RULE"]);
        let forward = json!({ "idempotencyKey": stage.key(), "messageId": question, "to": [BRUNO], "text": "See." });
        let held = clara.attempt(FORWARD, forward).await.expect("an answer");
        assert_eq!(codes(&held), ["SECURED_BY_RULE"], "what is forwarded is looked at, too");
        let kept: Vec<_> = drafts(&mut clara).await.iter().map(|draft| text(draft, "/subject")).collect();
        assert_eq!(kept.len(), 3, "{kept:?}");
        assert!(["TOP Secret", "Re: My card", "Fwd: My card"].iter().all(|one| kept.iter().any(|kept| kept == one)));
        let draft = stage.draft(&mut clara, &Value::Null).await;
        let saved = stage.save(&mut clara, &draft, json!({ "to": [GINA], "subject": "A list", "text": "Here." })).await;
        let file = File { name: "cards.csv".into(), media_type: "application/octet-stream".into(), bytes: CARD.into() };
        let draft_id = text(&saved, "/draft/id");
        clara.upload(&draft_id, &stage.key(), &file).await.expect("it is attached");
        let held = clara.attempt(SEND_DRAFT, send(&saved["draft"], Value::Null)).await.expect("an answer");
        assert_eq!(codes(&held), ["SECURED_BY_RULE"], "files that are text are looked into");

        let mut officer = stage.log_in(OFFICER).await;
        let page = hits(&mut officer, json!({})).await;
        assert_eq!(page["totalCount"], 1, "{page}");
        let hit = &page["edges"][0]["node"];
        assert_eq!((&hit["action"], &hit["hitCount"], &hit["rule"]["name"]), (&json!("HOLD"), &json!(1), &json!("Cards HOLD")));
        assert_eq!((&hit["reason"], &hit["sender"]["address"]), (&json!("It is a test card."), &json!(CLARA)));
        assert_eq!((&hit["decision"], &hit["decidedBy"]["primaryAddress"]), (&json!("SECURE"), &json!(CLARA)));
        assert_eq!(hit["message"]["id"], json!(gone));
        assert_eq!(hits(&mut officer, json!({ "waiting": true })).await["totalCount"], 0);
        let overridden = events(&mut officer, &["RULE_OVERRIDDEN"]).await;
        assert_eq!((overridden.len(), &overridden[0]["message"]["id"]), (1, &json!(gone)));
        let answer = clara.ask(HITS, json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "FORBIDDEN");
    })
    .await;
}

/// B5, C1, G2, G3: a mail of the mail server is secured without its sender acting, by what it says, or by a header; its people
/// and the audit see by which rule. The organisation's own terms and member numbers count.
#[tokio::test]
async fn a_mail_says_which_rule_secured_it() {
    on_stage(async |stage| {
        let mut bruno = author(stage).await;
        let change = |terms: &str, members: &str| {
            let content = json!({ "terms": [terms], "memberIds": [members] });
            json!({ "version": 1, "changes": { "content": content }, "reason": "Our own lists" })
        };
        let wrong = bruno.attempt(POLICY, change(" ", "(")).await.expect("an answer");
        assert_eq!(fields(&wrong), ["changes.content.terms", "changes.content.memberIds"]);
        let changed = bruno.act(POLICY, change("Rheuma", r"M\d{8}")).await.expect("it is changed");
        assert_eq!(changed["policy"]["content"], json!({ "terms": ["Rheuma"], "memberIds": [r"M\d{8}"] }));
        let twice = json!({ "part": "BODY", "detector": "MEMBER_ID", "threshold": 2 });
        for wanted in [
            rule(
                "Members",
                1,
                "SECURE",
                &[twice, condition("RECIPIENT", "PATTERN", Some("@guest\\.example$"))],
            ),
            rule("Health", 2, "SECURE", &[condition("BODY", "TERM", None)]),
            rule("Chosen", 3, "SECURE", &[condition("HEADER", "PATTERN", Some("X-Secure: ^yes$"))]),
        ] {
            created(stage, &mut bruno, &wanted).await;
        }
        let relay = Mailer::maildir(&stage.config.mail.folder).expect("a mailbox");
        for (subject, head, body) in [
            ("One", "", "Members M12345678 and m87654321."),
            ("Two", "", "Sie haben RHEUMA."),
            ("Three", "X-Secure: Yes\r\n", "As wanted."),
            ("Four", "", "Member M12345678."),
        ] {
            let raw = format!("From: {CLARA}\r\nTo: {GINA}\r\nSubject: {subject}\r\n{head}\r\n{body}\r\n");
            let handover = Handover {
                peer: [127, 0, 0, 1].into(),
                helo: "mx.insurer.example".into(),
                sender: Some(CLARA.into()),
                recipients: vec![GINA.into()],
                tls: false,
                raw: raw.into_bytes().into(),
            };
            let taken = stage.node.app.receive_mail(handover, &relay).await.expect("an answer");
            assert_eq!(taken, Reception::Taken, "{subject}");
        }
        stage.node.app.wait_for(stage.head()).await.expect("the read models catch up");
        let mut gina = stage.log_in(GINA).await;
        let mut by_rule = vec![];
        for message in folder(&mut gina, "inbox").await {
            let query = "query($id: ID!) { node(id: $id) { ... on Message { subject securedByRule } } }";
            let found = gina.ask(query, json!({ "id": message["id"] })).await.expect("an answer");
            let node = &found["data"]["node"];
            by_rule.push((text(node, "/subject"), text(node, "/securedByRule")));
        }
        by_rule.sort();
        let said = |subject: &str, rule: &str| (subject.to_owned(), rule.to_owned());
        assert_eq!(by_rule, [said("One", "Members"), said("Three", "Chosen"), said("Two", "Health")]);

        let mut officer = stage.log_in(OFFICER).await;
        let first = hits(&mut officer, json!({ "first": 2 })).await;
        assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
        let after = json!({ "first": 2, "after": first["pageInfo"]["endCursor"] });
        let second = hits(&mut officer, after).await;
        let all: Vec<_> = [&first, &second]
            .iter()
            .flat_map(|page| page["edges"].as_array().expect("edges"))
            .cloned()
            .collect();
        assert_eq!(all.len(), 3);
        for edge in &all {
            let hit = &edge["node"];
            assert_eq!(
                (&hit["action"], &hit["message"]["securedBy"]["name"]),
                (&json!("SECURE"), &hit["rule"]["name"])
            );
        }
        let members = all.iter().find(|edge| edge["node"]["rule"]["name"] == "Members").expect("a hit");
        assert_eq!(members["node"]["hitCount"], 3, "two numbers and a recipient");
        let again = officer.ask(
            "query($id: ID!) { node(id: $id) { ... on RuleHit { hitCount } } }",
            json!({ "id": members["node"]["id"] }),
        );
        assert_eq!(again.await.expect("an answer")["data"]["node"]["hitCount"], 3);
    })
    .await;
}

/// G3, K2, K7: rules are tried on past mail by the job; the author sees how far it is and whose mail would have been met, and
/// neither content nor subject. Nothing is sent, and a run that a node left goes on with the next.
#[tokio::test]
async fn rules_are_tried_on_past_mail() {
    on_stage(async |stage| {
        let mut bruno = author(stage).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mail = |to: &str, subject: &str, text: &str| {
            json!({ "idempotencyKey": stage.key(), "to": [to], "subject": subject, "text": text })
        };
        clara.act(SEND, mail(GINA, "Too early", CARD)).await.expect("it is sent");
        stage.advance("PT10M").await;
        let from = stage.clock.now();
        for (subject, body) in [("A", CARD), ("B", "All is well."), ("C", "DE89 3704 0044 0532 0130 00"), ("D", CARD)] {
            stage.advance("PT1S").await;
            clara.act(SEND, mail(GINA, subject, body)).await.expect("it is sent");
        }
        gina.act(SEND, mail(CLARA, "Of a guest", CARD)).await.expect("it is sent");
        stage.advance("PT1S").await;
        let rules = [cards(1, "HOLD"), rule("Accounts", 2, "SECURE", &[condition("BODY", "IBAN", None)])];
        let key = stage.key();
        let input = json!({ "idempotencyKey": key, "rules": rules, "from": from.to_string() });
        let begun = bruno.act(TRY, input.clone()).await.expect("it begins");
        let run = text(&begun, "/dryRun/id");
        assert_eq!((&begun["dryRun"]["work"]["state"], &begun["dryRun"]["hits"]["totalCount"]), (&json!("QUEUED"), &json!(0)));
        let again = bruno.act(TRY, input.clone()).await.expect("the same run");
        assert_eq!(text(&again, "/dryRun/id"), run);
        let other = json!({ "idempotencyKey": key, "rules": [cards(1, "PASS")], "from": from.to_string() });
        assert_eq!(codes(&bruno.attempt(TRY, other).await.expect("an answer")), ["IDEMPOTENCY_KEY_REUSED"]);

        let mails_before = stage.mails(GINA).await.len();
        let ran = stage.node.scheduler.run_now(JobName::TryRules).await.expect("the job runs").expect("it ran");
        assert_eq!((ran.failure, ran.done_count), (None, 4));
        let answer = bruno.ask(RUN, json!({ "id": run, "first": 2 })).await.expect("an answer");
        let node = &answer["data"]["node"];
        let work = &node["work"];
        assert_eq!((&work["state"], &work["done"], &work["total"]), (&json!("DONE"), &json!(4), &json!(4)));
        assert!(work["startedAt"].is_string() && work["finishedAt"].is_string() && work["failure"].is_null());
        let page = &node["hits"];
        assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
        let after = json!({ "id": run, "first": 2, "after": page["pageInfo"]["endCursor"] });
        let rest = bruno.ask(RUN, after).await.expect("an answer")["data"]["node"]["hits"].clone();
        let all: Vec<_> = [page, &rest].iter().flat_map(|page| page["edges"].as_array().expect("edges")).cloned().collect();
        let met: Vec<_> = all.iter().map(|edge| (text(edge, "/node/rule/name"), text(edge, "/node/action"))).collect();
        let said = |rule: &str, action: &str| (rule.to_owned(), action.to_owned());
        assert_eq!(met, [said("Cards HOLD", "HOLD"), said("Accounts", "SECURE"), said("Cards HOLD", "HOLD")]);
        for edge in &all {
            let hit = &edge["node"];
            assert_eq!((&hit["sender"]["address"], &hit["message"], &hit["hitCount"]), (&json!(CLARA), &Value::Null, &json!(1)));
        }
        assert!(!answer.to_string().contains("4111"));
        let node_of = "query($id: ID!) { node(id: $id) { id ... on RuleHit { action } ... on Work { state } } }";
        for (id, field) in [(&all[2]["node"]["id"], "action"), (&work["id"], "state")] {
            let found = bruno.ask(node_of, json!({ "id": id })).await.expect("an answer");
            assert!(found["data"]["node"][field].is_string(), "{found}");
            let hidden = clara.ask(node_of, json!({ "id": id })).await.expect("an answer");
            assert!(hidden["data"]["node"].is_null(), "{hidden}");
        }
        assert!(clara.ask(RUN, json!({ "id": run })).await.expect("an answer")["data"]["node"].is_null());

        // Nothing stands, nothing was sent, and opening is no reading.
        assert_eq!(standing(&mut bruno).await, [Value::Null; 0]);
        assert_eq!(stage.mails(GINA).await.len(), mails_before);
        assert!(folder(&mut gina, "inbox").await.iter().all(|message| message["openedAt"].is_null()));
        let answer = clara.ask(TRY, json!({ "input": input })).await.expect("an answer");
        assert_eq!(error(&answer), "FORBIDDEN");
        let many: Vec<_> = (0..51).map(|_| cards(1, "PASS")).collect();
        let without = json!({ "name": "x", "order": 1, "action": "PASS", "conditions": [] });
        for (rules, from, wrong) in [
            (json!(many), from.to_string(), "rules"),
            (json!([]), from.to_string(), "rules"),
            (json!([without]), from.to_string(), "rules.0.conditions"),
            (json!([cards(1, "PASS")]), "2030-01-01T00:00:00Z".to_owned(), "from"),
        ] {
            let input = json!({ "idempotencyKey": stage.key(), "rules": rules, "from": from });
            let refused = bruno.attempt(TRY, input).await.expect("an answer");
            assert_eq!((codes(&refused), fields(&refused)), (vec!["INVALID"], vec![wrong.to_owned()]));
        }

        // A run as a node left it that stopped halfway: what it looked at is not looked at again.
        let input = json!({ "idempotencyKey": stage.key(), "rules": [cards(1, "HOLD")], "from": from.to_string() });
        let left = text(&bruno.act(TRY, input).await.expect("it begins"), "/dryRun/id");
        let halfway = "UPDATE works SET state = 'running', done = 2, total = 4, started_at = $1, place = $2 \
             WHERE state = 'queued'";
        let second = from.plus("PT2S".parse().expect("a period")).micros();
        let place = [&second.to_be_bytes()[..], uuid::Uuid::max().as_bytes()].concat();
        let values = vec![second.into(), place.into()];
        stage.node.app.log().db().run(halfway, values).await.expect("it is so");
        let ran = stage.node.scheduler.run_now(JobName::TryRules).await.expect("the job runs").expect("it ran");
        assert_eq!((ran.failure, ran.done_count), (None, 2));
        let found = bruno.ask(RUN, json!({ "id": left })).await.expect("an answer");
        let node = &found["data"]["node"];
        assert_eq!((&node["work"]["state"], &node["work"]["done"]), (&json!("DONE"), &json!(4)));
        assert_eq!(node["hits"]["totalCount"], 1, "the last mail alone");

        // Mail whose time is over is not looked at; a run is forgotten a month after it ended.
        stage.advance("P61D").await;
        let input = json!({ "idempotencyKey": stage.key(), "rules": [cards(1, "HOLD")], "from": from.to_string() });
        let mut bruno = stage.log_in(BRUNO).await;
        let late = text(&bruno.act(TRY, input).await.expect("it begins"), "/dryRun/id");
        stage.node.scheduler.run_now(JobName::TryRules).await.expect("the job runs").expect("it ran");
        let found = bruno.ask(RUN, json!({ "id": late })).await.expect("an answer");
        assert_eq!((&found["data"]["node"]["work"]["state"], &found["data"]["node"]["work"]["total"]), (&json!("DONE"), &json!(0)));
        let forgotten = bruno.ask(RUN, json!({ "id": run })).await.expect("an answer");
        assert!(forgotten["data"]["node"].is_null(), "{forgotten}");
    })
    .await;
}

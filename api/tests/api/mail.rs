//! Writing and reading over the API.

use crate::node::Node;
use eventstore::testing::{TestDb, on_both};
use serde_json::{Value, json};

const INBOX: &str = "query($first: Int, $after: String) { viewer { mailbox { unreadCount inbox(first: $first, after: $after) { \
     totalCount pageInfo { hasNextPage endCursor } edges { node { id subject openedAt from { address } to { address group } \
     mayReply mayForward deliveries { id } } } } } } }";
const OPEN: &str = "mutation($id: ID!) { openMessage(input: { messageId: $id }) { message { openedAt } content { text } \
     problems { code field } position } }";

/// A1, A21, Q5: a member writes, the guest sees it in a list and opens it, and the sender sees that.
#[tokio::test]
async fn a_message_goes_and_is_read() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        let [ada, bob, _] = node.people().await;
        let id = node.mail(&ada, "bob@out.example", "First").await;
        let inbox = node.ask(Some(&bob), INBOX, json!({})).await;
        let message = inbox.data("/viewer/mailbox/inbox/edges/0/node");
        assert_eq!(message["subject"], "First");
        assert_eq!(message["from"]["address"], "ada@own.example");
        assert_eq!(message["to"], json!([{ "address": "bob@out.example", "group": false }]));
        assert_eq!((&message["mayReply"], &message["openedAt"], &message["deliveries"]), (&json!(true), &Value::Null, &Value::Null));
        assert_eq!(inbox.data("/viewer/mailbox/unreadCount"), 1);
        assert_eq!(inbox.data("/viewer/mailbox/inbox/totalCount"), 1);

        let opened = node.ask(Some(&bob), OPEN, json!({ "id": id })).await;
        assert_eq!(opened.data("/openMessage/content/text"), "Body");
        assert!(opened.data("/openMessage/message/openedAt").is_string());
        let sent = "{ viewer { mailbox { sent { edges { node { deliveries { state openedAt recipient { address } \
             account { id } notifications { kind state } } } } } } } }";
        let sent = node.ask(Some(&ada), sent, Value::Null).await;
        let delivery = sent.data("/viewer/mailbox/sent/edges/0/node/deliveries/0");
        assert_eq!(delivery["state"], "OPENED");
        assert_eq!(delivery["recipient"]["address"], "bob@out.example");
        assert_eq!(delivery["account"], Value::Null);
        assert_eq!(delivery["notifications"][0]["kind"], "NEW_MESSAGE");
    })
    .await;
}

/// R4: another's message, an id of something else and nonsense are equally nothing.
#[tokio::test]
async fn what_is_not_ones_own_is_not_there() {
    let node = Node::start(TestDb::sqlite().await).await;
    let [ada, bob, olga] = node.people().await;
    let id = node.mail(&ada, "bob@out.example", "Private").await;
    let node_query = "query($id: ID!) { node(id: $id) { id __typename } }";
    assert_eq!(
        node.ask(Some(&bob), node_query, json!({ "id": id })).await.data("/node/__typename"),
        "Message"
    );
    let account =
        node.ask(Some(&ada), "{ viewer { account { id } } }", Value::Null).await.text("/viewer/account/id");
    for id in [id.as_str(), &account, "nonsense"] {
        let opened = node.ask(Some(&olga), OPEN, json!({ "id": id })).await;
        assert_eq!(opened.data("/openMessage/problems/0/code"), "NOT_FOUND");
        assert_eq!(opened.data("/openMessage/content"), Value::Null);
    }
    // An officer sees the record of it, which says nothing of what is in it (K2).
    let record = node.ask(Some(&olga), node_query, json!({ "id": id })).await;
    assert_eq!(record.data("/node/__typename"), "MessageRecord");
    assert_eq!(node.ask(None, node_query, json!({ "id": id })).await.data("/node"), Value::Null);
    assert_eq!(node.ask(Some(&bob), node_query, json!({ "id": account })).await.data("/node"), Value::Null);
}

/// A20: a list is paged by cursors in both directions, and wrong arguments are told.
#[tokio::test]
async fn a_folder_is_paged() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        let [ada, bob, _] = node.people().await;
        for subject in ["One----", "Two----", "Three--"] {
            node.mail(&ada, "bob@out.example", subject).await;
        }
        let first = node.ask(Some(&bob), INBOX, json!({ "first": 2 })).await;
        assert_eq!(first.data("/viewer/mailbox/inbox/edges/0/node/subject"), "Three--");
        assert_eq!(first.data("/viewer/mailbox/inbox/pageInfo/hasNextPage"), true);
        let after = first.text("/viewer/mailbox/inbox/pageInfo/endCursor");
        let rest = node.ask(Some(&bob), INBOX, json!({ "first": 2, "after": after })).await;
        assert_eq!(rest.data("/viewer/mailbox/inbox/edges/0/node/subject"), "One----");
        assert_eq!(rest.data("/viewer/mailbox/inbox/pageInfo/hasNextPage"), false);
        let page = async |arguments: &str| {
            let query = format!(
                "{{ viewer {{ mailbox {{ inbox({arguments}) {{ edges {{ node {{ subject }} }} }} }} }} }}"
            );
            node.ask(Some(&bob), &query, Value::Null).await
        };
        assert_eq!(page("last: 1").await.data("/viewer/mailbox/inbox/edges/0/node/subject"), "One----");
        for (arguments, code) in [
            ("first: 1, last: 1", "BAD_REQUEST"),
            ("first: 0", "BAD_REQUEST"),
            ("first: 201", "LIMIT_EXCEEDED"),
            ("after: \"made-up\"", "BAD_REQUEST"),
        ] {
            assert_eq!(page(arguments).await.code(), code, "{arguments}");
        }
    })
    .await;
}

/// A30, A36, R5: a draft is begun as a reply, saved by version, and sent once.
#[tokio::test]
async fn a_draft_is_written_and_sent() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        let [ada, bob, _] = node.people().await;
        let original = node.mail(&ada, "bob@out.example", "Question").await;
        let create = "mutation($id: ID!) { createDraft(input: { idempotencyKey: \"draft-key\", about: { replyTo: $id } }) { \
             draft { id version subject to { address problem { code } isNew } replyTo { id } } problems { code message } position } }";
        let draft = node.ask(Some(&bob), create, json!({ "id": original })).await;
        assert_eq!(draft.data("/createDraft/draft/subject"), "Re: Question");
        assert_eq!(draft.data("/createDraft/draft/replyTo/id"), json!(original));
        let (id, version) = (draft.text("/createDraft/draft/id"), draft.data("/createDraft/draft/version"));
        let update = "mutation($id: ID!, $v: Int!) { updateDraft(input: { draftId: $id, version: $v, text: \"Answer\" }) { \
             draft { version text } problems { code field } } }";
        let saved = node.ask(Some(&bob), update, json!({ "id": id, "v": version })).await;
        assert_eq!(saved.data("/updateDraft/draft/text"), "Answer");
        let stale = node.ask(Some(&bob), update, json!({ "id": id, "v": version })).await;
        assert_eq!(stale.data("/updateDraft/problems/0/code"), "CONFLICT");
        assert_eq!(stale.data("/updateDraft/draft/text"), "Answer");
        let version = saved.data("/updateDraft/draft/version");
        let mutation = "mutation($id: ID!, $v: Int!) { sendDraft(input: { idempotencyKey: \"send-key\", draftId: $id, version: $v }) { \
             message { id subject } draft { id } problems { code message } } }";
        let sent = node.ask(Some(&bob), mutation, json!({ "id": id, "v": version })).await;
        assert_eq!(sent.data("/sendDraft/message/subject"), "Re: Question");
        let again = node.ask(Some(&bob), mutation, json!({ "id": id, "v": version })).await;
        assert_eq!(again.data("/sendDraft/message/id"), sent.data("/sendDraft/message/id"));
        let gone = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(node.ask(Some(&bob), gone, json!({ "id": id })).await.data("/node"), Value::Null);
    })
    .await;
}

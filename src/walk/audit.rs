//! What the compliance officer sees of it all, and what nobody else does.

use super::{
    client::Client,
    story::{ADA, ADMINISTRATOR, GINA, OFFICER, Story, id_of},
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const EVENTS: &str = "query($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) \
     { viewer { compliance { events(filter: $filter, first: $first, after: $after, last: $last, before: $before) \
     { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } \
     edges { node { id index kind at outcome reason actor { kind account { id primaryAddress } } \
     subject { id primaryAddress } message { id } } } } } } }";

/// Kinds that the story must have left behind, in this order; others lie between them.
const TRAIL: [&str; 26] = [
    "INVITED",
    "MESSAGE_SENT",
    "REGISTRATION_REFUSED",
    "REGISTERED",
    "ACTIVATION_ISSUED",
    "LOGIN_FAILED",
    "ACTIVATED",
    "LOCKED_OUT",
    "LOCKOUT_RELEASED",
    "LOGIN_SUCCEEDED",
    "SESSION_STARTED",
    "MESSAGE_OPENED",
    "MESSAGE_REPLIED",
    "MESSAGE_FORWARDED",
    "MESSAGE_FORWARDED",
    "MESSAGE_SENT",
    "NOTIFIED",
    "MESSAGE_DOWNLOADED",
    "MESSAGE_DOWNLOADED",
    "CONTENT_RULE_CHANGED",
    "RULE_HIT",
    "MESSAGE_EXPIRED",
    "KEY_DESTRUCTION_REQUESTED",
    "KEY_DESTROYED",
    "UNSUBSCRIBED",
    "AUDIT_QUERIED",
];

impl Story<'_> {
    pub(super) async fn the_audit_lists_it_all(&mut self) -> Result<String> {
        let mut officer = self.logged_in(OFFICER).await?;
        // One question first, so that the trail has one.
        events(&mut officer, json!({ "first": 1 })).await?;
        let all = everything(&mut officer).await?;
        let mut expected = TRAIL.iter();
        let mut next = expected.next();
        for event in &all {
            if next.is_some_and(|kind| event["kind"] == **kind) {
                next = expected.next();
            }
        }
        ensure!(next.is_none(), "{} is missing, or not where it happened", next.unwrap_or(&""));
        let refused = |event: &Value| event["kind"] == "MESSAGE_FORWARDED" && event["outcome"] == "REFUSED";
        ensure!(all.iter().any(refused), "the refused forward is not on record");
        let indexes: Vec<i64> = all.iter().filter_map(|event| event["index"].as_i64()).collect();
        ensure!(indexes.windows(2).all(|pair| pair[0] < pair[1]), "events are out of order");
        Ok(format!("{} events", all.len()))
    }

    pub(super) async fn the_audit_filters_and_pages(&mut self) -> Result<String> {
        let mut officer = self.logged_in(OFFICER).await?;
        let ada = account_id(&mut self.ada).await?;
        let by_actor = events(&mut officer, json!({ "filter": { "actorIds": [ada] } })).await?;
        all_have(&by_actor, "an event of another actor", |event| event["actor"]["account"]["id"] == ada)?;
        let by_message = events(&mut officer, json!({ "filter": { "messageIds": [self.first] } })).await?;
        // The reply and the forward touch the message that they follow from.
        all_have(&by_message, "an event of another message", |event| {
            event["message"]["id"] == self.first || event["kind"] == "MESSAGE_SENT"
        })?;
        let kinds = ["LOGIN_FAILED", "LOCKED_OUT"];
        let by_kind = events(&mut officer, json!({ "filter": { "kinds": kinds } })).await?;
        all_have(&by_kind, "an event of another kind", |event| {
            kinds.iter().any(|kind| event["kind"] == *kind)
        })?;
        let from = self.began.plus("P60D".parse().context("a period")?).to_string();
        let by_time =
            events(&mut officer, json!({ "filter": { "from": from, "kinds": ["MESSAGE_EXPIRED"] } })).await?;
        all_have(&by_time, "an earlier event", |event| {
            event["at"].as_str().is_some_and(|at| at >= from.as_str())
        })?;
        let none = events(
            &mut officer,
            json!({ "filter": { "until": self.began.to_string(), "kinds": ["MESSAGE_EXPIRED"] } }),
        )
        .await?;
        ensure!(nodes(&none).is_empty(), "an event from before its time");
        let both_ways = self.pages_both_ways(&mut officer).await?;
        Ok(format!("by actor, message, kind, time; {both_ways}"))
    }

    async fn pages_both_ways(&self, officer: &mut Client) -> Result<String> {
        let filter = json!({ "messageIds": [self.first] });
        let first = events(officer, json!({ "filter": filter, "first": 2 })).await?;
        ensure!(first["pageInfo"]["hasNextPage"] == true, "there should be more after the first page");
        let after = first["pageInfo"]["endCursor"].clone();
        let second = events(officer, json!({ "filter": filter, "first": 2, "after": after })).await?;
        let before = second["pageInfo"]["startCursor"].clone();
        let back = events(officer, json!({ "filter": filter, "last": 2, "before": before })).await?;
        ensure!(nodes(&first) != nodes(&second), "the second page is the first one");
        ensure!(nodes(&first) == nodes(&back), "paging back gives another page");
        Ok("two pages forth and back".into())
    }

    pub(super) async fn others_are_refused(&mut self) -> Result<String> {
        for who in [GINA, ADMINISTRATOR] {
            let mut client = self.logged_in(who).await?;
            let answer = client.ask(EVENTS, json!({})).await?;
            let code = &answer["errors"][0]["extensions"]["code"];
            ensure!(code == "FORBIDDEN", "{who} was answered {answer}");
            ensure!(answer["data"]["viewer"]["compliance"]["events"].is_null(), "{who} got events");
        }
        let mut officer = self.logged_in(OFFICER).await?;
        let refusals = events(&mut officer, json!({ "filter": { "kinds": ["ACCESS_REFUSED"] } })).await?;
        let count = nodes(&refusals).len();
        ensure!(count == 2, "{count} refusals are on record instead of two");
        Ok("FORBIDDEN for both, both in the audit".into())
    }

    /// The whole audit, oldest first, as a table.
    pub(super) async fn print_audit(&mut self) -> Result<()> {
        let mut officer = self.logged_in(OFFICER).await?;
        println!(
            "\n{:>6}  {:<27} {:<26} {:<8} {:<24} {:<24} reason",
            "event", "time (UTC)", "kind", "outcome", "by", "touched"
        );
        for event in everything(&mut officer).await? {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let person = text(&event["actor"]["account"]["primaryAddress"]);
            let by = if person.is_empty() { text(&event["actor"]["kind"]).to_lowercase() } else { person };
            println!(
                "{:>6}  {:<27} {:<26} {:<8} {:<24} {:<24} {}",
                event["index"],
                text(&event["at"]),
                text(&event["kind"]),
                text(&event["outcome"]).to_lowercase(),
                by,
                text(&event["subject"]["primaryAddress"]),
                text(&event["reason"]),
            );
        }
        Ok(())
    }
}

/// One page of the audit.
async fn events(officer: &mut Client, variables: Value) -> Result<Value> {
    let answer = officer.ask(EVENTS, variables).await?;
    let page = answer["data"]["viewer"]["compliance"]["events"].clone();
    ensure!(page.is_object(), "the audit answered {answer}");
    Ok(page)
}

/// All pages, oldest event first.
async fn everything(officer: &mut Client) -> Result<Vec<Value>> {
    let mut all = vec![];
    let mut after = Value::Null;
    loop {
        let page = events(officer, json!({ "first": 100, "after": after })).await?;
        all.extend(nodes(&page));
        if page["pageInfo"]["hasNextPage"] != true {
            all.reverse();
            return Ok(all);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

fn nodes(page: &Value) -> Vec<Value> {
    let edges = page["edges"].as_array().cloned().unwrap_or_default();
    edges.into_iter().map(|edge| edge["node"].clone()).collect()
}

fn all_have(page: &Value, otherwise: &str, has: impl Fn(&Value) -> bool) -> Result<()> {
    let nodes = nodes(page);
    ensure!(!nodes.is_empty(), "the filter finds nothing");
    ensure!(nodes.iter().all(has), "the filter lets through {otherwise}");
    Ok(())
}

async fn account_id(client: &mut Client) -> Result<String> {
    let answer = client.ask("{ viewer { account { id primaryAddress } } }", json!({})).await?;
    let account = &answer["data"]["viewer"]["account"];
    ensure!(account["primaryAddress"] == ADA, "the session is another one's: {answer}");
    id_of(account)
}

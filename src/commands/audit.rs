//! The audit of an organisation, as a table.

use super::{is_heard, plainly, say, short};
use crate::{config::Config, node::Node};
use anyhow::{Context, Result, bail};
use app::{AuditQuestion, AuditedEvent};
use clap::{Args, ValueEnum};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp, address::EmailAddress, event::Actor, policy::Network,
};
use eventstore::Clock;
use projections::audit::{AuditFilter, Kind, Outcome};
use std::str::FromStr;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use uuid::Uuid;

/// Which part of the audit. All conditions must hold; of one that is given several times, any.
#[derive(Debug, Clone, Args)]
pub struct AuditArguments {
    /// Number of the organisation.
    #[arg(long, default_value_t = 1)]
    organisation: u32,
    /// At this instant (UTC) or later: a day such as `2026-03-01`, or `2026-03-01T09:00:00Z`.
    #[arg(long, value_parser = instant)]
    from: Option<Timestamp>,
    /// Before this instant.
    #[arg(long, value_parser = instant)]
    until: Option<Timestamp>,
    /// Only these kinds, such as `LOGIN_FAILED`.
    #[arg(long, value_parser = kind)]
    kind: Vec<Kind>,
    /// Done by this person: any address of theirs, or the account's id.
    #[arg(long)]
    actor: Vec<Person>,
    /// Touching this person: any address of theirs, or the account's id.
    #[arg(long)]
    subject: Vec<Person>,
    /// Touching this message, by its id.
    #[arg(long)]
    message: Vec<Uuid>,
    /// Touching this address, whoever has or had it, also an unregistered one.
    #[arg(long)]
    address: Vec<EmailAddress>,
    /// From within this network, such as `192.0.2.0/24`.
    #[arg(long)]
    network: Vec<Network>,
    /// Touching guests of this audience.
    #[arg(long)]
    audience: Vec<String>,
    /// How it ended.
    #[arg(long)]
    outcome: Vec<Ending>,
    /// Done by right of a role, or by whoever runs the machine; `--privileged=false` for the others.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    privileged: Option<bool>,
    /// At most so many, the newest.
    #[arg(long)]
    limit: Option<u32>,
}

/// A person, as an operator names one.
#[derive(Debug, Clone)]
enum Person {
    Account(AccountId),
    Address(EmailAddress),
}

impl FromStr for Person {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(Self::Account(AccountId::new(id)));
        }
        let address = EmailAddress::parse(text);
        address.map(Self::Address).map_err(|_| "write an address, or an account's id".into())
    }
}

/// How something ended.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ending {
    Done,
    Refused,
    Failed,
}

impl From<Ending> for Outcome {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::Done,
            Ending::Refused => Self::Refused,
            Ending::Failed => Self::Failed,
        }
    }
}

fn kind(code: &str) -> Result<Kind, String> {
    Kind::parse(code).ok_or_else(|| format!("{code} is no kind of event; write it as the audit prints it"))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(at.into());
    }
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    let day =
        day.map_err(|_| "write a day as 2026-03-01, or an instant as 2026-03-01T09:00:00Z".to_owned())?;
    Ok(day.midnight().assume_utc().into())
}

/// Prints the audit as it is read, oldest first.
pub async fn print(config: Config, arguments: &AuditArguments) -> Result<()> {
    let node = Node::open(config, Clock::System).await?;
    let organisation = OrganisationId(arguments.organisation);
    if node.app.rules(organisation).await.is_err() {
        bail!("there is no organisation {organisation}");
    }
    let question = question(&node, organisation, arguments).await?;
    let mut events =
        node.app.audit_by_operator(organisation, &question, arguments.limit).await.map_err(plainly)?;
    say(&heading())?;
    while let Some(some) = events.next().await? {
        let lines: String = some.iter().map(line).collect();
        if !is_heard(&lines)? {
            break;
        }
    }
    drop(events);
    node.stop().await;
    Ok(())
}

async fn question(
    node: &Node,
    organisation: OrganisationId,
    arguments: &AuditArguments,
) -> Result<AuditQuestion> {
    let accounts = async |people: &[Person]| {
        let mut accounts = vec![];
        for person in people {
            accounts.push(match person {
                Person::Account(account) => *account,
                Person::Address(address) => {
                    let found = node.app.account_at(organisation, address).await.map_err(plainly);
                    found.context("nobody has that address; what touched it is found by --address")?
                }
            });
        }
        anyhow::Ok(accounts)
    };
    let filter = AuditFilter {
        from: arguments.from,
        until: arguments.until,
        kinds: arguments.kind.clone(),
        actors: accounts(&arguments.actor).await?,
        subjects: accounts(&arguments.subject).await?,
        messages: arguments.message.iter().copied().map(MessageId::new).collect(),
        networks: arguments.network.clone(),
        audiences: arguments.audience.clone(),
        outcomes: arguments.outcome.iter().copied().map(Outcome::from).collect(),
        privileged: arguments.privileged,
        ..AuditFilter::default()
    };
    Ok(AuditQuestion { filter, addresses: arguments.address.clone() })
}

fn heading() -> String {
    format!(
        "{:>6}  {:<27} {:<26} {:<8} {:<22} {:<8} reason\n",
        "event", "time (UTC)", "kind", "outcome", "by", "subject"
    )
}

/// An event as a line. Ids only: names and addresses are for those who may read them.
fn line(event: &AuditedEvent) -> String {
    let at = event.at.to_string();
    let outcome = event.outcome.code().to_lowercase();
    let subject = event.subject.map_or_else(String::new, |account| short(&account.to_string()));
    let reason = event.reason.as_deref().unwrap_or_default();
    let (kind, by) = (event.kind.code(), actor(event.by));
    format!("{:>6}  {at:<27} {kind:<26} {outcome:<8} {by:<22} {subject:<8} {reason}\n", event.position)
}

fn actor(by: Actor) -> String {
    match by {
        Actor::Person { account, .. } => format!("person {}", short(&account.to_string())),
        Actor::LinkHolder { account } => format!("link of {}", short(&account.to_string())),
        Actor::Anonymous => "anonymous".into(),
        Actor::Worker => "worker".into(),
        Actor::Operator => "operator".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: AuditArguments,
    }

    fn arguments(words: &[&str]) -> Result<AuditArguments, clap::Error> {
        let all = ["audit"].iter().chain(words).copied();
        Line::try_parse_from(all).map(|line| line.arguments)
    }

    /// Q1: days and instants are UTC; a flag alone is true.
    #[test]
    fn conditions_are_written_plainly() {
        let given =
            arguments(&["--from", "2026-03-01", "--until", "2026-03-01T09:00:00+02:00", "--privileged"])
                .unwrap();
        let times = [given.from, given.until].map(|at| at.unwrap().to_string());
        assert_eq!(times, ["2026-03-01T00:00:00Z", "2026-03-01T07:00:00Z"]);
        assert_eq!(given.privileged, Some(true));
        assert_eq!(arguments(&["--privileged=false"]).unwrap().privileged, Some(false));
        let given =
            arguments(&["--kind", "LOGIN_FAILED", "--kind", "LOCKED_OUT", "--outcome", "failed"]).unwrap();
        assert_eq!(given.kind, [Kind::LoginFailed, Kind::LockedOut]);
    }

    /// Q1: what is written wrong is told how it is written.
    #[test]
    fn mistakes_say_what_to_write() {
        for (words, told) in [
            (["--from", "yesterday"], "write a day as 2026-03-01"),
            (["--kind", "LOGIN"], "is no kind of event"),
            (["--actor", "nobody"], "write an address"),
            (["--network", "192.0.2.7/24"], "write the network's first address"),
        ] {
            let error = arguments(&words).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}

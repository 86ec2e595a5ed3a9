//! `sealpost org`: what an operator does for an organisation before there is an administrator, and instead of one.

mod policy;
mod shown;

use super::{plainly, say};
use crate::{config::Config, node::Node};
use anyhow::{Context, Result, bail};
use app::Founding;
use clap::{Args, Subcommand};
use domain::{
    OrganisationId,
    account::Kind,
    address::{Domain, EmailAddress},
    organisation::{Identity, State},
    policy::{Pack, Role},
};
use eventstore::Clock;
use serde::{Deserialize, Serialize, de::value::StrDeserializer};
use std::{collections::BTreeSet, path::Path};

/// Which organisation, and what to do.
#[derive(Debug, Clone, Args)]
pub struct OrgArguments {
    /// Number of the organisation; `org list` shows them.
    #[arg(long, global = true, default_value_t = 1)]
    organisation: u32,
    #[command(subcommand)]
    command: OrgCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum OrgCommand {
    /// All organisations of this database.
    List,
    /// Founds an organisation in this database and invites its first administrator.
    Found(FoundArguments),
    #[command(flatten)]
    OfOne(OneCommand),
}

/// For one organisation.
#[derive(Debug, Clone, Subcommand)]
enum OneCommand {
    /// One organisation: what it shows, its domains, its clients, where its policy stands.
    Show,
    /// Invites one of its own people.
    Invite {
        /// The address.
        address: EmailAddress,
        /// A guest instead: an outside person.
        #[arg(long)]
        guest: bool,
    },
    /// Who holds which roles.
    Roles,
    /// Gives somebody a role.
    Grant {
        /// Any address of the person.
        address: EmailAddress,
        /// administrator, policy-author, compliance-officer, approver, break-glass or operator.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Takes a role from somebody; the last administrator stays.
    Revoke {
        /// Any address of the person.
        address: EmailAddress,
        /// administrator, policy-author, compliance-officer, approver, break-glass or operator.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// The organisation's own domains.
    Domain {
        #[command(subcommand)]
        command: DomainCommand,
    },
    /// The policy: today's, its history, or another one.
    Policy {
        #[command(subcommand)]
        command: policy::PolicyCommand,
    },
    /// The client programs that are supported.
    Clients {
        #[command(subcommand)]
        command: shown::ClientsCommand,
    },
    /// Changes what is shown in public; what is left out stays.
    Update(shown::UpdateArguments),
}

#[derive(Debug, Clone, Subcommand)]
enum DomainCommand {
    /// Makes a domain one of its own.
    Claim {
        /// Such as `insurer.example`.
        domain: Domain,
    },
    /// Gives a domain up; accounts stay as they are.
    Release {
        /// Which.
        domain: Domain,
    },
}

/// What an organisation begins with.
#[derive(Debug, Clone, Args)]
struct FoundArguments {
    /// Its name, as pages and mails show it.
    #[arg(long)]
    name: String,
    /// Where its portal answers, such as `https://mail.insurer.example`.
    #[arg(long)]
    portal_url: String,
    /// Sender of its notifications; nobody reads replies to it.
    #[arg(long)]
    do_not_reply: String,
    /// One of its own domains; can be given several times.
    #[arg(long)]
    domain: Vec<Domain>,
    /// The pack that its policy starts from: portal, platform or envelope.
    #[arg(long, default_value = "portal", value_parser = word::<Pack>)]
    pack: Pack,
    /// Address of the first administrator, who gets an invitation.
    #[arg(long)]
    administrator: EmailAddress,
}

/// Does it.
pub async fn run(config: Config, arguments: OrgArguments) -> Result<()> {
    let node = Node::open(config, Clock::System).await?;
    let done = act(&node, OrganisationId(arguments.organisation), arguments.command).await;
    node.stop().await;
    say(&done?)
}

/// What was done, or what was asked, in words.
async fn act(node: &Node, organisation: OrganisationId, command: OrgCommand) -> Result<String> {
    match command {
        OrgCommand::List => list(node).await,
        OrgCommand::Found(arguments) => found(node, arguments).await,
        OrgCommand::OfOne(command) => {
            let Ok(rules) = node.app.rules(organisation).await else {
                bail!("there is no organisation {organisation}; `sealpost org list` shows which there are");
            };
            act_for(node, organisation, &rules, command).await
        }
    }
}

async fn act_for(
    node: &Node,
    organisation: OrganisationId,
    rules: &State,
    command: OneCommand,
) -> Result<String> {
    match command {
        OneCommand::Show => Ok(shown::show(organisation, rules)),
        OneCommand::Invite { address, guest } => {
            let kind = if guest { Kind::Guest } else { Kind::Member };
            node.app.invite_by_operator(organisation, &address, kind).await.map_err(plainly)?;
            Ok(format!("{} gets an invitation from a running node.\n", address.typed()))
        }
        OneCommand::Roles => roles(node, organisation).await,
        OneCommand::Grant { address, role } => {
            let account = node.app.account_at(organisation, &address).await.map_err(plainly)?;
            node.app.grant_role(organisation, account, role).await.map_err(plainly)?;
            Ok(format!("{} is {} now.\n", address.typed(), name(role)))
        }
        OneCommand::Revoke { address, role } => {
            let account = node.app.account_at(organisation, &address).await.map_err(plainly)?;
            node.app.revoke_role(organisation, account, role).await.map_err(plainly)?;
            Ok(format!("{} is not {} any more.\n", address.typed(), name(role)))
        }
        OneCommand::Domain { command } => domain(node, organisation, command).await,
        OneCommand::Policy { command } => policy::act(node, organisation, rules, command).await,
        OneCommand::Clients { command } => shown::clients(node, organisation, rules, command).await,
        OneCommand::Update(arguments) => shown::update(node, organisation, arguments).await,
    }
}

async fn list(node: &Node) -> Result<String> {
    node.app.models().catch_up().await?;
    let all = node.app.models().organisations().await?;
    if all.is_empty() {
        return Ok("There is no organisation yet; `sealpost org found` founds one.\n".into());
    }
    let line = |row: projections::organisations::OrganisationRow| {
        format!("{:>4}  {:<40} {}\n", row.organisation, row.name, row.portal_url)
    };
    Ok(all.into_iter().map(line).collect())
}

/// Founds an organisation, and invites its first administrator.
async fn found(node: &Node, arguments: FoundArguments) -> Result<String> {
    let FoundArguments { name, portal_url, do_not_reply, domain, pack, administrator } = arguments;
    let founding = Founding {
        identity: Identity { name, portal_url, do_not_reply },
        pack,
        domains: domain.into_iter().collect(),
    };
    node.app.models().catch_up().await?;
    let organisation = node.app.found(founding).await.map_err(plainly)?.value;
    let account =
        node.app.invite_by_operator(organisation, &administrator, Kind::Member).await.map_err(plainly)?.value;
    node.app.grant_role(organisation, account, Role::Administrator).await.map_err(plainly)?;
    Ok(format!(
        "Organisation {organisation} is founded. Its administrator gets an invitation from a running node.\n"
    ))
}

async fn roles(node: &Node, organisation: OrganisationId) -> Result<String> {
    let holders = node.app.role_holders(organisation).await.map_err(plainly)?;
    let line = |holder: app::RoleHolder| {
        let address = holder.address.map_or_else(|| "(erased)".into(), |address| address.typed().to_owned());
        let roles: Vec<_> = holder.roles.into_iter().map(name).collect();
        format!("{address:<40} {}\n", roles.join(", "))
    };
    Ok(holders.into_iter().map(line).collect())
}

async fn domain(node: &Node, organisation: OrganisationId, command: DomainCommand) -> Result<String> {
    let done = match command {
        DomainCommand::Claim { domain } => node.app.claim_domain(organisation, &domain).await,
        DomainCommand::Release { domain } => node.app.release_domain(organisation, &domain).await,
    };
    Ok(format!("Its domains are {}.\n", domains(&done.map_err(plainly)?.value)))
}

fn domains(domains: &BTreeSet<Domain>) -> String {
    if domains.is_empty() {
        return "none".into();
    }
    domains.iter().map(Domain::as_str).collect::<Vec<_>>().join(", ")
}

fn role(text: &str) -> Result<Role, String> {
    word(&text.replace('-', "_"))
}

/// A word of a vocabulary, as it is stored.
fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).map_err(|error| error.to_string())
}

/// A role, as the command line writes it.
fn name(role: impl Serialize) -> String {
    let json = serde_json::to_value(role).unwrap_or_default();
    json.as_str().unwrap_or_default().replace('_', "-")
}

/// Reads a file of settings, TOML by its name, else JSON.
fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; give the name of a file that is there", path.display()))?;
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let parsed = if is_toml {
        toml::from_str(&text).map_err(anyhow::Error::from)
    } else {
        serde_json::from_str(&text).map_err(anyhow::Error::from)
    };
    parsed.with_context(|| format!("{} cannot be used; write TOML (*.toml) or JSON", path.display()))
}

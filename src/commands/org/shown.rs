//! `sealpost org show`, `update` and `clients`: what is shown in public.

use super::{domains, name, read};
use crate::{commands::plainly, node::Node};
use anyhow::{Context, Result};
use app::OrganisationChange;
use clap::{Args, Subcommand};
use domain::{
    OrganisationId,
    organisation::State,
    presentation::{SupportContact, SupportedClient},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What to do with the supported client programs.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum ClientsCommand {
    /// Those that are supported, as `set` reads them.
    Show,
    /// Replaces them by those of a file, TOML or JSON.
    Set {
        /// The file, a list `clients` of name, platform, `minimum_version` and `wanted_version`.
        file: PathBuf,
    },
}

/// What is to be shown in public.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = true)]
pub(super) struct UpdateArguments {
    /// The organisation's name.
    #[arg(long)]
    name: Option<String>,
    /// Accent of pages and mails, such as `#1f4f82`; dark enough for white text on it.
    #[arg(long)]
    colour: Option<String>,
    /// File with the words of the notification mail, besides its link.
    #[arg(long)]
    notification_text: Option<PathBuf>,
    /// File with the privacy statement, Markdown.
    #[arg(long)]
    privacy_statement: Option<PathBuf>,
    /// File with the telephone numbers, TOML or JSON: a list `support` of country, telephone and hours.
    #[arg(long)]
    support: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clients {
    clients: Vec<SupportedClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Support {
    support: Vec<SupportContact>,
}

pub(super) fn show(organisation: OrganisationId, rules: &State) -> String {
    let (called, portal, sender) = rules
        .founded
        .as_ref()
        .map_or(("", "", ""), |identity| (&*identity.name, &*identity.portal_url, &*identity.do_not_reply));
    let shown = &rules.presentation;
    let mut lines = vec![
        format!("organisation  {organisation}"),
        format!("name          {called}"),
        format!("portal        {portal}"),
        format!("sender        {sender}"),
        format!("colour        {}", shown.colour),
        format!("domains       {}", domains(&rules.domains)),
        format!("policy        version {}, from the pack {}", rules.policy_version, name(rules.policy.pack)),
    ];
    for SupportContact { country, telephone, hours } in &shown.support {
        lines.push(format!("support       {country} {telephone} {}", hours.as_deref().unwrap_or_default()));
    }
    for SupportedClient { name, platform, minimum_version, wanted_version } in &shown.clients {
        lines.push(format!(
            "client        {name} on {platform}, {minimum_version} or later, {wanted_version} is wanted"
        ));
    }
    lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

pub(super) async fn update(
    node: &Node,
    organisation: OrganisationId,
    arguments: UpdateArguments,
) -> Result<String> {
    let UpdateArguments { name, colour, notification_text, privacy_statement, support } = arguments;
    let change = OrganisationChange {
        name,
        colour,
        notification_text: notification_text.as_deref().map(text).transpose()?,
        privacy_statement: privacy_statement.as_deref().map(text).transpose()?,
        support: support.as_deref().map(read::<Support>).transpose()?.map(|file| file.support),
        clients: None,
    };
    node.app.update_organisation(organisation, &change).await.map_err(plainly)?;
    Ok(show(organisation, &*node.app.rules(organisation).await.map_err(plainly)?))
}

pub(super) async fn clients(
    node: &Node,
    organisation: OrganisationId,
    rules: &State,
    command: ClientsCommand,
) -> Result<String> {
    let clients = match command {
        ClientsCommand::Show => rules.presentation.clients.clone(),
        ClientsCommand::Set { file } => {
            let Clients { clients } = read(&file)?;
            let change =
                OrganisationChange { clients: Some(clients.clone()), ..OrganisationChange::default() };
            node.app.update_organisation(organisation, &change).await.map_err(plainly)?;
            clients
        }
    };
    Ok(toml::to_string_pretty(&Clients { clients })?)
}

fn text(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; give the name of a text file", path.display()))?;
    Ok(text.replace("\r\n", "\n").trim_end().to_owned())
}

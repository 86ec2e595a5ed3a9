//! `sealpost org policy`: today's settings, their history, and changing them with a look at what changes.

use super::read;
use crate::{
    commands::{plainly, short},
    node::Node,
};
use anyhow::{Result, anyhow, bail};
use app::PolicyChange;
use clap::{Subcommand, ValueEnum};
use domain::{
    OrganisationId,
    organisation::State,
    policy::{Difference, Policy},
};
use serde_json::Value;
use std::{fmt::Write as _, path::PathBuf};

/// What to do with the policy.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum PolicyCommand {
    /// Today's settings, as `set` reads them.
    Show {
        /// TOML or JSON.
        #[arg(long, value_enum, default_value_t = Format::Toml)]
        format: Format,
    },
    /// Takes settings from a file, TOML or JSON; what it leaves out stays, a list replaces the list.
    Set {
        /// The file.
        file: PathBuf,
        /// Why, in one line; the history shows it.
        #[arg(long)]
        reason: Option<String>,
        /// Changes the policy; without it, only what would change is shown.
        #[arg(long)]
        yes: bool,
    },
    /// Every version with what it changed, newest first.
    History,
}

/// How settings are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    Toml,
    Json,
}

pub(super) async fn act(
    node: &Node,
    organisation: OrganisationId,
    rules: &State,
    command: PolicyCommand,
) -> Result<String> {
    match command {
        PolicyCommand::Show { format: Format::Toml } => Ok(toml::to_string_pretty(&rules.policy.by_topic())?),
        PolicyCommand::Show { format: Format::Json } => {
            Ok(serde_json::to_string_pretty(&rules.policy.by_topic())? + "\n")
        }
        PolicyCommand::Set { file, reason, yes } => {
            let policy = merged(&rules.policy, read(&file)?)?;
            set(node, organisation, rules, &policy, reason, yes).await
        }
        PolicyCommand::History => history(node, organisation).await,
    }
}

async fn set(
    node: &Node,
    organisation: OrganisationId,
    rules: &State,
    policy: &Policy,
    reason: Option<String>,
    yes: bool,
) -> Result<String> {
    if let Err(problems) = policy.validate() {
        let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
        bail!("these settings cannot be; mend them in the file:\n{}", lines.join("\n"));
    }
    let differences = rules.policy.differences(policy);
    if differences.is_empty() {
        return Ok("The policy has these settings already.\n".into());
    }
    if !yes {
        bail!(
            "nothing was changed yet; look at what would be, and run it again with --yes:\n{}",
            lines(&differences)
        );
    }
    let changed = node.app.change_policy(organisation, policy, rules.policy_version, reason).await;
    let lines = lines(&differences);
    Ok(match changed.map_err(plainly)?.value {
        PolicyChange::InForce(version) => format!("{lines}The policy is at version {version}.\n"),
        PolicyChange::Awaits(_) => format!(
            "{lines}This keeps something for a shorter time, which needs two persons: it waits seven days for an approver to grant \
             it. Nothing changed yet.\n"
        ),
    })
}

async fn history(node: &Node, organisation: OrganisationId) -> Result<String> {
    let mut text = String::new();
    for version in node.app.policy_versions(organisation).await.map_err(plainly)? {
        let by = version
            .changed_by
            .map_or_else(|| "operator".into(), |account| format!("person {}", short(&account.to_string())));
        let reason = version.reason.unwrap_or_default();
        writeln!(text, "{:>5}  {}  {by:<16}  {reason}", version.version, version.since)?;
        text += &lines(&version.changes);
    }
    Ok(text)
}

fn lines(differences: &[Difference]) -> String {
    let line = |Difference { setting, before, after }: &Difference| match (&**before, &**after) {
        ("", added) => format!("  {setting}: added {added}\n"),
        (removed, "") => format!("  {setting}: removed {removed}\n"),
        (before, after) => format!("  {setting}: {before} -> {after}\n"),
    };
    differences.iter().map(line).collect()
}

/// The policy with the settings of a file; an unknown one is refused by its name.
fn merged(policy: &Policy, file: Value) -> Result<Policy> {
    let Value::Object(topics) = file else {
        bail!("the file has no settings; `sealpost org policy show` prints how they are written");
    };
    let mut all = policy.by_topic();
    for (topic, settings) in topics {
        match (all.get_mut(&topic), settings) {
            (Some(Value::Object(known)), Value::Object(settings)) => known.extend(settings),
            (Some(known), setting) => *known = setting,
            (None, _) => {
                bail!("there is no topic `{topic}`; `sealpost org policy show` prints those that there are")
            }
        }
    }
    serde_json::from_value(all).map_err(|problem| anyhow!("the file cannot be used: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::policy::ContentPolicy;
    use serde_json::json;

    /// B16: what a file leaves out stays, and what no policy has is refused by its name.
    #[test]
    fn a_file_changes_what_it_names() {
        let policy = Policy::default();
        let changed = merged(&policy, json!({ "sessions": { "idle_limit": "PT10M" } })).unwrap();
        let settings: Vec<_> =
            policy.differences(&changed).into_iter().map(|change| change.setting).collect();
        assert_eq!(settings, ["sessions.idle_limit"]);
        let before = Policy { content: ContentPolicy::default(), ..policy.clone() };
        let listed = merged(&before, json!({ "content": { "terms": ["HIV"] } })).unwrap();
        assert_eq!(listed.content.terms.into_iter().collect::<Vec<_>>(), ["HIV"]);
        for (file, word) in [
            (json!({ "session": {} }), "session"),
            (json!({ "sessions": { "idle": "PT10M" } }), "idle"),
            (json!({ "sessions": { "idle_limit": "ten minutes" } }), "PT30M"),
            (json!([]), "no settings"),
        ] {
            let problem = merged(&policy, file).unwrap_err().to_string();
            assert!(problem.contains(word), "{problem}");
        }
    }

    /// Q8: a difference is said in one line, of a list what came and what went.
    #[test]
    fn differences_are_lines() {
        let difference = |before: &str, after: &str| Difference {
            setting: "a.b".into(),
            before: before.into(),
            after: after.into(),
        };
        let all = [difference("1", "2"), difference("", "x"), difference("x", "")];
        assert_eq!(lines(&all), "  a.b: 1 -> 2\n  a.b: added x\n  a.b: removed x\n");
    }
}

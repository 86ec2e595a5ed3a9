//! What administrators and policy authors do for the organisation.

use super::{Settled, settle};
use crate::{
    asker::{Asker, asker, viewer},
    codes::failure,
    schema::{
        approval::Approval, organisation::PublicOrganisation, policy::Policy, policy_input::PolicyInput,
        problem::Problem, scalars::Position,
    },
};
use app::{Done, OrganisationChange, PolicyChange, ProblemCode};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::{address::Domain, presentation};
use std::collections::BTreeSet;

#[derive(Default)]
pub(crate) struct Organising;

#[Object]
impl Organising {
    /// Changes what is shown in public (A47, B35). Role: administrator.
    async fn update_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: UpdateOrganisationInput,
    ) -> Result<UpdateOrganisationPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let UpdateOrganisationInput { name, colour, notification_text, privacy_statement, support } = input;
        let change = OrganisationChange {
            name,
            colour,
            notification_text,
            privacy_statement,
            support: support.map(|contacts| contacts.into_iter().map(Into::into).collect()),
            clients: None,
        };
        let done = settle(asker, asker.app.update_organisation(&*viewer, &change).await).await?;
        let organisation = match done.value {
            Some(()) => PublicOrganisation::new(asker.caller.organisation, &*asker.rules().await?),
            None => None,
        };
        Ok(UpdateOrganisationPayload { organisation, problems: done.problems, position: done.position })
    }

    /// Makes a domain one of the organisation's own (A26, B50). Role: administrator.
    async fn claim_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ClaimDomainInput,
    ) -> Result<ClaimDomainPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match domain(&input.domain) {
            Ok(domain) => asker.app.claim_domain(&*viewer, &domain).await,
            Err(problem) => Err(problem),
        };
        let (domains, problems, position) = domains_after(asker, done).await?;
        Ok(ClaimDomainPayload { domains, problems, position })
    }

    /// Gives a domain up; accounts stay as they are. Role: administrator.
    async fn release_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ReleaseDomainInput,
    ) -> Result<ReleaseDomainPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match domain(&input.domain) {
            Ok(domain) => asker.app.release_domain(&*viewer, &domain).await,
            Err(problem) => Err(problem),
        };
        let (domains, problems, position) = domains_after(asker, done).await?;
        Ok(ReleaseDomainPayload { domains, problems, position })
    }

    /// Changes the policy at once, or asks for a second person where retention gets shorter (K3). Role: policy author.
    async fn change_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ChangePolicyInput,
    ) -> Result<ChangePolicyPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let ChangePolicyInput { version, changes, reason } = input;
        let rules = asker.rules().await?;
        let done = match (u32::try_from(version), changes.applied_to(&rules.policy)) {
            (Ok(version), Ok(policy)) => {
                asker.app.change_policy(&*viewer, &policy, version, Some(reason)).await
            }
            (Err(_), _) => Err(invalid_version()),
            (_, Err(problems)) => Err(problems),
        };
        let stale = matches!(&done, Err(app::Error::Problems(problems))
            if problems.iter().any(|problem| problem.code == ProblemCode::Conflict));
        let done = settle(asker, done).await?;
        let approval = match done.value {
            Some(PolicyChange::Awaits(approval)) => Approval::find(ctx, approval).await?,
            Some(PolicyChange::InForce(_)) | None => None,
        };
        let policy = if stale || done.value.is_some() {
            let all = asker.app.policy_versions(asker.caller.organisation).await.map_err(failure)?;
            all.into_iter().next().map(Policy::from)
        } else {
            None
        };
        Ok(ChangePolicyPayload { policy, approval, problems: done.problems, position: done.position })
    }
}

type Domains = (Vec<String>, Vec<Problem>, Option<Position>);

/// All own domains, whether one was changed or not.
async fn domains_after(asker: &Asker, done: Result<Done<BTreeSet<Domain>>, app::Error>) -> Result<Domains> {
    let Settled { value, problems, position } = settle(asker, done).await?;
    let domains = match value {
        Some(domains) => domains,
        None => asker.rules().await?.domains.clone(),
    };
    Ok((domains.iter().map(ToString::to_string).collect(), problems, position))
}

fn domain(typed: &str) -> Result<Domain, app::Error> {
    Domain::parse(typed)
        .map_err(|error| app::Problem::new(ProblemCode::Invalid, error.to_string()).at(["domain"]).into())
}

fn invalid_version() -> app::Error {
    let message = "The version is the number of the policy that you changed.";
    app::Problem::new(ProblemCode::Invalid, message).at(["version"]).into()
}

impl From<SupportContactInput> for presentation::SupportContact {
    fn from(contact: SupportContactInput) -> Self {
        let SupportContactInput { country, telephone, hours } = contact;
        Self { country, telephone, hours }
    }
}

/// Whom to call.
#[derive(InputObject)]
pub(crate) struct SupportContactInput {
    /// ISO 3166-1 alpha-2.
    country: String,
    /// E.164.
    telephone: String,
    /// When someone answers.
    hours: Option<String>,
}

/// Input of `updateOrganisation`.
#[derive(InputObject)]
pub(crate) struct UpdateOrganisationInput {
    /// The organisation's name.
    name: Option<String>,
    /// Accent as #rrggbb; refused below a contrast of 4.5 to 1.
    colour: Option<String>,
    /// Words of the notification mail, at most 2000 characters.
    notification_text: Option<String>,
    /// Markdown.
    privacy_statement: Option<String>,
    /// Replaces the list.
    support: Option<Vec<SupportContactInput>>,
}

/// Answer of `updateOrganisation`.
#[derive(SimpleObject)]
pub(crate) struct UpdateOrganisationPayload {
    /// The organisation, changed.
    organisation: Option<PublicOrganisation>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `claimDomain`.
#[derive(InputObject)]
pub(crate) struct ClaimDomainInput {
    /// Such as example.org.
    domain: String,
}

/// Answer of `claimDomain`.
#[derive(SimpleObject)]
pub(crate) struct ClaimDomainPayload {
    /// All own domains.
    domains: Vec<String>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `releaseDomain`.
#[derive(InputObject)]
pub(crate) struct ReleaseDomainInput {
    /// Which.
    domain: String,
}

/// Answer of `releaseDomain`.
#[derive(SimpleObject)]
pub(crate) struct ReleaseDomainPayload {
    /// All own domains.
    domains: Vec<String>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `changePolicy`.
#[derive(InputObject)]
pub(crate) struct ChangePolicyInput {
    /// The version that was changed; a newer one gives CONFLICT.
    version: i32,
    /// What changes.
    changes: PolicyInput,
    /// Why, at most 500 characters (Q8).
    reason: String,
}

/// Answer of `changePolicy`.
#[derive(SimpleObject)]
pub(crate) struct ChangePolicyPayload {
    /// The policy in force after it; on CONFLICT as it is.
    policy: Option<Policy>,
    /// The request, when a second person is needed.
    approval: Option<Approval>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

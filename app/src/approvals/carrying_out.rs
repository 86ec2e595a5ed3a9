//! Doing what was granted. Each action is one function, which can be called again after a crash anywhere in it.

use crate::{App, Done, Error, Problem, retrying, scheduled::WORKER};
use domain::{
    Metadata, OrganisationId,
    approval::{Action, Approval, Command, Outcome, Standing, State},
    event::Actor,
    id::ApprovalId,
    policy::Role,
};
use eventstore::{Commit, log::Change};

/// Requests looked at in one go.
const BATCH: u32 = 200;

/// A request that was granted, for the function that carries it out.
pub(crate) struct Granted {
    pub(crate) organisation: OrganisationId,
    /// Why it was asked for; `None` once that is erased.
    pub(crate) reason: Option<String>,
    /// To act by: it is done by whoever granted it, also when a job comes to do it.
    pub(crate) meta: Metadata,
}

impl App {
    /// Carries out what was granted, and gives what came of it; `None` where nothing was granted. Quiet when it was done before.
    pub(crate) async fn carry_out(
        &self,
        organisation: OrganisationId,
        approval: ApprovalId,
    ) -> Result<Option<Done<Outcome>>, Error> {
        retrying(|| self.carry_out_once(organisation, approval)).await
    }

    async fn carry_out_once(
        &self,
        organisation: OrganisationId,
        approval: ApprovalId,
    ) -> Result<Option<Done<Outcome>>, Error> {
        let loaded = self.log.load::<Approval>(organisation, approval.uuid()).await?;
        let State::Asked(request) = &loaded.state else { return Ok(None) };
        let by = match request.standing {
            Standing::Granted { by } => by,
            Standing::CarriedOut { by: _, outcome } => {
                return Ok(Some(Done { value: outcome, position: self.log.head() }));
            }
            Standing::Pending | Standing::Refused { .. } | Standing::Lapsed => return Ok(None),
        };
        let policy = Some(self.rules(organisation).await?.policy_version);
        let by = Actor::Person { account: by, role: Some(Role::Approver) };
        let meta = Metadata { by, session: None, policy };
        let granted = Granted { organisation, reason: request.reason.value().cloned(), meta };
        // What came of it, and what happens together with the record of that.
        let (outcome, mut changes): (Outcome, Vec<Change>) = match &request.action {
            Action::ShortenRetention { policy, version } => {
                self.shorten_retention(&granted, policy, *version).await?
            }
            // Nobody can ask for these in this version.
            Action::ReleaseHold { .. }
            | Action::ExportContent { .. }
            | Action::Erase { .. }
            | Action::DestroyKey { .. } => return Ok(None),
        };
        let note = Command::NoteCarriedOut { outcome, at: self.log.now() };
        changes.push(loaded.decide(note).map_err(Problem::from)?);
        let appended = self.log.append(Commit::new(organisation, &granted.meta, changes)).await?;
        Ok(Some(Done { value: outcome, position: appended.position() }))
    }

    /// Carries out what was granted and interrupted, and ends requests that nobody decided on in time. Gives how many. One that
    /// fails does not keep the others.
    pub async fn carry_out_approvals(&self) -> Result<u64, Error> {
        let now = self.log.now();
        let (mut settled, mut last, mut failed) = (0, 0, None);
        for (organisation, row) in self.models.approvals_due(now, BATCH).await? {
            match self.settle_approval(organisation, row.approval).await {
                Ok(Some(position)) => {
                    last = position;
                    settled += 1;
                }
                Ok(None) => {}
                Err(problem) => failed = failed.or(Some(problem)),
            }
        }
        self.models.wait_for(last, &["approvals"]).await?;
        failed.map_or(Ok(settled), Err)
    }

    async fn settle_approval(
        &self,
        organisation: OrganisationId,
        approval: ApprovalId,
    ) -> Result<Option<eventstore::Position>, Error> {
        if let Some(done) = self.carry_out(organisation, approval).await? {
            return Ok(Some(done.position));
        }
        let at = self.log.now();
        let lapse = || Command::Lapse { at };
        let lapsed = self.log.execute::<Approval>(organisation, approval.uuid(), &WORKER, lapse).await?;
        Ok(Some(lapsed.map_err(Problem::from)?.position()))
    }
}

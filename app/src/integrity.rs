//! The log itself: its tree, for whoever may see it (N1, Q12), and what happens to it (K8, K11). The log is one for all
//! organisations, so each of them has that on record.

use crate::{
    App, Error, Problem, ProblemCode, Viewer,
    organisations::{OPERATOR, STREAM},
    scheduled::WORKER,
};
use domain::{
    Metadata, OrganisationId,
    audit::{Right, Topic},
    bytes::Sha256,
    log::{Command, Head, Log, Refusal, has_jumped},
};
use eventstore::{
    ClockJump, Position,
    notary::{GivenUp, Notary, NotaryError},
    tree::{LogTree, SignedCheckpoint, TreeError},
};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// By any of these the log's tree is seen.
const RIGHTS: &[Right] = &[Right::ReadAudit];
/// How often it is looked whether this node's clock has jumped.
const LOOK: Duration = Duration::from_secs(10);

impl App {
    /// The tree over the log. That somebody asks is on record before they see anything (K7).
    pub async fn log_tree(&self, viewer: &Viewer) -> Result<LogTree, Error> {
        self.consult(viewer, RIGHTS, Topic::Log, vec![]).await?;
        Ok(self.log.tree())
    }

    /// The tree's hashes. They tell no more than its size, which stands in a checkpoint that was asked for before: so who may
    /// not is on record, and who may is not.
    pub async fn log_hashes(&self, viewer: &Viewer) -> Result<LogTree, Error> {
        let held = RIGHTS.iter().find(|right| viewer.role_for(**right).is_some());
        self.authorise(viewer, *held.unwrap_or(&Right::ReadAudit)).await?;
        Ok(self.log.tree())
    }

    /// Notes that this node's clock jumped (K8).
    pub async fn note_clock(&self, jump: ClockJump) -> Result<(), Error> {
        let ClockJump { expected, found } = jump;
        tracing::warn!(%expected, %found, "the clock jumped");
        for organisation in self.models.organisations().await? {
            let note = || Command::NoteClock { expected, found };
            self.note_of_log(organisation.organisation, &WORKER, note).await?.unwrap_or_default();
        }
        Ok(())
    }

    /// Looks now and then whether this node's clock has jumped, until `stop`. A clock that is behind the log's last event when
    /// it begins was set back meanwhile.
    pub async fn watch_clock(&self, stop: CancellationToken) {
        let mut watch = self.log.clock().watch();
        let mut jump = match self.log.last_recorded_at().await {
            Ok(last) => last.map(|last| ClockJump { expected: last, found: self.log.now() }),
            Err(problem) => {
                tracing::warn!(%problem, "it is not known when the last event was recorded");
                None
            }
        }
        .filter(|jump| jump.found < jump.expected && has_jumped(jump.expected, jump.found));
        loop {
            if let Some(jumped) = jump
                && let Err(problem) = self.note_clock(jumped).await
            {
                tracing::error!(%problem, "a jump of the clock was not recorded");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(LOOK) => {}
            }
            jump = watch.look();
        }
    }

    /// Declares that a restored log, which does not continue its last anchor, is the log from now on: on record in each
    /// organisation, then signed, then anchored with the anchor that it replaces. A crash in between is finished by calling it
    /// again. By the command line.
    pub async fn declare_restore(&self, notary: &Notary, reason: &str) -> Result<SignedCheckpoint, Error> {
        let Some(GivenUp { anchor, size, root, .. }) = notary.given_up().await? else {
            let message = "The log continues its last anchor; there is no restore to declare.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        };
        let given_up = Head { size: anchor.checkpoint.size, root: Sha256(anchor.checkpoint.root) };
        let kept = Head { size, root: Sha256(root) };
        let at = self.log.now();
        self.models.catch_up().await?;
        for row in self.models.organisations().await? {
            let declare = || Command::DeclareRestore { given_up, kept, reason: reason.to_owned(), at };
            self.note_of_log(row.organisation, &OPERATOR, declare).await?.map_err(|Refusal::BadReason| {
                Problem::new(ProblemCode::Invalid, "Give a reason of 1 to 500 characters.").at(["reason"])
            })?;
        }
        Ok(notary.begin_anew(&anchor).await?)
    }

    async fn note_of_log(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        command: impl Fn() -> Command,
    ) -> Result<Result<Position, Refusal>, Error> {
        let done = self.log.execute::<Log>(organisation, STREAM, meta, command).await?;
        Ok(done.map(eventstore::Appended::position))
    }
}

impl From<TreeError> for Error {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Row(error) => error.into(),
            TreeError::Db(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<NotaryError> for Error {
    fn from(error: NotaryError) -> Self {
        match error {
            NotaryError::Tree(error) => error.into(),
            NotaryError::Db(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

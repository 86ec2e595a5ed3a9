//! Emergency access (K6): opened for a reason and a time, with officers alerted; each look recorded before it is shown; closed
//! by hand or by time.

mod asking;

pub use asking::BreakGlass;

use crate::{
    App, Done, Error, Problem, ProblemCode, Viewer, downloads::as_text, error::not_found, retrying,
    scheduled::WORKER, sending::sent_id,
};
use domain::{
    AccountId, MessageId,
    audit::Right,
    break_glass::{self, Command, LONGEST, MESSAGES, REASON_CHARACTERS, Refusal},
    id::BreakGlassId,
    period::Period,
    policy::Role,
};
use eventstore::{Commit, log::Idempotency};
use std::collections::BTreeSet;

/// An emergency access that is to be opened.
#[derive(Debug, Clone)]
pub struct BreakGlassRequest {
    /// For which messages; `None` for what names none.
    pub messages: Vec<Option<MessageId>>,
    /// Why.
    pub reason: String,
    /// For how long.
    pub period: Period,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// What a message says, shown in an emergency.
#[derive(Debug, Clone)]
pub struct EmergencyContent {
    /// People, subject, times, names and sizes of files, then the body: as the text file of the message has it (A23).
    pub text: String,
    /// The body as sanitised HTML, if it came as HTML.
    pub html: Option<String>,
}

/// Emergency accesses that are closed in one go.
const BATCH: u32 = 500;

impl App {
    /// Opens emergency access. Compliance officers are alerted by mail and notice; where there is none, it is not opened.
    pub async fn open_break_glass(
        &self,
        viewer: &Viewer,
        request: BreakGlassRequest,
    ) -> Result<Done<BreakGlassId>, Error> {
        let meta = self.authorise(viewer, Right::BreakGlass).await?;
        let BreakGlassRequest { messages, reason, period, idempotency_key } = request;
        let input = format!("{:?}", (&messages, &reason, period));
        let key = self.idempotency(viewer, "break-glass", &idempotency_key, &input).await?;
        let id: BreakGlassId = sent_id(&key);
        if let Some(position) = self.log.repeated(viewer.organisation, &key).await? {
            return Ok(Done { value: id, position });
        }
        let messages = self.existing(viewer, &messages).await?;
        let at = self.log.now();
        let open = Command::Open {
            by: viewer.account,
            messages,
            alerted: alerted(viewer),
            reason: reason.trim().to_owned(),
            ends_at: at.plus(period),
            at,
        };
        let (open, meta) = (&open, &meta);
        let position = retrying(move || async move {
            let loaded = self.log.load::<break_glass::BreakGlass>(viewer.organisation, id.uuid()).await?;
            let change = loaded.decide(open.clone()).map_err(Problem::from)?;
            let idempotency: Option<Idempotency> = Some(key);
            let commit = Commit { idempotency, ..Commit::new(viewer.organisation, meta, vec![change]) };
            Ok(self.log.append(commit).await?.position())
        })
        .await?;
        self.models.wait_for(position, &["break_glasses"]).await?;
        Ok(Done { value: id, position })
    }

    /// Shows what a message says, by emergency access, and records it in the same step: without the record there is no content
    /// (K7). What is refused touches no key.
    pub async fn open_by_break_glass(
        &self,
        viewer: &Viewer,
        id: BreakGlassId,
        message: MessageId,
    ) -> Result<Done<EmergencyContent>, Error> {
        let meta = self.authorise(viewer, Right::BreakGlass).await?;
        let organisation = viewer.organisation;
        let read = || Command::Read { by: viewer.account, message, at: self.log.now() };
        let loaded = self.log.load::<break_glass::BreakGlass>(organisation, id.uuid()).await?;
        loaded.decide(read()).map_err(Problem::from)?;
        let (row, opened) = self.content_of_message(organisation, message).await?.ok_or_else(unreadable)?;
        let noted = self.log.execute::<break_glass::BreakGlass>(organisation, id.uuid(), &meta, read).await?;
        let position = noted.map_err(Problem::from)?.position();
        let html = opened.body.html.clone();
        Ok(Done { value: EmergencyContent { text: as_text(&row, opened), html }, position })
    }

    /// Ends emergency access before its time.
    pub async fn close_break_glass(
        &self,
        viewer: &Viewer,
        id: BreakGlassId,
    ) -> Result<Done<BreakGlassId>, Error> {
        let meta = self.authorise(viewer, Right::BreakGlass).await?;
        let close = || Command::Close { by: viewer.account, at: self.log.now() };
        let closed =
            self.log.execute::<break_glass::BreakGlass>(viewer.organisation, id.uuid(), &meta, close).await?;
        let position = closed.map_err(Problem::from)?.position();
        self.models.wait_for(position, &["break_glasses"]).await?;
        Ok(Done { value: id, position })
    }

    /// Notes emergency accesses as closed whose time is over. They gave access to nothing since. Gives how many.
    pub async fn close_break_glasses(&self) -> Result<u64, Error> {
        let at = self.log.now();
        let over = self.models.break_glasses_over(at, BATCH).await?;
        let mut last = 0;
        for (organisation, id) in &over {
            let lapse = || Command::Lapse { at };
            let lapsed =
                self.log.execute::<break_glass::BreakGlass>(*organisation, id.uuid(), &WORKER, lapse).await?;
            last = lapsed.map_err(Problem::from)?.position();
        }
        self.models.wait_for(last, &["break_glasses"]).await?;
        Ok(over.len() as u64)
    }

    /// The messages that are named, or a problem for each that is not there.
    async fn existing(&self, viewer: &Viewer, wanted: &[Option<MessageId>]) -> Result<Vec<MessageId>, Error> {
        // Before anything is read: a list from outside can be of any length.
        if !(1..=MESSAGES).contains(&wanted.len()) {
            return Err(Problem::from(Refusal::BadNumber).into());
        }
        let (mut found, mut problems) = (vec![], vec![]);
        for (place, wanted) in wanted.iter().enumerate() {
            let row = match wanted {
                Some(message) => self.models.message(viewer.organisation, *message).await?,
                None => None,
            };
            match row {
                Some(row) => found.push(row.message),
                None => problems.push(not_found("message").at(["messageIds", &place.to_string()])),
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(Error::Problems(problems)) }
    }
}

/// Who is told: every compliance officer but the holder. They alone can look after it.
fn alerted(viewer: &Viewer) -> BTreeSet<AccountId> {
    let roles = &viewer.rules.roles;
    let officers = roles.iter().filter(|(_, roles)| roles.contains(&Role::ComplianceOfficer));
    officers.map(|(account, _)| *account).filter(|account| !viewer.is(*account)).collect()
}

fn unreadable() -> Error {
    let message = "Nobody can read this message any more: its time is over, or its keys are gone.";
    Problem::new(ProblemCode::Unavailable, message).at(["messageId"]).into()
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, message, field) = match refusal {
            Refusal::NotFound => return not_found("emergency access").at(["breakGlassId"]),
            Refusal::BadNumber => {
                (ProblemCode::Invalid, format!("Name 1 to {MESSAGES} messages."), "messageIds")
            }
            Refusal::BadReason => {
                let (least, most) = (REASON_CHARACTERS.start(), REASON_CHARACTERS.end());
                let message = format!("Give the reason in {least} to {most} characters.");
                (ProblemCode::Invalid, message, "reason")
            }
            Refusal::BadPeriod => {
                (ProblemCode::Invalid, format!("Choose a time of {LONGEST} at most."), "period")
            }
            Refusal::NobodyAlerted => {
                let message = "Nobody could be alerted; have a compliance officer named first.";
                return Self::new(ProblemCode::NotAllowed, message);
            }
            Refusal::Over => {
                let message = "The time of this emergency access is over; open another one.";
                (ProblemCode::Unavailable, message.to_owned(), "breakGlassId")
            }
            Refusal::NotCovered => {
                let message = "This emergency access was opened for other messages; open one for this.";
                (ProblemCode::NotAllowed, message.to_owned(), "messageId")
            }
        };
        Self::new(code, message).at([field])
    }
}

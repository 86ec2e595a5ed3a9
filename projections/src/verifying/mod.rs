//! The last level of a verification: the log is opened, its read models are folded anew in a database of their own, and their
//! rows compared with those that are there. So whoever changed a grant, a lockout or the audit's index is found.
//!
//! Nothing is written to the database that is verified.

mod mask;
mod rehearsal;
mod table;

use crate::READ_MODELS;
use domain::verification::Level;
use eventstore::{
    Position,
    db::Db,
    keys::Vault,
    verify::{Against, Examiner, Progress, Stage, Verified, VerifyError},
};
use proof::verdict::{Findings, Verdict};
use rehearsal::Rehearsal;
use std::collections::BTreeMap;
use table::Table;

/// How far each read model is, by name.
type Positions = BTreeMap<&'static str, Position>;

const CHECKPOINTS: &str = "SELECT projection, position, parked_reason FROM checkpoints";
const HEAD: &str = "SELECT COALESCE(MAX(position), 0) AS head FROM events";

/// Verifies a log at every level, with its keys.
pub async fn verify_meaning(
    db: &Db,
    vault: &Vault,
    against: &Against,
    progress: Progress<'_>,
) -> Result<Verified, VerifyError> {
    let mut verified = eventstore::verify::verify(db, against, Level::Meaning, progress).await?;
    // In this order the events that are examined reach as far as the read models do, also while both go on.
    let (before, notes) = positions(&mut db.begin_reading().await?).await?;
    let mut examiner = Examiner::new(db.clone(), vault.clone()).await?;
    let mut rehearsal = Rehearsal::begin(vault.clone()).await?;
    verified.notes.extend(notes);
    let beginning = Positions::new();
    let mut next = examiner.next(progress).await?;
    while let Some(events) = next {
        // The events after these are opened while these are written.
        let (applied, following) =
            tokio::join!(rehearsal.apply(&events, &beginning, &before), examiner.next(progress));
        applied?;
        next = following?;
    }
    examiner.check_keys(progress).await?;
    if examiner.has_opened_all() {
        compare(db, vault, &mut rehearsal, &before, &mut verified.findings, progress).await?;
    } else {
        verified.notes.push("read models were not compared, since not every event can be opened".to_owned());
    }
    let mut findings = examiner.finish();
    findings.extend(std::mem::take(&mut verified.findings));
    Ok(Verified { level: Level::Meaning, findings, ..verified })
}

/// Compares every row, in one picture of the database, after folding on to where the read models are in it.
async fn compare(
    db: &Db,
    vault: &Vault,
    rehearsal: &mut Rehearsal,
    before: &Positions,
    findings: &mut Findings,
    progress: Progress<'_>,
) -> Result<(), VerifyError> {
    let mut picture = db.begin_reading().await?;
    let (now, _) = positions(&mut picture).await?;
    let head = picture.one(HEAD, vec![]).await?.int("head")?;
    for (name, position) in now.iter().filter(|(_, position)| **position > head) {
        let problem = format!("read model {name} has applied {position} events, and there are {head}");
        findings.add(Verdict::RolledBack, problem);
    }
    let after = before.values().copied().min().unwrap_or_default();
    let until = now.values().copied().max().unwrap_or_default();
    let mut rest = Examiner::between(db.clone(), vault.clone(), after, until);
    while before != &now
        && let Some(events) = rest.next(&|_, _, _| {}).await?
    {
        rehearsal.apply(&events, before, &now).await?;
    }
    let tables: Vec<_> =
        READ_MODELS.iter().flat_map(|model| model.tables.iter().map(|table| (model.name, *table))).collect();
    for (done, (model, name)) in (1..).zip(&tables) {
        let table = Table::of(rehearsal.scratch(), name).await?;
        rehearsal.compare(&mut picture, &table, model, findings).await?;
        progress(Stage::ReadModels, done, tables.len() as u64);
    }
    picture.rollback().await?;
    Ok(())
}

/// How far the read models are, and which of them stand still.
async fn positions(picture: &mut eventstore::db::Tx) -> Result<(Positions, Vec<String>), VerifyError> {
    let mut found = BTreeMap::new();
    for row in picture.all(CHECKPOINTS, vec![]).await? {
        found.insert(row.text("projection")?, (row.int("position")?, row.opt_text("parked_reason")?));
    }
    let (mut positions, mut notes) = (Positions::new(), vec![]);
    for model in READ_MODELS {
        let (position, parked) = found.remove(model.name).unwrap_or_default();
        positions.insert(model.name, position);
        notes
            .extend(parked.map(|_| format!("read model {} stands still after event {position}", model.name)));
    }
    Ok((positions, notes))
}

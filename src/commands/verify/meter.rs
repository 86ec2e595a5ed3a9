//! How far a verification is: one line that is written over on a terminal, else a line for each tenth.

use eventstore::verify::Stage;
use std::{
    io::{IsTerminal, Write, stderr},
    sync::{Mutex, PoisonError},
};

/// Characters of the bar.
const WIDTH: u64 = 30;

/// Shows progress on the standard error.
pub(super) struct Meter {
    terminal: bool,
    /// What was shown last: the stage, and tenths or hundredths of it.
    shown: Mutex<Option<(Stage, u64)>>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { terminal: stderr().is_terminal(), shown: Mutex::new(None) }
    }

    /// Shows that so much of a stage is done, if that is news.
    pub(super) fn show(&self, stage: Stage, done: u64, of: u64) {
        let steps = if self.terminal { 100 } else { 10 };
        let step = share(done, of, steps);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown == Some((stage, step)) {
            return;
        }
        let another = shown.is_some_and(|(before, _)| before != stage);
        *shown = Some((stage, step));
        let percent = share(done, of, 100);
        let mut out = stderr().lock();
        // What cannot be shown is not worth ending for.
        let _ = if self.terminal {
            let bar = "=".repeat(usize::try_from(share(done, of, WIDTH)).unwrap_or_default());
            let line = format!("{stage:<22} [{bar:<30}] {percent:3} % of {of}");
            write!(out, "{}\r{line:<78}", if another { "\n" } else { "" }).and_then(|()| out.flush())
        } else {
            writeln!(out, "{stage}: {percent} % of {of}")
        };
    }

    /// Leaves the last line standing.
    pub(super) fn finish(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}

/// The same for a bundle, which is checked in one stage.
pub(super) fn bundle() -> fn(u64, u64) {
    if stderr().is_terminal() {
        |done, of| {
            eprint!("\rentries: {:3} % of {of}{}", share(done, of, 100), if done == of { "\n" } else { "" });
        }
    } else {
        |_, _| {}
    }
}

fn share(done: u64, of: u64, steps: u64) -> u64 {
    let share =
        (u128::from(done) * u128::from(steps)).checked_div(u128::from(of)).unwrap_or(u128::from(steps));
    u64::try_from(share).unwrap_or(steps).min(steps)
}

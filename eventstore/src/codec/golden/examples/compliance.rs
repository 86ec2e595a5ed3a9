//! Events of what officers ask for and decide.

use super::{AT, LATER, id, organisation::policy};
use domain::{
    Personal,
    approval::{Action, Event, Outcome},
};

pub(super) fn approval() -> [Event; 4] {
    let comment = Some(Personal::known("Agreed.\nOne more year would be too long.".to_owned()));
    [
        requested(Action::ShortenRetention { policy: policy(), version: 3 }),
        Event::Decided { by: id(2), granted: true, comment, at: AT },
        Event::Lapsed { at: LATER },
        Event::CarriedOut { outcome: Outcome::Done, at: LATER },
    ]
}

pub(super) fn approval_later() -> [(&'static str, Event); 6] {
    [
        ("export", requested(Action::ExportContent { export: id(21) })),
        ("hold", requested(Action::ReleaseHold { hold: id(22) })),
        ("account", requested(Action::Erase { account: id(1) })),
        ("message", requested(Action::DestroyKey { message: id(9) })),
        ("no_comment", Event::Decided { by: id(2), granted: false, comment: None, at: AT }),
        ("stale", Event::CarriedOut { outcome: Outcome::Stale, at: LATER }),
    ]
}

fn requested(action: Action) -> Event {
    let reason = Personal::known("The matter \"Lakeside\" is settled.".to_owned());
    Event::Requested { action, by: Some(id(1)), reason, lapses_at: LATER, at: AT }
}

//! Which audience an event touched (C15): that which the guest belonged to when it happened. What an officer asks about last
//! year is answered by what held last year; a guest who moved on takes nothing along.

use super::Facts;
use crate::{Cell, Statement, Tags};
use domain::{AccountId, Event, account};
use eventstore::Recorded;
use std::collections::BTreeSet;

/// Two guests of one audience are one term; the conflict is between statements, the DISTINCT within one.
const NOTE: &str = "INSERT INTO rm_audit_terms (organisation, term, position) \
     SELECT DISTINCT a.organisation, a.audience, touched.column3 FROM (VALUES ($1, $2, $3)) AS touched \
     JOIN rm_audit_audiences a ON a.organisation = touched.column1 AND a.account = touched.column2 \
     WHERE TRUE ON CONFLICT (organisation, term, position) DO NOTHING";
const JOIN: &str = "INSERT INTO rm_audit_audiences (organisation, account, audience) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, account) DO UPDATE SET audience = excluded.audience";
const LEAVE: &str = "DELETE FROM rm_audit_audiences WHERE organisation = $1 AND account = $2";

/// An event touches the audiences of everybody whom it touched; one that changes a guest's audience, the old and the new one.
pub(super) fn apply(recorded: &Recorded, facts: &Facts, tags: &Tags) -> Vec<Statement> {
    let organisation = recorded.organisation;
    let note = |account: AccountId| {
        Statement::row(NOTE, [organisation.into(), account.into(), recorded.position.into()])
    };
    let touched: BTreeSet<_> = facts.subjects.iter().copied().collect();
    let mut statements: Vec<_> = touched.into_iter().map(note).collect();
    if let Some((account, audience)) = moved(&recorded.event) {
        let of: [Cell; 2] = [organisation.into(), account.into()];
        let [org, whose] = of;
        statements.push(match audience {
            Some(audience) => Statement::new(JOIN, [org, whose, tags.audience(audience).into()]),
            None => Statement::new(LEAVE, [org, whose]),
        });
        statements.push(note(account));
    }
    statements
}

/// Who is of another audience from this event on.
fn moved(event: &Event) -> Option<(AccountId, Option<&str>)> {
    let Event::Account(account, event) = event else {
        return None;
    };
    match event {
        account::Event::Invited { audience, .. } | account::Event::AudienceChanged { audience, .. } => {
            Some((*account, audience.as_deref()))
        }
        // Only guests have an audience.
        account::Event::PromotedToMember { .. } => Some((*account, None)),
        account::Event::InvitationResent { .. }
        | account::Event::InvitationLapsed { .. }
        | account::Event::Registered { .. }
        | account::Event::RegistrationRefused { .. }
        | account::Event::ActivationIssued { .. }
        | account::Event::Activated { .. }
        | account::Event::LoggedIn { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::LockedOut { .. }
        | account::Event::LockoutReleased { .. }
        | account::Event::SessionStarted { .. }
        | account::Event::SessionEnded { .. }
        | account::Event::NetworkChanged { .. }
        | account::Event::ProfileUpdated { .. }
        | account::Event::Unsubscribed { .. }
        | account::Event::Resubscribed { .. }
        | account::Event::Closed { .. }
        | account::Event::Recovery(_)
        | account::Event::SecondFactor(_)
        | account::Event::Alias(_)
        | account::Event::Client(_) => None,
    }
}

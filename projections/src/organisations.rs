//! `rm_organisations`: what organisations there are, and which one answers under a host name.

use crate::{ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{Event, OrganisationId, organisation};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel { name: "organisations", tables: &["rm_organisations"], apply };

const FOUND: &str =
    "INSERT INTO rm_organisations (organisation, name, portal_url, host) VALUES ($1, $2, $3, $4)";
const ALL: &str = "SELECT organisation, name, portal_url, host FROM rm_organisations ORDER BY organisation";
const BY_HOST: &str = "SELECT organisation FROM rm_organisations WHERE host = $1 ORDER BY organisation";

const RENAME: &str = "UPDATE rm_organisations SET name = $2 WHERE organisation = $1";

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Which.
    pub organisation: OrganisationId,
    /// What it is called.
    pub name: String,
    /// Where its portal answers.
    pub portal_url: String,
    /// The host of that URL, in lower case, with its port if it has one.
    pub host: String,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Organisation(event) => match event {
            organisation::Event::Founded { identity, .. } => {
                let host = host_of(&identity.portal_url);
                let name = identity.name.as_str().into();
                let url = identity.portal_url.as_str().into();
                vec![Statement::new(FOUND, [recorded.organisation.into(), name, url, host.as_str().into()])]
            }
            organisation::Event::Updated { name, .. } => {
                vec![Statement::new(RENAME, [recorded.organisation.into(), name.as_str().into()])]
            }
            organisation::Event::PolicyChanged { .. }
            | organisation::Event::DomainClaimed { .. }
            | organisation::Event::DomainReleased { .. }
            | organisation::Event::RoleGranted { .. }
            | organisation::Event::RoleRevoked { .. }
            | organisation::Event::Rules(_) => vec![],
        },
        Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => vec![],
    }
}

/// Host and port of a URL, as a request's `Host` header names them (RFC 9110 §7.2).
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase()
}

impl Projections {
    /// Every organisation of this installation, the first one first.
    pub async fn organisations(&self) -> Result<Vec<OrganisationRow>, ProjectionError> {
        let rows = self.log().db().all(ALL, vec![]).await?;
        let row = |row: &eventstore::db::Row| {
            Ok(OrganisationRow {
                organisation: row.organisation()?,
                name: row.text("name")?,
                portal_url: row.text("portal_url")?,
                host: row.text("host")?,
            })
        };
        rows.iter().map(row).collect()
    }

    /// The organisation whose portal answers under that host.
    pub async fn organisation_of_host(&self, host: &str) -> Result<Option<OrganisationId>, ProjectionError> {
        let row = self.log().db().optional(BY_HOST, vec![host.to_lowercase().as_str().value()]).await?;
        Ok(row.map(|row| row.organisation()).transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    /// A8: a portal is found by the host it is reached under, port included, in any case.
    #[test]
    fn a_host_is_what_a_request_names() {
        assert_eq!(host_of("https://Mail.Insurer.Example"), "mail.insurer.example");
        assert_eq!(host_of("http://127.0.0.1:8080/portal?x"), "127.0.0.1:8080");
        assert_eq!(host_of("mail.insurer.example"), "mail.insurer.example");
    }
}

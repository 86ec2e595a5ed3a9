//! Which messages can have disclosed somebody's data: `domain::disclosure` says what of them did (Q4).

use crate::{ProjectionError, Projections, Stored, query::Query, rows::Columns, statement::word};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, account::Kind};

/// What the person is a party of, and what passes it on. A forward has the content key of its original.
const SENT: &str = "WITH RECURSIVE theirs (message) AS (SELECT message FROM rm_messages WHERE organisation = ? AND sender IN ";
const RECEIVED: &str = " UNION SELECT message FROM rm_deliveries WHERE organisation = ? AND account IN ";
const PASSED_ON: &str = " UNION SELECT f.message FROM theirs t JOIN rm_messages o ON o.organisation = ? AND o.message = t.message \
     JOIN rm_messages f ON f.organisation = o.organisation AND f.content_key = o.content_key \
     AND f.forward_of = o.message) \
     SELECT m.message FROM theirs t JOIN rm_messages m ON m.organisation = ? AND m.message = t.message \
     WHERE m.expires_at > ?";

impl Projections {
    /// Messages that were not over at an instant, hold data of a person, whose accounts these are, and were sent by somebody
    /// else to an outside person other than they.
    pub async fn messages_disclosing(
        &self,
        organisation: OrganisationId,
        person: &[AccountId],
        since: Timestamp,
    ) -> Result<Vec<MessageId>, ProjectionError> {
        if person.is_empty() {
            return Ok(vec![]);
        }
        let mut query = data_of(organisation, person, since);
        query.push(" AND m.sender NOT IN ", []);
        query.list(person.iter().map(|account| account.value()));
        query.push(
            " AND EXISTS (SELECT 1 FROM rm_deliveries d WHERE d.organisation = m.organisation \
             AND d.message = m.message AND d.kind = ? AND d.account NOT IN ",
            [word(Kind::Guest)],
        );
        query.list(person.iter().map(|account| account.value()));
        query.push(") ORDER BY m.sent_at, m.message", []);
        self.all(query).await?.iter().map(|row| Ok(row.id("message")?)).collect()
    }

    /// Which of these messages hold data of a person.
    pub async fn messages_about(
        &self,
        organisation: OrganisationId,
        person: &[AccountId],
        messages: &[MessageId],
    ) -> Result<Vec<MessageId>, ProjectionError> {
        if person.is_empty() || messages.is_empty() {
            return Ok(vec![]);
        }
        let mut query = data_of(organisation, person, Timestamp::from_micros(i64::MIN));
        query.push(" AND m.message IN ", []);
        query.list(messages.iter().map(|message| message.value()));
        self.all(query).await?.iter().map(|row| Ok(row.id("message")?)).collect()
    }
}

fn data_of(organisation: OrganisationId, person: &[AccountId], since: Timestamp) -> Query {
    let accounts = || person.iter().map(|account| account.value());
    let mut query = Query::new(SENT, [organisation.value()]);
    query.list(accounts());
    query.push(RECEIVED, [organisation.value()]);
    query.list(accounts());
    query.push(PASSED_ON, [organisation.value(), organisation.value(), since.value()]);
    query
}

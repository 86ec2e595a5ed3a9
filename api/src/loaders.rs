//! Rows that several entries of a list need, read once.

use app::{App, Review};
use async_graphql::dataloader::{DataLoader, Loader};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, period::Period};
use eventstore::Position;
use projections::{accounts::AccountRow, mailbox::MessageRow};
use std::{collections::HashMap, sync::Arc};

/// Rows of one organisation.
pub(crate) struct Rows {
    app: App,
    organisation: OrganisationId,
}

impl Rows {
    /// A loader for one request.
    pub(crate) fn loader(app: App, organisation: OrganisationId) -> DataLoader<Self> {
        DataLoader::new(Self { app, organisation }, tokio::spawn)
    }
}

impl Loader<AccountId> for Rows {
    type Value = AccountRow;
    type Error = Arc<app::Error>;

    async fn load(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, AccountRow>, Self::Error> {
        let rows = self.app.models().accounts(self.organisation, accounts).await.map_err(shared)?;
        Ok(rows.into_iter().map(|row| (row.account, row)).collect())
    }
}

impl Loader<MessageId> for Rows {
    type Value = MessageRow;
    type Error = Arc<app::Error>;

    async fn load(&self, messages: &[MessageId]) -> Result<HashMap<MessageId, MessageRow>, Self::Error> {
        let rows = self.app.models().messages(self.organisation, messages).await.map_err(shared)?;
        Ok(rows.into_iter().map(|row| (row.message, row)).collect())
    }
}

/// The sign-offs of the event at a place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SignedOff(pub(crate) Position);

impl Loader<SignedOff> for Rows {
    type Value = Vec<Review>;
    type Error = Arc<app::Error>;

    async fn load(&self, events: &[SignedOff]) -> Result<HashMap<SignedOff, Vec<Review>>, Self::Error> {
        let positions: Vec<_> = events.iter().map(|SignedOff(position)| *position).collect();
        let found = self.app.reviews_of(self.organisation, &positions).await.map_err(Arc::new)?;
        Ok(found.into_iter().map(|(position, reviews)| (SignedOff(position), reviews)).collect())
    }
}

/// Since when backups of keys live how long: one answer, which many records need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BackupLives;

impl Loader<BackupLives> for Rows {
    type Value = Vec<(Timestamp, Period)>;
    type Error = Arc<app::Error>;

    async fn load(&self, _: &[BackupLives]) -> Result<HashMap<BackupLives, Self::Value>, Self::Error> {
        let lives = self.app.backup_lives(self.organisation).await.map_err(Arc::new)?;
        Ok(HashMap::from([(BackupLives, lives)]))
    }
}

fn shared(error: projections::ProjectionError) -> Arc<app::Error> {
    Arc::new(error.into())
}

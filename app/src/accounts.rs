//! One command to one account, which is what most use cases of accounts come down to.

use crate::{App, Done, Error, Problem};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{Account, Command},
};
use eventstore::Position;

impl App {
    /// Gives an account a command; a refusal is the problem of who asks.
    pub(crate) async fn instruct(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        meta: &Metadata,
        command: impl Fn() -> Command,
    ) -> Result<Position, Error> {
        let done = self.log.execute::<Account>(organisation, account.uuid(), meta, command).await?;
        Ok(done.map_err(Problem::from)?.position())
    }

    /// The same, and waits until its effect is shown (R17).
    pub(crate) async fn tell(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        meta: &Metadata,
        command: impl Fn() -> Command,
    ) -> Result<Done<AccountId>, Error> {
        let position = self.instruct(organisation, account, meta, command).await?;
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }
}

//! Attempts from networks where too many failed before are not heard for a time, whoever they are meant for (R3).

use crate::{ANONYMOUS, App, Caller, Error};
use domain::{
    OrganisationId,
    id::NetworkTag,
    network::{Command, Network},
    policy,
};
use eventstore::log::Change;
use seal::blind;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// Failures of one network take turns on this node: of many at once each counts.
#[derive(Clone)]
pub(crate) struct Turns(Arc<[Mutex<()>]>);

/// Enough that networks seldom wait for each other.
const TURNS: usize = 64;

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::default()).collect())
    }
}

impl App {
    /// [`Error::Throttled`] while the caller's network is not heard. Ask before any work is done.
    pub(crate) async fn hear(&self, caller: &Caller) -> Result<(), Error> {
        let tag = self.network_tag(caller).await?;
        let network = self.log.load::<Network>(caller.organisation, tag.uuid()).await?;
        if network.state.is_heard(self.log.now()) { Ok(()) } else { Err(Error::Throttled) }
    }

    /// Counts a failed attempt against the caller's network.
    pub(crate) async fn count_failure(&self, caller: &Caller) -> Result<(), Error> {
        let tag = self.network_tag(caller).await?;
        let at = self.log.now();
        let fail = || Command::Fail { at };
        match self.log.execute::<Network>(caller.organisation, tag.uuid(), &ANONYMOUS, fail).await? {
            Ok(_) => Ok(()),
            Err(refusal) => match refusal {},
        }
    }

    /// The turn of the caller's network, for who appends [`failure`](Self::failure) with other changes.
    pub(crate) async fn turn(&self, caller: &Caller) -> Result<MutexGuard<'_, ()>, Error> {
        let [first, ..] = self.network_tag(caller).await?.bytes();
        Ok(self.turns.0[usize::from(first) % TURNS].lock().await)
    }

    /// The change by which a failed attempt counts against the caller's network.
    pub(crate) async fn failure(&self, caller: &Caller) -> Result<Change, Error> {
        let tag = self.network_tag(caller).await?;
        let network = self.log.load::<Network>(caller.organisation, tag.uuid()).await?;
        match network.decide(Command::Fail { at: self.log.now() }) {
            Ok(change) => Ok(change),
            Err(refusal) => match refusal {},
        }
    }

    /// Hears a network again whose time is over, for the job.
    pub(crate) async fn release_network(
        &self,
        organisation: OrganisationId,
        network: NetworkTag,
    ) -> Result<eventstore::Position, Error> {
        let at = self.log.now();
        let release = || Command::Release { at };
        let worker = &crate::scheduled::WORKER;
        match self.log.execute::<Network>(organisation, network.uuid(), worker, release).await? {
            Ok(done) => Ok(done.position()),
            Err(refusal) => match refusal {},
        }
    }

    /// A network as streams name it: neighbours share one.
    async fn network_tag(&self, caller: &Caller) -> Result<NetworkTag, Error> {
        let index = self.index_key(caller.organisation).await?;
        let network = policy::Network::around(caller.network).to_string();
        Ok(NetworkTag::from_bytes(blind::tag(&index, "network", network.as_bytes())))
    }
}

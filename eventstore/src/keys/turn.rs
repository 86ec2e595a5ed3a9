//! Turning the keys: one node at a time may renew epochs, change the root or list the keys, by a lease with a fencing token.

use super::{KeyError, Vault};
use crate::leases::Leases;
use domain::period::Period;

/// The right to turn the keys of a database.
///
/// Whoever lost it without noticing does no harm: a key's row is changed only if it is still under the epoch it was read
/// under, and the database lets no row be under an epoch that was taken away.
pub struct KeyTurn {
    pub(super) vault: Vault,
    leases: Leases,
    token: i64,
}

const LEASE: &str = "keys";
/// How long a turn lasts without being prolonged; the slowest step between two prolongings is a batch of keys.
const LASTS: Period = Period::minutes(5);

impl Vault {
    /// Takes the right to turn the keys; `None` while somebody else has it.
    pub async fn turn(&self) -> Result<Option<KeyTurn>, KeyError> {
        // A holder of its own each time, so that two turns of one program keep apart as well.
        let leases = Leases::new(self.db.clone(), self.clock.clone());
        let lease = leases.take(LEASE, LASTS).await?;
        Ok(lease.map(|lease| KeyTurn { vault: self.clone(), leases, token: lease.fencing_token }))
    }
}

impl KeyTurn {
    /// Goes on having it. [`KeyError::TurnLost`] if somebody else took over meanwhile.
    pub(super) async fn prolong(&self) -> Result<(), KeyError> {
        match self.leases.take(LEASE, LASTS).await? {
            Some(lease) if lease.fencing_token == self.token => Ok(()),
            Some(_) | None => Err(KeyError::TurnLost),
        }
    }

    /// Gives it back, so that nobody need wait for its end.
    pub async fn end(self) -> Result<(), KeyError> {
        Ok(self.leases.give_back(LEASE).await?)
    }
}

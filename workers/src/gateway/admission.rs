//! How many connections there are, in total and by host.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts connections.
#[derive(Clone)]
pub(super) struct Admission {
    hosts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    total: usize,
    per_host: usize,
}

/// A connection that is counted until this is dropped.
pub(super) struct Admitted {
    admission: Admission,
    host: IpAddr,
}

impl Admission {
    pub(super) fn new(total: usize, per_host: usize) -> Self {
        Self { hosts: Arc::default(), total, per_host }
    }

    /// Counts one more connection of a host, if there may be one.
    pub(super) fn admit(&self, host: IpAddr) -> Option<Admitted> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = hosts.values().sum();
        let count = hosts.entry(host).or_default();
        // A host that has none yet cannot be over its own limit, and an empty entry must not stay.
        if total >= self.total || *count >= self.per_host {
            if *count == 0 {
                hosts.remove(&host);
            }
            return None;
        }
        *count += 1;
        metrics::gauge!("sealpost_gateway_connections").increment(1.0);
        Some(Admitted { admission: self.clone(), host })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        metrics::gauge!("sealpost_gateway_connections").decrement(1.0);
        let mut hosts = self.admission.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = hosts.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G2: one host leaves room for others, all together leave room for the machine, and who leaves makes room.
    #[test]
    fn connections_are_counted_by_host_and_together() {
        let admission = Admission::new(3, 2);
        let [one, other, third] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|host| host.parse().unwrap());
        let (first, second) = (admission.admit(one), admission.admit(one));
        assert!(first.is_some() && second.is_some());
        assert!(admission.admit(one).is_none());
        let last = admission.admit(other);
        assert!(last.is_some());
        assert!(admission.admit(third).is_none());
        drop(first);
        assert!(admission.admit(third).is_some());
        drop((second, last));
        assert!(admission.hosts.lock().unwrap().is_empty());
    }
}

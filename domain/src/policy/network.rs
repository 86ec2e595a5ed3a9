//! A network in CIDR notation (RFC 4632).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr, str::FromStr};

/// A network, or one address, IPv4 or IPv6; its host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor an address with a prefix length that fits it.
    #[error("Write a network as an address, perhaps with a prefix length: 192.0.2.0/24 or 2001:db8::/32.")]
    Malformed,
    /// The address has bits beyond the prefix: it is unclear which network is meant.
    #[error(
        "The address lies within this network: write the network's first address, or drop the prefix length."
    )]
    HostBits,
}

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NetworkError::Malformed)?;
        let width = width(base);
        let prefix = match prefix {
            None => width,
            // `u8::from_str` would take a sign.
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| NetworkError::Malformed)?
            }
            Some(_) => return Err(NetworkError::Malformed),
        };
        if prefix > width {
            return Err(NetworkError::Malformed);
        }
        let network = Self { base, prefix };
        if network.masked(base) == bits(base) { Ok(network) } else { Err(NetworkError::HostBits) }
    }

    /// The network that an address is taken to share with its neighbours: /24 of IPv4, /56 of IPv6 (R3, R6).
    #[must_use]
    pub fn around(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { 24 } else { 56 };
        let network = Self { base: address, prefix };
        let base = match address {
            // The mask leaves 32 bits at most of a 32-bit value.
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(network.masked(address)).unwrap_or_default().into()),
            IpAddr::V6(_) => IpAddr::V6(network.masked(address).into()),
        };
        Self { base, prefix }
    }

    /// Its first address.
    #[must_use]
    pub fn base(&self) -> IpAddr {
        self.base
    }

    /// How many leading bits its addresses share.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the address lies in it; an IPv4 address written as IPv6 (RFC 4291 §2.5.5.2) counts as IPv4 (B18).
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && self.masked(address) == bits(self.base)
    }

    fn masked(&self, address: IpAddr) -> u128 {
        let host_bits = u32::from(width(self.base) - self.prefix);
        // A shift by the whole width is not defined: nothing of the address is left.
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        bits(address) & mask
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl FromStr for Network {
    type Err = NetworkError;
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::parse(text)
    }
}
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}
impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    /// B18: an exempt network holds its addresses and no others.
    #[test]
    fn a_network_holds_its_addresses() {
        assert!(contains("192.0.2.0/24", "192.0.2.255"));
        assert!(!contains("192.0.2.0/24", "192.0.3.0"));
        assert!(contains("192.0.2.7", "192.0.2.7"));
        assert!(!contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(contains("::/0", "2001:db8::1"));
    }

    /// B18: the two families are apart, and an IPv4 address in IPv6 clothes is IPv4.
    #[test]
    fn families_are_apart() {
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.7"));
        assert!(!contains("::/0", "192.0.2.7"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
    }

    /// R3, R6: neighbours share a network, and an IPv4 address in IPv6 clothes is IPv4.
    #[test]
    fn neighbours_share_a_network() {
        let around = |address: &str| Network::around(address.parse().unwrap()).to_string();
        assert_eq!(around("192.0.2.255"), "192.0.2.0/24");
        assert_eq!(around("::ffff:192.0.2.7"), "192.0.2.0/24");
        assert_eq!(around("2001:db8:1:2ff::7"), "2001:db8:1:200::/56");
    }

    /// B18: what is no network is refused.
    #[test]
    fn malformed_networks_are_refused() {
        for text in
            ["", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/+8", "::/129", "192.0.2/24", "insurer.example"]
        {
            assert_eq!(Network::parse(text), Err(NetworkError::Malformed), "{text}");
        }
        assert_eq!(Network::parse("192.0.2.7/24"), Err(NetworkError::HostBits));
    }

    proptest! {
        /// B18: text and value are the same thing, and no text brings the parser down.
        #[test]
        fn what_is_written_is_read(text in "\\PC{0,20}|[0-9]{1,3}\\.0\\.0\\.0/[0-9]{1,2}|[0-9a-f]{1,4}::/[0-9]{1,3}") {
            if let Ok(network) = Network::parse(&text) {
                prop_assert_eq!(Network::parse(&network.to_string()), Ok(network));
                prop_assert!(network.contains(network.base) || network.base.to_canonical() != network.base);
            }
        }
    }
}

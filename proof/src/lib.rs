//! Proofs that the log was not changed: the Merkle tree over its entries, the checkpoints that a notary signs, and what can
//! be checked of both by whoever has nothing else.
//!
//! Depends on hashing and signatures alone. Knows no database, no key of the vault, no clock, and nothing of what an event
//! says; so an auditor can read all of it.
//!
//! | module | what |
//! |---|---|
//! | [`entry`] | the 90 bytes of an event that the tree commits to |
//! | [`tree`] | hashes of leaves and nodes, a tree that grows (RFC 6962 §2.1) |
//! | [`tile`] | where a tree's hashes are stored (C2SP tlog-tiles) |
//! | [`proofs`] | inclusion and consistency: made from tiles, and checked without them (RFC 6962 §2.1.1, §2.1.2) |
//! | [`note`] | signed texts and the keys that verify them (C2SP signed-note) |
//! | [`checkpoint`] | a signed tree head (C2SP tlog-checkpoint) |
//! | [`verdict`] | what a verification can come to, and what it found |
//! | [`sequence`] | what headers promise besides their hashes |
//! | [`heads`] | signed heads, held against the tree that the events give |
//! | [`checking`] | a log held against what was signed of it, on all cores |
//! | [`bundle`] | a log in a file that can be checked with nothing else |

pub mod bundle;
pub mod checking;
pub mod checkpoint;
pub mod crew;
pub mod entry;
pub mod growing;
pub mod heads;
mod lanes;
pub mod note;
pub mod proofs;
pub mod sequence;
pub mod tile;
pub mod time;
pub mod tree;
pub mod verdict;

pub use checkpoint::Checkpoint;
pub use tree::Hash;

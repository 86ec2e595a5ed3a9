//! What holds for all values: what was sealed opens again, and nothing else does.

mod blob;
mod event;
mod key;
mod lookup;
mod opaque;
mod password;
mod sealed;
mod token;

use proptest::prelude::*;

fn any_key() -> impl Strategy<Value = seal::Key> {
    any::<[u8; 32]>().prop_map(seal::Key::from_bytes)
}

/// Every way to flip one bit of `bytes`.
fn bit_flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

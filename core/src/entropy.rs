//! Random bytes: the host gives 32 fresh ones, and as many as a flow needs are drawn from them.

use base32ct::{Base32Unpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Draws from 32 bytes that were never used before. What it draws is never drawn twice, so that a
/// nonce is not used for two texts.
pub(crate) struct Entropy {
    seed: Zeroizing<[u8; 32]>,
    drawn: u32,
}

impl Entropy {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            seed: Zeroizing::new(seed),
            drawn: 0,
        }
    }

    /// A name that nobody else draws.
    pub(crate) fn name(&mut self) -> String {
        Base32Unpadded::encode_string(&self.draw()[..10])
    }

    pub(crate) fn draw(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(b"devicegrant entropy 1\n");
        hash.update(*self.seed);
        hash.update(self.drawn.to_be_bytes());
        self.drawn += 1;
        hash.finalize().into()
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[entropy]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_twice() {
        let mut one = Entropy::new([1; 32]);
        let mut other = Entropy::new([2; 32]);
        let drawn = [one.draw(), one.draw(), other.draw(), [1; 32]];
        for (at, value) in drawn.iter().enumerate() {
            assert!(!drawn[at + 1..].contains(value));
        }
    }
}

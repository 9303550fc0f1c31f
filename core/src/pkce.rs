//! Proof key for code exchange (RFC 7636), of the one method that is worth sending: S256.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// RFC 7636 §4.1: 32 random bytes make the 43 characters that are recommended.
pub(crate) fn verifier(entropy: &[u8; 32]) -> Secret {
    Secret::new(Base64UrlUnpadded::encode_string(entropy))
}

/// RFC 7636 §4.2.
pub(crate) fn challenge(verifier: &Secret) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 7636 Appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let wanted = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(challenge(&verifier), wanted);
    }
}

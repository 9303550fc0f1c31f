//! Codes: the long ones for machines, the short one for people.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};

/// RFC 8628 §6.1: consonants only, so that no word comes of it, and nothing
/// that looks like something else.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const HALF: usize = 4;

/// 32 random bytes as base64url: device codes, tokens, sessions.
pub(super) fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// A user code, `XXXX-XXXX`: 20⁸ of them, 34.5 bits.
pub(super) fn user_code() -> Result<String, getrandom::Error> {
    let mut code = String::with_capacity(2 * HALF + 1);
    while code.len() < 2 * HALF + 1 {
        let mut byte = [0];
        getrandom::fill(&mut byte)?;
        // 240 is the last multiple of 20: beyond it some letters were likelier.
        if byte[0] < 240 {
            if code.len() == HALF {
                code.push('-');
            }
            code.push(char::from(ALPHABET[usize::from(byte[0]) % ALPHABET.len()]));
        }
    }
    Ok(code)
}

/// What a person typed, as the server writes it: case, dashes and spaces do
/// not matter. None if it cannot be a code.
pub(super) fn normalise(typed: &str) -> Option<String> {
    if typed.len() > 64 {
        return None;
    }
    let letters: String = typed
        .chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if letters.len() != 2 * HALF || !letters.is_ascii() {
        return None;
    }
    let (first, second) = letters.split_at(HALF);
    Some(format!("{first}-{second}"))
}

/// The S256 challenge of a PKCE verifier (RFC 7636 §4.2).
pub(super) fn challenge(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()))
}

/// SHA-256 as a content security policy writes it.
pub(super) fn digest(text: &str) -> String {
    BASE64.encode(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn user_codes_have_their_shape() {
        for _ in 0..1000 {
            let code = user_code().unwrap();
            let (a, b) = code.split_once('-').unwrap();
            assert_eq!((a.len(), b.len()), (4, 4));
            assert!(code.bytes().all(|c| c == b'-' || ALPHABET.contains(&c)));
            assert_eq!(normalise(&code).as_ref(), Some(&code));
        }
    }

    #[test]
    fn people_type_as_they_like() {
        for typed in [
            "wdjbmjht",
            " WDJB MJHT ",
            "wdjb\u{2013}mjht",
            "W-D-J-B-M-J-H-T",
            "wdjb_mjht\n",
        ] {
            assert_eq!(normalise(typed).as_deref(), Some("WDJB-MJHT"), "{typed:?}");
        }
        for typed in [
            "",
            "WDJB-MJH",
            "WDJB-MJHTX",
            "ẄDJB-MJHT",
            "<script>",
            &"A".repeat(99),
        ] {
            assert_eq!(normalise(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}

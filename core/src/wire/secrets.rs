//! The secrets of a conversation, to be kept out of what a server says back.

use super::answer::Answer;
use super::body;
use super::dialect::{ACCESS_TOKEN, DEVICE_CODE, ID_TOKEN, REFRESH_TOKEN, names};
use crate::grant::Grant;
use crate::secret::Secret;
use crate::text::{self, SHOWN_AT_MOST, clean};

/// What stands in a secret's place.
const REDACTED: &str = "[secret]";
/// A shorter one may be an ordinary word, without which the server's words make no sense.
const SHORTEST: usize = 8;

/// What may not be shown, the longest first, so that none is taken for a part of it.
#[derive(Default)]
pub(crate) struct Secrets(Vec<Secret>);

impl Secrets {
    /// The client's own, these of the flow, and those that the answer itself brings.
    pub(crate) fn new(
        grant: &Grant,
        flow: &[Option<&Secret>],
        answer: Option<&Answer<'_>>,
    ) -> Self {
        let client = &grant.client;
        let credentials = client.secret.as_ref();
        let credentials = credentials.map(|secret| body::credentials(&client.id, secret));
        let own = [client.secret.as_ref(), credentials.as_ref()];
        let own = own.iter().chain(flow).flatten().map(|s| s.expose());
        let brought = [DEVICE_CODE, ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN];
        let brought = brought
            .into_iter()
            .filter_map(|name| answer?.text(&names(&grant.dialect, name)));
        Self::of(own.chain(brought))
    }

    fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        secrets.into_iter().for_each(|secret| all.add(secret));
        all
    }

    fn add(&mut self, secret: &str) {
        // The second is what cleaning makes of it in the server's words.
        let cleaned = Secret::new(clean(secret, usize::MAX));
        for one in [Secret::new(secret), cleaned] {
            if one.expose().chars().count() >= SHORTEST && !self.0.contains(&one) {
                let length = one.expose().len();
                let at = self
                    .0
                    .partition_point(|other| other.expose().len() >= length);
                self.0.insert(at, one);
            }
        }
    }

    /// The server's words, cleaned, without the secrets in them, and only then bounded to `most`
    /// characters: the bound must not cut a secret in two.
    pub(crate) fn clean(&self, words: &str, most: usize) -> String {
        let words = clean(words, usize::MAX);
        let (mut left, mut out, mut kept) = (words.as_str(), String::new(), 0);
        // Not all of a megabyte is searched: what lies beyond the bound is not shown.
        while kept <= most
            && let Some(c) = left.chars().next()
        {
            let found = self.0.iter().find_map(|s| spelled(left, s.expose()));
            if found.is_some() {
                out.push_str(REDACTED);
                kept += REDACTED.len();
            } else {
                out.push(c);
                kept += 1;
            }
            left = left.get(found.unwrap_or(c.len_utf8())..).unwrap_or("");
        }
        clean(&out, most)
    }

    /// The same inside quotation marks.
    pub(crate) fn quote(&self, words: &str) -> String {
        text::quote(&self.clean(words, SHOWN_AT_MOST))
    }

    /// True where the text holds one.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let mut rests = text.char_indices().filter_map(|(at, _)| text.get(at..));
        rests.any(|rest| self.0.iter().any(|s| spelled(rest, s.expose()).is_some()))
    }
}

/// How many bytes at the start of `text` spell the secret, as it is or with any of it form- or
/// percent-encoded.
fn spelled(text: &str, secret: &str) -> Option<usize> {
    if text.starts_with(secret) {
        return Some(secret.len());
    }
    let text = text.as_bytes();
    let mut at = 0;
    for byte in secret.bytes() {
        at += match text.get(at..)? {
            [b'%', high, low, ..] if hex(*high, *low) == Some(byte) => 3,
            [b'+', ..] if byte == b' ' => 1,
            [same, ..] if *same == byte => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_it_is_spelled() {
        let secrets = Secrets::of(["50% of é+1", "50% of é+1 more"]);
        for spelled in [
            "50% of é+1",
            "50%25+of+%C3%A9%2B1",
            "%35%30%25%20of%20%c3%a9+1",
        ] {
            assert_eq!(secrets.clean(&format!("a {spelled}é"), 99), "a [secret]é");
            assert!(secrets.are_in(spelled));
        }
        assert_eq!(secrets.clean("50% of é+1 more", 99), "[secret]");
        assert_eq!(secrets.clean("50% of é+2 %", 99), "50% of é+2 %");
    }

    #[test]
    fn what_cleaning_leaves_of_a_secret_is_found() {
        let secrets = Secrets::of(["abc\u{7}def  ghi"]);
        assert_eq!(secrets.clean("abc\u{7}def  ghi", 99), "[secret]");
        assert_eq!(secrets.clean("abcdef ghi", 99), "[secret]");
        assert_eq!(secrets.clean("abc%07def++ghi", 99), "[secret]");
    }
}

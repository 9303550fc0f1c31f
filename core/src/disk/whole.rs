//! Telling a whole record from a torn one.
//!
//! Where a file system has no links, a file is created under its name and then written, and a
//! crash in between leaves a part of it. So a record tells its own length: its first line is a JSON
//! header with the field `sealed`, the number of bytes that follow the line. No later format
//! changes that.

use crate::json;
use serde::Deserialize;

/// A sign-out. An empty file would not do: that is what a torn one looks like.
pub(super) const SIGNED_OUT: &str = "{\"signed_out\":true,\"sealed\":0}\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Record,
    SignedOut,
    Torn,
}

#[derive(Deserialize)]
struct Outer {
    sealed: u64,
    /// A record may have nothing sealed either: how the server ended a login.
    #[serde(default)]
    signed_out: bool,
}

pub(super) fn shape(bytes: &[u8]) -> Shape {
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
        return Shape::Torn;
    };
    let (line, sealed) = bytes.split_at(end);
    let there = sealed.len() as u64 - 1;
    match json::read::<Outer>(line) {
        Ok(Outer {
            signed_out: true, ..
        }) => Shape::SignedOut,
        Ok(Outer { sealed, .. }) if sealed <= there => Shape::Record,
        _ => Shape::Torn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_of_a_record_is_torn() {
        let record = b"{\"devicegrant\":1,\"sealed\":5}\nab\ncd";
        assert_eq!(shape(record), Shape::Record);
        for cut in 0..record.len() {
            assert_eq!(shape(&record[..cut]), Shape::Torn, "{cut}");
        }
        assert_eq!(shape(SIGNED_OUT.as_bytes()), Shape::SignedOut);
        for cut in 0..SIGNED_OUT.len() {
            assert_eq!(shape(&SIGNED_OUT.as_bytes()[..cut]), Shape::Torn, "{cut}");
        }
        let ended = b"{\"devicegrant\":1,\"kind\":\"ended\",\"sealed\":0}\n";
        assert_eq!(shape(ended), Shape::Record, "its line says why it ended");
        for cut in 0..ended.len() {
            assert_eq!(shape(&ended[..cut]), Shape::Torn, "{cut}");
        }
        assert_eq!(shape(b"plain\ntext"), Shape::Torn);
        assert_eq!(shape(b"{\"sealed\":-1}\nx"), Shape::Torn);
    }
}

//! What the errors of a Redis server mean.

use crate::error::{Code, Error};
use crate::text::quote;

/// Why a call had no answer.
#[derive(Clone, Copy, Debug)]
pub enum Failure<'a> {
    /// No connection, a broken one, or no answer in time; in the words of the system.
    NoAnswer(&'a str),
    /// The server did not take the user name and the password.
    NotLetIn,
    /// The server answered with an error: its whole text, the code at the front (`NOPERM …`).
    Said(&'a str),
}

/// The server is starting, is no longer the primary, or waits for one.
const PASSING: [&str; 5] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
];
const REFUSING: [&str; 4] = ["NOAUTH", "WRONGPASS", "NOPERM", "DENIED"];
/// Some servers and clients leave the code out.
const REFUSALS: [&str; 3] = [
    "The user executing the script can't",
    "this user has no permissions",
    "Authentication required",
];
const FULL: [&str; 3] = ["OOM", "MISCONF", "NOREPLICAS"];
const ELSEWHERE: [&str; 3] = ["MOVED", "ASK", "CROSSSLOT"];

impl Failure<'_> {
    /// Whether the same call may succeed in a moment, over a new connection.
    pub fn passes(self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::NotLetIn => false,
            Self::Said(text) => has(text, &PASSING),
        }
    }
}

/// The error for a call that failed, at a store that is named `place` (without user and password).
///
/// `store_unreachable`, `store_refused`; `store_unwritable` where the server takes no more;
/// `store_unreadable` for what should never be said.
pub fn failed(place: &str, failure: Failure<'_>) -> Error {
    match failure {
        Failure::NoAnswer(why) => Error::new(
            Code::StoreUnreachable,
            format!("{place} does not answer: {}", quote(why)),
        ),
        Failure::NotLetIn => Error::new(
            Code::StoreRefused,
            format!("{place} does not take the user name and the password"),
        ),
        Failure::Said(text) => said(place, text),
    }
}

fn said(place: &str, text: &str) -> Error {
    let quoted = quote(text);
    let (code, what) = if has(text, &REFUSING) || REFUSALS.iter().any(|words| text.contains(words))
    {
        (
            Code::StoreRefused,
            "does not let this program in, or not do what the store needs (docs/REDIS.md)",
        )
    } else if has(text, &PASSING) {
        (Code::StoreUnreachable, "is not ready")
    } else if has(text, &ELSEWHERE) {
        (
            Code::StoreUnreachable,
            "is one node of a cluster and sends this program to another; give an address that \
             serves every slot (docs/REDIS.md)",
        )
    } else if has(text, &FULL) {
        (Code::StoreUnwritable, "takes no more writes")
    } else {
        (Code::StoreUnreadable, "answered with an error")
    };
    Error::new(code, format!("{place} {what}: {quoted}"))
}

/// Servers before 7 put the code of an inner error somewhere in the text, behind a `-`.
fn has(text: &str, codes: &[&str]) -> bool {
    text.split([' ', '-'])
        .any(|word| codes.contains(&word.trim_end_matches(':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_code_and_names_the_place() {
        for (text, code, passes) in [
            ("NOAUTH Authentication required.", Code::StoreRefused, false),
            (
                "NOPERM this user has no permissions",
                Code::StoreRefused,
                false,
            ),
            (
                "ERR The user executing the script can't run this command or subcommand",
                Code::StoreRefused,
                false,
            ),
            (
                "LOADING Redis is loading the dataset in memory",
                Code::StoreUnreachable,
                true,
            ),
            (
                "ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write",
                Code::StoreUnreachable,
                true,
            ),
            ("MOVED 3999 127.0.0.1:6381", Code::StoreUnreachable, false),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                Code::StoreUnwritable,
                false,
            ),
            ("WRONGTYPE Operation", Code::StoreUnreadable, false),
        ] {
            let failure = Failure::Said(text);
            assert_eq!(failure.passes(), passes, "{text}");
            let error = failed("Redis at db:6379/0", failure);
            assert_eq!(error.code(), code, "{text}");
            assert!(error.message().starts_with("Redis at db:6379/0 "));
        }
    }

    #[test]
    fn what_a_server_says_is_made_safe_to_show() {
        let error = failed("Redis", Failure::Said("ERR \u{1b}[2J\"x\""));
        assert!(error.message().ends_with("\"ERR [2J'x'\""), "{error}");
    }
}

//! What the scripts' answers mean.

use crate::error::{Code, Error};
use crate::flow::{Lease, LoginId, Now, Rest, Revision, Save};
use crate::secret::SecretBytes;
use crate::text::sorted;

/// An answer of Redis, as far as the scripts give any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nil.
    Nothing,
    /// An integer.
    Number(i64),
    /// A string of bytes, or a status.
    Bytes(SecretBytes),
    /// An array.
    List(Vec<Answer>),
}

/// The answer to a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The lease is ours.
    Yes(Lease),
    /// It is somebody else's, since that moment of the steady clock (milliseconds).
    Busy {
        /// On the clock of [`Now::steady_ms`].
        since: u64,
    },
    /// Nobody has it, and nobody should take it yet.
    Resting(Rest),
}

/// No record is larger.
const LARGEST: usize = 64 * 1024;

/// The answer to [`load`](super::Calls::load).
///
/// Errors: `store_unreadable` for anything that the script does not answer.
pub fn loaded(answer: Answer) -> Result<(Option<SecretBytes>, Revision), Error> {
    let Answer::List(parts) = answer else {
        return Err(strange());
    };
    match <[Answer; 2]>::try_from(parts) {
        Ok([Answer::Nothing, Answer::Nothing]) => Ok((None, 0)),
        Ok([Answer::Bytes(revision), record]) => {
            let revision = word(&revision)
                .and_then(|word| word.parse().ok())
                .ok_or_else(strange)?;
            match record {
                Answer::Nothing => Ok((None, revision)),
                Answer::Bytes(bytes) if bytes.len() <= LARGEST => Ok((Some(bytes), revision)),
                _ => Err(strange()),
            }
        }
        _ => Err(strange()),
    }
}

/// The answer to [`save`](super::Calls::save): the new revision, or none where the revision was no
/// longer the expected one.
///
/// Errors: as [`loaded`].
pub fn saved(save: &Save, answer: &Answer) -> Result<Option<Revision>, Error> {
    match answer {
        Answer::Bytes(bytes) if bytes.expose() == b"saved" => {
            Ok(Some(save.expected.saturating_add(1)))
        }
        Answer::Bytes(bytes) if bytes.expose() == b"conflict" => Ok(None),
        _ => Err(strange()),
    }
}

/// The answer to [`lock`](super::Calls::lock) for that lease. What the server tells as a duration
/// becomes a moment of the caller's clocks.
///
/// Errors: as [`loaded`].
pub fn locked(lease: Lease, answer: &Answer, now: Now) -> Result<Held, Error> {
    let Answer::List(parts) = answer else {
        return Err(strange());
    };
    let millis = |number: i64| u64::try_from(number).unwrap_or(0);
    match parts.as_slice() {
        [Answer::Bytes(what)] if what.expose() == b"locked" => Ok(Held::Yes(lease)),
        [Answer::Bytes(what), Answer::Number(held)] if what.expose() == b"busy" => Ok(Held::Busy {
            since: now.steady_ms.saturating_sub(millis(*held)),
        }),
        [
            Answer::Bytes(what),
            Answer::Number(left),
            Answer::Bytes(code),
        ] if what.expose() == b"resting" => Ok(Held::Resting(Rest {
            until_ms: now.wall_ms.saturating_add(millis(*left)),
            // A newer version may have put a code there that this one does not know.
            code: word(code)
                .and_then(Code::from_name)
                .unwrap_or(Code::RenewalResting),
        })),
        _ => Err(strange()),
    }
}

/// The answer to [`unlock`](super::Calls::unlock): whether the lease was still ours.
///
/// Errors: as [`loaded`].
pub fn unlocked(answer: &Answer) -> Result<bool, Error> {
    match answer {
        Answer::Bytes(bytes) if bytes.expose() == b"unlocked" => Ok(true),
        Answer::Bytes(bytes) if bytes.expose() == b"gone" => Ok(false),
        _ => Err(strange()),
    }
}

/// The answer to [`list`](super::Calls::list), sorted. What is no id is left out.
///
/// Errors: as [`loaded`].
pub fn listed(answer: &Answer) -> Result<Vec<LoginId>, Error> {
    let Answer::List(parts) = answer else {
        return Err(strange());
    };
    let id = |part: &Answer| {
        let Answer::Bytes(bytes) = part else {
            return None;
        };
        let fits = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let name = word(bytes)?;
        (name.len() == 26 && name.as_bytes().iter().all(fits)).then(|| LoginId(name.into()))
    };
    Ok(sorted(parts.iter().filter_map(id).collect()))
}

fn word(bytes: &SecretBytes) -> Option<&str> {
    std::str::from_utf8(bytes.expose()).ok()
}

fn strange() -> Error {
    Error::new(
        Code::StoreUnreadable,
        "the Redis server's answer is none that the store's scripts give: something else writes \
         its keys, or it is no Redis",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Answer {
        Answer::Bytes(SecretBytes::from(text.to_owned()))
    }

    const NOW: Now = Now {
        wall_ms: 1_700_000_000_000,
        steady_ms: 9_000,
    };

    #[test]
    fn durations_become_moments_of_our_own_clocks() {
        let lease = || Lease("x.y".into());
        let busy = Answer::List(vec![bytes("busy"), Answer::Number(2_500)]);
        assert_eq!(locked(lease(), &busy, NOW), Ok(Held::Busy { since: 6_500 }));
        let resting = |code| Answer::List(vec![bytes("resting"), Answer::Number(10), bytes(code)]);
        let rest = |code| {
            Ok(Held::Resting(Rest {
                until_ms: 1_700_000_000_010,
                code,
            }))
        };
        assert_eq!(
            locked(lease(), &resting("timeout"), NOW),
            rest(Code::Timeout)
        );
        assert_eq!(
            locked(lease(), &resting("of_a_later_version"), NOW),
            rest(Code::RenewalResting)
        );
    }

    #[test]
    fn a_strange_answer_is_an_error_and_never_a_login() {
        for answer in [
            Answer::Nothing,
            Answer::Number(1),
            bytes("1"),
            Answer::List(vec![]),
            Answer::List(vec![bytes("one"), Answer::Nothing]),
            Answer::List(vec![Answer::Nothing, bytes("record")]),
            Answer::List(vec![bytes("1"), bytes(&"x".repeat(LARGEST + 1))]),
        ] {
            let refused = loaded(answer.clone()).map(|_| ()).map_err(|e| e.code());
            assert_eq!(refused, Err(Code::StoreUnreadable), "{answer:?}");
            assert!(locked(Lease("x.y".into()), &answer, NOW).is_err());
            assert!(unlocked(&answer).is_err());
        }
    }

    #[test]
    fn only_ids_are_listed() {
        let id = "abcdefghijklmnopqrstuvwxyz";
        let answer = Answer::List(vec![bytes("../etc"), bytes(id), Answer::Number(3)]);
        assert_eq!(listed(&answer), Ok(vec![LoginId(id.into())]));
    }
}

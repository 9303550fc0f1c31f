//! What a store remembers of claims between calls.

use sha2::{Digest, Sha256};

use crate::flow::LoginId;

/// How long somebody else's claim must stand unchanged before it counts as left behind, in
/// milliseconds. Every request ends within 20 s.
pub(super) const UNCHANGED_MS: u64 = 45_000;

/// The claims that a store has met and cannot tell dead, in the order of their logins. One for each store, for as long as it
/// lives: each process measures by its own steady clock, so that no two clocks are ever compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen(Vec<(LoginId, Sight)>);

/// One claim as it was met.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    name: String,
    content: [u8; 32],
    since: u64,
}

impl Seen {
    /// Takes note of what an attempt to lock has met.
    pub fn learn(&mut self, id: &LoginId, sight: Option<Sight>) {
        let met = self.0.binary_search_by(|(other, _)| other.cmp(id));
        match (met, sight) {
            (Err(_), None) => {}
            (Ok(at), None) => {
                self.0.remove(at);
            }
            (Err(at), Some(sight)) => self.0.insert(at, (id.clone(), sight)),
            // Another thread of this process may have met it earlier.
            (Ok(at), Some(sight)) => {
                if let Some((_, known)) = self.0.get_mut(at)
                    && !(known.is(&sight) && known.since <= sight.since)
                {
                    *known = sight;
                }
            }
        }
    }

    pub(super) fn of(&self, id: &LoginId) -> Option<Sight> {
        let at = self.0.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        self.0.get(at).map(|(_, sight)| sight.clone())
    }
}

impl Sight {
    /// Meets a file now; one that was met before, unchanged, keeps its moment.
    pub(super) fn of(name: &str, bytes: &[u8], now_ms: u64, known: Option<&Self>) -> Self {
        let mut sight = Self {
            name: name.to_owned(),
            content: Sha256::digest(bytes).into(),
            since: now_ms,
        };
        if let Some(known) = known.filter(|known| known.is(&sight)) {
            sight.since = known.since.min(now_ms);
        }
        sight
    }

    fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.content == other.content
    }

    /// Since when it is known, in milliseconds of the steady clock.
    pub(super) fn since(&self) -> u64 {
        self.since
    }
}

//! The tokens that were given, in families: all that came of one sign-in.
//!
//! A refresh token that was spent stays known, so that it is noticed when it
//! comes back: somebody then holds a copy, nobody can tell who, and the whole
//! family ends (RFC 9700 §4.14.2).

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::{code, script::Script};

/// Beyond these the oldest is forgotten: memory is bounded whoever asks.
const MAX_FAMILIES: usize = 1000;
const MAX_PER_FAMILY: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Tokens {
    families: BTreeMap<u64, Family>,
    known: HashMap<String, Token>,
    next: u64,
}

/// All that came of one sign-in.
#[derive(Debug)]
struct Family {
    client_id: String,
    scope: String,
    members: VecDeque<String>,
}

#[derive(Debug)]
struct Token {
    family: u64,
    kind: Kind,
    scope: String,
    expires_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Access,
    Refresh,
    Spent,
}

/// What the client is given.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) scope: String,
}

/// What a refresh comes to.
#[derive(Debug)]
pub(super) enum Renewed {
    Fresh(Issued),
    Unknown,
    Reused,
    WrongScope,
}

/// A living token, as those may see it who hold it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) client_id: &'a str,
    pub(super) scope: &'a str,
    pub(super) kind: Kind,
    pub(super) left: Option<Duration>,
}

impl Tokens {
    /// The first tokens of a new family, and its number.
    pub(super) fn begin(
        &mut self,
        client_id: &str,
        scope: &str,
        script: &Script,
        now: Instant,
    ) -> Result<(u64, Issued), getrandom::Error> {
        while self.families.len() >= MAX_FAMILIES {
            let Some((_, oldest)) = self.families.pop_first() else {
                break;
            };
            for member in &oldest.members {
                self.known.remove(member);
            }
        }
        self.next += 1;
        let id = self.next;
        let family = Family {
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            members: VecDeque::new(),
        };
        self.families.insert(id, family);
        let access = self.add(id, Kind::Access, scope, Some(script.access_ttl), now)?;
        let mut refresh = None;
        if script.refresh {
            refresh = Some(self.add(id, Kind::Refresh, scope, script.refresh_ttl, now)?);
        }
        Ok((
            id,
            Issued {
                access,
                refresh,
                scope: scope.to_owned(),
            },
        ))
    }

    /// A refresh.
    pub(super) fn renew(
        &mut self,
        (token, client_id, scope): (&str, &str, Option<&str>),
        script: &Script,
        now: Instant,
    ) -> Result<Renewed, getrandom::Error> {
        let Some(found) = self.known.get(token) else {
            return Ok(Renewed::Unknown);
        };
        let (id, kind, dead) = (found.family, found.kind, found.is_dead(now));
        let Some(family) = self.families.get(&id) else {
            return Ok(Renewed::Unknown);
        };
        if family.client_id != client_id || kind == Kind::Access || dead {
            return Ok(Renewed::Unknown);
        }
        if kind == Kind::Spent {
            self.end(id);
            return Ok(Renewed::Reused);
        }
        let granted = family.scope.clone();
        let scope = scope.unwrap_or(&granted);
        if !scope
            .split(' ')
            .all(|word| granted.split(' ').any(|g| g == word))
        {
            return Ok(Renewed::WrongScope);
        }
        let access = self.add(id, Kind::Access, scope, Some(script.access_ttl), now)?;
        let mut refresh = None;
        if script.rotate {
            refresh = Some(self.add(id, Kind::Refresh, &granted, script.refresh_ttl, now)?);
            if let Some(old) = self.known.get_mut(token) {
                old.kind = Kind::Spent;
                // However old: its return is worth noticing.
                old.expires_at = None;
            }
        }
        Ok(Renewed::Fresh(Issued {
            access,
            refresh,
            scope: scope.to_owned(),
        }))
    }

    /// A token that is alive.
    pub(super) fn look(&self, token: &str, now: Instant) -> Option<Seen<'_>> {
        let found = self.known.get(token)?;
        let family = self.families.get(&found.family)?;
        if found.kind == Kind::Spent || found.is_dead(now) {
            return None;
        }
        Some(Seen {
            client_id: &family.client_id,
            scope: &found.scope,
            kind: found.kind,
            left: found
                .expires_at
                .map(|end| end.saturating_duration_since(now)),
        })
    }

    /// Revokes a client's token; with a refresh token, its whole family
    /// (RFC 7009 §2.1). False if there was nothing to revoke.
    pub(super) fn revoke(&mut self, token: &str, client_id: &str, now: Instant) -> bool {
        let Some(seen) = self
            .look(token, now)
            .filter(|seen| seen.client_id == client_id)
        else {
            return false;
        };
        if seen.kind == Kind::Access {
            self.known.remove(token);
        } else if let Some(id) = self.known.get(token).map(|found| found.family) {
            self.end(id);
        }
        true
    }

    /// Ends a sign-in with all its tokens.
    pub(super) fn end(&mut self, family: u64) {
        for member in self
            .families
            .remove(&family)
            .into_iter()
            .flat_map(|f| f.members)
        {
            self.known.remove(&member);
        }
    }

    fn add(
        &mut self,
        family: u64,
        kind: Kind,
        scope: &str,
        ttl: Option<u64>,
        now: Instant,
    ) -> Result<String, getrandom::Error> {
        let text = code::secret()?;
        let expires_at = ttl.map(|seconds| now + Duration::from_secs(seconds));
        if let Some(family) = self.families.get_mut(&family) {
            family.members.push_back(text.clone());
            if family.members.len() > MAX_PER_FAMILY {
                // Not the refresh token that lives, which does not move when
                // the script does not rotate.
                let known = &self.known;
                let oldest = family.members.iter().position(|member| {
                    known
                        .get(member)
                        .is_none_or(|token| token.kind != Kind::Refresh)
                });
                if let Some(member) = oldest.and_then(|i| family.members.remove(i)) {
                    self.known.remove(&member);
                }
            }
        }
        self.known.insert(
            text.clone(),
            Token {
                family,
                kind,
                scope: scope.to_owned(),
                expires_at,
            },
        );
        Ok(text)
    }
}

impl Token {
    fn is_dead(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_refreshes_take_no_more_room_than_a_hundred() {
        for rotate in [true, false] {
            let script = Script {
                rotate,
                ..Script::default()
            };
            let now = Instant::now();
            let mut tokens = Tokens::default();
            let (_, issued) = tokens.begin("c", "a b", &script, now).unwrap();
            let mut refresh = issued.refresh.unwrap();
            for _ in 0..10_000 {
                let renewed = tokens.renew((&refresh, "c", None), &script, now).unwrap();
                let Renewed::Fresh(next) = renewed else {
                    panic!("{renewed:?}")
                };
                assert!(tokens.look(&next.access, now).is_some());
                refresh = next.refresh.unwrap_or(refresh);
            }
            assert!(tokens.known.len() <= MAX_PER_FAMILY);
        }
    }

    #[test]
    fn the_oldest_sign_in_makes_room() {
        let script = Script::default();
        let now = Instant::now();
        let mut tokens = Tokens::default();
        let (_, first) = tokens.begin("c", "", &script, now).unwrap();
        let (_, second) = tokens.begin("c", "", &script, now).unwrap();
        for _ in 2..=MAX_FAMILIES {
            tokens.begin("c", "", &script, now).unwrap();
        }
        assert!(tokens.look(&first.access, now).is_none());
        assert!(tokens.look(&second.access, now).is_some());
        assert_eq!(tokens.known.len(), 2 * MAX_FAMILIES);
    }
}

//! The names in a login's folder, and the paths that lead there.

use super::{MOST_NAMES, whole};
use crate::error::{Code, Error};
use crate::flow::{LoginId, Revision};
use crate::text::sorted;

/// The folder of all logins.
pub(super) const LOGINS: &str = "logins";

/// Numbers stay whole where a language has only doubles.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

pub(super) fn folder(id: &LoginId) -> String {
    format!("{LOGINS}/{id}")
}

pub(super) fn revision(id: &LoginId, n: Revision) -> String {
    format!("{LOGINS}/{id}/r.{n}")
}

pub(super) fn claim(id: &LoginId, (n, k): (Revision, u64)) -> String {
    format!("{LOGINS}/{id}/l.{n}.{k}")
}

/// The folders that must be there before anything is written, outermost first.
pub(super) fn folders(id: &LoginId) -> [String; 3] {
    [String::new(), LOGINS.to_owned(), folder(id)]
}

/// The name of a login's folder: 26 characters of lower-case base32.
pub(super) fn is_login(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() == 26 && name.bytes().all(fits)
}

/// What a login's folder holds, both in ascending order. Names of any other form are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Listing {
    pub(super) revisions: Vec<Revision>,
    pub(super) claims: Vec<(Revision, u64)>,
}

impl Listing {
    /// Errors: `store_unreadable` for a folder of somebody else's making.
    pub(super) fn parse(id: &LoginId, names: &[String]) -> Result<Self, Error> {
        bounded(&folder(id), names)?;
        let mut listing = Self::default();
        for name in names {
            if let Some(n) = name.strip_prefix("r.").and_then(number) {
                listing.revisions.push(n);
            } else if let Some(claim) = name.strip_prefix("l.").and_then(claim_number) {
                listing.claims.push(claim);
            }
        }
        listing.revisions = sorted(listing.revisions);
        listing.claims = sorted(listing.claims);
        Ok(listing)
    }

    /// The newest revision; 0 where nothing was ever written.
    pub(super) fn top(&self) -> Revision {
        self.revisions.last().copied().unwrap_or(0)
    }

    /// The number of the newest claim on a revision; 0 where there is none.
    pub(super) fn top_claim(&self, n: Revision) -> u64 {
        let on_n = self.claims.iter().filter(|(on, _)| *on == n);
        on_n.map(|(_, k)| *k).max().unwrap_or(0)
    }

    /// True where the revision is listed. Nothing was ever written at 0, so that one always stands.
    pub(super) fn stands(&self, n: Revision) -> bool {
        n == 0 || self.revisions.binary_search(&n).is_ok()
    }

    /// What a newer revision has made useless, in the order in which it may go: revisions
    /// ascending, for [`stands`](Self::stands) to prove what it does (`LOCKING.md`), then claims.
    pub(super) fn below(&self, id: &LoginId, n: Revision) -> Vec<String> {
        let revisions = self.revisions.iter().filter(|old| **old < n);
        let claims = self.claims.iter().filter(|(on, _)| *on < n);
        revisions
            .map(|old| revision(id, *old))
            .chain(claims.map(|old| claim(id, *old)))
            .collect()
    }
}

/// Errors: `store_unreadable` for more names than anybody keeps.
pub(super) fn bounded(folder: &str, names: &[String]) -> Result<(), Error> {
    if names.len() <= MOST_NAMES {
        return Ok(());
    }
    let message = format!(
        "the folder {folder} of the home holds more than {MOST_NAMES} names, which nothing of ours does: look what fills it"
    );
    Err(Error::new(Code::StoreUnreadable, message))
}

/// A number as we write it: no sign, no leading zero.
fn number(text: &str) -> Option<u64> {
    let n: u64 = text.parse().ok().filter(|n| *n <= LARGEST_NUMBER)?;
    (n > 0 && n.to_string() == text).then_some(n)
}

fn claim_number(text: &str) -> Option<(Revision, u64)> {
    let (n, k) = text.split_once('.')?;
    let n = if n == "0" { Some(0) } else { number(n) };
    Some((n?, number(k)?))
}

/// The content of the file for a sign-out, which is a revision too.
pub(super) fn signed_out() -> crate::secret::SecretBytes {
    whole::SIGNED_OUT.to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_as_we_write_them_count() -> Result<(), Error> {
        let id = LoginId("x".into());
        let names = [
            "r.2",
            "r.10",
            "r.0",
            "r.01",
            "r.+3",
            "r.",
            "r.9007199254740992",
            "r.-1",
            "l.2.1",
            "l.0.3",
            "l.2.0",
            "l.2",
            "l.2.1.1",
            ".new-1",
            "lock",
            "R.5",
        ]
        .map(str::to_owned);
        let listing = Listing::parse(&id, &names)?;
        assert_eq!(listing.revisions, [2, 10]);
        assert_eq!(listing.claims, [(0, 3), (2, 1)]);
        assert_eq!(
            (listing.top(), listing.top_claim(2), listing.top_claim(10)),
            (10, 1, 0)
        );
        assert_eq!(
            listing.below(&id, 10),
            ["logins/x/r.2", "logins/x/l.0.3", "logins/x/l.2.1"]
        );
        Ok(())
    }

    #[test]
    fn a_folder_of_somebody_elses_making_is_refused() {
        let names = vec![String::from("r.1"); MOST_NAMES + 1];
        let error = Listing::parse(&LoginId("x".into()), &names).map_err(|e| e.code());
        assert_eq!(error, Err(Code::StoreUnreadable));
    }
}

//! The file system, the authorization server and the clock that the processes share, and what must
//! hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use devicegrant_core::Revision;

use crate::process::{Content, Process};

/// What a process does at its next step, or what befalls it.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Performs its effect.
    Act(usize),
    /// Its listing ends, and shows these of the names that changed meanwhile.
    Listed(usize, u32),
    /// It is gone from one moment to the next.
    Crash(usize),
    /// 46 seconds pass in which nothing moves.
    Tick,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) files: BTreeMap<Rc<str>, Rc<[u8]>>,
    pub(crate) processes: Vec<Process>,
    pub(crate) steady_ms: u64,
    pub(crate) crashes_left: u8,
    pub(crate) ticks_left: u8,
    /// The generation of the refresh token that each login's server would take.
    pub(crate) server: [u8; 2],
    /// The highest revision that ever was, and what it says.
    pub(crate) top: (Revision, Content),
    /// True once a sign-out was the top.
    pub(crate) signed_out: bool,
    /// True once time has passed that no living process should let pass.
    pub(crate) ticked: bool,
    pub(crate) crashed: bool,
}

/// A listing that runs: names there all the while, and names that came or went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Listing {
    pub(crate) sure: BTreeSet<Rc<str>>,
    pub(crate) maybe: BTreeSet<Rc<str>>,
}

impl World {
    /// A login at revision 1, its token stale.
    pub(crate) fn new(processes: Vec<Process>, crashes: u8, ticks: u8) -> Self {
        let content = Content::Record(0, 0);
        let first = Rc::from(content.to_bytes().as_slice());
        Self {
            files: [(Rc::from("r.1"), first)].into(),
            processes,
            crashes_left: crashes,
            ticks_left: ticks,
            top: (1, content),
            ..Self::default()
        }
    }

    pub(crate) fn begin_listing(&self) -> Listing {
        Listing {
            sure: self.files.keys().cloned().collect(),
            maybe: BTreeSet::new(),
        }
    }

    fn changes(&mut self, name: &Rc<str>) {
        for process in &mut self.processes {
            if let Some(listing) = process.listing.as_mut() {
                listing.sure.remove(name);
                listing.maybe.insert(name.clone());
            }
        }
    }

    /// False where the name is taken.
    pub(crate) fn publish(&mut self, name: &str, bytes: &[u8]) -> bool {
        if self.files.contains_key(name) {
            return false;
        }
        let name = Rc::from(name);
        self.changes(&name);
        self.files.insert(name, Rc::from(bytes));
        true
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let name = Rc::from(name);
        if self.files.remove(&name).is_some() {
            self.changes(&name);
        }
    }

    /// A revision was published. True where it was written over the top; and then it must be newer
    /// than what it was written over, whoever wrote it.
    pub(crate) fn written(&mut self, n: Revision, content: Content) -> Result<bool, String> {
        if n <= self.top.0 {
            return Ok(false);
        }
        let newer = match (self.top.1, content) {
            (Content::Record(login, generation), Content::Record(new, new_generation)) => {
                (new, new_generation) > (login, generation)
            }
            (Content::SignedOut(login), Content::Record(new, _)) => new > login,
            (Content::Record(login, _) | Content::SignedOut(login), Content::SignedOut(meant)) => {
                login == meant
            }
        };
        if !newer {
            return Err(format!("{content:?} was written over {:?}", self.top.1));
        }
        self.signed_out |= matches!(content, Content::SignedOut(_));
        self.top = (n, content);
        Ok(true)
    }

    /// The refresh token is spent; none where the server does not take it.
    pub(crate) fn exchange(&mut self, login: u8, generation: u8) -> Result<Option<u8>, String> {
        let current = &mut self.server[usize::from(login)];
        if *current == generation {
            *current += 1;
            return Ok(Some(*current));
        }
        if self.ticked || self.crashed {
            return Ok(None);
        }
        Err(format!(
            "two living processes spent refresh token {generation} of login {login}"
        ))
    }

    pub(crate) fn no_two_hold(&self) -> Result<(), String> {
        if self.ticked {
            return Ok(());
        }
        let living = self.processes.iter().filter(|process| !process.crashed);
        let mut held: Vec<_> = living.filter_map(|process| process.holds).collect();
        held.sort_unstable();
        match held.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("two living processes hold revision {}", pair[0])),
            None => Ok(()),
        }
    }
}

//! A process, and how it performs its effects one by one.

use devicegrant_core::disk::{DiskInput, DiskStep, Liveness, Owner, Seen};
use devicegrant_core::{Lease, LoginId, Now, Revision, SecretBytes};

use crate::machine::{Machine, Output};
use crate::program;
use crate::world::{Listing, World};

/// What a revision says: a login and the generation of its tokens, or that a login was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Content {
    Record(u8, u8),
    SignedOut(u8),
}

impl Default for Content {
    fn default() -> Self {
        Self::Record(0, 0)
    }
}

impl Content {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Record(login, generation) => {
                let mut bytes = b"{\"sealed\":2}\n".to_vec();
                bytes.extend([login, generation]);
                bytes
            }
            Self::SignedOut(_) => Vec::new(),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [.., b'\n', login, generation] => Some(Self::Record(*login, *generation)),
            _ => None,
        }
    }
}

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Program {
    /// Renews the token so many times.
    Renew(u8),
    /// Tries to renew so many times, and the server never answers.
    Outage(u8),
    /// Keeps a fresh login, over whatever is there.
    SignIn,
    /// Ends the login that is there.
    SignOut,
}

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    #[default]
    Nothing,
    ReplacesClaims,
    RemovesTopClaim,
    KeepsOneClaim,
    TrustsItsClaim,
    TrustsItsSave,
    ReadsBeforeTheLease,
    SignsInBlindly,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Looking,
    Locking,
    Reading(Lease),
    Exchanging(Lease, Revision, u8, u8),
    Saving(Option<Lease>, Content),
    Unlocking { again: bool },
    Ended,
}

// What tells one state from another is what it is.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) program: Program,
    pub(crate) broken: Broken,
    pub(crate) stage: Stage,
    machine: Option<Machine>,
    effect: Option<DiskStep<Output>>,
    pub(crate) listing: Option<Listing>,
    pub(crate) seen: Seen,
    /// The token that it will not take: the one it wants renewed.
    pub(crate) stale: Content,
    /// What it wrote was the top when it was written.
    pub(crate) over_the_top: bool,
    pub(crate) floor: Revision,
    pub(crate) holds: Option<Revision>,
    pub(crate) begun: bool,
    pub(crate) crashed: bool,
    pub(crate) signed_in: bool,
}

pub(crate) fn id() -> LoginId {
    LoginId("l".into())
}

pub(crate) fn owner(pid: u32) -> Owner {
    Owner {
        pid,
        start: None,
        space: String::new(),
    }
}

impl Process {
    pub(crate) fn new(pid: u32, program: Program, broken: Broken) -> Self {
        Self {
            pid,
            program,
            broken,
            stage: Stage::Looking,
            machine: None,
            effect: None,
            listing: None,
            seen: Seen::default(),
            stale: Content::Record(0, 0),
            over_the_top: false,
            floor: 0,
            holds: None,
            begun: false,
            crashed: false,
            signed_in: false,
        }
    }

    pub(crate) fn runs(&self) -> bool {
        !self.crashed && self.stage != Stage::Ended
    }

    /// True where only the names tell the two apart.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.program, self.broken) == (other.program, other.broken) && !other.begun
    }

    /// Gone, with whatever it knew.
    pub(crate) fn crash(&mut self) {
        self.crashed = true;
        self.stage = Stage::Ended;
        self.machine = None;
        self.effect = None;
        self.listing = None;
        self.holds = None;
        self.seen = Seen::default();
    }

    pub(crate) fn label(&self) -> String {
        match &self.stage {
            Stage::Exchanging(..) => "exchanges".to_owned(),
            stage => format!("{stage:?}: {:?}", self.effect),
        }
    }
}

pub(crate) type Checked = Result<(), String>;

/// Starts process `p`: its first effect stands ready.
pub(crate) fn start(world: &mut World, p: usize) -> Checked {
    program::look(world, p)
}

/// Process `p` performs its effect; `shown` picks among the names that changed while it listed.
pub(crate) fn act(world: &mut World, p: usize, shown: u32) -> Checked {
    world.processes[p].begun = true;
    if let Stage::Exchanging(lease, revision, login, generation) = world.processes[p].stage.clone()
    {
        if let Program::Outage(_) = world.processes[p].program {
            return program::unlock(world, p, &lease, true);
        }
        return match world.exchange(login, generation)? {
            None => program::unlock(world, p, &lease, false),
            Some(new) => {
                program::save(world, p, Some(lease), revision, Content::Record(login, new))
            }
        };
    }
    let effect = world.processes[p].effect.take();
    let input = match effect.ok_or("a process that runs has an effect")? {
        DiskStep::List(_) => {
            let listing = world.processes[p].listing.take().unwrap_or_default();
            let maybe = listing.maybe.iter().enumerate();
            let chosen = maybe.filter(|(n, _)| shown & (1 << n) != 0);
            let names = listing.sure.iter().chain(chosen.map(|(_, name)| name));
            DiskInput::Names(names.map(ToString::to_string).collect())
        }
        DiskStep::Read { path, .. } => match world.files.get(name(&path)) {
            Some(bytes) => DiskInput::Bytes(SecretBytes::new(bytes.to_vec())),
            None => DiskInput::Absent,
        },
        DiskStep::Publish { path, bytes, .. } => {
            if world.publish(name(&path), bytes.expose()) {
                if let (Some(n), Stage::Saving(_, content)) = (
                    name(&path).strip_prefix("r."),
                    world.processes[p].stage.clone(),
                ) {
                    let n = n.parse().map_err(|_| "no number")?;
                    world.processes[p].over_the_top = world.written(n, content)?;
                }
                DiskInput::Published
            } else {
                DiskInput::Exists
            }
        }
        DiskStep::Remove(path) => {
            world.remove(name(&path));
            DiskInput::Removed
        }
        DiskStep::Liveness(owner) => {
            let process = &world.processes[owner.pid as usize];
            DiskInput::Liveness(if process.crashed {
                Liveness::Dead
            } else {
                Liveness::Alive
            })
        }
        DiskStep::MakeDir(_) | DiskStep::Done(_) => return Err("answered at once".to_owned()),
    };
    feed(world, p, input)
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Gives the machine its input, and whatever needs nobody else.
fn feed(world: &mut World, p: usize, mut input: DiskInput) -> Checked {
    loop {
        let now = Now {
            wall_ms: world.steady_ms,
            steady_ms: world.steady_ms,
        };
        let process = &mut world.processes[p];
        let machine = process.machine.as_mut().ok_or("no machine")?;
        match machine.step(now, input).map_err(|why| why.to_string())? {
            DiskStep::MakeDir(_) => input = DiskInput::Made,
            DiskStep::Done(output) => {
                process.machine = None;
                return program::done(world, p, output);
            }
            effect => {
                if matches!(effect, DiskStep::List(_)) {
                    // As early as can be: that allows every listing that began later, too.
                    world.processes[p].listing = Some(world.begin_listing());
                }
                world.processes[p].effect = Some(effect);
                return Ok(());
            }
        }
    }
}

pub(crate) fn run(world: &mut World, p: usize, stage: Stage, machine: Machine) -> Checked {
    let floor = if matches!(machine, Machine::Load(_)) {
        world.top.0
    } else {
        0
    };
    let process = &mut world.processes[p];
    process.stage = stage;
    process.machine = Some(machine);
    process.floor = floor;
    feed(world, p, DiskInput::Go)
}

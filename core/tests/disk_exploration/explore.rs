//! Every order of events, depth first, each state once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use devicegrant_core::disk::{Answer, DiskInput, DiskStep, Liveness, LoadLogin, LockLogin, Seen};
use devicegrant_core::{Lock, Now, SecretBytes};

use crate::machine::{Machine, Output};
use crate::process::{self, Content, id, owner};
use crate::world::{Event, World};

/// What an exploration has come to.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) ends: usize,
    pub(crate) took: Duration,
    /// What went wrong first, and the way there.
    pub(crate) violation: Option<(String, Vec<String>)>,
}

struct Frame {
    world: World,
    events: Vec<Event>,
    label: String,
}

/// Explores everything that can happen from here.
pub(crate) fn explore(mut world: World) -> Explored {
    let begun = Instant::now();
    let mut violation = None;
    for p in 0..world.processes.len() {
        if let Err(why) = process::start(&mut world, p) {
            violation = Some((why, Vec::new()));
        }
    }
    let mut seen = HashSet::from([hash(&world)]);
    let mut ends = 0;
    let mut way = vec![Frame {
        events: events(&world),
        world,
        label: "start".to_owned(),
    }];
    while violation.is_none() {
        let Some(frame) = way.last_mut() else {
            break;
        };
        let Some(event) = frame.events.pop() else {
            way.pop();
            continue;
        };
        let mut world = frame.world.clone();
        let label = if let Event::Act(p) | Event::Listed(p, _) = event {
            format!("{event:?}: {}", world.processes[p].label())
        } else {
            format!("{event:?}")
        };
        let happened = happen(&mut world, &event);
        let next = events(&world);
        let at_end = !world.processes.iter().any(process::Process::runs);
        let checked = match happened {
            Ok(()) if at_end => end(&world),
            happened => happened,
        };
        if let Err(why) = checked {
            let steps = way.iter().map(|frame| frame.label.clone());
            violation = Some((why, steps.chain([label]).collect()));
        } else if seen.insert(hash(&world)) {
            ends += usize::from(at_end);
            way.push(Frame {
                world,
                events: next,
                label,
            });
        }
    }
    Explored {
        states: seen.len(),
        ends,
        took: begun.elapsed(),
        violation,
    }
}

fn hash(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

fn events(world: &World) -> Vec<Event> {
    let mut events = Vec::new();
    for (p, process) in world.processes.iter().enumerate() {
        // Processes that are alike begin in order: another order is the same with other names.
        let waits = p > 0 && !process.begun && process.is_like(&world.processes[p - 1]);
        if !process.runs() || waits {
            continue;
        }
        match &process.listing {
            Some(listing) => {
                let picks = 1u32 << listing.maybe.len();
                events.extend((0..picks).map(|shown| Event::Listed(p, shown)));
            }
            None => events.push(Event::Act(p)),
        }
        if world.crashes_left > 0 && process.begun {
            events.push(Event::Crash(p));
        }
    }
    if world.ticks_left > 0 && !events.is_empty() {
        events.push(Event::Tick);
    }
    events
}

fn happen(world: &mut World, event: &Event) -> Result<(), String> {
    match *event {
        Event::Act(p) => process::act(world, p, 0),
        Event::Listed(p, shown) => process::act(world, p, shown),
        Event::Crash(p) => {
            world.crashes_left -= 1;
            world.crashed = true;
            world.processes[p].crash();
            Ok(())
        }
        Event::Tick => {
            world.ticks_left -= 1;
            world.ticked = true;
            world.steady_ms += 46_000;
            Ok(())
        }
    }
}

/// What must hold once nobody runs any more: the newest login stands, and a fresh process reads it
/// and can renew it at once.
fn end(world: &World) -> Result<(), String> {
    let Output::Found(found) = alone(world, Machine::Load(LoadLogin::new(id())))? else {
        return Err("a load loads".to_owned());
    };
    let content = found
        .bytes
        .and_then(|bytes| Content::from_bytes(bytes.expose()));
    let expected = Some(world.top.1).filter(|top| !matches!(top, Content::SignedOut(_)));
    if (found.revision, content) != (world.top.0, expected) {
        return Err(format!("{content:?} stands in place of {:?}", world.top));
    }
    let signed_in = world.processes.iter().any(|process| process.signed_in);
    if let Content::Record(login, generation) = world.top.1 {
        if signed_in && login != 1 {
            return Err("the newest login is gone".to_owned());
        }
        let spent = generation != world.server[usize::from(login)];
        if spent && !world.crashed && !world.ticked {
            return Err("the token that stands is spent".to_owned());
        }
    }
    let wish = Lock {
        id: id(),
        ttl_ms: 45_000,
        force: false,
    };
    let machine = Machine::Lock(LockLogin::new(wish, owner(99), &Seen::default()));
    match alone(world, machine)? {
        Output::Locked(attempt) if matches!(attempt.answer, Answer::Yes(_)) => Ok(()),
        other => Err(format!("the lease is left for good: {other:?}")),
    }
}

/// Runs a machine while nobody else does anything.
fn alone(world: &World, mut machine: Machine) -> Result<Output, String> {
    let mut world = world.clone();
    let now = Now {
        wall_ms: world.steady_ms,
        steady_ms: world.steady_ms,
    };
    let mut input = DiskInput::Go;
    loop {
        let name = |path: &str| path.rsplit_once('/').map(|(_, name)| name.to_owned());
        input = match machine.step(now, input).map_err(|why| why.to_string())? {
            DiskStep::Done(output) => return Ok(output),
            DiskStep::MakeDir(_) => DiskInput::Made,
            DiskStep::List(_) => {
                DiskInput::Names(world.files.keys().map(ToString::to_string).collect())
            }
            DiskStep::Read { path, .. } => {
                match world.files.get(&*name(&path).unwrap_or_default()) {
                    Some(bytes) => DiskInput::Bytes(SecretBytes::new(bytes.to_vec())),
                    None => DiskInput::Absent,
                }
            }
            DiskStep::Publish { path, bytes, .. } => {
                if world.publish(&name(&path).unwrap_or_default(), bytes.expose()) {
                    DiskInput::Published
                } else {
                    DiskInput::Exists
                }
            }
            DiskStep::Remove(path) => {
                world.remove(&name(&path).unwrap_or_default());
                DiskInput::Removed
            }
            DiskStep::Liveness(owner) => {
                DiskInput::Liveness(if world.processes[owner.pid as usize].crashed {
                    Liveness::Dead
                } else {
                    Liveness::Alive
                })
            }
        };
    }
}

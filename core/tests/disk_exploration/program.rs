//! What the programs do around the store, as core's flows do: find, renew, keep, sign out.

use devicegrant_core::disk::{Answer, LoadLogin, LockLogin, SaveLogin, Seen, UnlockLogin};
use devicegrant_core::{Lease, Lock, Revision, Save, SecretBytes};

use crate::machine::{Machine, Output, Replacing, Tidied, Trust};
use crate::process::{Broken, Checked, Content, Program, Stage, id, owner, run};
use crate::world::World;

pub(crate) fn look(world: &mut World, p: usize) -> Checked {
    run(
        world,
        p,
        Stage::Looking,
        Machine::Load(LoadLogin::new(id())),
    )
}

/// Nothing can go wrong with it; it closes an arm as the others do.
#[allow(clippy::unnecessary_wraps)]
fn end(world: &mut World, p: usize) -> Checked {
    world.processes[p].stage = Stage::Ended;
    // What only tells states apart that are alike.
    world.processes[p].seen = Seen::default();
    Ok(())
}

pub(crate) fn save(
    world: &mut World,
    p: usize,
    lease: Option<Lease>,
    expected: Revision,
    content: Content,
) -> Checked {
    let bytes = Some(SecretBytes::new(content.to_bytes())).filter(|bytes| !bytes.is_empty());
    let save = Save {
        id: id(),
        bytes,
        expected,
    };
    let machine = Machine::Save(SaveLogin::new(save).map_err(|why| why.to_string())?);
    let machine = if world.processes[p].broken == Broken::TrustsItsSave {
        Machine::Trusting(Box::new(machine), Trust::default())
    } else {
        machine
    };
    world.processes[p].over_the_top = false;
    run(world, p, Stage::Saving(lease, content), machine)
}

fn lock(world: &mut World, p: usize) -> Checked {
    let process = &world.processes[p];
    let wish = Lock {
        id: id(),
        ttl_ms: 45_000,
        force: false,
    };
    let owner = owner(process.pid);
    let machine = match process.broken {
        Broken::ReplacesClaims => Machine::Replacing(Replacing {
            id: id(),
            owner: format!("{{\"owner\":{}}}", serde_json::json!(owner)).into_bytes(),
            claim: String::new(),
        }),
        broken => {
            let machine = Machine::Lock(LockLogin::new(wish, owner, &process.seen));
            if broken == Broken::TrustsItsClaim {
                Machine::Trusting(Box::new(machine), Trust::default())
            } else {
                machine
            }
        }
    };
    run(world, p, Stage::Locking, machine)
}

pub(crate) fn unlock(world: &mut World, p: usize, lease: &Lease, again: bool) -> Checked {
    world.processes[p].holds = None;
    let unlock = || UnlockLogin::new(lease, None).map_err(|why| why.to_string());
    let machine = match world.processes[p].broken {
        Broken::ReplacesClaims => Machine::Removing(format!("logins/{}", lease.0), false),
        Broken::RemovesTopClaim => Machine::Tidy(unlock()?, Tidied::default()),
        Broken::KeepsOneClaim => Machine::Unlock(unlock()?.keeping(1)),
        // As many as are really kept are more than can be explored.
        _ => Machine::Unlock(unlock()?.keeping(3)),
    };
    run(world, p, Stage::Unlocking { again }, machine)
}

/// The program goes on with what a method of the store has returned.
pub(crate) fn done(world: &mut World, p: usize, output: Output) -> Checked {
    let stage = world.processes[p].stage.clone();
    match (stage, output) {
        (stage, Output::Found(found)) => {
            if found.revision < world.processes[p].floor {
                return Err(format!(
                    "revision {} was loaded, and {} stood before that began",
                    found.revision, world.processes[p].floor
                ));
            }
            let content = found
                .bytes
                .as_ref()
                .map(|bytes| Content::from_bytes(bytes.expose()).ok_or("a torn record"))
                .transpose()?;
            if content.is_none() && !world.signed_out {
                return Err("the login was lost".to_owned());
            }
            match stage {
                Stage::Reading(lease) => reread(world, p, lease, content, found.revision),
                _ => looked(world, p, content, found.revision),
            }
        }
        (_, Output::Locked(attempt)) => {
            world.processes[p].seen.learn(&id(), attempt.sight);
            match attempt.answer {
                Answer::Yes(lease) => {
                    let claim = lease.0.split('.').nth(1).and_then(|n| n.parse().ok());
                    world.processes[p].holds = claim;
                    world.no_two_hold()?;
                    if world.processes[p].broken == Broken::ReadsBeforeTheLease {
                        let revision = claim.unwrap_or_default();
                        return exchange(world, p, lease, world.processes[p].stale, revision);
                    }
                    let machine = Machine::Load(LoadLogin::new(id()));
                    run(world, p, Stage::Reading(lease), machine)
                }
                // A waiter watches for the revision.
                Answer::Busy { .. } | Answer::Resting(_) => look(world, p),
            }
        }
        (Stage::Saving(lease, content), Output::Saved(revision)) => {
            let process = &mut world.processes[p];
            if revision.is_some() && !process.over_the_top {
                return Err("a save was reported that never was the top".to_owned());
            }
            if revision.is_none() && process.over_the_top && content == world.top.1 {
                return Err("a conflict was reported for what is the top".to_owned());
            }
            process.signed_in |= revision.is_some() && process.program == Program::SignIn;
            match (lease, revision) {
                (Some(lease), _) => unlock(world, p, &lease, true),
                (None, Some(_)) => end(world, p),
                (None, None) => look(world, p),
            }
        }
        (Stage::Unlocking { again: true }, Output::Unlocked) => next_round(world, p),
        (Stage::Unlocking { again: false }, Output::Unlocked) => end(world, p),
        (stage, output) => Err(format!("{output:?} in {stage:?}")),
    }
}

/// The token that is there now has gone stale, too.
fn next_round(world: &mut World, p: usize) -> Checked {
    let process = &mut world.processes[p];
    match &mut process.program {
        Program::Renew(left) | Program::Outage(left) if *left > 1 => {
            *left -= 1;
            process.stale = world.top.1;
            look(world, p)
        }
        _ => end(world, p),
    }
}

fn looked(world: &mut World, p: usize, content: Option<Content>, revision: Revision) -> Checked {
    let process = &mut world.processes[p];
    match process.program {
        Program::Renew(_) | Program::Outage(_) => match content {
            Some(content) if content == process.stale => lock(world, p),
            _ => next_round(world, p),
        },
        Program::SignIn => match content {
            // Ours was there, and somebody has renewed it since.
            Some(Content::Record(1, _)) if process.broken != Broken::SignsInBlindly => {
                process.signed_in = true;
                end(world, p)
            }
            _ => save(world, p, None, revision, Content::Record(1, 0)),
        },
        Program::SignOut => match content {
            Some(Content::Record(0, _)) => save(world, p, None, revision, Content::SignedOut(0)),
            _ => end(world, p),
        },
    }
}

fn reread(
    world: &mut World,
    p: usize,
    lease: Lease,
    content: Option<Content>,
    revision: Revision,
) -> Checked {
    match content {
        Some(content) if content == world.processes[p].stale => {
            exchange(world, p, lease, content, revision)
        }
        _ => unlock(world, p, &lease, true),
    }
}

/// As `end`.
#[allow(clippy::unnecessary_wraps)]
fn exchange(
    world: &mut World,
    p: usize,
    lease: Lease,
    content: Content,
    revision: Revision,
) -> Checked {
    if let Content::Record(login, generation) = content {
        world.processes[p].stage = Stage::Exchanging(lease, revision, login, generation);
    }
    Ok(())
}

//! Where there are no links, a file is created under its name and then written: random histories
//! in which writers die in between, and others read, save, lock and unlock.

use std::collections::BTreeMap;

use devicegrant_core::disk::{
    Answer, DiskFlow, DiskInput, DiskStep, Found, Liveness, LoadLogin, LockLogin, Owner, SaveLogin,
    Seen, UnlockLogin,
};
use devicegrant_core::{Code, Lock, Now, Rest, Save, SecretBytes};

use crate::process::{id, owner};

/// A generator of our own, so that a failure can be told by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

#[derive(Default)]
struct Disk {
    files: BTreeMap<String, Vec<u8>>,
    dead: Vec<u32>,
    steady_ms: u64,
}

impl Disk {
    /// Runs a machine. Where it `dies`, that is in the middle of its first write: no output.
    fn run<F: DiskFlow>(
        &mut self,
        mut machine: F,
        random: &mut Random,
        dies: bool,
    ) -> Result<Option<F::Output>, String> {
        let mut input = DiskInput::Go;
        loop {
            let now = Now {
                wall_ms: self.steady_ms,
                steady_ms: self.steady_ms,
            };
            input = match machine.step(now, input).map_err(|why| why.to_string())? {
                DiskStep::Done(output) => return Ok(Some(output)),
                DiskStep::MakeDir(_) => DiskInput::Made,
                DiskStep::List(_) => DiskInput::Names(self.files.keys().cloned().collect()),
                DiskStep::Read { path, .. } => match self.files.get(name(&path)) {
                    Some(bytes) => DiskInput::Bytes(SecretBytes::new(bytes.clone())),
                    None => DiskInput::Absent,
                },
                DiskStep::Publish { path, bytes, .. } => {
                    if self.files.contains_key(name(&path)) {
                        DiskInput::Exists
                    } else {
                        let bytes = bytes.expose();
                        let written = if dies {
                            usize::try_from(random.below(bytes.len() as u64)).unwrap_or(0)
                        } else {
                            bytes.len()
                        };
                        let file = bytes[..written].to_vec();
                        self.files.insert(name(&path).to_owned(), file);
                        if dies {
                            return Ok(None);
                        }
                        DiskInput::Published
                    }
                }
                DiskStep::Remove(path) => {
                    self.files.remove(name(&path));
                    DiskInput::Removed
                }
                DiskStep::Liveness(owner) => {
                    DiskInput::Liveness(if self.dead.contains(&owner.pid) {
                        Liveness::Dead
                    } else {
                        Liveness::Alive
                    })
                }
            };
        }
    }

    fn load(&mut self, random: &mut Random) -> Result<Found, String> {
        let found = self.run(LoadLogin::new(id()), random, false)?;
        found.ok_or_else(|| "a load writes nothing".to_owned())
    }
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn record(n: u64) -> SecretBytes {
    let sealed = format!("sealed {n}");
    format!("{{\"n\":{n},\"sealed\":{}}}\n{sealed}", sealed.len()).into()
}

fn wish() -> Lock {
    Lock {
        id: id(),
        ttl_ms: 45_000,
        force: false,
    }
}

fn history(seed: u64) -> Result<(u64, u64), String> {
    let mut random = Random(seed);
    let mut disk = Disk::default();
    // What was saved last and never got lost; none before the first save and after a sign-out.
    let mut kept: Option<SecretBytes> = None;
    let (mut saves, mut tears) = (0, 0);
    for pid in 0..60 {
        let mut sights = Seen::default();
        let found = disk.load(&mut random)?;
        if found.bytes != kept {
            return Err(format!("{:?} was read in place of {kept:?}", found.bytes));
        }
        let dies = random.below(3) == 0;
        let lock = |seen: &Seen| LockLogin::new(wish(), owner(pid), seen);
        let early = dies && random.below(2) == 0;
        let mut attempt = disk.run(lock(&sights), &mut random, early)?;
        if let Some(Answer::Busy { .. }) = attempt.as_ref().map(|attempt| &attempt.answer) {
            // Torn, so nobody knows whose it is: that is waited out.
            sights.learn(&id(), attempt.and_then(|attempt| attempt.sight));
            disk.steady_ms += 44_000;
            let early = disk.run(lock(&sights), &mut random, false)?;
            if !matches!(early.map(|a| a.answer), Some(Answer::Busy { .. })) {
                return Err("a claim that nobody can read was taken early".to_owned());
            }
            disk.steady_ms += 1_000;
            attempt = disk.run(lock(&sights), &mut random, false)?;
        }
        let Some(attempt) = attempt else {
            disk.dead.push(pid);
            tears += 1;
            continue;
        };
        let lease = match attempt.answer {
            Answer::Yes(lease) => lease,
            other => return Err(format!("{other:?} after 45 s")),
        };
        let save = Save {
            id: id(),
            bytes: Some(record(u64::from(pid))).filter(|_| random.below(6) > 0),
            expected: found.revision,
        };
        let bytes = save.bytes.clone();
        let machine = SaveLogin::new(save).map_err(|why| why.to_string())?;
        match disk.run(machine, &mut random, dies)? {
            None => {
                disk.dead.push(pid);
                tears += 1;
                continue;
            }
            Some(None) => return Err("a conflict with nobody".to_owned()),
            Some(Some(revision)) if revision == found.revision + 1 => {
                kept = bytes;
                saves += 1;
            }
            Some(Some(revision)) => return Err(format!("saved as {revision}")),
        }
        let unlock = UnlockLogin::new(&lease, None).map_err(|why| why.to_string())?;
        disk.run(unlock, &mut random, false)?;
    }
    Ok((saves, tears))
}

#[test]
fn a_torn_file_never_hides_what_was_kept() {
    let (mut saves, mut tears) = (0, 0);
    for seed in 0..500 {
        match history(seed) {
            Ok(more) => {
                saves += more.0;
                tears += more.1;
            }
            Err(why) => assert!(why.is_empty(), "seed {seed}: {why}"),
        }
    }
    assert!(saves > 1000 && tears > 1000, "{saves} saves, {tears} tears");
}

fn done<F: DiskFlow>(disk: &mut Disk, machine: F) -> Result<F::Output, String> {
    let output = disk.run(machine, &mut Random(1), false)?;
    output.ok_or_else(|| "nobody dies".to_owned())
}

#[test]
fn a_rest_is_told_until_its_moment_unless_forced() -> Result<(), String> {
    let mut disk = Disk::default();
    let lock = |force| LockLogin::new(Lock { force, ..wish() }, owner(1), &Seen::default());
    let rest = Rest {
        until_ms: 30_000,
        code: Code::Unreachable,
    };
    for force in [false, true] {
        let Answer::Yes(lease) = done(&mut disk, lock(force))?.answer else {
            return Err("nobody has it".to_owned());
        };
        let unlock = UnlockLogin::new(&lease, Some(rest)).map_err(|why| why.to_string())?;
        done(&mut disk, unlock)?;
        let answer = done(&mut disk, lock(false))?.answer;
        assert_eq!(answer, Answer::Resting(rest));
    }
    disk.steady_ms = 30_000;
    let answer = done(&mut disk, lock(false))?.answer;
    assert!(matches!(answer, Answer::Yes(_)), "{answer:?}");
    Ok(())
}

#[test]
fn an_outage_of_hours_piles_up_no_files() -> Result<(), String> {
    let mut disk = Disk::default();
    for _ in 0..1000 {
        let lock = LockLogin::new(wish(), owner(1), &Seen::default());
        let Answer::Yes(lease) = done(&mut disk, lock)?.answer else {
            return Err("nobody has it".to_owned());
        };
        let unlock = UnlockLogin::new(&lease, None).map_err(|why| why.to_string())?;
        done(&mut disk, unlock)?;
    }
    assert!(disk.files.len() <= 9, "{:?}", disk.files.keys());
    Ok(())
}

/// In another space nobody is ever told dead; the first sight counts, however often one looks.
#[test]
fn an_owner_who_may_live_is_waited_out() -> Result<(), String> {
    let mut disk = Disk::default();
    let mut seen = Seen::default();
    let stranger = Owner {
        space: "elsewhere".to_owned(),
        ..owner(7)
    };
    done(&mut disk, LockLogin::new(wish(), stranger, &seen))?;
    for (at_ms, taken) in [(5, false), (1_000, false), (45_004, false), (45_005, true)] {
        disk.steady_ms = at_ms;
        let attempt = done(&mut disk, LockLogin::new(wish(), owner(1), &seen))?;
        seen.learn(&id(), attempt.sight);
        match attempt.answer {
            Answer::Busy { since } => assert_eq!((since, taken), (5, false)),
            answer => assert!(taken && matches!(answer, Answer::Yes(_)), "{answer:?}"),
        }
    }
    Ok(())
}

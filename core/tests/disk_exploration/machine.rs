//! The machines a process runs: those of core, and broken ones that must be found out.

use devicegrant_core::disk::{
    Answer, Attempt, DiskFlow, DiskInput, DiskStep, Found, Liveness, LoadLogin, LockLogin,
    SaveLogin, UnlockLogin,
};
use devicegrant_core::{Error, Lease, LoginId, Now, Revision};

/// What any machine ends with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Output {
    Found(Found),
    Saved(Option<Revision>),
    Locked(Attempt),
    Unlocked,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Machine {
    Load(LoadLogin),
    Save(SaveLogin),
    Lock(LockLogin),
    Unlock(UnlockLogin),
    /// Believes that whatever it published is the newest.
    Trusting(Box<Machine>, Trust),
    /// Takes a dead owner's claim away and puts its own in the same place.
    Replacing(Replacing),
    /// Gives a lease back by removing its claim.
    Removing(String, bool),
    /// Gives a lease back as core does, and then clears away what it published.
    Tidy(UnlockLogin, Tidied),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Trust {
    names: Vec<String>,
    published: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tidied(Option<String>, bool);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Replacing {
    pub(crate) id: LoginId,
    pub(crate) owner: Vec<u8>,
    pub(crate) claim: String,
}

pub(crate) type Step = Result<DiskStep<Output>, Error>;

fn map<T>(step: Result<DiskStep<T>, Error>, output: impl Fn(T) -> Output) -> Step {
    Ok(step?.map(output))
}

impl Machine {
    pub(crate) fn step(&mut self, now: Now, input: DiskInput) -> Step {
        match self {
            Self::Load(machine) => map(machine.step(now, input), Output::Found),
            Self::Save(machine) => map(machine.step(now, input), Output::Saved),
            Self::Lock(machine) => map(machine.step(now, input), Output::Locked),
            Self::Unlock(machine) => map(machine.step(now, input), |()| Output::Unlocked),
            Self::Trusting(machine, trust) => trust.step(machine, now, input),
            Self::Replacing(machine) => Ok(machine.step(input)),
            Self::Removing(claim, removed) => Ok(if std::mem::replace(removed, true) {
                DiskStep::Done(Output::Unlocked)
            } else {
                DiskStep::Remove(claim.clone())
            }),
            Self::Tidy(machine, tidied) => {
                if tidied.1 {
                    return Ok(DiskStep::Done(Output::Unlocked));
                }
                let step = map(machine.step(now, input), |()| Output::Unlocked)?;
                Ok(match (step, &mut tidied.0) {
                    (DiskStep::Done(_), Some(path)) => {
                        tidied.1 = true;
                        DiskStep::Remove(std::mem::take(path))
                    }
                    (step, _) => {
                        if let DiskStep::Publish { path, .. } = &step {
                            tidied.0 = Some(path.clone());
                        }
                        step
                    }
                })
            }
        }
    }
}

impl Trust {
    /// The second listing is the first one, with what was published meanwhile.
    fn step(&mut self, machine: &mut Machine, now: Now, input: DiskInput) -> Step {
        match &input {
            DiskInput::Names(names) => self.names.clone_from(names),
            DiskInput::Published => self.published = true,
            _ => {}
        }
        match machine.step(now, input)? {
            DiskStep::List(_) if self.published => {
                machine.step(now, DiskInput::Names(self.names.clone()))
            }
            step => {
                if let DiskStep::Publish { path, .. } = &step {
                    let name = path.rsplit_once('/').map_or(&**path, |(_, name)| name);
                    self.names.push(name.to_owned());
                }
                Ok(step)
            }
        }
    }
}

impl Replacing {
    fn done(answer: Answer) -> DiskStep<Output> {
        DiskStep::Done(Output::Locked(Attempt {
            answer,
            sight: None,
        }))
    }

    fn publish(&self) -> DiskStep<Output> {
        DiskStep::Publish {
            path: format!("logins/{}/{}", self.id, self.claim),
            bytes: devicegrant_core::SecretBytes::new(self.owner.clone()),
            durable: false,
        }
    }

    fn step(&mut self, input: DiskInput) -> DiskStep<Output> {
        let path = format!("logins/{}/{}", self.id, self.claim);
        match input {
            DiskInput::Go => DiskStep::List(format!("logins/{}", self.id)),
            DiskInput::Names(names) => {
                let revisions = names.iter().filter_map(|name| name.strip_prefix("r."));
                let top = revisions.max().unwrap_or("0");
                self.claim = format!("l.{top}.1");
                if names.contains(&self.claim) {
                    let path = format!("logins/{}/{}", self.id, self.claim);
                    DiskStep::Read { path, max: 4096 }
                } else {
                    self.publish()
                }
            }
            DiskInput::Bytes(bytes) => {
                let owner = serde_json::from_slice::<serde_json::Value>(bytes.expose());
                let owner = owner.unwrap_or_default()["owner"].take();
                match serde_json::from_value(owner) {
                    Ok(owner) => DiskStep::Liveness(owner),
                    Err(_) => Self::done(Answer::Busy { since: 0 }),
                }
            }
            DiskInput::Liveness(Liveness::Dead) => DiskStep::Remove(path),
            DiskInput::Removed => self.publish(),
            DiskInput::Published => {
                let lease = format!("{}/{}", self.id, self.claim);
                Self::done(Answer::Yes(Lease(lease.into())))
            }
            _ => Self::done(Answer::Busy { since: 0 }),
        }
    }
}

//! The protocol on disk, for a host that has files.

use std::cell::RefCell;
use std::rc::Rc;

use devicegrant_core::disk::{
    Answer as Locked, DiskFlow, DiskInput, DiskStep, ListLogins, Liveness, LoadLogin, LockLogin,
    Owner, SaveLogin, Seen, UnlockLogin,
};
use devicegrant_core::{Error, Lease, Lock, LoginId, Now, SecretBytes};
use wasm_bindgen::prelude::*;

use crate::made;
use crate::plain::number;
use crate::step::{self, Answer, Kind};
use crate::{Fallible, now};

type Run = dyn FnMut(Now, DiskInput) -> Result<DiskStep<JsValue>, Error>;

/// One method of a store of files, under way.
#[wasm_bindgen]
pub struct Files(Box<Run>);

/// Makes the machines of one store, and remembers what stood in their way.
#[wasm_bindgen]
#[derive(Default)]
pub struct Disk(Rc<RefCell<Seen>>);

#[wasm_bindgen]
extern "C" {
    /// `{ pid, start, space }`.
    pub type Process;
    #[wasm_bindgen(method, getter)]
    fn pid(this: &Process) -> u32;
    #[wasm_bindgen(method, getter)]
    fn start(this: &Process) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn space(this: &Process) -> String;
}

fn run<F: DiskFlow + 'static>(
    mut flow: F,
    mut end: impl FnMut(F::Output) -> JsValue + 'static,
) -> Files {
    Files(Box::new(move |now, input| {
        flow.step(now, input).map(|step| step.map(&mut end))
    }))
}

#[wasm_bindgen]
impl Disk {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn load(&self, id: String) -> Files {
        run(LoadLogin::new(LoginId(id.into())), |found| {
            step::loaded(found.bytes, found.revision)
        })
    }

    pub fn save(&self, id: String, bytes: Option<Vec<u8>>, expected: f64) -> Fallible<Files> {
        let save = step::save(id, bytes, expected);
        Ok(run(SaveLogin::new(save)?, step::saved))
    }

    /// `owner` is the host's own process.
    pub fn lock(&self, id: String, ttl_ms: u32, force: bool, owner: &Process) -> Files {
        let (id, seen) = (LoginId(id.into()), Rc::clone(&self.0));
        let wish = Lock {
            id: id.clone(),
            ttl_ms,
            force,
        };
        let owner = Owner {
            pid: owner.pid(),
            start: owner.start(),
            space: owner.space(),
        };
        let machine = LockLogin::new(wish, owner, &seen.borrow());
        run(machine, move |attempt| {
            seen.borrow_mut().learn(&id, attempt.sight);
            match attempt.answer {
                Locked::Yes(lease) => made::locked(&lease.0),
                Locked::Busy { since } => made::busy(number(since)),
                Locked::Resting(rest) => step::resting(rest),
            }
        })
    }

    pub fn unlock(&self, lease: String, until_ms: Option<f64>, code: String) -> Fallible<Files> {
        let rest = until_ms.map(|until_ms| step::rest_of(until_ms, &code));
        let machine = UnlockLogin::new(&Lease(lease.into()), rest)?;
        Ok(run(machine, |()| made::go()))
    }

    pub fn list(&self) -> Files {
        run(ListLogins::default(), step::ids)
    }
}

fn input(answer: &Answer) -> Option<DiskInput> {
    Some(match answer.kind() {
        Kind::Go => DiskInput::Go,
        Kind::Made => DiskInput::Made,
        Kind::Names => DiskInput::Names(answer.names()?),
        Kind::Bytes => DiskInput::Bytes(SecretBytes::new(answer.bytes()?)),
        Kind::Absent => DiskInput::Absent,
        Kind::Unsafe => DiskInput::Unsafe(answer.why()?),
        Kind::Published => DiskInput::Published,
        Kind::Exists => DiskInput::Exists,
        Kind::Removed => DiskInput::Removed,
        Kind::Dead => DiskInput::Liveness(Liveness::Dead),
        Kind::Alive => DiskInput::Liveness(Liveness::Alive),
        Kind::Unknown => DiskInput::Liveness(Liveness::Unknown),
        _ => return None,
    })
}

#[wasm_bindgen]
impl Files {
    /// As a flow's, but what it asks is done to files.
    pub fn step(&mut self, wall_ms: f64, steady_ms: f64, answer: &Answer) -> Fallible<JsValue> {
        let input = input(answer).ok_or_else(step::no_answer)?;
        Ok(match (self.0)(now(wall_ms, steady_ms), input)? {
            DiskStep::MakeDir(path) => made::make_dir(&path),
            DiskStep::List(path) => made::list_dir(&path),
            DiskStep::Read { path, max } => made::read(&path, max),
            DiskStep::Publish {
                path,
                bytes,
                durable,
            } => made::publish(&path, bytes.expose().to_vec(), durable),
            DiskStep::Remove(path) => made::remove(&path),
            DiskStep::Liveness(owner) => made::liveness(owner.pid, owner.start, &owner.space),
            DiskStep::Done(output) => made::done(output),
        })
    }
}

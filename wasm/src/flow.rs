//! Every flow of core behind one class: a constructor each, one `step` for all.

use std::sync::Arc;

use devicegrant_core as dg;
use devicegrant_core::{Finished, LoginId, Revoked, SignIn};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::Failure;
use crate::login::{Found, Grant, Login, Pending, Renewal, Tokens};
use crate::options::{Key, Options};
use crate::plain::{give, number, object};
use crate::step::{self, Answer};
use crate::step_up::Wider;
use crate::{Fallible, entropy, now};

trait Machine {
    fn step(&mut self, now: dg::Now, input: dg::Input) -> Result<dg::Step<JsValue>, dg::Error>;
    fn take_events(&mut self) -> Vec<dg::Event>;
}

struct Ending<F, E>(F, E);

impl<F: dg::Flow, E: FnMut(F::Output) -> JsValue> Machine for Ending<F, E> {
    fn step(&mut self, now: dg::Now, input: dg::Input) -> Result<dg::Step<JsValue>, dg::Error> {
        self.0.step(now, input).map(|step| step.map(&mut self.1))
    }

    fn take_events(&mut self) -> Vec<dg::Event> {
        self.0.take_events()
    }
}

/// A conversation that core decides. The host performs each step and answers it.
#[wasm_bindgen]
pub struct Flow(Box<dyn Machine>);

impl Flow {
    pub(crate) fn of<F: dg::Flow + 'static>(
        flow: F,
        end: impl FnMut(F::Output) -> JsValue + 'static,
    ) -> Self {
        Self(Box::new(Ending(flow, end)))
    }
}

fn signed_in(output: SignIn) -> JsValue {
    match output {
        SignIn::Pending(pending) => Pending(*pending).into(),
        SignIn::Tokens(tokens) => Tokens(*tokens).into(),
    }
}

fn finished(output: Finished) -> JsValue {
    match output {
        Finished::Waiting(pending) => Pending(*pending).into(),
        Finished::Login(login) => Login(*login).into(),
    }
}

fn revoked(output: Revoked) -> JsValue {
    let (how, failure) = match output {
        Revoked::Nothing => ("nothing", None),
        Revoked::AtServer => ("at_server", None),
        Revoked::NotOffered => ("not_offered", None),
        Revoked::Failed(error) => ("failed", Some(Failure(error))),
    };
    object(&[("how", how.into()), ("failure", failure.into())])
}

fn surveyed(all: Vec<(LoginId, Result<dg::Found, dg::Error>)>) -> JsValue {
    let one = |(_, one): (_, Result<dg::Found, _>)| match one {
        Ok(found) => JsValue::from(Found(found)),
        Err(error) => Failure(error).into(),
    };
    all.into_iter().map(one).collect::<Array>().into()
}

#[wasm_bindgen]
impl Flow {
    pub fn discover(
        options: &Options,
        own_provider: Option<String>,
        wider: Option<Wider>,
    ) -> Fallible<Self> {
        let machine = dg::Discover::new(options.0.clone(), own_provider.as_deref())?;
        let machine = machine.wider(wider.map(|wider| wider.0).unwrap_or_default());
        Ok(Self::of(machine, |grant| Grant(grant).into()))
    }

    #[wasm_bindgen(js_name = discoverPaste)]
    pub fn discover_paste(
        options: &Options,
        own_provider: Option<String>,
        wider: Option<Wider>,
    ) -> Fallible<Self> {
        let machine = dg::Discover::for_paste(options.0.clone(), own_provider.as_deref())?;
        let machine = machine.wider(wider.map(|wider| wider.0).unwrap_or_default());
        Ok(Self::of(machine, |grant| Grant(grant).into()))
    }

    pub fn paste(grant: &Grant, random: &[u8]) -> Fallible<Self> {
        let machine = dg::Paste::new(Arc::clone(&grant.0), entropy(random)?);
        Ok(Self::of(machine, |tokens| Tokens(tokens).into()))
    }

    pub fn login(grant: &Grant, random: &[u8]) -> Fallible<Self> {
        let machine = dg::DeviceGrant::login(Arc::clone(&grant.0), entropy(random)?);
        Ok(Self::of(machine, signed_in))
    }

    pub fn begin(grant: &Grant, random: &[u8]) -> Fallible<Self> {
        let machine = dg::DeviceGrant::begin(Arc::clone(&grant.0), entropy(random)?);
        Ok(Self::of(machine, signed_in))
    }

    pub fn poll(pending: &Pending) -> Self {
        Self::of(dg::DeviceGrant::poll(pending.0.clone()), signed_in)
    }

    pub fn resume(pending: &Pending) -> Self {
        Self::of(dg::DeviceGrant::resume(pending.0.clone()), signed_in)
    }

    pub fn keep(
        options: &Options,
        grant: &Grant,
        tokens: &Tokens,
        wall_ms: f64,
        key: &Key,
        random: &[u8],
    ) -> Fallible<Self> {
        let (grant, tokens) = (Arc::clone(&grant.0), tokens.0.clone());
        let record = dg::Record::new(&options.0, grant, tokens, now(wall_ms, 0.0))?;
        let keep = dg::Keep::login(&options.0, record.clone(), key.0.clone(), entropy(random)?)?;
        Ok(Self::of(keep, move |kept| {
            Login(kept.login(record.clone())).into()
        }))
    }

    #[wasm_bindgen(js_name = keepPending)]
    pub fn keep_pending(
        options: &Options,
        pending: &Pending,
        wall_ms: f64,
        key: &Key,
        random: &[u8],
        first: Option<bool>,
    ) -> Fallible<Self> {
        let (pending, key, random) = (pending.0.clone(), key.0.clone(), entropy(random)?);
        let new = if first == Some(true) {
            dg::Keep::first_pending
        } else {
            dg::Keep::pending
        };
        let keep = new(&options.0, pending, now(wall_ms, 0.0), key, random)?;
        Ok(Self::of(keep, |kept| {
            object(&[
                ("id", (&*kept.id.0).into()),
                ("revision", number(kept.revision).into()),
            ])
        }))
    }

    #[wasm_bindgen(js_name = dropPending)]
    pub fn drop_pending(options: &Options) -> Fallible<Self> {
        Ok(Self::of(dg::GiveUp::new(&options.0)?, JsValue::from))
    }

    /// Where `even_ended`, also one that the server ended.
    pub fn find(options: &Options, even_ended: Option<bool>) -> Fallible<Self> {
        let new = match even_ended {
            Some(true) => dg::Find::login_even_ended,
            _ => dg::Find::login,
        };
        Ok(Self::of(new(&options.0)?, |found| Found(found).into()))
    }

    #[wasm_bindgen(js_name = findPending)]
    pub fn find_pending(options: &Options) -> Fallible<Self> {
        Ok(Self::of(dg::Find::pending(&options.0)?, |found| {
            Found(found).into()
        }))
    }

    pub fn finish(id: String, key: &Key, to_the_end: bool, random: &[u8]) -> Fallible<Self> {
        let new = if to_the_end {
            dg::Finish::to_the_end
        } else {
            dg::Finish::once
        };
        Ok(Self::of(
            new(LoginId(id.into()), key.0.clone(), entropy(random)?),
            finished,
        ))
    }

    /// `unwritten` is what an earlier session could not save, `expected` whose login it has to be.
    pub fn session(
        id: String,
        key: &Key,
        need: &crate::options::Need,
        random: &[u8],
        unwritten: Option<Login>,
        expected: Option<crate::options::Options>,
    ) -> Fallible<Self> {
        let (key, need) = (key.0.clone(), need.0.clone());
        let session = dg::Session::new(LoginId(id.into()), key, need, entropy(random)?);
        let mut session = session.unwritten(unwritten.map(|login| login.0));
        if let Some(options) = expected {
            session = session.expecting(&options.0)?;
        }
        Ok(Self::of(session, |renewal| Renewal(renewal).into()))
    }

    pub fn revoke(id: String, key: &Key) -> Self {
        Self::of(dg::Revoke::new(LoginId(id.into()), key.0.clone()), revoked)
    }

    pub fn survey() -> Self {
        Self::of(dg::Survey::default(), surveyed)
    }

    /// Answers `answer`, at a moment of both clocks, in milliseconds.
    pub fn step(&mut self, wall_ms: f64, steady_ms: f64, answer: &Answer) -> Fallible<JsValue> {
        let input = step::input(answer).ok_or_else(step::no_answer)?;
        let step = self.0.step(now(wall_ms, steady_ms), input)?;
        Ok(step::shown(step))
    }

    /// What has happened since the last call.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&mut self) -> JsValue {
        match self.0.take_events() {
            events if events.is_empty() => JsValue::UNDEFINED,
            events => give(&events),
        }
    }
}

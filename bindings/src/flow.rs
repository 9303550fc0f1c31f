//! Every flow of core behind one object: a constructor each, one `step` for all.

use std::sync::{Arc, Mutex, PoisonError};

use devicegrant as dg;
use devicegrant::{Finished, LoginId, Revoked, SignIn};

use crate::error::Failure;
use crate::login::{Found, Grant, Login, Pending, Renewal, Tokens};
use crate::options::{Key, Need, Options};
use crate::step::{Input, Output, Step, step};
use crate::step_up::Wider;
use crate::{Fallible, entropy, now};

/// A flow of core whose output is one of [`Output`].
trait Machine: std::fmt::Debug + Send {
    fn step(&mut self, now: dg::Now, input: dg::Input) -> Result<Step, dg::Error>;
    fn take_events(&mut self) -> Vec<dg::Event>;
}

struct Ending<F, E>(F, E);

impl<F: std::fmt::Debug, E> std::fmt::Debug for Ending<F, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<F, E> Machine for Ending<F, E>
where
    F: dg::Flow + std::fmt::Debug + Send,
    E: FnMut(F::Output) -> Output + Send,
{
    fn step(&mut self, now: dg::Now, input: dg::Input) -> Result<Step, dg::Error> {
        Ok(step(self.0.step(now, input)?, &mut self.1))
    }

    fn take_events(&mut self) -> Vec<dg::Event> {
        self.0.take_events()
    }
}

/// A conversation that core decides. The host performs each [`Step`] and answers it.
#[derive(Debug, uniffi::Object)]
pub struct Flow(Mutex<Box<dyn Machine>>);

impl Flow {
    pub(crate) fn of<F>(flow: F, end: impl FnMut(F::Output) -> Output + Send + 'static) -> Arc<Self>
    where
        F: dg::Flow + std::fmt::Debug + Send + 'static,
    {
        Arc::new(Self(Mutex::new(Box::new(Ending(flow, end)))))
    }
}

fn signed_in(output: SignIn) -> Output {
    match output {
        SignIn::Pending(pending) => Output::Pending {
            pending: Arc::new(Pending(*pending)),
        },
        SignIn::Tokens(tokens) => Output::Tokens {
            tokens: Arc::new(Tokens(*tokens)),
        },
    }
}

fn finished(output: Finished) -> Output {
    match output {
        Finished::Waiting(pending) => Output::Pending {
            pending: Arc::new(Pending(*pending)),
        },
        Finished::Login(login) => Output::Login {
            login: Arc::new(Login(*login)),
        },
    }
}

fn found(found: dg::Found) -> Output {
    Output::Found {
        found: Arc::new(Found(found)),
    }
}

fn revoked(output: Revoked) -> Output {
    let (how, failure) = match output {
        Revoked::Nothing => ("nothing", None),
        Revoked::AtServer => ("at_server", None),
        Revoked::NotOffered => ("not_offered", None),
        Revoked::Failed(error) => ("failed", Some(Arc::new(Failure(error)))),
    };
    Output::Revoked {
        how: how.to_owned(),
        failure,
    }
}

fn survey(all: Vec<(LoginId, Result<dg::Found, dg::Error>)>) -> Output {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for (_, one) in all {
        match one {
            Ok(one) => found.push(Arc::new(Found(one))),
            Err(error) => unreadable.push(Arc::new(Failure(error))),
        }
    }
    Output::Survey { found, unreadable }
}

#[uniffi::export]
impl Flow {
    /// From options to a grant; `own_provider` is the text of the user's own `NAME.json`, `wider`
    /// what is asked for besides.
    #[uniffi::constructor(default(wider = None))]
    pub fn discover(
        options: Arc<Options>,
        own_provider: Option<String>,
        wider: Option<Arc<Wider>>,
    ) -> Fallible<Arc<Self>> {
        let machine = dg::Discover::new(options.0.clone(), own_provider.as_deref());
        let wider = wider.map(|wider| wider.0.clone()).unwrap_or_default();
        let machine = machine.map_err(Failure)?.wider(wider);
        Ok(Self::of(machine, |grant| Output::Grant {
            grant: Arc::new(Grant(grant)),
        }))
    }

    /// Asks for a code, shows it, polls until the end.
    #[uniffi::constructor]
    pub fn login(grant: Arc<Grant>, random: Vec<u8>) -> Fallible<Arc<Self>> {
        let grant = Arc::clone(&grant.0);
        Ok(Self::of(
            dg::DeviceGrant::login(grant, entropy(&random)?),
            signed_in,
        ))
    }

    /// Asks for a code.
    #[uniffi::constructor]
    pub fn begin(grant: Arc<Grant>, random: Vec<u8>) -> Fallible<Arc<Self>> {
        let grant = Arc::clone(&grant.0);
        Ok(Self::of(
            dg::DeviceGrant::begin(grant, entropy(&random)?),
            signed_in,
        ))
    }

    /// Polls once, if it is time.
    #[uniffi::constructor]
    pub fn poll(pending: Arc<Pending>) -> Arc<Self> {
        Self::of(dg::DeviceGrant::poll(pending.0.clone()), signed_in)
    }

    /// Shows the prompt again and polls until the end.
    #[uniffi::constructor]
    pub fn resume(pending: Arc<Pending>) -> Arc<Self> {
        Self::of(dg::DeviceGrant::resume(pending.0.clone()), signed_in)
    }

    /// Keeps fresh tokens as the login that the options name.
    #[uniffi::constructor]
    pub fn keep(
        options: Arc<Options>,
        grant: Arc<Grant>,
        tokens: Arc<Tokens>,
        wall_ms: u64,
        key: Arc<Key>,
        random: Vec<u8>,
    ) -> Fallible<Arc<Self>> {
        let (grant, tokens) = (Arc::clone(&grant.0), tokens.0.clone());
        let record = dg::Record::new(&options.0, grant, tokens, now(wall_ms, 0));
        let record = record.map_err(Failure)?;
        let random = entropy(&random)?;
        let keep = dg::Keep::login(&options.0, record.clone(), key.0.clone(), random);
        Ok(Self::of(keep.map_err(Failure)?, move |kept| {
            let login = Arc::new(Login(kept.login(record.clone())));
            Output::Login { login }
        }))
    }

    /// Keeps a sign-in that waits, so that any process can finish it; as the `first` only where no
    /// other waits already.
    #[uniffi::constructor(default(first = false))]
    pub fn keep_pending(
        options: Arc<Options>,
        pending: Arc<Pending>,
        wall_ms: u64,
        key: Arc<Key>,
        random: Vec<u8>,
        first: bool,
    ) -> Fallible<Arc<Self>> {
        let (pending, key) = (pending.0.clone(), key.0.clone());
        let random = entropy(&random)?;
        let new = if first {
            dg::Keep::first_pending
        } else {
            dg::Keep::pending
        };
        let keep = new(&options.0, pending, now(wall_ms, 0), key, random);
        Ok(Self::of(keep.map_err(Failure)?, |kept| Output::Kept {
            id: kept.id.to_string(),
            revision: kept.revision,
        }))
    }

    /// Finds the login that the options name; where `even_ended`, also one that the server ended.
    #[uniffi::constructor(default(even_ended = false))]
    pub fn find(options: Arc<Options>, even_ended: bool) -> Fallible<Arc<Self>> {
        let new = if even_ended {
            dg::Find::login_even_ended
        } else {
            dg::Find::login
        };
        Ok(Self::of(new(&options.0).map_err(Failure)?, found))
    }

    /// Gives up the sign-in that waits.
    #[uniffi::constructor]
    pub fn drop_pending(options: Arc<Options>) -> Fallible<Arc<Self>> {
        Ok(Self::of(
            dg::GiveUp::new(&options.0).map_err(Failure)?,
            |waited| Output::GaveUp { waited },
        ))
    }

    /// Finds the sign-in that waits for its person.
    #[uniffi::constructor]
    pub fn find_pending(options: Arc<Options>) -> Fallible<Arc<Self>> {
        Ok(Self::of(
            dg::Find::pending(&options.0).map_err(Failure)?,
            found,
        ))
    }

    /// Polls a kept sign-in under its lease: once, or to the end.
    #[uniffi::constructor]
    pub fn finish(
        id: String,
        key: Arc<Key>,
        to_the_end: bool,
        random: Vec<u8>,
    ) -> Fallible<Arc<Self>> {
        let new = if to_the_end {
            dg::Finish::to_the_end
        } else {
            dg::Finish::once
        };
        let machine = new(LoginId(id.into()), key.0.clone(), entropy(&random)?);
        Ok(Self::of(machine, finished))
    }

    /// Renews the login where the need asks for it. `unwritten` is what an earlier session could
    /// not save; `options` say whose login it has to be.
    #[uniffi::constructor(default(options = None))]
    pub fn session(
        id: String,
        key: Arc<Key>,
        need: Arc<Need>,
        random: Vec<u8>,
        unwritten: Option<Arc<Login>>,
        options: Option<Arc<Options>>,
    ) -> Fallible<Arc<Self>> {
        let (key, need) = (key.0.clone(), need.0.clone());
        let session = dg::Session::new(LoginId(id.into()), key, need, entropy(&random)?);
        let mut session = session.unwritten(unwritten.map(|login| login.0.clone()));
        if let Some(options) = options {
            session = session.expecting(&options.0).map_err(Failure)?;
        }
        Ok(Self::of(session, |renewal| Output::Renewal {
            renewal: Arc::new(Renewal(renewal)),
        }))
    }

    /// Signs out, at the server and here.
    #[uniffi::constructor]
    pub fn revoke(id: String, key: Arc<Key>) -> Arc<Self> {
        Self::of(dg::Revoke::new(LoginId(id.into()), key.0.clone()), revoked)
    }

    /// Everything that is kept, in its clear part.
    #[uniffi::constructor]
    pub fn survey() -> Arc<Self> {
        Self::of(dg::Survey::default(), survey)
    }

    /// Answers `input`, at a moment of both clocks.
    pub fn step(&self, wall_ms: u64, steady_ms: u64, input: Input) -> Fallible<Step> {
        let input = input.try_into()?;
        let mut machine = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = machine.step(now(wall_ms, steady_ms), input);
        Ok(step.map_err(Failure)?)
    }

    /// What has happened since the last call, as JSON each.
    pub fn take_events(&self) -> Vec<String> {
        let mut machine = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let events = machine.take_events();
        let texts = events.iter().map(serde_json::to_string);
        texts.filter_map(Result::ok).collect()
    }
}

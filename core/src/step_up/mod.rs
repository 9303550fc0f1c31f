//! Step-up: more scopes than were asked for at first, because the server demands them (RFC 6750 §3.1).
//!
//! What is asked for is the union of what the login was *asked* for before and what is demanded, so
//! that the wider login can do what the narrower one could and takes its place. Being granted less
//! than was asked for and asking again would be a loop, and is an error.
//!
//! ```text
//!  Start ─ a step-up: find the login (see Find) ──────────────────────┬─► Done(Wider)
//!    └──── a plain sign-in: Load its own folder, for what was ever ───┘
//!          demanded of the login there
//! ```

mod refuse;
mod wider;

pub(crate) use refuse::judge;
pub use wider::Wider;
pub(crate) use wider::unite;

use crate::challenge::Challenge;
use crate::error::{Code, Error};
use crate::event::Event;
use crate::flow::{Flow, Input, LoginId, Now, Step, out_of_turn};
use crate::grant::Place;
use crate::login::{Find, Found, Kind, Sealed, Wanted};
use crate::options::Options;
use crate::secret::SecretBytes;

/// The machine that says what a sign-in has to ask for besides what the options say. It asks no
/// server and needs no key: [`Discover::wider`](crate::Discover::wider) takes what it ends with.
#[derive(Debug)]
pub struct Widen {
    options: Options,
    wanted: Wanted,
    own: Option<LoginId>,
    wider: Wider,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    Finding(Box<Find>),
    Own,
    Ended,
}

impl Widen {
    /// For a sign-in that `options` ask for, and the `WWW-Authenticate` that led to it, where there
    /// is one (see [`Challenge::parse`]).
    ///
    /// Errors: those of options that contradict themselves; `body_too_large`. The flow's: what
    /// finding a login ends with, besides `no_login`; `scope_loop`.
    pub fn new(options: &Options, challenge: Option<&str>) -> Result<Self, Error> {
        Ok(Self {
            options: options.clone(),
            wanted: Wanted::new(options)?,
            own: options.login_id()?,
            wider: Wider {
                challenge: challenge.map(Challenge::parse).transpose()?,
                ..Wider::default()
            },
            state: State::Start,
        })
    }

    fn start(&mut self) -> Result<Step<Wider>, Error> {
        if self.wider.is_step_up() {
            let find = Find::login_even_ended(&self.options)?;
            return self.find(find, Now::default(), Input::Go);
        }
        match self.own.clone() {
            Some(id) => {
                self.state = State::Own;
                Ok(Step::Load(id))
            }
            None => self.end(),
        }
    }

    fn find(&mut self, mut find: Find, now: Now, input: Input) -> Result<Step<Wider>, Error> {
        match find.step(now, input) {
            Ok(Step::Done(found)) => {
                self.widen(&found);
                self.end()
            }
            Ok(Step::Load(id)) => {
                self.state = State::Finding(Box::new(find));
                Ok(Step::Load(id))
            }
            Ok(Step::List) => {
                self.state = State::Finding(Box::new(find));
                Ok(Step::List)
            }
            Ok(_) => Err(out_of_turn()),
            Err(error) if error.code() == Code::NoLogin => self.end(),
            Err(error) => Err(error),
        }
    }

    fn widen(&mut self, found: &Found) {
        let header = &found.sealed.header;
        self.wider.asked.clone_from(&header.asked);
        unite(&mut self.wider.asked, &header.scopes);
        self.wider.before.clone_from(&header.stepped_up);
        // Whoever has no tokens any more has to ask anew in any case.
        self.wider.lives = header.ended.is_none();
        self.wider.granted.clone_from(&header.scopes);
        if self.own.as_ref() != Some(&found.id) {
            self.wider.place = Some(Place {
                id: found.id.0.clone(),
                profile: header.profile.clone(),
                target: header.target.clone(),
            });
        }
    }

    /// What was ever demanded of this login is asked for again, also once the server has ended it.
    /// What cannot be read is no reason not to sign in over it.
    fn own(&mut self, bytes: Option<SecretBytes>) {
        let Some(sealed) = bytes.and_then(|bytes| Sealed::read(bytes).ok()) else {
            return;
        };
        let is_login = matches!(sealed.kind, Kind::Login | Kind::Ended);
        if is_login && self.wanted.fits(&sealed.header) {
            self.wider.before = sealed.header.stepped_up;
        }
    }

    fn end(&mut self) -> Result<Step<Wider>, Error> {
        let wider = std::mem::take(&mut self.wider);
        wider.refuse()?;
        Ok(Step::Done(wider))
    }
}

impl Flow for Widen {
    type Output = Wider;

    fn step(&mut self, now: Now, input: Input) -> Result<Step<Wider>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => self.start(),
            (State::Finding(find), input @ (Input::Loaded { .. } | Input::Listed(_))) => {
                self.find(*find, now, input)
            }
            (State::Finding(find), Input::Failed(error)) => {
                self.find(*find, now, Input::Failed(error))
            }
            (State::Own, Input::Loaded { bytes, .. }) => {
                self.own(bytes);
                self.end()
            }
            // A sign-in tells of a store that fails when it keeps what it brought.
            (State::Own, Input::Failed(_)) => self.end(),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }
}

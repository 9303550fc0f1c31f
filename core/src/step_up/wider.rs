//! What a sign-in asks for besides what the caller's options say.

use super::refuse;
use crate::challenge::Challenge;
use crate::error::{Code, Error};
use crate::grant::Place;

/// More than this no login is asked to have, in bytes: it stands in every record and prompt.
const LONGEST: usize = 4096;

/// What a [`Widen`](super::Widen) ends with.
#[derive(Clone, Debug, Default)]
pub struct Wider {
    pub(crate) challenge: Option<Challenge>,
    /// What the login was asked for or granted before, where this is a step-up.
    pub(crate) asked: Vec<String>,
    /// What it was granted at its sign-in.
    pub(super) granted: Vec<String>,
    /// What had been demanded of it before this.
    pub(super) before: Vec<String>,
    /// Whether there is a login that has tokens.
    pub(super) lives: bool,
    /// The login that is replaced, where the options name another folder.
    pub(crate) place: Option<Place>,
}

impl Wider {
    pub(super) fn is_step_up(&self) -> bool {
        self.challenge.as_ref().is_some_and(Challenge::is_step_up)
    }

    /// True where something is asked for besides what the options say.
    pub(crate) fn is_wider(&self) -> bool {
        self.is_step_up() || !self.before.is_empty()
    }

    /// What is demanded beyond what was first asked for: now, and ever before. A challenge that
    /// names no scope means those that the `resource` lists.
    pub(crate) fn stepped_up(&self, resource: Option<&[String]>) -> Vec<String> {
        let mut all = self.before.clone();
        if let Some(challenge) = self.challenge.as_ref().filter(|c| c.is_step_up()) {
            let listed = resource.filter(|_| challenge.scopes.is_empty());
            unite(&mut all, listed.unwrap_or(&challenge.scopes));
        }
        all
    }

    /// What can be refused before any server is asked.
    pub(super) fn refuse(&self) -> Result<(), Error> {
        let demanded = self.stepped_up(None);
        let length = |all: &[String]| all.iter().map(|scope| scope.len() + 1).sum::<usize>();
        if length(&demanded) + length(&self.asked) > LONGEST {
            let message = format!(
                "the server demands scopes that are longer than {} KiB together",
                LONGEST / 1024
            );
            return Err(Error::new(Code::BodyTooLarge, message));
        }
        match &self.challenge {
            Some(challenge) if !challenge.scopes.is_empty() => self.refuse_loop(&challenge.scopes),
            _ => Ok(()),
        }
    }

    /// Errors: `scope_loop` where this is a step-up, and nothing that is `demanded` is new.
    pub(crate) fn refuse_loop(&self, demanded: &[String]) -> Result<(), Error> {
        let is_new = |scope: &String| !self.asked.contains(scope);
        if !self.is_step_up() || !self.lives || demanded.iter().any(is_new) {
            return Ok(());
        }
        Err(refuse::scope_loop(demanded, &self.granted))
    }
}

/// Adds what is not there yet, in its order.
pub(crate) fn unite(all: &mut Vec<String>, more: &[String]) {
    for scope in more {
        if !all.contains(scope) {
            all.push(scope.clone());
        }
    }
}

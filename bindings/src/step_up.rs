//! More scopes than were asked for at first, because a server demands them.

use std::sync::Arc;

use devicegrant as dg;

use crate::Fallible;
use crate::error::Failure;
use crate::flow::Flow;
use crate::options::Options;
use crate::step::Output;

/// What a sign-in asks for besides what the options say.
#[derive(Debug, uniffi::Object)]
pub struct Wider(pub(crate) dg::Wider);

#[uniffi::export]
impl Flow {
    /// What a sign-in has to ask for besides; `challenge` is the `WWW-Authenticate` that led to it.
    #[uniffi::constructor(default(challenge = None))]
    pub fn widen(options: Arc<Options>, challenge: Option<String>) -> Fallible<Arc<Self>> {
        let machine = dg::Widen::new(&options.0, challenge.as_deref()).map_err(Failure)?;
        Ok(Self::of(machine, |wider| Output::Wider {
            wider: Arc::new(Wider(wider)),
        }))
    }
}

/// Whether a `WWW-Authenticate` says that the token has too few scopes.
#[uniffi::export]
pub fn is_step_up(challenge: String) -> Fallible<bool> {
    let challenge = dg::Challenge::parse(&challenge).map_err(Failure)?;
    Ok(challenge.is_step_up())
}

//! More scopes than were asked for at first, because a server demands them.

use devicegrant_core as dg;
use wasm_bindgen::prelude::*;

use crate::Fallible;
use crate::flow::Flow;
use crate::options::Options;

/// What a sign-in asks for besides what the options say.
#[wasm_bindgen]
pub struct Wider(pub(crate) dg::Wider);

#[wasm_bindgen]
impl Flow {
    /// `challenge` is the `WWW-Authenticate` that led to the sign-in.
    pub fn widen(options: &Options, challenge: Option<String>) -> Fallible<Self> {
        let machine = dg::Widen::new(&options.0, challenge.as_deref())?;
        Ok(Self::of(machine, |wider| Wider(wider).into()))
    }
}

/// Whether a `WWW-Authenticate` says that the token has too few scopes.
#[wasm_bindgen(js_name = isStepUp)]
pub fn is_step_up(challenge: &str) -> Fallible<bool> {
    Ok(dg::Challenge::parse(challenge)?.is_step_up())
}

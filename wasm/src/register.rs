//! Who the client is, at a server that nobody registered it at.

use std::sync::Arc;

use devicegrant_core as dg;
use wasm_bindgen::prelude::*;

use crate::error::Failure;
use crate::flow::Flow;
use crate::login::Grant;
use crate::options::{Key, Options};
use crate::step_up::Wider;
use crate::{Fallible, entropy};

/// What a registration ends with.
#[wasm_bindgen]
pub struct Registered(dg::Registered);

fn registered(registered: dg::Registered) -> JsValue {
    Registered(registered).into()
}

#[wasm_bindgen]
impl Flow {
    #[wasm_bindgen(js_name = discoverRegistering)]
    pub fn discover_registering(
        options: &Options,
        own_provider: Option<String>,
        wider: Option<Wider>,
    ) -> Fallible<Self> {
        let machine = dg::Discover::registering(options.0.clone(), own_provider.as_deref())?;
        let machine = machine.wider(wider.map(|wider| wider.0).unwrap_or_default());
        Ok(Self::of(machine, |grant| Grant(grant).into()))
    }

    pub fn register(options: &Options, grant: &Grant, key: &Key, random: &[u8]) -> Fallible<Self> {
        let (grant, key) = (Arc::clone(&grant.0), key.0.clone());
        let machine = dg::Register::new(&options.0, grant, key, entropy(random)?)?;
        Ok(Self::of(machine, registered))
    }
}

#[wasm_bindgen]
impl Registered {
    #[wasm_bindgen(getter)]
    pub fn grant(&self) -> Grant {
        Grant(Arc::clone(&self.0.grant))
    }

    /// None where the failure was another one, and stands.
    pub fn anew(&self, failure: &Failure, key: &Key, random: &[u8]) -> Fallible<Option<Flow>> {
        let anew = dg::Register::anew(&self.0, &failure.0, key.0.clone(), entropy(random)?);
        Ok(anew.map(|machine| Flow::of(machine, registered)))
    }
}

//! Who the client is, at a server that nobody registered it at.

use std::sync::Arc;

use devicegrant as dg;

use crate::error::Failure;
use crate::flow::Flow;
use crate::login::Grant;
use crate::options::{Key, Options};
use crate::step::Output;
use crate::step_up::Wider;
use crate::{Fallible, entropy};

/// What a registration ends with.
#[derive(Debug, uniffi::Object)]
pub struct Registered(dg::Registered);

fn registered(registered: dg::Registered) -> Output {
    Output::Registered {
        registered: Arc::new(Registered(registered)),
    }
}

#[uniffi::export]
impl Flow {
    /// As `discover`, and a grant without a client is no error: `register` comes next.
    #[uniffi::constructor(default(wider = None))]
    pub fn discover_registering(
        options: Arc<Options>,
        own_provider: Option<String>,
        wider: Option<Arc<Wider>>,
    ) -> Fallible<Arc<Self>> {
        let machine = dg::Discover::registering(options.0.clone(), own_provider.as_deref());
        let wider = wider.map(|wider| wider.0.clone()).unwrap_or_default();
        Ok(Self::of(machine.map_err(Failure)?.wider(wider), |grant| {
            Output::Grant {
                grant: Arc::new(Grant(grant)),
            }
        }))
    }

    /// Finds out who the client is at that server, or has it registered, and keeps it.
    #[uniffi::constructor]
    pub fn register(
        options: Arc<Options>,
        grant: Arc<Grant>,
        key: Arc<Key>,
        random: Vec<u8>,
    ) -> Fallible<Arc<Self>> {
        let (grant, key) = (Arc::clone(&grant.0), key.0.clone());
        let machine = dg::Register::new(&options.0, grant, key, entropy(&random)?);
        Ok(Self::of(machine.map_err(Failure)?, registered))
    }
}

#[uniffi::export]
impl Registered {
    pub fn grant(&self) -> Arc<Grant> {
        Arc::new(Grant(Arc::clone(&self.0.grant)))
    }

    /// Registers once more, where `failure` came because the server no longer knows the client that
    /// was kept; none where it did not, and the failure stands.
    pub fn anew(
        &self,
        failure: Arc<Failure>,
        key: Arc<Key>,
        random: Vec<u8>,
    ) -> Fallible<Option<Arc<Flow>>> {
        let random = entropy(&random)?;
        let anew = dg::Register::anew(&self.0, &failure.0, key.0.clone(), random);
        Ok(anew.map(|machine| Flow::of(machine, registered)))
    }
}

//! The loop between the core and the world. There is no decision about OAuth in it.

use std::sync::Arc;

use devicegrant_core::{Code, Error, Flow, Input, Step};

use crate::clock;
use crate::traits::{Locked, Observer, Prompter, Store, Transport};

/// What a flow's effects are performed with.
#[derive(Clone)]
pub struct Host {
    /// Sends requests.
    pub transport: Arc<dyn Transport>,
    /// Keeps logins.
    pub store: Arc<dyn Store>,
    /// Asks a person; none where nobody can be asked.
    pub prompter: Option<Arc<dyn Prompter>>,
    /// Listens.
    pub observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Host");
        shown
            .field("store", &self.store.describe())
            .finish_non_exhaustive()
    }
}

/// Drives any flow to its end.
///
/// Errors: the flow's own, and those of the store and the prompt.
pub async fn drive<F: Flow>(mut flow: F, host: &Host) -> Result<F::Output, Error> {
    let mut input = Input::Go;
    loop {
        let step = flow.step(clock::now(), input);
        for event in flow.take_events() {
            if let Some(observer) = &host.observer {
                observer.event(&event);
            }
        }
        input = match step? {
            Step::Done(output) => return Ok(output),
            Step::Send(request) => match host.transport.send(request).await {
                Ok(response) => Input::Response(response),
                Err(reason) => Input::Unreachable(reason),
            },
            Step::Show(prompt) => {
                let nobody = || Error::new(Code::NoPrompt, "there is nobody to show the code to");
                host.prompter
                    .as_ref()
                    .ok_or_else(nobody)?
                    .show(*prompt)
                    .await?;
                Input::Go
            }
            Step::Wait { until } => {
                clock::sleep_until(until).await;
                Input::Go
            }
            Step::Load(id) => {
                let loaded = host.store.load(id).await?;
                Input::Loaded {
                    bytes: loaded.bytes,
                    revision: loaded.revision,
                }
            }
            Step::List => Input::Listed(host.store.list().await?),
            Step::Save(save) => match host.store.save(save).await? {
                Some(revision) => Input::Saved(revision),
                None => Input::Conflict,
            },
            Step::Lock(lock) => match host.store.lock(lock).await? {
                Locked::Yes(lease) => Input::Locked(lease),
                Locked::Busy { since } => Input::Busy { since },
                Locked::Resting(rest) => Input::Resting(rest),
            },
            Step::Unlock { lease, rest } => {
                host.store.unlock(lease, rest).await?;
                Input::Go
            }
        };
    }
}

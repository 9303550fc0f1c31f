//! The loop between the core and the world. There is no decision about OAuth in it.

use std::sync::Arc;

use devicegrant_core::{Code, Error, Flow, Input, Step};

use crate::clock;
use crate::stretch::Stretch;
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
/// Errors: the flow's own, and those of the prompt.
pub async fn drive<F: Flow>(flow: F, host: &Host) -> Result<F::Output, Error> {
    drive_within(flow, host, &Stretch::default()).await
}

/// The same, and says in `stretch` when it must not be cut off (DESIGN §4).
pub(crate) async fn drive_within<F: Flow>(
    mut flow: F,
    host: &Host,
    stretch: &Stretch,
) -> Result<F::Output, Error> {
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
            Step::Send(request) => {
                stretch.raise_if(request.must_finish);
                let sent = host.transport.send(request).await;
                sent.map_or_else(Input::Unreachable, Input::Response)
            }
            Step::Show(prompt) => {
                let nobody = || Error::new(Code::NoPrompt, "there is nobody to show the code to");
                let prompter = host.prompter.as_ref().ok_or_else(nobody)?;
                prompter.show(*prompt).await?;
                Input::Go
            }
            Step::Ask { prompt, until } => {
                let nobody = || Error::new(Code::NoPrompt, "there is nobody to ask");
                let prompter = host.prompter.as_ref().ok_or_else(nobody)?;
                let pasted = clock::within(until, prompter.ask(*prompt)).await;
                pasted
                    .transpose()?
                    .flatten()
                    .map_or(Input::Go, Input::Pasted)
            }
            Step::Wait { until } => {
                clock::sleep_until(until).await;
                Input::Go
            }
            Step::Load(id) => match host.store.load(id).await {
                Ok(loaded) => Input::Loaded {
                    bytes: loaded.bytes,
                    revision: loaded.revision,
                },
                Err(error) => Input::Failed(error),
            },
            Step::List => {
                let listed = host.store.list().await;
                listed.map_or_else(Input::Failed, Input::Listed)
            }
            Step::Save(save) => match host.store.save(save).await {
                Ok(Some(revision)) => Input::Saved(revision),
                Ok(None) => Input::Conflict,
                Err(error) => Input::Failed(error),
            },
            Step::Lock(lock) => {
                // From before the lease is there: one that nobody holds would have to run out.
                stretch.raise_if(true);
                let locked = host.store.lock(lock).await;
                stretch.lower_if(!matches!(locked, Ok(Locked::Yes(_))));
                stretch.end_if_given_up()?;
                match locked {
                    Ok(Locked::Yes(lease)) => Input::Locked(lease),
                    Ok(Locked::Busy { since }) => Input::Busy { since },
                    Ok(Locked::Resting(rest)) => Input::Resting(rest),
                    Err(error) => Input::Failed(error),
                }
            }
            Step::Unlock { lease, rest } => {
                let unlocked = host.store.unlock(lease, rest).await;
                stretch.lower_if(true);
                unlocked.map_or_else(Input::Failed, |()| Input::Go)
            }
        };
    }
}

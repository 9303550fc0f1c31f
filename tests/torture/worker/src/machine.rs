//! Sign-in and renewal by a loop of our own, on the clock that may jump.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use devicegrant::key::{self, Source};
use devicegrant::{
    Code, DeviceGrant, Discover, Error, Flow, Home, Input, Keep, Key, Locked, Need, Options,
    Prompt, Record, Secret, Session, SignIn, Step, Store, Transport,
};

use crate::clock;
use crate::files::Files;
use crate::hook::{Hook, STOPPED_MS};
use crate::host::Counted;

/// What a wait is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// Real ones.
    Slept,
    /// The first is longer than a lease, and over at once.
    FirstJumped,
    /// Over at once, all of them.
    Jumped,
}

struct Loop {
    files: Files,
    http: Counted,
    hook: Arc<Hook>,
    waits: Waits,
}

/// The key of the home, which is a file.
pub(crate) fn key(home: &Home, create: bool) -> Result<Key, Error> {
    let opened = key::open(home, Some(Source::File), create)?;
    let missing = || Error::new(Code::HomeUnreadable, "there is no home");
    Ok(opened.ok_or_else(missing)?.key)
}

fn entropy() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|why| Error::new(Code::NoEntropy, why.to_string()))?;
    Ok(bytes)
}

/// Signs in without waiting for the server's interval: whoever says that it was approved knows.
pub(crate) async fn sign_in(
    options: Options,
    home: &Home,
    hook: &Arc<Hook>,
) -> Result<Secret, Error> {
    let mut host = Loop::new(home, hook, Waits::Jumped)?;
    let grant = host.drive(Discover::new(options.clone(), None)?).await?;
    let login = DeviceGrant::login(Arc::clone(&grant), entropy()?);
    let SignIn::Tokens(tokens) = host.drive(login).await? else {
        return Err(Error::new(Code::OutOfTurn, "the sign-in did not end"));
    };
    let token = tokens.access_token.clone();
    let record = Record::new(&options, grant, *tokens, clock::now())?;
    let keep = Keep::login(&options, record, key(home, true)?, entropy()?)?;
    host.drive(keep).await?;
    Ok(token)
}

/// One renewal.
pub(crate) async fn renew(
    options: &Options,
    home: &Home,
    hook: &Arc<Hook>,
    need: Need,
    later: bool,
) -> Result<Secret, Error> {
    let waits = if later {
        Waits::FirstJumped
    } else {
        Waits::Slept
    };
    let id = options.login_id()?;
    let id = id.ok_or_else(|| Error::new(Code::NoTarget, "no login is named"))?;
    let session = Session::new(id, key(home, false)?, need, entropy()?);
    let renewal = Loop::new(home, hook, waits)?.drive(session).await?;
    Ok(renewal.login.record.tokens.access_token)
}

impl Loop {
    fn new(home: &Home, hook: &Arc<Hook>, waits: Waits) -> Result<Self, Error> {
        Ok(Self {
            files: Files::new(home, hook),
            http: Counted::new(hook)?,
            hook: Arc::clone(hook),
            waits,
        })
    }

    async fn wait(&mut self, until: u64) {
        let left = until.saturating_sub(clock::now().steady_ms);
        match self.waits {
            Waits::Slept => tokio::time::sleep(Duration::from_millis(left)).await,
            Waits::Jumped => clock::jump(left),
            Waits::FirstJumped => {
                clock::jump(STOPPED_MS);
                self.waits = Waits::Slept;
            }
        }
    }

    async fn drive<F: Flow>(&mut self, mut flow: F) -> Result<F::Output, Error> {
        let mut input = Input::Go;
        loop {
            self.hook.before("decide");
            input = match flow.step(clock::now(), input)? {
                Step::Done(output) => return Ok(output),
                Step::Send(request) => {
                    let sent = self.http.send(request).await;
                    sent.map_or_else(Input::Unreachable, Input::Response)
                }
                Step::Show(prompt) => {
                    approved(&prompt)?;
                    Input::Go
                }
                // Nobody signs in by a pasted address here.
                Step::Ask { .. } => Input::Go,
                Step::Wait { until } => {
                    self.wait(until).await;
                    Input::Go
                }
                Step::Load(id) => {
                    let loaded = self.files.load(id).await;
                    loaded.map_or_else(Input::Failed, |loaded| Input::Loaded {
                        bytes: loaded.bytes,
                        revision: loaded.revision,
                    })
                }
                Step::List => {
                    let listed = self.files.list().await;
                    listed.map_or_else(Input::Failed, Input::Listed)
                }
                Step::Save(save) => match self.files.save(save).await {
                    Ok(Some(revision)) => Input::Saved(revision),
                    Ok(None) => Input::Conflict,
                    Err(error) => Input::Failed(error),
                },
                Step::Lock(lock) => match self.files.lock(lock).await {
                    Ok(Locked::Yes(lease)) => Input::Locked(lease),
                    Ok(Locked::Busy { since }) => Input::Busy { since },
                    Ok(Locked::Resting(rest)) => Input::Resting(rest),
                    Err(error) => Input::Failed(error),
                },
                Step::Unlock { lease, rest } => {
                    let unlocked = self.files.unlock(lease, rest).await;
                    unlocked.map_or_else(Input::Failed, |()| Input::Go)
                }
            };
        }
    }
}

/// Tells the prompt, and returns when stdin says that it was approved.
fn approved(prompt: &Prompt) -> Result<(), Error> {
    println!(
        "{}",
        serde_json::json!({"uri": prompt.verification_uri, "code": prompt.user_code})
    );
    let told = std::io::stdout().flush().map(|()| crate::line());
    told.map_err(|why| Error::new(Code::NoPrompt, why.to_string()))??;
    Ok(())
}

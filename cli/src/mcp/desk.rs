//! One sign-in at a time, whoever asks for it: one code, one background poll.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devicegrant::{BoxFuture, Client, Code, Error, Prompt, Prompter};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// How far the sign-in is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// Nobody asked yet.
    Idle,
    /// The server is asked for a code.
    Starting,
    /// A person has to approve this.
    Waiting(Box<Prompt>),
    /// It is done.
    SignedIn,
    /// The person does not want it.
    Declined,
    /// It came to nothing.
    Failed(Error),
}

/// Takes the prompt from the sign-in, in place of a terminal.
#[derive(Debug)]
pub(super) struct Card(watch::Sender<Stage>);

impl Card {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(watch::channel(Stage::Idle).0))
    }
}

impl Prompter for Card {
    fn show(&self, prompt: Prompt) -> BoxFuture<'_, Result<(), Error>> {
        // One that was kept may have run out before anybody asked for it again.
        let expires = UNIX_EPOCH + Duration::from_millis(prompt.expires_at_ms);
        if expires <= SystemTime::now() {
            let error = Error::new(Code::ExpiredToken, "the code that was kept has expired");
            return Box::pin(async { Err(error) });
        }
        self.0.send_replace(Stage::Waiting(Box::new(prompt)));
        Box::pin(async { Ok(()) })
    }
}

/// Where a person is asked to sign in.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    client: Client,
    stage: watch::Sender<Stage>,
    running: Arc<Mutex<Option<AbortHandle>>>,
    /// The code that a person is looking at: nobody shows it to them again.
    seen: Arc<Mutex<Option<String>>>,
    /// How many sign-ins were done.
    done: Arc<AtomicU64>,
}

impl Desk {
    /// `client` shows its prompts on `card`.
    pub(super) fn new(client: Client, card: &Card) -> Self {
        Self {
            client,
            stage: card.0.clone(),
            running: Arc::default(),
            seen: Arc::default(),
            done: Arc::default(),
        }
    }

    /// Notes that a person is being shown this code; false where they already are.
    pub(super) fn show(&self, prompt: &Prompt) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = seen.as_ref() != Some(&prompt.user_code);
        *seen = Some(prompt.user_code.clone());
        fresh
    }

    /// They put it away, and may be shown it again.
    pub(super) fn put_away(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Hears of every new stage.
    pub(super) fn watch(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    pub(super) fn is_declined(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Declined)
    }

    /// Whether a token can be had without a person.
    pub(super) async fn is_signed_in(&self) -> bool {
        self.client.token().await.is_ok()
    }

    /// How many sign-ins were done here: what failed before the last of them is tried again first.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// What to show; begins a sign-in where none is on its way. None where that is done already.
    pub(super) async fn prompt(&self, challenge: Option<&str>) -> Result<Option<Prompt>, Error> {
        let mut stages = self.watch();
        self.begin(challenge);
        let stage = stages.wait_for(|stage| !matches!(stage, Stage::Idle | Stage::Starting));
        match stage.await.as_deref() {
            Ok(Stage::Waiting(prompt)) => Ok(Some(prompt.as_ref().clone())),
            Ok(Stage::SignedIn) => Ok(None),
            Ok(Stage::Failed(error)) => Err(error.clone()),
            _ => Err(Error::new(Code::NoPending, "the sign-in was given up")),
        }
    }

    fn begin(&self, challenge: Option<&str>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*self.stage.borrow(), Stage::Starting | Stage::Waiting(_)) {
            return;
        }
        self.stage.send_replace(Stage::Starting);
        let (client, stage) = (self.client.clone(), self.stage.clone());
        let done = Arc::clone(&self.done);
        let challenge = challenge.map(str::to_owned);
        let task = tokio::spawn(async move {
            let end = match sign_in(&client, challenge.as_deref()).await {
                Ok(()) => {
                    done.fetch_add(1, Ordering::Release);
                    Stage::SignedIn
                }
                Err(error) => Stage::Failed(error),
            };
            stage.send_replace(end);
        });
        *running = Some(task.abort_handle());
    }

    /// The person said no: nothing is polled any longer, here or by another bridge.
    pub(super) async fn decline(&self) {
        self.close();
        self.put_away();
        self.stage.send_replace(Stage::Declined);
        // Where it cannot be written, what is kept ends with its code.
        let _ = self.client.give_up().await;
    }

    /// Nobody is left to sign in for. The sign-in itself is kept, and whoever comes next goes on
    /// with it while its code lives.
    pub(super) fn close(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = running.take() {
            task.abort();
        }
    }
}

/// Goes on with a sign-in that is kept, such as another bridge's to the same server: the person is
/// asked once. Else begins one. Where the server demands more, what waits may not do.
async fn sign_in(client: &Client, challenge: Option<&str>) -> Result<(), Error> {
    let pending = if let Some(challenge) = challenge {
        client.begin_for(challenge).await?
    } else {
        match client.resume().await {
            Err(error) if matches!(error.code(), Code::NoPending | Code::ExpiredToken) => {}
            done => return done.map(drop),
        }
        client.begin().await?
    };
    // Of bridges that begin at the same moment the first to keep its code shows it for all.
    client.keep_first_pending(pending).await?;
    client.resume().await.map(drop)
}

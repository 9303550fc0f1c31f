//! Signing in: at once, in two halves, and resumed where it was interrupted.

use std::sync::Arc;

use devicegrant_core::{
    DeviceGrant, Discover, Finish, Finished, GiveUp, Grant, Keep, Options, Pending, Record,
    Register, Registered, SignIn, Tokens, Widen,
};

use super::{
    Client, Code, Error, Find, Login, Stretch, clock, drive, drive_within, entropy, locked, run,
};

impl Client {
    /// Signs a person in, keeps the login, and returns its tokens (RFC 8628).
    ///
    /// Errors: every class. Without a prompter of one's own and without a terminal on stderr
    /// `no_prompt`, before anything is asked of the server.
    pub async fn login(&self) -> Result<Tokens, Error> {
        Ok(self.sign_in().await?.record.tokens)
    }

    /// As [`login`](Self::login), and returns all that is kept.
    pub async fn sign_in(&self) -> Result<Login, Error> {
        self.sign_in_with(None).await
    }

    /// As [`login`](Self::login), because a server answered with this `WWW-Authenticate` (several
    /// joined by commas). Discovery follows it; where it says `insufficient_scope` (RFC 6750 §3.1),
    /// what it demands is asked for besides what was asked for before, and the wider login takes
    /// the narrower one's place.
    ///
    /// Errors: as [`login`](Self::login); `scope_loop` where what is demanded was asked for already.
    pub async fn login_for(&self, challenge: &str) -> Result<Tokens, Error> {
        Ok(self.sign_in_for(challenge).await?.record.tokens)
    }

    /// As [`login_for`](Self::login_for), and returns all that is kept.
    pub async fn sign_in_for(&self, challenge: &str) -> Result<Login, Error> {
        self.sign_in_with(Some(challenge)).await
    }

    async fn sign_in_with(&self, challenge: Option<&str>) -> Result<Login, Error> {
        self.ask_nobody()?;
        // Whoever cannot keep the login should not ask for it.
        self.keys.key(true).await?;
        let pending = self.begin_asked(challenge).await?;
        let grant = Arc::clone(pending.grant());
        match drive(DeviceGrant::resume(pending), &self.host).await? {
            SignIn::Tokens(tokens) => self.keep(grant, *tokens).await,
            // A login machine has no other end; a caller could poll on.
            SignIn::Pending(_) => Err(Error::new(Code::OutOfTurn, "the sign-in did not end")),
        }
    }

    /// As [`sign_in`](Self::sign_in), and keeps the sign-in while it waits for its person: if this
    /// process ends before, [`resume`](Self::resume) goes on with it.
    pub async fn sign_in_resumable(&self) -> Result<Login, Error> {
        self.ask_nobody()?;
        self.keys.key(true).await?;
        let pending = self.begin().await?;
        self.keep_pending(pending).await?;
        self.resume().await
    }

    /// Goes on with a sign-in that was kept, begun by this process or another.
    ///
    /// Errors: as [`login`](Self::login), and `no_pending`.
    pub async fn resume(&self) -> Result<Login, Error> {
        self.ask_nobody()?;
        let found = drive(Find::pending(&self.options)?, &self.host).await?;
        let key = self.keys.key(false).await?;
        match self
            .finish_one(Finish::to_the_end(found.id, key, entropy()?))
            .await?
        {
            Finished::Login(login) => Ok(self.remember(*login)),
            Finished::Waiting(_) => Err(Error::new(Code::OutOfTurn, "the sign-in did not end")),
        }
    }

    /// Polls a kept sign-in once; before its time it sends nothing. Any replica may do so: the
    /// lease in the store makes two polls at once impossible.
    pub async fn poll_kept(&self) -> Result<Finished, Error> {
        let found = drive(Find::pending(&self.options)?, &self.host).await?;
        let key = self.keys.key(false).await?;
        let finished = self
            .finish_one(Finish::once(found.id, key, entropy()?))
            .await?;
        Ok(match finished {
            Finished::Login(login) => Finished::Login(Box::new(self.remember(*login))),
            waiting @ Finished::Waiting(_) => waiting,
        })
    }

    async fn finish_one(&self, machine: Finish) -> Result<Finished, Error> {
        let (host, stretch) = (self.host.clone(), Stretch::default());
        let within = stretch.clone();
        let work = async move { drive_within(machine, &host, &within).await };
        run(&self.memory.outstanding, stretch, work).await
    }

    /// Asks for a code and returns at once: a login that can be kept, sealed, and polled anywhere.
    pub async fn begin(&self) -> Result<Pending, Error> {
        self.begin_asked(None).await
    }

    /// As [`begin`](Self::begin), because a server answered with this `WWW-Authenticate`: see
    /// [`login_for`](Self::login_for).
    pub async fn begin_for(&self, challenge: &str) -> Result<Pending, Error> {
        self.begin_asked(Some(challenge)).await
    }

    async fn begin_asked(&self, challenge: Option<&str>) -> Result<Pending, Error> {
        // A machine is large, and none of it is needed once it has ended.
        let grant = Box::pin(self.discover(Discover::registering, challenge)).await?;
        if !grant.client.is_unknown() {
            return self.begin_with(grant).await;
        }
        // Who has to register a client keeps it, so the key is needed before anybody is asked.
        let key = self.keys.key(true).await?;
        let machine = Register::new(&self.options, grant, key.clone(), entropy()?)?;
        let registered: Registered = drive(machine, &self.host).await?;
        match self.begin_with(Arc::clone(&registered.grant)).await {
            Err(error) => match Register::anew(&registered, &error, key, entropy()?) {
                Some(anew) => self.begin_with(drive(anew, &self.host).await?.grant).await,
                None => Err(error),
            },
            begun => begun,
        }
    }

    async fn begin_with(&self, grant: Arc<Grant>) -> Result<Pending, Error> {
        match drive(DeviceGrant::begin(grant, entropy()?), &self.host).await? {
            SignIn::Pending(pending) => Ok(*pending),
            SignIn::Tokens(_) => Err(Error::new(Code::OutOfTurn, "the sign-in did not begin")),
        }
    }

    /// Keeps a sign-in that was begun, so that any process or replica can finish it.
    pub async fn keep_pending(&self, pending: Pending) -> Result<(), Error> {
        let key = self.keys.key(true).await?;
        let keep = Keep::pending(&self.options, pending, clock::now(), key, entropy()?)?;
        drive(keep, &self.host).await.map(drop)
    }

    /// The same, where no other sign-in waits that somebody could still approve and that asks for as
    /// much: then that one stays. So of several programs that begin at once a person is shown one
    /// code, by [`resume`](Self::resume).
    pub async fn keep_first_pending(&self, pending: Pending) -> Result<(), Error> {
        let key = self.keys.key(true).await?;
        let keep = Keep::first_pending(&self.options, pending, clock::now(), key, entropy()?)?;
        drive(keep, &self.host).await.map(drop)
    }

    /// Gives up a sign-in that is kept, because its person does not want it: whoever else polls its
    /// code stops. False where none waited.
    pub async fn give_up(&self) -> Result<bool, Error> {
        drive(GiveUp::new(&self.options)?, &self.host).await
    }

    /// Polls once; before its time it sends nothing. Tokens are kept before they are returned,
    /// also where the caller gives up meanwhile.
    pub async fn poll(&self, pending: Pending) -> Result<SignIn, Error> {
        let (client, stretch) = (self.clone(), Stretch::default());
        let within = stretch.clone();
        let work = async move {
            let grant = Arc::clone(pending.grant());
            match drive_within(DeviceGrant::poll(pending), &client.host, &within).await? {
                SignIn::Tokens(tokens) => {
                    let login = client.keep(grant, *tokens).await?;
                    Ok(SignIn::Tokens(Box::new(login.record.tokens)))
                }
                pending @ SignIn::Pending(_) => Ok(pending),
            }
        };
        run(&self.memory.outstanding, stretch, work).await
    }

    pub(super) fn ask_nobody(&self) -> Result<(), Error> {
        if self.host.prompter.is_some() {
            return Ok(());
        }
        let message = "there is neither a prompt nor a terminal to ask a person through";
        Err(Error::new(Code::NoPrompt, message))
    }

    /// `new` makes the machine: [`Discover::registering`] or [`Discover::for_paste`].
    pub(super) async fn discover(
        &self,
        new: fn(Options, Option<&str>) -> Result<Discover, Error>,
        challenge: Option<&str>,
    ) -> Result<Arc<Grant>, Error> {
        let machine = new((*self.options).clone(), self.own_provider.as_deref())?;
        let wider = drive(Widen::new(&self.options, challenge)?, &self.host).await?;
        drive(machine.wider(wider), &self.host).await
    }

    pub(super) async fn keep(&self, grant: Arc<Grant>, tokens: Tokens) -> Result<Login, Error> {
        let record = Record::new(&self.options, grant, tokens, clock::now())?;
        let key = self.keys.key(true).await?;
        let keep = Keep::login(&self.options, record.clone(), key, entropy()?)?;
        let kept = drive(keep, &self.host).await?;
        Ok(self.remember(kept.login(record)))
    }

    /// A fresh sign-in takes the place of what was known before.
    fn remember(&self, login: Login) -> Login {
        self.forget();
        *locked(&self.memory.id) = Some(login.id.clone());
        login
    }
}

//! The hot path and what stands behind it: a token from memory, else from the store, else renewed.

use std::sync::{Arc, PoisonError};

use devicegrant_core::{Class, Code, Tokens};

use super::flight::Seat;
use super::{
    Cached, Client, Error, Find, Login, LoginId, Need, Secret, Session, Stretch, clock,
    drive_within, entropy, locked,
};

impl Client {
    /// An access token that is good for another minute, ready to stand behind `Bearer`. Renews it
    /// where that is needed, at most once for however many callers; never asks a person.
    ///
    /// A caller who gives up is released at once; an exchange that is on its way is kept all the
    /// same (see [`finish`](Self::finish)).
    ///
    /// Errors: the class `SignInNeeded` where a person has to sign in; `TryLater`, `Refused` and
    /// `StoreError` leave the login as it is.
    pub async fn token(&self) -> Result<Secret, Error> {
        self.token_for(&Need::default()).await
    }

    /// The same with a need of one's own: a longer life, another token than the one that was just
    /// answered 401, scopes, or what a challenge demands.
    pub async fn token_for(&self, need: &Need) -> Result<Secret, Error> {
        if let Some(token) = self.remembered(need) {
            return Ok(token);
        }
        let cached = self.renew(need).await?;
        Ok(cached.login.record.tokens.access_token.clone())
    }

    /// The tokens that are kept, good as [`token`](Self::token) gives them.
    pub async fn tokens(&self) -> Result<Tokens, Error> {
        let need = Need::default();
        if let Some(cached) = self.cached()
            && cached.token(clock::now(), &need).is_some()
        {
            return Ok(cached.login.record.tokens.clone());
        }
        Ok(self.renew(&need).await?.login.record.tokens.clone())
    }

    /// Renews where `need` says so, and returns the login as it then is.
    pub async fn session(&self, need: &Need) -> Result<Login, Error> {
        Ok(self.renew(need).await?.login.clone())
    }

    /// Why the newest tokens could not be written to the store, where that is so. They are in
    /// this client's memory alone, and written with the next call that renews.
    pub fn unsaved(&self) -> Option<Error> {
        let unwritten = locked(&self.memory.unwritten);
        unwritten.as_ref().map(|(_, error)| error.clone())
    }

    fn cached(&self) -> Option<Arc<Cached>> {
        let cached = self.memory.cached.read();
        cached.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remembered(&self, need: &Need) -> Option<Secret> {
        let cached = self.memory.cached.read();
        let cached = cached.unwrap_or_else(PoisonError::into_inner);
        cached.as_ref()?.token(clock::now(), need).cloned()
    }

    async fn renew(&self, need: &Need) -> Result<Arc<Cached>, Error> {
        loop {
            let client = self.clone();
            let asked = need.clone();
            let flight = &self.memory.flight;
            let work = |stretch| async move { client.exchange(asked, &stretch).await };
            let (seat, outcome) = flight.join(&self.memory.outstanding, need, work).await;
            // Whoever joined may need more than was asked for; alone one gets the best there is.
            match outcome {
                Ok(cached)
                    if seat != Seat::Own
                        && !need.force
                        && cached.token(clock::now(), need).is_none() => {}
                Err(_) if seat == Seat::Anothers => {}
                // Everybody else had left: that was no end for whoever came then.
                Err(error) if seat == Seat::Joined && error.code() == Code::Interrupted => {}
                outcome => return outcome,
            }
        }
    }

    async fn exchange(&self, need: Need, stretch: &Stretch) -> Result<Arc<Cached>, Error> {
        let outcome = self.exchange_once(need, stretch).await;
        if let Err(error) = &outcome
            && error.code() != Code::Interrupted
        {
            *locked(&self.memory.failure) = Some((error.clone(), clock::now().wall_ms));
            if error.class() == Class::SignInNeeded {
                // Whoever signs in next may do so under another name that fits as well.
                *locked(&self.memory.id) = None;
            }
        }
        outcome
    }

    async fn exchange_once(&self, need: Need, stretch: &Stretch) -> Result<Arc<Cached>, Error> {
        let id = self.login_id().await?;
        let key = self.keys.key(false).await?;
        let bytes = entropy()?;
        // It stays there until it is written: whoever gives up may end this at any wait.
        let unwritten = locked(&self.memory.unwritten).clone();
        let session = Session::new(id, key, need, bytes)
            .unwritten(unwritten.map(|(login, _)| login))
            .expecting(&self.options)?;
        let renewal = match drive_within(session, &self.host, stretch).await {
            Ok(renewal) => renewal,
            Err(error) => {
                // Else it is still the only copy.
                if error.class() == Class::SignInNeeded {
                    *locked(&self.memory.unwritten) = None;
                }
                return Err(error);
            }
        };
        let now = clock::now();
        *locked(&self.memory.unwritten) = renewal
            .unsaved
            .as_ref()
            .map(|error| (renewal.login.clone(), error.clone()));
        *locked(&self.memory.failure) = renewal.rest.map(|rest| {
            let message = "the token could not be renewed the last time it was tried";
            (Error::new(rest.code, message), now.wall_ms)
        });
        let cached = Arc::new(Cached::new(renewal, now, bytes[31]));
        let place = self.memory.cached.write();
        *place.unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&cached));
        Ok(cached)
    }

    /// The login's place, found once.
    async fn login_id(&self) -> Result<LoginId, Error> {
        if let Some(id) = locked(&self.memory.id).clone() {
            return Ok(id);
        }
        let found = super::drive(Find::login(&self.options)?, &self.host).await?;
        *locked(&self.memory.id) = Some(found.id.clone());
        Ok(found.id)
    }
}

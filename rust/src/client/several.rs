//! The logins of a store one by one, whatever the client's options name: for an operator.

use devicegrant_core::{Found, Renewal};

use super::{
    Client, Error, Health, Key, Login, LoginId, Need, Session, Stretch, clock, drive_within,
    entropy, run,
};

impl Client {
    /// How each of these logins is doing, in their order; no server is asked, and the key once. A
    /// login that cannot be opened is told with the reason.
    pub async fn health_of(&self, found: &[Found]) -> Vec<Health> {
        let key = self.keys.key(false).await;
        let judged = found.iter().map(|found| {
            let login = match &key {
                Ok(key) => found.open(key),
                // How it ended is in the clear part; nothing is sealed behind it.
                Err(_) if found.sealed.header.ended.is_some() => found.open(&Key::new([0; 32])),
                Err(error) => Err(error.clone()),
            };
            Health::of(login.as_ref(), None, clock::now())
        });
        judged.collect()
    }

    /// How a login in hand is doing.
    pub fn health_of_login(&self, login: &Login) -> Health {
        Health::of(Ok(login), None, clock::now())
    }

    /// Renews the login in `id` where `need` says so. Past the memory of this client: for one that
    /// keeps many logins fresh. Where the caller gives up, an exchange that is on its way is kept
    /// all the same (see [`finish`](Self::finish)).
    ///
    /// Errors: as [`token`](Self::token).
    pub async fn renew_one(&self, id: &LoginId, need: &Need) -> Result<Renewal, Error> {
        let key = self.keys.key(false).await?;
        let session = Session::new(id.clone(), key, need.clone(), entropy()?);
        let (host, stretch) = (self.host.clone(), Stretch::default());
        let within = stretch.clone();
        let work = async move { drive_within(session, &host, &within).await };
        run(&self.memory.outstanding, stretch, work).await
    }
}

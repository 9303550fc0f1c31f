//! Plays host and store of a conversation about a login that is kept: the flows `session`,
//! `revoke`, `finish` and `finish_once`.

use std::collections::HashMap;

use devicegrant_core::{
    Challenge, Code, Error, Find, Finish, Flow, Found, Guard, Input, Keep, Key, Lease, LoginId,
    Need, Now, Options, Record, Renewal, Renewed, Response, Rest, Revoke, Save, Secret,
    SecretBytes, Session, Step,
};
use serde_json::{Value, json};

use crate::made::{begun, grant, tokens, written};
use crate::replay::{ENTROPY, Host, Result_, START};
use crate::vector::{Expected, FlowName, Kept, Vector};

const KEY: [u8; 32] = [7; 32];
const LEASE: &str = "lease-1";

/// What the store holds: by login, the bytes and the revision.
#[derive(Default)]
pub(crate) struct Store {
    options: Options,
    kept: HashMap<LoginId, (Option<SecretBytes>, u64)>,
    login: Option<LoginId>,
    /// What the options name, where the login is another.
    own: Option<LoginId>,
    pending: Option<LoginId>,
    client: Option<LoginId>,
    /// What a save that met a conflict had written.
    written: Option<SecretBytes>,
}

pub(crate) fn key() -> Key {
    Key::new(KEY)
}

/// Sets the store up as the vector says, and runs its flow.
pub(crate) fn run(vector: &Vector, host: &mut Host<'_>) -> Result<Result_, String> {
    let (mut store, id) = Store::new(vector)?;
    if let Some(waiting) = &vector.waiting {
        store.wait(vector, waiting)?;
    }
    let pending = store.pending.clone();
    host.store = Some(store);
    let need = vector.need.clone().unwrap_or_default();
    let need = Need {
        min_ttl_ms: need.min_ttl_ms.unwrap_or(60_000),
        reject: need.reject.map(Secret::new),
        scopes: need.scopes,
        challenge: need
            .challenge
            .as_deref()
            .map(|text| Challenge::parse(text).unwrap_or_default()),
        force: need.force,
    };
    let waiting = || pending.clone().ok_or("no sign-in waits");
    let outcome = match vector.flow {
        FlowName::Session => host
            .end(
                Session::new(id, key(), need, ENTROPY)
                    .expecting(&vector.options)
                    .map_err(text)?,
            )?
            .map(|renewal| Result_::Renewal(Box::new(renewal))),
        FlowName::Outside => outside(vector, host, id)?,
        FlowName::Revoke => host.end(Revoke::new(id, key()))?.map(Result_::Revoked),
        FlowName::Finish => host
            .end(Finish::to_the_end(waiting()?, key(), ENTROPY))?
            .map(Result_::Finished),
        _ => host
            .end(Finish::once(waiting()?, key(), ENTROPY))?
            .map(Result_::Finished),
    };
    Ok(outcome.unwrap_or_else(Result_::Error))
}

/// Another library takes the lease, reads the login under it, and brings what it was answered.
fn outside(
    vector: &Vector,
    host: &mut Host<'_>,
    id: LoginId,
) -> Result<Result<Result_, Error>, String> {
    if let Err(error) = host.end(Guard::new(id))? {
        return Ok(Err(error));
    }
    let store = host.store.as_ref().ok_or("there is no store")?;
    let found = store.find(Find::login(&vector.options).map_err(text)?)?;
    let login = found.and_then(|found| found.open(&key())).map_err(text)?;
    let given = vector.given.as_ref().ok_or("nothing is given")?;
    let answer = SecretBytes::from(given.to_string());
    let kept = host.end(Renewed::new(login, answer, key(), ENTROPY))?;
    Ok(kept.map(|login| {
        Result_::Renewal(Box::new(Renewal {
            login,
            rest: None,
            unsaved: None,
        }))
    }))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn text(error: Error) -> String {
    error.to_string()
}

pub(crate) type Stored = (Option<SecretBytes>, u64);

impl Store {
    /// A store with the login that the vector says is kept, and its folder.
    pub(crate) fn new(vector: &Vector) -> Result<(Self, LoginId), String> {
        let mut store = Self {
            options: vector.options.clone(),
            own: vector.options.login_id().map_err(text)?,
            ..Self::default()
        };
        let (id, found) = match &vector.kept {
            Some(kept) => store.sign_in(vector, kept)?,
            None => (store.own.clone().ok_or("no login is named")?, None),
        };
        store.login = Some(id.clone());
        store.kept.extend(found.map(|found| (id.clone(), found)));
        Ok((store, id))
    }

    /// A store for the clients of one issuer.
    pub(crate) fn of_clients(kept: Option<(LoginId, Stored)>, id: LoginId) -> Self {
        Self {
            kept: kept.into_iter().collect(),
            client: Some(id),
            ..Self::default()
        }
    }

    /// A login as a sign-in at that time would have kept it.
    fn sign_in(&self, vector: &Vector, kept: &Kept) -> Result<(LoginId, Option<Stored>), String> {
        let at = Now {
            wall_ms: START.wall_ms - kept.ago_ms,
            steady_ms: 1_000,
        };
        let options = self.begun_with(kept);
        let grant = grant(vector, &options, kept.challenge.as_deref())?;
        let tokens = tokens(&grant, &kept.answer, at)?;
        let record = Record::new(&options, grant, tokens, at).map_err(text)?;
        let keep = Keep::login(&options, record, key(), [1; 32]).map_err(text)?;
        let (id, bytes) = written(keep, kept.revision)?;
        Ok((id, Some((Some(bytes), kept.revision))))
    }

    fn begun_with(&self, kept: &Kept) -> Options {
        let mut options = kept.options.as_ref().unwrap_or(&self.options).clone();
        if kept.anybody {
            (options.expected_sub, options.expected_account) = (None, None);
        }
        options
    }

    /// A sign-in that was begun then and waits.
    fn wait(&mut self, vector: &Vector, waiting: &Kept) -> Result<(), String> {
        let at = Now {
            wall_ms: START.wall_ms - waiting.ago_ms,
            steady_ms: 1_000,
        };
        let options = self.begun_with(waiting);
        let grant = grant(vector, &options, waiting.challenge.as_deref())?;
        let pending = begun(&grant, &waiting.answer, at)?;
        let keep = Keep::pending(&options, pending, at, key(), [2; 32]).map_err(text)?;
        let (id, bytes) = written(keep, waiting.revision)?;
        self.kept
            .insert(id.clone(), (Some(bytes), waiting.revision));
        self.pending = Some(id);
        Ok(())
    }

    /// Another program met `invalid_grant` with the token of the login as it is kept.
    fn end(&mut self, id: &LoginId, revision: u64) -> Result<(), String> {
        let need = Need {
            force: true,
            ..Need::default()
        };
        let mut flow = Session::new(id.clone(), key(), need, [4; 32]);
        let refused = Response {
            status: 400,
            headers: Vec::new(),
            body: SecretBytes::from(json!({"error": "invalid_grant"}).to_string()),
        };
        let (bytes, there) = self.kept.get(id).cloned().unwrap_or_default();
        let mut refused = Some(refused);
        let mut input = Input::Go;
        loop {
            input = match flow.step(START, input).map_err(text)? {
                Step::Load(_) => Input::Loaded {
                    bytes: bytes.clone(),
                    revision: there.min(revision - 1),
                },
                Step::Lock(_) => Input::Locked(Lease(LEASE.into())),
                Step::Send(_) => Input::Response(refused.take().ok_or("it asks twice")?),
                Step::Save(save) => {
                    self.kept.insert(id.clone(), (save.bytes, revision));
                    return Ok(());
                }
                other => return Err(format!("it asks for {other:?}")),
            };
        }
    }

    pub(super) fn name(&self, id: &LoginId) -> Result<&'static str, String> {
        if self.login.as_ref() == Some(id) {
            Ok("login")
        } else if self.own.as_ref() == Some(id) {
            Ok("own")
        } else if self.pending.as_ref() == Some(id) {
            Ok("pending")
        } else if self.client.as_ref() == Some(id) {
            Ok("client")
        } else {
            Err("it means another login".to_owned())
        }
    }

    /// Answers a store's effect as the vector's step says.
    pub(crate) fn answer<T>(
        &mut self,
        vector: &Vector,
        step: &Step<T>,
        expected: &Expected,
        now: Now,
    ) -> Result<Input, String> {
        let reply = expected.reply.as_ref();
        if let Some(code) = reply.and_then(|reply| reply.get("failed")) {
            let code = code
                .as_str()
                .and_then(Code::from_name)
                .ok_or("no such code")?;
            self.check(step, expected, now)?;
            return Ok(Input::Failed(Error::new(code, "the store failed")));
        }
        self.check(step, expected, now)?;
        match step {
            Step::Load(id) => {
                if let Some(other) = reply.and_then(|reply| reply.get("registered")) {
                    let other = serde_json::from_value(other.clone()).map_err(|e| e.to_string())?;
                    self.kept.extend([crate::registered::kept(&other)?]);
                }
                if let Some(other) = reply.and_then(|reply| reply.get("kept")) {
                    let kept = serde_json::from_value(other.clone()).map_err(|e| e.to_string())?;
                    let (id, stored) = self.sign_in(vector, &kept)?;
                    self.kept.extend(stored.map(|stored| (id, stored)));
                }
                if let Some(code) = reply.and_then(|reply| reply.get("ended")) {
                    let revision = code.as_u64().ok_or("ended has a revision")?;
                    self.end(id, revision)?;
                }
                if let Some(revision) = reply.and_then(|reply| reply.get("renewed")) {
                    let revision = revision.as_u64().ok_or("renewed has a revision")?;
                    let written = self.written.take().ok_or("nothing was written")?;
                    self.kept.insert(id.clone(), (Some(written), revision));
                }
                if let Some(revision) = reply.and_then(|reply| reply.get("nothing")) {
                    let revision = revision.as_u64().ok_or("nothing has a revision")?;
                    self.kept.insert(id.clone(), (None, revision));
                }
                let (bytes, revision) = self.kept.get(id).cloned().unwrap_or_default();
                Ok(Input::Loaded { bytes, revision })
            }
            Step::List => Ok(Input::Listed(self.kept.keys().cloned().collect())),
            Step::Lock(_) => lock_reply(reply, now),
            Step::Save(save) if reply == Some(&json!("conflict")) => {
                self.written.clone_from(&save.bytes);
                let there = self.kept.entry(save.id.clone()).or_default();
                there.1 = save.expected + 1;
                Ok(Input::Conflict)
            }
            Step::Save(save) => {
                let there = self.kept.get(&save.id).map_or(0, |(_, revision)| *revision);
                if save.expected != there {
                    return Err(format!("it expects revision {} of {there}", save.expected));
                }
                let revision = save.expected + 1;
                self.kept
                    .insert(save.id.clone(), (save.bytes.clone(), revision));
                Ok(Input::Saved(revision))
            }
            _ => Ok(Input::Go),
        }
    }

    fn check<T>(&self, step: &Step<T>, expected: &Expected, now: Now) -> Result<(), String> {
        let (wanted, there) = match step {
            Step::Load(id) => (json!(expected.load), json!(self.name(id)?)),
            Step::List => (json!(expected.list), json!({})),
            Step::Lock(lock) if lock.ttl_ms >= 30_000 => {
                let there = json!({"of": self.name(&lock.id)?, "force": lock.force});
                (json!(expected.lock), there)
            }
            Step::Unlock { lease, rest } if *lease.0 == *LEASE => {
                (json!(expected.unlock), rest_json(rest.as_ref(), now))
            }
            Step::Save(save) => return self.saved(save, expected.save.as_ref()),
            _ => return Err("no such effect was expected".to_owned()),
        };
        if wanted == there {
            return Ok(());
        }
        Err(format!("{there} instead of {wanted}"))
    }

    /// Holds this alone, and the options are the same.
    pub(super) fn of_save(&self, save: &Save) -> Self {
        let stored = (save.bytes.clone(), save.expected + 1);
        Self {
            options: self.options.clone(),
            kept: [(save.id.clone(), stored)].into(),
            ..Self::default()
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn find(&self, mut find: Find) -> Result<Result<Found, Error>, String> {
        let mut input = Input::Go;
        loop {
            input = match find.step(START, input) {
                Ok(Step::Done(found)) => return Ok(Ok(found)),
                Ok(Step::Load(id)) => {
                    let (bytes, revision) = self.kept.get(&id).cloned().unwrap_or_default();
                    Input::Loaded { bytes, revision }
                }
                Ok(Step::List) => Input::Listed(self.kept.keys().cloned().collect()),
                Ok(other) => return Err(format!("it asks for {other:?}")),
                Err(error) => return Ok(Err(error)),
            };
        }
    }
}

pub(crate) fn rest_json(rest: Option<&Rest>, now: Now) -> Value {
    rest.map_or_else(|| json!({}), |rest| {
        json!({"rest_ms": rest.until_ms.saturating_sub(now.wall_ms), "code": rest.code.as_str()})
    })
}

fn lock_reply(reply: Option<&Value>, now: Now) -> Result<Input, String> {
    let Some(reply) = reply.filter(|reply| **reply != "locked") else {
        return Ok(Input::Locked(Lease(LEASE.into())));
    };
    if reply == "busy" {
        return Ok(Input::Busy {
            since: now.steady_ms,
        });
    }
    let rest_ms = reply["rest_ms"]
        .as_u64()
        .ok_or("no such answer to a lock")?;
    let code = reply["code"].as_str().and_then(Code::from_name);
    Ok(Input::Resting(Rest {
        until_ms: now.wall_ms + rest_ms,
        code: code.ok_or("no such code")?,
    }))
}

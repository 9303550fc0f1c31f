//! A store that is a map, and logins as a sign-in makes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use devicegrant_core::{
    DeviceGrant, Discover, Error, Find, Flow, Input, Keep, Key, Login, LoginId, Now, Options,
    Record, Response, SecretBytes, SignIn, Step,
};

pub(crate) type TestResult = Result<(), Error>;

/// A store in memory, and whoever writes in between.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) logins: BTreeMap<LoginId, (Option<SecretBytes>, u64)>,
    pub(crate) conflicts: u8,
    pub(crate) now: Now,
}

impl Store {
    pub(crate) fn drive<F: Flow>(&mut self, mut flow: F) -> Result<F::Output, Error> {
        let mut input = Input::Go;
        loop {
            input = match flow.step(self.now, input)? {
                Step::Done(output) => return Ok(output),
                Step::Load(id) => {
                    let (bytes, revision) = self.logins.get(&id).cloned().unwrap_or_default();
                    Input::Loaded { bytes, revision }
                }
                Step::List => Input::Listed(self.logins.keys().cloned().collect()),
                Step::Save(save) if self.conflicts > 0 => {
                    self.conflicts -= 1;
                    let revision = save.expected + 1;
                    self.logins.insert(save.id, (None, revision));
                    Input::Conflict
                }
                Step::Save(save) => {
                    let now = self
                        .logins
                        .get(&save.id)
                        .map_or(0, |(_, revision)| *revision);
                    assert_eq!(save.expected, now, "it must have read what it writes over");
                    self.logins.insert(save.id, (save.bytes, now + 1));
                    Input::Saved(now + 1)
                }
                _ => panic_on("an effect that is no store's"),
            };
        }
    }

    pub(crate) fn keep(&mut self, options: &Options) -> Result<Login, Error> {
        let mut record = record(options)?;
        let kept = self.drive(Keep::login(options, record.clone(), key(), [9; 32])?)?;
        record.header.sign_in = kept.sign_in;
        Ok(Login {
            id: kept.id,
            revision: kept.revision,
            record,
        })
    }

    pub(crate) fn find(&mut self, options: &Options) -> Result<Login, Error> {
        self.drive(Find::login(options)?)?.open(&key())
    }
}

#[allow(clippy::panic, reason = "a test's way to fail")]
pub(crate) fn panic_on(what: &str) -> ! {
    panic!("not expected here: {what}")
}

pub(crate) fn key() -> Key {
    Key::new([7; 32])
}

/// A record as a sign-in makes it.
pub(crate) fn record(options: &Options) -> Result<Record, Error> {
    let endpoint = |path: &str| Some(format!("https://auth.example.com/{path}"));
    let whole = Options {
        device_endpoint: endpoint("device"),
        token_endpoint: endpoint("token"),
        client_id: options.client_id.clone().or(Some("client-1".to_owned())),
        ..options.clone()
    };
    let mut discover = Discover::new(whole, None)?;
    let Step::Done(grant) = discover.step(Now::default(), Input::Go)? else {
        panic_on("discovery")
    };
    let mut login = DeviceGrant::login(Arc::clone(&grant), [1; 32]);
    let mut now = Now::default();
    let mut input = Input::Go;
    let answers = [
        r#"{"device_code":"code-1","user_code":"A","verification_uri":"https://a.example/","expires_in":600}"#,
        r#"{"access_token":"token-1","token_type":"Bearer","refresh_token":"refresh-1"}"#,
    ];
    let mut answers = answers.into_iter();
    loop {
        input = match login.step(now, input)? {
            Step::Send(_) => Input::Response(Response {
                status: 200,
                headers: Vec::new(),
                body: SecretBytes::from(answers.next().unwrap_or_default().to_owned()),
            }),
            Step::Wait { until } => {
                now.wall_ms += until - now.steady_ms;
                now.steady_ms = until;
                Input::Go
            }
            Step::Show(_) => Input::Go,
            Step::Done(SignIn::Tokens(tokens)) => return Record::new(options, grant, *tokens, now),
            other => panic_on(&format!("{other:?}")),
        };
    }
}

pub(crate) fn to(target: &str) -> Options {
    Options {
        target: Some(target.to_owned()),
        ..Options::default()
    }
}

pub(crate) fn with(target: &str, client: &str) -> Options {
    Options {
        client_id: Some(client.to_owned()),
        ..to(target)
    }
}

pub(crate) fn profile(name: &str) -> Options {
    Options {
        profile: Some(name.to_owned()),
        ..Options::default()
    }
}

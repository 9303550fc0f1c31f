//! Whose login is found: a caller who expects an account is given that one's and nobody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use devicegrant_core::{
    Code, DeviceGrant, Discover, Error, Find, Flow, Grant, Input, Keep, Key, LoginId, Now, Options,
    Pending, Record, Response, SecretBytes, SignIn, Step, Tokens,
};

type TestResult = Result<(), Error>;

#[derive(Default)]
struct Store(BTreeMap<LoginId, SecretBytes>);

impl Store {
    fn drive<F: Flow>(&mut self, mut flow: F) -> Result<F::Output, Error> {
        let mut input = Input::Go;
        loop {
            input = match flow.step(Now::default(), input)? {
                Step::Done(output) => return Ok(output),
                Step::List => Input::Listed(self.0.keys().cloned().collect()),
                Step::Load(id) => {
                    let bytes = self.0.get(&id).cloned();
                    let revision = bytes.is_some().into();
                    Input::Loaded { bytes, revision }
                }
                Step::Save(save) => {
                    self.0.extend(save.bytes.map(|bytes| (save.id, bytes)));
                    Input::Saved(1)
                }
                _ => return Err(Error::new(Code::OutOfTurn, "no store does that")),
            };
        }
    }

    /// A login that `options` asked for and that somebody with that sub approved.
    fn keep(&mut self, options: &Options, sub: Option<&str>) -> Result<LoginId, Error> {
        let grant = grant(options)?;
        let record = Record::new(
            options,
            Arc::clone(&grant),
            tokens(&grant, sub)?,
            Now::default(),
        );
        let keep = Keep::login(options, record?, key(), [1; 32])?;
        Ok(self.drive(keep)?.id)
    }

    fn wait(&mut self, options: &Options) -> Result<LoginId, Error> {
        let pending = begun(&grant(options)?)?;
        let keep = Keep::pending(options, pending, Now::default(), key(), [2; 32])?;
        Ok(self.drive(keep)?.id)
    }

    fn find(&mut self, options: &Options) -> Result<LoginId, Code> {
        let find = Find::login(options).map_err(|e| e.code())?;
        self.drive(find).map(|f| f.id).map_err(|e| e.code())
    }

    fn find_pending(&mut self, options: &Options) -> Result<LoginId, Code> {
        let find = Find::pending(options).map_err(|e| e.code())?;
        self.drive(find).map(|f| f.id).map_err(|e| e.code())
    }
}

fn key() -> Key {
    Key::new([7; 32])
}

fn response(json: &str) -> Input {
    Input::Response(Response {
        status: 200,
        headers: Vec::new(),
        body: SecretBytes::from(json.to_owned()),
    })
}

fn not_here<T>(step: Step<T>) -> Result<T, Error> {
    match step {
        Step::Done(output) => Ok(output),
        _ => Err(Error::new(Code::OutOfTurn, "it goes on")),
    }
}

fn grant(options: &Options) -> Result<Arc<Grant>, Error> {
    let mut discover = Discover::new(options.clone(), None)?;
    discover.step(Now::default(), Input::Go)?;
    not_here(discover.step(
        Now::default(),
        response(
            r#"{"issuer":"https://auth.example.com","token_endpoint":"https://auth.example.com/t",
            "device_authorization_endpoint":"https://auth.example.com/d"}"#,
        ),
    )?)
}

fn begun(grant: &Arc<Grant>) -> Result<Pending, Error> {
    let mut begin = DeviceGrant::begin(Arc::clone(grant), [3; 32]);
    begin.step(Now::default(), Input::Go)?;
    let code =
        r#"{"device_code":"code-1","user_code":"A","verification_uri":"https://a.example/"}"#;
    match not_here(begin.step(Now::default(), response(code))?)? {
        SignIn::Pending(pending) => Ok(*pending),
        SignIn::Tokens(_) => Err(Error::new(Code::OutOfTurn, "tokens")),
    }
}

/// Tokens of whoever that is, as the check would have left them.
fn tokens(grant: &Arc<Grant>, sub: Option<&str>) -> Result<Tokens, Error> {
    let mut grant = Grant::clone(grant);
    grant.expected = None;
    let mut poll = DeviceGrant::poll(begun(&Arc::new(grant))?);
    let later = Now {
        wall_ms: 60_000,
        steady_ms: 60_000,
    };
    poll.step(later, Input::Go)?;
    let answer = response(r#"{"access_token":"token-1","token_type":"Bearer"}"#);
    match not_here(poll.step(later, answer)?)? {
        SignIn::Tokens(mut tokens) => {
            tokens.sub = sub.map(str::to_owned);
            Ok(*tokens)
        }
        SignIn::Pending(_) => Err(Error::new(Code::OutOfTurn, "pending")),
    }
}

fn anybody() -> Options {
    Options {
        target: Some("https://auth.example.com".to_owned()),
        client_id: Some("client-1".to_owned()),
        ..Options::default()
    }
}

fn sub(sub: &str) -> Options {
    Options {
        expected_sub: Some(sub.to_owned()),
        ..anybody()
    }
}

fn account(name: &str) -> Options {
    Options {
        expected_account: Some(name.to_owned()),
        ..anybody()
    }
}

#[test]
fn two_people_of_one_program_have_two_places() -> TestResult {
    let mut store = Store::default();
    let ann = store.keep(&sub("ann"), Some("ann"))?;
    let bob = store.keep(&sub("bob"), Some("bob"))?;
    let several = store.drive(Find::login(&anybody())?).map(drop);
    let told = several.err().map(|e| (e.code(), e.candidates().to_vec()));
    let named = |sub| format!("https://auth.example.com --client-id client-1 --expect-sub {sub}");
    let both = ["ann", "bob"].map(named).to_vec();
    assert_eq!(told, Some((Code::AmbiguousLogin, both)));
    assert_ne!(ann, bob);
    assert_eq!(store.find(&sub("ann")), Ok(ann));
    assert_eq!(store.find(&sub("bob")), Ok(bob));
    assert_eq!(store.find(&sub("eve")), Err(Code::NoLogin));
    Ok(())
}

#[test]
fn a_login_that_the_command_made_is_found_by_whose_it_is() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&anybody(), Some("ann"))?;
    for fits in [sub("ann"), account("ann"), anybody()] {
        assert_eq!(store.find(&fits), Ok(kept.clone()), "{fits:?}");
    }
    for other in [sub("bob"), account("ann@example.com")] {
        assert_eq!(store.find(&other), Err(Code::NoLogin), "{other:?}");
    }
    let nobodys = store.keep(&anybody(), None)?;
    assert_eq!(kept, nobodys);
    assert_eq!(store.find(&sub("ann")), Err(Code::NoLogin));
    Ok(())
}

#[test]
fn a_name_that_was_checked_is_found_by_that_name() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&account("Ann@example.com"), Some("248"))?;
    for fits in [
        account("ann@EXAMPLE.com"),
        account("248"),
        sub("248"),
        anybody(),
    ] {
        assert_eq!(store.find(&fits), Ok(kept.clone()), "{fits:?}");
    }
    assert_eq!(store.find(&account("eve@example.com")), Err(Code::NoLogin));
    Ok(())
}

#[test]
fn a_sign_in_that_waits_for_one_is_not_finished_for_another() -> TestResult {
    let mut store = Store::default();
    let ann = store.wait(&sub("ann"))?;
    let bob = store.wait(&sub("bob"))?;
    assert_eq!(store.find_pending(&sub("ann")), Ok(ann));
    assert_eq!(store.find_pending(&sub("bob")), Ok(bob));
    assert_eq!(store.find_pending(&sub("eve")), Err(Code::NoPending));

    let mut store = Store::default();
    store.wait(&anybody())?;
    assert_eq!(store.find_pending(&sub("ann")), Err(Code::NoPending));
    assert_eq!(store.find_pending(&account("ann")), Err(Code::NoPending));
    Ok(())
}

#[test]
fn tokens_of_a_sign_in_for_another_are_not_kept() {
    let begun_for = |by: &Options, wanted: &Options, who: Option<&str>| {
        let grant = grant(by)?;
        let tokens = tokens(&grant, who)?;
        Record::new(wanted, grant, tokens, Now::default()).map(drop)
    };
    let code = |outcome: TestResult| outcome.err().map(|error| error.code());
    assert_eq!(code(begun_for(&sub("ann"), &sub("ann"), Some("ann"))), None);
    assert_eq!(code(begun_for(&anybody(), &sub("ann"), Some("ann"))), None);
    for (by, who) in [
        (sub("bob"), Some("bob")),
        (anybody(), Some("bob")),
        (anybody(), None),
    ] {
        assert_eq!(
            code(begun_for(&by, &sub("ann"), who)),
            Some(Code::WrongAccount)
        );
    }
}

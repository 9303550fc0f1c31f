//! A sign-in that waits for its person: of several the first is kept, and it can be given up.

use devicegrant_core::{
    Code, DeviceGrant, Discover, Error, Find, Flow, GiveUp, Input, Keep, Now, Options, Pending,
    Response, SecretBytes, SignIn, Step,
};

use crate::store::{Store, TestResult, key, panic_on, profile};

/// A sign-in that waits, with this code.
fn begun(options: &Options, code: &str) -> Result<Pending, Error> {
    let endpoint = |path: &str| Some(format!("https://auth.example.com/{path}"));
    let whole = Options {
        device_endpoint: endpoint("device"),
        token_endpoint: endpoint("token"),
        client_id: Some("client-1".to_owned()),
        ..options.clone()
    };
    let mut discover = Discover::new(whole, None)?;
    let Step::Done(grant) = discover.step(Now::default(), Input::Go)? else {
        panic_on("discovery")
    };
    let mut begin = DeviceGrant::begin(grant, [1; 32]);
    begin.step(Now::default(), Input::Go)?;
    let answer = format!(
        r#"{{"device_code":"d-{code}","user_code":"{code}","verification_uri":"https://a.example/","expires_in":600}}"#
    );
    let response = Response {
        status: 200,
        headers: Vec::new(),
        body: SecretBytes::from(answer),
    };
    match begin.step(Now::default(), Input::Response(response))? {
        Step::Done(SignIn::Pending(pending)) => Ok(*pending),
        other => panic_on(&format!("{other:?}")),
    }
}

/// Keeps a sign-in with this code as the first; returns the revision that is there then.
fn first(store: &mut Store, code: &str) -> Result<u64, Error> {
    first_for(store, code, &[])
}

fn first_for(store: &mut Store, code: &str, scopes: &[&str]) -> Result<u64, Error> {
    let options = Options {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        ..profile("work")
    };
    let pending = begun(&options, code)?;
    let keep = Keep::first_pending(&options, pending, Now::default(), key(), [3; 32])?;
    Ok(store.drive(keep)?.revision)
}

#[test]
fn of_several_that_begin_at_once_the_first_is_kept() -> TestResult {
    let mut store = Store::default();
    assert_eq!(first(&mut store, "ONE")?, 1);
    let there = store.logins.clone();
    assert_eq!(first(&mut store, "TWO")?, 1);
    assert_eq!(store.logins, there);

    // Nobody can approve it any more.
    store.now.wall_ms = 600_001;
    assert_eq!(first(&mut store, "THREE")?, 2);
    Ok(())
}

#[test]
fn what_waits_gives_way_to_who_needs_more_and_to_nobody_else() -> TestResult {
    let mut store = Store::default();
    assert_eq!(first_for(&mut store, "ONE", &["read"])?, 1);
    assert_eq!(first_for(&mut store, "TWO", &["read", "write"])?, 2);
    // The same in another order, and less.
    assert_eq!(first_for(&mut store, "THREE", &["write", "read"])?, 2);
    assert_eq!(first_for(&mut store, "FOUR", &["write"])?, 2);
    assert_eq!(first_for(&mut store, "FIVE", &["admin"])?, 3);
    Ok(())
}

#[test]
fn whoever_loses_the_race_to_write_it_sees_what_waits_then() -> TestResult {
    let mut store = Store::default();
    let options = profile("work");
    let mut late = Keep::first_pending(
        &options,
        begun(&options, "LATE")?,
        Now::default(),
        key(),
        [4; 32],
    )?;
    late.step(Now::default(), Input::Go)?;
    let nothing = Input::Loaded {
        bytes: None,
        revision: 0,
    };
    assert!(matches!(late.step(Now::default(), nothing)?, Step::Save(_)));
    assert_eq!(first(&mut store, "ONE")?, 1);
    let Step::Load(id) = late.step(Now::default(), Input::Conflict)? else {
        panic_on("no second look")
    };
    let (bytes, revision) = store.logins.get(&id).cloned().unwrap_or_default();
    let there = late.step(Now::default(), Input::Loaded { bytes, revision })?;
    assert!(matches!(there, Step::Done(kept) if kept.revision == 1));
    Ok(())
}

#[test]
fn what_is_given_up_waits_no_more() -> TestResult {
    let mut store = Store::default();
    let options = profile("work");
    assert!(!store.drive(GiveUp::new(&options)?)?);
    first(&mut store, "ONE")?;
    assert!(store.drive(Find::pending(&options)?).is_ok());
    store.conflicts = 1;
    // The store's writer in between has taken it away: nothing is written over that.
    assert!(!store.drive(GiveUp::new(&options)?)?);
    first(&mut store, "TWO")?;
    assert!(store.drive(GiveUp::new(&options)?)?);
    let gone = store.drive(Find::pending(&options)?).map(|_| ());
    assert_eq!(gone.map_err(|error| error.code()), Err(Code::NoPending));
    Ok(())
}

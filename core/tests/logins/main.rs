//! Keeping a login and finding it again, against a store that is a map.

mod store;
mod values;
mod waiting;

use std::sync::Arc;

use devicegrant_core::{
    Code, Error, Find, Flow, Input, Keep, Key, LoginId, Now, Options, Record, SecretBytes, Step,
};
use store::{Store, TestResult, key, panic_on, profile, record, to, with};

#[test]
fn what_is_kept_is_found_by_what_was_named() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&with("https://auth.example.com", "client-1"))?;
    assert_eq!(kept.revision, 1);
    for named in [
        with("https://auth.example.com", "client-1"),
        to("https://auth.example.com"),
        to("HTTPS://AUTH.example.com:443/"),
        to("auth.example.com"),
        Options::default(),
    ] {
        let found = store.find(&named)?;
        assert_eq!(found.id, kept.id, "{named:?}");
        assert_eq!(found.record, kept.record, "{named:?}");
    }
    for other in [
        to("https://other.example.com"),
        with("https://auth.example.com", "client-2"),
        profile("work"),
        Options {
            resource: Some("https://api.example.com".to_owned()),
            ..to("https://auth.example.com")
        },
    ] {
        assert_eq!(
            store.find(&other).map_err(|e| e.code()).err(),
            Some(Code::NoLogin)
        );
    }
    Ok(())
}

#[test]
fn a_profile_is_an_identity_of_its_own() -> TestResult {
    let mut store = Store::default();
    let named = Options {
        profile: Some("work".to_owned()),
        ..to("https://auth.example.com")
    };
    let work = store.keep(&named)?;
    let plain = store.keep(&to("https://auth.example.com"))?;
    assert_ne!(work.id, plain.id);
    assert_eq!(store.find(&profile("work"))?.id, work.id);
    assert_eq!(store.find(&to("https://auth.example.com"))?.id, plain.id);
    // Whoever names a profile and another place means a login that is not there.
    let elsewhere = Options {
        profile: Some("work".to_owned()),
        ..to("https://other.example.com")
    };
    assert_eq!(
        store.find(&elsewhere).map_err(|e| e.code()).err(),
        Some(Code::NoLogin)
    );
    Ok(())
}

#[test]
fn several_that_fit_are_named_so_that_one_can_be_chosen() -> TestResult {
    let mut store = Store::default();
    store.keep(&with("https://auth.example.com", "one"))?;
    store.keep(&with("https://auth.example.com", "two"))?;
    let error = store
        .find(&to("https://auth.example.com"))
        .map(|_| ())
        .err();
    let error = error.unwrap_or_else(|| Error::new(Code::OutOfTurn, "nothing went wrong"));
    assert_eq!((error.code(), error.exit()), (Code::AmbiguousLogin, 2));
    let expected = ["one", "two"].map(|id| format!("https://auth.example.com --client-id {id}"));
    assert_eq!(error.candidates(), expected);
    Ok(())
}

#[test]
fn a_provider_is_found_with_and_without_its_argument() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&to("microsoft/contoso"))?;
    assert_eq!(store.find(&to("microsoft"))?.id, kept.id);
    assert_eq!(store.find(&to("microsoft/contoso"))?.id, kept.id);
    let other = store.find(&to("microsoft/other"));
    assert_eq!(other.map_err(|e| e.code()).err(), Some(Code::NoLogin));
    Ok(())
}

#[test]
fn a_fresh_login_wins_over_whoever_writes_in_between() -> TestResult {
    let mut store = Store {
        conflicts: 4,
        ..Store::default()
    };
    assert_eq!(store.keep(&to("https://auth.example.com"))?.revision, 5);
    store.conflicts = 5;
    let busy = store.keep(&to("https://auth.example.com"));
    assert_eq!(busy.map_err(|e| e.code()).err(), Some(Code::StoreBusy));
    Ok(())
}

#[test]
fn a_fresh_login_that_was_renewed_before_its_save_was_told_is_not_written_over() -> TestResult {
    let target = to("https://auth.example.com");
    let mut keep = Keep::login(&target, record(&target)?, key(), [9; 32])?;
    let now = Now::default();
    keep.step(now, Input::Go)?;
    let nothing = || Input::Loaded {
        bytes: None,
        revision: 0,
    };
    let Step::Save(save) = keep.step(now, nothing())? else {
        panic_on("no save")
    };
    keep.step(now, Input::Conflict)?;
    let renewed = Input::Loaded {
        bytes: save.bytes,
        revision: 4,
    };
    let Step::Done(kept) = keep.step(now, renewed)? else {
        panic_on("it was written over")
    };
    assert_eq!(kept.revision, 4);
    Ok(())
}

#[test]
fn what_a_newer_program_wrote_is_neither_read_nor_written_over() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&to("https://auth.example.com"))?;
    let newer = SecretBytes::from(r#"{"devicegrant": 2, "sealed": "…"}"#.to_owned());
    store
        .logins
        .insert(kept.id.clone(), (Some(newer.clone()), 7));
    let refused = Some(Code::RecordUnreadable);
    let target = to("https://auth.example.com");
    assert_eq!(store.find(&target).map_err(|e| e.code()).err(), refused);
    assert_eq!(store.keep(&target).map_err(|e| e.code()).err(), refused);
    assert_eq!(store.logins.get(&kept.id), Some(&(Some(newer), 7)));
    Ok(())
}

#[test]
fn a_record_opens_in_its_own_place_with_its_own_key_alone() -> TestResult {
    let mut store = Store::default();
    let target = to("https://auth.example.com");
    let kept = store.keep(&target)?;
    let (bytes, revision) = store.logins.get(&kept.id).cloned().unwrap_or_default();
    let bytes = bytes.unwrap_or_default();
    let found = store.drive(Find::login(&target)?)?;
    let other_key = found.open(&Key::new([8; 32]));
    assert_eq!(
        other_key.map_err(|e| e.code()).err(),
        Some(Code::SealBroken)
    );
    let text = String::from_utf8_lossy(bytes.expose()).into_owned();
    assert!(text.starts_with(r#"{"devicegrant":1,"kind":"login","id":""#));
    assert!(
        !text.contains("token-1") && !text.contains("refresh-1"),
        "{text}"
    );
    // Another's place, a lower number than its own, another header: none of them opens.
    let other = to("https://other.example.com");
    let other_id = other.login_id()?.unwrap_or_else(|| panic_on("no id"));
    let named = |from: &str, to: &str| {
        let at = text.find('\n').unwrap_or_default();
        let line = text[..at].replace(from, to).into_bytes();
        SecretBytes::new([&line, &bytes.expose()[at..]].concat())
    };
    for (id, changed, revision) in [
        (other_id, named("auth.example", "other.example"), revision),
        (kept.id.clone(), named("x", "x"), revision - 1),
        (kept.id.clone(), named("client-1", "client-2"), revision),
        (
            kept.id.clone(),
            named("\"revision\":1", "\"revision\":0"),
            revision,
        ),
    ] {
        store.logins.clear();
        store.logins.insert(id, (Some(changed), revision));
        let found = store.drive(Find::login(&Options::default())?)?;
        let opened = found.open(&key()).map_err(|e| e.code()).err();
        assert_eq!(opened, Some(Code::SealBroken));
    }
    Ok(())
}

#[test]
fn a_damaged_login_does_not_hide_another() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&to("https://auth.example.com"))?;
    let damaged = SecretBytes::from("{".to_owned());
    store.logins.insert(LoginId("a".into()), (Some(damaged), 1));
    assert_eq!(store.find(&Options::default())?.id, kept.id);
    store.logins.remove(&kept.id);
    let only = store.find(&Options::default());
    assert_eq!(
        only.map_err(|e| e.code()).err(),
        Some(Code::RecordUnreadable)
    );
    Ok(())
}

#[test]
fn an_ended_login_is_found_where_it_is_asked_for_and_no_other_fits() -> TestResult {
    let mut store = Store::default();
    let kept = store.keep(&to("https://auth.example.com"))?;
    let line = format!(
        r#"{{"devicegrant":1,"kind":"ended","id":"{}","revision":2,"login":{{"issuer":"https://auth.example.com","client_id":"client-1","signed_in_at_ms":1,"ended":{{"at_ms":2,"message":"the admin did it"}}}},"sealed":0}}"#,
        kept.id.0
    );
    let ended = SecretBytes::from(format!("{line}\n"));
    store.logins.insert(kept.id.clone(), (Some(ended), 2));
    // By its own name, by its issuer, and by nothing at all.
    let mut issuer = to("https://auth.example.com");
    issuer.client_id = None;
    for named in [to("https://auth.example.com"), issuer, Options::default()] {
        let found = store.drive(Find::login_even_ended(&named)?)?;
        assert_eq!(found.id, kept.id);
        let only_living = store.drive(Find::login(&named)?).err();
        assert_eq!(
            only_living.map(|error| error.code()),
            Some(Code::LoginEnded)
        );
    }
    let other = store.keep(&to("https://other.example.com"))?;
    let found = store.drive(Find::login_even_ended(&Options::default())?)?;
    assert_eq!(found.id, other.id, "one that lives comes first");
    Ok(())
}

#[test]
fn nothing_printed_shows_a_token() -> TestResult {
    let login = Store::default().keep(&to("https://auth.example.com"))?;
    let printed = format!("{login:?} {login:#?}");
    assert!(
        !printed.contains("token-1") && !printed.contains("refresh-1"),
        "{printed}"
    );
    assert_eq!(login.record.tokens.access_token.expose(), "token-1");
    Ok(())
}

#[test]
fn what_another_library_was_answered_is_kept_where_no_account_is_expected() -> TestResult {
    let mut options = Options {
        profile: Some("work".to_owned()),
        ..Options::default()
    };
    let grant = record(&options)?.grant;
    let answer = SecretBytes::from("{\"access_token\":\"t\",\"token_type\":\"bearer\"}".to_owned());
    let made = Record::of_answer(&options, Arc::clone(&grant), None, &answer, Now::default())?;
    assert_eq!(made.tokens.access_token.expose(), "t");
    assert_eq!(made.header.client_id, grant.client.id);

    let broken = SecretBytes::from("<html>".to_owned());
    let error = Record::of_answer(&options, Arc::clone(&grant), None, &broken, Now::default());
    assert_eq!(
        error.map_err(|e| e.code()).err(),
        Some(Code::MalformedTokenAnswer)
    );

    let mut named = (*grant).clone();
    named.endpoints.issuer = Some("https://auth.example.com".to_owned());
    let named = Arc::new(named);
    for (issuer, code) in [
        ("https://auth.example.com", None),
        ("https://else.example", Some(Code::IssuerMismatch)),
    ] {
        let made = Record::of_answer(
            &options,
            Arc::clone(&named),
            Some(issuer),
            &answer,
            Now::default(),
        );
        assert_eq!(made.map_err(|e| e.code()).err(), code);
    }

    options.expected_sub = Some("ada".to_owned());
    let error = Record::of_answer(&options, grant, None, &answer, Now::default());
    assert_eq!(error.map_err(|e| e.code()).err(), Some(Code::WrongAccount));
    Ok(())
}

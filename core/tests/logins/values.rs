//! What a program keeps besides its logins.

use devicegrant_core::{Code, Options, SecretBytes, Survey, Value};

use crate::store::{Store, TestResult, key, to};

#[test]
fn a_value_of_a_programs_own_is_no_login_and_opens_in_its_place_alone() -> TestResult {
    let mut store = Store::default();
    let value = Value::named("tokens", "https://host.example/mcp");
    let plain = SecretBytes::from("a-secret-value".to_owned());
    let bytes = value.seal(&key(), &[5; 32], 1, plain)?;
    assert!(!String::from_utf8_lossy(bytes.expose()).contains("secret"));
    assert!(!String::from_utf8_lossy(bytes.expose()).contains("host.example"));
    let opened = value.open(&key(), 1, bytes.clone())?;
    assert_eq!(opened.expose(), b"a-secret-value");
    let other = Value::named("tokens", "https://other.example/mcp");
    assert_ne!(value.id, other.id);
    assert_ne!(
        value.id,
        Value::named("tokens,", "https://host.example/mcp").id
    );
    let moved = other.open(&key(), 1, bytes.clone()).map(|_| ());
    assert_eq!(moved.map_err(|e| e.code()), Err(Code::SealBroken));

    store.logins.insert(value.id.clone(), (Some(bytes), 1));
    assert!(store.drive(Survey::default())?.is_empty());
    let nothing = store.find(&Options::default()).map(|_| ());
    assert_eq!(nothing.map_err(|e| e.code()), Err(Code::NoLogin));

    let kept = store.keep(&to("https://auth.example.com"))?;
    let (bytes, revision) = store.logins.get(&kept.id).cloned().unwrap_or_default();
    let login = value.open(&key(), revision, bytes.unwrap_or_default());
    assert_eq!(
        login.map(|_| ()).map_err(|e| e.code()),
        Err(Code::RecordUnreadable)
    );
    Ok(())
}

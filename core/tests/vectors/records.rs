//! Opens the records under `records/`: bytes that another implementation sealed.

use std::path::Path;

use data_encoding::HEXLOWER;
use devicegrant_core::{Error, Find, Flow, Input, Key, LoginId, Now, Options, SecretBytes, Step};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::compare;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    about: String,
    pub(crate) rows: Vec<String>,
    key: String,
    id: String,
    revision: u64,
    bytes: String,
    login: Option<Map<String, Value>>,
    error: Option<String>,
    message: Option<String>,
}

pub(crate) fn read(file: &Path) -> Result<Sealed, String> {
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let record: Sealed = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    if record.about.is_empty() || record.login.is_some() == record.error.is_some() {
        return Err("it expects nothing, or two things".to_owned());
    }
    Ok(record)
}

pub(crate) fn check(record: &Sealed) -> Result<(), String> {
    let opened = open(record)?;
    match (&record.login, opened) {
        (Some(wanted), Ok(there)) => compare::fields(wanted, &there),
        (None, Err(error)) => {
            let there = (Some(error.code().as_str()), Some(error.message()));
            let message = record.message.as_deref().or(Some(error.message()));
            if there == (record.error.as_deref(), message) {
                return Ok(());
            }
            Err(format!("it ended with {there:?}"))
        }
        (_, other) => Err(format!("it ended with {other:?}")),
    }
}

fn open(record: &Sealed) -> Result<Result<Value, Error>, String> {
    let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).map_err(|e| e.to_string());
    let key: [u8; 32] = hex(&record.key)?
        .try_into()
        .map_err(|_| "the key's length")?;
    let bytes = SecretBytes::new(hex(&record.bytes)?);
    let id = LoginId(record.id.as_str().into());
    let mut find = Find::login(&Options::default()).map_err(|e| e.to_string())?;
    let mut input = Input::Go;
    loop {
        input = match find.step(Now::default(), input) {
            Err(error) => return Ok(Err(error)),
            Ok(Step::List) => Input::Listed(vec![id.clone()]),
            Ok(Step::Load(_)) => Input::Loaded {
                bytes: Some(bytes.clone()),
                revision: record.revision,
            },
            Ok(Step::Done(found)) => {
                return Ok(found.open(&Key::new(key)).map(|login| {
                    let mut there = compare::tokens_json(&login.record.tokens);
                    there["header"] = json!(login.record.header);
                    there
                }));
            }
            Ok(other) => return Err(format!("it asks for {other:?}")),
        };
    }
}

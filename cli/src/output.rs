//! What goes to stdout for programs, and to stderr for people.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use devicegrant::{Client, Error, Header};
use serde_json::{Value, json};

/// A line for a program. One that no longer reads has all it wanted.
pub(crate) fn line(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// A line for a person.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A moment in RFC 3339, from milliseconds since 1970.
pub(crate) fn rfc3339(at_ms: u64) -> Option<String> {
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(at_ms))?;
    // humantime ends with the year 9999, as RFC 3339 does.
    (at_ms < 253_402_300_800_000).then(|| humantime::format_rfc3339_seconds(at).to_string())
}

/// A moment that may not be known, for JSON.
pub(crate) fn moment(at_ms: Option<u64>) -> Option<String> {
    at_ms.and_then(rfc3339)
}

/// An error on its way to whoever called, with what the command knows besides.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    hint: Option<String>,
    help_base: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            hint: None,
            help_base: None,
        }
    }
}

impl Failure {
    /// The provider may have pages of its own about errors.
    pub(crate) fn of(error: Error, client: &Client) -> Self {
        Self {
            help_base: client.help_base(),
            ..error.into()
        }
    }

    pub(crate) fn exit(&self) -> u8 {
        self.error.exit()
    }

    /// What to do next, where the command knows that better than the catalog.
    pub(crate) fn hinting(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// Tells an error, and returns the exit code.
pub(crate) fn fail(failure: &Failure, as_json: bool) -> u8 {
    if as_json {
        line(&event(failure).to_string());
        return failure.error.exit();
    }
    let error = &failure.error;
    note(&format!("error: {}", error.message()));
    for candidate in error.candidates() {
        note(&format!("  {candidate}"));
    }
    note(&format!("hint:  {}", hint(failure)));
    note(&format!("help:  {}", help(failure)));
    error.exit()
}

/// The address that explains the code; without a base for one, the command that does.
fn help(failure: &Failure) -> String {
    let error = &failure.error;
    let given = std::env::var("DEVICEGRANT_HELP").ok();
    let base = failure
        .help_base
        .as_deref()
        .or(given.as_deref().filter(|base| !base.is_empty()));
    let command = || format!("devicegrant explain {}", error.code().as_str());
    error.help(base).unwrap_or_else(command)
}

fn hint(failure: &Failure) -> &str {
    let own = failure.hint.as_deref();
    own.unwrap_or_else(|| failure.error.hint())
}

/// What is told of an error in JSON.
pub(crate) fn event(failure: &Failure) -> Value {
    let error = &failure.error;
    let server = error.server();
    json!({
        "event": "error",
        "code": error.code().as_str(),
        "message": error.message(),
        "hint": hint(failure),
        "help": help(failure),
        "error": server.map(|said| &said.error),
        "error_description": server.and_then(|said| said.error_description.as_ref()),
        "error_uri": server.and_then(|said| said.error_uri.as_ref()),
        "exit": error.exit(),
    })
}

/// Whose login it is, in JSON. There is no secret in it.
pub(crate) fn whose(header: &Header) -> Value {
    json!({
        "profile": header.profile,
        "issuer": header.issuer,
        "target": header.target,
        "client_id": header.client_id,
        "resource": header.resource,
        "account": header.account,
    })
}

/// Both objects' fields in one.
pub(crate) fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

//! What goes to stdout for programs, and to stderr for people.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use devicegrant::Error;
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

/// Tells an error, and returns the exit code.
pub(crate) fn fail(error: &Error, help_base: Option<&str>, as_json: bool) -> u8 {
    let help = help(error, help_base);
    if as_json {
        line(&event(error, &help).to_string());
        return error.exit();
    }
    note(&format!("error: {}", error.message()));
    for candidate in error.candidates() {
        note(&format!("  {candidate}"));
    }
    note(&format!("hint:  {}", error.hint()));
    note(&format!("help:  {help}"));
    error.exit()
}

/// The address that explains the code; without a base for one, the command that does.
fn help(error: &Error, base: Option<&str>) -> String {
    let given = std::env::var("DEVICEGRANT_HELP").ok();
    let base = base.or(given.as_deref().filter(|base| !base.is_empty()));
    let command = || format!("devicegrant explain {}", error.code().as_str());
    error.help(base).unwrap_or_else(command)
}

fn event(error: &Error, help: &str) -> Value {
    let server = error.server();
    json!({
        "event": "error",
        "code": error.code().as_str(),
        "message": error.message(),
        "hint": error.hint(),
        "help": help,
        "error": server.map(|said| &said.error),
        "error_description": server.and_then(|said| said.error_description.as_ref()),
        "error_uri": server.and_then(|said| said.error_uri.as_ref()),
        "exit": error.exit(),
    })
}

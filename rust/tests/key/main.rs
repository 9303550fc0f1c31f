//! A home's key from its real sources. Each look is a process of its own, as in life: variables and
//! the session's bus belong to a process.
//!
//! The keyring is GNOME's, over a D-Bus of the test's own.
#![allow(clippy::print_stdout)] // a test runner

#[cfg(all(feature = "keyring", target_os = "linux"))]
mod keyring;
#[cfg(all(feature = "keyring", target_os = "linux"))]
mod session;

mod plain;
mod probe;

use std::process::ExitCode;

type Checked = Result<(), Box<dyn std::error::Error>>;
type Test = (&'static str, fn() -> Checked);

#[cfg(all(feature = "keyring", target_os = "linux"))]
fn of_the_keyring() -> Vec<Test> {
    keyring::wanted()
}

#[cfg(not(all(feature = "keyring", target_os = "linux")))]
fn of_the_keyring() -> Vec<Test> {
    Vec::new()
}

fn main() -> ExitCode {
    if let Some(code) = probe::answer() {
        return code;
    }
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let mut tests = [plain::TESTS.to_vec(), of_the_keyring()].concat();
    tests.retain(|(name, _)| wanted.as_ref().is_none_or(|part| name.contains(&**part)));
    // They wait for time limits more than they work.
    let failed: usize = std::thread::scope(|scope| {
        let running: Vec<_> = tests
            .iter()
            .map(|(name, test)| (name, scope.spawn(move || test().map_err(|e| e.to_string()))))
            .collect();
        let outcomes = running.into_iter().map(|(name, thread)| {
            let outcome = thread
                .join()
                .unwrap_or_else(|_| Err("it panicked".to_owned()));
            match outcome {
                Ok(()) => println!("test {name} ... ok"),
                Err(ref why) => println!("test {name} ... FAILED\n    {why}"),
            }
            usize::from(outcome.is_err())
        });
        outcomes.sum()
    });
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "test result: {result}. {} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out",
        tests.len() - failed
    );
    ExitCode::from(u8::from(failed != 0))
}

/// An error with both sides, where they differ.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, there: &T, wanted: &T) -> Checked {
    if there == wanted {
        return Ok(());
    }
    Err(format!("{what} is {there:?} instead of {wanted:?}").into())
}

fn has(text: &str, part: &str) -> Checked {
    if text.contains(part) {
        return Ok(());
    }
    Err(format!("{text:?} does not say {part:?}").into())
}

//! The machines of core, and the stores and keys of a real system, for Python, Kotlin and Swift.
//!
//! There is no decision in here: each item hands over to the one of the same name in
//! [`devicegrant`]. What holds a secret is an object, or a record that prints nothing of it.
#![allow(
    unsafe_code,
    reason = "uniffi writes the functions that cross the boundary"
)]
#![allow(
    unreachable_pub,
    clippy::needless_pass_by_value,
    clippy::missing_panics_doc,
    reason = "what comes over the boundary comes by value"
)]

mod address;
mod error;
mod flow;
mod http;
mod login;
mod options;
mod paste;
mod prompt;
mod redis;
mod register;
mod step;
mod step_up;
mod store;

uniffi::setup_scaffolding!();

type Fallible<T> = Result<T, std::sync::Arc<error::Failure>>;

fn now(wall_ms: u64, steady_ms: u64) -> devicegrant::Now {
    devicegrant::Now { wall_ms, steady_ms }
}

/// 32 bytes, from the language's own source of randomness.
fn entropy(bytes: &[u8]) -> Fallible<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| error::Failure::bad("32 bytes are needed, and that many only"))
}

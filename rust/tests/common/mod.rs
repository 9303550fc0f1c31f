//! What several tests need.

// Each test program uses its own part.
#![allow(dead_code)]

#[cfg(feature = "http")]
pub(crate) mod contract;
pub(crate) mod events;
#[cfg(all(feature = "redis", unix))]
pub(crate) mod redis_server;

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error>>;

//! Sign-in for programs that have no browser: the OAuth 2.0 Device Authorization Grant (RFC 8628).
//!
//! ```no_run
//! # async fn sign_in() -> Result<(), devicegrant::Error> {
//! let client = devicegrant::Client::to("https://auth.example.com")
//!     .client_id("my-program")
//!     .scope("read")
//!     .build()?;
//! let tokens = client.login().await?; // shows address and code on the terminal
//! # Ok(()) }
//! ```
//!
//! The core decides everything: this crate sends its requests, keeps its bytes, shows its prompts
//! and sleeps. Features: `http` (reqwest, tokio: [`Client`] and the driver), `store` (logins in
//! files or in memory), `rmcp` (the same logins for rmcp's own authorization), `keyring` (their key in the system's keyring), `redis` (logins shared by
//! several machines), `tracing` and `opentelemetry` (observers); the vocabulary of the core is there
//! without any.
#![warn(missing_docs)]

#[cfg(feature = "http")]
mod client;
#[cfg(feature = "store")]
mod clock;
#[cfg(feature = "http")]
mod driver;
#[cfg(feature = "store")]
mod home_folder;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod stretch;
#[cfg(feature = "http")]
mod terminal;
mod traits;

#[cfg(feature = "rmcp")]
pub mod rmcp;

#[cfg(feature = "store")]
pub mod key;
#[cfg(feature = "store")]
pub mod store;
pub mod telemetry;

pub use devicegrant_core::*;

#[cfg(feature = "http")]
pub use client::{Client, ClientBuilder};
#[cfg(feature = "http")]
pub use driver::{Host, drive};
#[cfg(feature = "store")]
pub use home_folder::Home;
#[cfg(feature = "http")]
pub use http::Http;
#[cfg(feature = "http")]
pub use terminal::Terminal;
pub use traits::{BoxFuture, Loaded, Locked, Observer, Prompter, Store, Transport};

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
//! files), `redis` (logins shared by several machines), `tracing` and `opentelemetry` (observers);
//! the vocabulary of the core is there without any.
#![warn(missing_docs)]

#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod clock;
#[cfg(feature = "http")]
mod driver;
#[cfg(feature = "store")]
mod home;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod terminal;
mod traits;

#[cfg(feature = "store")]
pub mod store;
pub mod telemetry;

pub use devicegrant_core::{
    Argument, BodyFormat, Class, ClientAuth, Code, DeviceGrant, Dialect, Discover, Endpoints,
    Error, Event, Find, Flow, Grant, Header, Input, Keep, Key, Lease, Lock, Login, LoginId, Method,
    Now, Options, Pending, Prompt, Provider, Qr, Reason, Record, Request, Response, Rest, Revision,
    Save, Secret, SecretBytes, ServerError, SignIn, Step, TlsProblem, Tokens, builtin_provider,
    provider_names,
};

#[cfg(feature = "http")]
pub use client::{Client, ClientBuilder};
#[cfg(feature = "http")]
pub use driver::{Host, drive};
#[cfg(feature = "store")]
pub use home::Home;
#[cfg(feature = "http")]
pub use http::Http;
#[cfg(feature = "http")]
pub use terminal::Terminal;
pub use traits::{BoxFuture, Loaded, Locked, Observer, Prompter, Store, Transport};

//! The sans-IO core of devicegrant: it decides everything and performs nothing.
//!
//! A host supplies HTTP, time, storage and the prompt, and decides nothing: it calls
//! [`Flow::step`] in a loop and does what each [`Step`] says. There is no clock, no randomness,
//! no socket, file, environment, logger or FFI in here, so every conversation can be replayed.
#![warn(missing_docs)]

mod account;
mod address;
mod challenge;
mod device;
mod discover;
pub mod disk;
mod entropy;
mod error;
mod event;
mod flow;
mod grant;
pub mod home;
mod json;
mod login;
mod options;
mod paste;
mod pkce;
mod prompt;
mod provider;
pub mod redis;
mod register;
mod seal;
mod secret;
mod session;
mod step_up;
mod text;
mod tokens;
mod wire;

pub use account::Expected;
pub use address::may_carry_token;
pub use challenge::Challenge;
pub use device::{DeviceGrant, Pending, SignIn};
pub use discover::Discover;
pub use error::{Class, Code, Error, ServerError};
pub use event::Event;
pub use flow::{
    Flow, HeaderValue, Input, Lease, Lock, LoginId, Method, Now, Reason, Request, Response, Rest,
    Revision, Save, Step, TlsProblem,
};
pub use grant::{Client, ClientAuth, CodeFlow, Endpoints, Grant, Place};
pub use login::{
    Ended, Find, Finish, Finished, Found, GiveUp, Header, Keep, Kept, Kind, Login, Record, Sealed,
    Survey, Value,
};
pub use options::Options;
pub use paste::Paste;
pub use prompt::{PastePrompt, Prompt, Qr};
pub use provider::{Argument, Provider, builtin as builtin_provider, names as provider_names};
pub use register::{Register, Registered};
pub use seal::Key;
pub use secret::{Secret, SecretBytes};
pub use session::{
    Cached, Guard, Health, HealthState, Need, Renewal, Renewed, Revoke, Revoked, Session,
};
pub use step_up::{Widen, Wider};
pub use text::clean;
pub use tokens::Tokens;
pub use wire::dialect::{BodyFormat, Dialect};

//! What happened at the server, for whoever watches. No secret is in it: the
//! user code is meant for eyes, the device code and the tokens never appear.

use std::fmt;

use serde::Serialize;

use super::fault::{On, Trouble};

/// One thing that happened. As JSON, the name stands in `event`; as text, one
/// line for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The server's metadata was read.
    Discovered,
    /// A client registered itself.
    Registered {
        /// The id it was given.
        client_id: String,
        /// What it calls itself.
        client_name: String,
    },
    /// A device asked for a code.
    DeviceRequested {
        /// Which client.
        client_id: String,
        /// The scopes asked for, separated by spaces.
        scope: String,
        /// The code that the person is to enter.
        user_code: String,
        /// Seconds it is said to live.
        expires_in: u64,
        /// Seconds to wait between polls.
        interval: u64,
        /// Whether the request carried a PKCE challenge.
        pkce: bool,
    },
    /// A device asked whether the person has decided.
    Polled {
        /// The poll's number for this code, from 1.
        number: u32,
        /// The `error` it was answered with, or `approved`.
        answer: String,
        /// Seconds it must now wait between polls.
        interval: u64,
    },
    /// Somebody opened the approval page.
    PageOpened {
        /// Whether the address brought the code along.
        prefilled: bool,
    },
    /// Somebody entered a code.
    CodeEntered {
        /// Whether it is one that waits for a decision.
        found: bool,
    },
    /// A code was approved.
    Approved {
        /// Whose decision it was.
        by: By,
        /// The code.
        user_code: String,
    },
    /// A code was denied.
    Denied {
        /// Whose decision it was.
        by: By,
        /// The code.
        user_code: String,
    },
    /// Tokens were given for a device code.
    TokensIssued {
        /// The scopes granted.
        scope: String,
        /// Seconds the access token lives.
        expires_in: u64,
        /// Whether a refresh token came with it.
        refreshable: bool,
    },
    /// An access token was renewed.
    Refreshed {
        /// Whether the refresh token was replaced.
        rotated: bool,
    },
    /// A refresh was refused.
    RefreshRefused,
    /// A spent device code or refresh token came back, so its login was ended.
    ReuseDetected,
    /// A token was revoked, or was not known in the first place.
    Revoked {
        /// Whether it was known.
        known: bool,
    },
    /// Somebody asked about a token.
    Introspected {
        /// Whether it is alive.
        active: bool,
    },
    /// The protected resource was called.
    ApiCalled {
        /// Whether the token let the caller in.
        accepted: bool,
    },
    /// The script struck.
    Faulted {
        /// At which kind of request.
        on: On,
        /// At which of them.
        number: u32,
        /// With what.
        with: Trouble,
    },
}

/// Whose decision it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person on the approval page.
    Person,
    /// The script.
    Script,
    /// A test, by [`super::Server::approve`] or `/demo/approve`.
    Control,
}

impl Event {
    pub(super) fn decided(by: By, user_code: String, approve: bool) -> Self {
        if approve {
            Self::Approved { by, user_code }
        } else {
            Self::Denied { by, user_code }
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discovered => write!(f, "the client read the server's metadata"),
            Self::Registered {
                client_name,
                client_id,
            } => {
                write!(
                    f,
                    "a client registered as {client_name:?}, and is now {client_id}"
                )
            }
            Self::DeviceRequested {
                client_id,
                user_code,
                expires_in,
                ..
            } => {
                write!(
                    f,
                    "{client_id} asked for a code, and got {user_code} for {expires_in} s"
                )
            }
            Self::Polled {
                number,
                answer,
                interval,
            } => {
                write!(
                    f,
                    "poll {number}: {answer} (at most one every {interval} s)"
                )
            }
            Self::PageOpened { prefilled: true } => {
                write!(f, "somebody opened the approval page, the code filled in")
            }
            Self::PageOpened { prefilled: false } => write!(f, "somebody opened the approval page"),
            Self::CodeEntered { found: true } => write!(f, "the code was entered"),
            Self::CodeEntered { found: false } => write!(f, "a wrong code was entered"),
            Self::Approved { user_code, by } => write!(f, "{user_code} was approved by {by}"),
            Self::Denied { user_code, by } => write!(f, "{user_code} was denied by {by}"),
            Self::TokensIssued {
                expires_in,
                refreshable,
                ..
            } => {
                let kind = if *refreshable {
                    "renewable"
                } else {
                    "not renewable"
                };
                write!(f, "tokens were given, good for {expires_in} s, {kind}")
            }
            Self::Refreshed { rotated: true } => {
                write!(
                    f,
                    "the access token was renewed, the refresh token replaced"
                )
            }
            Self::Refreshed { rotated: false } => write!(f, "the access token was renewed"),
            Self::RefreshRefused => write!(f, "a refresh was refused"),
            Self::ReuseDetected => write!(f, "a spent credential came back: the login was ended"),
            Self::Revoked { known: true } => write!(f, "a token was revoked"),
            Self::Revoked { known: false } => write!(f, "an unknown token was to be revoked"),
            Self::Introspected { active } => {
                write!(
                    f,
                    "a token was looked at: {}",
                    if *active { "active" } else { "inactive" }
                )
            }
            Self::ApiCalled { accepted: true } => write!(f, "the API was called, and answered"),
            Self::ApiCalled { accepted: false } => write!(f, "the API was called without a right"),
            Self::Faulted { on, number, with } => {
                write!(f, "as scripted, {on:?} {number} met {with:?}")
            }
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "a person",
            Self::Script => "the script",
            Self::Control => "a test",
        })
    }
}

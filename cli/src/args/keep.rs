//! The arguments of what is done with a login that is kept.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use devicegrant::{Code, Error, Need, Secret};

use super::{Which, span};

/// What is needed of a token.
#[derive(Debug, Args)]
pub(crate) struct NeedArgs {
    /// The least time that the token should live: seconds, or such as 5m; above half of its
    /// lifetime it counts as half
    #[arg(long, value_name = "TIME", value_parser = span)]
    min_ttl: Option<Duration>,
    /// The environment variable that holds a token that was just refused: another is given
    #[arg(long, value_name = "VAR")]
    reject_env: Option<String>,
}

impl NeedArgs {
    /// Errors: `bad_option` for a variable that holds nothing.
    pub(crate) fn need(&self) -> Result<Need, Error> {
        let mut need = Need {
            reject: self.reject_env.as_deref().map(refused).transpose()?,
            ..Need::default()
        };
        if let Some(least) = self.min_ttl {
            need.min_ttl_ms = u64::try_from(least.as_millis()).unwrap_or(u64::MAX);
        }
        Ok(need)
    }
}

fn refused(variable: &str) -> Result<Secret, Error> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => {
            let message = format!("the environment variable {variable} holds no token");
            Err(Error::new(Code::BadOption, message))
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) need: NeedArgs,
    /// As JSON, with what is known of it
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Headers {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) need: NeedArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) need: NeedArgs,
    /// The environment variable that gets the token
    #[arg(long, value_name = "VAR", value_parser = variable)]
    pub(crate) env: String,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

fn variable(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('=') {
        return Err("write a variable's name".to_owned());
    }
    Ok(text.to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) which: Which,
    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Every login that is kept
    #[arg(long, conflicts_with = "Which")]
    pub(crate) all: bool,
    /// Also what is not due, and what failed a moment ago
    #[arg(long)]
    pub(crate) force: bool,
    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Logout {
    #[command(flatten)]
    pub(crate) which: Which,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Only print a fresh key for `DEVICEGRANT_KEY`; it is kept nowhere
    #[arg(long, conflicts_with = "Which")]
    pub(crate) new_key: bool,
    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

//! What can be written behind `devicegrant`. Scripts rely on every name in here.

mod keep;
mod place;
mod sign_in;
mod which;

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

pub(crate) use keep::{Doctor, Exec, Headers, Logout, Renew, Status, Token};
pub(crate) use place::{Place, StoreName};
#[cfg(feature = "mcp")]
pub(crate) use sign_in::Mcp;
pub(crate) use sign_in::{Demo, Login, Look};
pub(crate) use which::Which;

/// Sign-in for programs that have no browser: approve on a phone, keep the token here.
#[derive(Debug, Parser)]
#[command(name = "devicegrant", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Log requests, secrets redacted; twice: their parameters' names too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in: shows an address and a code, waits for the approval, keeps the tokens
    Login(Box<Login>),
    /// Print the access token of a login, renewed where that is due
    Token(Token),
    /// Print the header that a request needs, as JSON
    Headers(Headers),
    /// Run a command with the access token in an environment variable
    Exec(Exec),
    /// Be a remote MCP server on stdio: adds the token, renews it, asks through the client
    #[cfg(feature = "mcp")]
    Mcp(Box<Mcp>),
    /// Say how the logins are doing, and how they are kept; no server is asked
    Status(Status),
    /// Renew logins that are due, for a timer
    Renew(Renew),
    /// Sign out: revoke the tokens at the server and remove them here
    Logout(Logout),
    /// Check clock, home, key, store and servers, and say what to do
    Doctor(Doctor),
    /// Say what an error's code means and what to do about it
    Explain(Explain),
    /// List the providers that have a name
    Providers(Providers),
    /// Sign in against a small server inside this program, and watch each step
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code; without one, all of them
    pub(crate) code: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Providers {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A time, which may be none at all.
fn span(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    seconds
        .or_else(|| humantime::parse_duration(text).ok())
        .ok_or_else(|| "write it as seconds, or as in 90s, 5m, 1h".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    match span(text)? {
        Duration::ZERO => Err("write it as seconds, or as in 90s, 5m, 1h".to_owned()),
        time => Ok(time),
    }
}

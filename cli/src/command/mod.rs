//! One module for each command.

mod demo;
mod doctor;
mod exec;
mod explain;
mod headers;
mod login;
mod logout;
mod providers;
mod renew;
mod status;
mod token;

use crate::args::{Arguments, Command};
use crate::output::{self, Failure};

/// Runs the command and returns the exit code.
pub(crate) async fn run(arguments: Arguments) -> u8 {
    let place = arguments.place;
    let logs = arguments.verbose > 0;
    let (outcome, json) = match arguments.command {
        Command::Login(given) => (login::run(&given, &place, logs).await, given.look.json),
        Command::Token(given) => (token::run(&given, &place).await, given.json),
        Command::Headers(given) => (headers::run(&given, &place).await, false),
        Command::Exec(given) => (exec::run(&given, &place).await, false),
        #[cfg(feature = "mcp")]
        Command::Mcp(given) => (crate::mcp::run(&given, &place).await, false),
        Command::Status(given) => (status::run(&given, &place).await, given.json),
        Command::Renew(given) => (renew::run(&given, &place).await, given.json),
        Command::Logout(given) => (logout::run(&given, &place).await, given.json),
        Command::Doctor(given) => (doctor::run(&given, &place).await, given.json),
        Command::Explain(given) => (Ok(explain::run(&given)), given.json),
        Command::Providers(given) => (done(providers::run(&given, place.home)), given.json),
        Command::Demo(given) => (done(demo::run(&given, logs).await), given.look.json),
    };
    outcome.unwrap_or_else(|failure| output::fail(&failure, json))
}

fn done(outcome: Result<(), devicegrant::Error>) -> Result<u8, Failure> {
    outcome.map(|()| 0).map_err(Failure::from)
}

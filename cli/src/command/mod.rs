//! One module for each command.

mod demo;
mod explain;
mod login;
mod providers;
mod token;

use crate::args::{Arguments, Command};
use crate::output;

/// Runs the command and returns the exit code.
pub(crate) async fn run(arguments: Arguments) -> u8 {
    let home = arguments.home;
    let logs = arguments.verbose > 0;
    match arguments.command {
        Command::Login(given) => login::run(&given, home, logs).await,
        Command::Token(given) => match token::run(&given, home).await {
            Ok(()) => 0,
            Err(error) => output::fail(&error, None, false),
        },
        Command::Explain(given) => explain::run(&given),
        Command::Providers(given) => match providers::run(&given, home) {
            Ok(()) => 0,
            Err(error) => output::fail(&error, None, given.json),
        },
        Command::Demo(given) => match demo::run(&given, logs).await {
            Ok(()) => 0,
            Err(error) => output::fail(&error, None, given.look.json),
        },
    }
}

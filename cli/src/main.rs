//! The operator's command. A thin face of the `devicegrant` crate: it reads arguments, shows
//! prompts, and turns errors into words, JSON and exit codes.

mod args;
mod client;
mod command;
mod dumps;
mod log;
#[cfg(feature = "mcp")]
mod mcp;
mod output;
mod show;
mod stop;
mod store;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    dumps::none();
    let arguments = args::Arguments::parse();
    log::start(arguments.verbose);
    let code = Box::pin(command::run(arguments)).await;
    ExitCode::from(code)
}

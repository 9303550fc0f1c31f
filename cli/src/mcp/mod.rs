//! `devicegrant mcp`: a remote MCP server for a client that only starts programs, with the token.
//!
//! It runs as the person's own process and is started by their own client, so it may ask them to
//! sign in through that client (docs/MCP.md).
//!
//! ```text
//!  client ─ stdio ─ bridge ─ back: rmcp's streamable HTTP ─ wire: the token ─► server
//!             ▲        │
//!             └─ line ─┴─ ask ─ desk: one sign-in, one background poll
//! ```

mod alone;
mod ask;
mod back;
mod bridge;
mod config;
mod desk;
mod era;
mod line;
mod listen;
mod rounds;
mod trouble;
mod wire;

use std::sync::Arc;

use devicegrant::{Code, Error, Http};
use rmcp::RoleServer;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::stdio_pipes;

use crate::args::{self, Place};
use crate::client::{builder, roots, settle};
use crate::log::Events;
use crate::output::Failure;
use crate::stop::signal;

/// Runs until the client closes stdin, or a signal comes.
pub(crate) async fn run(given: &args::Mcp, place: &Place) -> Result<u8, Failure> {
    let options = given.ask.options()?;
    let url = options.target.as_ref().or(options.server.as_ref());
    let is_address = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    let url = url.filter(is_address).cloned().ok_or_else(|| {
        let message = "there is no address of an MCP server: devicegrant mcp https://HOST/PATH";
        Error::new(Code::BadOption, message)
    })?;
    let http = Http::new(&roots(place)?)?.client_for(&url)?;
    if given.print_config {
        config::print(&url)?;
        return Ok(0);
    }
    let card = desk::Card::new();
    let mut client = builder(options, place).await?;
    if given.ask.unattended {
        client = client.unattended();
    }
    let client = client.prompter(Arc::clone(&card) as _);
    let client = client.observer(Arc::new(Events)).build()?;
    let desk = desk::Desk::new(client.clone(), &card);
    let wire = wire::Wire::new(http, client.clone());
    let (reads, writes) = stdio_pipes();
    let front = AsyncRwTransport::<RoleServer, _, _>::new_server(reads, writes);
    let bridge = bridge::Bridge::new(wire, url.into(), desk.clone());
    tokio::select! {
        () = bridge.run(front) => {}
        () = signal() => {}
    }
    desk.close();
    settle(&client).await;
    Ok(0)
}

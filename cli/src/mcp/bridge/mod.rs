//! Messages on their way between the client on stdio and the remote server. They pass as they are,
//! in either era of the protocol; what stands here is what happens when the server cannot answer.

mod client;
mod failed;
mod link;
mod server;

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::{ClientCapabilities, ClientRequest, RequestId, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::ask::Verdict;
use super::back::{Back, Opened, Opening};
use super::desk::{Desk, Stage};
use super::line::Line;
use super::listen::Listeners;
use super::rounds::Rounds;
use super::wire::{Trouble, Wire};

/// A request of the client that has no answer yet.
#[derive(Clone)]
struct Flight {
    id: RequestId,
    request: ClientRequest,
    /// It was sent again already; and a person has signed in for it.
    again: bool,
    signed_in: bool,
    /// How many sign-ins were done when it was sent.
    done: u64,
}

enum Link {
    Down,
    Opening,
    Up(Box<Back>),
}

enum Done {
    Opened(Result<Opened, Trouble>),
    /// The client's own opening was answered, or that is left to us.
    Unsent(RequestId, Trouble),
    Asked(Box<Flight>, Box<Verdict>),
    Nothing,
}

/// What the client was told, and how it spoke.
pub(super) struct Bridge {
    wire: Wire,
    url: Arc<str>,
    desk: Desk,
    line: Line,
    rounds: Rounds,
    said: mpsc::UnboundedReceiver<ServerJsonRpcMessage>,
    link: Link,
    opening: Option<Opening>,
    capabilities: ClientCapabilities,
    /// The client's own opening, where it waits for its answer.
    first: Option<RequestId>,
    /// The opening was answered by us; and so was a listing, since the link was last up.
    alone: bool,
    listed: bool,
    /// The server is of the older era, the client of the newer.
    older: bool,
    listeners: Listeners,
    queue: Vec<Flight>,
    flights: HashMap<RequestId, Flight>,
    asking: HashMap<RequestId, AbortHandle>,
    challenge: Option<String>,
    tasks: JoinSet<Done>,
}

impl Bridge {
    pub(super) fn new(wire: Wire, url: Arc<str>, desk: Desk) -> Self {
        let (line, said) = Line::new();
        Self {
            wire,
            url,
            desk,
            line,
            rounds: Rounds::default(),
            said,
            link: Link::Down,
            opening: None,
            capabilities: ClientCapabilities::default(),
            first: None,
            alone: false,
            listed: false,
            older: false,
            listeners: Listeners::default(),
            queue: Vec::new(),
            flights: HashMap::new(),
            asking: HashMap::new(),
            challenge: None,
            tasks: JoinSet::new(),
        }
    }

    /// Runs until the client closes its side.
    pub(super) async fn run(mut self, mut front: impl Transport<RoleServer>) {
        let mut stages = self.desk.watch();
        loop {
            let back = async {
                match &mut self.link {
                    Link::Up(back) => back.receive().await,
                    Link::Down | Link::Opening => std::future::pending().await,
                }
            };
            tokio::select! {
                message = front.receive() => match message {
                    Some(message) => self.of_client(message),
                    None => break,
                },
                message = back => match message {
                    Some(message) => {
                        if let Some(message) = self.of_server(message)
                            && front.send(message).await.is_err() {
                                break;
                            }
                    }
                    None => self.lost(),
                },
                Some(message) = self.said.recv() => if front.send(message).await.is_err() {
                    break;
                },
                Some(done) = self.tasks.join_next() => if let Ok(done) = done {
                    self.done(done);
                },
                Ok(()) = stages.changed() => {
                    let signed_in = matches!(*stages.borrow_and_update(), Stage::SignedIn);
                    if signed_in {
                        self.signed_in();
                    }
                }
            }
        }
        self.tasks.abort_all();
        if let Link::Up(mut back) = self.link {
            // The session is ended at the server, if it answers soon.
            let close = back.close();
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), close).await;
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Opened(opened) => self.opened(opened),
            Done::Unsent(id, why) => {
                if let Some(flight) = self.flights.remove(&id) {
                    self.failed(flight, &why);
                }
            }
            Done::Asked(flight, verdict) => {
                self.asking.remove(&flight.id);
                match *verdict {
                    Verdict::Answer(answer) => self.answer(flight.id, answer),
                    Verdict::Send(request) => self.send(Flight {
                        request,
                        signed_in: true,
                        ..*flight
                    }),
                }
            }
            Done::Nothing => {}
        }
    }
}

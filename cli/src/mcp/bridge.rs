//! Messages on their way between the client on stdio and the remote server. They pass as they are,
//! in either era of the protocol; what stands here is what happens when the server cannot answer.

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::{
    ClientCapabilities, ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode,
    ErrorData, GetMeta, JsonRpcMessage, ProgressToken, RequestId,
    ServerJsonRpcMessage, ServerResult,
};
use rmcp::transport::Transport;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::alone;
use super::ask::{self, Asking, Verdict, Way};
use super::back::{Back, Opened, Opening, initialized};
use super::desk::{Desk, Stage};
use super::line::Line;
use super::listen::Listeners;
use super::trouble::{self, Kind};
use super::wire::{Trouble, Wire};

/// A request of the client that has no answer yet.
#[derive(Clone)]
struct Flight {
    id: RequestId,
    request: ClientRequest,
    /// It was sent again already; and a person has signed in for it.
    again: bool,
    signed_in: bool,
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
    Asked(Box<Flight>, Verdict),
    Nothing,
}

/// What the client was told, and how it spoke.
pub(super) struct Bridge {
    wire: Wire,
    url: Arc<str>,
    desk: Desk,
    line: Line,
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
                    Some(message) => self.from_client(message),
                    None => break,
                },
                message = back => match message {
                    Some(message) => {
                        if let Some(message) = self.from_server(message)
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

    fn from_client(&mut self, message: ClientJsonRpcMessage) {
        match message {
            JsonRpcMessage::Request(request) => {
                let flight = Flight {
                    id: request.id,
                    request: request.request,
                    again: false,
                    signed_in: false,
                };
                self.asked(flight);
            }
            JsonRpcMessage::Response(response) => {
                if let Some(Ok(result)) = self.line.replied(&response.id, Ok(response.result)) {
                    self.pass(ClientJsonRpcMessage::response(result, response.id));
                }
            }
            JsonRpcMessage::Error(error) => {
                let Some(id) = error.id else { return };
                if let Some(Err(error)) = self.line.replied(&id, Err(error.error)) {
                    self.pass(ClientJsonRpcMessage::error(error, Some(id)));
                }
            }
            JsonRpcMessage::Notification(notification) => {
                match &notification.notification {
                    // The handshake with the server is ours, and may be made again.
                    ClientNotification::InitializedNotification(_) => return,
                    ClientNotification::CancelledNotification(cancelled) => {
                        if let Some(id) = &cancelled.params.request_id {
                            self.cancelled(id);
                        }
                    }
                    _ => {}
                }
                self.pass(JsonRpcMessage::Notification(notification));
            }
        }
    }

    fn asked(&mut self, flight: Flight) {
        let meta = flight.request.get_meta();
        if let Some(capabilities) = meta.client_capabilities() {
            self.capabilities = capabilities;
        }
        let opening = match &flight.request {
            ClientRequest::InitializeRequest(request) => {
                self.capabilities = request.params.capabilities.clone();
                Some(Opening::Initialize(request.params.clone()))
            }
            ClientRequest::DiscoverRequest(_) => Some(Opening::Discover(meta.clone())),
            _ => None,
        };
        if let Some(opening) = opening {
            self.link = Link::Down;
            self.opening = Some(opening);
            self.first = Some(flight.id);
            return self.open();
        }
        if self.opening.is_none() {
            self.opening = Some(Opening::Discover(meta.clone()));
        }
        if ask::answers(&flight.request) || (self.alone && alone::is_sign_in(&flight.request)) {
            return self.ask(flight);
        }
        self.send(flight);
    }

    fn open(&mut self) {
        let Some(opening) = self.opening.clone() else {
            return;
        };
        self.link = Link::Opening;
        let (wire, url, first) = (self.wire.clone(), Arc::clone(&self.url), self.first.clone());
        let falls_back = first.is_none();
        self.tasks
            .spawn(async move { Done::Opened(opening.open(wire, url, first, falls_back).await) });
    }

    fn send(&mut self, flight: Flight) {
        match &mut self.link {
            Link::Up(back) => {
                if self.older && self.listeners.take(&flight.id, &flight.request, &self.line) {
                    return;
                }
                let mut request = flight.request.clone();
                if self.older {
                    trouble::for_the_older_era(&mut request);
                }
                let id = flight.id.clone();
                self.flights.insert(id.clone(), flight);
                let sent = back.send(ClientJsonRpcMessage::request(request, id.clone()));
                self.tasks.spawn(async move {
                    sent.await.err().map_or(Done::Nothing, |why| Done::Unsent(id, why))
                });
            }
            Link::Opening => self.queue.push(flight),
            Link::Down => {
                self.queue.push(flight);
                self.open();
            }
        }
    }

    /// Hands on what needs no answer; without a link there is nobody to whom it means anything.
    fn pass(&mut self, message: ClientJsonRpcMessage) {
        if let Link::Up(back) = &mut self.link {
            let sent = back.send(message);
            self.tasks.spawn(async move {
                // What it was about ends by its own answer.
                let _ = sent.await;
                Done::Nothing
            });
        }
    }

    fn cancelled(&mut self, id: &RequestId) {
        if let Some(task) = self.asking.remove(id) {
            task.abort();
        }
        self.listeners.remove(id);
        self.queue.retain(|flight| &flight.id != id);
        self.flights.remove(id);
    }

    /// What of it goes on to the client.
    fn from_server(&mut self, message: ServerJsonRpcMessage) -> Option<ServerJsonRpcMessage> {
        match message {
            JsonRpcMessage::Response(mut response) => {
                // An answer to what was cancelled, or answered already, is nobody's.
                self.flights.remove(&response.id)?;
                if self.older {
                    response.result.fill_missing_cache_hints();
                }
                Some(JsonRpcMessage::Response(response))
            }
            JsonRpcMessage::Error(error) => {
                let Some(id) = error.id.clone() else {
                    return Some(JsonRpcMessage::Error(error));
                };
                let flight = self.flights.remove(&id)?;
                let unknown = error.error.code == ErrorCode::METHOD_NOT_FOUND;
                if self.alone
                    && unknown
                    && let Some(nothing) = alone::nothing(&flight.request)
                {
                    self.answer(id, Ok(nothing));
                    return None;
                }
                if trouble::was_cut_off(&error.error) {
                    self.failed(flight, &Trouble::UnexpectedEndOfStream);
                    return None;
                }
                Some(JsonRpcMessage::Error(error))
            }
            JsonRpcMessage::Request(request) if self.older => {
                let no = ErrorData::invalid_request("the client takes no requests", None);
                self.pass(ClientJsonRpcMessage::error(no, Some(request.id)));
                None
            }
            JsonRpcMessage::Notification(notification) if self.older => {
                self.listeners.deliver(notification.notification, &self.line)
            }
            other => Some(other),
        }
    }

    fn lost(&mut self) {
        self.link = Link::Down;
        let flights: Vec<Flight> = self.flights.drain().map(|(_, flight)| flight).collect();
        for flight in flights {
            self.failed(flight, &Trouble::TransportChannelClosed);
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
                match verdict {
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

    fn opened(&mut self, opened: Result<Opened, Trouble>) {
        // The client has opened anew meanwhile.
        if !matches!(self.link, Link::Opening) {
            return;
        }
        self.link = Link::Down;
        let queue = std::mem::take(&mut self.queue);
        match opened {
            Ok(Opened::Open(mut back, answer, older)) => {
                let handshake = older || !self.opening.as_ref().is_some_and(Opening::is_newer);
                if handshake {
                    let sent = back.send(initialized());
                    // Before anything else: the transport sends in this order.
                    self.tasks.spawn(async move {
                        let _ = sent.await;
                        Done::Nothing
                    });
                }
                self.older = older;
                self.link = Link::Up(back);
                if self.first.take().is_some() {
                    self.alone = false;
                    self.line.say(*answer);
                }
                for flight in queue {
                    self.send(flight);
                }
                self.changed();
            }
            Ok(Opened::Refused(answer)) => {
                if self.first.take().is_some() {
                    // A client that may speak the older era opens again.
                    self.opening = None;
                    return self.line.say(*answer);
                }
                let JsonRpcMessage::Error(error) = *answer else {
                    return;
                };
                for flight in queue {
                    self.answer(flight.id, Err(error.error.clone()));
                }
            }
            Err(why) => {
                if let (Some(first), Some(opening)) = (self.first.take(), &self.opening) {
                    tracing::debug!("the opening is answered here: {why}");
                    self.alone = true;
                    let told = alone::opening(opening, &self.url);
                    self.line.answer(first, Ok(told));
                }
                for flight in queue {
                    self.failed(flight, &why);
                }
            }
        }
    }

    /// Tells the client that there are other lists now than the ones that were told here.
    fn changed(&mut self) {
        if !std::mem::take(&mut self.listed) {
            return;
        }
        let newer = self.opening.as_ref().is_some_and(Opening::is_newer);
        self.listeners.lists_changed(newer, &self.line);
        for (id, request) in self.listeners.held(self.older) {
            self.send(Flight {
                id,
                request,
                again: false,
                signed_in: false,
            });
        }
    }

    fn signed_in(&mut self) {
        self.challenge = None;
        match self.link {
            Link::Up(_) => self.changed(),
            Link::Down => self.open(),
            Link::Opening => {}
        }
    }

    fn failed(&mut self, mut flight: Flight, why: &Trouble) {
        match trouble::kind(why) {
            Kind::SignIn(challenge) if !flight.signed_in => {
                self.challenge = challenge;
                self.needs_a_person(flight);
            }
            Kind::Lost if !flight.again && trouble::is_safe(&flight.request) => {
                flight.again = true;
                self.send(flight);
            }
            _ => self.answer(flight.id, Err(trouble::told(why, &self.url))),
        }
    }

    fn needs_a_person(&mut self, flight: Flight) {
        if let Some(answer) = alone::answer(&flight.request, &self.url) {
            self.listed = true;
            return self.answer(flight.id, Ok(answer));
        }
        self.listed |= self.listeners.hold(&flight.id, &flight.request, &self.line);
        if self.listeners.has(&flight.id) {
            return;
        }
        self.ask(flight);
    }

    fn ask(&mut self, flight: Flight) {
        let newer = self.opening.as_ref().is_some_and(Opening::is_newer);
        let url = self.capabilities.elicitation.as_ref().is_some_and(|how| how.url.is_some());
        let progress: Option<ProgressToken> = flight.request.get_meta().get_progress_token();
        let asking = Asking {
            desk: self.desk.clone(),
            line: self.line.clone(),
            way: match (url, newer) {
                (true, true) => Way::InputRequired,
                (true, false) => Way::Question,
                (false, _) => Way::Words,
            },
            challenge: self.challenge.clone(),
            progress,
            server: self.url.to_string(),
        };
        let (id, request) = (flight.id.clone(), flight.request.clone());
        let task = self.tasks.spawn(async move {
            Done::Asked(Box::new(flight), asking.run(request).await)
        });
        self.asking.insert(id, task);
    }

    /// Answers a request here, in the form of the client's era.
    fn answer(&self, id: RequestId, mut answer: Result<ServerResult, ErrorData>) {
        if let Ok(result) = &mut answer {
            if self.opening.as_ref().is_some_and(Opening::is_newer) {
                result.fill_missing_cache_hints();
            } else {
                result.strip_result_type_for_legacy_peer();
            }
        }
        self.line.answer(id, answer);
    }
}

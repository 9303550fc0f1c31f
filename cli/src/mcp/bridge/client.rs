//! What the client says, and how it goes on.

use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta, JsonRpcMessage, RequestId,
};
use rmcp::transport::Transport;

use super::{Bridge, Done, Flight, Link, Opening};
use crate::mcp::{alone, era};

impl Bridge {
    pub(super) fn of_client(&mut self, message: ClientJsonRpcMessage) {
        match message {
            JsonRpcMessage::Request(request) => {
                let flight = Flight {
                    id: request.id,
                    request: request.request,
                    again: false,
                    signed_in: false,
                    done: self.desk.done(),
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

    pub(super) fn asked(&mut self, flight: Flight) {
        let meta = flight.request.get_meta();
        if let Some(capabilities) = meta.client_capabilities() {
            self.capabilities = capabilities;
        }
        let opening = match &flight.request {
            ClientRequest::InitializeRequest(request) => {
                self.capabilities = request.params.capabilities.clone();
                Some(Opening::Initialize(Box::new(request.params.clone())))
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
        if self.rounds.answers(&flight.request) || alone::is_sign_in(&flight.request) {
            return self.ask(flight);
        }
        self.send(flight);
    }

    pub(super) fn send(&mut self, mut flight: Flight) {
        flight.done = self.desk.done();
        match &mut self.link {
            Link::Up(back) => {
                if self.older && self.listeners.take(&flight.id, &flight.request, &self.line) {
                    return;
                }
                let mut request = flight.request.clone();
                if self.older {
                    era::for_the_server(&mut request);
                }
                let id = flight.id.clone();
                self.flights.insert(id.clone(), flight);
                let sent = back.send(ClientJsonRpcMessage::request(request, id.clone()));
                self.tasks.spawn(async move {
                    sent.await
                        .err()
                        .map_or(Done::Nothing, |why| Done::Unsent(id, why))
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
    pub(super) fn pass(&mut self, message: ClientJsonRpcMessage) {
        if let Link::Up(back) = &mut self.link {
            let sent = back.send(message);
            self.tasks.spawn(async move {
                // What it was about ends by its own answer.
                let _ = sent.await;
                Done::Nothing
            });
        }
    }

    pub(super) fn cancelled(&mut self, id: &RequestId) {
        if let Some(task) = self.asking.remove(id) {
            task.abort();
        }
        self.listeners.remove(id);
        self.queue.retain(|flight| &flight.id != id);
        self.flights.remove(id);
    }
}

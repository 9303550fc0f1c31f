//! What the server says, and what of it goes on to the client.

use rmcp::model::{
    ClientJsonRpcMessage, ErrorCode, ErrorData, JsonRpcMessage, ServerJsonRpcMessage,
};

use super::{Bridge, Flight, Link, Trouble};
use crate::mcp::{alone, era, trouble};

impl Bridge {
    /// What of it goes on to the client.
    pub(super) fn of_server(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> Option<ServerJsonRpcMessage> {
        match message {
            JsonRpcMessage::Response(mut response) => {
                // An answer to what was cancelled, or answered already, is nobody's.
                self.flights.remove(&response.id)?;
                if self.older {
                    era::for_the_client(&mut response.result);
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
            JsonRpcMessage::Notification(notification) if self.older => self
                .listeners
                .deliver(notification.notification, &self.line),
            JsonRpcMessage::Notification(notification)
                if self.listeners.is_promised(&notification.notification) =>
            {
                None
            }
            other => Some(other),
        }
    }

    pub(super) fn lost(&mut self) {
        self.link = Link::Down;
        let flights: Vec<Flight> = self.flights.drain().map(|(_, flight)| flight).collect();
        for flight in flights {
            self.failed(flight, &Trouble::TransportChannelClosed);
        }
    }
}

//! The link to the server: opened for the client's own opening, again after a sign-in, and for
//! whatever is asked while it is down.

use std::sync::Arc;

use rmcp::model::JsonRpcMessage;

use super::{Bridge, Done, Flight, Link, Opened, Opening, Trouble};
use crate::mcp::alone;

impl Bridge {
    pub(super) fn open(&mut self) {
        let Some(opening) = self.opening.clone() else {
            return;
        };
        self.link = Link::Opening;
        let (wire, url, first) = (self.wire.clone(), Arc::clone(&self.url), self.first.clone());
        let falls_back = first.is_none();
        self.tasks
            .spawn(async move { Done::Opened(opening.open(wire, url, first, falls_back).await) });
    }

    pub(super) fn opened(&mut self, opened: Result<Opened, Trouble>) {
        // The client has opened anew meanwhile.
        if !matches!(self.link, Link::Opening) {
            return;
        }
        self.link = Link::Down;
        let queue = std::mem::take(&mut self.queue);
        match opened {
            Ok(Opened::Open(back, answer, older)) => {
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
                if let JsonRpcMessage::Error(error) = answer.as_ref() {
                    for flight in queue {
                        self.answer(flight.id, Err(error.error.clone()));
                    }
                }
                if self.first.take().is_some() {
                    // A client that may speak the older era opens again.
                    self.opening = None;
                    self.line.say(*answer);
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
                    self.not_sent(flight, &why);
                }
            }
        }
    }

    /// Tells the client that there are other lists now than the ones that were told here.
    pub(super) fn changed(&mut self) {
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
                done: self.desk.done(),
            });
        }
    }

    pub(super) fn signed_in(&mut self) {
        self.challenge = None;
        match self.link {
            Link::Up(_) => self.changed(),
            Link::Down => self.open(),
            Link::Opening => {}
        }
    }
}

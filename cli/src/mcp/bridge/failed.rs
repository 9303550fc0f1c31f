//! What happens to a request that the server did not answer.

use rmcp::model::{ErrorData, GetMeta, ProgressToken, RequestId, ServerResult};

use super::{Bridge, Done, Flight, Opening, Trouble};
use crate::mcp::ask::{Asking, Way};
use crate::mcp::trouble::{self, Kind};
use crate::mcp::{alone, era, rounds};

impl Bridge {
    pub(super) fn failed(&mut self, flight: Flight, why: &Trouble) {
        let safe = trouble::is_safe(&flight.request);
        let done = if trouble::is_lost(why) && !safe {
            "; whether it was carried out is not known"
        } else {
            ""
        };
        self.not_answered(flight, why, safe, done);
    }

    /// It waited for a connection, and there was none: nothing was carried out.
    pub(super) fn not_sent(&mut self, flight: Flight, why: &Trouble) {
        self.not_answered(flight, why, true, "; it was not sent");
    }

    fn not_answered(&mut self, mut flight: Flight, why: &Trouble, may_repeat: bool, done: &str) {
        match trouble::kind(why) {
            Kind::SignIn(challenge) if !flight.signed_in => {
                self.challenge = challenge;
                self.needs_a_person(flight);
            }
            Kind::Lost if !flight.again && may_repeat => {
                flight.again = true;
                self.send(flight);
            }
            _ => self.answer(flight.id, Err(trouble::told(why, &self.url, done))),
        }
    }

    pub(super) fn needs_a_person(&mut self, flight: Flight) {
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

    pub(super) fn ask(&mut self, flight: Flight) {
        let newer = self.opening.as_ref().is_some_and(Opening::is_newer);
        let url = self
            .capabilities
            .elicitation
            .as_ref()
            .is_some_and(|how| how.url.is_some());
        let progress: Option<ProgressToken> = flight.request.get_meta().get_progress_token();
        let asking = Asking {
            desk: self.desk.clone(),
            line: self.line.clone(),
            rounds: self.rounds.clone(),
            way: match (url, newer) {
                (true, true) if rounds::may_ask(&flight.request) => Way::InputRequired,
                (true, false) => Way::Question,
                _ => Way::Words,
            },
            challenge: self.challenge.clone(),
            progress,
            server: self.url.to_string(),
            done: self.desk.done() > flight.done,
        };
        let (id, request) = (flight.id.clone(), flight.request.clone());
        let task = self.tasks.spawn(async move {
            Done::Asked(Box::new(flight), Box::new(asking.run(request).await))
        });
        self.asking.insert(id, task);
    }

    /// Answers a request here, in the form of the client's era.
    pub(super) fn answer(&self, id: RequestId, mut answer: Result<ServerResult, ErrorData>) {
        if let Ok(result) = &mut answer {
            if self.opening.as_ref().is_some_and(Opening::is_newer) {
                era::for_the_client(result);
            } else {
                result.strip_result_type_for_legacy_peer();
            }
        }
        self.line.answer(id, answer);
    }
}

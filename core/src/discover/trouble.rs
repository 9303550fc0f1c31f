//! What does not answer as it should: asked again, passed over, or the end.

use super::metadata::Metadata;
use super::{Discover, Look, Next, State, What, plan};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::flow::{Now, Reason, Response, Step};
use crate::wire::failure;

impl Discover {
    /// What is wrong with metadata that is the issuer's own.
    pub(super) fn incomplete(&self, found: &Metadata) -> Error {
        if self.plan.device.is_some() || found.device_authorization.is_some() {
            let message = format!("the metadata of {} names no token endpoint", self.issuer);
            return Error::new(Code::MalformedMetadata, message);
        }
        plan::no_device_endpoint(&self.issuer)
    }

    /// The error for when everything was looked at.
    pub(super) fn nothing(&mut self) -> Error {
        if !self.lacking.is_empty() {
            let servers = std::mem::take(&mut self.lacking).join(", ");
            let trusts = self.plan.server.as_deref().unwrap_or_default();
            let message = format!(
                "no authorization server that {trusts} trusts advertises a device authorization endpoint: {servers}"
            );
            return Error::new(Code::NoDeviceEndpoint, message);
        }
        if let Some(error) = self.trouble.take() {
            return error;
        }
        let message = match (&self.resource, &self.plan.server) {
            (Some(resource), Some(server)) => format!(
                "no authorization server that {server} trusts publishes metadata: {}",
                resource.servers.join(", ")
            ),
            (None, Some(server)) if self.plan.issuer.is_some() => format!(
                "{server} publishes neither authorization server metadata nor protected resource metadata (RFC 9728)"
            ),
            (_, Some(server)) => {
                format!("{server} publishes no protected resource metadata (RFC 9728)")
            }
            (_, None) => format!("{} publishes no authorization server metadata", self.issuer),
        };
        Error::new(Code::NoMetadata, message)
    }

    pub(super) fn again(
        &mut self,
        look: Look,
        attempt: u8,
        now: Now,
        response: Option<&Response>,
        error: Error,
    ) -> Next {
        // One of several authorization servers that is dead is not waited for.
        if self.resource.is_some() && !self.issuers.is_empty() {
            return self.skip(error);
        }
        match failure::pause(attempt, response, now) {
            Some(pause) => {
                let until = now.steady_ms.saturating_add(pause);
                self.state = State::Pausing {
                    look,
                    attempt: attempt + 1,
                    until,
                };
                Ok(Step::Wait { until })
            }
            None if response.is_none() => self.dead(look.at, error),
            None => {
                self.trouble.get_or_insert(error);
                self.next()
            }
        }
    }

    /// A server that cannot be reached at one address cannot at another of the same host.
    fn dead(&mut self, at: What, error: Error) -> Next {
        match at {
            What::Issuer if self.resource.is_some() => self.skip(error),
            // The challenge may have named another host.
            What::Resource => {
                self.trouble.get_or_insert(error);
                self.next()
            }
            What::Issuer | What::Server => Err(error),
        }
    }

    fn skip(&mut self, error: Error) -> Next {
        self.left.clear();
        self.trouble.get_or_insert(error);
        self.next()
    }

    pub(super) fn unreachable(
        &mut self,
        look: Look,
        attempt: u8,
        now: Now,
        reason: Reason,
    ) -> Next {
        self.events.push(Event::Unreachable {
            reason: reason.as_str(),
        });
        let error = Error::new(reason.code(), format!("{} could not be reached", look.url));
        match reason {
            Reason::Tls(_) => self.dead(look.at, error),
            // A stream without an end, where no sign-in is needed; its metadata may be there.
            Reason::TimedOut | Reason::MaybeSent if look.at == What::Server => {
                self.trouble.get_or_insert(error);
                self.next()
            }
            _ => self.again(look, attempt, now, None, error),
        }
    }
}

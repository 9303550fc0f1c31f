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
        let device = self.plan.device.is_some() || found.device_authorization.is_some();
        let lacks = match &self.plan.redirect_uri {
            Some(uri) => found.code_flow(uri).err(),
            None if device => None,
            None => Some(plan::no_device_endpoint(
                &self.issuer,
                found.takes_a_paste(),
            )),
        };
        lacks.unwrap_or_else(|| {
            let message = format!("the metadata of {} names no token endpoint", self.issuer);
            Error::new(Code::MalformedMetadata, message)
        })
    }

    /// The error for when everything was looked at.
    pub(super) fn nothing(&mut self) -> Error {
        if let Some(error) = self.all_lack() {
            return error;
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

    /// The error that names the servers which are there and lack what a sign-in needs.
    fn all_lack(&mut self) -> Option<Error> {
        let lacking = std::mem::take(&mut self.lacking);
        let by_paste = self.plan.redirect_uri.is_some();
        if let ([_], Some(_), true) = (&*lacking, &self.trouble, by_paste) {
            // Of one alone it can be said what it lacks.
            return self.trouble.take();
        }
        if lacking.is_empty() {
            return None;
        }
        let trusts = self.plan.server.as_deref().unwrap_or_default();
        let (code, what) = if by_paste {
            let what = "an authorization endpoint that checks PKCE by S256";
            (Code::NoCodeFlow, what)
        } else {
            (Code::NoDeviceEndpoint, "a device authorization endpoint")
        };
        let servers = lacking.join(", ");
        let mut message =
            format!("no authorization server that {trusts} trusts advertises {what}: {servers}");
        if !by_paste && !self.taking_a_paste.is_empty() {
            message.push_str("; people can sign in by a pasted address (login --paste) at ");
            message.push_str(&self.taking_a_paste.join(", "));
        }
        Some(Error::new(code, message))
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

//! From a protected resource's own answer to its metadata, and to its authorization servers.

use super::{Discover, Look, REDIRECTS, What, resource};
use crate::address;
use crate::challenge::Challenge;
use crate::error::{Code, Error};
use crate::flow::Response;
use crate::grant::Grant;
use crate::text::quote;
use crate::wire::answer::Answer;

impl Discover {
    pub(super) fn read_resource(&mut self, answer: &Answer<'_>) -> Result<Option<Grant>, Error> {
        let server = self.plan.server.as_deref().unwrap_or_default();
        let mut found = resource::read(answer, server)?;
        if !self.challenged.is_empty() {
            found.scopes = std::mem::take(&mut self.challenged);
        }
        self.issuers.clone_from(&found.servers);
        self.issuers.reverse();
        self.left.clear();
        self.trouble = None;
        let resource = self.resource.insert(found);
        if self.plan.has_no_client() || self.plan.expects() {
            return Ok(None);
        }
        Ok(self.plan.grant(None, Some(resource)).map(|mut grant| {
            grant.endpoints.issuer = None;
            grant
        }))
    }

    /// What the challenge says about where the metadata is.
    pub(super) fn challenged(&mut self, challenge: Challenge) -> Result<(), Error> {
        self.challenged = challenge.scopes;
        if let Some(url) = challenge.resource_metadata {
            let server = self.plan.server.as_deref().unwrap_or_default();
            if !resource::may_ask(&url, server) {
                let message = format!(
                    "{server} says that its metadata is at {}, which is no https address elsewhere than on this machine",
                    quote(&url)
                );
                return Err(Error::new(Code::UnsafeEndpoint, message));
            }
            self.left.retain(|look| *look.url != *url);
            self.look_first(url.into(), What::Resource);
        }
        Ok(())
    }

    /// A redirect of the server's own address is followed within its origin.
    pub(super) fn redirected(&mut self, look: &Look, response: &Response) -> bool {
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) || self.redirects == REDIRECTS {
            return false;
        }
        let location = response.header("location").unwrap_or_default();
        let Some(url) = address::same_origin(&look.url, location) else {
            return false;
        };
        self.redirects += 1;
        self.look_first(url.into(), What::Server);
        true
    }
}

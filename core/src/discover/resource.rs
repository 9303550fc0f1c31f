//! Protected resource metadata (RFC 9728): which authorization servers a server trusts.

use std::sync::Arc;

use crate::address;
use crate::error::{Code, Error};
use crate::options::normal;
use crate::text::quote;
use crate::wire::answer::Answer;

/// No more authorization servers than this are looked at.
const MOST: usize = 5;

/// What is read of the metadata.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Resource {
    /// As the metadata has it: what is sent with every request (RFC 8707).
    pub(super) name: String,
    /// In the metadata's order; only addresses that may be asked.
    pub(super) servers: Vec<String>,
    pub(super) scopes: Vec<String>,
}

/// The well-known addresses of a server: with its path, then without (RFC 9728 §3.1).
pub(super) fn addresses(server: &str) -> Vec<Arc<str>> {
    let Ok((origin, path)) = address::origin_and_path(server) else {
        return Vec::new();
    };
    let root = format!("{origin}/.well-known/oauth-protected-resource");
    let path = path.trim_end_matches('/');
    let mut all = vec![Arc::from(root.as_str())];
    if !path.is_empty() {
        all.insert(0, Arc::from(format!("{root}{path}")));
    }
    all
}

/// Whether an address that a server names may be asked: https, and on this machine only where the
/// server itself is.
pub(super) fn may_ask(named: &str, server: &str) -> bool {
    let loopback = address::is_loopback(server);
    address::check(named, loopback).is_ok() && (loopback || !address::is_loopback(named))
}

/// Reads the metadata that was found for `server`.
pub(super) fn read(answer: &Answer<'_>, server: &str) -> Result<Resource, Error> {
    let malformed = |what: &str| {
        let message = format!("the resource metadata of {server} {what}");
        Error::new(Code::MalformedMetadata, message)
    };
    let name = answer.text(&["resource"]);
    let name = name.ok_or_else(|| malformed("does not say what resource it is about"))?;
    if !covers(name, server) {
        let message = format!(
            "the resource metadata of {server} is about another resource, {}",
            quote(name)
        );
        return Err(Error::new(Code::ResourceMismatch, message));
    }
    let listed = answer.list(&["authorization_servers"]).unwrap_or_default();
    if listed.is_empty() {
        return Err(malformed("names no authorization server"));
    }
    let mut servers: Vec<String> = Vec::new();
    for one in listed.iter().take(MOST) {
        if may_ask(one, server) && !servers.contains(one) {
            servers.push(one.clone());
        }
    }
    if servers.is_empty() {
        let message = format!(
            "the resource metadata of {server} names the authorization server {}",
            quote(&listed.join(", "))
        );
        return Err(Error::new(Code::UnsafeEndpoint, message));
    }
    Ok(Resource {
        name: name.to_owned(),
        servers,
        scopes: answer.list(&["scopes_supported"]).unwrap_or_default(),
    })
}

/// RFC 9728 §3.3 wants the resource identical to the address; real servers name their origin, or
/// another parent of it, and nothing wider is taken.
fn covers(resource: &str, server: &str) -> bool {
    let (resource, server) = (normal(resource), normal(server));
    if resource == server {
        return true;
    }
    let (Ok(parent), Ok(child)) = (
        address::origin_and_path(&resource),
        address::origin_and_path(&server),
    ) else {
        return false;
    };
    let path = parent.1.trim_end_matches('/');
    let below = child.1.strip_prefix(path);
    !resource.contains(['?', '#'])
        && parent.0 == child.0
        && below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_of_the_same_origin_and_nothing_wider() {
        let server = "https://a.example/v1/mcp";
        for resource in [
            "https://a.example/v1/mcp",
            "HTTPS://A.example:443/v1/mcp",
            "https://a.example/v1/mcp/",
            "https://a.example/v1/",
            "https://a.example/v1",
            "https://a.example",
            "https://a.example/",
        ] {
            assert!(covers(resource, server), "{resource}");
        }
        for resource in [
            "https://a.example/v1/mcp/more",
            "https://a.example/v1/m",
            "https://a.example/v",
            "https://a.example/v1/../v2",
            "https://a.example/?all",
            "https://a.example/#all",
            "https://a.example:8443",
            "http://a.example",
            "https://example",
            "https://a.example.evil.example",
            "",
        ] {
            assert!(!covers(resource, server), "{resource}");
        }
    }

    #[test]
    fn well_known_addresses_in_order() {
        let at = |server| {
            let all = addresses(server);
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let root = "https://a.example/.well-known/oauth-protected-resource";
        assert_eq!(at("https://a.example/"), [root]);
        assert_eq!(at("https://a.example/mcp/"), [&format!("{root}/mcp"), root]);
    }
}

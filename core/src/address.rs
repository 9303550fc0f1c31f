//! Addresses: which ones may be asked, shown or opened (DESIGN §6, §7).

use std::net::Ipv4Addr;

use fluent_uri::component::Host;
use fluent_uri::{Uri, UriRef};

/// The longest address that is taken from a server, in bytes.
const LONGEST: usize = 2048;

/// Why an address is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Not an absolute address with a host, or with something in it that no such address has.
    Malformed,
    /// Neither https nor, where that is allowed, http on this machine.
    Scheme,
}

/// True for an http or https address that leads to this machine itself, by whatever name.
pub(crate) fn is_loopback(address: &str) -> bool {
    parse(address).is_ok_and(|uri| leads_here(&uri))
}

/// Takes an https address, and an http one of this machine where `loopback` allows it.
/// User information (`https://user@host`) is refused: it only ever misleads a reader.
pub(crate) fn check(address: &str, loopback: bool) -> Result<(), Unfit> {
    let uri = parse(address)?;
    let scheme = uri.scheme().as_str();
    if scheme.eq_ignore_ascii_case("https") {
        return Ok(());
    }
    if scheme.eq_ignore_ascii_case("http") && loopback && host_is_loopback(&uri) {
        return Ok(());
    }
    Err(Unfit::Scheme)
}

/// Whether a request to this address may carry a token (RFC 6750 §5.3): an https address, or an http
/// one of this machine that is plainly written: `localhost`, `127.0.0.0/8` or `[::1]`.
pub fn may_carry_token(address: &str) -> bool {
    check(address, true).is_ok()
}

/// The address in its normal form (RFC 3986 §6.2.2): case, default port, dot segments; `/` alone
/// as a path is dropped, any other trailing slash is kept.
pub(crate) fn normal(address: &str) -> Result<String, Unfit> {
    let uri = parse(address)?.normalize();
    let mut text = uri.as_str().to_owned();
    if uri.path().as_str() == "/" && uri.query().is_none() && uri.fragment().is_none() {
        text.pop();
    }
    Ok(text)
}

/// Origin and path of an address, as `("https://host:1", "/path/")`; query and fragment are dropped.
pub(crate) fn origin_and_path(address: &str) -> Result<(String, String), Unfit> {
    let uri = parse(address)?;
    let authority = uri.authority().ok_or(Unfit::Malformed)?;
    let origin = format!("{}://{}", uri.scheme(), authority.as_str());
    Ok((origin, uri.path().as_str().to_owned()))
}

/// Where a redirect from `base` leads, if it stays at the same origin.
pub(crate) fn same_origin(base: &str, location: &str) -> Option<String> {
    let from = parse(base).ok()?;
    let to = UriRef::parse(location).ok()?.resolve_against(&from).ok()?;
    let to = to.as_str();
    let of = |address: &str| origin_and_path(&normal(address).ok()?).ok();
    (of(base)?.0 == of(to)?.0).then(|| to.to_owned())
}

fn parse(address: &str) -> Result<Uri<&str>, Unfit> {
    if address.len() > LONGEST {
        return Err(Unfit::Malformed);
    }
    let uri = Uri::parse(address).map_err(|_| Unfit::Malformed)?;
    let web = ["https", "http"]
        .iter()
        .any(|s| uri.scheme().as_str().eq_ignore_ascii_case(s));
    if !web {
        return Err(Unfit::Scheme);
    }
    let authority = uri.authority().ok_or(Unfit::Malformed)?;
    let port = authority.port().map_or("", |port| port.as_str());
    let port_fits = port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0);
    let host = authority.host();
    if host.is_empty() || authority.userinfo().is_some() || !port_fits || is_disguised(host) {
        return Err(Unfit::Malformed);
    }
    Ok(uri)
}

/// A host that is one name here and another address to who connects: encoded, or ending in a
/// number without being dotted decimal, which the WHATWG URL standard reads as IPv4 (`127.1`).
fn is_disguised(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next();
    let last = last.unwrap_or_default().to_ascii_lowercase();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_number = !last.is_empty() && (digits(&last) || last.strip_prefix("0x").is_some_and(hex));
    let is_dotted = host.parse::<Ipv4Addr>().is_ok();
    host.contains('%') || is_number && !is_dotted
}

/// Wider than [`host_is_loopback`]: all below `localhost` (RFC 6761 §6.3), the unspecified address,
/// which most systems connect to themselves, and IPv4 within IPv6.
fn leads_here(uri: &Uri<&str>) -> bool {
    let v4_leads_here = |ip: Ipv4Addr| ip.is_loopback() || ip.is_unspecified();
    match uri.authority().map(|authority| authority.host_parsed()) {
        Some(Host::RegName(name)) => {
            let name = name.as_str().trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => v4_leads_here(ip),
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.is_unspecified() || ip.to_ipv4().is_some_and(v4_leads_here)
        }
        Some(Host::IpvFuture { .. }) | None => false,
    }
}

/// The plain ways to write it: only in front of these is clear text allowed.
fn host_is_loopback(uri: &Uri<&str>) -> bool {
    let Some(authority) = uri.authority() else {
        return false;
    };
    match authority.host_parsed() {
        Host::RegName(name) => name.as_str().eq_ignore_ascii_case("localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::IpvFuture { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_http_only_here() {
        assert_eq!(check("https://example.com/device", false), Ok(()));
        assert_eq!(check("HTTPS://example.com", false), Ok(()));
        assert_eq!(check("http://example.com", true), Err(Unfit::Scheme));
        assert_eq!(check("http://127.0.0.1:8080/a", true), Ok(()));
        assert_eq!(check("http://127.0.0.1:8080/a", false), Err(Unfit::Scheme));
        assert_eq!(check("http://[::1]/a", true), Ok(()));
        assert_eq!(check("http://localhost/a", true), Ok(()));
        assert_eq!(
            check("http://localhost.evil.com/a", true),
            Err(Unfit::Scheme)
        );
        assert_eq!(
            check("http://127.0.0.1.evil.com/", true),
            Err(Unfit::Scheme)
        );
    }

    #[test]
    fn what_misleads_is_refused() {
        for address in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "ftp://example.com/",
        ] {
            assert_eq!(check(address, true), Err(Unfit::Scheme), "{address}");
        }
        for address in [
            "",
            "//example.com",
            "https://",
            "https://user@example.com/",
            "https://example.com\\@evil.com",
            "https://exa mple.com",
            "https://example.com/\u{1b}[2J",
            "https://example.com:99999/",
            "https://example.com:0/",
            "https://exämple.com/",
        ] {
            assert_eq!(check(address, true), Err(Unfit::Malformed), "{address}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST));
        assert_eq!(check(&long, false), Err(Unfit::Malformed));
    }

    #[test]
    fn this_machine_by_whatever_name() {
        for address in [
            "https://127.0.0.1:8443/",
            "https://127.9.9.9",
            "https://0.0.0.0",
            "https://LOCALHOST",
            "https://localhost.",
            "https://mcp.localhost",
            "https://mcp.localhost.:1/",
            "https://[::1]",
            "https://[::]",
            "https://[::ffff:127.0.0.1]",
            "https://[::ffff:7f00:1]",
            "https://[::127.0.0.1]",
        ] {
            assert!(is_loopback(address), "{address}");
            assert_eq!(check(address, false), Ok(()), "{address}");
        }
        for address in [
            "https://example.com",
            "https://localhost.example.com",
            "https://mylocalhost",
            "https://10.0.0.1",
            "https://[2001:db8::1]",
        ] {
            assert!(!is_loopback(address), "{address}");
            assert_eq!(check(address, false), Ok(()), "{address}");
        }
        for disguised in [
            "https://127.1",
            "https://2130706433",
            "https://0x7f.0.0.1",
            "https://0X7F000001",
            "https://0177.0.0.1",
            "https://127.0.0.1.",
            "https://0",
            "https://0x",
            "https://256.0.0.1",
            "https://%6cocalhost",
            "https://%31%32%37.0.0.1",
        ] {
            assert_eq!(check(disguised, true), Err(Unfit::Malformed), "{disguised}");
        }
        // Nobody needs clear text there.
        assert_eq!(check("http://mcp.localhost", true), Err(Unfit::Scheme));
        assert_eq!(check("http://0.0.0.0", true), Err(Unfit::Scheme));
    }

    #[test]
    fn a_token_goes_in_clear_text_only_where_this_machine_is_plainly_meant() {
        for address in [
            "https://example.com/a",
            "http://127.0.0.1",
            "http://127.0.0.1:8080/a",
            "http://127.0.0.2",
            "http://[::1]:1",
            "http://localhost",
            "http://LOCALHOST",
        ] {
            assert!(may_carry_token(address), "{address}");
        }
        for address in [
            "http://example.com",
            "http://localhost.",
            "http://foo.localhost",
            "http://127.1",
            "http://0x7f.1",
            "http://[::ffff:127.0.0.1]",
            "http://[::ffff:7f00:1]",
            "http://0.0.0.0",
            "ws://localhost",
            "localhost",
            "",
        ] {
            assert!(!may_carry_token(address), "{address}");
        }
    }

    #[test]
    fn normal_form_keeps_trailing_slashes_of_paths() {
        let normal = |a| normal(a).unwrap_or_default();
        assert_eq!(normal("HTTPS://Example.COM:443/"), "https://example.com");
        assert_eq!(normal("https://example.com/o/"), "https://example.com/o/");
        assert_eq!(normal("https://example.com/o"), "https://example.com/o");
        assert_eq!(
            normal("https://example.com/a/../b"),
            "https://example.com/b"
        );
    }
}

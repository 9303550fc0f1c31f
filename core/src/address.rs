//! Addresses: which ones may be asked, shown or opened (DESIGN §6, §7).

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

/// True for an http or https address of this machine itself.
pub(crate) fn is_loopback(address: &str) -> bool {
    parse(address).is_ok_and(|uri| host_is_loopback(&uri))
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
    if authority.host().is_empty() || authority.userinfo().is_some() || !port_fits {
        return Err(Unfit::Malformed);
    }
    Ok(uri)
}

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

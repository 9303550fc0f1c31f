//! The challenge of a protected resource (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1): where its
//! metadata is, which scopes it wants, and whether a token has too few of them.
//!
//! Read as servers write it, which is not always as the grammar wants it: names in any case,
//! several challenges in one header or in several, inner quotes without a backslash.

use crate::error::{Code, Error};
use crate::flow::Response;

/// All challenges of an answer together, in bytes.
const LONGEST: usize = 16 * 1024;

/// What a 401 or a 403 says besides no.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    pub(crate) resource_metadata: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) step_up: bool,
}

impl Challenge {
    /// Reads the value of `WWW-Authenticate`; several headers are joined by commas, as most HTTP
    /// clients hand them over (RFC 9110 §5.3). What says nothing is a challenge that says nothing.
    ///
    /// Errors: `body_too_large` for more than any honest server says.
    pub fn parse(value: &str) -> Result<Self, Error> {
        read(&[value])
    }

    /// True where the token is good and has too few scopes (`insufficient_scope`, RFC 6750 §3.1):
    /// a person has to agree to more. Any other 403 no sign-in can mend.
    pub fn is_step_up(&self) -> bool {
        self.step_up
    }

    /// The scopes that are wanted; none where the server does not say.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// Reads the answer's challenges. Errors: `body_too_large` for more than any honest server says.
pub(crate) fn of(response: &Response) -> Result<Challenge, Error> {
    let headers = response.headers.iter();
    let values: Vec<_> = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .map(|(_, value)| value.as_str())
        .collect();
    read(&values)
}

fn read(values: &[&str]) -> Result<Challenge, Error> {
    if values.iter().map(|value| value.len()).sum::<usize>() > LONGEST {
        let message = format!(
            "the server's WWW-Authenticate is larger than {} KiB",
            LONGEST / 1024
        );
        return Err(Error::new(Code::BodyTooLarge, message));
    }
    let params: Vec<_> = values.iter().flat_map(|value| params(value)).collect();
    // The Bearer challenge decides, wherever it stands; RFC 9728 §5.1 allows any scheme to say it.
    let find = |name: &str, bearer_only: bool| {
        let named = || params.iter().filter(|p| p.name.eq_ignore_ascii_case(name));
        let bearer = named().find(|p| p.scheme.eq_ignore_ascii_case("bearer"));
        let any = || named().next().filter(|_| !bearer_only);
        let found = bearer.or_else(any)?;
        Some(found.value.trim()).filter(|value| !value.is_empty())
    };
    let scopes = find("scope", true).unwrap_or_default();
    Ok(Challenge {
        resource_metadata: find("resource_metadata", false).map(str::to_owned),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        step_up: find("error", true) == Some("insufficient_scope"),
    })
}

struct Param<'a> {
    scheme: &'a str,
    name: &'a str,
    value: String,
}

fn params(header: &str) -> Vec<Param<'_>> {
    let (mut left, mut scheme, mut all) = (header, "", Vec::new());
    while !left.is_empty() {
        let (word, rest) = token(left);
        if word.is_empty() {
            // A comma, a blank, or what no grammar has.
            let mut rest = left.chars();
            rest.next();
            left = rest.as_str();
            continue;
        }
        match rest.trim_start().strip_prefix('=') {
            None => (scheme, left) = (word, rest),
            Some(rest) => {
                let (value, rest) = value(rest.trim_start());
                all.push(Param {
                    scheme,
                    name: word,
                    value,
                });
                left = rest;
            }
        }
    }
    all
}

/// A word of the characters that a name may have (RFC 9110 §5.6.2), and what comes behind it.
fn token(text: &str) -> (&str, &str) {
    let other = |c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c);
    text.split_at(text.find(other).unwrap_or(text.len()))
}

fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.extend(chars.next()),
            '"' if ends(chars.as_str()) => return (value, chars.as_str()),
            c => value.push(c),
        }
    }
    (value, "")
}

/// Whether a quote before `rest` is the closing one: the header ends there, or another parameter
/// or challenge begins.
fn ends(rest: &str) -> bool {
    let rest = rest.trim_start();
    if rest.chars().all(|c| c == ',' || c.is_whitespace()) {
        return true;
    }
    let is_param = |text: &str| {
        let (name, rest) = token(text.trim_start());
        !name.is_empty() && rest.trim_start().starts_with('=')
    };
    let Some(next) = rest.strip_prefix(',') else {
        return is_param(rest);
    };
    let (word, behind) = token(next.trim_start());
    is_param(next) || (!word.is_empty() && (behind.trim().is_empty() || is_param(behind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(values: &[&str]) -> Challenge {
        read(values).unwrap_or_default()
    }

    #[test]
    fn too_few_scopes_is_what_the_bearer_challenge_says() {
        for (value, step_up) in [
            (r#"Bearer error="insufficient_scope""#, true),
            (
                r#"Basic realm="x", bearer ERROR=insufficient_scope, scope="a""#,
                true,
            ),
            (r#"Bearer error="invalid_token", scope="a""#, false),
            (r#"DPoP error="insufficient_scope""#, false),
            (r#"Bearer realm="error=\"insufficient_scope\"""#, false),
        ] {
            let challenge = Challenge::parse(value).unwrap_or_default();
            assert_eq!(challenge.is_step_up(), step_up, "{value}");
        }
        assert!(Challenge::parse(&"a".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn as_servers_write_it() {
        let wanted = Challenge {
            resource_metadata: Some("https://a.example/m".to_owned()),
            scopes: vec!["read".to_owned(), "write".to_owned()],
            step_up: false,
        };
        for one in [
            r#"Bearer resource_metadata="https://a.example/m", scope="read write""#,
            r#"bearer Resource_Metadata = "https://a.example/m" ,SCOPE="read write""#,
            r#"Basic realm="x, y", Bearer scope="read write", resource_metadata=https://a.example/m"#,
            r#"Negotiate, Bearer scope="read write", resource_metadata="https://a.example/m", Digest scope="no""#,
            r#"Bearer error_description="the "token", which "x" sent", scope="read write", resource_metadata="https://a.example/m""#,
            r#"Bearer realm="a \"b\"" scope="read write" resource_metadata="https://a.example/m""#,
            r#"Negotiate YWJj==, Bearer scope="read write",resource_metadata="https://a.example/m",,"#,
        ] {
            assert_eq!(said(&[one]), wanted, "{one}");
        }
        let two = [
            r#"Basic realm="x""#,
            r#"Bearer scope="read write", resource_metadata="https://a.example/m""#,
        ];
        assert_eq!(said(&two), wanted);
    }

    #[test]
    fn what_says_nothing_is_nothing() {
        for nothing in [
            "",
            "Bearer",
            "Bearer realm=\"x",
            "\"\"\"\"",
            "é=ö, \\",
            "=,=,=",
        ] {
            assert_eq!(said(&[nothing]), Challenge::default(), "{nothing}");
        }
        let quotes = "\" ".repeat(LONGEST / 2);
        assert_eq!(said(&[&quotes]), Challenge::default());
    }
}

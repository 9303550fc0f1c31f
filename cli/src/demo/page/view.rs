//! The pages themselves.

use std::time::Duration;

use super::{
    super::{
        html::{
            Markup, Value,
            Value::{Markup as M, Text as T},
            fill, page,
        },
        script::Script,
    },
    seconds,
    words::{meaning, span},
};
use devicegrant::clean;

const ENTER: &str = include_str!("enter.html");
const CONSENT: &str = include_str!("consent.html");
const SCOPE: &str = "<li>{{text}} <code>{{scope}}</code></li>";
const PLAIN_SCOPE: &str = "<li><code>{{scope}}</code></li>";
const NO_SCOPE: &str = "<li>No more than to know that you signed in</li>";
const ALERT: &str = r#"<p class="alert" id="problem" role="alert">{{text}}</p>"#;
const BACK: &str = r#"<p><a href="/device">{{text}}</a></p>"#;
const END: &str = include_str!("end.html");

/// What a person decides about.
#[derive(Debug)]
pub(super) struct Consent {
    pub(super) user_code: String,
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) scope: String,
    pub(super) left: Duration,
}

/// Why the first page comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    Misshapen,
    Unknown,
    Used,
    Expired,
    Pause(Duration),
}

impl Notice {
    fn text(self) -> String {
        match self {
            Self::Misshapen => "A code has eight letters, like WDJB-MJHT. Please look at your \
                device and try again."
                .into(),
            Self::Unknown => "No device is waiting with this code. Please compare it letter by \
                letter and try again."
                .into(),
            Self::Used => "This code has been answered already. If your device still waits, \
                start the sign-in there again."
                .into(),
            Self::Expired => "This code has expired. Start the sign-in again on your device: it \
                will show a new one."
                .into(),
            Self::Pause(wait) => {
                format!(
                    "Too many wrong codes. Please wait {} and try again.",
                    span(seconds(wait))
                )
            }
        }
    }
}

/// Where the code is entered.
pub(super) fn enter(csrf: &str, typed: &str, notice: Option<Notice>) -> String {
    let alert = notice.map_or(Markup::empty(), |n| fill(ALERT, &[("text", T(&n.text()))]));
    // Long nonsense is not worth giving back.
    let typed = if typed.len() <= 32 {
        clean(typed, usize::MAX)
    } else {
        String::new()
    };
    let (invalid, described, title) = match notice {
        Some(_) => (
            "true",
            "problem hint",
            "Problem with the code – Connect a device",
        ),
        None => ("false", "hint", "Connect a device"),
    };
    let lead = "Your device or terminal shows a code. Enter it here to sign in there.";
    first(
        title,
        [
            ("heading", T("Connect a device")),
            ("lead", T(lead)),
            ("alert", M(&alert)),
            ("csrf", T(csrf)),
            ("code", T(&typed)),
            ("invalid", T(invalid)),
            ("described", T(described)),
            ("button", T("Continue")),
        ],
    )
}

/// The same with the code filled in, to be compared.
pub(super) fn compare(csrf: &str, code: &str) -> String {
    let lead = "Does your device or terminal show exactly this code? If it shows another, or if \
        you started nothing there, close this page.";
    first(
        "Compare the code",
        [
            ("heading", T("Compare the code")),
            ("lead", T(lead)),
            ("alert", M(&Markup::empty())),
            ("csrf", T(csrf)),
            ("code", T(code)),
            ("invalid", T("false")),
            ("described", T("hint")),
            ("button", T("Yes, the codes match")),
        ],
    )
}

fn first(title: &str, values: [(&str, Value<'_>); 8]) -> String {
    page(title, &fill(ENTER, &values))
}

/// Who asks for what.
pub(super) fn consent(csrf: &str, consent: &Consent, script: &Script) -> String {
    let mut scopes = Markup::empty();
    for scope in consent.scope.split(' ').filter(|scope| !scope.is_empty()) {
        scopes.push(&match meaning(scope) {
            Some(text) => fill(SCOPE, &[("text", T(text)), ("scope", T(scope))]),
            None => fill(PLAIN_SCOPE, &[("scope", T(scope))]),
        });
    }
    if scopes == Markup::empty() {
        scopes = fill(NO_SCOPE, &[]);
    }
    let mut access = span(script.access_ttl);
    if script.refresh {
        access.push_str(", renewed until the program signs out");
    }
    let left = span(seconds(consent.left));
    let values = [
        ("name", T(&consent.client_name)),
        ("id", T(&consent.client_id)),
        ("scopes", M(&scopes)),
        ("access", T(&access)),
        ("left", T(&left)),
        ("code", T(&consent.user_code)),
        ("csrf", T(csrf)),
    ];
    page(
        &format!("Allow {} to sign in?", consent.client_name),
        &fill(CONSENT, &values),
    )
}

/// It is decided.
pub(super) fn end(consent: &Consent, approved: bool) -> String {
    let name = &consent.client_name;
    let (mark, class, heading, lead) = if approved {
        ("✓", "good", "Approved", format!("{name} can sign in now."))
    } else {
        ("✕", "bad", "Denied", format!("{name} was not signed in."))
    };
    last(
        heading,
        [
            ("mark", T(mark)),
            ("class", T(class)),
            ("heading", T(heading)),
            ("lead", T(&lead)),
            (
                "next",
                T("You can go back to your terminal. This page may be closed."),
            ),
            ("link", M(&Markup::empty())),
        ],
    )
}

/// A form that did not come from our page.
pub(super) fn stale() -> String {
    last(
        "Please start again",
        [
            ("mark", T("!")),
            ("class", T("bad")),
            ("heading", T("Please start again")),
            (
                "lead",
                T("This form could not be matched to your browser. Nothing was approved."),
            ),
            (
                "next",
                T(
                    "The page may have been open since before the server started, or cookies \
            are switched off.",
                ),
            ),
            (
                "link",
                M(&fill(BACK, &[("text", T("Enter the code again"))])),
            ),
        ],
    )
}

fn last(title: &str, values: [(&str, Value<'_>); 6]) -> String {
    page(title, &fill(END, &values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_is_left_empty_by_a_slip() {
        let consent = Consent {
            user_code: "WDJB-MJHT".into(),
            client_id: "<id>".into(),
            client_name: "<name>".into(),
            scope: "read odd:scope".into(),
            left: Duration::from_secs(600),
        };
        let pages = [
            enter("CSRF", "wrong<", Some(Notice::Unknown)),
            compare("CSRF", "WDJB-MJHT"),
            super::consent("CSRF", &consent, &Script::default()),
            end(&consent, true),
            end(&consent, false),
            stale(),
        ];
        for page in &pages {
            for empty in [
                "value=\"\"",
                "<h1></h1>",
                "<p></p>",
                "<title></title>",
                "{{",
                "\"\"",
            ] {
                assert!(!page.contains(empty), "{empty} in {page}");
            }
            assert!(!page.contains("<name>") && !page.contains("<id>"));
        }
        assert!(
            pages[0].contains("value=\"wrong&lt;\"") && pages[0].contains("aria-invalid=\"true\"")
        );
        assert!(pages[2].contains("See your data") && pages[2].contains("odd:scope"));
        assert!(pages[2].contains("10 minutes") && pages[2].contains("1 hour, renewed"));
    }
}

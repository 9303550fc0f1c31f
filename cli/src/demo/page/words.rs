//! Plain words for what OAuth says in its own.

/// What the better known scopes mean to a person.
pub(super) fn meaning(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "read" => "See your data",
        "write" => "Change your data",
        "openid" => "Know who you are",
        "profile" => "See your name and picture",
        "email" => "See your e-mail address",
        "offline_access" => "Stay signed in while you are away",
        _ => return None,
    })
}

/// A time as people say it, in its two largest units.
pub(super) fn span(seconds: u64) -> String {
    let units = [
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ];
    let mut rest = seconds;
    let mut words = Vec::new();
    for (name, size) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 && words.len() < 2 {
            words.push(format!(
                "{count} {name}{}",
                if count == 1 { "" } else { "s" }
            ));
        } else if !words.is_empty() {
            // Two days and one second are two days.
            break;
        }
    }
    if words.is_empty() {
        "0 seconds".into()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_spoken() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (61, "1 minute 1 second"),
            (600, "10 minutes"),
            (3600, "1 hour"),
            (5400, "1 hour 30 minutes"),
            (3601, "1 hour"),
            (90_061, "1 day 1 hour"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}

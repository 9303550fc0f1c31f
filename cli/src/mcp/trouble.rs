//! What went wrong on the way to the server, and what to do about it.

use rmcp::model::{ClientRequest, ErrorData};

use super::wire::{Trouble, is_unauthorized, step_up};

pub(super) enum Kind {
    /// A person has to sign in, for this challenge where the server gave one.
    SignIn(Option<String>),
    /// The connection, or the session; the request may have been carried out.
    Lost,
    Other,
}

pub(super) fn kind(trouble: &Trouble) -> Kind {
    if let Some((_, challenge)) = step_up(trouble) {
        return Kind::SignIn(Some(challenge.to_owned()));
    }
    match trouble {
        _ if is_unauthorized(trouble) => Kind::SignIn(None),
        // It was tried for a while already.
        Trouble::Client(error) if error.is_connect() => Kind::Other,
        Trouble::Client(_)
        | Trouble::Sse(_)
        | Trouble::UnexpectedEndOfStream
        | Trouble::TransportChannelClosed
        | Trouble::SessionExpired
        | Trouble::SessionRecoveryTimeout
        | Trouble::HttpStatus(_) => Kind::Lost,
        _ => Kind::Other,
    }
}

/// Whether it may be carried out twice.
pub(super) fn is_safe(request: &ClientRequest) -> bool {
    !matches!(
        request,
        ClientRequest::CallToolRequest(_)
            | ClientRequest::CustomRequest(_)
            | ClientRequest::UpdateTaskRequest(_)
    )
}

/// rmcp ends a request so whose stream of answers broke off.
pub(super) fn was_cut_off(error: &ErrorData) -> bool {
    let marker = "io.modelcontextprotocol/transportClosed";
    error
        .data
        .as_ref()
        .is_some_and(|data| data.get(marker).is_some())
}

/// Whether a request that met this may have been carried out.
pub(super) fn is_lost(trouble: &Trouble) -> bool {
    matches!(kind(trouble), Kind::Lost) && !matches!(trouble, Trouble::SessionExpired)
}

/// For the client, whose person reads it; `done` says what became of the request.
pub(super) fn told(trouble: &Trouble, url: &str, done: &str) -> ErrorData {
    let why = match trouble {
        Trouble::Io(error) => match error
            .get_ref()
            .and_then(|e| e.downcast_ref::<devicegrant::Error>())
        {
            Some(error) => format!("{}. {}", error.message(), error.hint()),
            None => error.to_string(),
        },
        Trouble::Client(error) if error.is_connect() => "it takes no connection".to_owned(),
        Trouble::InsufficientScope(_) => "it refuses this to whoever is signed in".to_owned(),
        Trouble::Client(error) => {
            let sources =
                std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
            sources.last().map(ToString::to_string).unwrap_or_default()
        }
        Trouble::UnexpectedEndOfStream | Trouble::TransportChannelClosed => {
            "the connection broke off before the answer".to_owned()
        }
        other => other.to_string(),
    };
    // A server's own words may be in it.
    let why = devicegrant::clean(&why, 500);
    ErrorData::internal_error(format!("{url} did not answer: {why}{done}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_cannot_turn_or_hide_a_line() {
        let said = "HTTP 500: a\u{1b}[2J\u{202e}b\u{200b}c\u{2066}\u{feff}d\u{e0041}";
        let trouble = Trouble::UnexpectedServerResponse(said.into());
        let told = |trouble| told(&trouble, "https://mcp.example.com/mcp", "").message;
        let short = told(trouble);
        assert!(short.contains("a[2Jbcd"), "{short}");
        let long = Trouble::UnexpectedServerResponse("x".repeat(9000).into());
        assert!(told(long).len() < 700);
    }
}

//! How a person is asked for an address: shown once, with nothing redrawn while they paste.

use std::io::{IsTerminal, stdin};

use devicegrant::PastePrompt;
use serde_json::json;

use super::{layout, screen};
use crate::args::Look;
use crate::output;

pub(super) fn show(prompt: &PastePrompt, look: &Look, drawn: bool) {
    if look.json {
        output::line(&event(prompt).to_string());
    }
    if drawn {
        let words: Vec<String> = prompt.text().lines().map(str::to_owned).collect();
        let wanted = !look.no_qr && prompt.trouble.is_none();
        let qr = prompt.qr().filter(|_| wanted);
        let fewer = |_| words.clone();
        let size = crossterm::terminal::size().ok();
        screen::write(&layout::arranged(words.clone(), fewer, qr, size));
    } else {
        output::note(&prompt.plain());
    }
    if stdin().is_terminal() {
        output::note("What you paste is not shown; end it with Enter.");
    }
}

fn event(prompt: &PastePrompt) -> serde_json::Value {
    json!({
        "event": "paste",
        "authorization_uri": prompt.authorization_uri,
        "redirect_uri": prompt.redirect_uri,
        "expires_at": output::rfc3339(prompt.expires_at_ms),
        "scopes": prompt.scopes,
        "trouble": prompt.trouble,
    })
}

//! How a person is shown where to go: drawn on a terminal, as plain lines, and as JSON.

mod layout;
mod paste;
mod plain;
mod screen;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

use devicegrant::{
    BoxFuture, Error, Event, Observer, PastePrompt, Prompt, Prompter, Secret, Terminal,
};
use serde_json::json;

use crate::args::Look;
use crate::output;

/// Shows a prompt as the caller's switches and the terminal want it.
#[derive(Debug)]
pub(crate) struct Show {
    look: Look,
    drawn: bool,
    screen: screen::Screen,
    /// An outage is told once, not at every try.
    outage: AtomicBool,
    /// Whether anybody was asked.
    asked: AtomicBool,
}

impl Show {
    pub(crate) fn new(look: &Look, logs: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        // Log lines in between would tear anything that is redrawn.
        let plain = look.plain || logs || set("ACCESSIBLE") || set("NO_COLOR");
        Self {
            look: look.clone(),
            drawn: !plain && std::io::stderr().is_terminal(),
            screen: screen::Screen::default(),
            outage: AtomicBool::new(false),
            asked: AtomicBool::new(false),
        }
    }

    /// Whether a code was shown, and so a sign-in waits.
    pub(crate) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    fn now(&self, prompt: &Prompt) {
        self.asked.store(true, Ordering::Relaxed);
        if self.look.json {
            output::line(&event(prompt).to_string());
        }
        if self.drawn {
            let lines = layout::lines(prompt, &self.look, crossterm::terminal::size().ok());
            self.screen.draw(&lines, prompt.expires_at_ms);
        } else {
            plain::write(prompt, self.look.spoken);
        }
        if self.look.open {
            let complete = prompt.verification_uri_complete.as_ref();
            let address = complete.unwrap_or(&prompt.verification_uri);
            // Core lets only https and loopback addresses through; no shell is involved.
            if open::that_detached(address).is_err() {
                output::note("No browser could be opened here; open the address yourself.");
            }
        }
    }

    /// Takes back what was redrawn, before the last words.
    pub(crate) fn end(&self) {
        self.screen.end();
    }
}

impl Prompter for Show {
    fn show(&self, prompt: Prompt) -> BoxFuture<'_, Result<(), Error>> {
        self.now(&prompt);
        Box::pin(async { Ok(()) })
    }

    fn ask(&self, prompt: PastePrompt) -> BoxFuture<'_, Result<Option<Secret>, Error>> {
        paste::show(&prompt, &self.look, self.drawn);
        Box::pin(Terminal::line())
    }
}

impl Observer for Show {
    fn event(&self, event: &Event) {
        tracing::debug!("{event:?}");
        let words = match event {
            Event::Unreachable { .. } => {
                "The server cannot be reached at the moment; still trying."
            }
            Event::ServerFailing { .. } => "The server is failing at the moment; still trying.",
            Event::CodeIssued { .. } | Event::Pending | Event::SlowDown { .. } => {
                self.outage.store(false, Ordering::Relaxed);
                return;
            }
            _ => return,
        };
        if !self.outage.swap(true, Ordering::Relaxed) {
            self.screen.note(words);
        }
    }
}

fn event(prompt: &Prompt) -> serde_json::Value {
    json!({
        "event": "prompt",
        "user_code": prompt.user_code,
        "verification_uri": prompt.verification_uri,
        "verification_uri_complete": prompt.verification_uri_complete,
        "expires_at": output::rfc3339(prompt.expires_at_ms),
        "interval": prompt.interval,
        "message": prompt.message,
        "scopes": prompt.scopes,
    })
}

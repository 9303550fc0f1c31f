//! The prompt of a program that brings none of its own: a few lines on stderr.

use std::io::{IsTerminal, Write};

use devicegrant_core::{Code, Error, Prompt};

use crate::traits::{BoxFuture, Prompter};

/// Writes the prompt to stderr, where that is a terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal;

impl Terminal {
    /// True where somebody may be reading.
    pub fn is_there() -> bool {
        std::io::stderr().is_terminal()
    }
}

impl Prompter for Terminal {
    fn show(&self, prompt: Prompt) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let text = format!("{}\n\nWaiting for your approval …\n", prompt.text());
            std::io::stderr().write_all(text.as_bytes()).map_err(|why| {
                let message = format!("the prompt could not be written to the terminal: {why}");
                Error::new(Code::NoPrompt, message)
            })
        })
    }
}

//! The prompt of a program that brings none of its own: a few lines on stderr.

mod line;

use std::io::{IsTerminal, Write};

use devicegrant_core::{Code, Error, PastePrompt, Prompt, Secret};

use crate::traits::{BoxFuture, Prompter};

/// Writes the prompt to stderr, where that is a terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal;

impl Terminal {
    /// True where somebody may be reading.
    pub fn is_there() -> bool {
        std::io::stderr().is_terminal()
    }

    /// Reads one line of standard input, which is not shown where that is a terminal. None where
    /// the input has ended.
    ///
    /// Errors: `no_prompt` for an input that cannot be read.
    pub async fn line() -> Result<Option<Secret>, Error> {
        line::read().await
    }
}

impl Prompter for Terminal {
    fn show(&self, prompt: Prompt) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            write(&format!(
                "{}\n\nWaiting for your approval …\n",
                prompt.text()
            ))
        })
    }

    fn ask(&self, prompt: PastePrompt) -> BoxFuture<'_, Result<Option<Secret>, Error>> {
        Box::pin(async move {
            let how = "What you paste is not shown; end it with Enter.";
            write(&format!("{}\n\n{how}\n", prompt.text()))?;
            Self::line().await
        })
    }
}

fn write(text: &str) -> Result<(), Error> {
    std::io::stderr().write_all(text.as_bytes()).map_err(|why| {
        let message = format!("the prompt could not be written to the terminal: {why}");
        Error::new(Code::NoPrompt, message)
    })
}

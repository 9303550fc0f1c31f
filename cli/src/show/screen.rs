//! The prompt on a terminal, with a countdown on the last line.

use std::io::{Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crossterm::cursor::{Hide, MoveToColumn, Show};
use crossterm::queue;
use crossterm::style::{Color, Print, ResetColor, SetBackgroundColor, SetForegroundColor};
use crossterm::terminal::{Clear, ClearType};
use tokio::task::JoinHandle;

use super::layout::Line;
use super::plain::wall_ms;

/// What is drawn now. Dropping it puts the terminal back.
#[derive(Debug, Default)]
pub(crate) struct Screen(Mutex<Option<JoinHandle<()>>>);

impl Screen {
    /// Draws the lines once, and then only ever the countdown below them.
    pub(super) fn draw(&self, lines: &[Line], expires_at_ms: u64) {
        self.end();
        write(lines);
        let mut out = stderr().lock();
        let _ = queue!(out, Print("\n"), Hide).and_then(|()| out.flush());
        drop(out);
        let ticking = tokio::spawn(async move {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            loop {
                second.tick().await;
                let _ = tick(left(expires_at_ms, SystemTime::now()));
            }
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticking);
    }

    /// Writes a line above the countdown, which comes back with its next second.
    pub(super) fn note(&self, words: &str) {
        let drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = stderr().lock();
        if drawn.is_some() {
            let _ = queue!(out, MoveToColumn(0), Clear(ClearType::CurrentLine));
        }
        let _ = queue!(out, Print(words), Print("\n")).and_then(|()| out.flush());
    }

    pub(super) fn end(&self) {
        let ticking = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ticking) = ticking {
            ticking.abort();
            let mut out = stderr().lock();
            let cleared = queue!(out, MoveToColumn(0), Clear(ClearType::CurrentLine), Show);
            let _ = cleared.and_then(|()| out.flush());
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.end();
    }
}

/// Writes the lines, and nothing that is redrawn.
pub(super) fn write(lines: &[Line]) {
    let mut out = stderr().lock();
    let drawn = lines.iter().try_for_each(|line| draw_line(&mut out, line));
    let _ = drawn.and_then(|()| out.flush());
}

/// The QR code in white on black, whatever the terminal's own colours: cameras want it so.
fn draw_line(out: &mut impl Write, line: &Line) -> std::io::Result<()> {
    queue!(out, Print(&line.words))?;
    if let Some(part) = &line.qr {
        let (white, black) = (
            Color::Rgb {
                r: 255,
                g: 255,
                b: 255,
            },
            Color::Rgb { r: 0, g: 0, b: 0 },
        );
        let colours = (SetForegroundColor(white), SetBackgroundColor(black));
        queue!(out, colours.0, colours.1, Print(part), ResetColor)?;
    }
    queue!(out, Print("\n"))
}

fn tick(left: Duration) -> std::io::Result<()> {
    let mut out = stderr().lock();
    let words = match left.as_secs() {
        0 => "The code has ended; asking the server one last time …".to_owned(),
        s => format!(
            "Waiting for your approval. The code ends in {}:{:02}.",
            s / 60,
            s % 60
        ),
    };
    queue!(
        out,
        MoveToColumn(0),
        Clear(ClearType::CurrentLine),
        Print(words)
    )?;
    out.flush()
}

/// What is left until that moment.
pub(super) fn left(expires_at_ms: u64, now: SystemTime) -> Duration {
    Duration::from_millis(expires_at_ms.saturating_sub(wall_ms(now)))
}

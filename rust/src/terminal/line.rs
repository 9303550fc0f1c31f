//! One line of standard input that may hold a code. On a terminal it is not shown, so that no
//! scrollback and no recording keeps it, and no longer than a terminal's line is too long: some
//! codes are longer than the 1024 bytes that one holds.

use std::io::{IsTerminal, Read, stdin};

use devicegrant_core::{Code, Error, Secret};
use tokio::sync::oneshot;

/// What lies behind is read and forgotten.
const LONGEST: usize = 64 * 1024;

const BACKSPACE: [u8; 2] = [0x08, 0x7F];
const END_OF_INPUT: u8 = 0x04;
const ERASE_LINE: u8 = 0x15;

/// Reads a line; none where the input has ended. Whoever gives up leaves a thread behind that waits
/// for the line, and a terminal as it was.
pub(super) async fn read() -> Result<Option<Secret>, Error> {
    let quiet = stdin().is_terminal().then(Quiet::begin).flatten();
    let edited = quiet.is_some();
    let (done, line) = oneshot::channel();
    // A thread of its own: the runtime would not end before its own threads have.
    let reading = std::thread::Builder::new().spawn(move || {
        let _ = done.send(line_of(stdin().lock(), edited));
    });
    reading.map_err(|why| unreadable(&why))?;
    let read = line.await.unwrap_or(Ok(None));
    read.map_err(|why| unreadable(&why))
}

fn unreadable(why: &std::io::Error) -> Error {
    let message = format!("standard input could not be read: {why}");
    Error::new(Code::NoPrompt, message)
}

fn line_of(mut input: impl Read, edited: bool) -> std::io::Result<Option<Secret>> {
    let (mut line, mut byte) = (Vec::with_capacity(LONGEST), [0]);
    loop {
        match (input.read(&mut byte), byte[0]) {
            (Err(why), _) if why.kind() == std::io::ErrorKind::Interrupted => {}
            (Err(why), _) => return Err(why),
            (Ok(0), _) if line.is_empty() => return Ok(None),
            (Ok(0), _) | (_, b'\n') => break,
            (_, b'\r') if edited => break,
            (_, END_OF_INPUT) if edited && line.is_empty() => return Ok(None),
            (_, ERASE_LINE) if edited => line.clear(),
            (_, key) if edited && BACKSPACE.contains(&key) => drop(line.pop()),
            (_, byte) if line.len() < LONGEST => line.push(byte),
            _ => {}
        }
    }
    Ok(Some(Secret::new(String::from_utf8_lossy(&line))))
}

/// A terminal that shows nothing and gives each byte as it comes; as it was, once this is dropped.
/// Its signals stay as they are.
#[cfg(unix)]
struct Quiet(rustix::termios::Termios);

#[cfg(unix)]
impl Quiet {
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(stdin(), OptionalActions::Now, &quiet).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        // What was typed ahead stays for whoever reads next.
        let _ = rustix::termios::tcsetattr(stdin(), rustix::termios::OptionalActions::Now, &self.0);
    }
}

/// Elsewhere the system's own editing of a line is left alone.
#[cfg(not(unix))]
struct Quiet;

#[cfg(not(unix))]
impl Quiet {
    fn begin() -> Option<Self> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &str, edited: bool) -> Vec<String> {
        let mut left = input.as_bytes();
        let next = || line_of(&mut left, edited).ok().flatten();
        std::iter::from_fn(next)
            .map(|line| line.expose().to_owned())
            .collect()
    }

    #[test]
    fn one_line_after_another() {
        assert_eq!(lines("a\nb", false), ["a", "b"]);
        assert_eq!(lines("", false), [""; 0]);
        assert_eq!(lines("a\r\n", false), ["a\r"]);
        assert_eq!(lines("\u{4}\u{15}\n", false), ["\u{4}\u{15}"]);
    }

    #[test]
    fn the_few_keys_that_edit() {
        assert_eq!(lines("ab\u{7F}c\u{8}d\r", true), ["ad"]);
        assert_eq!(lines("wrong\u{15}right\n", true), ["right"]);
        assert_eq!(lines("\u{4}", true), [""; 0]);
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        let longest = "a".repeat(LONGEST);
        assert_eq!(lines(&format!("{longest}bc\nd"), false), [&*longest, "d"]);
    }
}

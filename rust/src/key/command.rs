//! A key command: run without a shell, its output read, killed when its time is over.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use devicegrant_core::home::{Answer, Silence};
use devicegrant_core::{Secret, SecretBytes};

/// More than any key; the rest is not read.
const LARGEST: u64 = 4096;
/// How often a command that has closed its output is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Standard error stays ours: what the command says there is for whoever set it, and is neither
/// read nor repeated in an error.
pub(super) fn run(argv: &[String], timeout_ms: u32) -> Answer {
    let deadline = Instant::now() + Duration::from_millis(timeout_ms.into());
    let failed = |words: String| Answer::Silent(Silence::Failed(words));
    let Some((program, arguments)) = argv.split_first() else {
        return failed("names no program".to_owned());
    };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(why) => return failed(format!("could not be started: {}", why.kind())),
    };
    let printed = printed(&mut child, deadline);
    match (ended(&mut child, deadline), printed) {
        (Some(status), Some(bytes)) if status.success() => {
            match std::str::from_utf8(bytes.expose()) {
                Ok(text) => Answer::Text(Some(Secret::new(text))),
                Err(_) => failed("printed what is no text".to_owned()),
            }
        }
        (Some(status), Some(_)) => failed(format!("ended with {status}")),
        _ => Answer::Silent(Silence::TimedOut),
    }
}

/// Read in a thread: a grandchild that outlives the command may hold the pipe for ever.
fn printed(child: &mut Child, deadline: Instant) -> Option<SecretBytes> {
    let out = child.stdout.take()?;
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        // Room for all of it, so that no copy is left behind by growing.
        let mut bytes = Vec::with_capacity(8192);
        let read = out.take(LARGEST).read_to_end(&mut bytes);
        let _ = done.send(read.ok().map(|_| SecretBytes::new(bytes)));
    });
    let left = deadline.saturating_duration_since(Instant::now());
    wait.recv_timeout(left).ok().flatten()
}

/// None where it had to be killed.
fn ended(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

//! `devicegrant exec`

use std::process::ExitStatus;

use devicegrant::{Code, Error};
use tokio::process::{Child, Command};

use super::token::unsaved;
use crate::args::{self, Place};
use crate::client::{quiet, work};
use crate::output::Failure;

/// What opens every login; a command that is given one token has no use for it.
const OURS: [&str; 3] = [
    "DEVICEGRANT_KEY",
    "DEVICEGRANT_PASSPHRASE",
    "DEVICEGRANT_REDIS_URL",
];

/// Runs the command with a token in its environment, and ends as it ends.
pub(crate) async fn run(given: &args::Exec, place: &Place) -> Result<u8, Failure> {
    let client = quiet(given.which.options(), place).await?;
    let login = work(&client, client.session(&given.need.need()?)).await?;
    // The command runs all the same: its token is good.
    unsaved(&client);
    let Some((program, arguments)) = given.command.split_first() else {
        return Err(Error::new(Code::BadOption, "there is no command to run").into());
    };
    let mut command = Command::new(program);
    command.args(arguments);
    for name in OURS {
        command.env_remove(name);
    }
    command.env(&given.env, login.record.tokens.access_token.expose());
    // Before there is a child: a signal that comes as soon as it runs is handed on too.
    let signals = Signals::listen()?;
    let child = command.spawn().map_err(|why| {
        let message = format!("{} could not be started: {why}", program.display());
        Failure::from(Error::new(Code::BadOption, message))
    })?;
    // Its own memory need not hold the token any longer.
    drop((command, login, client));
    Ok(ended(signals.until_ended(child).await?))
}

/// As a shell tells it.
fn ended(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}

fn lost(why: &std::io::Error) -> Error {
    Error::new(Code::BadOption, format!("the command was lost: {why}"))
}

/// Every signal that asks for an end, or that programs use between them.
#[cfg(unix)]
struct Signals([(tokio::signal::unix::Signal, rustix::process::Signal, bool); 6]);

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self, Error> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|why| lost(&why));
        Ok(Self([
            (listen(SignalKind::interrupt())?, Signal::INT, true),
            (listen(SignalKind::quit())?, Signal::QUIT, true),
            (listen(SignalKind::terminate())?, Signal::TERM, false),
            (listen(SignalKind::hangup())?, Signal::HUP, false),
            (listen(SignalKind::user_defined1())?, Signal::USR1, false),
            (listen(SignalKind::user_defined2())?, Signal::USR2, false),
        ]))
    }

    /// The next one, and whether it is typed at a terminal.
    async fn next(&mut self) -> (rustix::process::Signal, bool) {
        std::future::poll_fn(|context| {
            for (listener, signal, typed) in &mut self.0 {
                if listener.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready((*signal, *typed));
                }
            }
            std::task::Poll::Pending
        })
        .await
    }

    /// Waits for the child, and hands them on.
    async fn until_ended(mut self, mut child: Child) -> Result<ExitStatus, Error> {
        use rustix::process::{Pid, kill_process};
        loop {
            let (signal, typed) = tokio::select! {
                status = child.wait() => return status.map_err(|why| lost(&why)),
                signal = self.next() => signal,
            };
            // What is typed at a terminal it has sent to the child too.
            if typed && is_in_the_foreground() {
                continue;
            }
            // None once it has been waited for: its number may be another's by then.
            let pid = child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(Pid::from_raw);
            if let Some(pid) = pid {
                let _ = kill_process(pid, signal);
            }
        }
    }
}

#[cfg(unix)]
fn is_in_the_foreground() -> bool {
    let Ok(terminal) = std::fs::File::open("/dev/tty") else {
        return false;
    };
    rustix::termios::tcgetpgrp(&terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// A console sends what is typed to the child as well; this process only has to outlive it.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[allow(clippy::unnecessary_wraps, reason = "as where there are signals")]
    fn listen() -> Result<Self, Error> {
        Ok(Self)
    }

    async fn until_ended(self, mut child: Child) -> Result<ExitStatus, Error> {
        loop {
            tokio::select! {
                status = child.wait() => return status.map_err(|why| lost(&why)),
                _ = tokio::signal::ctrl_c() => {}
            }
        }
    }
}

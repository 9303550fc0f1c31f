//! Telling whether the process behind a claim still lives.
//!
//! A number alone tells nothing: it is used again, and in another container it means another
//! process. So an owner is a number, its start, and the space in which both mean something.

use devicegrant_core::disk::{Liveness, Owner};

/// This process, as an owner of claims. Asked each time, since a fork makes another one of it.
pub fn this_process() -> Owner {
    let pid = std::process::id();
    Owner {
        pid,
        start: system::start(pid),
        space: system::space(),
    }
}

/// Whether `owner` lives. Only an owner of this space is ever told dead.
pub(super) fn of(owner: &Owner) -> Liveness {
    if owner.space.is_empty() || owner.space != system::space() {
        return Liveness::Unknown;
    }
    system::of(owner)
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Liveness, Owner};
    use std::io::ErrorKind;

    /// The boot, since numbers begin anew with it, and the pid namespace.
    pub(super) fn space() -> String {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let namespace = std::fs::read_link("/proc/self/ns/pid");
        match (boot, namespace) {
            (Ok(boot), Ok(namespace)) => format!("{} {}", boot.trim(), namespace.display()),
            // Without /proc nothing can be compared.
            _ => String::new(),
        }
    }

    struct Stat {
        state: String,
        start: String,
    }

    /// The third and the 22nd field of `proc_pid_stat(5)`. The second, the program's name, may hold
    /// spaces and brackets.
    fn stat(pid: u32) -> std::io::Result<Option<Stat>> {
        let text = std::fs::read(format!("/proc/{pid}/stat"))?;
        let text = String::from_utf8_lossy(&text);
        let fields = text.rsplit_once(')').map(|(_, fields)| fields);
        let mut fields = fields.unwrap_or_default().split_ascii_whitespace();
        let state = fields.next().map(str::to_owned);
        let start = fields.nth(18).map(str::to_owned);
        Ok(state.zip(start).map(|(state, start)| Stat { state, start }))
    }

    pub(super) fn start(pid: u32) -> Option<String> {
        Some(stat(pid).ok()??.start)
    }

    pub(super) fn of(owner: &Owner) -> Liveness {
        match stat(owner.pid) {
            // A /proc may hide what is not ours; the system itself does not.
            Err(why) if why.kind() == ErrorKind::NotFound => super::by_signal(owner.pid),
            Err(_) | Ok(None) => Liveness::Unknown,
            // Ended, and its parent has not asked yet; a signal would call it alive.
            Ok(Some(found)) if matches!(&*found.state, "Z" | "X" | "x") => Liveness::Dead,
            Ok(Some(found)) => match &owner.start {
                None => Liveness::Unknown,
                Some(start) if *start == found.start => Liveness::Alive,
                Some(_) => Liveness::Dead,
            },
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Liveness, Owner};

    #[cfg(unix)]
    pub(super) fn space() -> String {
        let system = rustix::system::uname();
        system.nodename().to_string_lossy().into_owned()
    }

    #[cfg(not(unix))]
    pub(super) fn space() -> String {
        std::env::var("COMPUTERNAME").unwrap_or_default()
    }

    pub(super) fn start(_: u32) -> Option<String> {
        None
    }

    #[cfg(unix)]
    pub(super) fn of(owner: &Owner) -> Liveness {
        super::by_signal(owner.pid)
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Owner) -> Liveness {
        Liveness::Unknown
    }
}

/// Only that nobody has the number is certain: who has it may be another.
#[cfg(unix)]
fn by_signal(pid: u32) -> Liveness {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let nobody = |pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
    match pid {
        Some(pid) if nobody(pid) => Liveness::Dead,
        _ => Liveness::Unknown,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn only_who_has_certainly_ended_is_dead() -> std::io::Result<()> {
        let us = this_process();
        assert_eq!(of(&us), Liveness::Alive);
        let earlier = Owner {
            start: Some("1".to_owned()),
            ..us.clone()
        };
        assert_eq!(of(&earlier), Liveness::Dead, "the number was used again");
        let untold = Owner {
            start: None,
            ..us.clone()
        };
        assert_eq!(of(&untold), Liveness::Unknown);
        let neighbour = Owner {
            space: format!("{} another", us.space),
            ..earlier
        };
        assert_eq!(of(&neighbour), Liveness::Unknown);

        let mut child = Command::new("sleep").arg("60").spawn()?;
        let owner = Owner {
            pid: child.id(),
            start: system::start(child.id()),
            ..us
        };
        assert_eq!(of(&owner), Liveness::Alive);
        child.kill()?;
        let ended = std::time::Instant::now();
        while of(&owner) == Liveness::Alive && ended.elapsed().as_secs() < 10 {
            std::thread::yield_now();
        }
        assert_eq!(of(&owner), Liveness::Dead, "a zombie");
        child.wait()?;
        assert_eq!(of(&owner), Liveness::Dead);
        Ok(())
    }
}

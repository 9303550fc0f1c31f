//! No memory of this process, which holds tokens and keys, is ever written to a disk.

/// Turns core dumps off. What cannot be turned off is left: it is a second line only.
#[cfg(unix)]
pub(crate) fn none() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        ..getrlimit(Resource::Core)
    };
    let _ = setrlimit(Resource::Core, none);
    // A dump that is piped to a program knows no limit; nor may others of this account attach.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(not(unix))]
pub(crate) fn none() {}

//! The few things done to files, each complete or not done (DESIGN §5.1, `LOCKING.md`).

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use devicegrant_core::disk::{DiskInput, MOST_NAMES};
use devicegrant_core::{Code, Error, SecretBytes};

/// How a file is called until it is complete.
const TEMPORARY: &str = ".new-";

/// A temporary this old was left behind by a crash.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

fn failed(code: Code, path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::new(code, format!("{}: {why}", path.display()))
}

fn unwritable(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |why| failed(Code::StoreUnwritable, path, &why)
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |why| failed(Code::StoreUnreadable, path, &why)
}

/// Makes a folder that is ours alone, and those above it that are missing; one that is there must
/// be ours alone too.
pub(super) fn make_dir(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(unwritable(path))?;
    let about = std::fs::symlink_metadata(path).map_err(unreadable(path))?;
    let unsafe_for = |why: String| failed(Code::StoreUnsafe, path, &why);
    if !about.is_dir() {
        return Err(unsafe_for("it is no folder of its own".to_owned()));
    }
    ours_alone(&about).map_err(unsafe_for)
}

/// The names in a folder; one that is absent is empty. What a crash left behind is removed.
pub(super) fn list(path: &Path) -> Result<Vec<String>, Error> {
    let entries = match std::fs::read_dir(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable(path))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable(path))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with(TEMPORARY) {
            names.push(name);
        } else if is_left_behind(&entry) {
            remove(&entry.path());
        }
        if names.len() > MOST_NAMES {
            break;
        }
    }
    Ok(names)
}

fn is_left_behind(entry: &std::fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|about| about.modified());
    let age = modified.ok().and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age > LEFT_BEHIND)
}

/// Reads a whole file that is ours alone.
pub(super) fn read(path: &Path, max: u32) -> Result<DiskInput, Error> {
    let refused = |why: &str| Ok(DiskInput::Unsafe(format!("{}: {why}", path.display())));
    let mut options = OpenOptions::new();
    options.read(true);
    // A link may lead anywhere, and a pipe would keep us waiting.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK)
            .bits()
            .cast_signed(),
    );
    #[cfg(not(unix))]
    if std::fs::symlink_metadata(path).is_ok_and(|about| !about.is_file()) {
        return refused("it is no regular file");
    }
    let file = match patiently(|| options.open(path)) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(DiskInput::Absent),
        Err(why) if is_link(&why) => return refused("it is a link"),
        file => file.map_err(unreadable(path))?,
    };
    // Of what was opened, not of what the name means by now.
    let about = file.metadata().map_err(unreadable(path))?;
    if !about.is_file() || about.len() > max.into() {
        return refused(&format!("it is no regular file of at most {max} bytes"));
    }
    if let Err(why) = ours_alone(&about) {
        return refused(&why);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1);
    file.take(max.into())
        .read_to_end(&mut bytes)
        .map_err(unreadable(path))?;
    Ok(DiskInput::Bytes(SecretBytes::new(bytes)))
}

#[cfg(unix)]
fn is_link(why: &std::io::Error) -> bool {
    // FreeBSD says EMLINK where others say ELOOP.
    [rustix::io::Errno::LOOP, rustix::io::Errno::MLINK]
        .iter()
        .any(|refusal| why.raw_os_error() == Some(refusal.raw_os_error()))
}

#[cfg(not(unix))]
fn is_link(_: &std::io::Error) -> bool {
    false
}

#[cfg(unix)]
fn ours_alone(about: &std::fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if about.mode() & 0o077 != 0 {
        let mode = about.mode() & 0o777;
        return Err(format!("others may use it (mode {mode:o})"));
    }
    Ok(())
}

/// Elsewhere the account's own folder is closed to others by the system.
#[cfg(not(unix))]
fn ours_alone(_: &std::fs::Metadata) -> Result<(), String> {
    Ok(())
}

/// Publishes a file under a name that was never used: complete or absent, and never over another.
/// False where the name is taken.
pub(super) fn publish(path: &Path, bytes: &[u8], durable: bool) -> Result<bool, Error> {
    publish_by(path, bytes, durable, |from, to| {
        std::fs::hard_link(from, to)
    })
}

fn publish_by(
    path: &Path,
    bytes: &[u8],
    durable: bool,
    link: impl Fn(&Path, &Path) -> std::io::Result<()>,
) -> Result<bool, Error> {
    let folder = path.parent().unwrap_or(path);
    let temporary = temporary(folder)?;
    let written = write(&temporary, bytes, durable).and_then(|()| {
        match patiently(|| link(&temporary, path)) {
            // No links here: then not complete or absent, and core knows a torn file by its length.
            Err(why) if refuses_links(&why) => write(path, bytes, durable),
            linked => linked,
        }
    });
    remove(&temporary);
    match written {
        Err(why) if why.kind() == ErrorKind::AlreadyExists => return Ok(false),
        written => written.map_err(unwritable(path))?,
    }
    if durable {
        sync_folder(folder).map_err(unwritable(folder))?;
    }
    Ok(true)
}

fn temporary(folder: &Path) -> Result<PathBuf, Error> {
    let number = getrandom::u64().map_err(|why| failed(Code::StoreUnwritable, folder, &why))?;
    Ok(folder.join(format!("{TEMPORARY}{number:016x}")))
}

fn write(path: &Path, bytes: &[u8], durable: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    if durable {
        file.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn refuses_links(why: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let refusals = [
        Errno::PERM,
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
        Errno::MLINK,
        Errno::NOSYS,
        Errno::XDEV,
    ];
    let refused = |refusal: &Errno| why.raw_os_error() == Some(refusal.raw_os_error());
    // Android's SELinux says EACCES; a folder that cannot be written has said so to the temporary.
    refusals.iter().any(refused) || why.raw_os_error() == Some(Errno::ACCESS.raw_os_error())
}

#[cfg(not(unix))]
fn refuses_links(why: &std::io::Error) -> bool {
    // ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED, ERROR_TOO_MANY_LINKS.
    matches!(why.raw_os_error(), Some(1 | 50 | 1142))
}

/// Some file systems have no such thing as a flush of a folder.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(why) if matches!(why.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        flushed => flushed,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Removes a file; one that is absent is fine, and so is one that stays: a newer one stands.
pub(super) fn remove(path: &Path) {
    let _ = patiently(|| std::fs::remove_file(path));
}

/// On Windows whoever looks at a file (a virus scanner, an indexer) keeps others off for a moment.
#[cfg(windows)]
fn patiently<T>(mut act: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    let begun = std::time::Instant::now();
    loop {
        match act() {
            // ERROR_ACCESS_DENIED (also: being deleted), ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION.
            Err(why)
                if matches!(why.raw_os_error(), Some(5 | 32 | 33))
                    && begun.elapsed() < Duration::from_secs(1) =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

#[cfg(not(windows))]
fn patiently<T>(mut act: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    act()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn without_links_a_file_is_created_under_its_name() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("r.1");
        let refused =
            |_: &Path, _: &Path| -> std::io::Result<()> { Err(rustix::io::Errno::PERM.into()) };
        assert!(publish_by(&path, b"one", true, refused)?);
        assert!(!publish_by(&path, b"two", false, refused)?);
        assert!(!publish(&path, b"three", false)?);
        assert_eq!(std::fs::read(&path)?, b"one");
        assert_eq!(list(folder.path())?, ["r.1"]);
        assert_eq!(
            std::fs::read_dir(folder.path())?.count(),
            1,
            "no temporary stays"
        );
        Ok(())
    }
}

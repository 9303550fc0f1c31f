//! The few things done to files, each complete or not done (DESIGN §5.1).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use devicegrant_core::{Code, Error, SecretBytes};

/// No record is larger.
pub(super) const LARGEST: u64 = 64 * 1024;

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
    if !about.is_dir() {
        return Err(failed(
            Code::StoreUnsafe,
            path,
            &"it is no folder of its own",
        ));
    }
    ours_alone(path, &about)
}

/// The names in a folder; one that is absent is empty.
pub(super) fn list(path: &Path) -> Result<Vec<String>, Error> {
    let entries = match std::fs::read_dir(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable(path))?,
    };
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.collect())
}

/// Reads a whole file that is ours alone; none where it is absent.
pub(super) fn read(path: &Path) -> Result<Option<SecretBytes>, Error> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NOFOLLOW.bits().cast_signed(),
    );
    let file = match options.open(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(unreadable(path))?,
    };
    // Of what was opened, not of what the name means by now.
    let about = file.metadata().map_err(unreadable(path))?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(failed(
            Code::StoreUnsafe,
            path,
            &"it is no file of at most 64 KiB",
        ));
    }
    ours_alone(path, &about)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1);
    file.take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(unreadable(path))?;
    Ok(Some(SecretBytes::new(bytes)))
}

#[cfg(unix)]
fn ours_alone(path: &Path, about: &std::fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(failed(
            Code::StoreUnsafe,
            path,
            &"it belongs to another user",
        ));
    }
    if about.mode() & 0o077 != 0 {
        let what = format!("others may use it (mode {:o})", about.mode() & 0o777);
        return Err(failed(Code::StoreUnsafe, path, &what));
    }
    Ok(())
}

/// Elsewhere the account's own folder is closed to others by the system.
#[cfg(not(unix))]
fn ours_alone(_: &Path, _: &std::fs::Metadata) -> Result<(), Error> {
    Ok(())
}

/// Publishes a file under a name that was never used: complete or absent, and never over another.
/// False where the name is taken.
pub(super) fn publish(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    let folder = path.parent().unwrap_or(path);
    let temporary = temporary(folder)?;
    let written = write(&temporary, bytes)
        .map_err(unwritable(&temporary))
        .and_then(|()| match std::fs::hard_link(&temporary, path) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(why) => Err(unwritable(path)(why)),
        });
    let _ = std::fs::remove_file(&temporary);
    if let Ok(true) = written {
        sync_folder(folder)?;
    }
    written
}

fn temporary(folder: &Path) -> Result<PathBuf, Error> {
    let number = getrandom::u64().map_err(|why| failed(Code::StoreUnwritable, folder, &why))?;
    Ok(folder.join(format!(".new-{number:016x}")))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(unwritable(folder))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), Error> {
    Ok(())
}

/// Opens a file that processes lock between them.
pub(super) fn lock_file(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(unwritable(path))
}

/// Removes a file; one that is absent is fine, and so is one that stays: it is never read again.
pub(super) fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
}

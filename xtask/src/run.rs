//! Running other programs: each command is printed before it starts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository's root, wherever `cargo xtask` was called.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds; the virtual environment of the tests goes there too.
pub(crate) fn target() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(chosen)
}

/// The cargo that runs us, so that `cargo +toolchain xtask` means the same toolchain throughout.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    )
}

pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Print the command, run it, and make a bad end an error.
pub(crate) fn loud(mut command: Command) -> Result<(), String> {
    let line = shown(&command);
    println!("\n$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("`{line}` did not start: {error}")),
    }
}

/// Whether the command exists and succeeds; nothing is shown.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    command(program, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as one would type it at the root of the repository.
fn shown(command: &Command) -> String {
    let here = format!("{}{}", root().display(), std::path::MAIN_SEPARATOR);
    let mut words = vec![];
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!(
                "{}={}",
                name.to_string_lossy(),
                value.to_string_lossy()
            ));
        }
    }
    // A tool is shown by its name; where it is installed helps nobody who reads along.
    let program = Path::new(command.get_program());
    let name = match program.file_name() {
        Some(name) if !program.starts_with(root()) => name,
        _ => command.get_program(),
    };
    words.push(name.to_string_lossy().into_owned());
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ").replace(&here, "")
}

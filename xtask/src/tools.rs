//! What the tests need beside Rust: installed from the registries where that is possible, and
//! otherwise named, with the way to get it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{command, loud, root, succeeds, target};

pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The Python of the tests' virtual environment, made anew when its requirements changed.
pub(crate) fn python() -> Result<PathBuf, String> {
    environment("tests/requirements.txt", "venv")
}

/// The Python that has the older MCP SDK: no environment holds two versions of it.
pub(crate) fn mcp1() -> Result<PathBuf, String> {
    environment("tests/servers/mcp/requirements-1.txt", "venv-mcp1")
}

fn environment(wanted: &str, folder: &str) -> Result<PathBuf, String> {
    let requirements = root().join(wanted);
    let venv = target().join(folder);
    let inside = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    let python = venv.join(inside);
    let stamp = venv.join("installed-requirements.txt");
    if python.exists() && same(&requirements, &stamp) {
        return Ok(python);
    }
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
    let system = [
        "python3",
        "python3.13",
        "python3.12",
        "python3.11",
        "python",
    ]
    .into_iter()
    .find(|name| succeeds(name, &["-c", new_enough]))
    .ok_or("Python 3.11 or later is missing: python.org, pyenv, or apt-get install python3")?;
    let folder = venv.to_string_lossy();
    loud(command(system, &["-m", "venv", "--clear", &folder])).map_err(|problem| {
        format!("{problem}; on Debian the module venv is a package of its own: apt-get install python3-venv")
    })?;
    let quiet = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    loud(command(&python, &[&quiet[..], &["-r", wanted]].concat()))?;
    mark(&requirements, &stamp)?;
    Ok(python)
}

/// The packages that a folder's lock names, installed anew when it changed. No script of theirs runs.
pub(crate) fn node_packages(of: &str) -> Result<(), String> {
    let folder = root().join(of);
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/installed-package-lock.json");
    let new_enough = "process.exit(+process.versions.node.split('.')[0] >= 20 ? 0 : 1)";
    if !succeeds("node", &["-e", new_enough]) {
        return Err("Node 20 or later is missing: nodejs.org, or your system's packages".into());
    }
    if same(&lock, &stamp) {
        return Ok(());
    }
    let quiet = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    let more = ["--ignore-scripts", "--prefix", of];
    loud(command(NPM, &[&quiet[..], &more].concat()))?;
    mark(&lock, &stamp)
}

/// A Chromium for the browser test.
pub(crate) fn chromium() -> Result<(), String> {
    debian(&[("chromium", "chromium --version")])
}

/// A session bus and GNOME's keyring, with libsecret's own tool to look into it from outside.
pub(crate) fn keyring() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        println!("nothing to do: the keyring's tests are for Linux");
        return Ok(());
    }
    debian(&[
        ("dbus", "dbus-daemon --version"),
        ("gnome-keyring", "gnome-keyring-daemon --version"),
        ("libsecret-tools", "command -v secret-tool"),
    ])
}

/// For the tests of the Redis store, which start servers of their own.
pub(crate) fn redis_server() -> Result<(), String> {
    debian(&[("redis-server", "redis-server --version")])
}

/// Debian packages, each with a command that succeeds where it is there: what is missing is
/// installed if this account may, and otherwise named, with the way to get it.
fn debian(wanted: &[(&str, &str)]) -> Result<(), String> {
    let missing = || -> Vec<&str> {
        let gone = wanted
            .iter()
            .filter(|(_, check)| !succeeds("sh", &["-c", check]));
        gone.map(|(package, _)| *package).collect()
    };
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let sudo: &[&str] = if succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        &["env"]
    } else if succeeds("sudo", &["-n", "true"]) {
        &["sudo", "-n"]
    } else {
        return Err(format!(
            "{names} missing, and this account may not install; as an administrator: \
             apt-get install --no-install-recommends {names}"
        ));
    };
    if !succeeds("apt-get", &["--version"]) {
        return Err(format!(
            "{names} missing, and there is no apt-get; install them by your system's own means"
        ));
    }
    let apt = |words: &[&str]| {
        let all = [
            sudo,
            &["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"],
            words,
        ]
        .concat();
        loud(command(all[0], &all[1..]))
    };
    let install = ["install", "-y", "--no-install-recommends"];
    apt(&["update"])
        .and_then(|()| apt(&[&install[..], &packages].concat()))
        .map_err(|problem| format!("{names} missing: {problem}"))?;
    match missing() {
        still if still.is_empty() => Ok(()),
        still => Err(format!(
            "{} installed, but its program does not start",
            still.join(" ")
        )),
    }
}

/// Whether `stamp` holds the very bytes of `source`, that is, whether nothing changed since.
fn same(source: &Path, stamp: &Path) -> bool {
    matches!((fs::read(source), fs::read(stamp)), (Ok(now), Ok(then)) if now == then)
}

fn mark(source: &Path, stamp: &Path) -> Result<(), String> {
    fs::copy(source, stamp)
        .map(drop)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}

//! Measurements that are made by hand, for BENCHMARKS.md: they need a quiet machine.

use crate::run::{command, loud, target};
use crate::{tools, wheel};

/// The Python package beside oauthlib, msal, authlib and requests-oauth2client, in an environment
/// of its own.
pub(crate) fn python(arguments: &[String]) -> Result<(), String> {
    let tests = tools::python()?;
    let built = wheel::release(&tests)?;
    let folder = target().join("venv-bench");
    loud(command(
        &tests,
        &["-m", "venv", "--clear", &folder.to_string_lossy()],
    ))?;
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    let needs = ["-r", "python/benches/requirements.txt"];
    loud(command(&python, &[&pip[..], &needs].concat()))?;
    wheel::pip(&python, &built)?;
    let mut measure = command(&python, &["python/benches/measure.py"]);
    measure.arg(&built).args(arguments);
    loud(measure)
}

//! `cargo xtask torture`: races, kills and stops in full size, against a real server. The figures
//! stand in the last line, as JSON. The tests run the same, smaller.

use std::path::PathBuf;

use crate::run::{cargo, command, loud, target};
use crate::tools;

/// Words go to `tests/torture/full.py`: `race`, `kill` or `stop`, and `--size ci`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let python = tools::python()?;
    tools::node_packages("tests/servers/oidc-provider")?;
    loud(cargo(&["build", "--release", "-p", "devicegrant-cli"]))?;
    let worker = worker()?;
    let mut torture = command(python, &["tests/torture/full.py"]);
    torture.args(arguments);
    torture.env("DEVICEGRANT_BIN", built("release/devicegrant"));
    torture.env("DEVICEGRANT_TORTURE_BIN", worker);
    loud(torture)
}

/// The program that is killed and stopped.
pub(crate) fn worker() -> Result<PathBuf, String> {
    loud(cargo(&["build", "-p", "devicegrant-torture"]))?;
    Ok(built("debug/devicegrant-torture"))
}

fn built(name: &str) -> PathBuf {
    target().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

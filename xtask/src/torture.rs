//! `cargo xtask torture`: races, kills and stops in full size, against a real server. The figures
//! stand in the last line, as JSON. The tests run the same, smaller.

use std::path::PathBuf;

use crate::run::{cargo, command, loud, target};
use crate::{tools, wasm, wheel};

/// Words go to `tests/torture/full.py`: `race`, `mixed`, `kill` or `stop`, and `--size ci`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let python = tools::python()?;
    tools::node_packages("tests/servers/oidc-provider")?;
    loud(cargo(&["build", "--release", "-p", "devicegrant-cli"]))?;
    let worker = worker()?;
    let alone = ["race", "kill", "stop"];
    if !arguments.iter().any(|word| alone.contains(&word.as_str())) {
        wheel::install(&python)?;
        tools::node_packages("node")?;
        wasm::build()?;
        node_package()?;
    }
    let mut torture = command(python, &["tests/torture/full.py"]);
    torture.args(arguments);
    torture.env("DEVICEGRANT_BIN", built("release/devicegrant"));
    torture.env("DEVICEGRANT_TORTURE_BIN", worker);
    loud(torture)
}

/// `node/dist`, of what `wasm` built.
pub(crate) fn node_package() -> Result<(), String> {
    loud(command(tools::NPM, &["run", "build", "--prefix", "node"]))
}

/// The program that is killed and stopped.
pub(crate) fn worker() -> Result<PathBuf, String> {
    loud(cargo(&["build", "-p", "devicegrant-torture"]))?;
    Ok(built("debug/devicegrant-torture"))
}

fn built(name: &str) -> PathBuf {
    target().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

//! `cargo xtask wasm`: the machines for JavaScript, into `node/build`. The same source gives the same
//! bytes wherever it lies; `cargo xtask wasm --twice` builds it once more elsewhere and compares.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{cargo, command, loud, root, target};

const TRIPLE: &str = "wasm32-unknown-unknown";

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => build(),
        [word] if word == "--twice" => twice(),
        _ => Err("its one option is --twice".to_owned()),
    }
}

/// What the build of the Node package takes.
pub(crate) fn build() -> Result<(), String> {
    make(&target(), &root().join("node/build"))
}

/// Two builds in different places.
pub(crate) fn twice() -> Result<(), String> {
    build()?;
    let elsewhere = target().join("wasm-again");
    let again = elsewhere.join("build");
    make(&elsewhere.join("target"), &again)?;
    for name in ["devicegrant.js", "devicegrant.wasm"] {
        let read =
            |folder: &Path| fs::read(folder.join(name)).map_err(|why| format!("{name}: {why}"));
        if read(&root().join("node/build"))? != read(&again)? {
            return Err(format!("{name} differs between two builds"));
        }
    }
    println!("two builds, the same bytes");
    Ok(())
}

fn make(target: &Path, folder: &Path) -> Result<(), String> {
    loud(command("rustup", &["target", "add", TRIPLE]))?;
    let package = ["build", "--locked", "-p", "devicegrant-wasm"];
    let how = ["--profile", "wasm", "--target", TRIPLE, "--target-dir"];
    let out = target.to_string_lossy();
    let words = [&package[..], &how, &[&out]].concat();
    let mut compile = cargo(&words);
    // Where it lies on this machine must not stand in the file. SHA-256 as a loop: it hashes names.
    let flags = format!("{} --cfg sha2_backend_soft=\"compact\"", remapped());
    compile.env("RUSTFLAGS", flags);
    loud(compile)?;

    let compiled = target.join(TRIPLE).join("wasm/devicegrant_wasm.wasm");
    let around = ["run", "-q", "-p", "xtask-wasm", "--"];
    let (from, to) = (compiled.to_string_lossy(), folder.to_string_lossy());
    loud(cargo(&[&around[..], &[&from, &to]].concat()))?;
    let raw = folder.join("devicegrant_bg.wasm");
    let small = folder.join("devicegrant.wasm");
    let (from, to) = (raw.to_string_lossy(), small.to_string_lossy());
    // Two rounds around a pass that flattens: 1 % less than one. What every engine has since 2021; without these words it may use what none has yet.
    let how = [
        "-Oz",
        "--flatten",
        "--rereloop",
        "-Oz",
        "-Oz",
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
        "--strip-debug",
        "--strip-producers",
    ];
    let words = ["node/node_modules/binaryen/bin/wasm-opt", &from, "-o", &to];
    loud(command("node", &[&words[..], &how].concat()))?;
    fs::remove_file(&raw).map_err(|why| format!("{}: {why}", raw.display()))?;
    for (own, name) in [("types", "devicegrant"), ("stores", "stores")] {
        let own = root().join(format!("wasm/{own}.d.ts"));
        let types = folder.join(format!("{name}.d.ts"));
        fs::copy(&own, types).map_err(|why| format!("{}: {why}", own.display()))?;
    }
    Ok(())
}

fn remapped() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let here = format!("--remap-path-prefix={}=.", root().display());
    match home {
        Some(home) => format!("{here} --remap-path-prefix={}=cargo", home.display()),
        None => here,
    }
}

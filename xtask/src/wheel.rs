//! The Python package as its users have it: a wheel, built and installed, then checked and tested.

use std::path::{Path, PathBuf};

use crate::run::{command, loud, root, target};

/// Builds the wheel and installs it into the tests' environment; returns the wheel.
///
/// Not optimised: what it weighs and how fast it is are measured elsewhere (`bench-python`).
pub(crate) fn install(python: &Path) -> Result<PathBuf, String> {
    let wheel = build(python, &["--profile", "dev"], "wheels")?;
    pip(python, &wheel)?;
    Ok(wheel)
}

/// Builds a wheel as it would be published.
pub(crate) fn release(python: &Path) -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return build(python, &["--release"], "wheels-release");
    }
    // A C library of long ago, by zig: the wheel then runs wherever that one or a later is.
    let options = ["--release", "--zig", "--compatibility", "manylinux_2_28"];
    let wheel = build(python, &options, "wheels-release")?;
    // The symbols have served: the sources of Python were written from them.
    let strip = "\
import pathlib, subprocess, sys, tempfile
wheel = pathlib.Path(sys.argv[1])
run = lambda *words: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
with tempfile.TemporaryDirectory() as folder:
    run(sys.executable, '-m', 'wheel', 'unpack', wheel, '-d', folder)
    (inside,) = pathlib.Path(folder).iterdir()
    run('strip', '--strip-unneeded', *inside.glob('devicegrant/_native/*.so'))
    run(sys.executable, '-m', 'wheel', 'pack', inside, '-d', wheel.parent)
";
    loud(command(python, &["-c", strip, &wheel.to_string_lossy()]))?;
    Ok(wheel)
}

fn build(python: &Path, options: &[&str], folder: &str) -> Result<PathBuf, String> {
    let into = target().join(folder);
    // An older one must not be taken for what is built now.
    let _ = std::fs::remove_dir_all(&into);
    let place = into.to_string_lossy();
    let words = [&["-m", "maturin", "build", "-o", &*place][..], options].concat();
    let mut maturin = command(python, &words);
    maturin.current_dir(root().join("python"));
    maturin.env("CARGO_TARGET_DIR", target());
    // maturin finds zig beside the Python that runs it.
    let beside = python.parent().unwrap_or(python).to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::iter::once(beside).chain(std::env::split_paths(&path));
    let joined = std::env::join_paths(places).map_err(|why| why.to_string())?;
    maturin.env("PATH", joined);
    // zig's linker takes "debuginfo" for "everything", and what uniffi reads with it.
    maturin.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    loud(maturin)?;
    let found = std::fs::read_dir(&into).map_err(|why| format!("{place}: {why}"))?;
    let mut wheels = found.flatten().map(|file| file.path());
    wheels
        .find(|path| path.extension().is_some_and(|end| end == "whl"))
        .ok_or_else(|| format!("{place} holds no wheel"))
}

pub(crate) fn pip(python: &Path, wheel: &Path) -> Result<(), String> {
    let wheel = wheel.to_string_lossy();
    let words = ["-m", "pip", "install", "--quiet", "--no-deps"];
    let more = ["--disable-pip-version-check", "--force-reinstall", &*wheel];
    loud(command(python, &[&words[..], &more].concat()))
}

/// `mypy --strict` and pyright, over the package as it is installed: the generated module is not in
/// the sources.
pub(crate) fn types(python: &Path) -> Result<(), String> {
    let folder = target().join("typecheck");
    let copy = "\
import shutil, sys, importlib.util, pathlib
into = pathlib.Path(sys.argv[1])
shutil.rmtree(into, ignore_errors=True)
package = pathlib.Path(importlib.util.find_spec('devicegrant').origin).parent
shutil.copytree(package, into / 'devicegrant', ignore=shutil.ignore_patterns('__pycache__', '*.so'))
shutil.copy('python/pyproject.toml', into)
";
    let place = folder.to_string_lossy();
    loud(command(python, &["-c", copy, &place]))?;
    let interpreter = python.to_string_lossy();
    let mut mypy = command(python, &["-m", "mypy", "--python-executable", &interpreter]);
    mypy.current_dir(&folder);
    loud(mypy)?;
    let words = ["-m", "pyright", "-p", &*place, "--pythonpath", &interpreter];
    loud(command(python, &words))
}

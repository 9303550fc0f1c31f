//! Replays every conversation under `tests/vectors` and counts them by row of PROVIDERS.
//! What the files mean stands in `tests/vectors/README.md`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)] // a test runner

mod compare;
mod home;
mod kept;
mod made;
mod records;
mod registered;
mod replay;
mod rows;
mod saved;
mod step_up;
mod vector;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vector::Vector;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let mut files = Vec::new();
    find(&root, &mut files);
    files.sort();
    let mut failures = Vec::new();
    let mut vectors = Vec::new();
    let mut sealed = Vec::new();
    for file in files {
        let name = file
            .strip_prefix(&root)
            .unwrap()
            .with_extension("")
            .display()
            .to_string();
        if name.starts_with("records/") {
            match records::read(&file) {
                Ok(record) => sealed.push((name, record)),
                Err(why) => failures.push(format!("{name}: {why}")),
            }
            continue;
        }
        match Vector::read(&file) {
            Ok(vector) => vectors.push((name, vector)),
            Err(why) => failures.push(format!("{name}: {why}")),
        }
    }
    let mut passed = 0;
    let conversations = vectors.iter().map(|(name, vector)| {
        let run: Box<dyn Fn() -> Result<(), String>> = Box::new(|| replay::replay(vector));
        (name, &vector.rows, run)
    });
    let records = sealed.iter().map(|(name, record)| {
        let run: Box<dyn Fn() -> Result<(), String>> = Box::new(|| records::check(record));
        (name, &record.rows, run)
    });
    let mut covered = Vec::new();
    for (name, rows, run) in conversations.chain(records) {
        covered.push((name.as_str(), rows.as_slice()));
        if wanted
            .as_ref()
            .is_some_and(|part| !name.contains(part.as_str()))
        {
            continue;
        }
        match run() {
            Ok(()) => passed += 1,
            Err(why) => failures.push(format!("{name}: {why}")),
        }
    }
    if wanted.is_none() {
        failures.extend(rows::check(&root.join("rows.json"), &covered));
    }
    for failure in &failures {
        println!("FAILED {failure}\n");
    }
    let result = if failures.is_empty() { "ok" } else { "FAILED" };
    // The form of cargo's own closing line, for those who read it.
    println!(
        "test result: {result}. {passed} passed; {} failed; 0 ignored; 0 measured; 0 filtered out",
        failures.len()
    );
    ExitCode::from(u8::from(!failures.is_empty()))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("tests/vectors is there") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|e| e == "json")
            && path.file_name().is_some_and(|n| n != "rows.json")
        {
            files.push(path);
        }
    }
}

//! The project's chores, one file per job: `cargo xtask` lists them.

// A command that is run by hand talks on its standard streams.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod run;
mod test;
mod tools;
mod torture;
mod wasm;
mod wheel;

use std::process::ExitCode;

type Job = fn(&[String]) -> Result<(), String>;

/// Name, one line of help, the job itself.
const JOBS: &[(&str, &str, Job)] = &[
    (
        "test",
        "install what the tests need, build, and run every test",
        test::run,
    ),
    (
        "torture",
        "race, kill and stop processes that renew one login: [race|mixed|kill|stop] [--size ci|full]",
        torture::run,
    ),
    (
        "bench-python",
        "build the wheel as it is published, and measure it beside its peers",
        bench::python,
    ),
    (
        "wasm",
        "build the machines for JavaScript into node/build",
        wasm::run,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        list();
        return ExitCode::SUCCESS;
    };
    let Some((_, _, job)) = JOBS.iter().find(|(known, _, _)| known == name) else {
        eprintln!("xtask: there is no job `{name}`");
        list();
        return ExitCode::from(2);
    };
    match job(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask {name}: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("cargo xtask JOB");
    for (name, help, _) in JOBS {
        println!("  {name:<13} {help}");
    }
}

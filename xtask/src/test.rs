//! `cargo xtask test`: every test of the project, on a machine that has only rustup, Python and
//! Node. A step that fails does not hide the ones after it; any failure makes the end non-zero.

use std::time::Instant;

use crate::run::{cargo, command, loud, target};
use crate::{tools, torture, wasm, wheel};

#[derive(Default)]
struct Report {
    /// Step, seconds, and what went wrong.
    steps: Vec<(&'static str, u64, Result<(), String>)>,
    /// What was not run, and why.
    skipped: Vec<String>,
}

impl Report {
    fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, String>,
    ) -> Option<T> {
        println!("\n== {name}");
        let started = Instant::now();
        let (value, outcome) = match work() {
            Ok(value) => (Some(value), Ok(())),
            Err(problem) => (None, Err(problem)),
        };
        self.steps
            .push((name, started.elapsed().as_secs(), outcome));
        value
    }

    fn finish(self) -> Result<(), String> {
        println!("\n== summary");
        let mut bad = 0;
        for (name, seconds, outcome) in self.steps {
            match outcome {
                Ok(()) => println!("  ok      {name} ({seconds} s)"),
                Err(problem) => {
                    bad += 1;
                    println!("  FAILED  {name} ({seconds} s): {problem}");
                }
            }
        }
        for what in self.skipped {
            println!("  SKIPPED {what}");
        }
        if bad == 0 {
            println!("  everything passed");
            return Ok(());
        }
        Err(format!("{bad} of the steps above failed"))
    }
}

fn binary_path() -> std::path::PathBuf {
    let name = format!("release/devicegrant{}", std::env::consts::EXE_SUFFIX);
    target().join(name)
}

/// Further arguments go to pytest, as in `cargo xtask test -k outage`.
#[allow(clippy::too_many_lines, reason = "one step after another")]
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut report = Report::default();
    let python = report.step("Python packages", tools::python);
    let mcp1 = report.step("Python packages, the older MCP SDK", tools::mcp1);
    let node = report.step("Node packages", || {
        tools::node_packages("tests/servers/oidc-provider")
    });
    let package = report.step("Node package, its tools", || tools::node_packages("node"));
    let typescript = report.step("Node packages of an MCP server", || {
        tools::node_packages("tests/servers/bridged/typescript")
    });
    let chromium = report.step("Chromium", tools::chromium);
    report.step("keyring", tools::keyring);
    report.step("redis-server", tools::redis_server);
    report.step("Rust tests", || {
        // Every feature: the stores and observers that are optional are tested too.
        let mut tests = cargo(&["test", "--workspace", "--all-features"]);
        // Here no test is left out: without a keyring or a redis-server they fail.
        tests.env_remove("DEVICEGRANT_WITHOUT");
        loud(tests)
    });
    let binary = report.step("the command", || {
        loud(cargo(&["build", "--release", "-p", "devicegrant-cli"]))
    });

    let wheel = python.as_ref().and_then(|python| {
        let wheel = report.step("the wheel", || wheel::install(python));
        if wheel.is_some() {
            report.step("types of the Python package", || wheel::types(python));
        }
        wheel
    });
    // Without it the tests that need it fail, and say where they looked for it.
    if let (Some(mcp1), Some(wheel)) = (&mcp1, &wheel) {
        report.step("the wheel, beside the older MCP SDK", || {
            wheel::pip(mcp1, wheel)
        });
    }
    let worker = report.step("the program of tests/torture", torture::worker);

    let mut built = None;
    if package.is_some() && binary.is_some() {
        built = report.step("Node package, built", || {
            wasm::twice()?;
            torture::node_package()
        });
        report.step("Node package, tested", || {
            let mut tests = command(tools::NPM, &["test", "--prefix", "node"]);
            tests.env("DEVICEGRANT_BIN", binary_path());
            loud(tests)
        });
    } else {
        let why = "node/: it needs its tools and the command";
        report.skipped.push(why.into());
    }
    let (Some(python), Some(()), Some(worker)) = (python, binary, worker) else {
        let why = "all of pytest tests/: it needs the Python packages and the two programs";
        report.skipped.push(why.into());
        return report.finish();
    };
    // Most of these tests wait for a server's interval, so more workers than cores pay.
    let words = [
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-q",
        "-ra",
        "-n",
        "6",
        // The slow ones stand together: who has none left takes of theirs.
        "--dist",
        "worksteal",
    ];
    let mut pytest = command(python, &words);
    pytest.env("DEVICEGRANT_BIN", binary_path());
    pytest.env("DEVICEGRANT_TORTURE_BIN", worker);
    if let Some(mcp1) = mcp1 {
        pytest.env("DEVICEGRANT_MCP1_PYTHON", mcp1);
    }
    // Made by the Rust tests.
    pytest.env("DEVICEGRANT_EXAMPLES", target().join("debug/examples"));
    let mut without = Vec::new();
    if node.is_none() {
        let what = "the tests against oidc-provider: they need the Node packages";
        report.skipped.push(what.into());
        without.push("oidc");
    }
    if typescript.is_none() {
        let what = "the bridge before the TypeScript server: it needs its packages";
        report.skipped.push(what.into());
        without.push("typescript");
    }
    if built.is_none() || wheel.is_none() {
        let what = "the tests of three languages: they need the wheel and the Node package";
        report.skipped.push(what.into());
        without.push("languages");
    }
    if !without.is_empty() {
        pytest.env("DEVICEGRANT_WITHOUT", without.join(","));
    }
    if chromium.is_none() {
        let what = "tests/browser: it needs Chromium";
        report.skipped.push(what.into());
        pytest.arg("--ignore=tests/browser");
    }
    pytest.arg("tests");
    if let Some(wheel) = wheel {
        pytest.arg("python/tests");
        pytest.env("DEVICEGRANT_WHEEL", wheel);
    } else {
        let what = "python/tests: they need the wheel";
        report.skipped.push(what.into());
    }
    pytest.args(arguments);
    report.step("end to end", || loud(pytest));
    report.finish()
}

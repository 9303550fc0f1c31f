//! One look at a home, in a process of its own: this very program, told so by a variable.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use devicegrant::{Error, Home, key};

const ASKED: &str = "DEVICEGRANT_TEST_PROBE";

/// What the process said.
#[derive(Debug)]
pub(crate) struct Said {
    fields: HashMap<String, String>,
    /// From its start to its end.
    pub(crate) took: Duration,
}

impl Said {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// A look that is being prepared: no variable of ours and no bus, unless the test gives one.
pub(crate) struct Probe(Command);

impl Probe {
    /// Of the home there: `key` as behind `--key`, or empty.
    pub(crate) fn of(home: &Path, key: &str, create: bool) -> std::io::Result<Self> {
        let mut probe = Self::new()?;
        probe
            .0
            .arg(home)
            .args([key, if create { "create" } else { "read" }]);
        Ok(probe)
    }

    /// Of the variables alone.
    pub(crate) fn of_variables() -> std::io::Result<Self> {
        Self::new()
    }

    fn new() -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .env(ASKED, "1")
            .env("XDG_RUNTIME_DIR", "/nonexistent");
        for name in ["KEY", "KEY_COMMAND", "PASSPHRASE", "HOME"] {
            command.env_remove(format!("DEVICEGRANT_{name}"));
        }
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
        Ok(Self(command))
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn look(mut self) -> Result<Said, Box<dyn std::error::Error>> {
        let started = Instant::now();
        let output = self.0.output()?;
        let took = started.elapsed();
        let text = String::from_utf8(output.stdout)?;
        let fields = text.lines().filter_map(|line| line.split_once('='));
        let fields: HashMap<_, _> = fields.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        if !output.status.success() || fields.is_empty() {
            let shown = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("the probe ended with {}: {text}{shown}", output.status).into());
        }
        Ok(Said { fields, took })
    }
}

/// In the probe: look, say, end.
pub(crate) fn answer() -> Option<ExitCode> {
    std::env::var_os(ASKED)?;
    match look() {
        Ok(said) => println!("{said}"),
        Err(error) => println!(
            "code={}\nmessage={}",
            error.code().as_str(),
            error.message()
        ),
    }
    Some(ExitCode::SUCCESS)
}

fn look() -> Result<String, Error> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [home, wish, create] = &arguments[..] else {
        return key::from_variables().map(|key| format!("key_id={}", key.id()));
    };
    let wish = match wish.to_str().unwrap_or_default() {
        "" => None,
        word => Some(word.parse()?),
    };
    let home = Home::find(Some(home.into()))?;
    Ok(match key::open(&home, wish, create == "create")? {
        None => "home=none".to_owned(),
        Some(open) => format!(
            "source={}\nkey_id={}\nhome_id={}\ncreated={}",
            open.source, open.key_id, open.home_id, open.created
        ),
    })
}

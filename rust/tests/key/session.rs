//! A session bus and a GNOME keyring of the test's own, in a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Checked;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SECRETS: &str = "org.freedesktop.secrets";

/// Ends the process, which the test has started, with the test.
struct Ours(Child);

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session. Its keyring's files outlive it, in the folder.
pub(crate) struct Session {
    pub(crate) address: String,
    folder: PathBuf,
    keyring: Option<Ours>,
    _bus: Ours,
}

impl Session {
    /// A bus without a keyring. No service is started on demand.
    pub(crate) fn bare(folder: &Path) -> Result<Self> {
        let config = folder.join("bus.conf");
        let socket = folder.join("bus");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:path={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            socket.display()
        );
        std::fs::write(&config, text)?;
        let _ = std::fs::remove_file(&socket);
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut address = String::new();
        let out = bus.stdout.take().ok_or("no output")?;
        BufReader::new(out).read_line(&mut address)?;
        Ok(Self {
            address: address.trim().to_owned(),
            folder: folder.to_owned(),
            keyring: None,
            _bus: Ours(bus),
        })
    }

    /// With a keyring that is unlocked; the first time, it is made.
    pub(crate) fn unlocked(folder: &Path) -> Result<Self> {
        Self::with(folder, Some("a password"))
    }

    /// With a keyring that is there and locked.
    pub(crate) fn locked(folder: &Path) -> Result<Self> {
        Self::with(folder, None)
    }

    fn with(folder: &Path, password: Option<&str>) -> Result<Self> {
        let mut session = Self::bare(folder)?;
        let mut command = session.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        command.args(password.map(|_| "--unlock"));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut keyring = command.spawn()?;
        let mut input = keyring.stdin.take().ok_or("no input")?;
        input.write_all(password.unwrap_or_default().as_bytes())?;
        drop(input);
        session.keyring = Some(Ours(keyring));
        session.wait()?;
        Ok(session)
    }

    fn wait(&self) -> Checked {
        let deadline = Instant::now() + Duration::from_secs(20);
        let owner = format!("string:{SECRETS}");
        while Instant::now() < deadline {
            let bus = [
                "org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.NameHasOwner",
            ];
            if self.call(bus, &[&owner])?.contains("true") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the keyring did not come up within 20 seconds".into())
    }

    /// Makes the collection that forgets the default one.
    pub(crate) fn forget_at_logout(&self) -> Checked {
        let secrets = [
            SECRETS,
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.SetAlias",
        ];
        let session = "objpath:/org/freedesktop/secrets/collection/session";
        self.call(secrets, &["string:default", session]).map(drop)
    }

    fn call(&self, [to, path, method]: [&str; 3], arguments: &[&str]) -> Result<String> {
        let mut command = self.command("dbus-send");
        command.args([
            "--session",
            "--print-reply",
            &format!("--dest={to}"),
            path,
            method,
        ]);
        said(command.args(arguments))
    }

    /// Stops the keyring in its tracks: it takes calls and never answers.
    pub(crate) fn freeze(&self) -> Checked {
        let keyring = self.keyring.as_ref().ok_or("there is no keyring")?;
        said(Command::new("kill").args(["-STOP", &keyring.0.id().to_string()])).map(drop)
    }

    /// What libsecret's own tool finds by the two attributes that every library files under.
    pub(crate) fn lookup(&self, account: &str) -> Result<String> {
        let mut command = self.command("secret-tool");
        said(command.args(["lookup", "service", "devicegrant", "username", account]))
    }

    pub(crate) fn clear(&self, account: &str) -> Checked {
        let mut command = self.command("secret-tool");
        said(command.args(["clear", "service", "devicegrant", "username", account])).map(drop)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env(name, &self.folder);
        }
        command
    }
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!(
        "{} ended with {}: {words}",
        command.get_program().display(),
        output.status
    )
    .into())
}

//! A real `redis-server` of one's own, on a free port of this machine.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use devicegrant::store::RedisStore;
use devicegrant::{Error, Secret};
use tempfile::TempDir;

/// Its data outlive a stop and a start. It ends with the value.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    more: String,
    child: Option<Child>,
}

/// True where whoever runs the tests says that there is no redis-server here.
pub(crate) fn without() -> bool {
    let without = std::env::var("DEVICEGRANT_WITHOUT").unwrap_or_default();
    without.split(',').any(|what| what.trim() == "redis")
}

impl Server {
    /// Starts it with more lines of configuration, in which `{port}` is its port. It may not listen yet: the store waits for it.
    pub(crate) fn start(more: &str) -> std::io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut server = Self {
            folder: tempfile::tempdir()?,
            port,
            more: more.to_owned(),
            child: None,
        };
        server.resume()?;
        Ok(server)
    }

    pub(crate) fn resume(&mut self) -> std::io::Result<()> {
        // On its input and not as arguments: there may be a password in it.
        let config = format!(
            "port {}\nbind 127.0.0.1\ndir {}\nsave \"\"\nappendonly yes\nlogfile \"\"\n{}\n",
            self.port,
            self.folder.path().display(),
            self.more.replace("{port}", &self.port.to_string())
        );
        let mut child = Command::new("redis-server")
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|why| {
                let way = "apt-get install redis-server, or DEVICEGRANT_WITHOUT=redis";
                std::io::Error::new(why.kind(), format!("redis-server: {why}; {way}"))
            })?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(config.as_bytes())?;
        }
        self.child = Some(child);
        Ok(())
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) -> std::io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// `login` is nothing, or `USER:PASSWORD@`.
    pub(crate) fn url(&self, login: &str) -> Secret {
        Secret::new(format!("redis://{login}127.0.0.1:{}/0", self.port))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) async fn store(&self) -> Result<RedisStore, Error> {
        RedisStore::connect(self.url(""), None).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

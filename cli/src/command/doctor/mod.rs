//! `devicegrant doctor`

mod here;
mod server;

use devicegrant::{Code, Error};
use serde_json::json;

use crate::args::{self, Place};
use crate::client::work;
use crate::output::{self, Failure};

/// What a check found.
struct Check {
    name: &'static str,
    state: State,
    code: Option<Code>,
    about: String,
    remedy: Option<String>,
    exit: u8,
}

#[derive(Clone, Copy)]
enum State {
    Ok,
    Warn,
    Fail,
}

impl Check {
    fn ok(name: &'static str, about: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            code: None,
            about: about.into(),
            remedy: None,
            exit: 0,
        }
    }

    fn warn(name: &'static str, about: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Warn,
            remedy: Some(remedy.into()),
            ..Self::ok(name, about)
        }
    }

    fn fail(name: &'static str, error: &Error) -> Self {
        Self {
            state: State::Fail,
            code: Some(error.code()),
            remedy: Some(error.hint().to_owned()),
            exit: error.exit(),
            ..Self::ok(name, error.message())
        }
    }

    fn tell(&self, as_json: bool) {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        };
        if as_json {
            let event = json!({
                "event": "check",
                "check": self.name,
                "state": state,
                "code": self.code.map(Code::as_str),
                "message": self.about,
                "remedy": self.remedy,
            });
            return output::line(&event.to_string());
        }
        output::line(&format!("{state:5} {:8} {}", self.name, self.about));
        if let Some(remedy) = &self.remedy {
            output::line(&format!("{:14} {remedy}", ""));
        }
    }
}

/// Checks everything that a login needs. The exit code is the highest of the checks that failed.
pub(crate) async fn run(given: &args::Doctor, place: &Place) -> Result<u8, Failure> {
    if given.new_key {
        output::line(devicegrant::key::fresh_text()?.expose());
        return Ok(0);
    }
    let mut worst = 0;
    let mut tell = |check: &Check| {
        check.tell(given.json);
        worst = worst.max(check.exit);
    };
    let client = match crate::client::quiet(given.which.options(), place).await {
        Ok(client) => Some(client),
        // What the arguments say cannot be meant; what the store says is a finding.
        Err(error) if error.exit() == 2 => return Err(error.into()),
        Err(error) => {
            tell(&Check::fail("store", &error));
            None
        }
    };
    if let Some(client) = &client {
        for check in work(client, async { Ok(here::checks(client, place).await) }).await? {
            tell(&check);
        }
    }
    let mut targets = Vec::new();
    if given.which.names_a_place() {
        targets.push(given.which.options());
    } else if given.which.is_any() {
        if let Some(client) = &client {
            let found = work(client, client.look_even_ended()).await?;
            targets.push(server::target(&found.sealed.header));
        }
    } else if let Some(client) = &client {
        // Where the store cannot be read it has said so above.
        let kept = work(client, async { Ok(client.all().await.unwrap_or_default()) }).await?;
        targets = server::of(kept);
    }
    if targets.is_empty() {
        tell(&Check::ok(
            "clock",
            "not compared: no server is known here; name one to compare it with its clock",
        ));
    }
    let mut clock_told = false;
    for options in targets {
        let asked = async { server::check(options, place).await };
        let (server, clock) = crate::stop::unless_stopped(None, asked).await?;
        tell(&server);
        if let Some(clock) = clock.filter(|_| !clock_told) {
            clock_told = true;
            tell(&clock);
        }
    }
    Ok(worst)
}

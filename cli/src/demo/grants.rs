//! The codes that wait for a person, and what each poll of one is told.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{
    code,
    grant::{Ask, Grant, Polled, State},
    script::Script,
};

/// Enough for any test, and bounded whoever knocks.
const MAX_GRANTS: usize = 1000;
/// How long a dead code is still called `expired_token` rather than unknown.
const REMEMBER: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub(super) struct Grants(HashMap<String, Grant>);

/// No place is left for another code.
#[derive(Debug)]
pub(super) struct Full;

impl Grants {
    /// Takes a new request in. Gives the device code and the user code.
    pub(super) fn begin(
        &mut self,
        ask: Ask,
        script: &Script,
        now: Instant,
    ) -> Result<Result<(String, String), Full>, getrandom::Error> {
        self.0.retain(|_, grant| now < grant.expires_at + REMEMBER);
        if self.0.len() >= MAX_GRANTS {
            return Ok(Err(Full));
        }
        let device_code = code::secret()?;
        let user_code = loop {
            let candidate = code::user_code()?;
            if self.find(&candidate).is_none() {
                break candidate;
            }
        };
        let grant = Grant::new(ask, user_code.clone(), script, now);
        self.0.insert(device_code.clone(), grant);
        Ok(Ok((device_code, user_code)))
    }

    /// The code a person has entered, whatever has become of it.
    pub(super) fn find(&mut self, user_code: &str) -> Option<&mut Grant> {
        self.0
            .values_mut()
            .find(|grant| grant.user_code == user_code)
    }

    /// A decision about a code that waits for one. False if none does.
    pub(super) fn decide(&mut self, user_code: &str, approve: bool, now: Instant) -> bool {
        match self.find(user_code) {
            Some(grant) if grant.waits(now) => {
                grant.state = if approve {
                    State::Approved
                } else {
                    State::Denied
                };
                true
            }
            _ => false,
        }
    }

    /// Notes for which tokens a code was given.
    pub(super) fn redeem(&mut self, device_code: &str, family: u64) {
        if let Some(grant) = self.0.get_mut(device_code) {
            grant.state = State::Redeemed(family);
        }
    }

    /// What the device asked for, if the code is its own.
    pub(super) fn ask(&self, device_code: &str, client_id: &str) -> Option<&Ask> {
        self.0
            .get(device_code)
            .map(|grant| &grant.ask)
            .filter(|ask| ask.client_id == client_id)
    }

    /// A poll.
    pub(super) fn poll(
        &mut self,
        (device_code, client_id, verifier): (&str, &str, Option<&str>),
        script: &Script,
        now: Instant,
    ) -> Polled {
        match self.0.get_mut(device_code) {
            Some(grant) => grant.poll(client_id, verifier, script, now),
            None => Polled::unknown(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::grant::Told, *};

    fn begun(script: &Script, now: Instant) -> (Grants, String, String) {
        let mut grants = Grants::default();
        let ask = Ask {
            client_id: "c".into(),
            client_name: "C".into(),
            scope: String::new(),
            challenge: None,
        };
        let (device, user) = grants.begin(ask, script, now).unwrap().unwrap();
        (grants, device, user)
    }

    #[test]
    fn the_interval_really_grows_and_never_shrinks() {
        let script = Script::default();
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let (mut grants, device, user) = begun(&script, start);
        let mut poll = |s| {
            let polled = grants.poll((&device, "c", None), &script, at(s));
            (polled.told, polled.interval)
        };
        assert_eq!(poll(0), (Told::Waiting, 5), "the first may come at once");
        assert_eq!(poll(4), (Told::SlowDown, 10));
        assert_eq!(
            poll(13),
            (Told::SlowDown, 15),
            "9 s were enough before, not now"
        );
        assert_eq!(poll(28), (Told::Waiting, 15), "exactly 15 s");
        assert_eq!(poll(42), (Told::SlowDown, 20));
        assert!(grants.decide(&user, true, at(43)));
        let told = grants.poll((&device, "c", None), &script, at(43)).told;
        assert_eq!(told, Told::Redeem, "an approval is told at any pace");
    }

    #[test]
    fn the_first_poll_waits_where_the_script_is_strict() {
        let script = Script {
            strict_first: true,
            ..Script::default()
        };
        let start = Instant::now();
        let (mut grants, device, _) = begun(&script, start);
        let early = start + Duration::from_millis(4999);
        assert_eq!(
            grants.poll((&device, "c", None), &script, early).told,
            Told::SlowDown
        );
    }

    #[test]
    fn a_code_expires_is_remembered_and_forgotten() {
        let script = Script::default();
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let (mut grants, device, user) = begun(&script, start);
        assert_eq!(
            grants.poll((&device, "c", None), &script, at(599)).told,
            Told::Waiting
        );
        assert_eq!(
            grants.poll((&device, "c", None), &script, at(600)).told,
            Told::Expired
        );
        assert!(!grants.decide(&user, true, at(600)));
        let ask = grants.ask(&device, "c").unwrap().clone();
        let _ = grants
            .begin(ask.clone(), &script, at(899))
            .unwrap()
            .unwrap();
        assert_eq!(
            grants.poll((&device, "c", None), &script, at(899)).told,
            Told::Expired
        );
        let _ = grants.begin(ask, &script, at(900)).unwrap().unwrap();
        assert_eq!(
            grants.poll((&device, "c", None), &script, at(900)).told,
            Told::Unknown
        );
    }

    #[test]
    fn only_so_many_codes_wait() {
        let script = Script::default();
        let now = Instant::now();
        let (mut grants, device, _) = begun(&script, now);
        let ask = grants.ask(&device, "c").unwrap().clone();
        for _ in 1..MAX_GRANTS {
            assert!(grants.begin(ask.clone(), &script, now).unwrap().is_ok());
        }
        assert!(grants.begin(ask.clone(), &script, now).unwrap().is_err());
        let later = now + Duration::from_secs(900);
        assert!(
            grants.begin(ask, &script, later).unwrap().is_ok(),
            "the dead make room"
        );
    }
}

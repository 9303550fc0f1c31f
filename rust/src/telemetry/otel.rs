//! Events as metrics of OpenTelemetry.

use devicegrant_core::Event;
use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::{KeyValue, global};

use crate::traits::Observer;

/// Counts events and measures renewals. Only the API is used: where the program has set no
/// provider, nothing happens.
///
/// | instrument | attributes | what is counted |
/// |---|---|---|
/// | `devicegrant.codes_issued` | | device codes |
/// | `devicegrant.polls` | | polls answered "not yet" |
/// | `devicegrant.slow_downs` | | those of them that asked for a slower pace |
/// | `devicegrant.tokens_issued` | | tokens from sign-ins |
/// | `devicegrant.refreshes` | `outcome` = `ok`, `failed`, `joined`; `code` where it failed | renewals |
/// | `devicegrant.refresh.duration` | `outcome` = `ok`, `failed` | how long they took, in seconds |
/// | `devicegrant.anomalies` | `kind` | what an honest run does not show |
///
/// Every attribute is one of a short list that is fixed in the program: no address, no name.
#[derive(Debug)]
pub struct OtelObserver {
    codes_issued: Counter<u64>,
    polls: Counter<u64>,
    slow_downs: Counter<u64>,
    tokens_issued: Counter<u64>,
    refreshes: Counter<u64>,
    refresh_duration: Histogram<f64>,
    anomalies: Counter<u64>,
}

/// The SDK's own buckets are made for milliseconds. A renewal takes tens of them; 20 s is the limit.
const SECONDS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

impl OtelObserver {
    /// With a meter of the caller's.
    pub fn new(meter: &Meter) -> Self {
        let counter = |name, what, unit| {
            let builder = meter.u64_counter(name);
            builder.with_description(what).with_unit(unit).build()
        };
        Self {
            codes_issued: counter("devicegrant.codes_issued", "Device codes issued", "{code}"),
            polls: counter("devicegrant.polls", "Polls answered: not yet", "{poll}"),
            slow_downs: counter(
                "devicegrant.slow_downs",
                "Polls answered: slow down",
                "{poll}",
            ),
            tokens_issued: counter(
                "devicegrant.tokens_issued",
                "Tokens issued to sign-ins",
                "{token}",
            ),
            refreshes: counter("devicegrant.refreshes", "Renewals of logins", "{refresh}"),
            refresh_duration: meter
                .f64_histogram("devicegrant.refresh.duration")
                .with_description("How long a renewal took")
                .with_unit("s")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            anomalies: counter(
                "devicegrant.anomalies",
                "What an honest run does not show",
                "{anomaly}",
            ),
        }
    }

    /// With the meter `devicegrant` of the process's provider. Set that provider first.
    pub fn global() -> Self {
        Self::new(&global::meter("devicegrant"))
    }

    fn refreshed(&self, outcome: &'static str, code: Option<&'static str>, ms: Option<u64>) {
        let mut attributes = vec![KeyValue::new("outcome", outcome)];
        if let Some(ms) = ms {
            let seconds = std::time::Duration::from_millis(ms).as_secs_f64();
            self.refresh_duration.record(seconds, &attributes);
        }
        attributes.extend(code.map(|code| KeyValue::new("code", code)));
        self.refreshes.add(1, &attributes);
    }
}

impl Observer for OtelObserver {
    fn event(&self, event: &Event) {
        match event {
            Event::CodeIssued { .. } => self.codes_issued.add(1, &[]),
            Event::Pending => self.polls.add(1, &[]),
            Event::SlowDown { .. } => {
                self.polls.add(1, &[]);
                self.slow_downs.add(1, &[]);
            }
            Event::TokenIssued { .. } => self.tokens_issued.add(1, &[]),
            Event::Refreshed { ms, .. } => self.refreshed("ok", None, Some(*ms)),
            Event::RefreshFailed { code, ms } => self.refreshed("failed", Some(code), Some(*ms)),
            Event::RefreshJoined => self.refreshed("joined", None, None),
            Event::Anomaly { kind } => {
                self.anomalies.add(1, &[KeyValue::new("kind", *kind)]);
            }
            // The rest is for logs: a number of them says nothing.
            _ => {}
        }
    }
}

//! What observers hand on: the real `tracing` and the real OpenTelemetry SDK listen.
#![cfg(all(feature = "tracing", feature = "opentelemetry"))]

mod common;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use common::TestResult;
use common::events::{CANARY, all, sign_in};
use devicegrant::telemetry::{Observers, OtelObserver, TracingObserver};
use devicegrant::{Event, Observer};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Writes each event down as `LEVEL target message field=value …`, in the order of the fields.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let name = field.name();
            self.fields = format!("{} {name}={value:?}", self.fields);
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Written {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let about = event.metadata();
        let (level, target) = (about.level(), about.target());
        let Line { message, fields } = line;
        let line = format!("{level} {target} {message}{fields}");
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}

fn traced(events: &[Event]) -> Vec<String> {
    let written = Written::default();
    let subscriber = tracing_subscriber::registry().with(written.clone());
    tracing::subscriber::with_default(subscriber, || {
        for event in events {
            TracingObserver.event(event);
        }
    });
    let lines = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    lines.clone()
}

#[test]
fn tracing_is_told_each_event_with_its_fields() {
    let lines = traced(&all());
    let url = "https://auth.example.com/.well-known/openid-configuration";
    assert_eq!(
        lines,
        [
            format!("DEBUG devicegrant discovered url={url:?}").as_str(),
            "INFO devicegrant code_issued expires_in=900 interval=5",
            "DEBUG devicegrant pending",
            "DEBUG devicegrant pending",
            "DEBUG devicegrant slow_down interval=10",
            "WARN devicegrant unreachable reason=\"timed_out\"",
            "WARN devicegrant server_failing status=503",
            "INFO devicegrant client_auth_changed",
            "INFO devicegrant token_issued expires_in=3600 refreshable=true",
            "DEBUG devicegrant saved",
            "INFO devicegrant refreshed ms=250 rotated=true",
            "INFO devicegrant refreshed ms=750 rotated=false",
            "WARN devicegrant refresh_failed code=\"login_ended\" ms=40",
            "DEBUG devicegrant refresh_joined",
            "WARN devicegrant anomaly kind=\"refresh_storm\"",
            "INFO devicegrant signed_out",
            "INFO devicegrant revoked",
        ]
    );
}

/// `name{attribute=value,…}` to the count; for histograms `name_sum` and `name_unit` too.
fn numbers(exported: &[ResourceMetrics]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let scopes = exported.iter().flat_map(ResourceMetrics::scope_metrics);
    for metric in scopes.flat_map(ScopeMetrics::metrics) {
        let named = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>| {
            let mut pairs: Vec<String> = attributes
                .map(|pair| format!("{}={}", pair.key, pair.value))
                .collect();
            pairs.sort();
            format!("{}{{{}}}", metric.name(), pairs.join(","))
        };
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    let value = point.value().to_string();
                    found.insert(named(&mut point.attributes()), value);
                }
            }
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                for point in histogram.data_points() {
                    let value = format!("{} in {} {}", point.sum(), point.count(), metric.unit());
                    found.insert(named(&mut point.attributes()), value);
                }
            }
            other => {
                found.insert(metric.name().to_owned(), format!("{other:?}"));
            }
        }
    }
    found
}

/// What the SDK exports, as numbers and as everything it holds.
fn measured(
    events: &[Event],
) -> Result<(BTreeMap<String, String>, String), Box<dyn std::error::Error>> {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(exporter.clone())
        .build();
    let observer = OtelObserver::new(&provider.meter("devicegrant"));
    for event in events {
        observer.event(event);
    }
    provider.force_flush()?;
    let finished = exporter.get_finished_metrics()?;
    provider.shutdown()?;
    Ok((numbers(&finished), format!("{finished:?}")))
}

#[test]
fn opentelemetry_counts_and_measures() -> TestResult {
    let (numbers, _) = measured(&all())?;
    let expected = [
        ("devicegrant.anomalies{kind=refresh_storm}", "1"),
        ("devicegrant.codes_issued{}", "1"),
        ("devicegrant.polls{}", "3"),
        (
            "devicegrant.refresh.duration{outcome=failed}",
            "0.04 in 1 s",
        ),
        ("devicegrant.refresh.duration{outcome=ok}", "1 in 2 s"),
        (
            "devicegrant.refreshes{code=login_ended,outcome=failed}",
            "1",
        ),
        ("devicegrant.refreshes{outcome=joined}", "1"),
        ("devicegrant.refreshes{outcome=ok}", "2"),
        ("devicegrant.slow_downs{}", "1"),
        ("devicegrant.tokens_issued{}", "1"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(numbers, BTreeMap::from(expected));
    Ok(())
}

#[test]
fn nothing_secret_comes_out_of_a_whole_sign_in() -> TestResult {
    let events = sign_in()?;
    let lines = traced(&events);
    let (numbers, exported) = measured(&events)?;
    // First that there is something to look at.
    let has = |word: &str| lines.iter().any(|line| line.contains(word));
    for word in [
        "code_issued",
        "slow_down",
        "timed_out",
        "503",
        "token_issued",
    ] {
        assert!(has(word), "{word} is not in {lines:?}");
    }
    assert_eq!(
        numbers.get("devicegrant.polls{}").map(String::as_str),
        Some("2")
    );
    for shown in [lines.join("\n"), exported, format!("{events:?}")] {
        assert!(!shown.contains(CANARY), "{shown}");
        assert!(!shown.contains("BCDF-GHJK"), "{shown}");
    }
    Ok(())
}

#[test]
fn several_observers_are_all_told_in_their_order() {
    struct Named(&'static str, Arc<Mutex<Vec<String>>>);
    impl Observer for Named {
        fn event(&self, event: &Event) {
            let mut told = self.1.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(format!("{} {event:?}", self.0));
        }
    }
    let told = Arc::default();
    let named = |name| Arc::new(Named(name, Arc::clone(&told))) as Arc<dyn Observer>;
    let both = Observers(vec![named("first"), named("second")]);
    both.event(&Event::Pending);
    both.event(&Event::Saved);
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(
        told,
        [
            "first Pending",
            "second Pending",
            "first Saved",
            "second Saved"
        ]
    );
}

//! One poll: read the answer `authorization_pending`, decide, write the next request.
//!
//! devicegrant: one `step` with the answer (parse, pace, deadlines, event) and one with the time
//! (request). oauth2: its own polling loop over a client that answers at once, with a sleep that
//! does nothing; a loop of 100 polls that ends with a denial, divided by them. Each of its rounds
//! builds the request, parses the answer and decides, as ours does. Neither side does any I/O.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot start has nothing to say"
)]

use std::convert::Infallible;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use devicegrant_benches::{PENDING_ANSWER, answer, grant, peer, peer_pending, poll, waiting};
use devicegrant_core::{Flow, Input, Now, Step};
use oauth2::http::{Response, StatusCode};
use oauth2::{HttpRequest, HttpResponse};

const ROUNDS: u16 = 100;

fn polls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("poll");
    group.throughput(Throughput::Elements(ROUNDS.into()));
    group.bench_function("devicegrant, 100 polls", |bencher| {
        bencher.iter_batched(
            || {
                let grant = grant().unwrap();
                let (mut login, until) = waiting(&grant).unwrap();
                let mut now = Now::default();
                poll(&mut login, &mut now, until).unwrap();
                let answers: Vec<Input> =
                    (0..ROUNDS).map(|_| answer(400, PENDING_ANSWER)).collect();
                (login, now, answers)
            },
            |(mut login, mut now, answers)| {
                for answer in answers {
                    let Ok(Step::Wait { until }) = login.step(now, answer) else {
                        unreachable!("it is pending, and waits for its pace")
                    };
                    login.take_events();
                    std::hint::black_box(poll(&mut login, &mut now, until).unwrap());
                }
            },
            criterion::BatchSize::SmallInput,
        );
    });
    let client = peer().unwrap();
    let details = peer_pending().unwrap();
    let start = std::time::UNIX_EPOCH;
    group.bench_function("oauth2, 100 polls", |bencher| {
        bencher.iter(|| {
            let left = std::cell::Cell::new(ROUNDS);
            let send = |request: HttpRequest| -> Result<HttpResponse, Infallible> {
                std::hint::black_box(request);
                left.set(left.get() - 1);
                let body = if left.get() == 0 {
                    r#"{"error":"access_denied"}"#
                } else {
                    PENDING_ANSWER
                };
                let mut response = Response::new(body.as_bytes().to_vec());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                Ok(response)
            };
            let ended = client
                .exchange_device_access_token(&details)
                .set_time_fn(|| start.into())
                .request(&send, |_: Duration| {}, None);
            assert!(ended.is_err() && left.get() == 0);
        });
    });
    group.finish();
}

criterion_group!(benches, polls);
criterion_main!(benches);

//! Performing what the script has in store.

use std::time::{Duration, SystemTime};

use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{Html, IntoResponse, Response},
};

use super::{app::App, fault::Trouble, reply::Refusal, wire::Cut};

const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n\
    <body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>demo</center>\r\n\
    </body>\r\n</html>\r\n";

/// Marks an answer for trouble: a handler knows which request this is, only
/// the guard holds the connection.
pub(super) fn afflict(response: &mut Response, trouble: Trouble) {
    response.extensions_mut().insert(trouble);
}

/// The trouble that an answer was marked for.
pub(super) fn of(response: &mut Response) -> Option<Trouble> {
    response.extensions_mut().remove()
}

pub(super) async fn perform(trouble: &Trouble, app: &App, cut: &Cut) -> Response {
    match trouble {
        Trouble::SlowDown => {
            let told = app.script.tell_interval.then_some(app.script.interval + 5);
            Refusal::new("slow_down", "As scripted.")
                .interval(told)
                .into_response()
        }
        Trouble::BadGateway => (StatusCode::BAD_GATEWAY, Html(BAD_GATEWAY)).into_response(),
        Trouble::Busy {
            status,
            retry_after,
            as_date,
        } => {
            let mut response = code(*status).into_response();
            if let Some(seconds) = retry_after {
                let value = if *as_date {
                    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(*seconds))
                } else {
                    seconds.to_string()
                };
                if let Ok(value) = HeaderValue::try_from(value) {
                    response.headers_mut().insert(RETRY_AFTER, value);
                }
            }
            response
        }
        Trouble::Stall { ms } => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            silence(cut)
        }
        Trouble::Reset | Trouble::Lost => silence(cut),
        Trouble::Error {
            error,
            description,
            status,
        } => {
            let text = description
                .clone()
                .unwrap_or_else(|| "As scripted.".to_owned());
            Refusal::new(error.clone(), text)
                .status(code(*status))
                .into_response()
        }
        Trouble::Answer {
            status,
            headers,
            body,
        } => {
            let mut response = (code(*status), body.clone()).into_response();
            // Word for word: what axum would add is not in the script.
            response.headers_mut().remove(CONTENT_TYPE);
            for (name, value) in headers {
                let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
                if let (Ok(name), Ok(value)) = pair {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
    }
}

/// An answer that never arrives.
fn silence(cut: &Cut) -> Response {
    cut.cut();
    StatusCode::NO_CONTENT.into_response()
}

/// The script was checked, so the other status is never seen.
fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

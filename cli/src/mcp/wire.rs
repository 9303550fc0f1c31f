//! The requests to the remote server: rmcp's own, each with the token of its moment.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use devicegrant::{Challenge, Class, Client, Need, Secret};
use futures_core::stream::BoxStream;
use http::{HeaderName, HeaderValue, StatusCode};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, RequestId};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::Sse;
use tokio::time::Instant;

/// How a request can fail.
pub(super) type Trouble = StreamableHttpError<reqwest::Error>;

/// How long a server that takes no connection is waited for: it may be restarting, and nothing was
/// sent to it.
const RESTART: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(250);

/// Sends what rmcp wants sent. Where nobody has signed in it goes without a token: the server may
/// want none, and if it does its challenge says what to ask for.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    http: reqwest::Client,
    client: Client,
}

impl Wire {
    pub(super) fn new(http: reqwest::Client, client: Client) -> Self {
        Self { http, client }
    }

    /// A token as it is needed; none where a person has to sign in.
    async fn token(&self, need: Need) -> Result<Option<Secret>, Trouble> {
        match self.client.token_for(&need).await {
            Ok(token) => Ok(Some(token)),
            Err(error) if error.class() == Class::SignInNeeded => Ok(None),
            Err(error) => Err(Trouble::Io(std::io::Error::other(error))),
        }
    }

    /// Sends with a token; one that is answered 401, or has too few scopes, is replaced once.
    async fn authorized<T, F, S>(&self, send: F) -> Result<T, Trouble>
    where
        F: Fn(Option<String>) -> S,
        S: Future<Output = Result<T, Trouble>>,
    {
        let bearer = |token: &Secret| token.expose().to_owned();
        let Some(token) = self.token(Need::default()).await? else {
            return send(None).await;
        };
        let trouble = match send(Some(bearer(&token))).await {
            Err(trouble) => trouble,
            answer => return answer,
        };
        let challenge = step_up(&trouble).map(|(challenge, _)| challenge);
        if challenge.is_none() && !is_unauthorized(&trouble) {
            return Err(trouble);
        }
        // Another program may have renewed it, or signed in for more, meanwhile.
        let need = Need {
            reject: Some(token),
            challenge,
            ..Need::default()
        };
        match self.token(need).await? {
            Some(another) => send(Some(bearer(&another))).await,
            None => Err(trouble),
        }
    }
}

/// What the server demands beyond what the token may, where that is why it said no.
pub(super) fn step_up(trouble: &Trouble) -> Option<(Challenge, &str)> {
    let header = match trouble {
        Trouble::InsufficientScope(error) => &error.www_authenticate_header,
        // Some servers say so with a 401.
        Trouble::AuthRequired(error) => &error.www_authenticate_header,
        _ => return None,
    };
    let challenge = Challenge::parse(header).ok()?;
    challenge.is_step_up().then_some((challenge, header))
}

/// Whether the answer was a 401, with a challenge or, as some servers send it, without.
pub(super) fn is_unauthorized(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::AuthRequired(_) => true,
        Trouble::Client(error) => error.status() == Some(StatusCode::UNAUTHORIZED),
        // All that rmcp says of a 401 to a POST without a challenge.
        Trouble::UnexpectedServerResponse(text) => text.starts_with("HTTP 401"),
        _ => false,
    }
}

/// Sends, and again while no connection can be made: until then nothing was sent.
async fn through_a_restart<T, S>(until: Instant, send: impl Fn() -> S) -> Result<T, Trouble>
where
    S: Future<Output = Result<T, Trouble>>,
{
    loop {
        match send().await {
            Err(Trouble::Client(error)) if error.is_connect() && Instant::now() < until => {
                tokio::time::sleep(AGAIN).await;
            }
            answer => return answer,
        }
    }
}

/// The identifier of an opening that is the bridge's own, for a request that waits for it.
pub(super) fn own_opening() -> RequestId {
    RequestId::String("devicegrant-open".into())
}

/// A client that opens a session is answered at once, server or no server.
fn opens(message: &ClientJsonRpcMessage) -> bool {
    let ClientJsonRpcMessage::Request(request) = message else {
        return false;
    };
    let opens = matches!(
        request.request,
        ClientRequest::InitializeRequest(_) | ClientRequest::DiscoverRequest(_)
    );
    opens && request.id != own_opening()
}

type Headers = HashMap<HeaderName, HeaderValue>;
type Stream = BoxStream<'static, Result<Sse, SseError>>;

impl StreamableHttpClient for Wire {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Trouble> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Trouble> {
        let patience = if opens(&message) {
            Duration::ZERO
        } else {
            RESTART
        };
        let until = Instant::now() + patience;
        self.authorized(|token| {
            let (uri, message, session) = (&uri, &message, &session);
            let headers = &headers;
            through_a_restart(until, move || {
                self.http.post_message_with_response_limits(
                    uri.clone(),
                    message.clone(),
                    session.clone(),
                    token.clone(),
                    headers.clone(),
                    limits,
                )
            })
        })
        .await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: Headers,
    ) -> Result<(), Trouble> {
        self.authorized(|token| {
            self.http
                .delete_session(uri.clone(), session.clone(), token, headers.clone())
        })
        .await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        _: Option<String>,
        headers: Headers,
    ) -> Result<Stream, Trouble> {
        let most = StreamableHttpResponseLimits::default().max_sse_event_size;
        self.get_stream_with_max_sse_event_size(uri, session, last_event, None, headers, most)
            .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        _: Option<String>,
        headers: Headers,
        most: usize,
    ) -> Result<Stream, Trouble> {
        self.authorized(|token| {
            self.http.get_stream_with_max_sse_event_size(
                uri.clone(),
                session.clone(),
                last_event.clone(),
                token,
                headers.clone(),
                most,
            )
        })
        .await
    }
}

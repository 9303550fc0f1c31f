//! The connection to the remote server: how it is opened, in either era of the protocol.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, DiscoverRequest,
    DiscoverRequestParams, ErrorCode, Extensions, InitializeRequest, InitializeRequestParams,
    InitializedNotification, InitializedNotificationMethod, JsonRpcMessage, ProtocolVersion,
    RequestId, RequestMetaObject, ServerJsonRpcMessage,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::streamable_http_client::StreamableHttpClientWorker;
use rmcp::transport::{StreamableHttpClientTransport, Transport, WorkerTransport};

use super::wire::{Trouble, Wire, own_opening};

/// A server that accepts a connection and then says nothing does not keep a client from starting.
const AT_ONCE: Duration = Duration::from_secs(10);
/// A request that waits for the opening is held no longer.
const PATIENCE: Duration = Duration::from_secs(45);

/// rmcp's transport, which keeps the session: lost, it is initialised again and what was refused
/// for that is sent once more.
pub(super) type Back = WorkerTransport<StreamableHttpClientWorker<Wire>>;

/// How the client opened, and so how every connection to the server is.
#[derive(Clone, Debug)]
pub(super) enum Opening {
    /// Up to 2025-11-25: a handshake.
    Initialize(Box<InitializeRequestParams>),
    /// From 2026-07-28: every request says who asks; a probe tells whether the server knows that.
    Discover(RequestMetaObject),
}

/// What came of opening a connection.
pub(super) enum Opened {
    /// It is open; the server's answer, and whether it is of the older era though the client is not.
    Open(Box<Back>, Box<ServerJsonRpcMessage>, bool),
    /// The server refuses this opening.
    Refused(Box<ServerJsonRpcMessage>),
}

impl Opening {
    fn request(&self) -> ClientRequest {
        match self {
            Self::Initialize(params) => {
                ClientRequest::InitializeRequest(InitializeRequest::new(*params.clone()))
            }
            Self::Discover(meta) => {
                let mut request = DiscoverRequest::new(DiscoverRequestParams {});
                request.extensions.insert(meta.clone());
                ClientRequest::DiscoverRequest(request)
            }
        }
    }

    /// The handshake with a server of the older era, for a client of the newer. It is told of no
    /// capability, because a question of its own could not be handed on.
    fn older(&self) -> Option<Self> {
        let Self::Discover(meta) = self else {
            return None;
        };
        let params = InitializeRequestParams::new(
            rmcp::model::ClientCapabilities::default(),
            meta.client_info()?,
        );
        let version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        Some(Self::Initialize(Box::new(
            params.with_protocol_version(version),
        )))
    }

    /// Opens a connection. The answer goes to the client as `first`, or to nobody; `falls_back` is
    /// for a client that was already told that its era is spoken here.
    pub(super) async fn open(
        self,
        wire: Wire,
        url: Arc<str>,
        first: Option<RequestId>,
        falls_back: bool,
    ) -> Result<Opened, Trouble> {
        match self.try_open(&wire, &url, first.clone()).await? {
            (back, answer @ JsonRpcMessage::Response(_)) => {
                Ok(Opened::Open(Box::new(back), Box::new(answer), false))
            }
            (_, JsonRpcMessage::Error(error))
                if falls_back && !is_of_the_newer_era(error.error.code) =>
            {
                let Some(older) = self.older() else {
                    let refused = ServerJsonRpcMessage::Error(error);
                    return Ok(Opened::Refused(Box::new(refused)));
                };
                match older.try_open(&wire, &url, first).await? {
                    (back, answer @ JsonRpcMessage::Response(_)) => {
                        Ok(Opened::Open(Box::new(back), Box::new(answer), true))
                    }
                    (_, refused) => Ok(Opened::Refused(Box::new(refused))),
                }
            }
            (_, refused) => Ok(Opened::Refused(Box::new(refused))),
        }
    }

    async fn try_open(
        &self,
        wire: &Wire,
        url: &Arc<str>,
        first: Option<RequestId>,
    ) -> Result<(Back, ServerJsonRpcMessage), Trouble> {
        let config = StreamableHttpClientTransportConfig::with_uri(Arc::clone(url));
        let mut back = StreamableHttpClientTransport::with_client(wire.clone(), config);
        let limit = if first.is_some() { AT_ONCE } else { PATIENCE };
        let id = first.unwrap_or_else(own_opening);
        let asked = back.send(ClientJsonRpcMessage::request(self.request(), id));
        let opened = tokio::time::timeout(limit, async {
            asked.await?;
            loop {
                match back.receive().await {
                    Some(JsonRpcMessage::Notification(_)) => {}
                    Some(answer) => break Ok(answer),
                    None => break Err(Trouble::UnexpectedEndOfStream),
                }
            }
        });
        let silent = |_| Trouble::Io(std::io::ErrorKind::TimedOut.into());
        let answer = opened.await.map_err(silent)??;
        if !self.is_newer() && matches!(answer, JsonRpcMessage::Response(_)) {
            // Whatever the transport is given next it takes for this one, so nothing may overtake it.
            let ended = tokio::time::timeout(limit, back.send(initialized()));
            ended.await.map_err(silent)??;
        }
        Ok((back, answer))
    }

    pub(super) fn is_newer(&self) -> bool {
        matches!(self, Self::Discover(_))
    }
}

/// What ends the handshake of the older era.
fn initialized() -> ClientJsonRpcMessage {
    ClientJsonRpcMessage::notification(ClientNotification::InitializedNotification(
        InitializedNotification {
            method: InitializedNotificationMethod,
            extensions: Extensions::default(),
        },
    ))
}

/// Errors that only a server of the newer era gives.
fn is_of_the_newer_era(code: ErrorCode) -> bool {
    [
        ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
        ErrorCode::HEADER_MISMATCH,
        ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
    ]
    .contains(&code)
}

//! The line to the program that started the bridge: what is said to it, and what it is asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientResult, ErrorData, NumberOrString,
    RequestId, ServerJsonRpcMessage, ServerNotification, ServerRequest, ServerResult,
};
use tokio::sync::{mpsc, oneshot};

type Reply = Result<ClientResult, ErrorData>;

/// Says things to the client; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Line {
    outgoing: mpsc::UnboundedSender<ServerJsonRpcMessage>,
    /// Our own questions; the server's have identifiers of its own, which are never like ours.
    asked: Arc<Mutex<HashMap<RequestId, oneshot::Sender<Reply>>>>,
    next: Arc<AtomicU64>,
}

impl Line {
    /// The line, and what is to be written to the client.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<ServerJsonRpcMessage>) {
        let (outgoing, said) = mpsc::unbounded_channel();
        let line = Self {
            outgoing,
            asked: Arc::default(),
            next: Arc::default(),
        };
        (line, said)
    }

    pub(super) fn say(&self, message: ServerJsonRpcMessage) {
        // Whoever no longer listens needs no answer.
        let _ = self.outgoing.send(message);
    }

    pub(super) fn answer(&self, id: RequestId, result: Result<ServerResult, ErrorData>) {
        self.say(match result {
            Ok(result) => ServerJsonRpcMessage::response(result, id),
            Err(error) => ServerJsonRpcMessage::error(error, Some(id)),
        });
    }

    pub(super) fn notify(&self, notification: impl Into<ServerNotification>) {
        self.say(ServerJsonRpcMessage::notification(notification.into()));
    }

    /// Asks the client something.
    pub(super) fn ask(&self, request: ServerRequest) -> Question {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = NumberOrString::String(format!("devicegrant-{number}").into());
        let (tell, reply) = oneshot::channel();
        self.waiting().insert(id.clone(), tell);
        self.say(ServerJsonRpcMessage::request(request, id.clone()));
        let line = self.clone();
        Question { line, id, reply }
    }

    /// Takes a reply to a question of ours; gives back any other.
    pub(super) fn replied(&self, id: &RequestId, reply: Reply) -> Option<Reply> {
        match self.waiting().remove(id) {
            Some(asked) => {
                let _ = asked.send(reply);
                None
            }
            None => Some(reply),
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Reply>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question that waits for its reply; dropped before, the client is told that it is void.
#[derive(Debug)]
pub(super) struct Question {
    line: Line,
    id: RequestId,
    reply: oneshot::Receiver<Reply>,
}

impl Question {
    /// None where the client is gone.
    pub(super) async fn reply(&mut self) -> Option<Reply> {
        (&mut self.reply).await.ok()
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if self.line.waiting().remove(&self.id).is_some() {
            let why = Some("the sign-in went on without it".to_owned());
            let params = CancelledNotificationParam::new(Some(self.id.clone()), why);
            self.line.notify(CancelledNotification::new(params));
        }
    }
}

//! What a client of the newer era listens to (`subscriptions/listen`) while the server cannot be
//! asked for it, because nobody has signed in or because it is of the older era.

use std::collections::{HashMap, HashSet};

use rmcp::model::{
    ClientRequest, GetMeta, PromptListChangedNotification, RequestId,
    ResourceListChangedNotification, ServerJsonRpcMessage, ServerNotification, SubscriptionFilter,
    SubscriptionsAcknowledgedNotification, SubscriptionsAcknowledgedNotificationParams,
    ToolListChangedNotification,
};

use super::line::Line;

#[derive(Default)]
pub(super) struct Listeners {
    here: HashMap<RequestId, ClientRequest>,
    /// What the server is asked for after it was promised here.
    promised: HashSet<RequestId>,
}

impl Listeners {
    pub(super) fn has(&self, id: &RequestId) -> bool {
        self.here.contains_key(id)
    }

    pub(super) fn remove(&mut self, id: &RequestId) {
        self.here.remove(id);
        self.promised.remove(id);
    }

    /// Takes a request to listen, and says so to the client; false for any other.
    pub(super) fn hold(&mut self, id: &RequestId, request: &ClientRequest, line: &Line) -> bool {
        let Some(wanted) = filter(request) else {
            return false;
        };
        let params = SubscriptionsAcknowledgedNotificationParams::new(wanted.clone());
        let notification = SubscriptionsAcknowledgedNotification::new(params);
        line.notify(for_listener(notification.into(), id));
        self.here.insert(id.clone(), request.clone());
        true
    }

    /// As [`hold`](Self::hold), and once for each.
    pub(super) fn take(&mut self, id: &RequestId, request: &ClientRequest, line: &Line) -> bool {
        self.has(id) || self.hold(id, request, line)
    }

    /// What is to be asked of the server now; a server of the older era is not asked.
    pub(super) fn held(&mut self, older: bool) -> Vec<(RequestId, ClientRequest)> {
        if older {
            return Vec::new();
        }
        self.promised.extend(self.here.keys().cloned());
        self.here.drain().collect()
    }

    /// Whether the server only promises what was promised here already.
    pub(super) fn is_promised(&mut self, notification: &ServerNotification) -> bool {
        matches!(
            notification,
            ServerNotification::SubscriptionsAcknowledgedNotification(_)
        ) && notification
            .get_meta()
            .subscription_id()
            .is_some_and(|id| self.promised.remove(&id))
    }

    /// Tells that other lists are there now.
    pub(super) fn lists_changed(&self, newer: bool, line: &Line) {
        let changed: [ServerNotification; 3] = [
            ToolListChangedNotification::default().into(),
            PromptListChangedNotification::default().into(),
            ResourceListChangedNotification::default().into(),
        ];
        for notification in changed {
            if newer {
                self.deliver(notification, line);
            } else {
                line.notify(notification);
            }
        }
    }

    /// Gives a notification to whoever listens to it; gives back what is not listened to but simply
    /// sent.
    pub(super) fn deliver(
        &self,
        notification: ServerNotification,
        line: &Line,
    ) -> Option<ServerJsonRpcMessage> {
        let wants: fn(&SubscriptionFilter, &ServerNotification) -> bool = |wanted, it| match it {
            ServerNotification::ToolListChangedNotification(_) => {
                wanted.tools_list_changed == Some(true)
            }
            ServerNotification::PromptListChangedNotification(_) => {
                wanted.prompts_list_changed == Some(true)
            }
            ServerNotification::ResourceListChangedNotification(_) => {
                wanted.resources_list_changed == Some(true)
            }
            _ => false,
        };
        if matches!(
            notification,
            ServerNotification::ProgressNotification(_)
                | ServerNotification::LoggingMessageNotification(_)
        ) {
            return Some(ServerJsonRpcMessage::notification(notification));
        }
        for (id, request) in &self.here {
            if filter(request).is_some_and(|wanted| wants(wanted, &notification)) {
                line.notify(for_listener(notification.clone(), id));
            }
        }
        None
    }
}

fn filter(request: &ClientRequest) -> Option<&SubscriptionFilter> {
    match request {
        ClientRequest::SubscriptionsListenRequest(request) => Some(&request.params.notifications),
        _ => None,
    }
}

fn for_listener(mut notification: ServerNotification, id: &RequestId) -> ServerNotification {
    notification.get_meta_mut().set_subscription_id(id.clone());
    notification
}

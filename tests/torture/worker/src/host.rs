//! Requests as the product sends them, counted, with a hook before and after each.

use std::sync::Arc;

use devicegrant::{BoxFuture, Error, Http, Reason, Request, Response, Transport};

use crate::hook::Hook;

pub(crate) struct Counted {
    http: Http,
    hook: Arc<Hook>,
}

impl Counted {
    pub(crate) fn new(hook: &Arc<Hook>) -> Result<Self, Error> {
        Ok(Self {
            http: Http::new(&[])?,
            hook: Arc::clone(hook),
        })
    }
}

impl Transport for Counted {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Reason>> {
        Box::pin(async {
            self.hook.before("send");
            self.hook.sends();
            let answer = self.http.send(request).await;
            self.hook.before("take the answer");
            answer
        })
    }
}

//! Our question by an answer that requires input (2026-07-28), beside the server's own rounds.
//!
//! The server's state goes through unseen: it comes back with the answer to us as it would have with
//! the answer to the server. What the person had told the server is kept here meanwhile, because the
//! client says it once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{
    ClientRequest, ElicitRequest, ElicitResult, ElicitationAction, InputRequest,
    InputRequiredResult, InputResponses,
};
use serde_json::Value;

/// The name of our question: the same for everybody, no secret and no handle is in it.
const QUESTION: &str = "devicegrant_sign_in";
/// Questions that nobody comes back to do not pile up.
const MOST: usize = 64;

/// The questions that were asked and not answered.
#[derive(Clone, Default)]
pub(super) struct Rounds(Arc<Mutex<VecDeque<Round>>>);

struct Round {
    request: Value,
    answers: Option<InputResponses>,
}

/// Whether the protocol lets this request be answered by a question.
pub(super) fn may_ask(request: &ClientRequest) -> bool {
    matches!(
        request,
        ClientRequest::CallToolRequest(_)
            | ClientRequest::GetPromptRequest(_)
            | ClientRequest::ReadResourceRequest(_)
    )
}

impl Rounds {
    /// The answer that asks; None for a request that cannot be answered so.
    pub(super) fn ask(
        &self,
        request: &ClientRequest,
        question: ElicitRequest,
    ) -> Option<InputRequiredResult> {
        let mut request = request.clone();
        let (answers, state) = parts(&mut request)?;
        let (answers, state) = (answers.take(), state.clone());
        let mut rounds = self.rounds();
        if rounds.len() == MOST {
            rounds.pop_front();
        }
        rounds.push_back(Round {
            request: identity(&request)?.0,
            answers,
        });
        let asked = [(QUESTION.to_owned(), InputRequest::Elicitation(question))];
        Some(InputRequiredResult::new(Some(asked.into()), state))
    }

    /// Whether this request brings the answer to our question, and not to one that a server gave
    /// the same name.
    pub(super) fn answers(&self, request: &ClientRequest) -> bool {
        find(&self.rounds(), request).is_some()
    }

    /// Takes the answer to our question out of a request that is made again, and puts back what the
    /// person had told the server.
    pub(super) fn take(&self, request: &mut ClientRequest) -> Option<ElicitationAction> {
        let mut rounds = self.rounds();
        let at = find(&rounds, request)?;
        let mut answers = rounds.remove(at)?.answers.unwrap_or_default();
        let (responses, _) = parts(request)?;
        let mut told = responses.take()?;
        let answer = told.remove(QUESTION)?;
        answers.extend(told);
        *responses = (!answers.is_empty()).then_some(answers);
        let answer = serde_json::from_value::<ElicitResult>(answer);
        answer.ok().map(|answer| answer.action)
    }

    fn rounds(&self) -> MutexGuard<'_, VecDeque<Round>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(rounds: &VecDeque<Round>, request: &ClientRequest) -> Option<usize> {
    // Every request comes by here, and hardly ever was anybody asked.
    if rounds.is_empty() {
        return None;
    }
    let (identity, told) = identity(request)?;
    told?.get(QUESTION)?;
    rounds.iter().position(|round| round.request == identity)
}

type Parts<'a> = (&'a mut Option<InputResponses>, &'a mut Option<String>);

fn parts(request: &mut ClientRequest) -> Option<Parts<'_>> {
    match request {
        ClientRequest::CallToolRequest(call) => Some((
            &mut call.params.input_responses,
            &mut call.params.request_state,
        )),
        ClientRequest::GetPromptRequest(get) => Some((
            &mut get.params.input_responses,
            &mut get.params.request_state,
        )),
        ClientRequest::ReadResourceRequest(read) => Some((
            &mut read.params.input_responses,
            &mut read.params.request_state,
        )),
        _ => None,
    }
}

/// What stays the same when a client makes a request again, the server's state among it; and what it
/// brings anew, the answers.
fn identity(request: &ClientRequest) -> Option<(Value, Option<Value>)> {
    let mut request = serde_json::to_value(request).ok()?;
    let params = request.get_mut("params")?.as_object_mut()?;
    params.remove("_meta");
    let told = params.remove("inputResponses");
    Some((request, told))
}

#[cfg(test)]
mod tests {
    use rmcp::model::ElicitRequestParams;
    use serde_json::json;

    use super::*;

    #[allow(clippy::unwrap_used, reason = "a test")]
    fn request(method: &str, params: &Value) -> ClientRequest {
        serde_json::from_value(json!({ "method": method, "params": params })).unwrap()
    }

    fn question() -> ElicitRequest {
        ElicitRequest::new(ElicitRequestParams::UrlElicitationParams {
            meta: None,
            message: "Sign in".to_owned(),
            url: "https://login.example/open".to_owned(),
            elicitation_id: String::new(),
        })
    }

    #[test]
    fn the_servers_own_round_survives_a_sign_in() {
        let rounds = Rounds::default();
        let said = json!({ "color": { "action": "accept", "content": { "color": "red" } } });
        let params = json!({ "name": "paint", "arguments": { "wall": 1 }, "requestState": "of-the-server", "inputResponses": said });
        let asked = rounds.ask(&request("tools/call", &params), question());
        let asked = json!(asked);
        assert_eq!(asked["requestState"], "of-the-server");

        let mut again = params.clone();
        again["inputResponses"] = json!({ QUESTION: { "action": "accept" } });
        again["_meta"] = json!({ "progressToken": 2 });
        let mut again = request("tools/call", &again);
        assert!(rounds.answers(&again));
        assert!(matches!(
            rounds.take(&mut again),
            Some(ElicitationAction::Accept)
        ));
        let params = &json!(again)["params"];
        assert_eq!(params["requestState"], "of-the-server");
        assert_eq!(params["inputResponses"], said);
        assert!(!rounds.answers(&again));
    }

    #[test]
    fn a_server_that_uses_our_words_is_not_taken_for_us() {
        let rounds = Rounds::default();
        let params = json!({ "uri": "file:///a", "requestState": QUESTION, "inputResponses": { QUESTION: { "action": "decline" } } });
        let mut theirs = request("resources/read", &params);
        let before = theirs.clone();
        assert!(!rounds.answers(&theirs) && rounds.take(&mut theirs).is_none());
        assert_eq!(json!(theirs), json!(before));
    }

    #[test]
    fn a_sign_in_without_rounds_leaves_nothing_of_ours() {
        let rounds = Rounds::default();
        let params = json!({ "name": "weather" });
        let asked = rounds.ask(&request("prompts/get", &params), question());
        assert!(asked.is_some_and(|asked| asked.request_state.is_none()));
        let mut again = params.clone();
        again["inputResponses"] = json!({ QUESTION: { "action": "cancel" } });
        let mut again = request("prompts/get", &again);
        assert!(matches!(
            rounds.take(&mut again),
            Some(ElicitationAction::Cancel)
        ));
        assert_eq!(json!(again), json!(request("prompts/get", &params)));
    }

    #[test]
    fn only_what_may_require_input_is_asked_by_it() {
        for (method, params, may) in [
            ("tools/call", json!({ "name": "a" }), true),
            ("prompts/get", json!({ "name": "a" }), true),
            ("resources/read", json!({ "uri": "file:///a" }), true),
            ("tools/list", json!({}), false),
            ("resources/subscribe", json!({ "uri": "file:///a" }), false),
        ] {
            let request = request(method, &params);
            assert_eq!(may_ask(&request), may, "{method}");
            let asked = Rounds::default().ask(&request, question());
            assert_eq!(asked.is_some(), may, "{method}");
        }
    }

    #[test]
    fn what_nobody_comes_back_to_does_not_pile_up() {
        let rounds = Rounds::default();
        for at in 0..MOST + 9 {
            let params = json!({ "name": "a", "arguments": { "at": at } });
            rounds.ask(&request("tools/call", &params), question());
        }
        assert_eq!(rounds.rounds().len(), MOST);
    }
}

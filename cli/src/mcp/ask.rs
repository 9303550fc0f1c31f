//! Asking the person through their client, in the way that it can.

use std::time::Duration;

use devicegrant::{Code, Error, Prompt};
use rmcp::model::{
    CallToolResult, ClientRequest, ClientResult, ContentBlock, ElicitRequest, ElicitRequestParams,
    ElicitResult, ElicitationAction, ErrorData, ProgressNotification, ProgressNotificationParam,
    ProgressToken, ServerRequest, ServerResult,
};

use super::alone;
use super::desk::{Desk, Stage};
use super::line::Line;
use super::rounds::Rounds;

/// A call is held no longer: clients give up after a minute.
const HOLD: Duration = Duration::from_secs(45);
const TELL: Duration = Duration::from_secs(5);

/// How the client can be asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// By a request of ours, while its own waits (up to 2025-11-25).
    Question,
    /// By an answer that asks for input; it calls again (from 2026-07-28).
    InputRequired,
    /// By words in the answer.
    Words,
}

/// What becomes of the request that needs a person.
pub(super) enum Verdict {
    /// They have signed in: it is sent now.
    Send(ClientRequest),
    /// It is answered.
    Answer(Result<ServerResult, ErrorData>),
}

/// One request that waits for a person.
pub(super) struct Asking {
    pub(super) desk: Desk,
    pub(super) line: Line,
    pub(super) rounds: Rounds,
    pub(super) way: Way,
    pub(super) challenge: Option<String>,
    pub(super) progress: Option<ProgressToken>,
    pub(super) server: String,
    /// A sign-in was done since it was sent.
    pub(super) done: bool,
}

enum Ended {
    SignedIn,
    Declined,
    Failed(Error),
    Later,
}

impl Asking {
    pub(super) async fn run(self, mut request: ClientRequest) -> Verdict {
        let answered = self.rounds.take(&mut request);
        let asks_for_it = alone::is_sign_in(&request);
        if asks_for_it && self.challenge.is_none() && self.desk.is_signed_in().await {
            return self.over(request, &Ended::SignedIn);
        }
        let given_up = self.desk.is_declined() && !asks_for_it;
        match answered {
            Some(ElicitationAction::Decline) => {
                self.desk.decline().await;
                return self.over(request, &Ended::Declined);
            }
            Some(ElicitationAction::Cancel) => {
                self.desk.put_away();
                return self.over(request, &Ended::Later);
            }
            Some(_) => {
                let ended = self.hold().await;
                return self.over(request, &ended);
            }
            None if self.done => return self.over(request, &Ended::SignedIn),
            None if given_up => return self.over(request, &Ended::Declined),
            None => {}
        }
        let prompt = match self.desk.prompt(self.challenge.as_deref()).await {
            Ok(Some(prompt)) => prompt,
            Ok(None) => return self.over(request, &Ended::SignedIn),
            Err(error) => return self.over(request, &Ended::Failed(error)),
        };
        let ended = match self.way {
            _ if !self.desk.show(&prompt) => self.hold().await,
            Way::Question => self.question(&prompt).await,
            Way::InputRequired => match self.rounds.ask(&request, self.elicit(&prompt)) {
                Some(asked) => {
                    let asked = ServerResult::InputRequiredResult(asked);
                    return Verdict::Answer(Ok(asked));
                }
                None => Ended::Later,
            },
            // At once: nobody can read them before.
            Way::Words => Ended::Later,
        };
        self.over(request, &ended)
    }

    fn elicit(&self, prompt: &Prompt) -> ElicitRequest {
        let complete = prompt.verification_uri_complete.as_ref();
        ElicitRequest::new(ElicitRequestParams::UrlElicitationParams {
            meta: None,
            message: format!(
                "Sign in to {}. The page has to show the code {}, or asks for it.",
                self.server, prompt.user_code
            ),
            url: complete.unwrap_or(&prompt.verification_uri).clone(),
            elicitation_id: match self.way {
                Way::Question => format!("devicegrant-{}", prompt.user_code),
                // There is none from 2026-07-28 on.
                _ => String::new(),
            },
        })
    }

    /// The question and the approval are two things: either may come first.
    async fn question(&self, prompt: &Prompt) -> Ended {
        let request = ServerRequest::ElicitRequest(self.elicit(prompt));
        let mut question = self.line.ask(request);
        let mut hold = std::pin::pin!(self.hold());
        let reply = tokio::select! {
            reply = question.reply() => reply,
            ended = &mut hold => {
                // Whoever calls again is asked again, in place of the dialog that is withdrawn.
                self.desk.put_away();
                return ended;
            }
        };
        match reply {
            Some(Ok(ClientResult::ElicitResult(ElicitResult { action, .. }))) => match action {
                ElicitationAction::Decline => {
                    self.desk.decline().await;
                    Ended::Declined
                }
                ElicitationAction::Cancel => {
                    self.desk.put_away();
                    Ended::Later
                }
                _ => hold.await,
            },
            // It said that it can, and cannot: words will do.
            _ => Ended::Later,
        }
    }

    /// Waits for the end of the sign-in, and says so every few seconds.
    async fn hold(&self) -> Ended {
        let mut stages = self.desk.watch();
        let ended = stages.wait_for(|stage| !matches!(stage, Stage::Starting | Stage::Waiting(_)));
        let told = async {
            let mut seconds = 0.0;
            loop {
                tokio::time::sleep(TELL).await;
                seconds += TELL.as_secs_f64();
                if let Some(token) = &self.progress {
                    let progress = ProgressNotificationParam::new(token.clone(), seconds)
                        .with_message("Waiting for the sign-in to be approved");
                    self.line.notify(ProgressNotification::new(progress));
                }
            }
        };
        tokio::select! {
            ended = ended => match ended.as_deref() {
                Ok(Stage::SignedIn) => Ended::SignedIn,
                Ok(Stage::Declined) => Ended::Declined,
                Ok(Stage::Failed(error)) => Ended::Failed(error.clone()),
                _ => Ended::Later,
            },
            () = told => Ended::Later,
            () = tokio::time::sleep(HOLD) => Ended::Later,
        }
    }

    fn over(&self, request: ClientRequest, ended: &Ended) -> Verdict {
        let asks_for_it = alone::is_sign_in(&request);
        let words = match ended {
            Ended::SignedIn if !asks_for_it => return Verdict::Send(request),
            Ended::SignedIn => format!("Signed in to {}. List the tools again.", self.server),
            Ended::Declined => format!(
                "The sign-in to {} was declined. To begin again, call the tool {}.",
                self.server,
                alone::SIGN_IN
            ),
            Ended::Failed(error) if error.code() == Code::NoDeviceEndpoint => format!(
                "{}. {} Here that is: devicegrant login {} --paste",
                error.message(),
                error.hint(),
                self.server
            ),
            Ended::Failed(error) => format!("{}. {}", error.message(), error.hint()),
            Ended::Later => self.words(),
        };
        let failed = !asks_for_it || matches!(ended, Ended::Failed(_));
        Verdict::Answer(match request {
            // Not as a success: a result is held against the tool's own schema.
            ClientRequest::CallToolRequest(_) if failed => {
                Ok(ServerResult::CallToolResult(CallToolResult::error(vec![
                    ContentBlock::text(words),
                ])))
            }
            ClientRequest::CallToolRequest(_) => {
                Ok(ServerResult::CallToolResult(CallToolResult::success(vec![
                    ContentBlock::text(words),
                ])))
            }
            _ => Err(ErrorData::invalid_request(words, None)),
        })
    }

    fn words(&self) -> String {
        match &*self.desk.watch().borrow() {
            Stage::Waiting(prompt) => format!(
                "A person has to sign in to {}. Show them this, and call again once they have \
                 approved:\n\n{}",
                self.server,
                prompt.plain()
            ),
            _ => format!(
                "Nobody is signed in to {}. Call again to sign in.",
                self.server
            ),
        }
    }
}

//! What is answered without the server, while nobody has signed in or it cannot be reached: a
//! client that waits for its servers to start never waits for a person.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, ClientRequest, DiscoverResult, EmptyResult, Implementation,
    InitializeResult, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, ProtocolVersion, ServerCapabilities, ServerResult, Tool,
};

use super::back::Opening;

/// The one tool there is before a person has signed in.
pub(super) const SIGN_IN: &str = "devicegrant_sign_in";

/// The answer to the opening of a session. All that a server may turn out to have is claimed,
/// because capabilities cannot be added later.
pub(super) fn opening(opening: &Opening, server: &str) -> ServerResult {
    let capabilities = ServerCapabilities::builder()
        .enable_tools()
        .enable_tool_list_changed()
        .enable_prompts()
        .enable_prompts_list_changed()
        .enable_resources()
        .enable_resources_list_changed()
        .build();
    let instructions = format!(
        "This is a bridge to the MCP server at {server}. Where only the tool {SIGN_IN} is listed, \
         a person has to sign in first: call it, and show the person what it says."
    );
    match opening {
        Opening::Initialize(params) => {
            let asked = &params.protocol_version;
            let version =
                if asked.has_initialize() && ProtocolVersion::KNOWN_VERSIONS.contains(asked) {
                    asked.clone()
                } else {
                    ProtocolVersion::LATEST_WITH_INITIALIZE
                };
            let result = InitializeResult::new(capabilities)
                .with_protocol_version(version)
                .with_server_info(us())
                .with_instructions(instructions);
            ServerResult::InitializeResult(result)
        }
        Opening::Discover(_) => {
            let versions = ProtocolVersion::KNOWN_VERSIONS.to_vec();
            let mut result = DiscoverResult::new(versions, capabilities).with_server_info(us());
            result.instructions = Some(instructions);
            ServerResult::DiscoverResult(result)
        }
    }
}

fn us() -> Implementation {
    Implementation::new("devicegrant", env!("CARGO_PKG_VERSION"))
}

/// The answer to what must not wait; none for what only the server can answer.
pub(super) fn answer(request: &ClientRequest, server: &str) -> Option<ServerResult> {
    Some(match request {
        ClientRequest::ListToolsRequest(_) => {
            ServerResult::ListToolsResult(ListToolsResult::with_all_items(vec![sign_in(server)]))
        }
        ClientRequest::PingRequest(_) | ClientRequest::SetLevelRequest(_) => {
            ServerResult::EmptyResult(EmptyResult {})
        }
        other => return nothing(other),
    })
}

/// An empty list, for a server that has no such thing though it was claimed for it.
pub(super) fn nothing(request: &ClientRequest) -> Option<ServerResult> {
    Some(match request {
        ClientRequest::ListToolsRequest(_) => {
            ServerResult::ListToolsResult(ListToolsResult::default())
        }
        ClientRequest::ListPromptsRequest(_) => {
            ServerResult::ListPromptsResult(ListPromptsResult::default())
        }
        ClientRequest::ListResourcesRequest(_) => {
            ServerResult::ListResourcesResult(ListResourcesResult::default())
        }
        ClientRequest::ListResourceTemplatesRequest(_) => {
            ServerResult::ListResourceTemplatesResult(ListResourceTemplatesResult::default())
        }
        _ => return None,
    })
}

fn sign_in(server: &str) -> Tool {
    let nothing = serde_json::json!({ "type": "object", "properties": {} });
    let schema: JsonObject = serde_json::from_value(nothing).unwrap_or_default();
    let about = format!(
        "Signs the person in to the MCP server at {server}. Nothing else works before. It answers \
         with an address and a code that the person has to be shown; the server's tools are listed \
         once they have approved."
    );
    Tool::new(SIGN_IN, about, Arc::new(schema)).with_title("Sign in")
}

pub(super) fn is_sign_in(request: &ClientRequest) -> bool {
    matches!(request, ClientRequest::CallToolRequest(call)
        if matches!(&call.params, CallToolRequestParams { name, .. } if name == SIGN_IN))
}

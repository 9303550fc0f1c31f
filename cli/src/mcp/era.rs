//! Between a client of the newer era (from 2026-07-28) and a server of the older: what each would
//! not understand of the other.

use rmcp::model::{ClientRequest, GetMeta, ResultType, ServerResult};

/// A server of the older era knows nothing of what every request says of the client.
pub(super) fn for_the_server(request: &mut ClientRequest) {
    let meta = request.get_meta_mut();
    for key in [
        "protocolVersion",
        "clientInfo",
        "clientCapabilities",
        "logLevel",
    ] {
        meta.remove(&format!("io.modelcontextprotocol/{key}"));
    }
}

/// A client of the newer era wants every result to say what it is, and how long it is good.
pub(super) fn for_the_client(result: &mut ServerResult) {
    let kind = match result {
        ServerResult::CompleteResult(it) => &mut it.result_type,
        ServerResult::GetPromptResult(it) => &mut it.result_type,
        ServerResult::ListPromptsResult(it) => &mut it.result_type,
        ServerResult::ListResourcesResult(it) => &mut it.result_type,
        ServerResult::ListResourceTemplatesResult(it) => &mut it.result_type,
        ServerResult::ReadResourceResult(it) => &mut it.result_type,
        ServerResult::ListToolsResult(it) => &mut it.result_type,
        ServerResult::CallToolResult(it) => &mut it.result_type,
        _ => return,
    };
    kind.get_or_insert(ResultType::COMPLETE);
    result.fill_missing_cache_hints();
}

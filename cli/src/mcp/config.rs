//! What to write into the configuration of the common clients.

use std::ffi::OsString;

use devicegrant::{Code, Error};
use serde_json::{Value, json};

use crate::output;

/// The command as it was called, without what prints this.
///
/// Errors: `bad_option` for an argument that is no text, which JSON cannot hold.
pub(super) fn print(url: &str) -> Result<(), Error> {
    let program = std::env::current_exe();
    let program = program.map_or_else(|_| "devicegrant".into(), |path| path.display().to_string());
    let texts = std::env::args_os().map(OsString::into_string);
    let arguments = texts.collect::<Result<Vec<_>, _>>().map_err(|argument| {
        let shown = argument.display();
        Error::new(
            Code::BadOption,
            format!("{shown} is no text, and cannot stand in a configuration"),
        )
    })?;
    let arguments: Vec<String> = arguments
        .into_iter()
        .skip(1)
        .filter(|argument| argument != "--print-config")
        .collect();
    output::line(&format!("{:#}", document(url, &program, &arguments)));
    Ok(())
}

fn document(url: &str, program: &str, arguments: &[String]) -> Value {
    let name = name(url);
    let server = json!({ "command": program, "args": arguments });
    let words: Vec<&str> = std::iter::once(program)
        .chain(arguments.iter().map(String::as_str))
        .collect();
    let shell = shlex::try_join(words).unwrap_or_default();
    json!({
        "claude-desktop": {
            "file": "claude_desktop_config.json (Settings, Developer, Edit Config)",
            "json": { "mcpServers": { &name: server } },
        },
        "claude-code": {
            "run": format!("claude mcp add {name} -- {shell}"),
            "file": ".mcp.json",
            "json": { "mcpServers": { &name: server } },
        },
        "cursor": {
            "file": "~/.cursor/mcp.json",
            "json": { "mcpServers": { &name: server } },
        },
        "vscode": {
            "file": ".vscode/mcp.json",
            "json": { "servers": { &name: { "type": "stdio", "command": program, "args": arguments } } },
        },
    })
}

/// The server's host, as a name that every client takes.
fn name(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    host.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_starts_the_same_command() {
        let arguments = ["mcp", "https://mcp.example.com/mcp", "--scope", "a b"].map(str::to_owned);
        let told = document(
            "https://mcp.example.com/mcp",
            "/bin/devicegrant",
            &arguments,
        );
        let one = json!({ "command": "/bin/devicegrant", "args": arguments });
        for client in ["claude-desktop", "claude-code", "cursor"] {
            assert_eq!(told[client]["json"]["mcpServers"]["mcp-example-com"], one);
        }
        let run = "claude mcp add mcp-example-com -- /bin/devicegrant mcp https://mcp.example.com/mcp --scope 'a b'";
        assert_eq!(told["claude-code"]["run"], run);
        let vscode = &told["vscode"]["json"]["servers"]["mcp-example-com"];
        assert_eq!(
            (&vscode["type"], &vscode["command"]),
            (&json!("stdio"), &one["command"])
        );
    }
}

//! What to write into the configuration of the common clients.

use std::ffi::OsString;
use std::path::Path;

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
    let here = std::env::current_dir().unwrap_or_default();
    let arguments = absolute(&here, arguments.into_iter().skip(1));
    output::line(&format!("{:#}", document(url, &program, &arguments)));
    Ok(())
}

/// The arguments as they are good from any folder: a client starts its programs where it likes.
fn absolute(here: &Path, arguments: impl Iterator<Item = String>) -> Vec<String> {
    let place = |path: &str| here.join(path).display().to_string();
    let mut told: Vec<String> = Vec::new();
    for argument in arguments.filter(|argument| argument != "--print-config") {
        let flag = told.last().map(String::as_str);
        let argument = match argument.split_once('=') {
            _ if matches!(flag, Some("--home" | "--ca")) => place(&argument),
            Some((flag @ ("--home" | "--ca"), path)) => format!("{flag}={}", place(path)),
            _ => argument,
        };
        told.push(argument);
    }
    told
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
    fn a_folder_is_named_from_the_root() {
        let given =
            "--home here mcp https://mcp.example.com/mcp --ca=own.pem --print-config --scope x=y";
        let told = absolute(Path::new("/home/me"), given.split(' ').map(str::to_owned));
        let wanted = "--home /home/me/here mcp https://mcp.example.com/mcp --ca=/home/me/own.pem --scope x=y";
        assert_eq!(told.join(" "), wanted);
        let kept = absolute(
            Path::new("/"),
            ["--ca".into(), "/own.pem".into()].into_iter(),
        );
        assert_eq!(kept, ["--ca", "/own.pem"]);
    }

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

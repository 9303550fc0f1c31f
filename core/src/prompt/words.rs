//! The prompt in words.

use super::Prompt;

pub(super) fn text(prompt: &Prompt) -> String {
    let mut lines = vec![
        "To sign in, open this address in a browser on any device:".to_owned(),
        String::new(),
        format!("    {}", prompt.verification_uri),
        String::new(),
        "and enter this code:".to_owned(),
        String::new(),
        format!("    {}", prompt.user_code),
    ];
    if let Some(complete) = &prompt.verification_uri_complete {
        lines.push(String::new());
        lines.push("Or open this one, and check that the page shows the same code:".to_owned());
        lines.push(String::new());
        lines.push(format!("    {complete}"));
    }
    if !prompt.scopes.is_empty() {
        lines.push(String::new());
        lines.push(format!("It asks for: {}", prompt.scopes.join(" ")));
    }
    if let Some(message) = &prompt.message {
        lines.push(String::new());
        lines.push(format!(
            "The server says: \"{}\"",
            message.replace('"', "'")
        ));
    }
    lines.join("\n")
}

pub(super) fn plain(prompt: &Prompt) -> String {
    let mut lines = vec![
        format!("To sign in, open {}", prompt.verification_uri),
        format!("Enter the code {}", prompt.user_code),
    ];
    if let Some(complete) = &prompt.verification_uri_complete {
        lines.push(format!(
            "Or open {complete} and check that the page shows the code {}",
            prompt.user_code
        ));
    }
    if !prompt.scopes.is_empty() {
        lines.push(format!("It asks for: {}", prompt.scopes.join(", ")));
    }
    if let Some(message) = &prompt.message {
        lines.push(format!(
            "The server says: \"{}\"",
            message.replace('"', "'")
        ));
    }
    lines.join("\n")
}

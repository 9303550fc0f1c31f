//! `devicegrant providers`: which names stand for servers, and what each wants.

use std::path::PathBuf;

use devicegrant::{Error, Home, Provider, builtin_provider, provider_names};
use serde_json::json;

use crate::args;
use crate::output::{line, note};

pub(crate) fn run(given: &args::Providers, home: Option<PathBuf>) -> Result<(), Error> {
    let home = Home::find(home)?;
    let own = home.providers();
    let builtin = provider_names().iter().map(|name| (*name).to_owned());
    let builtin = builtin
        .filter(|name| !own.contains(name))
        .collect::<Vec<_>>();
    for (name, is_own) in builtin
        .iter()
        .map(|n| (n, false))
        .chain(own.iter().map(|n| (n, true)))
    {
        let text = if is_own {
            home.provider(name)
        } else {
            Ok(builtin_provider(name).map(str::to_owned))
        };
        // One broken file must not hide the others.
        match text.and_then(|text| Provider::parse(name, &text.unwrap_or_default())) {
            Ok(provider) => show(name, is_own, &provider, given.json),
            Err(error) => note(&format!("warning: {}", error.message())),
        }
    }
    if !given.json {
        let folder = home.path().join("providers");
        note(&format!("Your own: NAME.json in {}", folder.display()));
    }
    Ok(())
}

fn show(name: &str, own: bool, provider: &Provider, as_json: bool) {
    let argument = provider.argument.as_ref();
    if as_json {
        let event = json!({
            "name": name,
            "own": own,
            "title": provider.title,
            "argument": argument.map(|argument| &argument.name),
            "default": argument.and_then(|argument| argument.default.as_ref()),
            "required_params": provider.required_params,
            "note": provider.note,
        });
        return line(&event.to_string());
    }
    let written = match argument {
        None => name.to_owned(),
        Some(argument) if argument.default.is_some() => format!("{name}[/{}]", argument.name),
        Some(argument) => format!("{name}/{}", argument.name),
    };
    line(&format!("{written:24} {}", provider.title));
    if let Some(note) = &provider.note {
        line(&format!("{:24} {note}", ""));
    }
}

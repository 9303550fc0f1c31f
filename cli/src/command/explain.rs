//! `devicegrant explain`: the catalog of codes, without a network.

use devicegrant::{Code, Error};
use serde_json::{Value, json};

use crate::args;
use crate::output::{line, note};

pub(crate) fn run(given: &args::Explain) -> u8 {
    let Some(name) = &given.code else {
        for code in Code::ALL {
            line(&if given.json {
                as_json(*code).to_string()
            } else {
                format!("{:26} {}", code.as_str(), code.meaning())
            });
        }
        return 0;
    };
    let Some(code) = Code::from_name(name) else {
        note(&format!("error: there is no code {name:?}"));
        note("hint:  devicegrant explain lists them all.");
        return 2;
    };
    if given.json {
        line(&as_json(code).to_string());
        return 0;
    }
    line(&format!(
        "{} ({}, exit {})",
        code.as_str(),
        code.class().as_str(),
        exit(code)
    ));
    line(code.meaning());
    line(code.hint());
    0
}

fn exit(code: Code) -> u8 {
    Error::new(code, "").exit()
}

fn as_json(code: Code) -> Value {
    json!({
        "code": code.as_str(),
        "class": code.class().as_str(),
        "exit": exit(code),
        "meaning": code.meaning(),
        "hint": code.hint(),
    })
}

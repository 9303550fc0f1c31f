//! Takes out of the generated Python what only costs time at import: a third of what a program pays
//! that makes a client (BENCHMARKS.md).
//!
//! Every record is decorated by `dataclass`, and has its own `__init__`, `__str__` and `__eq__` all
//! the same, so that the decorator adds nothing but what it costs. And some modules are imported for
//! types that this library does not have.

use std::fs;
use std::path::Path;

/// What the generated file imports whether it is used or not.
const OFTEN_UNUSED: [&str; 5] = [
    "datetime",
    "itertools",
    "traceback",
    "platform",
    "contextlib",
];

pub(crate) fn folder(folder: &Path) -> Result<(), String> {
    let files = fs::read_dir(folder).map_err(|why| why.to_string())?;
    for file in files.flatten().map(|file| file.path()) {
        if file.extension().is_some_and(|end| end == "py") {
            let text = fs::read_to_string(&file).map_err(|why| why.to_string())?;
            fs::write(&file, lean(&text)?).map_err(|why| why.to_string())?;
        }
    }
    Ok(())
}

fn lean(text: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept = String::with_capacity(text.len());
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim();
        if code == "@dataclass" {
            // One that has no `__init__` would need the decorator: say so rather than break it.
            let body = lines.iter().skip(at + 2).map(|line| line.trim_start());
            let mut ahead = body.take_while(|line| !line.starts_with("class "));
            if !ahead.any(|line| line.starts_with("def __init__")) {
                return Err(format!("line {}: a dataclass without __init__", at + 2));
            }
            continue;
        }
        if code == "from dataclasses import dataclass" || unused(code, text) {
            continue;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    Ok(kept)
}

fn unused(code: &str, text: &str) -> bool {
    let module = code.strip_prefix("import ").unwrap_or_default();
    if !OFTEN_UNUSED.contains(&module) {
        return false;
    }
    // Not as a part of another name, such as `sys.platform`.
    let whole =
        |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_.".contains(c));
    !text
        .match_indices(&format!("{module}."))
        .any(|(at, _)| whole(at))
}

#[cfg(test)]
mod tests {
    use super::lean;

    const HEAD: &str = "import os\nimport datetime\nfrom dataclasses import dataclass\n";

    #[test]
    fn a_record_loses_its_decorator_and_nothing_else() {
        let text = format!("{HEAD}os.sep\n@dataclass\nclass A:\n    def __init__(self):\n");
        let lean = lean(&text).expect("it has an __init__");
        assert_eq!(
            lean,
            "import os\nos.sep\nclass A:\n    def __init__(self):\n"
        );
    }

    #[test]
    fn a_module_that_is_used_stays() {
        let used = "import datetime\ndatetime.timezone\n";
        assert_eq!(lean(used).as_deref(), Ok(used));
        let named_alike = "import platform\nsys.platform.startswith\n";
        assert_eq!(
            lean(named_alike).as_deref(),
            Ok("sys.platform.startswith\n")
        );
    }

    #[test]
    fn a_record_that_needs_its_decorator_is_an_error() {
        let text = "@dataclass\nclass A:\n    field: int\n\n@dataclass\nclass B:\n    def __init__(self):\n";
        assert!(lean(text).is_err());
    }
}

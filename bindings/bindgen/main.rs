//! Writes the sources of another language for the library that was built.

mod lean;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    uniffi::uniffi_bindgen_main();
    let words: Vec<String> = std::env::args().collect();
    let after = |names: [&str; 2]| {
        let at = words.iter().position(|word| names.contains(&&**word))?;
        words.get(at + 1)
    };
    if after(["--language", "-l"]).is_none_or(|language| language != "python") {
        return ExitCode::SUCCESS;
    }
    let Some(folder) = after(["--out-dir", "-o"]).map(PathBuf::from) else {
        return ExitCode::SUCCESS;
    };
    match lean::folder(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}: {why}", folder.display());
            ExitCode::FAILURE
        }
    }
}

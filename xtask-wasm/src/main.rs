//! Makes the JavaScript around a wasm file: `xtask-wasm FILE FOLDER`. A crate of its own because
//! what it needs takes half a minute to build, and only `cargo xtask wasm` needs it.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("xtask-wasm FILE FOLDER".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(file)
        .out_name("devicegrant")
        .typescript(false)
        // No address beside the module: bundlers and CommonJS know none.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.web(true)?.generate(folder)?;
    Ok(())
}

//! Writes the sources of another language for the library that was built.

fn main() {
    uniffi::uniffi_bindgen_main();
}

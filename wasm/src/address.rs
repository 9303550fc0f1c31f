//! Which addresses are fit for what.

use devicegrant_core as dg;
use wasm_bindgen::prelude::*;

/// Whether a request to this address may carry a token.
#[wasm_bindgen(js_name = mayCarryToken)]
pub fn may_carry_token(address: &str) -> bool {
    dg::may_carry_token(address)
}

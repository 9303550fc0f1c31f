//! The machines of `devicegrant-core` for JavaScript: each flow an object with a synchronous
//! `step`, each secret behind a getter. What every name means stands in `../types.d.ts` and
//! `../stores.d.ts`.
//!
//! Nothing is decided here. Plain values cross as plain objects, with the names of core's JSON.
// wasm-bindgen's own code, where it meets the engine, cannot be written otherwise.
#![allow(unsafe_code, missing_debug_implementations, unreachable_pub)]
#![allow(clippy::needless_pass_by_value, reason = "what crosses is owned")]
#![allow(clippy::unused_self, reason = "one object speaks for a store")]

mod address;
mod disk;
mod error;
mod flow;
mod home;
mod login;
mod made;
mod options;
mod plain;
mod redis;
mod register;
mod step;
mod step_up;

use devicegrant_core::{Code, Error, Now};
use error::Failure;

type Fallible<T> = Result<T, Failure>;

/// Milliseconds of both clocks, as JavaScript's numbers are.
fn now(wall_ms: f64, steady_ms: f64) -> Now {
    Now {
        wall_ms: plain::whole(wall_ms),
        steady_ms: plain::whole(steady_ms),
    }
}

/// So many random bytes, never used before; the host gives them.
fn entropy<const N: usize>(bytes: &[u8]) -> Fallible<[u8; N]> {
    let fits = <[u8; N]>::try_from(bytes);
    fits.map_err(|_| Error::new(Code::BadOption, format!("{N} random bytes are needed")).into())
}

/// Methods that only read; the getters of a class are all it shows.
macro_rules! getters {
    ($class:ident { $($js:ident $name:ident: $type:ty = |$this:ident| $value:expr;)* }) => {
        #[wasm_bindgen::prelude::wasm_bindgen]
        impl $class {
            $(#[wasm_bindgen::prelude::wasm_bindgen(getter, js_name = $js)]
            pub fn $name(&self) -> $type {
                let $this = &self.0;
                $value
            })*
        }
    };
}
pub(crate) use getters;

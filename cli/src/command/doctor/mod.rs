//! `devicegrant doctor`

use crate::args::{self, Place};
use crate::output::{self, Failure};

pub(crate) async fn run(given: &args::Doctor, _: &Place) -> Result<u8, Failure> {
    if given.new_key {
        output::line(devicegrant::key::fresh_text()?.expose());
    }
    Ok(0)
}

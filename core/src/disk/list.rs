//! Naming every login there is.

use super::{DiskFlow, DiskInput, DiskStep, names};
use crate::error::Error;
use crate::flow::{LoginId, Now, out_of_turn};
use crate::text::sorted;

/// The machine behind a store's `list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ListLogins {
    listing: bool,
}

impl DiskFlow for ListLogins {
    type Output = Vec<LoginId>;

    fn step(&mut self, _: Now, input: DiskInput) -> Result<DiskStep<Vec<LoginId>>, Error> {
        match (std::mem::take(&mut self.listing), input) {
            (false, DiskInput::Go) => {
                self.listing = true;
                Ok(DiskStep::List(names::LOGINS.to_owned()))
            }
            (true, DiskInput::Names(names)) => {
                names::bounded(names::LOGINS, &names)?;
                let logins = names.iter().filter(|name| names::is_login(name));
                let ids = logins.map(|name| LoginId(name.as_str().into()));
                Ok(DiskStep::Done(sorted(ids.collect())))
            }
            _ => Err(out_of_turn()),
        }
    }
}

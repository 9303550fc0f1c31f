//! Where logins are kept and what opens them: the same on every command.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use devicegrant::key::Source;

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Place {
    /// Keep logins here instead of in `DEVICEGRANT_HOME` or the platform's folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Where a new home keeps its key: keyring, env, command, passphrase or file
    #[arg(long, global = true, value_name = "SOURCE", value_parser = Source::from_str)]
    pub(crate) key: Option<Source>,
    /// What keeps the logins; redis takes its address from `DEVICEGRANT_REDIS_URL`
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        value_enum,
        hide_possible_values = true,
        default_value = "auto",
        help = "What keeps logins: file (auto), memory, or redis at DEVICEGRANT_REDIS_URL"
    )]
    pub(crate) store: StoreName,
    /// Trust the root certificates in this PEM file too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreName {
    /// The files of the home.
    #[default]
    Auto,
    File,
    /// This process alone.
    Memory,
    Redis,
}

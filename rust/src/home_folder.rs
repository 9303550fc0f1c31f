//! The folder that holds logins and the user's own providers.

use std::path::{Path, PathBuf};

use devicegrant_core::{Code, Error};
use etcetera::AppStrategy;
use etcetera::app_strategy::{AppStrategyArgs, choose_native_strategy};

/// No honest provider file is larger.
const LARGEST_PROVIDER: u64 = 64 * 1024;

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The folder that was given, else `DEVICEGRANT_HOME`, else the platform's (on Linux
    /// `~/.local/share/devicegrant`). Nothing is created here.
    ///
    /// Errors: `store_unreadable` where the system names no home directory.
    pub fn find(given: Option<PathBuf>) -> Result<Self, Error> {
        let named = std::env::var_os("DEVICEGRANT_HOME").filter(|home| !home.is_empty());
        if let Some(home) = given.or(named.map(PathBuf::from)) {
            return Ok(Self(home));
        }
        let app = AppStrategyArgs {
            top_level_domain: "org".to_owned(),
            author: "devicegrant".to_owned(),
            app_name: "devicegrant".to_owned(),
        };
        let strategy = choose_native_strategy(app).map_err(|_| {
            let message =
                "this account has no home directory: set DEVICEGRANT_HOME, or give --home";
            Error::new(Code::StoreUnreadable, message)
        })?;
        Ok(Self(strategy.data_dir()))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The user's own `NAME.json`, where there is one.
    ///
    /// Errors: `malformed_provider` for one that is there and cannot be read.
    pub fn provider(&self, name: &str) -> Result<Option<String>, Error> {
        let path = self.0.join("providers").join(format!("{name}.json"));
        let unreadable = |why: &dyn std::fmt::Display| {
            let message = format!("{} cannot be read: {why}", path.display());
            Error::new(Code::MalformedProvider, message)
        };
        match std::fs::metadata(&path) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(unreadable(&why)),
            Ok(about) if about.len() > LARGEST_PROVIDER || !about.is_file() => {
                Err(unreadable(&"it is no file of at most 64 KiB"))
            }
            Ok(_) => std::fs::read_to_string(&path)
                .map(Some)
                .map_err(|why| unreadable(&why)),
        }
    }

    /// The names of the user's own providers, sorted.
    pub fn providers(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.join("providers"));
        let names = files.into_iter().flatten().flatten().filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            name.strip_suffix(".json").map(str::to_owned)
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

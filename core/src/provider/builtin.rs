//! The presets that come along, one file each.

macro_rules! presets {
    ($($name:literal)*) => {
        /// The name of every preset that comes along.
        pub fn names() -> &'static [&'static str] {
            &[$($name),*]
        }

        /// The preset of that name, as its JSON text.
        pub fn builtin(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!("builtin/", $name, ".json"))),)*
                _ => None,
            }
        }
    };
}

presets! {
    "ai-endurance" "amazon" "auth0" "aws-sso" "dex" "github" "gitlab" "google" "keycloak" "microsoft" "okta" "trakt" "twitch"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::provider::{Provider, is_name};

    #[test]
    fn every_preset_reads_and_takes_its_argument() -> Result<(), Error> {
        for name in names() {
            assert!(is_name(name));
            let provider = Provider::parse(name, builtin(name).unwrap_or_default())?;
            assert!(!provider.title.is_empty(), "{name}");
            let argument = provider.argument.as_ref().map(|a| match a.name.as_str() {
                "REALM-URL" | "ISSUER" => "https://id.example.com/realms/one",
                _ => "one.example.com",
            });
            let filled = provider.fill(name, argument)?;
            assert!(
                filled.issuer.is_some() || filled.token_endpoint.is_some(),
                "{name}"
            );
        }
        Ok(())
    }
}

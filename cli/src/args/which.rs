//! Which login, or where.

use clap::Args;
use devicegrant::Options;

use super::Place;

/// Which login, or where.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// An issuer's address, an MCP server's, or a provider as NAME or NAME/ARGUMENT
    pub(crate) target: Option<String>,
    /// The issuer's address (RFC 8414)
    #[arg(long, value_name = "URL", conflicts_with = "target")]
    issuer: Option<String>,
    /// The address of a protected resource, such as an MCP server's (RFC 9728)
    #[arg(long, value_name = "URL", conflicts_with_all = ["target", "issuer"])]
    server: Option<String>,
    /// A provider as NAME or NAME/ARGUMENT; see `devicegrant providers`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "issuer", "server"])]
    provider: Option<String>,
    /// The client identifier
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The resource that the token is for (RFC 8707)
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// The sub of the account that has to approve (OpenID Connect)
    #[arg(long, value_name = "SUB")]
    expect_sub: Option<String>,
    /// The account that has to approve: a verified e-mail address, a username, or the sub
    #[arg(long, value_name = "ACCOUNT")]
    expect_account: Option<String>,
    /// The login's name
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The device authorization endpoint, where the server does not advertise it
    #[arg(long, value_name = "URL")]
    device_endpoint: Option<String>,
    /// The token endpoint, where the server does not advertise it
    #[arg(long, value_name = "URL")]
    token_endpoint: Option<String>,
}

impl Which {
    pub(crate) fn options(&self) -> Options {
        Options {
            target: self.target.clone(),
            issuer: self.issuer.clone(),
            server: self.server.clone(),
            provider: self.provider.clone(),
            client_id: self.client_id.clone(),
            resource: self.resource.clone(),
            expected_sub: self.expect_sub.clone(),
            expected_account: self.expect_account.clone(),
            profile: self.profile.clone(),
            device_endpoint: self.device_endpoint.clone(),
            token_endpoint: self.token_endpoint.clone(),
            ..Options::default()
        }
    }

    /// Whether anything was named.
    pub(crate) fn is_any(&self) -> bool {
        self.options() != Options::default()
    }

    /// Whether a server was named, and not only a login.
    pub(crate) fn names_a_place(&self) -> bool {
        let places = [&self.target, &self.issuer, &self.server, &self.provider];
        places.iter().any(|place| place.is_some()) || self.device_endpoint.is_some()
    }

    /// The command that goes on with the sign-in to this place, to be pasted into a shell.
    pub(crate) fn resume(&self, place: &Place) -> String {
        let mut words = vec!["devicegrant", "login", "--resume"];
        words.extend(self.target.as_deref());
        let home = place.home.as_ref().map(|home| home.to_string_lossy());
        let ca = place.ca.as_ref().map(|ca| ca.to_string_lossy());
        let redis = (place.store == super::StoreName::Redis).then_some("redis");
        for (name, value) in [
            ("--issuer", self.issuer.as_deref()),
            ("--server", self.server.as_deref()),
            ("--provider", self.provider.as_deref()),
            ("--client-id", self.client_id.as_deref()),
            ("--resource", self.resource.as_deref()),
            ("--expect-sub", self.expect_sub.as_deref()),
            ("--expect-account", self.expect_account.as_deref()),
            ("--profile", self.profile.as_deref()),
            ("--device-endpoint", self.device_endpoint.as_deref()),
            ("--token-endpoint", self.token_endpoint.as_deref()),
            ("--home", home.as_deref()),
            ("--store", redis),
            ("--ca", ca.as_deref()),
        ] {
            if let Some(value) = value {
                words.extend([name, value]);
            }
        }
        // Only a NUL cannot be quoted, and no argument holds one.
        shlex::try_join(words).unwrap_or_else(|_| "devicegrant login --resume".to_owned())
    }
}

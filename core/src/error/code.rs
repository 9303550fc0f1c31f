//! The catalog: every code there is, its class, what it means and what to do about it.

use super::Class;

macro_rules! catalog {
    ($($variant:ident $name:literal $class:ident: $meaning:literal => $hint:literal;)*) => {
        /// A stable name for one cause. Programs may compare it; it never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as text.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// What the caller can do next.
            pub fn class(self) -> Class {
                match self { $(Code::$variant => Class::$class,)* }
            }

            /// What the code means.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)* }
            }

            /// What to do next.
            pub fn hint(self) -> &'static str {
                match self { $(Code::$variant => $hint,)* }
            }
        }
    };
}

catalog! {
    // Ask a person.
    NoLogin "no_login" SignInNeeded:
        "No login is kept for what was asked." =>
        "Sign in first: devicegrant login, with the same target, profile and client.";
    NoPrompt "no_prompt" SignInNeeded:
        "A person has to sign in, and there is neither a terminal nor a prompt of the caller's own to ask through." =>
        "Run devicegrant login in a terminal, or give login() a prompt of your own.";
    ResponseLost "response_lost" SignInNeeded:
        "The answer to an earlier poll was lost on its way; the server may have sent the tokens in it and takes a code only once." =>
        "Sign in again; nothing else is wrong.";
    Interrupted "interrupted" SignInNeeded:
        "The sign-in was interrupted before anybody approved." =>
        "Sign in again: devicegrant login.";
    TokenExpired "token_expired" SignInNeeded:
        "The access token that is kept has expired, and there is no refresh token to renew it with." =>
        "Sign in again: devicegrant login; ask for the scope offline_access where the server has it.";
    TokenRefused "token_refused" SignInNeeded:
        "The access token that is kept was refused, and there is no refresh token to renew it with." =>
        "Sign in again: devicegrant login; ask for the scope offline_access where the server has it.";
    LoginEnded "login_ended" SignInNeeded:
        "The server no longer takes the refresh token: it was revoked, has expired, or was used twice (RFC 6749 §5.2)." =>
        "Sign in again: devicegrant login.";
    MoreScopes "more_scopes" SignInNeeded:
        "The login that is kept was never asked for a scope that is needed now." =>
        "Sign in again with every scope that is needed: devicegrant login --scope.";
    NoPending "no_pending" SignInNeeded:
        "No sign-in waits to be resumed." =>
        "Begin one: devicegrant login.";

    // The person's answer.
    AccessDenied "access_denied" Denied:
        "The person, or a rule of the server, denied the request (RFC 8628 §3.5)." =>
        "Ask the person whether they meant to; then sign in again.";
    WrongAccount "wrong_account" Denied:
        "Somebody else approved than the account that was expected." =>
        "Nothing was kept. Sign in again, and approve as the account that the message names.";
    ExpiredToken "expired_token" CodeExpired:
        "The device code expired before anybody approved it (RFC 8628 §3.5)." =>
        "Sign in again and approve while the code lives.";
    GaveUp "gave_up" CodeExpired:
        "The time the caller allowed ran out before anybody approved." =>
        "Sign in again, with a longer --timeout if the person needs one.";

    // The network and the server's health.
    Unreachable "unreachable" TryLater:
        "The server could not be reached." =>
        "Check the address, the network and any proxy, then try again.";
    Timeout "timeout" TryLater:
        "The server did not answer completely in time." =>
        "Try again later; if it lasts, ask whoever runs the server.";
    ServerFailing "server_failing" TryLater:
        "The server answered that it is failing, several times." =>
        "Try again later; if it lasts, ask whoever runs the server.";
    RateLimited "rate_limited" TryLater:
        "The server asks for fewer requests." =>
        "Wait as long as the message says, then try again.";

    RenewalBusy "renewal_busy" TryLater:
        "Another program is renewing this login and has not finished in time." =>
        "Try again in a moment.";
    RenewalResting "renewal_resting" TryLater:
        "A renewal failed a moment ago; it is not tried again at once, so that many programs do not storm a server." =>
        "Try again when the message says, or at once: devicegrant renew --force.";

    // The transport is not to be trusted.
    TlsUntrusted "tls_untrusted" Refused:
        "The server's certificate was not issued by anybody this machine trusts." =>
        "If it is your own authority, give its root certificate with --ca FILE; else do not sign in here.";
    TlsExpired "tls_expired" Refused:
        "The server's certificate has expired or is not valid yet." =>
        "Check this machine's clock; if it is right, whoever runs the server must renew the certificate.";
    TlsWrongHost "tls_wrong_host" Refused:
        "The server's certificate belongs to another host." =>
        "Check the address; if it is right, whoever runs the server must fix the certificate.";
    TlsFailed "tls_failed" Refused:
        "No secure connection could be agreed on with the server." =>
        "Check the address, the clock and any proxy that opens TLS; give its root with --ca FILE.";
    RedirectRefused "redirect_refused" Refused:
        "The server answered with a redirect; a device code or a secret is never sent on to another place." =>
        "Use the address that the server redirects to, if you trust it.";
    BodyTooLarge "body_too_large" Refused:
        "The server's answer is larger than any honest one." =>
        "Check that the address is an OAuth endpoint.";

    // What was found at the address.
    NoMetadata "no_metadata" Refused:
        "The address publishes no authorization server metadata (RFC 8414, OpenID Connect Discovery)." =>
        "Check the issuer's address, or give --device-endpoint and --token-endpoint.";
    MalformedMetadata "malformed_metadata" Refused:
        "The authorization server metadata cannot be used as it stands (RFC 8414 §2)." =>
        "Give the endpoints with --device-endpoint and --token-endpoint, or ask whoever runs the server.";
    IssuerMismatch "issuer_mismatch" Refused:
        "The metadata names another issuer than the one that was asked (RFC 8414 §3.3)." =>
        "Use the issuer's exact address; if it is exact, do not trust this server.";
    ResourceMismatch "resource_mismatch" Refused:
        "The metadata is about another resource than the address that was named (RFC 9728 §3.3)." =>
        "Use the exact address that the server goes by; if it is exact, do not trust this server.";
    UnsafeEndpoint "unsafe_endpoint" Refused:
        "An endpoint is neither https nor on this machine." =>
        "Use an https address.";
    NoDeviceEndpoint "no_device_endpoint" Refused:
        "The server advertises no device authorization endpoint (RFC 8628 §4)." =>
        "If the server has one all the same, give it with --device-endpoint; else it has no device grant, and another way to sign in is needed.";

    // What the server said about the request.
    InvalidClient "invalid_client" Refused:
        "The server does not know this client, or its secret is wrong (RFC 6749 §5.2)." =>
        "Check --client-id and the secret, and which of basic and post the client is registered for.";
    UnauthorizedClient "unauthorized_client" Refused:
        "This client may not use the device grant (RFC 6749 §5.2)." =>
        "Turn the device grant on for this client at the server, or check its secret: some servers say this for a wrong one.";
    UnsupportedGrantType "unsupported_grant_type" Refused:
        "The server does not have the device grant (RFC 6749 §5.2)." =>
        "Ask whoever runs the server to turn it on.";
    DeviceFlowDisabled "device_flow_disabled" Refused:
        "The device grant is turned off for this client." =>
        "Turn it on in the client's settings at the server.";
    InvalidScope "invalid_scope" Refused:
        "The server does not grant a scope that was asked for (RFC 6749 §5.2)." =>
        "Ask for scopes the server knows: --scope.";
    InvalidTarget "invalid_target" Refused:
        "The server does not know the resource or audience that was asked for (RFC 8707 §2)." =>
        "Check --resource and --audience.";
    InvalidRequest "invalid_request" Refused:
        "The server calls the request malformed (RFC 6749 §5.2)." =>
        "Read its description; some servers want --pkce, --audience or another --param.";
    InvalidGrant "invalid_grant" Refused:
        "The server does not take this code or token, well before its time (RFC 6749 §5.2)." =>
        "Sign in again; if it repeats, check that client and server belong together.";
    RefreshRefused "refresh_refused" Refused:
        "The server refuses to renew the login, and does not say that the refresh token is at fault." =>
        "Nothing was removed. Read the server's words; if they stay the same, check the client at the server, or sign in again.";
    ServerRefused "server_refused" Refused:
        "The server refused with an error of its own." =>
        "Read the server's words in the message.";

    // What the server answered cannot be used.
    UnreadableAnswer "unreadable_answer" Refused:
        "The answer is not one that OAuth knows, several times." =>
        "Check that the address is an OAuth endpoint and that no proxy answers in its place.";
    MalformedDeviceAnswer "malformed_device_answer" Refused:
        "The device authorization response lacks what it must have (RFC 8628 §3.2)." =>
        "Check that the address is a device authorization endpoint.";
    UnsafeVerificationUri "unsafe_verification_uri" Refused:
        "The address a person would have to open is not an https address." =>
        "Do not sign in here; tell whoever runs the server.";
    MalformedTokenAnswer "malformed_token_answer" Refused:
        "The token response lacks what it must have, or holds what no header may carry (RFC 6749 §5.1)." =>
        "Tell whoever runs the server.";
    UnsupportedTokenType "unsupported_token_type" Refused:
        "The token is of a type that this library does not know how to use (RFC 6749 §7.1)." =>
        "Register a client that gets bearer tokens.";
    ScopeLoop "scope_loop" Refused:
        "The server demands scopes that were asked for already (RFC 6750 §3.1): asking the same again is a loop." =>
        "Read in the message whether they were granted. What was not granted, the person or the server's rules have to allow, then sign in again; what was, ask whoever runs the server.";
    AccountUnknown "account_unknown" Refused:
        "An account was expected, and the server does not say, or not so that it can be believed, who approved (OpenID Connect Core §3.1.3.7, §5.3)." =>
        "Nothing was kept. Ask for the scope openid, with email or profile for what a person is called, and name the issuer exactly; a server without OpenID Connect cannot say who approved.";
    AmbiguousLogin "ambiguous_login" Refused:
        "Several logins fit." =>
        "Name one with --profile, or say more: the issuer, the client, the resource.";

    // The store.
    StoreUnreadable "store_unreadable" StoreError:
        "The place where logins are kept cannot be read." =>
        "Check that the folder is yours alone and readable; the message names it.";
    StoreUnwritable "store_unwritable" StoreError:
        "The login could not be kept." =>
        "Check space and permissions of the folder that the message names, then sign in again.";
    StoreUnsafe "store_unsafe" StoreError:
        "A file or folder that holds logins is open to others." =>
        "Close it to others (chmod 700 for the folder, 600 for files), and sign in again if somebody may have read it.";
    StoreBusy "store_busy" StoreError:
        "Another program keeps writing this login." =>
        "Try again in a moment.";
    RecordUnreadable "record_unreadable" StoreError:
        "The kept login is damaged or was written by a newer version." =>
        "Update this program, or sign in again.";
    StoreUnreachable "store_unreachable" StoreError:
        "The store is a server, and it does not answer." =>
        "Check that it runs and that its address is right, then try again.";
    StoreRefused "store_refused" StoreError:
        "The store is a server, and it does not let this program in." =>
        "Check the user name and the password in the store's address.";
    KeyUnreachable "key_unreachable" StoreError:
        "The key that this home's logins are sealed with cannot be had from where it is kept." =>
        "Make its source reachable as the message says; no other source and no new key is ever taken in its place.";
    KeyWrong "key_wrong" StoreError:
        "The key that was given is not the one that this home's logins are sealed with." =>
        "Give the key that the home was made with, or use another --home.";
    KeyNeedsSession "key_needs_session" StoreError:
        "The key can only be reached from a desktop session, and an unattended program has none." =>
        "Use another home with a key that needs no session: --home DIR --key file, or DEVICEGRANT_KEY_COMMAND.";
    KeyNeeded "key_needed" StoreError:
        "This store keeps no key of its own, and none was given." =>
        "Give one by DEVICEGRANT_KEY or DEVICEGRANT_KEY_COMMAND; devicegrant doctor --new-key prints a fresh one.";
    HomeUnreadable "home_unreadable" StoreError:
        "The file home.json, which says how this home's logins are sealed, is damaged or from a newer version." =>
        "Update this program, or use another --home and sign in again.";
    SealBroken "seal_broken" StoreError:
        "What was sealed does not open with this key, or was changed." =>
        "Use the key it was sealed with, or sign in again.";

    // The call.
    NoTarget "no_target" Usage:
        "Nothing says where to sign in." =>
        "Name an issuer's address or a provider, or give both endpoints.";
    UnknownProvider "unknown_provider" Usage:
        "No provider has that name." =>
        "Run devicegrant providers to see the names, or put NAME.json into the providers folder.";
    ProviderArgument "provider_argument" Usage:
        "The provider wants an argument, or the one given does not fit." =>
        "Write it as NAME/ARGUMENT; devicegrant providers shows what each wants.";
    MalformedProvider "malformed_provider" Usage:
        "The provider's file cannot be used." =>
        "Correct the file; the message says where.";
    NoClientId "no_client_id" Usage:
        "No client identifier was given, and the provider has none of its own." =>
        "Register a client at the server and give its --client-id.";
    BadOption "bad_option" Usage:
        "An option cannot be used as it was given." =>
        "Correct it as the message says.";
    NoEntropy "no_entropy" TryLater:
        "The system gave no random bytes, without which nothing can be sealed or proven." =>
        "Try again once the system has started completely.";
    OutOfTurn "out_of_turn" Usage:
        "A flow was given an input that it had not asked for." =>
        "Answer each step with the input that belongs to it; a driver of ours does.";
}

impl Code {
    /// The code with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_name_and_two_sentences() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.as_str()), Some(*code));
            for sentence in [code.meaning(), code.hint()] {
                assert!(sentence.ends_with('.') && sentence.len() > 10, "{code:?}");
            }
        }
    }
}

//! That a form was sent by the page this server gave to this very browser.
//!
//! The CSRF token is derived from the browser's cookie and a key of the
//! server's, so there is nothing to keep and nothing to fill up. Beside it
//! stands the `Origin` that browsers send: another program on this machine can
//! plant cookies for 127.0.0.1, whatever its port, but no origin.

use axum::http::{
    HeaderMap,
    header::{COOKIE, HOST, ORIGIN},
};

use super::{app::App, code};

/// One browser.
#[derive(Debug)]
pub(super) struct Session {
    id: String,
    /// Whether the browser does not know it yet.
    new: bool,
}

impl Session {
    /// The session the browser names, if it looks like one of ours.
    fn named(app: &App, headers: &HeaderMap) -> Option<Self> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let id = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == app.cookie)?
            .1;
        let of_base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (id.len() == 43 && id.bytes().all(of_base64url)).then(|| Self {
            id: id.to_owned(),
            new: false,
        })
    }

    /// The browser's session, or a new one.
    pub(super) fn open(app: &App, headers: &HeaderMap) -> Result<Self, getrandom::Error> {
        match Self::named(app, headers) {
            Some(session) => Ok(session),
            None => Ok(Self {
                id: code::secret()?,
                new: true,
            }),
        }
    }

    /// The session of a form, if the form came from our page.
    pub(super) fn of_form(app: &App, headers: &HeaderMap, csrf: Option<&str>) -> Option<Self> {
        let session = Self::named(app, headers)?;
        (same_origin(headers) && csrf == Some(&session.csrf(app))).then_some(session)
    }

    pub(super) fn csrf(&self, app: &App) -> String {
        // Both are of fixed length, so nothing can be shifted from one into
        // the other or appended.
        code::challenge(&format!("{}.{}", app.page_key, self.id))
    }

    /// The cookie to set, if any. `Lax`, not `Strict`: the person comes from a
    /// link or a QR code.
    pub(super) fn cookie(&self, app: &App) -> Option<String> {
        let (name, id) = (&app.cookie, &self.id);
        self.new
            .then(|| format!("{name}={id}; Path=/device; HttpOnly; SameSite=Lax"))
    }
}

/// A request without `Origin` is from no browser of this decade, and needs the
/// CSRF token all the same.
fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Some(host) = headers.get(HOST) else {
        return false;
    };
    origin.as_bytes().strip_prefix(b"http://") == Some(host.as_bytes())
}

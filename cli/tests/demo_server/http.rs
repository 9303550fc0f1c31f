//! HTTP/1.1 by hand.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use devicegrant_cli::demo::Server;
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// An OAuth error, as RFC 6749 §5.2 wants it in every respect.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, error: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert_eq!(json["error"], error, "{self:?}");
        assert!(
            json["error_description"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(
            self.header("www-authenticate").is_some(),
            status == 401,
            "{self:?}"
        );
    }
}

/// One request on a connection of its own.
pub(crate) fn send(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let address = server.issuer.strip_prefix("http://").unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        write!(request, "Host: {address}\r\n").unwrap();
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    tcp.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    tcp.read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(Answer {
        status,
        headers,
        body: body.to_owned(),
    })
}

pub(crate) fn get(server: &Server, path: &str) -> Answer {
    send(server, "GET", path, &[], "").unwrap()
}

pub(crate) fn try_post(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    form: &[(&str, &str)],
) -> io::Result<Answer> {
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    send(server, "POST", path, &all, &encode(form))
}

pub(crate) fn post_with(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    form: &[(&str, &str)],
) -> Answer {
    try_post(server, path, headers, form).unwrap()
}

pub(crate) fn post(server: &Server, path: &str, form: &[(&str, &str)]) -> Answer {
    post_with(server, path, &[], form)
}

fn encode(form: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        text.bytes().fold(String::new(), |mut out, b| {
            if b.is_ascii_alphanumeric() {
                out.push(char::from(b));
            } else {
                write!(out, "%{b:02X}").unwrap();
            }
            out
        })
    };
    let pairs: Vec<_> = form
        .iter()
        .map(|(n, v)| format!("{}={}", escaped(n), escaped(v)))
        .collect();
    pairs.join("&")
}

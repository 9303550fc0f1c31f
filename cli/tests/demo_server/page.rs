//! The approval page, as a browser without scripts sees it.

use devicegrant_cli::demo::{By, Event};

use super::{http::post_with, *};

/// A browser: its cookie, the CSRF token of the page it is on, its origin.
struct Browser<'a> {
    server: &'a Server,
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    fn open(server: &'a Server, path: &str) -> (Self, Answer) {
        let answer = http::get(server, path);
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.ends_with("; Path=/device; HttpOnly; SameSite=Lax"));
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let csrf = field(&answer.body, "csrf");
        (
            Self {
                server,
                cookie,
                csrf,
            },
            answer,
        )
    }

    fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(form);
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Origin", self.server.issuer.as_str()),
        ];
        post_with(self.server, path, &headers, &all)
    }

    fn enter(&self, code: &str) -> Answer {
        self.submit("/device", &[("user_code", code)])
    }

    fn decide(&self, code: &str, decision: &str) -> Answer {
        self.submit(
            "/device/decision",
            &[("user_code", code), ("decision", decision)],
        )
    }
}

/// The value of a form field.
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_person_approves() {
    let mut server = serve(Script {
        clients: [("tv".into(), "My TV".into())].into(),
        ..quick()
    })
    .await;
    let mut events = server.events();
    let begun = begin(&server);
    let (browser, page) = Browser::open(&server, "/device");
    assert_eq!(page.status, 200);
    assert_eq!(field(&page.body, "user_code"), "");
    let typed = user_code(&begun).to_lowercase().replace('-', " ");
    let consent = browser.enter(&typed);
    assert_eq!(consent.status, 200);
    for shown in [
        "My TV",
        "<code>tv</code>",
        "See your data",
        "<code>read</code>",
        "9 minutes",
        "1 hour",
        user_code(&begun),
    ] {
        let minutes = shown == "9 minutes" && consent.body.contains("10 minutes");
        assert!(
            minutes || consent.body.contains(shown),
            "{shown} in {}",
            consent.body
        );
    }
    poll(&server, &begun).is_error(400, "authorization_pending");
    let end = browser.decide(&field(&consent.body, "user_code"), "approve");
    assert!(
        end.status == 200
            && end.body.contains("Approved")
            && end.body.contains("back to your terminal")
    );
    assert_eq!(poll(&server, &begun).status, 200);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event);
    }
    let user_code = user_code(&begun).to_owned();
    assert!(told.contains(&Event::PageOpened { prefilled: false }));
    assert!(told.contains(&Event::CodeEntered { found: true }));
    assert!(told.contains(&Event::Approved {
        by: By::Person,
        user_code
    }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_person_denies_and_cannot_change_their_mind() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    let (browser, _) = Browser::open(&server, "/device");
    let end = browser.decide(user_code(&begun), "deny");
    assert!(end.status == 200 && end.body.contains("Denied"));
    poll(&server, &begun).is_error(400, "access_denied");
    let again = browser.decide(user_code(&begun), "approve");
    assert!(again.status == 400 && again.body.contains("answered already"));
    poll(&server, &begun).is_error(400, "access_denied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_complete_address_fills_in_and_asks_to_compare() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    let address = begun["verification_uri_complete"].as_str().unwrap();
    let (browser, page) = Browser::open(&server, address.strip_prefix(&server.issuer).unwrap());
    assert_eq!(field(&page.body, "user_code"), user_code(&begun));
    assert!(page.body.contains("exactly this code"));
    assert!(
        !page.body.contains("See your data"),
        "nothing is told before the form is sent"
    );
    let (_, unknown) = Browser::open(&server, "/device?user_code=bcdf-ghjk");
    let filled = unknown.body.replace("BCDF-GHJK", user_code(&begun));
    let csrf = (field(&page.body, "csrf"), field(&unknown.body, "csrf"));
    assert_eq!(
        filled.replace(&csrf.1, &csrf.0),
        page.body,
        "no oracle that costs no guess"
    );
    assert_eq!(browser.enter(user_code(&begun)).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pages_are_locked_down() {
    let server = serve(quick()).await;
    let (browser, page) = Browser::open(&server, "/device");
    let wrong = browser.enter("BCDF-GHJK");
    for answer in [&page, &wrong] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(!answer.body.contains("<script") && !answer.body.contains("http://"));
        assert!(answer.body.contains("<html lang=\"en\">"));
        assert!(answer.body.contains("<label for=\"code\">"));
        assert!(
            answer.body.contains("autofocus")
                && answer.body.contains("autocapitalize=\"characters\"")
        );
    }
    let root = http::get(&server, "/");
    assert_eq!(
        (root.status, root.header("location")),
        (303, Some("/device"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_comes_from_outside_is_escaped() {
    let server = serve(quick()).await;
    let evil = "<img src=x onerror='a()'>\"&";
    let form = [("client_id", evil), ("scope", "<b>&'")];
    let begun = post(&server, "/device_authorization", &form).json();
    let (browser, page) = Browser::open(&server, "/device?user_code=%22%3E%3Cb%3E");
    assert!(!page.body.contains("<b>"));
    let consent = browser.enter(user_code(&begun));
    assert!(
        consent
            .body
            .contains("&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;")
    );
    assert!(consent.body.contains("&lt;b&gt;&amp;&#39;"));
    assert!(!consent.body.contains("<img") && !consent.body.contains("<b>"));
    let wrong = browser.enter("\"><b>\u{202e}");
    assert!(
        wrong.body.contains("value=\"&quot;&gt;&lt;b&gt;\""),
        "{}",
        wrong.body
    );
    assert_eq!(
        field(&browser.enter(&"<".repeat(5000)).body, "user_code"),
        ""
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_form_from_elsewhere_decides_nothing() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    let code = user_code(&begun);
    let (mine, _) = Browser::open(&server, "/device");
    let (other, _) = Browser::open(&server, "/device");
    assert_ne!(mine.csrf, other.csrf);
    // Who plants a cookie does not know the token that goes with it.
    let twin = serve(quick()).await;
    let port = twin.issuer.rsplit(':').next().unwrap();
    let id = mine.cookie.split_once('=').unwrap().1;
    let planted = format!("devicegrant_demo_{port}={id}");
    let there = http::send(&twin, "GET", "/device", &[("Cookie", &planted)], "").unwrap();
    assert_eq!(there.header("set-cookie"), None, "it is taken for its own");
    assert_ne!(field(&there.body, "csrf"), mine.csrf);
    let refused = |headers: &[(&str, &str)], csrf: &str| {
        for path in ["/device", "/device/decision"] {
            let form = [("csrf", csrf), ("user_code", code), ("decision", "approve")];
            let answer = post_with(&server, path, headers, &form);
            assert_eq!(answer.status, 403);
            assert!(answer.body.contains("Please start again"));
        }
    };
    let cookie = ("Cookie", mine.cookie.as_str());
    refused(&[], &mine.csrf);
    refused(&[cookie], "");
    refused(&[cookie], &other.csrf);
    refused(&[cookie, ("Origin", "https://evil.example")], &mine.csrf);
    refused(&[cookie, ("Origin", "http://127.0.0.1:1")], &mine.csrf);
    refused(&[cookie, ("Origin", "null")], &mine.csrf);
    refused(&[("Cookie", &mine.cookie[..30])], &mine.csrf);
    let undecided = mine.decide(code, "perhaps");
    assert_eq!(undecided.status, 403);
    poll(&server, &begun).is_error(400, "authorization_pending");
    assert_eq!(mine.decide(code, "approve").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wrong_code_may_be_corrected_but_not_for_ever() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    let (browser, _) = Browser::open(&server, "/device");
    for _ in 0..20 {
        let short = browser.enter("BCDF");
        assert!(
            short.status == 400 && short.body.contains("eight letters"),
            "not a guess"
        );
    }
    for path in ["/device", "/device/decision"] {
        for _ in 0..5 {
            let form = [("user_code", "BBBB-BBBB"), ("decision", "approve")];
            let wrong = browser.submit(path, &form);
            assert_eq!(wrong.status, 400);
            assert!(wrong.body.contains("No device is waiting with this code"));
            assert!(
                wrong.body.contains("role=\"alert\"")
                    && wrong.body.contains("aria-invalid=\"true\"")
            );
            assert_eq!(field(&wrong.body, "user_code"), "BBBB-BBBB");
        }
    }
    for answer in [
        browser.enter(user_code(&begun)),
        browser.decide(user_code(&begun), "approve"),
        Browser::open(&server, "/device").0.enter(user_code(&begun)),
    ] {
        assert_eq!(
            answer.status, 429,
            "even the right one, even with a new cookie"
        );
        assert!(answer.body.contains("Too many wrong codes"));
        assert!(
            (1..=60).contains(
                &answer
                    .header("retry-after")
                    .unwrap()
                    .parse::<u32>()
                    .unwrap()
            )
        );
    }
    poll(&server, &begun).is_error(400, "authorization_pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_expired_code_is_called_so() {
    let server = serve(script(r#"{"expires_after_ms": 0}"#)).await;
    let begun = begin(&server);
    let (browser, _) = Browser::open(&server, "/device");
    let answer = browser.enter(user_code(&begun));
    assert!(answer.status == 400 && answer.body.contains("This code has expired"));
}

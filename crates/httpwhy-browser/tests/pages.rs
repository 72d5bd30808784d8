//! Pages in a real Chromium: what it tells becomes the exchanges that the catalogue knows.

mod site;

use httpwhy_browser::{Cookie, Credentials, Finished, Load, Run};
use httpwhy_model::{Because, End, Seen, Signal, Visit, Who};
use httpwhy_testkit::free_port;
use site::{Site, look, outcomes, run_all};

/// The page, then what it asks for: the end of each URL with its outcome, in the order of the requests.
fn told(visit: &Visit) -> Vec<String> {
    let steps = visit.steps.iter().zip(outcomes(visit));
    let told = steps.filter(|(step, _)| !step.exchange.target.ends_with("/favicon.ico"));
    told.map(|(step, outcome)| {
        let url = &step.exchange.target;
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        format!("/{path} {outcome}")
    })
    .collect()
}

#[test]
fn documents() {
    let site = Site::start();
    let rows: &[(&str, &[&str])] = &[
        ("/fine", &["/fine http/200"]),
        ("/404", &["/404 http/404"]),
        (
            "/hop",
            &["/hop http/302", "/hop2 http/307", "/fine http/200"],
        ),
        ("/loop", &["/loop http/302"]),
        ("/cut", &["/cut net/body-truncated"]),
        ("/empty", &["/empty net/empty-reply"]),
        ("/204", &["/204 http/204"]),
        ("/503", &["/503 http/503"]),
        ("/file", &["/file http/200"]),
        ("/elsewhere", &["/elsewhere http/200", "/404 http/404"]),
        ("/alert", &["/alert http/200"]),
    ];
    let found = site.open(rows.iter().map(|(path, _)| *path));
    for ((path, wanted), visit) in rows.iter().zip(&found) {
        let told = told(visit);
        if *path == "/loop" {
            // Chromium gives up behind 20 redirects.
            assert!(told.len() >= 20, "{told:?}");
            let last = told.last().expect("steps");
            assert!(
                last.ends_with("net/redirect-too-many") || last.ends_with("net/redirect-loop"),
                "{last}"
            );
            continue;
        }
        assert_eq!(told, *wanted, "{path}");
        // An answer without content is whole, although the browser shows a page of its own instead.
        if *path == "/503" {
            assert_eq!(visit.steps[0].exchange.end, End::Answered);
        }
    }
}

#[test]
fn what_is_not_there() {
    let site = Site::start();
    let refused = format!("http://127.0.0.1:{}/", free_port());
    let rows = [
        (
            "http://no-such-name.invalid/".to_owned(),
            "net/dns-not-found",
        ),
        (refused, "net/connect-refused"),
        ("http://127.0.0.1:1/".to_owned(), "net/unsafe-port"),
        ("http://".to_owned(), "net/dns-empty-host"),
        ("ftp://a.test/".to_owned(), "net/unsupported-scheme"),
        (site.bad_certificate("tls/cert-expired"), "tls/cert-expired"),
        (
            site.bad_certificate("tls/cert-name-mismatch"),
            "tls/cert-name-mismatch",
        ),
    ];
    let found = site.open_all(rows.iter().map(|(url, _)| url.clone()), &look());
    for ((url, wanted), visit) in rows.iter().zip(&found) {
        assert_eq!(visit.steps.len(), 1, "{url}");
        assert_eq!(outcomes(visit), [*wanted], "{url}");
        assert_eq!(visit.steps[0].exchange.vantage.who, Who::Browser);
    }
}

#[test]
fn subresources() {
    let site = Site::start();
    let visit = &site.open(["/shop"])[0];
    // Chromium opens a connection before it needs one; nothing went over it before the document did.
    assert_eq!(visit.steps[0].exchange.reused, Seen::Present(false));
    let mut told = told(visit);
    assert_eq!(told.remove(0), "/shop http/200");
    told.sort();
    assert_eq!(
        told,
        [
            "/busy.png http/503",
            "/cut.js net/body-truncated",
            "/frame http/200",
            "/gone.png http/410",
            "/moved.css http/301",
            "/outcome/net/read-reset net/read-reset",
            "/secret net/cors-blocked",
            "/style.css http/200",
            "/thing http/404",
            "/thing net/cors-blocked",
        ],
        "{told:?}"
    );
    let step = |end: &str| {
        let steps = visit.steps.iter().enumerate();
        let mut found = steps.filter(|(_, step)| step.exchange.target.ends_with(end));
        found.next().unwrap_or_else(|| panic!("{end}"))
    };
    let (document, page) = step("/shop");
    assert_eq!((document, page.because), (0, Because::Asked));
    assert_eq!(step("/busy.png").1.because, Because::Subresource(0));
    let (moved, _) = step("/moved.css");
    assert_eq!(step("/style.css").1.because, Because::Redirect(moved));
    let (frame, _) = step("/frame");
    assert_eq!(step("/gone.png").1.because, Because::Subresource(frame));

    // What was seen of one of them: fields in their order, content, peer, times.
    let busy = &step("/busy.png").1.exchange;
    let response = busy.response.as_ref().expect("a response");
    assert_eq!(response.version, "HTTP/1.1");
    assert_eq!(response.reason, "Service Unavailable");
    let twice: Vec<_> = response
        .fields
        .iter("x-twice")
        .map(|value| value.as_str().expect("text"))
        .collect();
    assert_eq!(twice, ["1", "2"]);
    assert!(response.fields.get("server").is_absent());
    let Seen::Present(body) = &response.body else {
        panic!("no content: {response:?}");
    };
    assert_eq!(body.bytes, "come back later");
    assert_eq!(busy.peer, Some(site.address()));
    assert!(busy.request.fields.has("referer") && busy.request.fields.has("host"));
    assert!(busy.timeline.iter().count() >= 3, "{:?}", busy.timeline);

    // A cut answer: the status stays a fact.
    let cut = &step("/cut.js").1.exchange;
    assert_eq!((cut.status(), cut.end), (Some(200), End::Partial));

    // What the scripts said stands with the document.
    let notes: Vec<String> = page
        .exchange
        .signals()
        .map(|(_, signal)| signal.to_string())
        .collect();
    assert!(
        notes.contains(&"browser:console-error text=no_price_for_[31m_17".to_owned()),
        "{notes:?}"
    );
    let thrown = "browser:script-error text=ReferenceError:_nowhere_is_not_defined";
    assert!(notes.contains(&thrown.to_owned()), "{notes:?}");
}

#[test]
fn websockets() {
    let site = Site::start();
    let visit = &site.open(["/live"])[0];
    let told = told(visit);
    for wanted in [
        "/outcome/ws/1011 ws/1011",
        "/outcome/ws/1000 ws/1000",
        "/outcome/ws/1006 ws/1006",
        "/refused ws/handshake-not-101",
        "/frame http/200",
        "/outcome/ws/1008 ws/1008",
    ] {
        assert!(told.contains(&wanted.to_owned()), "{wanted}: {told:?}");
    }
    let step = |end: &str| {
        let mut found = visit
            .steps
            .iter()
            .filter(|step| step.exchange.target.ends_with(end));
        &found.next().unwrap_or_else(|| panic!("{end}")).exchange
    };
    let closed = step("/outcome/ws/1011");
    assert_eq!((closed.end, closed.status()), (End::Upgraded, Some(101)));
    assert_eq!(
        closed.request.fields.text("sec-websocket-version"),
        Some("13")
    );
    assert!(
        closed
            .signals()
            .any(|(_, signal)| signal.is("browser:frames")),
        "{closed:?}"
    );
    let dropped = step("/outcome/ws/1006");
    assert_eq!(
        (dropped.end, &dropped.close),
        (End::Upgraded, &Seen::Absent)
    );
    // The browser calls both 1006; here a refusal is a status, and a port where nobody listens a refused connection.
    assert_eq!(
        (step("/refused").end, step("/refused").status()),
        (End::Answered, Some(403))
    );
    let nobody = visit
        .steps
        .iter()
        .find(|step| step.exchange.target.ends_with("/nobody"));
    let nobody = &nobody.expect("asked for").exchange;
    let signals: Vec<String> = nobody
        .signals()
        .map(|(_, signal)| signal.to_string())
        .collect();
    assert_eq!(signals, ["chromium:net::ERR_CONNECTION_REFUSED"]);
}

#[test]
fn workers_and_frames_of_other_sites_are_seen() {
    let site = Site::start();
    let visit = &site.open(["/working"])[0];
    let told = told(visit);
    for wanted in [
        "/worker.js http/200",
        "/from-worker http/404",
        "/other-frame http/200",
        "/gone.png http/410",
    ] {
        assert!(told.contains(&wanted.to_owned()), "{wanted}: {told:?}");
    }
}

#[test]
fn a_page_that_does_not_settle() {
    let site = Site::start();
    let look = httpwhy_browser::Look {
        patience: std::time::Duration::from_secs(5),
        ..look()
    };
    let paths = ["/waiting", "/silent", "/half", "/polling"];
    let found = site.open_all(paths.map(|path| site.url(path)), &look);
    let page = |at: usize| &found[at];

    // The document is there, an image is not: the page is late, and so is the image.
    let waiting = page(0);
    assert_eq!(
        told(waiting),
        [
            "/waiting browser/navigation-timeout",
            "/silent net/read-timeout"
        ]
    );
    let signal = waiting.steps[0]
        .exchange
        .signals()
        .map(|(_, signal)| signal.clone())
        .next_back();
    let open = signal.as_ref().and_then(|signal| signal.param("open"));
    assert_eq!(open, Some(site.url("/silent").as_str()));

    // The document itself: that request is judged.
    assert_eq!(told(page(1)), ["/silent net/read-timeout"]);
    assert_eq!(told(page(2)), ["/half net/body-timeout"]);

    // Behind the load event silence is waited for, and not for ever.
    assert_eq!(
        told(page(3)),
        ["/polling http/200", "/silent net/read-timeout"]
    );
}

#[test]
fn fields_go_to_the_pages_own_origin_alone() {
    let site = Site::start();
    let load = Load {
        with: Credentials {
            fields: vec![("X-Token".to_owned(), "s3cret".to_owned())],
            cookies: vec![
                Cookie {
                    name: "sid".to_owned(),
                    value: "c00kie".to_owned(),
                    ..Cookie::default()
                },
                Cookie {
                    name: "own".to_owned(),
                    value: "1".to_owned(),
                    path: "/own".to_owned(),
                    ..Cookie::default()
                },
            ],
        },
        ..Load::of(1, site.url("/deep/mirrored"))
    };
    let found = run_all(
        &Run {
            look: look(),
            ..site.how()
        },
        vec![load],
    );
    assert_eq!(outcomes(&found[0].visit)[0], "http/200");
    let asked = site.asked();
    let got = |path: &str, field: &str| {
        let asked = asked.iter().find(|asked| asked.target == path);
        asked
            .unwrap_or_else(|| panic!("{path} was not asked"))
            .field(field)
            .map(str::to_owned)
    };
    for (path, cookies) in [
        ("/deep/mirrored", "sid=c00kie"),
        ("/own", "own=1; sid=c00kie"),
        ("/away", "sid=c00kie"),
    ] {
        assert_eq!(got(path, "x-token").as_deref(), Some("s3cret"), "{path}");
        assert_eq!(got(path, "cookie").as_deref(), Some(cookies), "{path}");
    }
    for path in ["/foreign", "/arrived"] {
        assert_eq!(got(path, "x-token"), None, "{path}");
        assert_eq!(got(path, "cookie"), None, "{path}");
    }
}

#[test]
fn a_bad_certificate_can_be_passed_over_and_is_still_told() {
    let site = Site::start();
    let look = httpwhy_browser::Look {
        any_certificate: true,
        ..look()
    };
    let found = site.open_all([site.bad_certificate("tls/cert-expired")], &look);
    let exchange = &found[0].steps[0].exchange;
    assert!(exchange.response.is_some(), "{exchange:?}");
    assert!(
        exchange
            .tls
            .as_ref()
            .is_some_and(|tls| tls.version.starts_with("TLSv1."))
    );
    let expired: Signal = "chromium:net::ERR_CERT_DATE_INVALID"
        .parse()
        .expect("a signal");
    assert!(
        exchange.signals().any(|(_, signal)| *signal == expired),
        "{exchange:?}"
    );
}

#[test]
fn pictures_are_taken() {
    let site = Site::start();
    let folder = httpwhy_testkit::Workspace::new();
    let how = Run {
        pictures: Some(folder.path("pictures")),
        ..site.how()
    };
    let loads = vec![Load::of(7, site.url("/fine"))];
    let found: Vec<Finished> = run_all(&how, loads);
    assert_eq!(found.len(), 1);
    let picture = std::fs::read(folder.path("pictures/000007.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
}

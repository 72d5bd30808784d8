//! Credentials are sent, and never printed.

use httpwhy_testkit::{Ran, Reply, Server, Workspace};

use crate::{path, probe};

const SECRETS: &[&str] = &[
    "s3cret-token",
    "s3cret-cookie",
    "s3cret-session",
    "s3cret-proxy",
    "s3cret-password",
];

fn keeps_them(ran: &Ran) {
    let all = format!("{}{}", ran.text(), ran.stderr);
    for secret in SECRETS {
        assert!(!all.contains(secret), "{secret} is printed: {ran}");
    }
}

#[test]
fn neither_what_was_sent_nor_what_came_is_printed() {
    let server = Server::start(|asked| {
        assert_eq!(asked.field("authorization"), Some("Bearer s3cret-token"));
        assert_eq!(asked.field("cookie"), Some("a=s3cret-cookie"));
        let fields = [
            "Set-Cookie: session=s3cret-session; HttpOnly; Path=/",
            "Set-Cookie: other=s3cret-session",
            "Content-Type: text/plain",
        ];
        match asked.target.as_str() {
            "/302" => {
                let to_itself = ["Location: /200", fields[0]];
                Reply::new("302 Found", &to_itself, "")
            }
            "/200" => Reply::new("200 OK", &fields, "fine"),
            _ => Reply::new(
                "401 Unauthorized",
                &[
                    "WWW-Authenticate: Bearer error=\"invalid_token\"",
                    fields[0],
                ],
                "",
            ),
        }
    });
    let folder = Workspace::new();
    let out = folder.path("out");
    for place in ["/200", "/302", "/401"] {
        let url = server.url(place);
        for form in [
            &["--json"][..],
            &["--exchanges"],
            &["--format", "text"],
            &["--format", "line"],
            &["--json", "-o", path(&out)],
        ] {
            let ran = probe(&[
                &url,
                "-H",
                "Authorization: Bearer s3cret-token",
                "-H",
                "cookie: a=s3cret-cookie",
                "-H",
                "Proxy-Authorization: Basic s3cret-proxy",
            ])
            .args(form)
            .run()
            .exits(0);
            keeps_them(&ran);
        }
        let written = folder.read("out");
        assert!(
            !SECRETS.iter().any(|secret| written.contains(secret)),
            "{written}"
        );
        // What is hidden is not lost: its name and that it was there are kept.
        let exchanges = probe(&[
            &url,
            "-H",
            "Authorization: Bearer s3cret-token",
            "-H",
            "cookie: a=s3cret-cookie",
            "--exchanges",
        ])
        .run();
        let exchanges = exchanges.text().to_ascii_lowercase();
        assert!(
            exchanges.contains("authorization") && exchanges.contains("set-cookie"),
            "{exchanges}"
        );
    }
}

#[test]
fn a_password_in_an_address_is_not_printed() {
    let server = Server::start(|_| Reply::new("404 Not Found", &[], ""));
    let url = format!("http://somebody:s3cret-password@{}/", server.address());
    let folder = Workspace::new();
    let list = folder.write("urls.txt", format!("{url}\n{url}\n"));
    for form in ["--json", "--exchanges", "--format=text", "--format=line"] {
        keeps_them(&probe(&[&url, form]).run().exits(0));
        keeps_them(&probe(&[path(&list), form]).run().exits(0));
    }
    // Nor where an address is refused: it is named on standard error.
    for bad in [
        "ftp://somebody:s3cret-password@files.example/",
        "http://somebody:s3cret-password@/",
    ] {
        keeps_them(&probe(&[bad, "--json"]).run());
        let list = folder.write("bad.txt", bad);
        keeps_them(&probe(&[path(&list), "--json"]).run());
    }
}

#[test]
fn logins_cookies_and_raw_requests_are_not_printed() {
    let server = Server::start(|asked| {
        let challenge = "WWW-Authenticate: Digest realm=\"x\", qop=\"auth\", nonce=\"n\"";
        let cookie = "Set-Cookie: sid=s3cret-session; Path=/";
        match asked.field("authorization") {
            None => Reply::new("401 Unauthorized", &[challenge, cookie], ""),
            Some(_) => Reply::new("403 Forbidden", &[cookie, "X-Request-Id: abc"], ""),
        }
    });
    let url = server.url("/?api_key=s3cret-token");
    let plain = server.url("/");
    let folder = Workspace::new();
    let jar = folder.path("jar");
    let raw = folder.write(
        "raw",
        "GET / HTTP/1.1\r\nHost: a\r\nauthorization : Basic s3cret-password\r\nCookie:sid=s3cret-cookie\r\n\r\n",
    );
    let forms = [
        &["--json"][..],
        &["--exchanges"],
        &["--format=text"],
        &["--format=line"],
        &["--report"],
    ];
    for form in forms {
        for args in [
            &["-u", "me:s3cret-password"][..],
            &[
                "-u",
                "me:s3cret-password",
                "--digest",
                "-b",
                "a=s3cret-cookie",
            ],
            &["--bearer", "s3cret-token", "--cookie-jar", path(&jar)],
            &["--request-file", path(&raw)],
        ] {
            keeps_them(&probe(&[&plain]).args(args).args(form).run().exits(0));
        }
    }
    // What one asks for by name is written, for its owner alone.
    assert!(folder.read("jar").contains("s3cret-session"));
    // A letter goes to others: it hides what stands in a query, too.
    for args in [
        &["--bearer", "s3cret-token"][..],
        &["-u", "me:s3cret-password", "--digest"],
    ] {
        let ran = probe(&[&url, "--report"]).args(args).run().exits(0);
        keeps_them(&ran);
        assert!(ran.text().contains("api_key=HIDDEN"), "{ran}");
    }
    // Nor is what was mistyped.
    for bad in [
        &["-u", "s3cret-password"][..],
        &["-H", "Authorization s3cret-token"],
        &["--bearer", "s3cret-token\n\nx"],
        &["-u", "@/s3cret-not-there"],
    ] {
        let ran = probe(&[&plain]).args(bad).run().exits(2);
        keeps_them(&ran);
    }
}

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

//! `--report`: ten lines for the party at fault.

use std::process::Command;

use httpwhy_testkit::{Reply, Server, Workspace};

use crate::{path, probe};

fn site() -> Server {
    Server::start(|asked| match asked.target.split('?').next() {
        Some("/fine") => Reply::new("200 OK", &[], ""),
        Some("/missing") => Reply::new("404 Not Found", &[], ""),
        _ => Reply::new(
            "502 Bad Gateway",
            &[
                "Server: nginx/1.22.1",
                "Content-Type: text/html",
                "X-Request-Id: 7f3a-9",
                "CF-Ray: 8c1-FRA\u{1b}[31m",
            ],
            "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>\
             <hr><center>nginx/1.22.1</center></body></html>",
        ),
    })
}

/// What stands behind a label.
fn row<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(label))
        .unwrap_or_else(|| panic!("no {label} in {text}"))
        .trim()
}

#[test]
fn one_failure_is_ten_lines_that_show_it_again() {
    let server = site();
    let url = server.url("/cart?token=s3cret&page=2");
    let ran = probe(&[
        &url,
        "--report",
        "-H",
        "X-Mine: it's",
        "-b",
        "sid=s3cret",
        "-A",
        "shop/1",
    ])
    .run()
    .exits(0);
    let text = ran.text();
    assert!((10..=12).contains(&text.lines().count()), "{ran}");
    assert!(text.starts_with("Hello. A request to 127.0.0.1:"), "{ran}");
    assert!(
        row(text, "Problem").starts_with("502 Bad Gateway (http/502): "),
        "{ran}"
    );
    assert!(
        row(text, "When")
            .contains("Z (UTC); by the answer's own Date: Sat, 21 Nov 2026 10:00:00 GMT"),
        "{ran}"
    );
    assert!(
        row(text, "Answer").starts_with("502 Bad Gateway, "),
        "{ran}"
    );
    assert!(
        row(text, "Request id").starts_with("x-request-id 7f3a-9; cf-ray 8c1-FRA"),
        "{ran}"
    );
    assert!(row(text, "Answered").contains("nginx"), "{ran}");
    assert_eq!(row(text, "Seen"), "once");
    assert!(
        !text.contains("s3cret") && !text.contains('\u{1b}'),
        "{ran}"
    );
    // The command can be pasted: a shell runs it, and the server is asked the same.
    let before = server.requests();
    let command = row(text, "Again").replace("curl -sv", "curl -s -o /dev/null -w '%{http_code}'");
    let shell = Command::new("sh")
        .arg("-c")
        .arg(&command)
        .output()
        .expect("a shell");
    assert_eq!(String::from_utf8_lossy(&shell.stdout), "502", "{command}");
    assert_eq!(server.requests(), before + 1);
}

#[test]
fn groups_are_told_with_their_counts_the_largest_first() {
    let server = site();
    let folder = Workspace::new();
    let mut urls: Vec<String> = (0..6).map(|n| server.url(&format!("/bad{n}"))).collect();
    urls.extend((0..2).map(|_| server.url("/missing")));
    urls.push(server.url("/fine"));
    let list = folder.write("urls.txt", urls.join("\n"));
    let ran = probe(&[path(&list), "--report", "-X", "POST"])
        .run()
        .exits(0);
    let letters: Vec<&str> = ran.text().split("\n\n").collect();
    assert_eq!(letters.len(), 2, "{ran}");
    assert!(row(letters[0], "Problem").contains("http/502"), "{ran}");
    assert!(
        row(letters[0], "Seen").starts_with("6 of 9 requests to this host ended so, from "),
        "{ran}"
    );
    assert_eq!(row(letters[0], "Seen").matches("/bad").count(), 3, "{ran}");
    assert!(row(letters[1], "Seen").starts_with("2 of 9 "), "{ran}");
    let one = probe(&[path(&list), "--report=1", "-X", "POST"])
        .run()
        .exits(0);
    assert!(
        one.text()
            .ends_with("2 other failures are not described here; --report=N describes N groups\n"),
        "{one}"
    );
    // Results still go to a file, and filters choose what is reported.
    let out = folder.path("out.jsonl");
    let ran = probe(&[
        path(&list),
        "--report",
        "-o",
        path(&out),
        "--status",
        "404",
        "-X",
        "POST",
    ])
    .run()
    .exits(0);
    assert!(row(ran.text(), "Problem").contains("http/404"), "{ran}");
    assert_eq!(folder.read("out.jsonl").lines().count(), 2);
    let fine = probe(&[&server.url("/fine"), "--report"]).run().exits(0);
    assert_eq!(fine.text(), "Nothing to report: all is well with 1 of 1.\n");
}

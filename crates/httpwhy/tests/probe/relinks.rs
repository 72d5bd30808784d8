//! `--relink`: the list again, and never in place.

use httpwhy_testkit::{Reply, Server, Workspace};

use crate::{path, probe};

fn to(status: &str, location: &str) -> Reply {
    Reply::new(status, &[&format!("Location: {location}")], "")
}

fn site() -> Server {
    Server::start(|asked| match asked.target.as_str() {
        "/old" | "/note" => to("301 Moved Permanently", "/older"),
        "/older" => to("308 Permanent Redirect", "/new"),
        "/mixed" => to("301 Moved Permanently", "/now"),
        "/now" | "/temporary" => to("302 Found", "/new"),
        "/soon" => to("302 Found", "/old"),
        "/dead-end" => to("301 Moved Permanently", "/missing"),
        "/buried" => to("301 Moved Permanently", "/gone"),
        "/loop" => to("301 Moved Permanently", "/loop"),
        "/private" => to("301 Moved Permanently", "/login-needed"),
        "/login-needed" => Reply::new(
            "401 Unauthorized",
            &["WWW-Authenticate: Basic realm=\"x\""],
            "",
        ),
        "/gone" => Reply::new("410 Gone", &[], ""),
        "/missing" => Reply::new("404 Not Found", &[], ""),
        "/broken" => Reply::new("503 Service Unavailable", &[], ""),
        _ => Reply::new("200 OK", &["Content-Type: text/plain"], "fine"),
    })
}

#[test]
fn permanent_redirects_are_followed_and_what_is_gone_is_taken_out() {
    let server = site();
    let at = |place: &str| server.url(place);
    let folder = Workspace::new();
    let lines = [
        "# my links".to_owned(),
        String::new(),
        at("/fine"),
        at("/old#part"),
        format!("  {}  ", at("/temporary")),
        at("/gone"),
        at("/mixed"),
        "not a url".to_owned(),
        at("/soon"),
        at("/dead-end"),
        at("/buried"),
        at("/loop"),
        at("/broken"),
        at("/private"),
        format!("{}\tmy note\tleft: an older word", at("/note")),
        at("/old#part"),
    ];
    let list = folder.write("links.txt", lines.join("\n") + "\n");
    let new = folder.path("new.txt");
    let ran = probe(&[path(&list), "--relink", path(&new), "--json"])
        .run()
        .exits(0);
    assert!(ran.stderr.contains("5 moved, 2 gone"), "{ran}");
    let written = folder.read("new.txt");
    let wanted = [
        "# my links".to_owned(),
        String::new(),
        at("/fine"),
        format!("{}\tmoved: 301, 308", at("/new#part")),
        format!(
            "{}\tleft: 302 to {}, temporary",
            at("/temporary"),
            at("/new")
        ),
        format!("# {}\tgone: 410 Gone", at("/gone")),
        format!(
            "{}\tmoved: 301, then 302 to {}, temporary",
            at("/now"),
            at("/new")
        ),
    ];
    let found: Vec<&str> = written.lines().collect();
    assert_eq!(found.len(), lines.len(), "{written}");
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found, wanted);
    }
    assert!(found[7].starts_with("not a url\tleft: "), "{}", found[7]);
    assert!(
        found[8].starts_with(&format!("{}\tleft: 302 to ", at("/soon"))),
        "{}",
        found[8]
    );
    assert_eq!(
        found[9],
        format!(
            "{}\tleft: 301, 404 Not Found at {}",
            at("/dead-end"),
            at("/missing")
        )
    );
    assert_eq!(
        found[10],
        format!("# {}\tgone: 301, 410 Gone", at("/buried"))
    );
    assert!(
        found[11].starts_with(&format!("{}\tleft: 301 ", at("/loop"))),
        "{}",
        found[11]
    );
    assert!(
        found[12].starts_with(&format!("{}\tleft: 503 ", at("/broken"))),
        "{}",
        found[12]
    );
    assert!(
        found[13].starts_with(&format!(
            "{}\tmoved: 301, which answers 401 ",
            at("/login-needed")
        )),
        "{}",
        found[13]
    );
    assert_eq!(
        found[14],
        format!("{}\tmy note\tmoved: 301, 308", at("/new"))
    );
    assert_eq!(found[15], found[3]);
    assert_eq!(
        folder.read("links.txt"),
        lines.join("\n") + "\n",
        "the list itself is untouched"
    );
    // The new list can be read as a list, and has nothing left to follow.
    let again = probe(&[path(&new), "--relink", "-", "-X", "HEAD"])
        .run()
        .exits(0);
    assert!(again.stderr.contains("0 moved, 0 gone"), "{again}");
    assert!(again.text().starts_with("# my links\n\n"), "{again}");
    assert!(again.text().contains("my note"), "{again}");
}

#[test]
fn no_list_is_written_over() {
    let server = site();
    let folder = Workspace::new();
    let list = folder.write("links.txt", format!("{}\n", server.url("/old")));
    let other = folder.write("other.txt", "precious");
    let around = folder.path("./links.txt");
    for (args, said) in [
        (&[path(&list), "--relink", path(&list)][..], "in place"),
        (&[path(&list), "--relink", path(&around)], "in place"),
        (&[path(&list), "--relink", path(&other)], "there already"),
        (&["-", "--relink", "x"], "standard input"),
        (&[path(&list), "--relink", "x", "-X", "POST"], "GET or HEAD"),
        (&[path(&list), "--relink", "x", "-d", "a"], "GET or HEAD"),
        (
            &[path(&list), "--relink", "-", "--report"],
            "standard output",
        ),
    ] {
        let ran = probe(args).within(folder.root()).run().exits(2);
        assert!(ran.stderr.contains(said), "{args:?}: {ran}");
    }
    assert_eq!(server.requests(), 0);
    assert_eq!(folder.read("other.txt"), "precious");
    assert!(!folder.path("x").exists());
}

//! `httpwhy explain`: every way to ask for an outcome, and how the answer looks.

mod json;

use std::process::{Command, Stdio};

use httpwhy_catalog::seed_rows;
use httpwhy_testkit::{Httpwhy, Ran, Workspace};
use serde_json::Value;

fn httpwhy() -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
}

fn explain(args: &[&str]) -> Ran {
    httpwhy().arg("explain").args(args).run()
}

/// The ids that an answer in JSON names, the entries explained in full first.
fn ids(ran: &Ran) -> (Vec<String>, Vec<String>) {
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let (mut explained, mut candidates) = (Vec::new(), Vec::new());
    for line in json::lines(ran) {
        match line["kind"].as_str() {
            Some("outcome") => explained.push(text(&line["id"])),
            Some("candidates") => {
                assert_eq!(line["owners"], true, "{line}");
                let outcomes = line["outcomes"].as_array().expect("a list");
                candidates.extend(outcomes.iter().map(|outcome| text(&outcome["id"])));
            }
            other => panic!("kind {other:?}"),
        }
    }
    (explained, candidates)
}

#[test]
fn one_outcome_by_each_of_its_names() {
    let table = [
        ("404", "http/404"),
        ("http/404", "http/404"),
        ("Not Found", "http/404"),
        ("not found", "http/404"),
        ("413", "http/413"),
        ("Content Too Large", "http/413"),
        ("Payload Too Large", "http/413"),
        ("Request Entity Too Large", "http/413"),
        ("nginx/499", "nginx/499"),
        ("cloudflare/522", "cloudflare/522"),
        ("522", "cloudflare/522"),
        ("520", "cloudflare/520"),
        ("ws/1006", "ws/1006"),
        ("ECONNREFUSED", "net/connect-refused"),
        ("econnrefused", "net/connect-refused"),
        ("ERR_CONNECTION_REFUSED", "net/connect-refused"),
        ("net::ERR_CONNECTION_REFUSED", "net/connect-refused"),
        ("errno:ECONNREFUSED", "net/connect-refused"),
        ("tls-alert:45", "tls-alert/45"),
        ("ERR_CERT_DATE_INVALID", "tls/cert-expired"),
        // No entry of their own: their class says how to treat them (RFC 9110 section 15).
        ("432", "http/4xx"),
        ("298", "http/2xx"),
        ("4xx", "http/4xx"),
    ];
    let mut wrong = Vec::new();
    for (question, wanted) in table {
        let ran = explain(&[question, "--json"]);
        if ran.code != Some(0) {
            wrong.push(format!("{question}: {}", ran.stderr.trim()));
            continue;
        }
        let (explained, candidates) = ids(&ran);
        let first = explained.first().or(candidates.first());
        if first.map(String::as_str) != Some(wanted) {
            wrong.push(format!(
                "{question}: {explained:?}, {candidates:?}, not {wanted}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_number_of_nobody_falls_back_to_its_class_and_says_so() {
    explain(&["432"])
        .exits(0)
        .shows(&["432 is registered to nobody", "4xx", "http/4xx"]);
    explain(&["298"])
        .exits(0)
        .shows(&["298 is registered to nobody", "http/2xx"]);
}

/// 299 is a warn-code. Who met it in a status line must still learn what holds there (RFC 9110 section 15).
#[test]
fn a_number_that_means_something_else_elsewhere_may_still_be_a_status() {
    explain(&["299"])
        .exits(0)
        .shows(&["warning/299", "http/2xx"]);
}

#[test]
fn several_owners_stand_side_by_side() {
    let table: &[(&str, &[&str])] = &[
        ("499", &["nginx/499", "esri/499", "cloudflare/499"]),
        ("420", &["spring/420", "twitter/420"]),
        ("103", &["http/103", "google/103"]),
        ("451", &["http/451", "exchange/451"]),
        ("1006", &["ws/1006", "cloudflare/1006"]),
    ];
    for (question, owners) in table {
        let (explained, candidates) = ids(&explain(&[question, "--json"]).exits(0));
        for owner in *owners {
            assert!(
                candidates.iter().any(|id| id == owner),
                "{question}: {owner} is not in {candidates:?}"
            );
        }
        // The registered meaning is explained at once; where none is registered, nothing is guessed.
        let registered = candidates[0].starts_with("http/");
        assert_eq!(
            explained.first(),
            registered.then(|| &candidates[0]),
            "{question}"
        );
        explain(&[question]).exits(0).shows(owners);
    }
}

#[test]
fn every_code_of_the_source_documents_is_explained() {
    // General rules have no code: "rule 4XX-a", "(any 500)".
    let mut rows: Vec<(&str, &str)> = seed_rows()
        .iter()
        .filter(|row| !row.code.contains([' ', '(']))
        .map(|row| (row.code, row.entry().id.0))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    assert!(rows.len() > 100, "only {} rows", rows.len());
    for name in [
        "Repeater::ECONNREFUSED",
        "NexPloit::Agent::Timeout",
        "IO::EOFError",
        "OpenSSL::SSL::Error",
        "WebDriver::DriverStore::Timeout",
    ] {
        assert!(
            rows.iter().any(|(code, _)| *code == name),
            "{name} is not among the rows"
        );
    }
    let failed: Vec<String> = rows
        .iter()
        .filter_map(|(code, wanted)| {
            let ran = explain(&[code, "--json"]);
            let (mut found, candidates) = ids(&ran);
            found.extend(candidates);
            let answered = ran.code == Some(0) && found.iter().any(|id| id == wanted);
            (!answered).then(|| format!("{code}: {found:?}, not {wanted} {}", ran.stderr.trim()))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_typing_error_is_seen_through_and_said() {
    let table = [
        ("ECONNREFUSD", "net/connect-refused"),
        ("Bad Gatewy", "http/502"),
        ("econreset", "net/read-reset"),
    ];
    for (question, wanted) in table {
        let ran = explain(&[question]).says(&[&format!("'{question}'")]);
        assert!(
            ran.text().contains(wanted) || ran.stderr.contains(wanted),
            "{wanted}: {ran}"
        );
    }
}

#[test]
fn an_unknown_word_says_what_to_do() {
    for question in ["xyzzyplugh", "99999", ""] {
        let ran = explain(&["--", question])
            .exits(2)
            .says(&[&format!("'{question}'"), "--search"]);
        assert_eq!(ran.text(), "", "nothing is on standard output");
    }
    // Several questions: what is known is answered, the rest said.
    explain(&["404", "xyzzyplugh"])
        .exits(2)
        .shows(&["http/404"])
        .says(&["'xyzzyplugh'"]);
}

#[test]
fn a_question_is_never_repeated_raw() {
    let ran = explain(&["\u{1b}[31mred\u{202e}\u{7}"]).exits(2);
    let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.stderr.contains(hostile), "{:?}", ran.stderr);
}

#[test]
fn for_one_audience_only_its_remedy_is_shown() {
    let whole = explain(&["404"]).exits(0);
    let fixes = |ran: &Ran| {
        let heads = [
            "  Visitor",
            "  Caller",
            "  Author",
            "  Operator",
            "  Tester",
        ];
        let is_head = |line: &&str| heads.contains(line);
        let found: Vec<String> = ran
            .text()
            .lines()
            .filter(is_head)
            .map(|line| line.trim().to_owned())
            .collect();
        found
    };
    assert!(fixes(&whole).len() >= 3, "{whole}");
    for audience in ["visitor", "operator", "tester"] {
        let ran = explain(&["404", "--for", audience]).exits(0);
        let found = fixes(&ran);
        assert_eq!(found.len(), 1, "{ran}");
        assert!(found[0].eq_ignore_ascii_case(audience), "{ran}");
        assert!(ran.stdout.len() < whole.stdout.len());
    }
    explain(&["404", "--for", "nobody"])
        .exits(2)
        .says(&["nobody", "visitor"]);
}

#[test]
fn words_are_searched_in_the_texts() {
    explain(&["--search", "certificate expired"])
        .exits(0)
        .shows(&["tls/cert-expired"]);
    let found = json::lines(&explain(&["--search", "certificate expired", "--json"]).exits(0));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["owners"], false);
    assert_eq!(found[0]["outcomes"][0]["id"], "tls/cert-expired");
    explain(&["--search", "xyzzy plugh"])
        .exits(2)
        .says(&["xyzzy plugh", "fewer words"]);
}

#[test]
fn json_is_one_object_of_the_schema() {
    let objects = json::lines(&explain(&["http/404", "--json"]).exits(0));
    assert_eq!(objects.len(), 1);
    let outcome = &objects[0];
    assert_eq!(outcome["schema"], 1);
    assert_eq!(outcome["kind"], "outcome");
    assert_eq!(outcome["id"], "http/404");
    assert_eq!(outcome["title"], "Not Found");
    let fix = outcome["text"]["fix"].as_array().expect("a list");
    assert!(fix.iter().any(|fix| fix["for"] == "visitor"));
    // Every entry of the catalogue is valid, and listed once.
    let all = json::lines(&httpwhy().args(["list", "--json"]).run().exits(0));
    assert_eq!(all.len(), httpwhy_catalog::entries().len());
}

#[test]
fn lines_are_wrapped_to_the_width_told() {
    let mut wide = Vec::new();
    for question in [
        "404",
        "413",
        "499",
        "502",
        "432",
        "net/connect-refused",
        "tls/cert-expired",
    ] {
        for width in ["60", "80", "120"] {
            let ran = httpwhy()
                .args(["explain", question])
                .env("COLUMNS", width)
                .run()
                .exits(0);
            let most = width.parse().expect("a number");
            let too_wide = ran
                .text()
                .lines()
                .filter(|line| line.chars().count() > most && !is_code(line));
            wide.extend(too_wide.map(|line| format!("{question} at {width}: {line}")));
        }
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

/// Code is not broken: a line of a transcript, or one span that fills a line.
fn is_code(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with(['<', '>', '*'])
        || (text.starts_with('`')
            && text.matches('`').count() == 2
            && text.len() - 3 <= text.rfind('`').unwrap_or(0))
}

#[test]
fn colour_follows_the_switches() {
    let escapes = |ran: &Ran| ran.stdout.contains(&0x1b);
    assert!(!escapes(&explain(&["404"])), "into a pipe");
    assert!(!escapes(&explain(&["404", "--color", "never"])));
    assert!(escapes(&explain(&["404", "--color", "always"])));
    let no_color = httpwhy()
        .args(["explain", "404"])
        .env("NO_COLOR", "1")
        .run();
    assert!(!escapes(&no_color));
    assert!(
        !escapes(&explain(&["404", "--json", "--color", "always"])),
        "JSON has no colour"
    );
    explain(&["404", "--color", "perhaps"])
        .exits(2)
        .says(&["perhaps"]);
}

#[test]
fn on_a_terminal_no_color_is_obeyed() {
    // `script` gives a program a terminal; it is part of bsdutils, which is essential on Debian.
    let folder = Workspace::new();
    let on_terminal = |variables: &str| {
        let line = format!("{variables} {} explain 404", env!("CARGO_BIN_EXE_httpwhy"));
        let ran = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(folder.root())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output();
        ran.expect("script starts").stdout
    };
    let plain = on_terminal("NO_COLOR=1");
    assert!(!plain.contains(&0x1b), "NO_COLOR on a terminal");
    assert!(plain.windows(8).any(|window| window == b"http/404"));
    let colourful = on_terminal("");
    assert!(colourful.contains(&0x1b), "a terminal has colour");
}

#[test]
fn anything_is_explained_when_it_is_no_url_and_no_file() {
    for question in ["404", "ECONNREFUSED", "nginx/499"] {
        let short = httpwhy().arg(question).run().exits(0);
        assert_eq!(short.stdout, explain(&[question]).stdout, "{question}");
    }
    httpwhy()
        .arg("--nonsense")
        .run()
        .exits(2)
        .says(&["--nonsense"]);
    httpwhy().run().exits(2).says(&["Usage"]);
    httpwhy()
        .arg("--version")
        .run()
        .exits(0)
        .shows(&["httpwhy 0."]);
    httpwhy()
        .args(["404", "http://127.0.0.1:9/"])
        .run()
        .exits(2)
        .says(&["http://127.0.0.1:9/"]);
    httpwhy()
        .arg("sim:")
        .run()
        .exits(2)
        .says(&["httpwhy probe sim:"]);
}

#[test]
fn the_text_of_two_entries() {
    for id in ["http/502", "net/connect-refused"] {
        let ran = httpwhy()
            .args(["explain", id])
            .env("COLUMNS", "80")
            .run()
            .exits(0);
        insta::assert_snapshot!(id.replace('/', "-"), ran.text());
    }
}

#[test]
fn what_a_shell_and_a_packager_want() {
    for shell in ["bash", "zsh", "fish"] {
        httpwhy()
            .args(["completions", shell])
            .run()
            .exits(0)
            .shows(&["httpwhy"]);
    }
    httpwhy()
        .arg("man")
        .run()
        .exits(0)
        .shows(&[".TH", "httpwhy"]);
    httpwhy()
        .args(["man", "probe"])
        .run()
        .exits(0)
        .shows(&["concurrency"]);
    httpwhy()
        .args(["man", "nothing"])
        .run()
        .exits(2)
        .says(&["nothing"]);
}

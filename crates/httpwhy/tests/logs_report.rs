//! `httpwhy logs --html` and `--csv`, and the percentiles that both show: what they say, and that nothing a stranger wrote
//! into a log does anything there.

mod json;

use std::fmt::Write as _;
use std::path::Path;

use httpwhy_testkit::logs::{Amount, DIALECTS, write};
use httpwhy_testkit::{Httpwhy, Workspace};
use serde_json::Value;

fn logs(args: &[&str]) -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("logs")
        .args(args)
}

/// Writes the report of a log; its text.
fn report(log: &[u8], args: &[&str]) -> String {
    let workspace = Workspace::new();
    let path = workspace.write("access.log", log);
    let html = workspace.path("report.html");
    logs(args)
        .arg("--html")
        .arg(&html)
        .arg(&path)
        .run()
        .exits(0);
    std::fs::read_to_string(html).expect("it was written")
}

/// A line of nginx with upstream columns.
fn line(second: u32, client: &str, path: &str, status: u16, millis: u64, agent: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    let seconds = format!("{}.{:03}", millis / 1000, millis % 1000);
    let header = if status == 504 { "-" } else { &seconds };
    format!(
        "{client} - - [03/Nov/2026:14:{minute:02}:{second:02} +0000] \"GET {path} HTTP/1.1\" {status} 157 \"-\" \"{agent}\" \
         rt={seconds} ua=\"10.0.0.5:8080\" us=\"{status}\" uct=\"0.001\" uht=\"{header}\"\n"
    )
}

/// Half an hour; from 14:10 to 14:15 half of /cart is silent until 60 s.
fn log() -> String {
    let mut text = String::new();
    for second in 0..1800 {
        let path = if second % 2 == 0 {
            "/cart?user=42"
        } else {
            "/"
        };
        let down = (600..900).contains(&second) && second % 4 == 0;
        let (status, millis) = if down { (504, 60_004) } else { (200, 20) };
        text += &line(second, "203.0.113.77", path, status, millis, "curl/8.5.0");
    }
    text
}

/// Each of these would do something somewhere if it were not escaped.
const ATTACKS: &[&str] = &[
    "/<script>alert(1)</script>",
    "/\\x22><img/src=x/onerror=alert(1)>",
    "/'\"><svg/onload=alert(1)>",
    "/</code></pre></main><style>*{display:none}</style>",
    "/&lt;b&gt;<!--",
    "/\u{202e}gnp.exe\u{2066}",
    "/a\u{1b}[2J\u{7}\u{0}",
    "/{{constructor.constructor('x')()}}${7*7}",
    "/javascript:alert(1)//\u{2028}",
];

/// Elements and attributes that a report has no use for.
fn is_harmless(html: &str) {
    let lower = html.to_ascii_lowercase();
    for bad in [
        "<script",
        "<img",
        "<iframe",
        "<object",
        "<embed",
        "<form",
        "<base",
        "<link",
        "onerror=alert(1)>",
        "<svg/",
        "url(",
        "@import",
        "src=\"",
        "javascript:alert(1)\"",
        "<style>*",
    ] {
        assert!(!lower.contains(bad), "{bad}");
    }
    assert_eq!(lower.matches("<style>").count(), 1);
    let obeyed = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let found = html.chars().find(|c| obeyed(*c));
    assert_eq!(found, None);
    // Every tag that was opened is closed, so nothing broke out of its place.
    for tag in [
        "section", "article", "table", "details", "pre", "figure", "svg", "main", "p", "code", "h3",
    ] {
        let opened =
            html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        let closed = html.matches(&format!("</{tag}>")).count();
        assert_eq!(opened, closed, "{tag}");
    }
}

#[test]
fn the_report_answers_who_since_when_where_and_what_to_do() {
    let html = report(log().as_bytes(), &[]);
    is_harmless(&html);
    for wanted in [
        "75 of 1,800 exchanges failed",
        "Upstream silent: 504 No response header in time",
        "<strong>origin</strong>, likely",
        "datetime=\"2026-11-03T14:10:00Z\"",
        "From 03 Nov 14:10 to 14:15",
        "the timeout that fired: nginx&#39;s <code>proxy_read_timeout</code>",
        "<code>/cart</code>",
        "<code>10.0.0.0/24:8080</code>",
        "What to do",
        "id=\"entry-net-read-timeout\"",
        "href=\"#entry-net-read-timeout\"",
        "The same as a table",
        "99.9 %",
        "read + torn + foreign + too long + empty",
        "curl",
    ] {
        assert!(html.contains(wanted), "{wanted}\n{html}");
    }
    for (of, inside) in [
        ("<svg", "role=\"img\""),
        ("<html", "lang=\"en-GB\""),
        ("<meta", "Content-Security-Policy"),
    ] {
        assert!(html.contains(of) && html.contains(inside), "{inside}");
    }
    // Every link leads to a place that is there, or to the web.
    for link in html.split("href=\"").skip(1) {
        let to = link.split('"').next().unwrap_or_default();
        match to.strip_prefix('#') {
            Some(anchor) => assert!(html.contains(&format!("id=\"{anchor}\"")), "{to}"),
            None => assert!(to.starts_with("https://"), "{to}"),
        }
    }
}

#[test]
fn a_report_is_anonymised_unless_it_is_said_otherwise() {
    let mut text = log();
    text += "2001:db8:7:8::9 - - [03/Nov/2026:14:29:59 +0000] \"GET /x?mail=me@example.org,b HTTP/1.1\" 502 1 \"https://a.example/?q=hidden\" \"x\" \
             rt=0.1 ua=\"-\" us=\"-\" uct=\"-\" uht=\"-\"\n";
    text += "198.51.100.23 - alice [03/Nov/2026:14:29:59 +0000] \"GET /y HTTP/1.1\" 500 1 \"-\" \"x\" rt=0.1 ua=\"-\" us=\"-\" uct=\"-\" uht=\"-\"\n";
    text += "ana-laptop.home.example.net - - [03/Nov/2026:14:29:59 +0000] \"GET /z HTTP/1.1\" 501 1 \"-\" \"x\" rt=0.1 ua=\"-\" us=\"-\" uct=\"-\" uht=\"-\"\n";
    let shared = report(text.as_bytes(), &[]);
    for private in [
        "203.0.113.77",
        "ana-laptop",
        "198.51.100.23",
        "2001:db8:7:8",
        "user=42",
        "example.org",
        "q=hidden",
        "alice",
        "10.0.0.5",
    ] {
        assert!(!shared.contains(private), "{private}");
    }
    assert!(shared.contains("203.0.113.0/24") && shared.contains("2001:db8:7::/48"));
    assert!(shared.contains("Made to be shared"));
    let open = report(text.as_bytes(), &["--no-anonymize"]);
    for there in [
        "203.0.113.77",
        "ana-laptop",
        "user=42",
        "Not anonymised",
        "alice",
    ] {
        assert!(open.contains(there), "{there}");
    }
    logs(&["-", "--no-anonymize"]).stdin("").run().exits(2);
}

#[test]
fn a_query_in_a_column_of_its_own_is_dropped_too() {
    let log = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-03 14:00:00\n\
               #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n\
               2026-11-03 14:05:12 10.0.0.4 GET /api/orders id=4711&token=hush 443 CORP\\alice 203.0.113.77 curl/8.5.0 - 500 19 5 12\n";
    let shared = report(log.as_bytes(), &[]);
    for private in ["4711", "hush", "alice", "203.0.113.77"] {
        assert!(!shared.contains(private), "{private}\n{shared}");
    }
    assert!(shared.contains("/api/orders"));
    // Secrets are hidden even where the rest of the query shows.
    let open = report(log.as_bytes(), &["--no-anonymize"]);
    assert!(open.contains("id=4711") && !open.contains("hush"), "{open}");
}

#[test]
fn nothing_a_stranger_writes_does_anything_in_the_report() {
    for no_anonymize in [&[][..], &["--no-anonymize"]] {
        let mut text = String::new();
        for (at, attack) in ATTACKS.iter().enumerate() {
            for second in 0..60 {
                let at = at as u32;
                text += &line(at * 60 + second, "203.0.113.9", attack, 502, 5, attack);
                text += &line(at * 60 + second, attack, "/", 404, 5, attack);
                let _ = writeln!(text, "{attack}\n\"{attack}");
            }
        }
        text += &log();
        let html = report(text.as_bytes(), no_anonymize);
        is_harmless(&html);
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{html}"
        );
        assert!(html.contains("\\u{202e}gnp.exe"), "{html}");
    }
}

#[test]
fn hostile_names_of_files_and_hosts_are_escaped() {
    let workspace = Workspace::new();
    let path = workspace.write("<b onmouseover=x>.log", log());
    let html = workspace.path("report.html");
    logs(&["--html"]).arg(&html).arg(&path).run().exits(0);
    let html = std::fs::read_to_string(html).expect("it was written");
    is_harmless(&html);
    assert!(html.contains("&lt;b onmouseover=x&gt;.log") && !html.contains("<b onmouseover"));
}

#[test]
fn reports_of_every_format_are_sound() {
    for dialect in DIALECTS {
        let mut log = Vec::new();
        write(dialect, Amount::Lines(1500), 3, &mut log).expect("memory takes it");
        let html = report(&log, &[]);
        is_harmless(&html);
        assert!(html.contains("exchanges failed"), "{}", dialect.name);
        assert!(html.contains("What to do"), "{}", dialect.name);
    }
}

#[test]
fn logs_without_failures_times_or_lines_have_a_report() {
    let fine = line(0, "203.0.113.9", "/", 200, 5, "curl").repeat(3);
    let html = report(fine.as_bytes(), &[]);
    is_harmless(&html);
    assert!(html.contains("None of 3 exchanges failed"));
    let empty = report(b"", &[]);
    is_harmless(&empty);
    assert!(empty.contains("No exchange was read"));
}

#[test]
fn a_report_never_overwrites_a_log() {
    let workspace = Workspace::new();
    let path = workspace.write("access.log", log());
    for option in ["--html", "--csv"] {
        let ran = logs(&[option]).arg(&path).arg(&path).run().exits(2);
        assert!(
            ran.stderr.contains("would overwrite a log"),
            "{}",
            ran.stderr
        );
    }
    let kept = std::fs::read_to_string(&path).expect("it is still there");
    assert_eq!(kept, log());
}

/// The records of a CSV, read as RFC 4180 says.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut all = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let record = all.last_mut().expect("there is one");
        let field = record.last_mut().expect("there is one");
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            (_, '"') => quoted = !quoted,
            (false, ',') => record.push(String::new()),
            (false, '\r') => assert_eq!(chars.peek(), Some(&'\n'), "CRLF"),
            (false, '\n') => all.push(vec![String::new()]),
            _ => field.push(c),
        }
    }
    assert!(!quoted);
    assert_eq!(
        all.pop(),
        Some(vec![String::new()]),
        "the last record ends with CRLF"
    );
    all
}

#[test]
fn csv_holds_the_counts_and_calculates_nothing() {
    let mut text = log();
    for attack in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "=HYPERLINK(\\x22http://e/\\x22;A1)",
        "/a,b;c",
        "/\u{1b}[2J",
    ] {
        text += &line(1799, "203.0.113.9", attack, 502, 5, attack);
    }
    let ran = logs(&["-", "--csv", "-"]).stdin(text).run().exits(0);
    let records = records(ran.text());
    let names = &records[0];
    assert_eq!(
        names.join(","),
        "level,minute,path,status,happened,outcome,party,certainty,count,bytes,p50_ms,p90_ms,p99_ms,p999_ms,max_ms"
    );
    assert!(records.iter().all(|record| record.len() == names.len()));
    let sum = |level: &str, status: &str| -> u64 {
        let rows = records
            .iter()
            .filter(|row| row[0] == level && row[3] == status);
        rows.map(|row| row[8].parse::<u64>().expect("a number"))
            .sum()
    };
    for level in ["minute", "outcome", "path"] {
        assert_eq!((sum(level, "504"), sum(level, "502")), (75, 7), "{level}");
    }
    let silent = records
        .iter()
        .find(|row| row[0] == "outcome" && row[3] == "504")
        .expect("a row of 504");
    assert_eq!(silent[5], "net/read-timeout");
    assert_eq!(silent[6], "origin");
    for field in records.iter().flatten() {
        assert!(
            !field.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{field}"
        );
        assert!(!field.contains(|c: char| c.is_control()), "{field:?}");
    }
    assert!(records.iter().any(|row| row[1] == "2026-11-03T14:10:00Z"));
}

/// The value that so many per cent of the times are at most (nearest rank).
fn exact(times: &[u64], percent: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1] as f64
}

fn is_within(told: &Value, times: &[u64], what: &str) {
    assert_eq!(told["count"], times.len(), "{what}");
    for (name, percent) in [
        ("p50", 50.0),
        ("p90", 90.0),
        ("p99", 99.0),
        ("p999", 99.9),
        ("max", 100.0),
    ] {
        let (told, exact) = (
            told[name].as_f64().expect("a number"),
            exact(times, percent),
        );
        assert!(
            (told - exact).abs() <= exact * 0.008,
            "{what} {name}: {told}, exactly {exact}"
        );
    }
}

#[test]
fn percentiles_are_those_computed_exactly_within_the_stated_error() {
    let mut random = 1_u64;
    let mut text = String::new();
    // Times of each path, fine and failed, spread over five powers of ten.
    let mut times: [[Vec<u64>; 2]; 3] = Default::default();
    for at in 0..12_000_u32 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let dice = random >> 33;
        let (path, failed) = ((dice % 3) as usize, dice.is_multiple_of(10));
        let millis = 1 + (dice >> 8) % 10_u64.pow(1 + (dice >> 4) as u32 % 5);
        let status = if failed { 500 } else { 200 };
        text += &line(
            at % 3600,
            "203.0.113.9",
            ["/a", "/b", "/c"][path],
            status,
            millis,
            "curl",
        );
        times[path][usize::from(failed)].push(millis);
    }
    let ran = logs(&["-", "--json"]).stdin(text).run().exits(0);
    let logs = &json::lines(&ran)[0];
    let all = |failed: usize| -> Vec<u64> {
        times.iter().flat_map(|path| path[failed].clone()).collect()
    };
    is_within(&logs["times_ms"], &all(0), "what went well");
    is_within(&logs["failed_times_ms"], &all(1), "what failed");
    let groups = logs["groups"].as_array().expect("groups");
    let failed = groups
        .iter()
        .find(|group| group["outcome"] == "http/500")
        .expect("the failures");
    is_within(&failed["times_ms"], &all(1), "http/500");
    for (name, [fine, failed]) in ["/a", "/b", "/c"].iter().zip(&times) {
        let paths = logs["paths"].as_array().expect("paths");
        let path = paths
            .iter()
            .find(|path| path["path"] == *name)
            .expect("the path");
        is_within(&path["times_ms"], fine, name);
        is_within(&path["failed_times_ms"], failed, name);
        is_within(&path["outcomes"][0]["times_ms"], failed, name);
        assert_eq!(path["outcomes"][0]["outcome"], "http/500");
        assert_eq!(path["failures"], failed.len());
    }
    assert_eq!(logs["time_error_percent"], 0.8);
    assert_eq!(logs["untold_times"], 0);
}

#[test]
fn no_line_of_the_screen_is_wider_than_asked_for() {
    for dialect in DIALECTS {
        let mut log = Vec::new();
        write(dialect, Amount::Lines(1500), 3, &mut log).expect("memory takes it");
        for width in [40, 80, 120] {
            let ran = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
                .env("COLUMNS", &width.to_string())
                .args(["logs", "-"])
                .stdin(log.clone())
                .run()
                .exits(0);
            for line in ran.text().lines() {
                // What is to be pasted stays as it is.
                let pasted = line.starts_with("    ") && !line.starts_with("            ");
                let wide = line.chars().count();
                assert!(
                    pasted || wide <= width,
                    "{} at {width}: {line}",
                    dialect.name
                );
            }
        }
    }
}

#[test]
fn many_logs_take_a_few_lines() {
    let workspace = Workspace::new();
    let files: Vec<_> = (0..12)
        .map(|at| workspace.write(&format!("access.{at}.log"), log()))
        .collect();
    let ran = files
        .iter()
        .fold(logs(&[]), |logs, file| {
            logs.arg(AsRef::<Path>::as_ref(file))
        })
        .run()
        .exits(0);
    let head: Vec<&str> = ran
        .text()
        .lines()
        .take_while(|line| !line.contains("exchanges failed"))
        .collect();
    assert!(head.len() < 8, "{head:?}");
    assert!(ran.text().contains("and 11 more"), "{head:?}");
}

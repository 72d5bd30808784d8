//! `httpwhy logs` on logs that grow: following to Ctrl-C, states and their merging, metrics.

mod json;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use httpwhy_testkit::{Httpwhy, Workspace};

const LIMIT: Duration = Duration::from_secs(40);

fn logs(args: &[&str]) -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("logs")
        .args(args)
        .limit(LIMIT)
}

/// Minutes of a shop in which every tenth exchange fails; from `down` on, all do.
fn shop(from: u32, to: u32, down: u32) -> String {
    let mut text = String::new();
    for second in from..to {
        let failed = second >= down || second % 10 == 0;
        let (status, took, upstream, head) = match failed {
            true => (504, "60.001", "504", "-"),
            false => (200, "0.012", "200", "0.002"),
        };
        let _ = writeln!(
            text,
            r#"203.0.113.9 - - [03/Nov/2026:14:{:02}:{:02} +0000] "GET /cart?token=hush HTTP/1.1" {status} 157 "-" "curl/8.5.0" rt={took} ua="10.0.0.5:8080" us="{upstream}" uct="0.001" uht="{head}""#,
            second / 60,
            second % 60
        );
    }
    text
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .expect("writable");
    file.write_all(text.as_bytes()).expect("written");
}

/// Waits until a file holds a text.
fn holds(path: &Path, text: &str) -> String {
    let until = Instant::now() + LIMIT;
    loop {
        let found = std::fs::read_to_string(path).unwrap_or_default();
        if found.contains(text) {
            return found;
        }
        assert!(Instant::now() < until, "never '{text}' in {found}");
        sleep(Duration::from_millis(50));
    }
}

/// The value of a metric's series.
fn value(metrics: &str, series: &str) -> f64 {
    written(metrics, series).parse().expect("a number")
}

/// That value as it is written.
fn written<'a>(metrics: &'a str, series: &str) -> &'a str {
    let line = metrics.lines().find(|line| {
        line.rsplit_once(' ')
            .is_some_and(|(name, _)| name == series)
    });
    let line = line.unwrap_or_else(|| panic!("no {series} in {metrics}"));
    line.rsplit_once(' ').map(|(_, value)| value).expect("two")
}

/// Every series that is a counter.
fn counters(metrics: &str) -> Vec<(String, f64)> {
    let is_counter = |name: &str| {
        ["_total", "_bucket", "_sum", "_count"].iter().any(|end| {
            name.split('{')
                .next()
                .is_some_and(|name| name.ends_with(end))
        })
    };
    metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(name, _)| is_counter(name))
        .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
        .collect()
}

#[test]
fn following_goes_through_rotation_and_ends_with_the_whole() {
    let workspace = Workspace::new();
    let (log, old, metrics) = (
        workspace.path("access.log"),
        workspace.path("access.log.1"),
        workspace.path("httpwhy.prom"),
    );
    let name = |path: &Path| path.to_str().expect("plain").to_owned();
    append(&log, &shop(0, 120, 9999));
    let state = workspace.path("state");
    let running = logs(&[
        "--follow",
        "--every",
        "1",
        &name(&log),
        "--metrics",
        &name(&metrics),
        "--state",
        &name(&state),
    ])
    .spawn();
    let ok = |count: u32| format!("httpwhy_log_lines_total{{fate=\"ok\"}} {count}\n");
    let first = holds(&metrics, &ok(120));
    append(&log, &shop(120, 180, 9999));
    std::fs::rename(&log, &old).expect("renamed");
    append(&log, &shop(180, 1200, 9999));
    append(&log, &shop(1200, 1500, 1200));
    let second = holds(&metrics, &ok(1500));
    let earlier = counters(&first);
    assert!(earlier.len() > 20, "{first}");
    for (series, before) in earlier {
        assert!(
            value(&second, &series) >= before,
            "{series} went back: {first}\n{second}"
        );
    }
    let timeouts = r#"httpwhy_log_exchanges_total{status_class="5xx",happened="upstream-silent",outcome="net/read-timeout",party="origin",certainty="likely"}"#;
    assert_eq!(written(&second, timeouts), "420");
    let short = r#"httpwhy_log_duration_seconds_bucket{failed="true",le="30"}"#;
    assert_eq!(written(&second, short), "0");
    let failed = r#"httpwhy_log_duration_seconds_count{failed="true"}"#;
    assert_eq!(written(&second, failed), "420");
    let incident = r#"httpwhy_log_incident{outcome="net/read-timeout"}"#;
    assert_eq!(written(&second, incident), "1");
    running.signal("INT");
    let ran = running.wait().exits(0);
    let text = ran.text();
    // What changed, then the whole.
    assert!(
        text.contains("+120 exchanges, +12 failed: upstream-silent net/read-timeout"),
        "{text}"
    );
    assert!(text.contains("420 of 1,500 exchanges failed"), "{text}");
    assert!(text.contains("the timeout that fired"), "{text}");
    assert!(!text.contains("hush") && !text.contains('\u{1b}'), "{text}");
    assert!(ran.stderr.contains("was replaced"), "{}", ran.stderr);
    // And a run goes on from there.
    append(&log, &shop(1500, 1510, 1500));
    let ran = logs(&["--state", &name(&state), &name(&log)])
        .run()
        .exits(0);
    assert!(
        ran.text().contains("430 of 1,510 exchanges failed"),
        "{}",
        ran.text()
    );
}

#[test]
fn standard_input_is_followed_to_its_end() {
    let ran = logs(&["--follow", "-", "--fail-on", "5xx>1%"])
        .stdin(shop(0, 600, 9999))
        .run()
        .exits(1);
    assert!(
        ran.text().contains("60 of 600 exchanges failed"),
        "{}",
        ran.text()
    );
}

#[test]
fn metrics_are_scraped() {
    let workspace = Workspace::new();
    let log = workspace.path("access.log");
    append(&log, &shop(0, 60, 9999));
    let errors = workspace.path("errors");
    let name = log.to_str().expect("plain");
    let command = format!(
        "exec {} logs --follow --metrics-listen 127.0.0.1:0 {name} 2>{} >/dev/null",
        env!("CARGO_BIN_EXE_httpwhy"),
        errors.display()
    );
    let running = Httpwhy::at("/bin/sh")
        .args(["-c", &command])
        .limit(LIMIT)
        .spawn();
    let told = holds(&errors, "/metrics");
    let address = told
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an address")
        .to_owned();
    let until = Instant::now() + LIMIT;
    loop {
        let answer = asked(&address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains("content-type: text/plain; version=0.0.4"),
            "{answer}"
        );
        if answer.contains("httpwhy_log_lines_total{fate=\"ok\"} 60\n") {
            break;
        }
        assert!(Instant::now() < until, "{answer}");
        sleep(Duration::from_millis(50));
    }
    assert!(asked(&address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").starts_with("HTTP/1.1 404"));
    running.signal("TERM");
    running.wait().exits(0);
}

fn asked(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

#[test]
fn states_of_hosts_are_merged_to_the_first_screen() {
    let workspace = Workspace::new();
    let mut states = Vec::new();
    for host in 0..3 {
        let log = workspace.write(
            &format!("web{host}.log"),
            shop(host * 600, host * 600 + 600, 1500),
        );
        let state = workspace.path(&format!("web{host}.state"));
        let state = state.to_str().expect("plain").to_owned();
        logs(&[log.to_str().expect("plain"), "--state", &state])
            .run()
            .exits(0);
        states.push(state);
    }
    let all = workspace.write("all.log", shop(0, 1800, 1500));
    let merged = workspace.path("merged.state");
    let merged = merged.to_str().expect("plain");
    let mut args = vec!["merge", "--json", "-o", merged];
    args.extend(states.iter().map(String::as_str));
    let of = |ran: httpwhy_testkit::Ran| {
        let mut lines = json::lines(&ran);
        // Only the files differ.
        lines[0]
            .as_object_mut()
            .expect("an object")
            .remove("inputs");
        lines
    };
    let whole = of(logs(&[all.to_str().expect("plain"), "--json"])
        .run()
        .exits(0));
    assert_eq!(of(logs(&args).run().exits(0)), whole);
    assert_eq!(of(logs(&["merge", merged, "--json"]).run().exits(0)), whole);
    let ran = logs(&["merge", merged, "--fail-on", "5xx>20%"])
        .run()
        .exits(1);
    assert!(
        ran.text().contains("450 of 1,800 exchanges failed"),
        "{}",
        ran.text()
    );
    let metrics = logs(&["merge", merged, "--metrics", "-"]).run().exits(0);
    assert!(metrics.text().starts_with("# HELP "), "{}", metrics.text());
    // What goes wrong is told with the state's name.
    let ran = logs(&["merge", &states[0], merged]).run().exits(2);
    assert!(ran.stderr.contains("would count twice"), "{}", ran.stderr);
    let ran = logs(&["merge", all.to_str().expect("plain")])
        .run()
        .exits(2);
    assert!(
        ran.stderr.contains("all.log: it is no state"),
        "{}",
        ran.stderr
    );
    logs(&["merge", "/nowhere/a.state"]).run().exits(2);
    let ran = logs(&[
        all.to_str().expect("plain"),
        "--state",
        &states[0],
        "--status",
        "5xx",
    ])
    .run()
    .exits(2);
    assert!(ran.stderr.contains("ask for the same"), "{}", ran.stderr);
}

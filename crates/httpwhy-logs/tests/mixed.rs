//! Files in which lines differ: formats, carriers, headers. Each line is read by its own format, and every line is
//! accounted for.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use httpwhy_logs::{Input, Options, Progress, Triage, read};

/// Reads a text as a file, and looks whether every line of it is accounted for.
fn triage(text: &str) -> Triage {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.log");
    std::fs::write(&path, text).unwrap();
    let options = Options {
        threads: 2,
        ..Options::default()
    };
    let triage = read(&[Input::File(path)], &options, &Progress::default());
    let lines = text.lines().count() as u64;
    assert_eq!(triage.counters.lines(), lines, "{:?}", triage.counters);
    triage
}

/// Exchanges by format and status.
fn by_format(triage: &Triage) -> BTreeMap<&'static str, u64> {
    triage
        .formats()
        .into_iter()
        .map(|(format, count)| (format.name, count))
        .collect()
}

fn stamp(at: u32) -> String {
    format!("03/Nov/2026:14:{:02}:{:02} +0000", at / 60 % 60, at % 60)
}

fn iso(at: u32) -> String {
    format!("2026-11-03T14:{:02}:{:02}", at / 60 % 60, at % 60)
}

fn combined(at: u32) -> String {
    format!(
        r#"203.0.113.9 - - [{}] "GET /cart HTTP/1.1" 502 157 "-" "curl/8.5.0""#,
        stamp(at)
    )
}

/// A line as a JSON string.
fn quoted(line: &str) -> String {
    line.replace('\\', "\\\\").replace('"', "\\\"")
}

#[test]
fn each_line_is_taken_out_of_its_own_carrier() {
    type Wrap = fn(u32, &str) -> String;
    let wraps: &[Wrap] = &[
        |_, line| line.to_owned(),
        |at, line| format!("{}.3Z stdout F {line}", iso(at)),
        |at, line| {
            let line = quoted(line);
            format!(
                r#"{{"log":"{line}\n","stream":"stdout","time":"{}Z"}}"#,
                iso(at)
            )
        },
        |at, line| format!("<134>1 {}Z lb1 nginx 7 - - {line}", iso(at)),
        |at, line| {
            let line = quoted(line);
            format!(
                r#"{{"__REALTIME_TIMESTAMP":"{}000000","MESSAGE":"{line}"}}"#,
                1_793_714_400 + at
            )
        },
        |_, line| format!("[pod/web/nginx] {line}"),
        |_, line| format!("shop-web-1  | {line}"),
        |at, line| format!("{}.3Z stdout F [pod/web/nginx] {line}", iso(at)),
    ];
    let mut text = String::new();
    for at in 0..800 {
        let line = wraps[at as usize % wraps.len()](at, &combined(at));
        text.push_str(&line);
        text.push('\n');
        if at % 100 == 99 {
            text.push_str("--- started ---\n\n");
        }
    }
    let triage = triage(&text);
    assert_eq!(
        (
            triage.counters.ok,
            triage.counters.foreign,
            triage.counters.empty
        ),
        (800, 8, 8)
    );
    assert_eq!(by_format(&triage), [("nginx", 800)].into());
    assert_eq!(triage.statuses(), [(502, 800)]);
}

#[test]
fn a_minority_in_a_carrier_is_taken_out_too() {
    let mut text = String::new();
    for at in 0..1000 {
        let line = combined(at);
        if at % 50 == 7 {
            let _ = writeln!(text, "Nov  3 14:05:12 lb1 nginx[7]: {line}");
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    let triage = triage(&text);
    assert_eq!(triage.counters.ok, 1000);
    let clients = triage.clients(5);
    assert_eq!(clients.len(), 1, "{clients:?}");
}

#[test]
fn pieces_of_two_streams_are_put_together_apart() {
    let (line, other) = (combined(1), combined(2));
    let (a, b) = line.split_at(40);
    let mut text = String::new();
    for _ in 0..20 {
        let _ = writeln!(text, "2026-11-03T14:05:12.3Z stdout P {a}");
        let _ = writeln!(text, "2026-11-03T14:05:12.3Z stderr F {other}");
        let _ = writeln!(text, "2026-11-03T14:05:12.3Z stdout F {b}");
    }
    let triage = triage(&text);
    assert_eq!((triage.counters.ok, triage.exchanges()), (60, 40));
    assert_eq!(triage.statuses(), [(502, 40)]);
}

#[test]
fn formats_that_stand_side_by_side_are_told_apart() {
    type Write = fn(u32) -> String;
    let formats: &[(&str, Write)] = &[
        ("nginx", combined),
        ("nginx-json", |at| {
            format!(
                r#"{{"time":"{}Z","remote_addr":"203.0.113.9","url":"/a","status":502}}"#,
                iso(at)
            )
        }),
        ("fastly", |at| {
            format!(
                r#"{{"timestamp":"{}+0000","client_ip":"203.0.113.9","url":"/a","response_state":"ERROR","response_status":502,"response_reason":"x","fastly_server":"c"}}"#,
                iso(at)
            )
        }),
        ("traefik", |at| {
            format!(
                r#"{} 4711 "shop@docker" "http://10.0.0.5:80" 3ms"#,
                combined(at)
            )
        }),
        ("haproxy", |at| {
            format!(
                r#"203.0.113.9:51234 [03/Nov/2026:14:{:02}:{:02}.341] fe~ be_app/app2 0/0/1/5/6 502 217 - - ---- 8/6/9/3/0 0/0 "GET /cart HTTP/1.1""#,
                at / 60 % 60,
                at % 60
            )
        }),
        ("nginx-error", |at| {
            format!(
                r#"2026/11/03 14:{:02}:{:02} [error] 7#7: *46 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: shop, request: "GET /zzz HTTP/1.1", upstream: "http://10.0.0.5:80/a", host: "a""#,
                at / 60 % 60,
                at % 60
            )
        }),
        ("caddy", |at| {
            format!(
                r#"{{"ts":{}.5,"logger":"http.log.access","request":{{"remote_ip":"203.0.113.9","method":"GET","uri":"/b"}},"duration":0.1,"size":0,"status":502}}"#,
                1_793_714_400 + at
            )
        }),
    ];
    let mut text = String::new();
    for at in 0..700 {
        let _ = writeln!(text, "{}", (formats[at as usize % formats.len()].1)(at));
    }
    let triage = triage(&text);
    assert_eq!((triage.counters.ok, triage.counters.lines()), (700, 700));
    let wanted: BTreeMap<_, _> = formats.iter().map(|(name, _)| (*name, 100)).collect();
    assert_eq!(by_format(&triage), wanted);
    assert_eq!(triage.statuses(), [(502, 600)]);
}

#[test]
fn the_latest_header_names_the_columns() {
    let mut text = String::new();
    let mut wanted = 0;
    let columns = [
        ("c-ip cs-uri-stem sc-status", "203.0.113.9 /a 503"),
        (
            "sc-status cs-uri-stem c-ip time-taken",
            "503 /a 203.0.113.9 15",
        ),
        (
            "cs-method cs-uri-stem sc-status sc-substatus",
            "GET /a 503 2",
        ),
    ];
    for section in 0..60 {
        let (names, values) = columns[section % 3];
        let _ = writeln!(
            text,
            "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time {names}"
        );
        for second in 0..2500 {
            let _ = writeln!(
                text,
                "2026-11-03 14:{section:02}:{:02} {values}",
                second % 60
            );
            wanted += 1;
        }
        // What the kernel wrote, with a header and columns of its own, and an access line of another server.
        let _ = writeln!(
            text,
            "#Fields: date time c-ip sc-status s-reason\n2026-11-03 14:{section:02}:59 203.0.113.9 503 AppOffline"
        );
        let _ = writeln!(text, "{}", combined(section as u32 * 60));
    }
    // More than one chunk.
    assert!(text.len() > 5_000_000, "{}", text.len());
    let triage = triage(&text);
    assert_eq!(triage.counters.directives, 180);
    assert_eq!(triage.statuses(), [(502, 60), (503, wanted + 60)]);
    assert_eq!(
        by_format(&triage),
        [("httpsys", 60), ("iis", wanted), ("nginx", 60)].into()
    );
}

#[test]
fn a_log_of_varnish_in_the_container_s_output_is_gathered() {
    let mut text = String::new();
    for at in 0..50 {
        let records = format!(
            "*   << Request  >> {at}\n-   Begin          req 1 rxreq\n-   Timestamp      Start: {}.5 0.0 0.0\n-   ReqStart       203.0.113.9 5 a0\n-   ReqURL         /a\n-   RespStatus     503\n\
             **  << BeReq    >> 9{at}\n--  Begin          bereq {at} fetch\n--  FetchError     first byte timeout\n",
            1_793_714_400 + at
        );
        for record in records.lines() {
            let _ = writeln!(text, "{}.3Z stdout F {record}", iso(at));
        }
        let _ = writeln!(text, "{}.3Z stdout F ", iso(at));
        let _ = writeln!(text, "{}.3Z stderr F {}", iso(at), combined(at));
    }
    let triage = triage(&text);
    assert_eq!((triage.counters.ok, triage.counters.empty), (500, 50));
    assert_eq!(triage.exchanges(), 100);
    assert_eq!(triage.statuses(), [(502, 50), (503, 50)]);
    assert_eq!(
        by_format(&triage),
        [("nginx", 50), ("varnishlog", 50)].into()
    );
}

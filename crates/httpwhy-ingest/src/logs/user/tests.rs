//! Pasted formats, configuration files, and lines written in them.

use super::*;

/// A format, a line in it, what is read, what is told.
type Row = (
    &'static str,
    &'static str,
    &'static [(Column, &'static str)],
    &'static str,
);

const ROWS: &[Row] = &[
    (
        r#"log_format main '$remote_addr - $remote_user [$time_local] "$request" '
           '$status $body_bytes_sent "$http_referer" rt=${request_time}s $upstream_addr $upstream_status $upstream_header_time x';"#,
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /a HTTP/1.1" 200 5 "-" rt=1.5s 10.0.0.1:80, 10.0.0.2:80 502, 200 -, 0.2 x"#,
        &[
            (Column::Upstream, "10.0.0.1:80, 10.0.0.2:80"),
            (Column::UpstreamStatus, "502, 200"),
            (Column::Duration, "1.5"),
            (Column::Time, "03/Nov/2026:14:05:12 +0000"),
        ],
        "0 200, 1 200",
    ),
    (
        r#"{"t":"$time_iso8601","status":$status,"uri":"$request_uri","us":"$upstream_status"}"#,
        r#"{"t":"2026-11-03T14:05:12+00:00","status":499,"uri":"/a\"b","us":"-"}"#,
        &[(Column::Target, r#"/a\"b"#), (Column::Status, "499")],
        "0 nginx:499",
    ),
    (
        r#"LogFormat "%h %t \"%r\" first=%s last=%>s bytes=%B conn=%X us=%D handler=%R" detail"#,
        r#"127.0.0.1 [20/Nov/2026:20:47:38 +0000] "GET /denied/ HTTP/1.1" first=403 last=403 bytes=239 conn=X us=256 handler=-"#,
        &[
            (Column::Client, "127.0.0.1"),
            (Column::Duration, "256"),
            (Column::Bytes, "239"),
        ],
        "0 403, 0 log:client-gone",
    ),
    (
        "%v %a %{%s}t \"%m %U%q %H\" %>s %{ms}T \"%{User-Agent}i\"",
        r#"shop.example 203.0.113.9 1793714712 "GET /a?b HTTP/1.1" 500 12 "curl \"8\"""#,
        &[
            (Column::Target, "/a?b"),
            (Column::Protocol, "HTTP/1.1"),
            (Column::Agent, r#"curl \"8\""#),
        ],
        "0 500",
    ),
    (
        r#"log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r""#,
        r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe be/s1 0/0/-1/-1/5002 503 217 - - sC-- 812/640/97/31/3 0/0 {a|b} {} "GET /cart HTTP/1.1""#,
        &[
            (Column::Route, "fe"),
            (Column::Upstream, "s1"),
            (Column::Duration, "5002"),
            (Column::Request, "GET /cart HTTP/1.1"),
        ],
        "0 503, 0 haproxy:sC, 1 upstream:no-connection",
    ),
    (
        r"log-format %ci:%cp\ [%tr]\ %ft\ %b/%s\ %Tc/%Tr/%Ta\ %ST\ %tsc\ %hr\ %hs\ %{+Q}r",
        r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe be/s1 0/3/5 500 ---- "GET /cart HTTP/1.1""#,
        &[(Column::UpstreamHeader, "3")],
        "0 500, 1 500",
    ),
    (
        "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% %DURATION% \"%UPSTREAM_HOST%\"\n",
        r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/2" 503 UF 5001 "10.0.0.5:8080""#,
        &[
            (Column::Target, "/cart"),
            (Column::Upstream, "10.0.0.5:8080"),
        ],
        "0 503, 0 envoy:UF",
    ),
];

#[test]
fn formats_are_compiled_and_lines_split() {
    for (text, raw, columns, told) in ROWS {
        let compiled = compile(text).expect(text);
        let mut spans = Spans::default();
        assert_eq!(
            compiled.layout.split(raw.as_bytes(), &mut spans),
            Split::Read,
            "{raw}"
        );
        let line = Line::new(raw.as_bytes(), &spans);
        for (column, wanted) in *columns {
            assert_eq!(
                line.get(*column),
                Some(wanted.as_bytes()),
                "{column:?} in {raw}"
            );
        }
        let visit = (compiled.format.visit)(&(compiled.format.shape)(&line));
        assert_eq!(crate::logs::legs::told(&visit), *told, "{raw}");
        assert_ne!(
            compiled
                .layout
                .split(b"something else", &mut Spans::default()),
            Split::Read
        );
    }
}

#[test]
fn what_cannot_be_used_says_why() {
    for (text, why) in [
        ("hello", "holds no variable"),
        ("$remote_addr $request", "no status"),
        ("$remote_addr$status", "nothing stands between"),
        ("log_format main", "needs a name"),
    ] {
        let error = compile(text).expect_err(text).to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

/// What is found: the server, the name, the format, the files.
type Defined = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

#[test]
fn configurations_name_their_formats_and_files() {
    let nginx = "http {\n  # log_format no '$x';\n  log_format main escape=json '{\"s\":$status,'\n    '\"a\":\"$remote_addr\"}';\n  server { access_log /var/log/nginx/shop.log main buffer=4k; }\n  access_log off;\n}\n";
    let apache = "LogFormat \"%h \\\"%r\\\" %>s\" short\n#LogFormat \"%x\" no\nCustomLog logs/a.log short\nCustomLog \"logs/b.log\" \"%h %>s\"\n";
    let haproxy =
        "defaults\n  log-format \"%ci %ST\"\nfrontend web\n  log-format %ci\\ %ST\\ %tsc # note\n";
    let table: &[(&str, &[Defined])] = &[
        (
            nginx,
            &[(
                "nginx",
                "main",
                r#"{"s":$status,"a":"$remote_addr"}"#,
                &["/var/log/nginx/shop.log"],
            )],
        ),
        (
            apache,
            &[
                ("apache", "short", r#"%h "%r" %>s"#, &["logs/a.log"]),
                ("apache", "", "%h %>s", &["logs/b.log"]),
            ],
        ),
        (
            haproxy,
            &[
                ("haproxy", "defaults", "%ci %ST", &[]),
                ("haproxy", "web", "%ci %ST %tsc", &[]),
            ],
        ),
    ];
    for (text, wanted) in table {
        let found = configured(text);
        let found: Vec<_> = found
            .iter()
            .map(|f| {
                (
                    f.server,
                    f.name.as_str(),
                    f.text.as_str(),
                    f.files.iter().map(String::as_str).collect::<Vec<_>>(),
                )
            })
            .collect();
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(server, name, text, files)| (*server, *name, *text, files.to_vec()))
            .collect();
        assert_eq!(found, wanted);
        for (server, _, text, _) in found {
            assert!(compile_as(server, text).is_ok(), "{text}");
        }
    }
}

#[test]
fn columns_that_do_not_fit_are_told() {
    let compiled =
        compile("$remote_addr $status $body_bytes_sent $request_time").expect("a format");
    let sample: Vec<&[u8]> = vec![
        b"203.0.113.9 200 5 0.1",
        b"203.0.113.9 shop.example 200 5",
        b"203.0.113.9 shop.example 404 5",
    ];
    let found = misfits(&*compiled.layout, &sample);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].column, found[0].lines, found[0].of),
        (Column::Status, 2, 3)
    );
    assert_eq!(found[0].example, b"shop.example");
}

//! An exchange written and read again is the same exchange.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use httpwhy_model::*;
use httpwhy_schema::{ExchangeLine, read_visits, write_line};

fn way() -> httpwhy_model::Way {
    use httpwhy_model::{Attempt, AttemptEnd, Instead, ProxyFacts, Response, Way};
    let attempt = |to: &str, end| Attempt {
        to: to.parse().expect("an address"),
        after: std::time::Duration::from_millis(250),
        took: std::time::Duration::from_micros(1500),
        end,
    };
    Way {
        proxy: Some(ProxyFacts {
            uri: "http://proxy.example:3128".into(),
            set_by: "environment https_proxy".into(),
            credentials: true,
            answer: Some(Response {
                version: "HTTP/1.1".into(),
                code: "502".into(),
                ..Response::default()
            }),
        }),
        instead: Some(Instead {
            to: "unix:/run/app.sock".into(),
            set_by: "--unix-socket".into(),
        }),
        from: Some("eth0".into()),
        local: Some("192.0.2.9".parse().expect("an address")),
        attempts: vec![
            attempt(
                "192.0.2.1:1",
                AttemptEnd::Failed("errno:ECONNREFUSED".parse().expect("a signal")),
            ),
            attempt("[2001:db8::1]:1", AttemptEnd::Abandoned),
            attempt("192.0.2.2:1", AttemptEnd::Connected),
        ],
    }
}

fn rich() -> Exchange {
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Repeater("berlin".into()),
            side: Side::Client,
        },
        observed_at: Seen::Present(
            SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_719_200_123),
        ),
        target: "https://shop.example/cart".into(),
        sent: Sent::All,
        end: End::Partial,
        close: Seen::Absent,
        reused: Seen::Present(true),
        peer: Some("127.0.0.1:443".parse().expect("an address")),
        received: 99,
        tls: Some(TlsFacts {
            version: "TLSv1.3".into(),
            not_after: Some(1_700_000_000),
            chain: vec![CertFacts {
                subject: "CN=a".into(),
                issuer: "CN=b".into(),
                not_before: 1_600_000_000,
                not_after: 1_700_000_000,
            }],
            ..TlsFacts::default()
        }),
        way: Some(Box::new(way())),
        ..Exchange::default()
    };
    exchange.request.method = Bytes::from_static(b"GET");
    exchange.request.fields = Fields::of([("Host", "shop.example")]);
    exchange.request.fields.list.push(Field {
        name: Bytes::from_static(b"Cookie"),
        value: Value::Redacted(Bytes::from_static(b"a=**")),
    });
    exchange.response = Some(Response {
        version: Bytes::from_static(b"HTTP/1.1"),
        code: Bytes::from_static(b"2OO"),
        reason: Bytes::from_static(b"\xff"),
        fields: Fields {
            list: vec![],
            kept: Kept::Only(vec!["server".into()]),
        },
        body: Seen::Present(Body {
            bytes: Bytes::from_static(b"\x00\x01\xfe"),
            received: Seen::Present(7),
            complete: Seen::Present(false),
            framing: Framing::Length(10),
        }),
        trailers: Fields::default(),
        raw_head: Some(Value::Bytes(Bytes::from_static(b"HTTP/1.1  2OO \xff\n\n"))),
    });
    exchange.signal(
        Phase::Tls,
        "cert:expired not-after=2025-01-31T00:00:00Z"
            .parse()
            .expect("a signal"),
    );
    exchange.signal(
        Phase::Receive,
        "h1:truncated-body at=12".parse().expect("a signal"),
    );
    exchange
        .timeline
        .add(Phase::Wait, Duration::from_micros(12_345));
    exchange
}

#[test]
fn both_ways() {
    let visit = Visit {
        asked: "https://shop.example/cart".into(),
        steps: vec![
            Step {
                exchange: rich(),
                because: Because::Asked,
            },
            Step {
                exchange: rich(),
                because: Because::Redirect(0),
            },
        ],
    };
    let mut out = Vec::new();
    for (index, step) in visit.steps.iter().enumerate() {
        write_line(
            &mut out,
            &ExchangeLine::new("7", index, step.because, &step.exchange),
        )
        .expect("memory");
    }
    assert_eq!(read_visits(&out).expect("what we wrote"), [visit]);
}

#[test]
fn what_is_no_exchange_is_named_with_its_line() {
    for (text, line, what) in [
        ("{\"a\":1}", 1, "exchanges are needed"),
        ("{\"kind\":\"diagnosis\"}", 1, "objects of kind diagnosis"),
        ("{\"schema\":9,\"kind\":\"exchange\"}", 1, "schema 9"),
        (
            "{\"schema\":1,\"kind\":\"exchange\"}\n{oops",
            2,
            "no JSON at column",
        ),
        (
            "{\"schema\":1,\"kind\":\"exchange\",\"end\":\"sideways\"}",
            1,
            "unknown end 'sideways'",
        ),
    ] {
        let error = read_visits(text.as_bytes()).expect_err(text);
        assert_eq!(error.line, line, "{text}");
        assert!(error.what.contains(what), "{text}: {}", error.what);
    }
}

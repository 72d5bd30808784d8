//! Whatever the bytes: no reader panics, every column lies in its line, and what is made of a line is bounded.

use std::sync::Arc;

use httpwhy_ingest::logs::{
    Cause, Column, Layout, Line, QuoteIndex, Quotes, Spans, Split, carriers, formats, prove,
    same_exchange, user,
};

/// Lines to begin from: one of every family.
const SEEDS: &[&str] = &[
    r#"127.0.0.1 shop.example:8080 - [21/Nov/2026:19:37:35 +0000] "GET /cart HTTP/1.1" 503 361 "-" "curl/8.5.0""#,
    r"2026-11-21 19:37:35: (gw_backend.c.274) establishing connection failed: Connection refused socket: tcp:127.0.0.1:9",
    r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 504 157 "-" "curl/8.5.0" "-" rt=60.003 ua="10.0.0.5:8080" us="504, 200" uct="0.001" uht="-""#,
    r#"shop.example:443 203.0.113.9 - al [03/Nov/2026:14:05:12 +0000] "GET /a\"b HTTP/1.1" 503 299 "-" "x" 10 20 3000"#,
    r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET http://a/b HTTP/1.1" 503 282 "-" "x" miss "first byte timeout""#,
    r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/2.0" 200 512 "-" "x" 411 5.012 [shop] [] 10.4.1.7:80, 10.4.1.8:80 0, 512 5.001, 0.011 504, 200 9a3c"#,
    r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/2.0" 502 11 "-" "x" 4711 "shop@docker" "http://10.0.0.5:80" 3004ms"#,
    r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe~ be/app2 0/0/-1/-1/+5002 503 +217 - - sC-- 8/6/9/3/+3 0/0 {a|b} "GET /cart HTTP/1.1""#,
    r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/1.1" 503 UC upstream_reset{x} - "-" 0 95 3 - "-" "x" "6f1c" "c:8080" "10.4.1.7:80" outbound|80||c 10.4.2.3:4 10.8.0.9:8 10.4.2.3:5 - default"#,
    r#"h2 2026-11-03T14:05:12.345678Z app/shop/50 203.0.113.9:51234 10.0.0.5:80 0.000 -1 -1 502 - 211 277 "GET https://a:443/ HTTP/2.0" "x" - - arn:x "Root=1" "a" "-" 0 2026-11-03T14:05:12Z "waf,forward" "-" "LambdaUnhandled""#,
    "#Fields: date time cs-uri-stem sc-status sc-substatus sc-win32-status time-taken",
    "2026-11-03 14:05:12 /x 500 19 64 1",
    "#Fields: date time c-ip sc-status s-reason",
    "2026-11-03 14:05:12 ::1 503 AppOffline",
    r#"{"ts":1793714712.345,"logger":"http.log.access","request":{"remote_ip":"203.0.113.9","method":"GET","uri":"/b"},"duration":0.1,"size":0,"status":502}"#,
    "2026-11-03\t14:05:12\tFRA56-P4\t507\t203.0.113.9\tGET\td1.cloudfront.net\t/cart\t502\t-\tcurl\t-\t-\tError",
    r#"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be b [03/Nov/2026:14:05:12 +0000] 203.0.113.9 - 3E REST.GET.OBJECT a "GET /a HTTP/1.1" 503 SlowDown 5 5 21 2 "-" "x""#,
    "1793714712.345  60012 192.0.2.10 TCP_MISS_ABORTED/504 3921 GET http://a/r - HIER_DIRECT/198.51.100.7 text/html",
    r#"at=error code=H12 desc="Request timeout" method=GET path="/r" host=h fwd="203.0.113.9" dyno=web.1 connect=1ms service=30001ms status=503 bytes=0"#,
    r#"{"level":"error","ts":1793714712.345,"logger":"http.log.error.log0","msg":"dial tcp 10.0.0.5:80: connect: connection refused","request":{"remote_ip":"203.0.113.9","method":"GET","uri":"/b"},"status":502}"#,
    r#"{"httpRequest":{"requestUrl":"https://a/cart","status":502,"latency":"0.004s"},"jsonPayload":{"statusDetails":"x","proxyStatus":"error=\"dns_error\""},"EdgeResponseStatus":522,"DownstreamStatus":504,"category":"FrontDoorAccessLog","properties":{"httpStatusCode":"503","errorInfo":"OriginTimeout"},"response_flags":"UF","response_code":503,"fastly_server":"x","response_status":503,"status":"502","uri":"/"}"#,
    r#"2026/11/03 14:05:12 [error] 7#7: *46 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: shop, request: "GET /a HTTP/1.1", upstream: "http://10.0.0.5:80/a", host: "a""#,
    "[Tue Nov 03 14:05:12.345678 2026] [proxy:error] [pid 7:tid 9] (111)Connection refused: [client 203.0.113.9:5] AH00957: http: attempt to connect to a failed, referer: x",
    "203.0.113.9:56878 [03/Nov/2026:14:05:12.711] web/3: SSL handshake failure (error:0A00010B:SSL routines::wrong version number)",
    "2026/11/03 14:05:12 kid1| WARNING: HTTP: Invalid Response: x from http://a AKA http://b",
    "vsl\t1795207665.126917\t127.0.0.1\tGET\t/a\t-\t503\t-\t-\t-\t-\ta\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\tFetchError: HTC eof (-1)",
    "varnishlog\t1795207665.126917\t127.0.0.1\tGET\t/a\t-\t503\t-\t-\t-\tpass\ta\t-\t-\t-\t-\t-\t-\t502\t-\t-\t-\tError: x",
    "shop 2026-11-03T14:05:12Z 203.0.113.9 12 200 300 \"GET /p HTTP/1.1\" 0.123",
    r#"{"log":"<134>1 2026-11-03T14:05:12Z h nginx 7 - [a@1 k=\"v\"] x\n","stream":"stderr","time":"t"}"#,
    r#"{"MESSAGE":[72,105],"__REALTIME_TIMESTAMP":"1"}"#,
    "[pod/a/b] 2026-11-03T14:05:12.3Z stdout P Nov  3 14:05:12 lb1 nginx[7]: \u{1b}[1mx\u{1b}[0m",
    "shop-web-1  | \u{feff}x\r",
];

/// Formats as users write them.
const USER: &[&str] = &[
    "$remote_addr [$time_local] \"$request\" $status $upstream_addr $upstream_status $upstream_header_time",
    "%h %t \\\"%r\\\" %>s %b %X %D",
    "%ci:%cp [%tr] %ft %b/%s %Tc/%Tr/%Ta %ST %B %tsc %hr %hs %{+Q}r",
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(:PATH)%\" %RESPONSE_CODE% %RESPONSE_FLAGS% %DURATION%",
];

/// xorshift64: the same lines every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("below a size")
    }

    /// A seed, changed in a few places: bytes replaced, removed, doubled, cut, or mixed with another's.
    fn line(&mut self) -> Vec<u8> {
        let mut line = SEEDS[self.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..self.below(6) {
            let at = self.below(line.len());
            match self.below(7) {
                0 if !line.is_empty() => line[at] = self.next().to_le_bytes()[0],
                1 if !line.is_empty() => {
                    line.remove(at);
                }
                2 => line.truncate(at),
                3 => {
                    let marks = b"\"\\[]{} -:,/.#\x1b\xff";
                    line.insert(at, marks[self.below(marks.len())]);
                }
                4 => {
                    let other = SEEDS[self.below(SEEDS.len())].as_bytes();
                    let from = self.below(other.len());
                    line.extend_from_slice(&other[from..]);
                }
                5 => line.drain(..at).for_each(drop),
                _ => {
                    let from = self.below(line.len());
                    let piece = line[from..].to_vec();
                    line.splice(at..at, piece);
                }
            }
            line.truncate(4096);
        }
        line
    }
}

#[test]
fn no_reader_panics_and_columns_lie_in_the_line() {
    let user: Vec<_> = USER
        .iter()
        .map(|text| user::compile(text).expect(text))
        .collect();
    let seeds: Vec<&[u8]> = SEEDS.iter().map(|seed| seed.as_bytes()).collect();
    let mut layouts: Vec<(&'static httpwhy_ingest::logs::Format, Arc<dyn Layout>)> = formats()
        .filter_map(|format| {
            // Where most lines are another's that reads alike, a format is that one's.
            let alone = || seeds.iter().find_map(|seed| (format.fit)(&[*seed]));
            Some((format, (format.fit)(&seeds).or_else(alone)?))
        })
        .collect();
    assert!(
        layouts.len() + 1 >= formats().len(),
        "every format but the inferred one knows a seed"
    );
    layouts.extend(user.into_iter().map(|user| (user.format, user.layout)));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut read = vec![0_usize; layouts.len()];
    for _ in 0..20_000 {
        let line = random.line();
        let peeled = peel_all(&line);
        for (nth, (format, layout)) in layouts.iter().enumerate() {
            if check(format, &**layout, &peeled) == Split::Read {
                read[nth] += 1;
            }
        }
        if random.below(50) == 0 {
            for format in formats() {
                if let Some(layout) = (format.fit)(&[&line, &peeled]) {
                    check(format, &*layout, &line);
                }
            }
        }
    }
    for ((format, _), read) in layouts.iter().zip(&read) {
        assert!(
            *read > 0 || format.name == "inferred",
            "{} read no line at all",
            format.name
        );
    }
}

/// Peels until no carrier knows the line, as often as a hostile line can ask for it.
fn peel_all(line: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    for _ in 0..8 {
        let Some(inner) = carriers().find_map(|carrier| {
            let mut own = Vec::new();
            (carrier.peel)(&line, &mut own).map(|peeled| peeled.line.to_vec())
        }) else {
            break;
        };
        assert!(inner.len() <= line.len(), "a carrier makes no line longer");
        line = inner;
    }
    line
}

fn check(format: &httpwhy_ingest::logs::Format, layout: &dyn Layout, raw: &[u8]) -> Split {
    let mut spans = Spans::default();
    let split = layout.split(raw, &mut spans);
    if split == Split::Directive {
        let _ = layout.after(raw);
    }
    if !raw.contains(&b'\n') {
        assert_same_at_quotes(layout, raw, split, &spans);
    }
    if split != Split::Read {
        return split;
    }
    for column in Column::ALL {
        if let Some((from, to)) = spans.get(*column) {
            assert!(
                from <= to && to <= raw.len(),
                "{} {column:?} {from}..{to}",
                format.name
            );
        }
    }
    let line = Line::new(raw, &spans);
    let shape = (format.shape)(&line);
    let mut visit = (format.visit)(&shape);
    assert!((1..=3).contains(&visit.steps.len()));
    let _ = (format.open)(&shape);
    if Cause::of(&shape).is_some() {
        prove(&mut visit, &shape);
    }
    let _ = same_exchange(&line, &line, 0);
    for column in Column::ALL {
        let _ = line.micros(*column);
    }
    let _ = (line.path(), line.host(), line.method(), line.bytes());
    split
}

/// A layout reads a line alike whether its quotes were found before or not.
fn assert_same_at_quotes(layout: &dyn Layout, raw: &[u8], wanted: Split, spans: &Spans) {
    let mut index = QuoteIndex::default();
    index.look_through(raw);
    let mut found = Spans::default();
    let split = layout.split_at_quotes(raw, Quotes::new(index.places()), &mut found);
    assert_eq!(split, wanted, "{}", raw.escape_ascii());
    for column in Column::ALL.iter().filter(|_| split == Split::Read) {
        let places = (found.get(*column), spans.get(*column));
        assert_eq!(places.0, places.1, "{column:?} of {}", raw.escape_ascii());
    }
}

#[test]
fn long_and_deep_lines_are_bounded() {
    let long = |unit: &str| unit.repeat(64 * 1024 / unit.len());
    let lines = [
        long("\""),
        long("["),
        long("{\"a\":"),
        long(" "),
        long("{"),
        long("\\"),
        format!("{{\"status\":\"{}\"", long("\\u0000")),
        format!(
            "203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] \"{}",
            long("a ")
        ),
        long(", client: "),
        long("\u{1b}["),
    ];
    for line in &lines {
        let raw = line.as_bytes();
        for format in formats() {
            if let Some(layout) = (format.fit)(&[raw]) {
                check(format, &*layout, raw);
            }
        }
        let _ = peel_all(raw);
    }
}

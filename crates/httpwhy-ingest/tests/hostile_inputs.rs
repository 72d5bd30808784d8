//! Broken and hostile inputs: whatever the bytes and whatever kind they are taken for, reading ends, within bounds, and does
//! not panic.

use httpwhy_ingest::Options;
use httpwhy_ingest::inputs::{Input, all};

const SAMPLES: &[&[u8]] = &[
    include_bytes!("fixtures/chromium.har"),
    include_bytes!("fixtures/playwright.har"),
    include_bytes!("fixtures/airflow-simple-auth.openapi.yaml"),
    include_bytes!("fixtures/newman.postman.json"),
    b"{\"_type\":\"export\",\"__export_format\":4,\"resources\":[{\"_type\":\"request\",\"url\":\"{{ _.a.b }}/p\",\"parameters\":[{\"name\":\"a\",\"value\":\"b\"}]}]}",
    b"<?xml version='1.0'?><items burpVersion='1'><item><url>http://a/</url><request base64='true'>R0VUIC8gSFRUUC8xLjENCg0K</request></item></items>",
    b"<urlset><url><loc>http://a/?b&amp;c&#x41;</loc></url></urlset>",
    b"url;x\r\n\"http://a/\";\"2\r\n3\"\r\n",
    b"curl -X POST 'http://a/' -H \"A: b\" --data-raw $'\\u0041\\x42' \\\n -u a:b # c\n",
    b"GET /x HTTP/1.1\r\nHost: a\r\n\r\nbody",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"openapi: 3.0.0\nservers: [{url: 'http://a/{b}', variables: {b: {default: c}}}]\npaths:\n  /x/{y}: &p\n    get: {parameters: [{in: path, name: y, schema: {$ref: '#/paths'}}], responses: {'200': {}}}\n  /z: *p\n",
    b"http://a/\tnote\n# x\nhttp://b/\n",
];

fn read(bytes: &[u8], nth: Option<usize>) -> usize {
    let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
    let options = Options {
        for_calls: nth.is_some_and(|nth| nth % 2 == 0),
        ..Options::default()
    };
    let wanted = nth.map(|nth| all()[nth % all().len()]);
    let Ok(input) = Input::recognise(reader, options, wanted) else {
        return 0;
    };
    let kind = input.kind;
    let mut count = input.calls().map_or(0, Iterator::count);
    let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
    if let Ok(input) = Input::recognise(reader, Options::default(), Some(kind)) {
        count += input.visits().map_or(0, Iterator::count);
    }
    count
}

/// A small generator, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

#[test]
fn every_cut_and_every_change_is_read_to_an_end() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut most = 0;
    for sample in SAMPLES {
        for round in 0..60 {
            let mut bytes = sample[..sample.len().min(4096)].to_vec();
            bytes.truncate(bytes.len() - random.next(bytes.len() / 2) * (round % 2));
            for _ in 0..random.next(4) {
                let at = random.next(bytes.len());
                bytes[at] = b"\0\"'{}[]<>&:,\\\n\xff-*"[random.next(17)];
            }
            most = most.max(read(&bytes, None));
            most = most.max(read(&bytes, Some(round)));
        }
    }
    assert!((1..1000).contains(&most), "{most}");
}

#[test]
fn what_grows_is_stopped() {
    use std::fmt::Write as _;

    let deep = |open: &str, count: usize| open.repeat(count);
    let mut bomb = "openapi: 3.0.0\npaths: {}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..40 {
        let before = format!("*a{},", n - 1).repeat(10);
        writeln!(bomb, "a{n}: &a{n} [{before}]").expect("memory");
    }
    let laughs = "<!DOCTYPE urlset [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><urlset><url><loc>&b;</loc></url></urlset>";
    let schema = r##"{"openapi":"3.0.0","servers":[{"url":"http://a"}],"components":{"schemas":{"S":{"type":"object","required":["a","b","c","d"],"properties":{"a":{"$ref":"#/components/schemas/S"},"b":{"$ref":"#/components/schemas/S"},"c":{"$ref":"#/components/schemas/S"},"d":{"$ref":"#/components/schemas/S"}}}}},"paths":{"/x":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}}}}}}"##;
    let item = "{\"item\":[".repeat(200);
    for text in [
        bomb.as_str(),
        laughs,
        schema,
        &format!("{{\"info\":{{}},\"item\":[{item}"),
        &deep("{\"log\":", 100_000),
        &format!("openapi: 3.0.0\npaths: {}", deep("[", 100_000)),
        &deep("<items burpVersion='1'>", 10_000),
        &format!("curl {}", deep("'", 100_001)),
    ] {
        assert!(read(text.as_bytes(), None) < 10, "{}", &text[..60]);
        for nth in 0..all().len() {
            read(text.as_bytes(), Some(nth));
        }
    }
    let packed = {
        use std::io::Write as _;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed
            .write_all(b"{\"openapi\":\"3.0.0\",\"x\":\"")
            .expect("memory");
        let mebibyte = vec![b'a'; 1 << 20];
        for _ in 0..70 {
            packed.write_all(&mebibyte).expect("memory");
        }
        packed.finish().expect("memory")
    };
    let input = Input::recognise(
        Box::new(std::io::Cursor::new(packed)),
        Options::default(),
        None,
    );
    let read = input.and_then(Input::calls).map(|mut calls| calls.next());
    let error = match read {
        Ok(Some(Err(error))) | Err(error) => error,
        other => panic!("a bomb was read: {:?}", other.map(|_| ())),
    };
    assert!(
        matches!(error.word, "file-too-large" | "json-parse"),
        "{error}"
    );
}

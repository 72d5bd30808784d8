//! As HAR 1.2 (W3C Web Performance Working Group, "HTTP Archive (HAR) format", historical draft of 14 August 2012).
//!
//! An exchange without an answer has status 0, as browsers write it, and says why in `_error`. What only a row is kept of
//! has its times, status and sizes. Hidden values stay hidden. An input that is no URL was no request, and HAR has no
//! place for it.

use std::fmt::Write as FmtWrite;
use std::io::{self, Write};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httpwhy_model::{Exchange, Fields, Phase, Request, Response, Seen, Value};
use httpwhy_schema::moment;
use httpwhy_store::{Row, Run};
use httpwhy_wire::coding::{self, Bounds, Ending};
use serde_json::{Value as Json, json};
use url::Url;

/// A recording under way.
pub(super) struct Har<'w> {
    out: &'w mut dyn Write,
    began: String,
    first: bool,
}

impl<'w> Har<'w> {
    pub(super) fn begin(out: &'w mut dyn Write, run: &Run) -> io::Result<Self> {
        let creator = json!({"name": "httpwhy", "version": env!("CARGO_PKG_VERSION")});
        let comment = json!(format!("run {}: {}", run.id, run.command));
        write!(
            out,
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"comment\":{comment},\"pages\":[],\"entries\":["
        )?;
        Ok(Self {
            out,
            began: moment(run.started),
            first: true,
        })
    }

    pub(super) fn add(&mut self, row: &Row) -> io::Result<()> {
        if Url::parse(&row.target).is_err() {
            return Ok(());
        }
        let separator = if self.first { "\n" } else { ",\n" };
        self.first = false;
        // serde_json escapes what JSON demands; the rest is escaped as in all our JSON.
        let text = quiet(&entry(row, &self.began).to_string());
        write!(self.out, "{separator}{text}")
    }

    pub(super) fn end(self) -> io::Result<()> {
        writeln!(self.out, "\n]}}}}")
    }
}

/// The JSON with every character that acts on a terminal as `\u…`: such a character stands in strings alone.
fn quiet(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if httpwhy_model::acts_on_terminals(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing into a string does not fail.
                let _ = FmtWrite::write_fmt(&mut out, format_args!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn entry(row: &Row, run_began: &str) -> Json {
    let step = row.step();
    let exchange = &step.exchange;
    let timings = timings(exchange);
    let time: f64 = ["blocked", "dns", "connect", "send", "wait", "receive"]
        .iter()
        .filter_map(|name| timings[*name].as_f64())
        .filter(|took| *took > 0.0)
        .sum();
    let mut entry = json!({
        "startedDateTime": row.at.map_or_else(|| run_began.to_owned(), moment),
        "time": rounded(time),
        "request": request(exchange),
        "response": response(exchange),
        "cache": {},
        "timings": timings,
        "_outcome": row.verdict.outcome,
        "_visit": row.number,
        "_because": step.because.to_string(),
    });
    if let Some(peer) = exchange.peer {
        entry["serverIPAddress"] = json!(peer.ip().to_string());
    }
    entry
}

fn request(exchange: &Exchange) -> Json {
    let request = &exchange.request;
    let mut json = json!({
        "method": text(&request.method),
        "url": exchange.target,
        "httpVersion": text(&request.version),
        "cookies": cookies(&request.fields, "cookie"),
        "headers": headers(&request.fields),
        "queryString": query(&exchange.target),
        "headersSize": -1,
        "bodySize": content_size(&request.body),
    });
    if let Some(posted) = posted(request) {
        json["postData"] = posted;
    }
    json
}

fn posted(request: &Request) -> Option<Json> {
    let Seen::Present(body) = &request.body else {
        return None;
    };
    Some(json!({
        "mimeType": request.fields.text("content-type").unwrap_or_default(),
        "params": [],
        "text": text(&body.bytes),
    }))
}

fn response(exchange: &Exchange) -> Json {
    let Some(response) = &exchange.response else {
        return without_answer(exchange);
    };
    json!({
        "status": response.status().unwrap_or(0),
        "statusText": text(&response.reason),
        "httpVersion": text(&response.version),
        "cookies": cookies(&response.fields, "set-cookie"),
        "headers": headers(&response.fields),
        "content": content(response),
        "redirectURL": response.fields.text("location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": content_size(&response.body),
    })
}

fn without_answer(exchange: &Exchange) -> Json {
    let signals = exchange
        .signals()
        .map(|(phase, signal)| format!("{phase}: {signal}"));
    json!({
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "_error": signals.collect::<Vec<_>>().join(", "),
    })
}

/// Without its codings, as HAR has it. Where they cannot be taken off, the content as it came, and a word about it.
fn content(response: &Response) -> Json {
    let kind = response.fields.text("content-type").unwrap_or("x-unknown");
    let Seen::Present(body) = &response.body else {
        return json!({"size": 0, "mimeType": kind});
    };
    let codings = coding::codings(&response.fields);
    let bounds = Bounds {
        keep: 1 << 20,
        ..Bounds::default()
    };
    let decoded = codings
        .filter(|codings| !codings.is_empty())
        .map(|codings| coding::decode(&codings, &body.bytes, &bounds))
        .filter(|decoded| matches!(decoded.end, Ending::Whole | Ending::Cut));
    let (bytes, size) = match &decoded {
        Some(decoded) => (&decoded.bytes[..], decoded.size),
        None => (
            &body.bytes[..],
            body.received.present().unwrap_or(body.bytes.len() as u64),
        ),
    };
    let mut content = json!({"size": size, "mimeType": kind});
    if let Ok(text) = std::str::from_utf8(bytes) {
        content["text"] = json!(text);
    } else {
        content["text"] = json!(STANDARD.encode(bytes));
        content["encoding"] = json!("base64");
    }
    if (bytes.len() as u64) < size {
        content["comment"] = json!("only the first bytes were kept");
    }
    content
}

fn content_size(body: &Seen<httpwhy_model::Body>) -> i64 {
    match body {
        Seen::Present(body) => body.received.present().map_or(-1, |size| size as i64),
        Seen::Absent => 0,
        Seen::NotCaptured => -1,
    }
}

fn headers(fields: &Fields) -> Vec<Json> {
    let lines = fields
        .list
        .iter()
        .map(|field| json!({"name": text(&field.name), "value": text(field.value.as_bytes())}));
    lines.collect()
}

/// Names and hidden values of the cookies in fields of that name.
fn cookies(fields: &Fields, name: &str) -> Vec<Json> {
    let values = fields.iter(name).map(Value::as_bytes);
    let pairs = values.flat_map(|value| {
        let text = text(value);
        // Behind the first of Set-Cookie stand attributes.
        let most = if name == "cookie" { usize::MAX } else { 1 };
        let pairs = text.split(';').take(most).map(str::trim).map(str::to_owned);
        pairs.collect::<Vec<_>>()
    });
    let pairs = pairs.filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair.as_str(), ""));
            json!({"name": name, "value": value})
        })
        .collect()
}

fn query(target: &str) -> Vec<Json> {
    let url = Url::parse(target).ok();
    let pairs = url.iter().flat_map(|url| url.query_pairs());
    pairs
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}

/// Times of phases that did not take place are -1; those of sending, waiting and receiving may not be.
fn timings(exchange: &Exchange) -> Json {
    let millis = |took: Duration| rounded(took.as_micros() as f64 / 1e3);
    let of = |phases: &[Phase]| {
        let took: Vec<Duration> = phases
            .iter()
            .filter_map(|&phase| exchange.timeline.get(phase))
            .collect();
        (!took.is_empty()).then(|| millis(took.into_iter().sum()))
    };
    json!({
        "blocked": of(&[Phase::Queue]).unwrap_or(-1.0),
        "dns": of(&[Phase::Resolve]).unwrap_or(-1.0),
        // With TLS in it, for that is how it was defined.
        "connect": of(&[Phase::Connect, Phase::Tunnel, Phase::Tls]).unwrap_or(-1.0),
        "ssl": of(&[Phase::Tls]).unwrap_or(-1.0),
        "send": of(&[Phase::Send]).unwrap_or(0.0),
        "wait": of(&[Phase::Wait]).unwrap_or(0.0),
        "receive": of(&[Phase::Receive]).unwrap_or(0.0),
    })
}

fn rounded(millis: f64) -> f64 {
    (millis * 1e3).round() / 1e3
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! HAR 1.2: what a browser or a proxy recorded. Read entry by entry, so that a recording may be of any size.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use httpwhy_model::{
    Body, End, Exchange, Fields, Framing, Kept, Phase, Request, Response, Seen, Sent, Side, Signal,
    Vantage, Visit, Who,
};

use crate::doc::json::Json;
use crate::doc::{Node, Value};
use crate::inputs::call::{More, is_own, rebased};
use crate::inputs::content::Stream;
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure};
use crate::{Unread, browser};

pub(crate) static KIND: Kind = Kind {
    name: "har",
    title: "a HAR recording",
    looks,
    visits: Some(visits),
    calls: Some(calls),
    deliberate: false,
};

/// One entry may take so many bytes: bodies are inside, in base64.
const LARGEST_ENTRY: usize = 64 * 1024 * 1024;
/// Fields that exporters leave out of what is to be shared (Chrome DevTools documentation, Network features reference).
const PRIVATE: &[&str] = &["cookie", "set-cookie", "authorization"];

fn looks(look: &Look<'_>) -> Option<Sure> {
    (look.json("log") == Some(b'{')).then_some(Sure::Certain)
}

fn visits(content: Content, _: &Options) -> Items<Visit> {
    Box::new(Entries::new(content).map(|entry| {
        let (node, pointer) = entry?;
        visit(&node, &pointer)
    }))
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let base = options.base.clone();
    let entries = Entries::new(content).filter(|entry| {
        // Whether cookies were left out matters to a judgement alone.
        !matches!(entry, Err(note) if note.word == "har-redacted")
    });
    Box::new(entries.map(move |entry| {
        let (node, pointer) = entry?;
        call(&node, &pointer, base.as_deref())
    }))
}

/// The entries, as a stream.
struct Entries {
    json: Json<Stream>,
    at: At,
    number: usize,
    /// The first member or element of what is open.
    first: bool,
    version: Version,
    private: bool,
    notes: Vec<Unread>,
}

enum At {
    Start,
    Entries,
    Done,
}

enum Version {
    Missing,
    Good,
    Other(String),
}

impl Entries {
    fn new(content: Content) -> Self {
        Self {
            json: Json::new(content.stream(), LARGEST_ENTRY),
            at: At::Start,
            number: 0,
            first: true,
            version: Version::Missing,
            private: false,
            notes: Vec::new(),
        }
    }

    /// Goes to the first entry. `false`: there is no list of them.
    fn start(&mut self) -> Result<bool, Unread> {
        self.json.open(b'{')?;
        let mut first = true;
        let mut names = Vec::new();
        while let Some(name) = self.json.member(&mut first)? {
            if &*name == "log" {
                let found = self.log()?;
                if found {
                    return Ok(true);
                }
            } else {
                self.json.pass_over()?;
            }
            if names.len() < 5 {
                names.push(name.to_string());
            }
        }
        Err(Unread::word(
            "har-not-har",
            "the list log.entries is missing: it is no HAR, or its recording was left out",
        )
        .with("keys", names.join(",")))
    }

    /// Reads the members of `log` up to its entries.
    fn log(&mut self) -> Result<bool, Unread> {
        self.json.open(b'{')?;
        let mut first = true;
        while let Some(name) = self.json.member(&mut first)? {
            match &*name {
                "entries" => {
                    let place = self.json.next_place()?;
                    if self.json.next_byte()? != Some(b'[') {
                        let what = "a list is expected";
                        return Err(Unread::mapping(place, "/log/entries", what));
                    }
                    self.json.open(b'[')?;
                    self.first = true;
                    return Ok(true);
                }
                "version" => self.version = version(&self.json.value()?),
                _ => self.json.pass_over()?,
            }
        }
        Ok(false)
    }

    /// Reads what stands behind the entries.
    fn end(&mut self) -> Result<(), Unread> {
        let mut first = false;
        while let Some(name) = self.json.member(&mut first)? {
            match &*name {
                "version" => self.version = version(&self.json.value()?),
                _ => self.json.pass_over()?,
            }
        }
        let mut first = false;
        while self.json.member(&mut first)?.is_some() {
            self.json.pass_over()?;
        }
        self.json.end()?;
        self.remark();
        Ok(())
    }

    /// What is to be said of the whole.
    fn remark(&mut self) {
        let found = match &self.version {
            Version::Good => None,
            Version::Missing => Some("missing".to_owned()),
            Version::Other(text) => Some(text.clone()),
        };
        if let Some(found) = found {
            let what = format!(
                "log.version is {}, not \"1.1\" or \"1.2\": entries were read as 1.2",
                found.escape_debug()
            );
            self.notes
                .push(Unread::word("har-version", what).with("found", found));
        }
        if !self.private && self.number > 0 {
            let what = "no entry has Cookie, Set-Cookie or Authorization: they were probably left out on export, so nothing is concluded from their absence";
            let note = Unread::word("har-redacted", what).with("fields", PRIVATE.join(","));
            self.notes.push(note);
        }
        if self.number == 0 {
            let what = "log.entries is an empty list: nothing was recorded";
            self.notes
                .push(Unread::word("file-empty", what).under("/log/entries"));
        }
    }

    fn step(&mut self) -> Result<Option<(Node, String)>, Unread> {
        if matches!(self.at, At::Start) {
            // Should it fail, there is nothing to go on with.
            self.at = At::Done;
            if self.start()? {
                self.at = At::Entries;
            }
        }
        if !matches!(self.at, At::Entries) {
            return Ok(None);
        }
        self.at = At::Done;
        if !self.json.goes_on(&mut self.first, b']')? {
            self.end()?;
            return Ok(None);
        }
        let node = self.json.value()?;
        self.at = At::Entries;
        let pointer = format!("/log/entries/{}", self.number);
        self.number += 1;
        self.private |= has_private(&node);
        Ok(Some((node, pointer)))
    }
}

impl Iterator for Entries {
    type Item = Result<(Node, String), Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.step() {
            Ok(Some(entry)) => Some(Ok(entry)),
            Ok(None) => self.notes.pop().map(Err),
            Err(error) => Some(Err(error)),
        }
    }
}

fn version(node: &Node) -> Version {
    match node.text() {
        Some("" | "1.1" | "1.2") => Version::Good,
        Some(other) if other.starts_with("1.") && other.len() < 5 => Version::Good,
        Some(other) => Version::Other(other.chars().take(40).collect()),
        None => Version::Other(node.kind().to_owned()),
    }
}

fn has_private(entry: &Node) -> bool {
    ["request", "response"].iter().any(|side| {
        let message = entry.get(side);
        let headers = message.and_then(|message| message.get("headers"));
        let mut names = headers
            .map_or(&[][..], Node::list)
            .iter()
            .filter_map(|header| header.text_of("name"));
        names.any(|name| PRIVATE.iter().any(|known| name.eq_ignore_ascii_case(known)))
    })
}

/// The request of an entry, with its URL.
fn request<'a>(entry: &'a Node, pointer: &str) -> Result<(&'a Node, &'a str), Unread> {
    if !matches!(entry.value, Value::Map(_)) {
        let what = format!("an object is expected, and {} stands there", entry.kind());
        return Err(Unread::mapping(entry.place, pointer, what));
    }
    let Some(request) = entry.get("request") else {
        return Err(incomplete(entry, pointer, "request"));
    };
    let url = request.get("url");
    if let Some(url) = url.and_then(Node::text) {
        return Ok((request, url));
    }
    let found = url.map_or("nothing", Node::kind);
    let what = format!("a URL is expected, and {found} stands there");
    let place = url.unwrap_or(request).place;
    Err(Unread::mapping(
        place,
        &format!("{pointer}/request/url"),
        what,
    ))
}

fn incomplete(entry: &Node, pointer: &str, missing: &'static str) -> Unread {
    Unread::word(
        "har-entry-incomplete",
        format!("this entry has no {missing}"),
    )
    .at(entry.place)
    .under(pointer)
    .with("missing", missing)
}

fn call(entry: &Node, pointer: &str, base: Option<&str>) -> Result<Call, Unread> {
    let (request, url) = request(entry, pointer)?;
    let fields = pairs(request.get("headers"))
        .filter(|(name, _)| !is_own(name))
        .map(|(name, value)| (Bytes::from(name.to_owned()), Bytes::from(value.to_owned())))
        .collect();
    let more = More {
        method: request.text_of("method").unwrap_or("GET").to_owned().into(),
        fields,
        body: posted(request),
        pointer: pointer.to_owned(),
        line: entry.place.line as usize,
        ..More::default()
    };
    Ok(Call::new(rebased(url, base), more))
}

fn visit(entry: &Node, pointer: &str) -> Result<Visit, Unread> {
    let (request, url) = request(entry, pointer)?;
    let Some(answer) = entry.get("response") else {
        return Err(incomplete(entry, pointer, "response"));
    };
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Har,
            side: Side::Client,
        },
        target: url.to_owned(),
        request: sent(request, url),
        sent: Sent::All,
        ..Exchange::default()
    };
    if let Some(moment) = entry.text_of("startedDateTime").and_then(moment) {
        exchange.observed_at = Seen::Present(moment);
    }
    exchange.peer = entry
        .text_of("serverIPAddress")
        .and_then(|ip| peer(ip, url));
    timings(entry, &mut exchange);
    let status = answer.get("status").and_then(Node::whole).unwrap_or(0);
    if status <= 0 {
        unanswered(entry, answer, &mut exchange);
        return Ok(Visit::of(exchange));
    }
    let (response, bad) = received(answer, status, pointer);
    exchange.received =
        size(answer, "bodySize").unwrap_or(0) + size(answer, "headersSize").unwrap_or(0);
    exchange.response = Some(response);
    exchange.end = if status == 101 {
        End::Upgraded
    } else {
        End::Answered
    };
    if let Some(bad) = bad {
        exchange.signal(Phase::Queue, bad.signal());
    }
    if let Some(signal) = error_of(entry, answer) {
        // A browser that says both, a status and an error, lost the rest of the answer.
        exchange.end = End::Partial;
        exchange.signal(Phase::Receive, signal);
    }
    Ok(Visit::of(exchange))
}

fn sent(request: &Node, url: &str) -> Request {
    let path = url.split_once("://").map_or(url, |(_, rest)| {
        rest.find(['/', '?']).map_or("/", |at| &rest[at..])
    });
    let path = path.split('#').next().unwrap_or_default();
    let mut fields = Fields::all();
    for (name, value) in pairs(request.get("headers")).filter(|(name, _)| !name.starts_with(':')) {
        fields.push(name.to_owned(), value.to_owned());
    }
    let private = PRIVATE.iter().any(|name| fields.has(name));
    if !private {
        // They may have been left out: of no other field than those that are there is anything known.
        let names = fields.list.iter();
        let names = names.map(|field| String::from_utf8_lossy(&field.name).to_ascii_lowercase());
        fields.kept = Kept::Only(names.collect());
    }
    Request {
        method: request
            .text_of("method")
            .unwrap_or_default()
            .to_owned()
            .into(),
        target: path.to_owned().into(),
        version: browser::protocol(request.text_of("httpVersion").unwrap_or_default()),
        fields,
        body: match posted(request) {
            Some(bytes) => Seen::Present(body(bytes, None)),
            None => Seen::NotCaptured,
        },
    }
}

fn received(answer: &Node, status: i64, pointer: &str) -> (Response, Option<Unread>) {
    let mut fields = Fields::all();
    for (name, value) in pairs(answer.get("headers")).filter(|(name, _)| !name.starts_with(':')) {
        // Chromium joins fields of one name by line breaks.
        for value in value.split('\n') {
            fields.push(name.to_owned(), value.to_owned());
        }
    }
    if fields.list.is_empty() {
        fields.kept = Kept::Nothing;
    }
    let (content, bad) = content(answer, pointer);
    let response = Response {
        version: browser::protocol(answer.text_of("httpVersion").unwrap_or_default()),
        code: format!("{status:03}").into(),
        reason: answer
            .text_of("statusText")
            .unwrap_or_default()
            .to_owned()
            .into(),
        fields,
        body: content,
        ..Response::default()
    };
    (response, bad)
}

/// The content, without its codings, as browsers record it.
fn content(answer: &Node, pointer: &str) -> (Seen<Body>, Option<Unread>) {
    let Some(content) = answer.get("content") else {
        return (Seen::NotCaptured, None);
    };
    let Some(text) = content.text_of("text") else {
        return (Seen::NotCaptured, None);
    };
    if content.text_of("encoding") != Some("base64") {
        let bytes = Bytes::from(text.to_owned());
        return (Seen::Present(body(bytes, size(answer, "bodySize"))), None);
    }
    let unbroken: String = text.split_ascii_whitespace().collect();
    match STANDARD.decode(unbroken) {
        Ok(bytes) => (
            Seen::Present(body(bytes.into(), size(answer, "bodySize"))),
            None,
        ),
        Err(error) => {
            let what = format!("this content is marked as base64 and is none: {error}");
            let place = content.get("text").map_or(content.place, |text| text.place);
            let pointer = format!("{pointer}/response/content/text");
            let bad = Unread::word("har-body-base64", what)
                .at(place)
                .under(&pointer);
            (Seen::NotCaptured, Some(bad))
        }
    }
}

fn body(bytes: Bytes, received: Option<u64>) -> Body {
    Body {
        received: received.map_or(Seen::NotCaptured, Seen::Present),
        complete: Seen::NotCaptured,
        framing: Framing::Unknown,
        bytes,
    }
}

/// An entry with status 0: the browser's own error, where it says one.
fn unanswered(entry: &Node, answer: &Node, exchange: &mut Exchange) {
    exchange.end = End::Nothing;
    exchange.sent = Sent::Unknown;
    match error_of(entry, answer) {
        Some(signal) => {
            let came = exchange.timeline.get(Phase::Receive);
            let came = came.is_some_and(|took| !took.is_zero());
            let phase = browser::phase_of(&signal, came);
            exchange.signal(phase, signal);
        }
        None => exchange.signal(Phase::Queue, Signal::word("input", "har-status-zero")),
    }
}

/// Chromium writes `_error`, Playwright `_failureText`, both beside the standard's members.
fn error_of(entry: &Node, answer: &Node) -> Option<Signal> {
    let told = [
        answer.text_of("_error"),
        answer.text_of("_failureText"),
        entry.text_of("_error"),
    ];
    let told = told.into_iter().flatten().find(|text| !text.is_empty())?;
    browser::error(told)
}

fn timings(entry: &Node, exchange: &mut Exchange) {
    let Some(timings) = entry.get("timings") else {
        return;
    };
    let millis = |name: &str| {
        let millis = timings.get(name).and_then(Node::number)?;
        // -1: does not apply (HAR 1.2, timings).
        (0.0..1e10)
            .contains(&millis)
            .then(|| Duration::from_secs_f64(millis / 1000.0))
    };
    // Some recorders time it where there is none.
    let secure = ["https:", "wss:"]
        .iter()
        .any(|scheme| exchange.target.starts_with(scheme));
    let ssl = millis("ssl").filter(|_| secure);
    // The time for TLS is part of connect as well.
    let connect = millis("connect").map(|took| took.saturating_sub(ssl.unwrap_or_default()));
    for (phase, took) in [
        (Phase::Queue, millis("blocked")),
        (Phase::Resolve, millis("dns")),
        (Phase::Connect, connect),
        (Phase::Tls, ssl),
        (Phase::Send, millis("send")),
        (Phase::Wait, millis("wait")),
        (Phase::Receive, millis("receive")),
    ] {
        if let Some(took) = took {
            exchange.timeline.add(phase, took);
        }
    }
}

/// Name and value of each element of a list of `{name, value}`.
fn pairs(list: Option<&Node>) -> impl Iterator<Item = (&str, &str)> {
    let list = list.map_or(&[][..], Node::list);
    list.iter().filter_map(|pair| {
        let value = pair.text_of("value").unwrap_or_default();
        Some((pair.text_of("name")?, value))
    })
}

/// The content that was sent: its text, or the form that its parameters make.
fn posted(request: &Node) -> Option<Bytes> {
    let data = request.get("postData")?;
    if let Some(text) = data.text_of("text").filter(|text| !text.is_empty()) {
        if data.text_of("encoding") == Some("base64")
            && let Ok(bytes) = STANDARD.decode(text)
        {
            return Some(bytes.into());
        }
        return Some(text.to_owned().into());
    }
    let form: Vec<String> = pairs(data.get("params"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!form.is_empty()).then(|| form.join("&").into())
}

fn size(message: &Node, name: &str) -> Option<u64> {
    u64::try_from(message.get(name)?.whole()?).ok()
}

fn moment(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

/// The address with the port that the URL asks for: the HAR's `connection` is no port everywhere.
fn peer(ip: &str, url: &str) -> Option<SocketAddr> {
    let ip: IpAddr = ip.trim_matches(['[', ']']).parse().ok()?;
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let port = authority
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    let own = if matches!(scheme, "https" | "wss") {
        443
    } else {
        80
    };
    Some(SocketAddr::new(ip, port.unwrap_or(own)))
}

//! varnishlog's groups of records (vsl(7), vsl-query(7)) become one line for each request of a client, which the formats
//! `varnishlog` and `varnish-vsl` read.
//!
//! A transaction begins with `*   << Request  >> 12` and has a record a line, `-   ReqURL         /a`; one that it
//! caused stands below it (`**  << BeReq    >> 13`, `--  BereqURL …`) when varnishlog groups by request or session, and
//! in a group of its own, before or behind it, when it groups by transaction, which is its default. The parent that
//! `Begin` names and the child that `Link` names tell which belong together. Ungrouped (`-g raw`) each record bears its
//! transaction's number, `12 ReqURL         c /a`, and those of several are mixed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::formats::{VARNISH_VSL, VARNISHLOG, fault_weight};
use super::{Column, Format, Kind as Lines, Layout, Spans, Split, clf};

/// What a gathered line begins with, of a request and of one that something went wrong with; a tab stands behind each of
/// its fields.
pub(crate) const REQUEST: &[u8] = b"varnishlog\t";
pub(crate) const FAULT: &[u8] = b"vsl\t";

/// The fields of a gathered line, in their order; what went wrong follows them, up to the line's end.
pub(crate) const FIELDS: &[Column] = &[
    Column::Time,
    Column::Client,
    Column::Method,
    Column::Target,
    Column::Protocol,
    Column::Status,
    Column::Bytes,
    Column::BytesIn,
    Column::Duration,
    Column::Cache,
    Column::Host,
    Column::Agent,
    Column::Referer,
    Column::RequestId,
    Column::TraceId,
    Column::Pool,
    Column::Upstream,
    Column::UpstreamStatus,
    Column::UpstreamConnect,
    Column::UpstreamHeader,
    Column::UpstreamResponse,
];

/// Gathers varnishlog's records. Its memory is bounded whatever the records are.
#[derive(Debug)]
pub struct VslGatherer {
    gives: Lines,
    /// The transactions of the group that is being read.
    group: Vec<Transaction>,
    /// Those of ungrouped records whose end has not come.
    open: VecDeque<Transaction>,
    /// Those of earlier groups that wait for others.
    held: VecDeque<Transaction>,
}

/// One transaction.
#[derive(Debug, Default)]
struct Transaction {
    number: u64,
    parent: u64,
    kind: Kind,
    reason: Reason,
    /// Transactions that it caused, and whose records tell of the same exchange.
    links: Vec<u64>,
    /// What stands in [`FIELDS`], by their place.
    fields: Vec<(usize, Vec<u8>)>,
    /// The fault that says most, with its weight.
    fault: Option<(u8, Vec<u8>)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Fetch,
    #[default]
    Other,
}

/// Why a transaction was begun, as far as it matters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Restart,
    /// In the background: no client waits for it.
    Background,
    #[default]
    Other,
}

/// A value is kept so far, in bytes; so many links of a transaction, transactions of a group, and transactions that wait.
const KEPT: usize = 2048;
const LINKS: usize = 16;
const GROUP: usize = 256;
const HELD: usize = 256;

impl VslGatherer {
    /// One that gives a line for each request, or only for those that something went wrong with, to be joined to access
    /// lines.
    pub const fn new(gives: Lines) -> Self {
        Self {
            gives,
            group: Vec::new(),
            open: VecDeque::new(),
            held: VecDeque::new(),
        }
    }

    /// The format of the lines that such a one gives, and their layout.
    pub fn format(gives: Lines) -> (&'static Format, Arc<dyn Layout>) {
        let (format, mark) = match gives {
            Lines::Access => (&VARNISHLOG, REQUEST),
            Lines::Error => (&VARNISH_VSL, FAULT),
        };
        (format, Arc::new(Gathered { mark }))
    }

    /// Whether this is a line of varnishlog: the head of a transaction, or a record.
    pub fn is_record(raw: &[u8]) -> bool {
        head(raw).is_some() || record(raw).is_some() || ungrouped(raw).is_some()
    }

    /// Whether this begins as such a line, and is cut.
    pub fn is_torn(raw: &[u8]) -> bool {
        (raw.starts_with(b"*   <") || raw.starts_with(b"-   ")) && !Self::is_record(raw)
    }

    /// Takes the next line of varnishlog. The lines of requests that are whole now, when this one begins another group.
    pub fn line(&mut self, raw: &[u8]) -> Vec<Vec<u8>> {
        if let Some((level, kind, number)) = head(raw) {
            let done = if level == 1 {
                self.end_of_group(false)
            } else {
                Vec::new()
            };
            if self.group.len() < GROUP {
                self.group.push(Transaction {
                    number,
                    kind,
                    ..Transaction::default()
                });
            }
            return done;
        }
        if let Some((number, tag, value)) = ungrouped(raw) {
            return self.ungrouped(number, tag, &value[..value.len().min(KEPT)]);
        }
        if let (Some((tag, value)), Some(transaction)) = (record(raw), self.group.last_mut()) {
            transaction.take(tag, &value[..value.len().min(KEPT)]);
        }
        Vec::new()
    }

    /// Takes a record of which only its transaction's number tells where it belongs.
    fn ungrouped(&mut self, number: u64, tag: &[u8], value: &[u8]) -> Vec<Vec<u8>> {
        let at = self.open.iter().rposition(|one| one.number == number);
        match (tag, at) {
            (b"Begin", _) => {
                let kind = match &value[..clf::word(value)] {
                    b"req" => Kind::Request,
                    b"bereq" => Kind::Fetch,
                    _ => Kind::Other,
                };
                let mut begun = Transaction {
                    number,
                    kind,
                    ..Transaction::default()
                };
                begun.take(tag, value);
                self.open.push_back(begun);
                if self.open.len() > GROUP {
                    return self.close(0);
                }
            }
            (b"End", Some(at)) => return self.close(at),
            (_, Some(at)) => self.open[at].take(tag, value),
            // Its beginning is not in this log.
            (_, None) => {}
        }
        Vec::new()
    }

    /// An ungrouped transaction is whole: it is a group of its own.
    fn close(&mut self, at: usize) -> Vec<Vec<u8>> {
        let mut done = if self.group.is_empty() {
            Vec::new()
        } else {
            self.end_of_group(false)
        };
        self.group.extend(self.open.remove(at));
        done.extend(self.end_of_group(false));
        done
    }

    /// The lines of all requests that are left.
    pub fn end(&mut self) -> Vec<Vec<u8>> {
        self.group.extend(self.open.drain(..));
        self.end_of_group(true)
    }

    fn end_of_group(&mut self, all: bool) -> Vec<Vec<u8>> {
        let whole = self.group.len() > 1;
        let mut done = Vec::new();
        for mut transaction in std::mem::take(&mut self.group) {
            if whole {
                transaction.links.clear();
            }
            let is_part = transaction.kind == Kind::Fetch || transaction.kind == Kind::Request;
            if is_part && transaction.reason != Reason::Background {
                self.held.push_back(transaction);
            }
        }
        while let Some(at) = self.held.iter().position(|one| self.is_done(one, all)) {
            done.extend(self.finish(at));
        }
        // What no other went on with after all.
        while let Some(at) = self
            .held
            .iter()
            .position(|one| all && one.kind == Kind::Request)
        {
            done.extend(self.finish(at));
        }
        if whole || all {
            // Nothing of this group is in another.
            self.held.clear();
        }
        while self.held.len() > HELD {
            done.extend(self.finish(0));
        }
        done
    }

    /// Whether this is a request that was answered and all of whose parts are there, or come no more.
    fn is_done(&self, one: &Transaction, all: bool) -> bool {
        let is_held = |number: &u64| self.held.iter().any(|other| other.number == *number);
        let whole = all || one.links.iter().all(is_held);
        whole && one.kind == Kind::Request && !one.is_gone_on_with()
    }

    /// The line of the transaction that waits at this place, if it is a request's; its parts wait no longer.
    fn finish(&mut self, at: usize) -> Option<Vec<u8>> {
        let request = self.held.remove(at)?;
        if request.kind != Kind::Request {
            return None;
        }
        let mut numbers = vec![request.number];
        if request.reason == Reason::Restart {
            numbers.push(request.parent);
        }
        let mut parts = Vec::new();
        // A part's own parts stand behind it, however often it was tried again.
        for _ in 0..LINKS {
            let belongs = |one: &Transaction| {
                let earlier = one.is_gone_on_with() && numbers.contains(&one.number);
                earlier || one.kind == Kind::Fetch && numbers.contains(&one.parent)
            };
            let Some(at) = self.held.iter().position(belongs) else {
                break;
            };
            let part = self.held.remove(at)?;
            numbers.push(part.number);
            if part.kind == Kind::Request && part.reason == Reason::Restart {
                numbers.push(part.parent);
            }
            parts.push(part);
        }
        match self.gives {
            Lines::Access => Some(line_of(REQUEST, &request, &parts)),
            Lines::Error => {
                let failed =
                    request.fault.is_some() || parts.iter().any(|part| part.fault.is_some());
                failed.then(|| line_of(FAULT, &request, &parts))
            }
        }
    }
}

/// The head of a transaction: its level, kind and number.
fn head(raw: &[u8]) -> Option<(usize, Kind, u64)> {
    let rest = raw.strip_prefix(b"*")?;
    let at = memchr::memmem::find(&rest[..rest.len().min(24)], b"<< ")?;
    let stars = &rest[..at];
    if !stars.iter().all(|byte| b"*0123456789 ".contains(byte)) {
        return None;
    }
    // `*`, `**`, `***`, then `*4*`.
    let level = if stars.trim_ascii().is_empty() { 1 } else { 2 };
    let rest = &rest[at + 3..];
    let kind = match &rest[..clf::word(rest)] {
        b"Request" => Kind::Request,
        b"BeReq" => Kind::Fetch,
        _ => Kind::Other,
    };
    let end = memchr::memmem::find(rest, b">>")?;
    let number = super::line::number(rest[end + 2..].trim_ascii())?;
    Some((level, kind, number))
}

/// A record with its transaction's number: `     12 ReqURL         c /a`; the number, its tag and value.
fn ungrouped(raw: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let rest = raw.trim_ascii_end().trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = super::line::number(&rest[..digits]).filter(|_| digits > 0)?;
    let rest = rest[digits..].strip_prefix(b" ")?;
    let tag = &rest[..clf::word(rest)];
    // A tag is padded to 14 letters; c or b or - stands behind it.
    let behind = rest[tag.len()..].trim_ascii_start();
    let value = match behind {
        [b'c' | b'b' | b'-'] => b"",
        [b'c' | b'b' | b'-', b' ', value @ ..] => value,
        _ => return None,
    };
    (is_tag(tag) && rest.len() - behind.len() >= 15).then_some((number, tag, value))
}

fn is_tag(word: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    word.first().is_some_and(u8::is_ascii_uppercase) && word.iter().all(is_part)
}

/// A record: its tag and value.
fn record(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let raw = raw.trim_ascii_end();
    let rest = raw.strip_prefix(b"-")?;
    let dashes = rest
        .iter()
        .take_while(|byte| matches!(byte, b'-' | b'0'..=b'9'))
        .count();
    let mut rest = rest[dashes..].strip_prefix(b" ")?.trim_ascii_start();
    // `varnishlog -v` writes the number before, and client or backend behind the tag.
    let verbose = rest.first().is_some_and(u8::is_ascii_digit);
    if verbose {
        rest = rest[clf::word(rest)..].trim_ascii_start();
    }
    let tag = &rest[..clf::word(rest)];
    let mut value = rest[tag.len()..].trim_ascii_start();
    if verbose && matches!(value, [b'c' | b'b' | b'-', b' ', ..]) {
        value = &value[2..];
    }
    is_tag(tag).then_some((tag, value))
}

impl Transaction {
    /// Another request goes on with it (a restart); that one is answered.
    fn is_gone_on_with(&self) -> bool {
        self.kind == Kind::Request && self.restarted()
    }

    fn restarted(&self) -> bool {
        self.fields.iter().any(|(place, _)| *place == RESTARTED)
    }

    fn take(&mut self, tag: &[u8], value: &[u8]) {
        let word = |at: usize| value.split(|byte| *byte == b' ').nth(at);
        match tag {
            b"Begin" => {
                self.parent = word(1).and_then(super::line::number).unwrap_or(0);
                self.reason = match word(2) {
                    Some(b"restart") => Reason::Restart,
                    Some(b"bgfetch") => Reason::Background,
                    _ => Reason::Other,
                };
            }
            b"Link" => self.link(word(0), word(1).and_then(super::line::number), word(2)),
            b"FetchError" | b"Error" | b"BogoHeader" | b"HttpGarbage" | b"VCL_Error" => {
                self.fail(tag, value);
            }
            _ if self.kind == Kind::Fetch => self.take_of_fetch(tag, value),
            _ => self.take_of_request(tag, value),
        }
    }

    fn link(&mut self, kind: Option<&[u8]>, number: Option<u64>, reason: Option<&[u8]>) {
        let Some(number) = number.filter(|_| self.links.len() < LINKS) else {
            return;
        };
        match (kind, reason) {
            (Some(b"bereq"), reason) if reason != Some(b"bgfetch") => self.links.push(number),
            (Some(b"req"), Some(b"restart")) => self.first(RESTARTED, b"restart"),
            _ => {}
        }
    }

    fn take_of_request(&mut self, tag: &[u8], value: &[u8]) {
        let word = |at: usize| {
            value
                .split(|byte| *byte == b' ')
                .nth(at)
                .unwrap_or_default()
        };
        match tag {
            b"Timestamp" if value.starts_with(b"Start: ") => {
                self.first(place(Column::Time), word(1));
            }
            b"Timestamp" if value.starts_with(b"Resp: ") => {
                self.last(place(Column::Duration), word(2));
            }
            b"ReqStart" => self.first(place(Column::Client), word(0)),
            b"ReqMethod" => self.first(place(Column::Method), value),
            b"ReqURL" => self.first(place(Column::Target), value),
            b"ReqProtocol" => self.first(place(Column::Protocol), value),
            b"ReqHeader" => self.field(value),
            b"RespStatus" => self.last(place(Column::Status), value),
            b"ReqAcct" => {
                // Of a stream of HTTP/2 that its client cancelled not even the head was sent.
                if word(3) == b"0" && self.get(place(Column::Status)).is_some() {
                    self.fail(tag, b"no head was sent");
                }
                self.last(place(Column::BytesIn), word(2));
                self.last(place(Column::Bytes), word(4));
            }
            b"VCL_call" => {
                // As varnishncsa's `Varnish:handling`.
                let handling: &[u8] = match value {
                    b"HIT" => b"hit",
                    b"MISS" => b"miss",
                    b"PASS" => b"pass",
                    b"PIPE" => b"pipe",
                    b"SYNTH" => b"synth",
                    _ => return,
                };
                self.last(place(Column::Cache), handling);
            }
            _ => {}
        }
    }

    /// A field of the request.
    fn field(&mut self, value: &[u8]) {
        let Some(colon) = memchr::memchr(b':', value) else {
            return;
        };
        let column = match value[..colon].to_ascii_lowercase().as_slice() {
            b"host" => Column::Host,
            b"user-agent" => Column::Agent,
            b"referer" => Column::Referer,
            b"x-request-id" => Column::RequestId,
            b"traceparent" => Column::TraceId,
            _ => return,
        };
        self.first(place(column), value[colon + 1..].trim_ascii());
    }

    fn take_of_fetch(&mut self, tag: &[u8], value: &[u8]) {
        let word = |at: usize| {
            value
                .split(|byte| *byte == b' ')
                .nth(at)
                .unwrap_or_default()
        };
        match tag {
            b"BackendOpen" => {
                self.last(place(Column::Pool), word(1));
                let address = word(2);
                let is_six = memchr::memchr(b':', address).is_some();
                let parts: [&[u8]; 5] = match is_six {
                    true => [b"[", address, b"]", b":", word(3)],
                    false => [b"", address, b"", b":", word(3)],
                };
                self.last(place(Column::Upstream), &parts.concat());
            }
            b"Timestamp" if value.starts_with(b"Connected: ") => {
                self.last(place(Column::UpstreamConnect), word(2));
            }
            b"Timestamp" if value.starts_with(b"Beresp: ") && self.fault.is_none() => {
                self.last(place(Column::UpstreamHeader), word(2));
            }
            b"Timestamp" if value.starts_with(b"BerespBody: ") => {
                self.last(place(Column::UpstreamResponse), word(2));
            }
            // Behind a fault it is the status that Varnish makes itself.
            b"BerespStatus" if self.fault.is_none() => {
                self.last(place(Column::UpstreamStatus), value);
            }
            _ => {}
        }
    }

    /// Notes what went wrong; of several the one that says most, of equals the first.
    fn fail(&mut self, tag: &[u8], value: &[u8]) {
        if self.kind == Kind::Fetch && matches!(tag, b"BogoHeader" | b"HttpGarbage") {
            // Of a fetch these come with its FetchError, which says more.
            return;
        }
        let mut text = [tag, b": ", value].concat();
        if let (b"Error", Some(status)) = (tag, self.get(place(Column::UpstreamStatus))) {
            text = [&text[..], b", status ", status].concat();
        }
        let (weight, headless) = fault_weight(&text);
        if headless && self.kind == Kind::Fetch {
            // The status was not the server's: what came could not be read.
            self.fields
                .retain(|(known, _)| *known != place(Column::UpstreamStatus));
        }
        if self.fault.as_ref().is_none_or(|(known, _)| *known < weight) {
            self.fault = Some((weight, text));
        }
    }

    fn get(&self, place: usize) -> Option<&[u8]> {
        let found = self.fields.iter().find(|(known, _)| *known == place);
        found.map(|(_, value)| value.as_slice())
    }

    fn first(&mut self, place: usize, value: &[u8]) {
        if self.get(place).is_none() {
            self.fields.push((place, value.to_vec()));
        }
    }

    fn last(&mut self, place: usize, value: &[u8]) {
        match self.fields.iter_mut().find(|(known, _)| *known == place) {
            Some((_, known)) => value.clone_into(known),
            None => self.fields.push((place, value.to_vec())),
        }
    }
}

/// No place of [`FIELDS`]: the request was restarted.
const RESTARTED: usize = usize::MAX;

fn place(column: Column) -> usize {
    FIELDS
        .iter()
        .position(|known| *known == column)
        .unwrap_or(FIELDS.len())
}

/// The line of a request and its parts: of several fetches the last one's columns, of several faults the one that says
/// most.
fn line_of(mark: &[u8], request: &Transaction, parts: &[Transaction]) -> Vec<u8> {
    let mut line = mark.to_vec();
    for at in 0..FIELDS.len() {
        let of_parts = || parts.iter().rev().find_map(|part| part.get(at));
        let value = request.get(at).or_else(of_parts).unwrap_or(b"-");
        put(&mut line, value);
        line.push(b'\t');
    }
    let mut faults: Vec<_> = std::iter::once(request)
        .chain(parts)
        .filter_map(|one| one.fault.as_ref())
        .collect();
    faults.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    put(&mut line, faults.first().map_or(b"-", |(_, text)| text));
    line
}

/// Appends a value without what separates fields and lines.
fn put(line: &mut Vec<u8>, value: &[u8]) {
    let plain = |byte: &u8| {
        if matches!(byte, b'\t' | b'\r' | b'\n') {
            b' '
        } else {
            *byte
        }
    };
    line.extend(value.iter().map(plain));
}

/// Splits gathered lines.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// [`REQUEST`] or [`FAULT`].
    pub(crate) mark: &'static [u8],
}

impl Layout for Gathered {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        if !raw.starts_with(self.mark) {
            return Split::Foreign;
        }
        let mut at = self.mark.len();
        for column in FIELDS {
            let Some(length) = memchr::memchr(b'\t', &raw[at..]) else {
                return Split::Torn;
            };
            spans.set(*column, at, at + length);
            at += length + 1;
        }
        spans.set(Column::Message, at, raw.len());
        Split::Read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(records: &str) -> Vec<String> {
        let mut gatherer = VslGatherer::new(Lines::Access);
        let mut lines = Vec::new();
        for record in records.lines() {
            assert!(
                record.trim().is_empty() || VslGatherer::is_record(record.as_bytes()),
                "{record}"
            );
            lines.extend(gatherer.line(record.as_bytes()));
        }
        lines.extend(gatherer.end());
        assert_eq!(gatherer.end(), Vec::<Vec<u8>>::new());
        let text = |line: Vec<u8>| String::from_utf8(line).expect("text").replace('\t', " ");
        lines.into_iter().map(text).collect()
    }

    const RECORDS: &str = "\
        -   Begin          req 2 rxreq\n\
        -   Timestamp      Start: 1795207665.126917 0.000000 0.000000\n\
        -   ReqStart       127.0.0.1 50806 a0\n\
        -   ReqMethod      GET\n\
        -   ReqURL         /max/10\n\
        -   ReqHeader      Host: shop.example\n\
        -   VCL_call       MISS\n\
        -   Link           bereq 4 fetch\n\
        -   RespStatus     503\n\
        -   Timestamp      Resp: 1795207665.127000 0.000367 0.000080\n\
        -   ReqAcct        109 0 109 245 282 527\n";
    const FETCH: &str = "\
        BereqMethod    GET\n\
        BackendOpen    24 be_a 127.0.0.1 20900 127.0.0.1 35012 connect\n\
        FetchError     first byte timeout\n\
        BerespStatus   503\n";
    const LINE: &str = "varnishlog 1795207665.126917 127.0.0.1 GET /max/10 - 503 282 109 0.000367 miss shop.example - - - - be_a 127.0.0.1:20900 - - - - FetchError: first byte timeout";

    fn fetch(dashes: &str) -> String {
        let lines = FETCH.lines().map(|line| format!("{dashes} {line}\n"));
        lines.collect()
    }

    /// Records as `-g raw` writes them.
    fn raw(number: u64, records: &str, whose: char) -> String {
        let all = records
            .lines()
            .map(|line| line.trim_start_matches(['-', ' ']));
        let records = all.map(|line| {
            let (tag, value) = line.split_once(' ').expect("a tag and its value");
            format!("{number:>10} {tag:<14} {whose} {}\n", value.trim_start())
        });
        records.collect()
    }

    #[test]
    fn ungrouped_records_are_put_together_by_their_numbers() {
        let fetch = raw(4, &format!("Begin bereq 3 fetch\n{FETCH}End  "), 'b');
        let request = raw(3, &format!("{RECORDS}End  "), 'c');
        let noise = format!("{:>10} CLI            - Rd ping\n", 0)
            + &raw(
                2,
                "Begin sess 0 HTTP/1\nSessClose REM_CLOSE 0.1\nEnd  ",
                'c',
            );
        let mut mixed: Vec<&str> = Vec::new();
        let (mut a, mut b) = (fetch.lines(), request.lines());
        loop {
            let pair = [a.next(), b.next()];
            mixed.extend(pair.into_iter().flatten());
            if pair == [None, None] {
                break;
            }
        }
        for records in [
            format!("{noise}{fetch}{request}"),
            format!("{request}{noise}{fetch}"),
            mixed.join("\n"),
            // The end of the log comes first.
            fetch.clone() + request.trim_end().rsplit_once('\n').expect("lines").0,
        ] {
            assert_eq!(gathered(&records), [LINE], "{records}");
        }
        // Records whose beginning is not in the log are nobody's.
        assert!(gathered(request.split_once('\n').expect("lines").1).is_empty());
    }

    #[test]
    fn other_lines_with_a_number_in_front_are_no_records() {
        for line in [
            "1793714712.345  60012 192.0.2.10 TCP_MISS_ABORTED/504 3921 GET http://a/r - HIER_DIRECT/1 text/html",
            "12 GET c /a",
            "12 ReqURL x /a",
            "ReqURL         c /a",
            "12",
            "",
        ] {
            assert!(!VslGatherer::is_record(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_group_becomes_a_line_however_it_is_grouped() {
        let by_request = format!(
            "*   << Request  >> 3\n{RECORDS}**  << BeReq    >> 4\n--  Begin          bereq 3 fetch\n{}\n",
            fetch("-- ")
        );
        let own = format!(
            "*   << BeReq    >> 4\n-   Begin          bereq 3 fetch\n{}\n",
            fetch("-  ")
        );
        let request = format!("*   << Request  >> 3\n{RECORDS}\n");
        for records in [
            by_request,
            format!("{own}{request}"),
            format!("{request}{own}"),
            format!("*   << Session  >> 2\n-   Begin          sess 0 HTTP/1\n{request}{own}"),
        ] {
            assert_eq!(gathered(&records), [LINE], "{records}");
        }
    }

    #[test]
    fn a_restart_and_a_retry_are_one_exchange() {
        let records = "\
            *   << Request  >> 3\n-   Begin          req 2 rxreq\n-   ReqURL         /a\n-   Link           req 5 restart\n\
            **  << BeReq    >> 4\n--  Begin          bereq 3 fetch\n--  FetchError     HTC eof (-1)\n\
            *** << BeReq    >> 6\n--- Begin          bereq 4 retry\n--- FetchError     No backend\n\
            **  << Request  >> 5\n--  Begin          req 3 restart\n--  ReqURL         /b\n--  RespStatus     200\n\
            *4* << BeReq    >> 7\n-4- Begin          bereq 5 fetch\n-4- BerespStatus   200\n";
        let lines = gathered(records);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("varnishlog - - - /b - 200 ") && lines[0].contains("HTC eof"),
            "{lines:?}"
        );
    }

    #[test]
    fn what_never_ends_is_bounded_and_background_fetches_are_no_part() {
        let mut gatherer = VslGatherer::new(Lines::Access);
        let mut lines = 0;
        for number in 0..5000 {
            let head = format!("*   << Request  >> {}", number * 2);
            lines += gatherer.line(head.as_bytes()).len();
            let link = format!("-   Link           bereq {} fetch", number * 2 + 1);
            for _ in 0..100 {
                lines += gatherer.line(link.as_bytes()).len();
            }
        }
        assert!(gatherer.held.len() <= HELD + 1);
        assert_eq!(lines + gatherer.end().len(), 5000);
        let background = "*   << Request  >> 3\n-   Begin          req 2 rxreq\n-   Link           bereq 4 bgfetch\n-   RespStatus     200\n\
            **  << BeReq    >> 4\n--  Begin          bereq 3 bgfetch\n--  FetchError     No backend\n";
        assert!(!gathered(background)[0].contains("No backend"));
    }

    #[test]
    fn other_lines_are_no_records() {
        for line in [
            "",
            "-",
            "- - x",
            "hello",
            "* a << b",
            "-   lower case",
            "--- ",
            "*   << Request >> x",
        ] {
            assert!(!VslGatherer::is_record(line.as_bytes()), "{line}");
        }
    }
}

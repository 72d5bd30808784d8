//! nginx: `combined`, `main` (with `$http_x_forwarded_for`), and either with `key=value` behind.
//!
//! `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`
//! (ngx_http_log_module). In its own escape a field never holds a bare quote: `"`, `\` and bytes below 0x20 or above
//! 0x7e become `\xHH` (ngx_http_log_escape), so that quotes alone split the line.

use std::sync::Arc;

use httpwhy_model::{Phase, Sent, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::quotes::{decimal, near};
use crate::logs::{
    Brief, Column, Format, Kind, Layout, Legs, Line, NO_UPSTREAM, NOT_CAPTURED, Open, Quotes,
    Request, Shape, Spans, Split, is_nothing, last_of_list,
};

pub(crate) static FORMAT: Format = Format {
    name: "nginx",
    title: "nginx combined",
    kind: Kind::Access,
    side: Side::Server,
    rank: 10,
    fit,
    shape,
    visit,
    open,
};

/// [`Shape::bits`]: the format has `$upstream_connect_time`, and it holds a time.
pub(super) const CONNECT_KNOWN: u16 = 1;
pub(super) const CONNECTED: u16 = 2;
/// The same for `$upstream_header_time`.
pub(super) const HEAD_KNOWN: u16 = 4;
pub(super) const HEAD_CAME: u16 = 8;
/// More than one server was tried.
pub(super) const RETRIED: u16 = 16;
/// Status 009 to a request that had a version: what the server behind sent is no HTTP, and nginx passed it on as HTTP/0.9
/// (ngx_http_proxy_module.c, ngx_http_proxy_process_status_line).
const NOT_HTTP: u16 = 32;

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let mut spans = Spans::default();
    let mut names = Vec::new();
    let mut any = false;
    for raw in sample {
        spans.clear();
        if split_combined(raw, &mut spans) != Split::Read {
            continue;
        }
        any = true;
        for (column, word) in TAIL {
            if spans.has(*column) && !names.contains(word) {
                names.push(*word);
            }
        }
    }
    any.then(|| Arc::new(Learnt { names }) as Arc<dyn Layout>)
}

/// Columns of the tail, with the words for [`Layout::learnt`].
const TAIL: &[(Column, &str)] = &[
    (Column::ForwardedFor, "X-Forwarded-For"),
    (Column::Duration, "request_time"),
    (Column::Upstream, "upstream_addr"),
    (Column::UpstreamStatus, "upstream_status"),
    (Column::UpstreamConnect, "upstream_connect_time"),
    (Column::UpstreamHeader, "upstream_header_time"),
    (Column::UpstreamResponse, "upstream_response_time"),
    (Column::RequestId, "request_id"),
    (Column::Host, "host"),
    (Column::Cache, "upstream_cache_status"),
];

#[derive(Debug)]
struct Learnt {
    names: Vec<&'static str>,
}

impl Layout for Learnt {
    #[inline]
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        split_combined(raw, spans)
    }

    #[inline]
    fn split_at_quotes(&self, raw: &[u8], quotes: Quotes<'_>, spans: &mut Spans) -> Split {
        match usual(raw, quotes, spans) {
            Some(end) if end == raw.len() => Split::Read,
            Some(end) => tail(raw, end, spans),
            None => {
                spans.clear();
                split_combined(raw, spans)
            }
        }
    }

    fn wants_quotes(&self) -> bool {
        true
    }

    #[inline]
    fn brief(&self, raw: &[u8], quotes: Quotes<'_>) -> Option<Brief> {
        brief(raw, quotes)
    }

    fn learnt(&self) -> String {
        if self.names.is_empty() {
            "without upstream columns".to_owned()
        } else {
            format!("with {}", self.names.join(", "))
        }
    }
}

/// Splits any line of this kind; nothing has to be learnt, the tail names its columns.
#[inline]
fn split_combined(raw: &[u8], spans: &mut Spans) -> Split {
    let Some(open) = stamp(raw) else {
        return Split::Foreign;
    };
    // `[` 26 bytes `] "`
    let quote = open + 29;
    match body(raw, quote, spans) {
        Some(end) if head(raw, open, spans) => tail(raw, end, spans),
        // Something else before the time: a virtual host, say.
        Some(_) => Split::Foreign,
        None => Split::Torn,
    }
}

/// Splits a line as nearly all are, by its first six quotes, up to what follows the user agent; `None` for any other, which
/// is to be looked at with care.
#[inline]
fn usual(raw: &[u8], quotes: Quotes<'_>, spans: &mut Spans) -> Option<usize> {
    let Marks {
        client,
        quote,
        request_end,
        bytes_end,
        referer_end,
        agent_end,
        ..
    } = marks(raw, quotes)?;
    let open = quote - 29;
    spans.set(Column::Client, 0, client);
    if open > client + 4 {
        spans.set(Column::User, client + 3, open - 1);
    }
    spans.set(Column::Time, open + 1, open + 27);
    spans.set(Column::Request, quote + 1, request_end);
    spans.set(Column::Status, request_end + 2, request_end + 5);
    spans.set(Column::Bytes, request_end + 6, bytes_end);
    spans.set(Column::Referer, bytes_end + 2, referer_end);
    spans.set(Column::Agent, referer_end + 3, agent_end);
    Some(agent_end + 1)
}

/// Where the parts of a usual line stand.
struct Marks {
    client: usize,
    quote: usize,
    request_end: usize,
    status: u16,
    bytes_end: usize,
    bytes: u64,
    referer_end: usize,
    agent_end: usize,
}

/// The marks of a line as nearly all are, by its first six quotes.
#[expect(clippy::inline_always, reason = "a call for each line")]
#[inline(always)]
fn marks(raw: &[u8], quotes: Quotes<'_>) -> Option<Marks> {
    let [quote, request_end, bytes_end, referer_end, agent, agent_end] = quotes.first()?;
    let open = quote.checked_sub(29)?;
    let stamp: &[u8; 30] = raw.get(open..)?.first_chunk()?;
    let client = near(b' ', raw).filter(|client| *client < open)?;
    let status = status(*raw.get(request_end..)?.first_chunk()?)?;
    let bytes_end = bytes_end.checked_sub(1)?;
    let bytes = decimal(raw, request_end + 6, bytes_end)?;
    let sound = is_stamp(stamp)
        && raw.get(client..)?.first_chunk() == Some(b" - ")
        && raw[bytes_end] == b' '
        && agent == referer_end + 2
        && raw[agent - 1] == b' ';
    sound.then_some(Marks {
        client,
        quote,
        request_end,
        status,
        bytes_end,
        bytes,
        referer_end,
        agent_end,
    })
}

/// A usual line without a tail whose request is one at first sight; not of a status that would have the request looked at.
#[inline]
fn brief(raw: &[u8], quotes: Quotes<'_>) -> Option<Brief> {
    let marks = marks(raw, quotes)?;
    let from = marks.quote + 1;
    let begins: &[u8; 8] = raw.get(from..)?.first_chunk()?;
    let (is_known, method) = get_or_post(*begins);
    let target = from + method + 1;
    let target_end = marks.request_end.checked_sub(9)?;
    let is_plain = is_known
        && marks.agent_end + 1 == raw.len()
        && marks.status >= 100
        && target <= target_end
        && raw[target_end..].starts_with(b" HTTP/");
    is_plain.then_some(Brief {
        status: marks.status,
        stamp: (marks.quote - 28) as u32,
        client: marks.client as u32,
        method: (from as u32, target as u32 - 1),
        target: (target as u32, target_end as u32),
        bytes: marks.bytes,
        agent: (marks.referer_end as u32 + 3, marks.agent_end as u32),
    })
}

/// Whether a request begins with GET or POST and a path, and the method's length. Which of the two it is cannot be
/// foreseen, and so is no branch.
#[inline]
fn get_or_post(begins: [u8; 8]) -> (bool, usize) {
    const TWO: [(u64, u64); 2] = [both(*b"GET /\0\0\0"), both(*b"POST /\0\0")];
    let is_longer = begins[3] != b' ';
    let (wanted, mask) = TWO[usize::from(is_longer)];
    let known = u64::from_le_bytes(begins) & mask == wanted;
    (known, 3 + usize::from(is_longer))
}

/// A text, and which of its bytes are not zero.
const fn both(text: [u8; 8]) -> (u64, u64) {
    let mut mask = [0; 8];
    let mut at = 0;
    while at < 8 {
        mask[at] = if text[at] == 0 { 0 } else { 0xff };
        at += 1;
    }
    (u64::from_le_bytes(text), u64::from_le_bytes(mask))
}

/// `[03/Nov/2026:14:05:12 +0000] "`, by its marks.
#[inline]
fn is_stamp(text: &[u8; 30]) -> bool {
    const MARKS: (u64, u64) = both(*b"[\0\0/\0\0\0/");
    let begins = text
        .first_chunk()
        .map_or(0, |text| u64::from_le_bytes(*text));
    begins & MARKS.1 == MARKS.0 && text[27..] == *b"] \""
}

/// The number in `" 502 `, behind which two more bytes stand.
#[inline]
fn status(text: [u8; 8]) -> Option<u16> {
    const MARKS: (u64, u64) = both(*b"\" \0\0\0 \0\0");
    let text = u64::from_le_bytes(text);
    let digits = (text >> 16) as u32 & 0xff_ffff;
    // `0` to `?`, and none of those that six more lift out of that row.
    let is_number =
        digits & 0xf0_f0f0 == 0x30_3030 && (digits + 0x06_0606) & 0xf0_f0f0 == 0x30_3030;
    let [hundreds, tens, ones, _] = (digits & 0x0f_0f0f).to_le_bytes().map(u16::from);
    let sound = is_number && text & MARKS.1 == MARKS.0;
    sound.then_some(hundreds * 100 + tens * 10 + ones)
}

/// Where the bracket of `[03/Nov/2026:14:05:12 +0000] "` stands. A user's name may hold brackets of its own.
#[inline]
fn stamp(raw: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let open = from + memchr(b'[', raw.get(from..)?)?;
        if is_stamp(raw.get(open..)?.first_chunk()?) {
            return Some(open);
        }
        from = open + 1;
    }
}

/// Address and user before the stamp; whether they are ` - user `.
#[inline]
fn head(raw: &[u8], open: usize, spans: &mut Spans) -> bool {
    let client = memchr(b' ', &raw[..open]).unwrap_or(open);
    spans.set(Column::Client, 0, client);
    // ` - user `
    if open > client + 4 {
        spans.set(Column::User, client + 3, open - 1);
    }
    spans.set(Column::Time, open + 1, open + 27);
    raw[client..].starts_with(b" - ")
}

/// From the request's quote on, up to what follows the user agent's closing quote.
#[inline]
fn body(raw: &[u8], quote: usize, spans: &mut Spans) -> Option<usize> {
    let request = quote + 1;
    let request_end = request + memchr(b'"', &raw[request..])?;
    // `" 502 `
    let status = request_end + 2;
    let digits = raw.get(status..status + 4)?;
    let sound =
        raw[status - 1] == b' ' && digits[..3].iter().all(u8::is_ascii_digit) && digits[3] == b' ';
    if !sound {
        return None;
    }
    let bytes = status + 4;
    let count = raw[bytes..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let bytes_end = bytes + count;
    if count == 0 || raw.get(bytes_end..bytes_end + 2)? != b" \"" {
        return None;
    }
    let referer = bytes_end + 2;
    let referer_end = referer + memchr(b'"', &raw[referer..])?;
    if raw.get(referer_end..referer_end + 3)? != b"\" \"" {
        return None;
    }
    let agent = referer_end + 3;
    let agent_end = agent + memchr(b'"', &raw[agent..])?;
    spans.set(Column::Request, request, request_end);
    spans.set(Column::Status, status, status + 3);
    spans.set(Column::Bytes, bytes, bytes_end);
    spans.set(Column::Referer, referer, referer_end);
    spans.set(Column::Agent, agent, agent_end);
    Some(agent_end + 1)
}

/// What stands behind the user agent: nothing, a quoted X-Forwarded-For, `key=value` and `key="value"`.
fn tail(raw: &[u8], mut at: usize, spans: &mut Spans) -> Split {
    if at == raw.len() {
        return Split::Read;
    }
    let mut first = true;
    while let Some(next) = raw.get(at) {
        match next {
            b' ' => at += 1,
            b'"' => {
                let Some(length) = memchr(b'"', &raw[at + 1..]) else {
                    return Split::Torn;
                };
                if first {
                    spans.set(Column::ForwardedFor, at + 1, at + 1 + length);
                }
                first = false;
                at += length + 2;
            }
            _ => {
                first = false;
                match pair(raw, at, spans) {
                    Some(end) => at = end,
                    None => return Split::Foreign,
                }
            }
        }
    }
    Split::Read
}

/// `key=value`; the end of the value. An unquoted list holds `, ` and ` : `.
fn pair(raw: &[u8], at: usize, spans: &mut Spans) -> Option<usize> {
    let equals = at + memchr(b'=', &raw[at..])?;
    let key = &raw[at..equals];
    if !key
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    {
        return None;
    }
    let value = equals + 1;
    let (from, to, end) = if raw.get(value) == Some(&b'"') {
        let length = memchr(b'"', &raw[value + 1..])?;
        (value + 1, value + 1 + length, value + length + 2)
    } else {
        let mut to = value;
        loop {
            to += memchr(b' ', &raw[to..]).unwrap_or(raw.len() - to);
            let goes_on = raw[value..to].ends_with(b",") || raw[to..].starts_with(b" : ");
            if !goes_on {
                break;
            }
            to += if raw[to..].starts_with(b" : ") { 3 } else { 1 };
        }
        (value, to, to)
    };
    if let Some(column) = column(key) {
        spans.set(column, from, to);
    }
    Some(end)
}

/// The names that people give to nginx's variables.
pub(super) fn column(key: &[u8]) -> Option<Column> {
    Some(match key {
        b"rt" | b"request_time" | b"time" | b"reqtime" => Column::Duration,
        b"ua" | b"ups" | b"upstream" | b"upstream_addr" | b"ups_addr" => Column::Upstream,
        b"us" | b"ust" | b"upstream_status" | b"ups_status" => Column::UpstreamStatus,
        b"uct" | b"upstream_connect_time" | b"ups_ct" => Column::UpstreamConnect,
        b"uht" | b"upstream_header_time" | b"ups_ht" => Column::UpstreamHeader,
        b"urt" | b"upstream_response_time" | b"ups_rt" => Column::UpstreamResponse,
        b"cs" | b"ucs" | b"upstream_cache_status" | b"cache" => Column::Cache,
        b"rid" | b"id" | b"request_id" | b"req_id" | b"reqid" => Column::RequestId,
        b"trace" | b"trace_id" | b"traceparent" => Column::TraceId,
        b"host" | b"http_host" | b"vhost" | b"server_name" | b"sn" => Column::Host,
        b"xff" | b"x_forwarded_for" | b"http_x_forwarded_for" => Column::ForwardedFor,
        b"rl" | b"request_length" => Column::BytesIn,
        b"c" | b"connection" | b"conn" => Column::Connection,
        b"scheme" => Column::Scheme,
        _ => return None,
    })
}

/// The shape of any line that holds nginx's variables.
pub(super) fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let mut shape = Shape::of(line);
    let passed_on = shape.status == 9 && line.get(Column::Request).is_some_and(has_version);
    let passed_on = if passed_on { NOT_HTTP } else { 0 };
    if shape.upstream == NOT_CAPTURED {
        shape.bits = passed_on;
        return shape;
    }
    let timer = |column, known, ran| match line.get(column) {
        None => 0,
        Some(text) if is_nothing(last_of_list(text)) => known,
        Some(_) => known | ran,
    };
    shape.bits = passed_on
        | timer(Column::UpstreamConnect, CONNECT_KNOWN, CONNECTED)
        | timer(Column::UpstreamHeader, HEAD_KNOWN, HEAD_CAME);
    if line
        .get(Column::UpstreamStatus)
        .is_some_and(|text| memchr(b' ', text).is_some())
    {
        shape.bits |= RETRIED;
    }
    shape
}

fn has_version(request: &[u8]) -> bool {
    memchr::memmem::find(request, b" HTTP/").is_some()
}

/// Statuses that nginx writes into its log for what no response said (ngx_http_request.h); 000 is a connection that
/// ended before any status was set.
const OWN: &[u16] = &[0, 9, 444, 494, 495, 496, 497, 498, 499];

fn visit(shape: &Shape<'_>) -> Visit {
    visit_as("nginx", shape)
}

pub(super) fn visit_as(name: &str, shape: &Shape<'_>) -> Visit {
    let mut legs = Legs::of(name, Side::Server);
    if shape.bits & NOT_HTTP != 0 {
        let signals: Vec<Signal> = "proxy-status:http_protocol_error"
            .parse()
            .into_iter()
            .collect();
        return legs.upstream_failed(Phase::Wait, &signals).visit();
    }
    legs = if OWN.contains(&shape.status) {
        legs.word(
            Phase::Wait,
            Signal::word("nginx", format!("{:03}", shape.status)),
        )
    } else {
        legs.answered(shape.status)
    };
    legs = match shape.request {
        Request::Missing => legs.sent(Sent::Nothing),
        Request::Tls => legs
            .sent(Sent::Unknown)
            .word(Phase::Send, Signal::word("request", "tls-handshake")),
        Request::Garbled => legs
            .sent(Sent::Unknown)
            .word(Phase::Send, Signal::word("request", "no-request-line")),
        Request::Sound | Request::Connect => legs,
    };
    upstream(legs, shape).visit()
}

/// The last leg behind. nginx writes 502 and 504 into `$upstream_status` also where it gave up itself
/// (ngx_http_upstream_finalize_request): without a head these are its own words.
fn upstream(legs: Legs, shape: &Shape<'_>) -> Legs {
    let known = |bit| shape.bits & bit != 0;
    let late = shape.upstream == 504 || shape.status == 499;
    let words = |fact: &'static str| {
        let mut words = vec![Signal::word("upstream", fact)];
        if late && shape.status != 499 {
            words.push(Signal::word("upstream", "late"));
        }
        words
    };
    match shape.upstream {
        NOT_CAPTURED => legs,
        // Gone while nginx waited: the column stays empty until a head comes.
        NO_UPSTREAM if shape.status == 499 && known(CONNECTED) => {
            legs.upstream_failed(Phase::Wait, &words("no-head"))
        }
        NO_UPSTREAM if shape.status == 499 => legs,
        NO_UPSTREAM => legs.not_forwarded(),
        502 | 504 if known(CONNECT_KNOWN) && !known(CONNECTED) => {
            legs.upstream_failed(Phase::Connect, &words("no-connection"))
        }
        502 | 504 if known(HEAD_KNOWN) && !known(HEAD_CAME) => {
            legs.upstream_failed(Phase::Wait, &words("no-head"))
        }
        502 | 504 if !known(HEAD_KNOWN) => legs,
        status => legs.upstream_answered(status),
    }
}

/// What to paste for a log that tells all.
pub(super) const PASTE: &str = "log_format httpwhy '$remote_addr - $remote_user [$time_local] '\n    \
    '\"$request\" $status $body_bytes_sent '\n    \
    '\"$http_referer\" \"$http_user_agent\" \"$http_x_forwarded_for\" '\n    \
    'rt=$request_time host=\"$host\" '\n    \
    'ua=\"$upstream_addr\" us=\"$upstream_status\" '\n    \
    'uct=\"$upstream_connect_time\" uht=\"$upstream_header_time\" '\n    \
    'urt=\"$upstream_response_time\" rid=$request_id c=$connection';\n\
    access_log /var/log/nginx/access.log httpwhy;\n\
    # Apache and lighttpd write the plain layout too;\n\
    # of Apache, name its error log beside this one";

pub(super) fn open(shape: &Shape<'_>) -> Option<Open> {
    let captured = shape.upstream != NOT_CAPTURED;
    let timed = shape.bits & HEAD_KNOWN != 0 && shape.bits & CONNECT_KNOWN != 0;
    let between = match shape.status {
        502 if !captured => {
            "the server behind refused the connection, closed it, sent no valid head, or answered 502 itself; its name did not \
             resolve; or no live server was left"
        }
        504 if !captured => {
            "no connection to the server behind came about in time, it was silent, or it answered 504 itself"
        }
        500 | 503 if !captured => {
            "the server behind said so, or nginx itself did (limit_req, return, a failing rewrite)"
        }
        499 if !captured => {
            "the server behind was slow (times near a round number show the client's deadline), or the client simply left"
        }
        502 | 504 if !timed && matches!(shape.upstream, 502 | 504) => {
            "the server behind answered so itself, or nginx gave up on it (connecting, or waiting for its head)"
        }
        _ => return None,
    };
    Some(Open {
        between,
        paste: PASTE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::QuoteIndex;

    fn split(raw: &str) -> (Split, Vec<(Column, String)>) {
        let mut spans = Spans::default();
        let split = split_combined(raw.as_bytes(), &mut spans);
        let found = Column::ALL.iter().filter_map(|column| {
            let (from, to) = spans.get(*column)?;
            Some((*column, raw[from..to].to_owned()))
        });
        (split, found.collect())
    }

    const COMBINED: &str = r#"203.0.113.9 - al [x] [03/Nov/2026:14:05:12 +0000] "GET /cart?a=1 HTTP/2.0" 502 157 "-" "curl/8.5.0""#;

    #[test]
    fn a_status_009_with_a_version_is_an_upstream_that_speaks_no_http() {
        for (request, wanted) in [
            ("GET /a HTTP/1.1", "1 proxy-status:http_protocol_error"),
            ("GET /a", "0 nginx:009"),
        ] {
            let raw = format!(
                r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "{request}" 009 26 "-" "curl/8.5.0""#
            );
            let mut spans = Spans::default();
            assert_eq!(split_combined(raw.as_bytes(), &mut spans), Split::Read);
            let told = crate::logs::legs::told(&visit(&shape(&Line::new(raw.as_bytes(), &spans))));
            assert!(told.contains(wanted), "{request}: {told}");
        }
    }

    #[test]
    fn combined_is_split_by_its_quotes() {
        let (split, found) = split(COMBINED);
        assert_eq!(split, Split::Read);
        let text = |column| {
            found
                .iter()
                .find(|(c, _)| *c == column)
                .map(|(_, text)| text.as_str())
        };
        assert_eq!(text(Column::Client), Some("203.0.113.9"));
        assert_eq!(text(Column::User), Some("al [x]"));
        assert_eq!(text(Column::Time), Some("03/Nov/2026:14:05:12 +0000"));
        assert_eq!(text(Column::Request), Some("GET /cart?a=1 HTTP/2.0"));
        assert_eq!(text(Column::Status), Some("502"));
        assert_eq!(text(Column::Bytes), Some("157"));
        assert_eq!(text(Column::Agent), Some("curl/8.5.0"));
        assert_eq!(text(Column::ForwardedFor), None);
    }

    #[test]
    fn the_tail_names_its_columns() {
        let line = format!(
            r#"{COMBINED} "198.51.100.7" rt=60.003 ua=10.0.0.5:80, 10.0.0.6:80 us="502, 504" uct=0.001 uht=- x=1"#
        );
        let (split, found) = split(&line);
        assert_eq!(split, Split::Read);
        for wanted in [
            (Column::ForwardedFor, "198.51.100.7"),
            (Column::Duration, "60.003"),
            (Column::Upstream, "10.0.0.5:80, 10.0.0.6:80"),
            (Column::UpstreamStatus, "502, 504"),
            (Column::UpstreamConnect, "0.001"),
            (Column::UpstreamHeader, "-"),
        ] {
            assert!(
                found.contains(&(wanted.0, wanted.1.to_owned())),
                "{wanted:?} in {found:?}"
            );
        }
    }

    #[test]
    fn cut_lines_are_torn_and_others_foreign() {
        for end in [60, 75, 90, COMBINED.len() - 1] {
            assert_eq!(
                split(&COMBINED[..end]).0,
                Split::Torn,
                "{}",
                &COMBINED[..end]
            );
        }
        for foreign in ["", "hello", "2026/11/03 14:05:12 [error] 7#7: x", "[[[["] {
            assert_eq!(split(foreign).0, Split::Foreign, "{foreign}");
        }
    }

    #[test]
    fn a_line_is_split_alike_with_its_quotes_known() {
        let lines = [
            COMBINED.to_owned(),
            format!(r#"{COMBINED} "198.51.100.7" rt=0.1 us="502, 504""#),
            COMBINED
                .replace("curl/8.5.0", "")
                .replace("157", "98765432109876543210"),
            COMBINED.replace("203.0.113.9", "2001:db8::aaaa:bbbb:cccc"),
            COMBINED.replace("al [x]", "a\" ["),
        ];
        for line in lines {
            for at in 0..line.len() {
                let (before, after) = line.as_bytes().split_at(at);
                assert_alike(&[before, &after[1..]].concat());
                assert_alike(before);
                for byte in *b"\" [-/9a\\" {
                    assert_alike(&[before, &[byte], after].concat());
                    assert_alike(&[before, &[byte], &after[1..]].concat());
                }
            }
        }
    }

    #[test]
    fn a_line_is_brief_where_its_status_says_all() {
        let brief = |line: &str| {
            let mut index = QuoteIndex::default();
            index.look_through(line.as_bytes());
            let layout = Learnt { names: Vec::new() };
            layout.brief(line.as_bytes(), Quotes::new(index.places()))
        };
        let found = brief(COMBINED).expect("plain");
        assert_eq!((found.status, found.stamp), (502, 22));
        for other in [
            format!("{COMBINED} rt=0.1"),
            COMBINED.replace("502", "009"),
            COMBINED.replace("GET /cart?a=1 HTTP/2.0", "-"),
            COMBINED.replace("GET", "CONNECT"),
            COMBINED.replace("/cart", "http://a/cart"),
        ] {
            assert_eq!(brief(&other), None, "{other}");
        }
    }

    /// Behind another line of the same block.
    fn assert_alike(line: &[u8]) {
        let before = b"\"a\"\n";
        let block = [&before[..], line].concat();
        let mut index = QuoteIndex::default();
        index.look_through(&block);
        let quotes = Quotes::new(&index.places()[3..]);
        let (mut with, mut without) = (Spans::default(), Spans::default());
        let layout = Learnt { names: Vec::new() };
        let split = layout.split(line, &mut without);
        assert_eq!(layout.split_at_quotes(line, quotes, &mut with), split);
        if let Some(brief) = layout.brief(line, quotes) {
            assert_eq!(split, Split::Read);
            assert_same(&brief, &Line::new(line, &without));
        }
        for column in Column::ALL.iter().filter(|_| split == Split::Read) {
            let line = line.escape_ascii();
            assert_eq!(with.get(*column), without.get(*column), "{column:?} {line}");
        }
    }

    fn assert_same(brief: &Brief, line: &Line<'_>) {
        let text = |(from, to): (u32, u32)| line.raw.get(from as usize..to as usize);
        let wanted = Shape {
            status: brief.status,
            ..Shape::default()
        };
        assert_eq!(shape(line), wanted);
        assert_eq!(
            line.get(Column::Time),
            text((brief.stamp, brief.stamp + 26))
        );
        assert_eq!(line.get(Column::Client), text((0, brief.client)));
        assert_eq!(line.method(), text(brief.method));
        assert_eq!(line.target(), text(brief.target));
        assert_eq!(line.bytes(), Some(brief.bytes));
        assert_eq!(line.get(Column::Agent), text(brief.agent));
        assert_eq!(line.host(), None);
    }

    fn signals(tail: &str, status: &str) -> Vec<String> {
        let raw = format!("{} {tail}", COMBINED.replace("502", status));
        let mut spans = Spans::default();
        assert_eq!(split_combined(raw.as_bytes(), &mut spans), Split::Read);
        let visit = visit(&shape(&Line::new(raw.as_bytes(), &spans)));
        visit
            .steps
            .iter()
            .enumerate()
            .flat_map(|(at, step)| {
                let status = step
                    .exchange
                    .status()
                    .map(|status| format!("{at} {status}"));
                let signals = step
                    .exchange
                    .signals()
                    .map(move |(_, signal)| format!("{at} {signal}"));
                status.into_iter().chain(signals).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn the_upstream_columns_become_a_leg() {
        let table: &[(&str, &str, &[&str])] = &[
            ("", "502", &["0 502"]),
            (
                "us=- uct=- uht=-",
                "503",
                &["0 503", "0 upstream:not-asked"],
            ),
            ("us=503 uct=0.001 uht=0.2", "503", &["0 503", "1 503"]),
            (
                "us=502 uct=- uht=-",
                "502",
                &["0 502", "1 upstream:no-connection"],
            ),
            (
                "us=502 uct=0.001 uht=-",
                "502",
                &["0 502", "1 upstream:no-head"],
            ),
            (
                "us=504 uct=0.001 uht=-",
                "504",
                &["0 504", "1 upstream:no-head", "1 upstream:late"],
            ),
            ("us=504", "504", &["0 504"]),
            (
                "us=\"504, 200\" uct=\"0.001, 0.001\" uht=\"-, 0.01\"",
                "200",
                &["0 200", "1 200"],
            ),
            (
                "us=- uct=0.001 uht=-",
                "499",
                &["0 nginx:499", "1 upstream:no-head"],
            ),
            ("", "444", &["0 nginx:444"]),
        ];
        for &(tail, status, wanted) in table {
            assert_eq!(signals(tail, status), wanted, "{status} {tail}");
        }
    }
}

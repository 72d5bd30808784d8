//! One line and the places of its columns.

use super::quotes::{decimal, near, near2, near2_within};

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What stands at a place in a line. One meaning, whatever the format calls it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Column { $($(#[$doc])* $name,)* }

        impl Column {
            /// Every column.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// Their words, for `--where` and JSON, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];
        }
    };
}

columns! {
    /// When: any form that [`super::time::parse`] reads; the time of day where [`Column::Date`] is set too.
    Time = "time",
    /// The day, where day and time are columns of their own.
    Date = "date",
    /// The peer's address, maybe with `:port`.
    Client = "client",
    /// The client that a front says it forwards for (X-Forwarded-For and kin).
    ForwardedFor = "forwarded-for",
    /// The user's name.
    User = "user",
    /// The request line; method, target and protocol are read from it where they have no columns.
    Request = "request",
    /// The method.
    Method = "method",
    /// The request target, path with query, or the path alone where [`Column::Query`] is set too.
    Target = "target",
    /// The query without `?`.
    Query = "query",
    /// The protocol, e.g. `HTTP/2.0`.
    Protocol = "protocol",
    /// The host that was asked for.
    Host = "host",
    /// The status that the client got, or what the format writes in its place.
    Status = "status",
    /// Bytes sent to the client.
    Bytes = "bytes",
    /// Bytes received from the client.
    BytesIn = "bytes-in",
    /// How long it took in all; the unit is [`Spans::unit`].
    Duration = "duration",
    /// How long until the response's first byte, where the writer notes it.
    FirstByte = "first-byte",
    /// Referer.
    Referer = "referer",
    /// User-Agent.
    Agent = "agent",
    /// The address of the server behind, or a list of those tried.
    Upstream = "upstream",
    /// The name of the pool, cluster, backend or service behind.
    Pool = "pool",
    /// The front, listener, route, router or virtual host's name.
    Route = "route",
    /// The status that the server behind gave, or a list.
    UpstreamStatus = "upstream-status",
    /// How long connecting to the server behind took; the unit is [`Spans::upstream_unit`], as for the next two.
    UpstreamConnect = "upstream-connect",
    /// How long until the head of its response.
    UpstreamHeader = "upstream-header",
    /// How long until the end of its response.
    UpstreamResponse = "upstream-response",
    /// The machine's own word: termination state, response flags, result type, error code.
    State = "state",
    /// Its second word: details, substatus, error reason.
    Detail = "detail",
    /// Its third word: a system's error number, transport failure.
    Cause = "cause",
    /// The timers as written, where they stand together (`0/0/-1/-1/5002`).
    Timers = "timers",
    /// How often it was retried.
    Retries = "retries",
    /// What a cache did.
    Cache = "cache",
    /// What a filter or firewall did.
    Action = "action",
    /// The place of the network (point of presence), node, pod or zone.
    Pop = "pop",
    /// The request's id.
    RequestId = "request-id",
    /// The trace's id.
    TraceId = "trace-id",
    /// The connection's number, which error lines repeat.
    Connection = "connection",
    /// `http` or `https`, or the TLS version where it shows that.
    Scheme = "scheme",
    /// Which kind of record it is, where a file holds several.
    Kind = "kind",
    /// An error line's level.
    Level = "level",
    /// An error line's message.
    Message = "message",
    /// The file of the writer's own that an error line names.
    File = "file",
    /// The request's cookies: a secret.
    Cookie = "cookie",
}

/// What a number of time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Seconds, maybe with a fraction.
    #[default]
    Seconds,
    /// Milliseconds, maybe with a fraction or followed by `ms`.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl Unit {
    /// How many nanoseconds one is.
    const fn nanos(self) -> u64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

/// Where the columns of one line stand. Used again for the next line: clearing costs one store.
#[derive(Debug, Clone)]
pub struct Spans {
    /// Which columns are set, one bit each.
    set: u64,
    /// From and to, byte offsets in the line.
    at: [(u32, u32); Column::ALL.len()],
    /// What [`Column::Duration`] and [`Column::FirstByte`] count.
    pub unit: Unit,
    /// What the upstream's times count.
    pub upstream_unit: Unit,
}

impl Default for Spans {
    fn default() -> Self {
        Self {
            set: 0,
            at: [(0, 0); Column::ALL.len()],
            unit: Unit::Seconds,
            upstream_unit: Unit::Seconds,
        }
    }
}

impl Spans {
    /// Forgets all columns; units are kept, since each layout sets its own.
    #[inline]
    pub const fn clear(&mut self) {
        self.set = 0;
    }

    /// Notes that a column stands at `from..to`. Lines are shorter than 4 GiB.
    #[inline]
    pub fn set(&mut self, column: Column, from: usize, to: usize) {
        self.at[column as usize] = (from as u32, to as u32);
        self.set |= 1 << column as u64;
    }

    /// The same for a place.
    #[inline]
    pub fn set_pair(&mut self, column: Column, (from, to): (usize, usize)) {
        self.set(column, from, to);
    }

    /// Whether a column is set.
    #[inline]
    pub const fn has(&self, column: Column) -> bool {
        self.set & (1 << column as u64) != 0
    }

    /// From and to of a column.
    #[inline]
    pub fn get(&self, column: Column) -> Option<(usize, usize)> {
        let (from, to) = self.at[column as usize];
        self.has(column).then_some((from as usize, to as usize))
    }
}

/// A line with its columns. Everything is borrowed, and parsed when asked for.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The whole line, without its end and its carrier.
    pub raw: &'a [u8],
    spans: &'a Spans,
}

impl<'a> Line<'a> {
    /// A line that a layout has split into these spans.
    #[inline]
    pub const fn new(raw: &'a [u8], spans: &'a Spans) -> Self {
        Self { raw, spans }
    }

    /// The column's bytes as they stand in the line (escapes not undone), `None` when the format has no such column.
    #[inline]
    pub fn get(&self, column: Column) -> Option<&'a [u8]> {
        let (from, to) = self.spans.get(column)?;
        self.raw.get(from..to)
    }

    /// The column's bytes, `None` also where the writer had nothing to write (`-` or empty).
    #[inline]
    pub fn some(&self, column: Column) -> Option<&'a [u8]> {
        self.get(column).filter(|text| !is_nothing(text))
    }

    /// The three digits of the status; `None` for anything else.
    #[inline]
    pub fn status(&self) -> Option<u16> {
        digits3(self.get(Column::Status)?)
    }

    /// Bytes sent to the client.
    #[inline]
    pub fn bytes(&self) -> Option<u64> {
        let (from, to) = self.spans.get(Column::Bytes)?;
        decimal(self.raw, from, to)
    }

    /// The method, from its column or the request line.
    pub fn method(&self) -> Option<&'a [u8]> {
        if let Some(method) = self.get(Column::Method) {
            return Some(method);
        }
        let request = self.some(Column::Request)?;
        let end = near(b' ', request)?;
        Some(&request[..end])
    }

    /// The request target as written (path and query, or a whole URL), from its column or the request line.
    #[inline]
    pub fn target(&self) -> Option<&'a [u8]> {
        if let Some(target) = self.get(Column::Target) {
            return Some(target);
        }
        let request = self.some(Column::Request)?;
        let from = near(b' ', request)? + 1;
        let rest = &request[from..];
        let to = match rest.len().checked_sub(9).map(|at| &rest[at..]) {
            Some([b' ', b'H', b'T', b'T', b'P', b'/', ..]) => rest.len() - 9,
            _ => memchr::memrchr(b' ', rest).unwrap_or(rest.len()),
        };
        Some(&rest[..to])
    }

    /// The target's path: without query and, where it is a whole URL, without scheme and authority.
    #[inline]
    pub fn path(&self) -> Option<&'a [u8]> {
        self.target().map(path_of)
    }

    /// The host asked for, from its column or the target's authority.
    pub fn host(&self) -> Option<&'a [u8]> {
        if let Some(host) = self.some(Column::Host) {
            return Some(host);
        }
        let target = self.target().filter(|target| !target.starts_with(b"/"))?;
        let from = memchr::memmem::find(target, b"://")? + 3;
        let rest = &target[from..];
        Some(&rest[..memchr::memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len())])
    }

    /// A time column in microseconds; the last one of a list. `None` for `-` and what is no number.
    pub fn micros(&self, column: Column) -> Option<u64> {
        let text = last_of_list(self.some(column)?);
        let unit = match column {
            Column::UpstreamConnect | Column::UpstreamHeader | Column::UpstreamResponse => {
                self.spans.upstream_unit
            }
            _ => self.spans.unit,
        };
        micros(text, unit)
    }
}

/// Whether a writer that had nothing to write would write this.
#[inline]
pub const fn is_nothing(text: &[u8]) -> bool {
    matches!(text, [] | [b'-'])
}

/// The path of a request target: without query and, where it is a whole URL, without scheme and authority.
#[inline]
pub fn path_of(target: &[u8]) -> &[u8] {
    let target = match target.first() {
        Some(b'/') => target,
        _ => path_of_url(target),
    };
    let end = near2(b'?', b'#', target).unwrap_or(target.len());
    &target[..end]
}

/// Where the path of the target `line[from..to]` ends, which begins with `/`. What stands behind the target is looked at
/// with it, so that there is no branch for its length.
#[inline]
pub fn path_end(line: &[u8], from: usize, to: usize) -> usize {
    near2_within(b'?', b'#', line, from, to).unwrap_or(to)
}

fn path_of_url(target: &[u8]) -> &[u8] {
    match memchr::memmem::find(target, b"://") {
        Some(at) => {
            let rest = &target[at + 3..];
            let path = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
            &rest[path..]
        }
        None => target,
    }
}

/// Three digits.
#[inline]
pub(super) const fn digits3(text: &[u8]) -> Option<u16> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some((*a - b'0') as u16 * 100 + (*b - b'0') as u16 * 10 + (*c - b'0') as u16)
        }
        _ => None,
    }
}

/// Decimal digits only, at most 19.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, &byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// A number of that unit, maybe with a fraction, maybe with its unit behind (`12ms`, `0.004s`), in microseconds.
fn micros(text: &[u8], unit: Unit) -> Option<u64> {
    let digits = text
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .count();
    let nanos = match &text[digits..] {
        b"" => unit.nanos(),
        b"s" => Unit::Seconds.nanos(),
        b"ms" => Unit::Millis.nanos(),
        b"us" | b"\xc2\xb5s" => Unit::Micros.nanos(),
        b"ns" => 1,
        _ => return None,
    };
    let text = &text[..digits];
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let whole = number(&text[..point])?;
    let mut total = u128::from(whole) * u128::from(nanos);
    if point < text.len() {
        let fraction = &text[point + 1..text.len().min(point + 10)];
        if !fraction.is_empty() {
            let scale = 10_u128.pow(fraction.len() as u32);
            total += u128::from(number(fraction)?) * u128::from(nanos) / scale;
        }
    }
    u64::try_from(total / 1000).ok()
}

/// The entries of a list as nginx writes them: `a, b` for further tries, `a : b` behind an internal redirect.
pub fn list(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let separator = text
            .windows(2)
            .position(|pair| pair == b", ")
            .map(|at| (at, 2))
            .into_iter()
            .chain(
                text.windows(3)
                    .position(|three| three == b" : ")
                    .map(|at| (at, 3)),
            )
            .min();
        let (entry, next) = match separator {
            Some((at, length)) => (&text[..at], Some(&text[at + length..])),
            None => (text, None),
        };
        rest = next;
        Some(entry)
    })
}

/// The last entry of such a list, and the whole where it is none.
#[inline]
pub fn last_of_list(text: &[u8]) -> &[u8] {
    match memchr::memrchr(b' ', text) {
        Some(at) => &text[at + 1..],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_fits_the_mask() {
        assert!(Column::ALL.len() <= 64);
        assert_eq!(Column::ALL.len(), Column::WORDS.len());
    }

    #[test]
    fn times_are_read_in_their_unit() {
        let table: &[(&str, Unit, Option<u64>)] = &[
            ("60.003", Unit::Seconds, Some(60_003_000)),
            ("0.004s", Unit::Millis, Some(4_000)),
            ("3004ms", Unit::Seconds, Some(3_004_000)),
            ("5001", Unit::Millis, Some(5_001_000)),
            ("30001000000", Unit::Nanos, Some(30_001_000)),
            ("1.", Unit::Seconds, Some(1_000_000)),
            ("-1", Unit::Millis, None),
            ("", Unit::Seconds, None),
            ("12 apples", Unit::Seconds, None),
            ("99999999999999999999", Unit::Seconds, None),
        ];
        for &(text, unit, wanted) in table {
            assert_eq!(micros(text.as_bytes(), unit), wanted, "{text}");
        }
    }

    #[test]
    fn lists_of_tries() {
        let entries: Vec<_> = list(b"10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80").collect();
        assert_eq!(
            entries,
            [&b"10.0.0.1:80"[..], b"10.0.0.2:80", b"10.0.0.3:80"]
        );
        assert_eq!(last_of_list(b"504, 200"), b"200");
        assert_eq!(last_of_list(b"-"), b"-");
    }

    #[test]
    fn paths_and_hosts() {
        let table: &[(&str, &str, Option<&str>)] = &[
            ("GET /a/b?c=d HTTP/1.1", "/a/b", None),
            (
                "GET http://shop.example/a?b HTTP/1.1",
                "/a",
                Some("shop.example"),
            ),
            ("GET http://shop.example HTTP/1.0", "", Some("shop.example")),
            (
                "CONNECT shop.example:443 HTTP/1.1",
                "shop.example:443",
                None,
            ),
            ("GET /a b HTTP/1.1", "/a b", None),
            ("GET /old", "/old", None),
        ];
        for &(request, path, host) in table {
            let mut spans = Spans::default();
            spans.set(Column::Request, 0, request.len());
            let line = Line::new(request.as_bytes(), &spans);
            assert_eq!(line.path(), Some(path.as_bytes()), "{request}");
            assert_eq!(line.host(), host.map(str::as_bytes), "{request}");
        }
    }
}

//! Which request yields which status code, and why: every code that people ask about, also those that no server sends.
//! `GET /codes` serves this table, and the tests walk it over the wire.
//!
//! In the texts of requests, `{etag:N}` stands for ETag of the answer to the Nth request before, `{long:N}` for N letters.

use serde_json::{Value, json};

use super::BASE;

/// A code.
struct Row {
    code: u16,
    name: &'static str,
    why: &'static str,
    yields: Option<Yield>,
}

/// The request that yields it.
#[derive(Clone, Copy)]
struct Yield {
    before: &'static [Ask],
    ask: Ask,
    /// The final status, when it is not the code itself.
    status: Option<u16>,
    /// The fields that the answer must have.
    fields: &'static [&'static str],
    /// What stands in the answer: an interim status line, or a status within a 207.
    says: &'static str,
}

/// A request: the key, the method and the path behind the base, more fields, the content.
#[derive(Clone, Copy)]
struct Ask {
    key: &'static str,
    target: &'static str,
    fields: &'static [(&'static str, &'static str)],
    content: &'static str,
    form: Form,
}

/// The form that a request takes on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As HTTP has it, in any version.
    Usual,
    /// Fields and content as given, which only HTTP/1.1 can carry.
    Http1,
    /// Content in chunks.
    Chunked,
    /// One byte less than announced, and nothing more.
    Short,
    /// Another version in the first line.
    Version(&'static str),
}

const fn ask(key: &'static str, target: &'static str) -> Ask {
    Ask {
        key,
        target,
        fields: &[],
        content: "",
        form: Form::Usual,
    }
}

impl Ask {
    const fn with(self, fields: &'static [(&'static str, &'static str)]) -> Self {
        Self { fields, ..self }
    }

    const fn sending(self, content: &'static str) -> Self {
        Self { content, ..self }
    }

    const fn as_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The request of HTTP/1.1.
    fn text(&self) -> String {
        let (method, path) = self.target.split_once(' ').unwrap_or(("GET", self.target));
        let target = match path.strip_prefix("http://") {
            Some(_) => path.to_owned(),
            None => format!("{BASE}{path}"),
        };
        let version = match self.form {
            Form::Version(version) => version,
            _ => "HTTP/1.1",
        };
        let mut lines = vec![format!("{method} {target} {version}")];
        let has = |wanted: &str| {
            let mut names = self.fields.iter().map(|(name, _)| *name);
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        if !has("host") {
            lines.push("Host: sim.test".to_owned());
        }
        if !self.key.is_empty() {
            lines.push(format!("Authorization: Bearer {}", self.key));
        }
        lines.extend(
            self.fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        if !self.content.is_empty() && !has("content-type") {
            lines.push("Content-Type: application/json".to_owned());
        }
        let length = long(self.content).unwrap_or(self.content.len());
        let (line, content) = match self.form {
            Form::Chunked => (
                Some("Transfer-Encoding: chunked".to_owned()),
                format!("{length:x}\r\n{}\r\n0\r\n\r\n", self.content),
            ),
            Form::Short => (
                Some(format!("Content-Length: {}", length + 1)),
                self.content.to_owned(),
            ),
            _ if has("content-length") || length == 0 => (None, self.content.to_owned()),
            _ => (
                Some(format!("Content-Length: {length}")),
                self.content.to_owned(),
            ),
        };
        lines.extend(line);
        lines.join("\r\n") + "\r\n\r\n" + &content
    }
}

/// The length of content that is `{long:N}`.
fn long(content: &str) -> Option<usize> {
    let number = content.strip_prefix("{long:")?.strip_suffix('}')?;
    number.parse().ok()
}

const fn when(ask: Ask) -> Yield {
    Yield {
        before: &[],
        ask,
        status: None,
        fields: &[],
        says: "",
    }
}

impl Yield {
    const fn behind(self, before: &'static [Ask]) -> Self {
        Self { before, ..self }
    }

    const fn fields(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }

    const fn within(self, status: u16, says: &'static str) -> Self {
        Self {
            status: Some(status),
            says,
            ..self
        }
    }
}

const fn row(code: u16, name: &'static str, yields: Yield, why: &'static str) -> Row {
    Row {
        code,
        name,
        why,
        yields: Some(yields),
    }
}

const fn never(code: u16, name: &'static str, why: &'static str) -> Row {
    Row {
        code,
        name,
        why,
        yields: None,
    }
}

const CHAIR: &str = r#"{"id": "chair", "title": "A chair"}"#;
const CREATE: Ask = ask("demo", "POST /records").sending(CHAIR);
const READ: Ask = ask("demo", "GET /records/chair");
const TEXT: &[(&str, &str)] = &[("Content-Type", "text/plain")];

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(100, "Continue", when(ask("demo", "POST /records").with(&[("Expect", "100-continue")]).sending(CHAIR).as_form(Form::Http1)).within(201, "HTTP/1.1 100 Continue"),
        "The client waits before its content; the head shows nothing to refuse, so it is told to go on."),
    row(101, "Switching Protocols", when(ask("demo", "GET /events").with(&[("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]).as_form(Form::Http1)).fields(&["Upgrade", "Connection", "Sec-WebSocket-Accept"]),
        "The client asks for a WebSocket where there is one."),
    row(102, "Processing", when(ask("demo", "POST /batch").with(&[("Prefer", "processing")]).sending(r#"{"steps": [{"do": "read", "record": "chair"}], "takes_ms": 100}"#)).behind(&[CREATE]).within(207, " 102"),
        "The batch takes a while, and the client wants to be told before. (RFC 4918 dropped this code again; few servers send it.)"),
    row(200, "OK", when(READ).behind(&[CREATE]).fields(&["ETag", "Content-Type"]),
        "The record is there."),
    row(201, "Created", when(CREATE).fields(&["Location", "ETag"]),
        "A record was created, and Location says where."),
    row(202, "Accepted", when(ask("demo", "POST /jobs").sending(r#"{"task": "count"}"#)).fields(&["Location"]),
        "The job is taken on and not done; Location is its monitor."),
    row(203, "Non-Authoritative Information", when(ask("demo", "GET http://origin.sim.test/api/v1/keys").with(&[("Host", "origin.sim.test"), ("Proxy-Authorization", "Basic cHJveHk6cHJveHk=")]).as_form(Form::Http1)).fields(&["Via"]),
        "A proxy between (this port, asked for a target in absolute form) wrote the JSON shorter."),
    row(204, "No Content", when(ask("demo", "DELETE /records/chair")).behind(&[CREATE]),
        "The record is deleted; there is nothing to say."),
    row(205, "Reset Content", when(ask("demo", "POST /feedback").with(&[("Content-Type", "application/x-www-form-urlencoded")]).sending("text=Good")),
        "The form is taken; the client clears it for the next one."),
    row(206, "Partial Content", when(ask("demo", "GET /records/chair/content").with(&[("Range", "bytes=2-6")])).behind(&[CREATE]).fields(&["Content-Range", "ETag"]),
        "A range of the download was asked for, and is in it."),
    row(207, "Multi-Status", when(ask("demo", "POST /batch").sending(r#"{"steps": [{"do": "read", "record": "chair"}, {"do": "delete", "record": "none"}]}"#)).behind(&[CREATE]).fields(&["Content-Type"]),
        "Each step of the batch has a status of its own."),
    row(208, "Already Reported", when(ask("demo", "GET /folders/root/tree").with(&[("DAV", "bind")])).behind(&[ask("demo", "POST /folders").sending(r#"{"name": "a"}"#), ask("demo", "POST /folders").sending(r#"{"in": "f1", "name": "up", "to": "root"}"#)]).within(207, "HTTP/1.1 208 Already Reported"),
        "It stands within a 207: a folder that is bound twice is told once."),
    row(226, "IM Used", when(ask("demo", "GET /records/chair/content").with(&[("A-IM", "diffe"), ("If-None-Match", "{etag:2}")])).behind(&[CREATE, ask("demo", "GET /records/chair/content"), ask("demo", "PUT /records/chair/content").with(TEXT).sending("A table\n")]).fields(&["IM", "Delta-Base", "ETag"]),
        "The client has an older state and takes the difference (RFC 3229)."),
    row(300, "Multiple Choices", when(ask("", "GET /guide")).fields(&["Link"]),
        "The guide has three forms, and the client prefers none."),
    row(301, "Moved Permanently", when(ask("demo", "GET /items")).fields(&["Location"]),
        "The collection had another name once."),
    row(302, "Found", when(ask("demo", "GET /records/latest")).behind(&[CREATE]).fields(&["Location"]),
        "The newest record is there for now; soon it may be another."),
    row(303, "See Other", when(ask("demo", "GET /jobs/j1")).behind(&[ask("demo", "POST /jobs").sending(r#"{"task": "count", "looks": 0}"#)]).fields(&["Location"]),
        "The job is done; its result is to be read elsewhere."),
    row(304, "Not Modified", when(READ.with(&[("If-None-Match", "{etag:1}")])).behind(&[CREATE]).fields(&["ETag"]),
        "The client has this state already."),
    never(305, "Use Proxy", "Deprecated: by this a server could send clients to a proxy of its choice (RFC 7231 appendix B). Clients do not follow it."),
    row(307, "Temporary Redirect", when(ask("demo", "PUT /records/latest").sending(r#"{"row_version": 1, "title": "A table"}"#)).behind(&[CREATE]).fields(&["Location"]),
        "The newest record is there for now, and the PUT must stay one."),
    row(308, "Permanent Redirect", when(ask("demo", "POST /items").sending(CHAIR)).fields(&["Location"]),
        "The collection had another name once, and the POST must stay one."),
    row(400, "Bad Request", when(ask("demo", "POST /records").sending("{\"title\": ")),
        "The content is no JSON."),
    row(401, "Unauthorized", when(ask("", "GET /records")).fields(&["WWW-Authenticate"]),
        "There is no key."),
    row(402, "Payment Required", when(ask("unpaid", "GET /records")),
        "The key's account is not paid. (RFC 9110 reserves the code; services use it so.)"),
    row(403, "Forbidden", when(ask("disabled", "GET /records")),
        "The key is known, and disabled."),
    row(404, "Not Found", when(ask("demo", "PUT /records/none").sending(r#"{"row_version": 1, "title": "A table"}"#)),
        "PUT replaces what is there, and this is not there."),
    row(405, "Method Not Allowed", when(ask("demo", "PATCH /records").sending("{}")).fields(&["Allow"]),
        "The method is known, but not for the collection."),
    row(406, "Not Acceptable", when(READ.with(&[("Accept", "image/png")])).behind(&[CREATE]),
        "A record has no form as a picture."),
    row(407, "Proxy Authentication Required", when(ask("demo", "GET http://origin.sim.test/api/v1/keys").with(&[("Host", "origin.sim.test")]).as_form(Form::Http1)).fields(&["Proxy-Authenticate"]),
        "The target in absolute form makes this port a proxy, which wants credentials of its own."),
    row(408, "Request Timeout", when(ask("demo", "POST /records").sending(CHAIR).as_form(Form::Short)).fields(&["Connection"]),
        "The content does not come to its end within 3 seconds."),
    row(409, "Conflict", when(ask("demo", "PUT /records/chair").sending(r#"{"row_version": 7, "title": "A table"}"#)).behind(&[CREATE]),
        "The row version is not the current one: somebody else was faster."),
    row(410, "Gone", when(READ).behind(&[CREATE, ask("demo", "DELETE /records/chair")]),
        "The record was there, and is deleted for good."),
    row(411, "Length Required", when(ask("demo", "POST /records").sending(CHAIR).as_form(Form::Chunked)),
        "The content does not say before it begins how long it is."),
    row(412, "Precondition Failed", when(ask("demo", "DELETE /records/chair").with(&[("If-Match", "\"another\"")])).behind(&[CREATE]),
        "The record is not in the state that the client means."),
    row(413, "Content Too Large", when(ask("demo", "PUT /records/chair/content").with(TEXT).sending("{long:65537}")).behind(&[CREATE]),
        "A download may have 65,536 bytes."),
    row(414, "URI Too Long", when(ask("demo", "GET /records?after={long:5000}")),
        "Path and query may have 4,096 bytes."),
    row(415, "Unsupported Media Type", when(ask("demo", "POST /records").with(TEXT).sending("A chair")).fields(&["Accept"]),
        "Records are taken as JSON alone."),
    row(416, "Range Not Satisfiable", when(ask("demo", "GET /records/chair/content").with(&[("Range", "bytes=100-")])).behind(&[CREATE]).fields(&["Content-Range"]),
        "The download is shorter than where the range begins."),
    row(417, "Expectation Failed", when(ask("demo", "POST /records").with(&[("Expect", "200-ok")]).sending(CHAIR)),
        "Nothing but 100-continue can be expected."),
    row(418, "I'm a teapot", when(ask("demo", "POST /pots/tea").sending(r#"{"brew": "coffee"}"#)),
        "The pot is for tea, and coffee is asked for (RFC 2324). Reserved, never registered for use."),
    row(421, "Misdirected Request", when(ask("demo", "GET /records").with(&[("Host", "www.sim.test")])),
        "The certificate covers that name, so a client may use the connection again for it; the API is not there."),
    row(422, "Unprocessable Content", when(ask("demo", "POST /records").sending(r#"{"title": "A chair", "quantity": -1}"#)),
        "The JSON is well-formed, and makes no sense as a record."),
    row(423, "Locked", when(ask("demo", "DELETE /records/chair")).behind(&[CREATE, ask("demo", "POST /records/chair/lock")]),
        "Somebody has locked the record, and the request does not name the token."),
    row(424, "Failed Dependency", when(ask("demo", "POST /jobs").sending(r#"{"task": "count", "needs": "j1"}"#)).behind(&[ask("demo", "POST /jobs").sending(r#"{"task": "average", "looks": 0}"#), ask("demo", "GET /jobs/j1")]),
        "The job needs another one, which has failed. (A batch tells the same within its 207.)"),
    row(426, "Upgrade Required", when(ask("demo", "GET /events").as_form(Form::Http1)).fields(&["Upgrade", "Connection"]),
        "Events come over a WebSocket alone."),
    row(428, "Precondition Required", when(ask("careful", "DELETE /records/chair")).behind(&[ask("careful", "POST /records").sending(CHAIR)]),
        "The key demands that every change says which state it means."),
    row(429, "Too Many Requests", when(ask("limited", "GET /records")).behind(&[ask("limited", "GET /records"), ask("limited", "GET /records"), ask("limited", "GET /records")]).fields(&["Retry-After"]),
        "The key may ask three times a minute."),
    row(431, "Request Header Fields Too Large", when(ask("demo", "GET /records").with(&[("X-Long", "{long:9000}")])),
        "One field may have 8,192 bytes."),
    never(444, "Connection closed without response", "nginx writes it into its own log when it closes a connection without an answer (return 444): nothing of it is on the wire."),
    row(451, "Unavailable For Legal Reasons", when(ask("abroad", "GET /records/chair")).behind(&[ask("abroad", "POST /records").sending(r#"{"id": "chair", "title": "A chair", "blocked_in": ["XA"]}"#)]).fields(&["Link"]),
        "The law of the key's region, XA, forbids the record; Link says who demands it."),
    never(499, "Client closed request", "nginx writes it into its own log when the client has gone before the answer: there is nobody left to send it to."),
    row(500, "Internal Server Error", when(ask("demo", "GET /records/gold/total")).behind(&[ask("demo", "POST /records").sending(r#"{"id": "gold", "title": "Gold", "quantity": 1000000, "price": 1000000}"#)]),
        "Quantity times price does not fit the number that holds it; no handler expects that error."),
    row(501, "Not Implemented", when(ask("demo", "FROBNICATE /records")),
        "No resource here knows that method."),
    row(502, "Bad Gateway", when(ask("demo", "GET /gateway/dead")).fields(&["Via", "Proxy-Status"]),
        "The gateway's upstream refuses the connection."),
    row(503, "Service Unavailable", when(ask("maintenance", "GET /records")).fields(&["Retry-After"]),
        "The key's service is under maintenance."),
    row(504, "Gateway Timeout", when(ask("demo", "GET /gateway/slow")).fields(&["Via", "Proxy-Status"]),
        "The gateway's upstream takes the connection and is silent."),
    row(505, "HTTP Version Not Supported", when(ask("demo", "GET /records").as_form(Form::Version("HTTP/4.0"))),
        "There is no HTTP/4.0 yet."),
    row(506, "Variant Also Negotiates", when(ask("", "GET /guides").with(&[("Accept", "text/html")])),
        "By an error of configuration the form that was chosen negotiates itself (RFC 2295)."),
    row(507, "Insufficient Storage", when(ask("small", "POST /records").sending(r#"{"title": "C"}"#)).behind(&[ask("small", "POST /records").sending(r#"{"title": "A"}"#), ask("small", "POST /records").sending(r#"{"title": "B"}"#)]),
        "The key has room for two records."),
    row(508, "Loop Detected", when(ask("demo", "GET /folders/root/tree")).behind(&[ask("demo", "POST /folders").sending(r#"{"name": "a"}"#), ask("demo", "POST /folders").sending(r#"{"in": "f1", "name": "up", "to": "root"}"#)]),
        "A folder leads back to itself, and the client does not know of bindings (RFC 5842)."),
    never(510, "Not Extended", "RFC 2774, an experiment that is historic now: no client sends the mandatory extensions that a server could miss."),
    row(511, "Network Authentication Required", when(ask("captive", "GET /records")).fields(&["Link"]),
        "A captive portal stands between; it links to where to log in."),
    never(599, "Network connection timeout error", "Never registered: some proxies and client libraries make it up when no answer came, so that no server has sent it."),
];

/// The table as JSON.
pub(super) fn table() -> Value {
    let codes: Vec<Value> = ROWS.iter().map(told).collect();
    json!({
        "about": "Before each, POST /api/v1/reset with the same key. {etag:N} stands for ETag of the answer to the Nth request \
            before, {long:N} for N letters.",
        "codes": codes,
    })
}

fn told(row: &Row) -> Value {
    let mut told = json!({"code": row.code, "name": row.name, "why": row.why});
    if let Some(yields) = &row.yields {
        let before: Vec<String> = yields.before.iter().map(Ask::text).collect();
        told["before"] = before.into();
        told["request"] = yields.ask.text().into();
        told["http1_only"] = (yields.ask.form != Form::Usual).into();
        told["status"] = yields.status.unwrap_or(row.code).into();
        told["fields"] = yields.fields.into();
        told["says"] = yields.says.into();
    }
    told
}

//! Ten lines for the party at fault: what a person there needs to find the request and mend the cause.
//!
//! Each line stands alone, so that it can be copied; nothing is wrapped. Credentials are hidden, also those that stand in
//! a query.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::time::SystemTime;

use httpwhy_catalog::by_id;
use httpwhy_model::{
    Blame, Diagnosis, Exchange, Field, Party, Phase, Role, Seen, Value, redact_uri,
};
use httpwhy_schema::moment;

use crate::entry::title;
use crate::style::safe;

/// One failure, or several with one cause.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// What was seen, with credentials hidden.
    pub exchange: &'a Exchange,
    /// What it means.
    pub diagnosis: &'a Diagnosis,
    /// How often it was seen, when more was asked for than this.
    pub seen: Option<Occurrences<'a>>,
}

/// How often one cause was seen.
#[derive(Debug, Clone, Copy)]
pub struct Occurrences<'a> {
    /// Visits that ended so.
    pub count: u64,
    /// Of how many to the same host.
    pub of: u64,
    /// When it was first and last seen.
    pub between: Option<(SystemTime, SystemTime)>,
    /// Other targets that ended so, a few of them.
    pub others: &'a [String],
}

/// Fields in which a request is given a name that its servers' logs know, the most precise first.
const REQUEST_IDS: &[&str] = &[
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "cf-ray",
    "x-amz-cf-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-amz-request-id",
    "x-amz-id-2",
    "x-amz-apigw-id",
    "x-azure-ref",
    "x-ms-request-id",
    "x-ms-middleware-request-id",
    "x-cloud-trace-context",
    "x-goog-request-id",
    "x-fastly-request-id",
    "x-vercel-id",
    "x-nf-request-id",
    "x-vcap-request-id",
    "fly-request-id",
    "x-github-request-id",
    "x-kong-request-id",
    "x-akamai-request-id",
    "akamai-grn",
    "x-iinfo",
    "x-trace-id",
    "x-b3-traceid",
    "traceparent",
];
/// Names of one request shown at most.
const IDS_SHOWN: usize = 4;
/// Pieces of evidence shown at most.
const EVIDENCE_SHOWN: usize = 3;

/// Writes the lines.
pub fn letter_text(out: &mut dyn io::Write, letter: &Letter<'_>) -> io::Result<()> {
    let Letter {
        exchange,
        diagnosis,
        seen,
    } = *letter;
    writeln!(out, "{}", greeting(letter))?;
    let mut row = |label: &str, text: &str| writeln!(out, "{label:<11}{text}");
    row("Problem", &problem(diagnosis))?;
    row("When", &when(exchange))?;
    row("Request", &request(exchange))?;
    row("Answer", &answer(exchange))?;
    row("Request id", &ids(exchange))?;
    row("Answered", &producer(diagnosis))?;
    row("Evidence", &evidence(diagnosis))?;
    row("Seen", &seen.map_or_else(|| "once".to_owned(), occurrences))?;
    row("Again", &curl(exchange))?;
    row("Wanted", &wanted(diagnosis))
}

fn greeting(letter: &Letter<'_>) -> String {
    let host = host(letter.exchange);
    let blame = letter.diagnosis.blame;
    let sure = match blame {
        Blame::Proven(_) => "The evidence leaves no other cause than",
        _ => "What was seen points to",
    };
    match blame.party() {
        None if blame == Blame::Nobody => {
            format!(
                "Hello. A request to {host} was answered as it should be; there is nothing to mend."
            )
        }
        None => format!(
            "Hello. A request to {host} failed; whose side it is on cannot be told yet. Could you have a look?"
        ),
        Some(Party::Client | Party::Engine) => format!(
            "Hello. A request to {host} failed. {sure} the side that asked, so this is for those who run it."
        ),
        Some(party) => {
            format!(
                "Hello. A request to {host} failed. {sure} {}. Could you have a look?",
                name(party)
            )
        }
    }
}

const fn name(party: Party) -> &'static str {
    match party {
        Party::Client | Party::Engine => "the side that asked",
        Party::Dns => "the name servers for it",
        Party::Network => "the network on the way",
        Party::Intermediary => "the proxy, gateway or CDN in front of it",
        Party::Origin => "the server itself",
        Party::Repeater => "the repeater that asked for us",
    }
}

fn host(exchange: &Exchange) -> String {
    let target = &exchange.target;
    let rest = target.find("://").map_or(&**target, |at| &target[at + 3..]);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    safe(authority.rsplit('@').next().unwrap_or(authority))
}

fn problem(diagnosis: &Diagnosis) -> String {
    let id = diagnosis.outcome.0;
    match by_id(id) {
        Some(entry) => {
            // The lead is Markdown; its marks say nothing here.
            let lead = entry.lead().replace('`', "");
            format!("{} ({id}): {}", title(entry), lead.trim())
        }
        None => id.to_owned(),
    }
}

fn when(exchange: &Exchange) -> String {
    let Seen::Present(at) = exchange.observed_at else {
        return "not recorded".to_owned();
    };
    let mut text = format!("{} (UTC)", moment(at));
    let date = exchange
        .response
        .as_ref()
        .and_then(|response| response.fields.text("date"));
    if let Some(date) = date {
        let _ = write!(text, "; by the answer's own Date: {}", safe(date));
    }
    text
}

fn request(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut text = format!("{} {}", lossy(&request.method), shown_target(exchange));
    if !request.version.is_empty() {
        let _ = write!(text, " over {}", lossy(&request.version));
    }
    if let Some(tls) = exchange.tls.as_ref().filter(|tls| !tls.version.is_empty()) {
        let _ = write!(text, " and {}", safe(&tls.version));
    }
    if let Some(agent) = request.fields.text("user-agent") {
        let _ = write!(text, " by {}", safe(agent));
    }
    text
}

fn answer(exchange: &Exchange) -> String {
    let mut text = match &exchange.response {
        Some(response) if !response.code.is_empty() => {
            let line = format!("{} {}", lossy(&response.code), lossy(&response.reason));
            let came = match &response.body {
                Seen::Present(body) => body.received.present(),
                Seen::Absent | Seen::NotCaptured => None,
            };
            let line = line.trim().to_owned();
            came.map_or_else(
                || line.clone(),
                |came| format!("{line}, {came} bytes of content"),
            )
        }
        Some(_) => "something that is no HTTP".to_owned(),
        None => "none".to_owned(),
    };
    if let Some(peer) = exchange.peer {
        let _ = write!(text, ", from {peer}");
    }
    let took = exchange.timeline.total();
    if !took.is_zero() {
        let phases: Vec<String> = exchange
            .timeline
            .iter()
            .map(|(phase, took)| {
                format!(
                    "{} {:.0}",
                    Phase::as_str(phase),
                    took.as_secs_f64() * 1000.0
                )
            })
            .collect();
        let _ = write!(
            text,
            ", after {:.0} ms ({})",
            took.as_secs_f64() * 1000.0,
            phases.join(", ")
        );
    }
    let signals: Vec<String> = exchange
        .signals()
        .take(4)
        .map(|(_, signal)| safe(&signal.to_string()))
        .collect();
    if !signals.is_empty() {
        let _ = write!(text, "; signals: {}", signals.join(", "));
    }
    text
}

fn ids(exchange: &Exchange) -> String {
    let fields = exchange.response.iter().map(|response| &response.fields);
    // A name that was sent along is one that their log may hold too.
    let all = fields.chain([&exchange.request.fields]);
    let mut found: Vec<String> = Vec::new();
    for fields in all {
        for name in REQUEST_IDS {
            let value = fields.text(name).map(str::trim);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let shown = format!("{name} {}", shortened(&safe(value)));
                if !found.contains(&shown) && found.len() < IDS_SHOWN {
                    found.push(shown);
                }
            }
        }
    }
    match (found.is_empty(), &exchange.response) {
        (false, _) => found.join("; "),
        (true, Some(_)) => "none came with the answer".to_owned(),
        (true, None) => "none, since no answer came".to_owned(),
    }
}

fn producer(diagnosis: &Diagnosis) -> String {
    match &diagnosis.producer {
        None => "by a server that does not say what it is".to_owned(),
        Some(producer) => match producer.role {
            Role::Intermediary => format!("by {}, in front of the origin", producer.name),
            Role::Origin => format!("by {}, the origin itself", producer.name),
            Role::Unknown => format!("{} was on the way", producer.name),
        },
    }
}

fn evidence(diagnosis: &Diagnosis) -> String {
    let pieces: Vec<String> = diagnosis
        .evidence
        .iter()
        .take(EVIDENCE_SHOWN)
        .map(|evidence| {
            let place = safe(&evidence.place.to_string());
            match &evidence.quote {
                Some(quote) => format!("{place} \"{}\": {}", hide_query(quote), evidence.shows),
                None => format!("{place}: {}", evidence.shows),
            }
        })
        .collect();
    let mut text = pieces.join("; ");
    if let Some(said) = &diagnosis.server_says {
        let _ = write!(text, "; the answer says: \"{}\"", hide_query(said));
    }
    if text.is_empty() {
        return "none beyond what stands above".to_owned();
    }
    hide_query(&safe(&text)).into_owned()
}

fn occurrences(seen: Occurrences<'_>) -> String {
    let mut text = format!(
        "{} of {} requests to this host ended so",
        seen.count, seen.of
    );
    if let Some((first, last)) = seen.between {
        let _ = write!(text, ", from {} to {} (UTC)", moment(first), moment(last));
    }
    if !seen.others.is_empty() {
        let others: Vec<String> = seen
            .others
            .iter()
            .map(|other| hide_query(&safe(&redact_uri(other))).into_owned())
            .collect();
        let _ = write!(text, "; also {}", others.join(" "));
    }
    text
}

fn wanted(diagnosis: &Diagnosis) -> String {
    match diagnosis.blame.party() {
        None if diagnosis.blame == Blame::Nobody => "Nothing. Thank you.".to_owned(),
        Some(Party::Client | Party::Engine) => format!(
            "The request is to be mended first; `httpwhy explain {}` says how. Thank you.",
            diagnosis.outcome
        ),
        _ => format!(
            "What your logs hold about this request at that time, and whether it can be mended. More on the cause: httpwhy \
             explain {}. Thank you.",
            diagnosis.outcome
        ),
    }
}

/// Fields that curl sends by itself, or that make no sense again.
const NOT_REPEATED: &[&str] = &[
    "host",
    "content-length",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "proxy-authorization",
];

/// A command that asks the same again, with stand-ins where something is hidden.
pub fn curl(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut words = vec!["curl -sv -g".to_owned()];
    match &*request.method {
        b"" | b"GET" => {}
        b"HEAD" => words.push("-I".to_owned()),
        method => words.push(format!("-X {}", quoted(&lossy(method)))),
    }
    if request.version.as_ref() == b"HTTP/1.1" && exchange.target.starts_with("https:") {
        words.push("--http1.1".to_owned());
    }
    if let Some(proxy) = exchange.way.as_ref().and_then(|way| way.proxy.as_ref()) {
        words.push(format!("-x {}", quoted(&redact_uri(&proxy.uri))));
    }
    let default_host = host(exchange);
    for field in &request.fields.list {
        words.extend(option(field, &default_host));
    }
    if let Seen::Present(body) = &request.body
        && !body.bytes.is_empty()
    {
        // Content may hold anything, also a password.
        words.push(format!(
            "--data-binary {}",
            quoted(&format!("@THE-{}-BYTES-THAT-WERE-SENT", body.bytes.len()))
        ));
    }
    words.push(quoted(&shown_target(exchange)));
    words.join(" ")
}

fn option(field: &Field, default_host: &str) -> Option<String> {
    let name = lossy(field.name.as_ref().trim_ascii());
    let lower = name.to_ascii_lowercase();
    let value = lossy(field.value.as_bytes());
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token || lower == "accept" && value == "*/*" {
        return None;
    }
    if lower == "host" && value != default_host {
        return Some(format!("-H {}", quoted(&format!("Host: {value}"))));
    }
    if NOT_REPEATED.contains(&lower.as_str()) {
        return None;
    }
    Some(match (lower.as_str(), &field.value) {
        ("user-agent", _) => format!("-A {}", quoted(&value)),
        ("authorization", _) => match value.split(' ').next() {
            Some("Basic") => "-u USER:PASSWORD".to_owned(),
            Some("Digest") => "--digest -u USER:PASSWORD".to_owned(),
            Some(scheme) if value.contains(' ') => {
                format!("-H {}", quoted(&format!("Authorization: {scheme} HIDDEN")))
            }
            _ => "-H 'Authorization: HIDDEN'".to_owned(),
        },
        ("cookie", _) => {
            let names: Vec<String> = value
                .split(';')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, _)| format!("{}=HIDDEN", name.trim()))
                .collect();
            format!("-H {}", quoted(&format!("Cookie: {}", names.join("; "))))
        }
        (_, Value::Redacted(_)) => format!("-H {}", quoted(&format!("{name}: HIDDEN"))),
        // curl sends an empty field for a semicolon.
        _ if value.is_empty() => format!("-H {}", quoted(&format!("{name};"))),
        _ => format!("-H {}", quoted(&format!("{name}: {}", hide_query(&value)))),
    })
}

/// One word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", safe(text).replace('\'', "'\\''"))
}

fn shown_target(exchange: &Exchange) -> String {
    hide_query(&safe(&redact_uri(&exchange.target))).into_owned()
}

/// Parts of a parameter's name that tell of a secret.
const SECRET_NAMES: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "signature",
    "credential",
    "session",
    "jwt",
    "otp",
    "auth",
];
/// Whole names that do.
const SECRET_WORDS: &[&str] = &["key", "sig", "sid", "code", "pass", "pw", "state", "hmac"];

/// Hides the values of parameters that carry secrets, wherever `?name=value` or `&name=value` stands in a text.
fn hide_query(text: &str) -> Cow<'_, str> {
    if !text.contains('=') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['?', '&']) {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let end = rest
            .find(|c: char| matches!(c, '&' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace())
            .unwrap_or(rest.len());
        let (parameter, behind) = rest.split_at(end);
        match parameter.split_once('=') {
            Some((name, value)) if is_secret(name) && !value.is_empty() => {
                out.push_str(name);
                out.push_str("=HIDDEN");
            }
            _ => out.push_str(parameter.split(['?']).next().unwrap_or_default()),
        }
        // A second question mark begins another round.
        let kept = parameter.split(['?']).next().unwrap_or_default().len();
        let hidden = parameter
            .split_once('=')
            .is_some_and(|(name, value)| is_secret(name) && !value.is_empty());
        rest = if hidden { behind } else { &rest[kept..] };
    }
    out.push_str(rest);
    out.into()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.contains(&name.as_str()) || SECRET_NAMES.iter().any(|part| name.contains(part))
}

fn lossy(bytes: &[u8]) -> String {
    safe(&String::from_utf8_lossy(bytes))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 128 {
        return text.to_owned();
    }
    text.chars().take(127).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use httpwhy_model::Request;

    use super::*;

    #[test]
    fn secrets_of_a_query_are_hidden() {
        for (text, shown) in [
            (
                "https://a/x?token=abc&page=2#t",
                "https://a/x?token=HIDDEN&page=2#t",
            ),
            (
                "https://a/x?page=2&X-Amz-Signature=abc",
                "https://a/x?page=2&X-Amz-Signature=HIDDEN",
            ),
            (
                "to /login?next=/a?key=1&x=2 then",
                "to /login?next=/a?key=HIDDEN&x=2 then",
            ),
            (
                "https://a/?monkey=1&keyword=2",
                "https://a/?monkey=1&keyword=2",
            ),
            ("https://a/?token=", "https://a/?token="),
            ("?token=a?key=b", "?token=HIDDEN"),
            ("a = b", "a = b"),
            ("??&&?sid=é", "??&&?sid=HIDDEN"),
        ] {
            assert_eq!(hide_query(text), shown, "{text}");
        }
    }

    #[test]
    fn the_command_is_safe_to_paste() {
        let mut exchange = Exchange {
            target: "https://a.example/it's?x=$(id)&password=p".into(),
            ..Exchange::default()
        };
        exchange.request = Request {
            method: "PO'ST".into(),
            ..Request::default()
        };
        for (name, value) in [
            ("Host", "a.example"),
            ("User-Agent", "x'; rm -rf /"),
            ("Accept", "*/*"),
            ("Authorization", "Basic dTpw"),
            ("Cookie", "sid=abc; theme=dark"),
            ("X-Mine", "a\u{1b}[31m"),
            ("X-Empty", ""),
            ("@file", "x"),
        ] {
            exchange.request.fields.push(name, value);
        }
        let command = curl(&exchange);
        assert_eq!(
            command,
            "curl -sv -g -X 'PO'\\''ST' -A 'x'\\''; rm -rf /' -u USER:PASSWORD -H 'Cookie: sid=HIDDEN; theme=HIDDEN' \
             -H 'X-Mine: a\\u{1b}[31m' -H 'X-Empty;' 'https://a.example/it'\\''s?x=$(id)&password=HIDDEN'"
        );
    }
}

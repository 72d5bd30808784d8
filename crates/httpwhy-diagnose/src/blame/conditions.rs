//! Statuses that answer something the request asked for: a condition, a range, an expectation, a method.

use httpwhy_model::{Blame, Party, Place};

use super::{CLIENT, Case, FRONT, ORIGIN, Ruling};

const CLIENT_PROVEN: Blame = Blame::Proven(Party::Client);

/// Methods that every server of files or applications knows.
const SAFE_TO_SEND: &[&[u8]] = &[b"GET", b"HEAD"];

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    looped(case)
        .or_else(|| no_status(case))
        .or_else(|| by_status(case))
}

fn by_status(case: &Case) -> Option<Ruling> {
    match case.status().filter(|_| case.is_plain_status())? {
        403 => refused(case),
        405 => method_not_allowed(case),
        412 => precondition(case),
        416 => range(case),
        417 => expectation(case),
        421 => misdirected(case),
        501 => not_implemented(case),
        504 => only_if_cached(case),
        505 => version(case),
        _ => None,
    }
}

/// Entries of private numbers, with the beginning of the field names by which their owner is known. Without these the
/// number says nothing of its owner.
const PRIVATE: &[(&str, &[u8])] = &[("linkedin/999", b"x-li-")];

/// A number that is no status of HTTP (RFC 9110 section 15): whoever answered invented it, and a front passes it on.
fn no_status(case: &Case) -> Option<Ruling> {
    let status = case.status()?;
    let response = case.response()?;
    let unmarked = |prefix: &[u8]| {
        let begins = |name: &[u8]| {
            name.len() >= prefix.len() && name[..prefix.len()].eq_ignore_ascii_case(prefix)
        };
        !response.fields.list.iter().any(|field| begins(&field.name))
    };
    let guessed = PRIVATE
        .iter()
        .any(|(id, prefix)| case.entry.id.0 == *id && unmarked(prefix));
    let invented = !(100..600).contains(&status) && (case.is_plain_status() || guessed);
    invented.then(|| case.by_status_line(ORIGIN, "no status of HTTP: whoever answered invented it"))
}

/// The request carries the mark of the very intermediary that answers (RFC 9110 section 7.6.3): it went in a circle.
fn looped(case: &Case) -> Option<Ruling> {
    let was = case.asked("via")?;
    let by = case.answered("via")?;
    let name = |member: &str| member.split_ascii_whitespace().nth(1).map(str::to_owned);
    let last = name(by.rsplit(',').next()?)?;
    let circled = was
        .split(',')
        .filter_map(name)
        .any(|earlier| earlier == last);
    circled.then(|| {
        let shows =
            "the request had already passed the intermediary that answers: a forwarding loop";
        case.ruling(
            FRONT,
            Place::RequestField("via".into()),
            Some(was.as_bytes()),
            shows,
        )
    })
}

/// The server understood and refuses: asking with other rights, from elsewhere or for something else would succeed
/// (RFC 9110 section 15.5.4).
fn refused(case: &Case) -> Option<Ruling> {
    let kept = case.response()?.fields.kept == httpwhy_model::Kept::All;
    kept.then(|| case.by_status_line(CLIENT, "the request was understood and refused"))
}

/// An Allow that lists methods, the one used not among them: the resource says it itself.
fn method_not_allowed(case: &Case) -> Option<Ruling> {
    let allow = case.answered("allow")?;
    let method = std::str::from_utf8(&case.exchange.request.method)
        .ok()
        .filter(|method| !method.is_empty())?;
    let place = Place::Field("allow".into());
    let quoted = Some(allow.as_bytes());
    Some(
        if allow.split(',').any(|allowed| allowed.trim() == method) {
            let shows = format!("{method} is among the methods allowed, and was refused");
            case.ruling(ORIGIN, place, quoted, shows)
        } else {
            let shows = format!("{method} is not among the methods allowed");
            case.ruling(CLIENT_PROVEN, place, quoted, shows)
        },
    )
}

/// Conditions, each with the field of the response that shows what it was compared with (RFC 9110 section 13).
const CONDITIONS: &[(&str, &str)] = &[
    ("if-match", "etag"),
    ("if-unmodified-since", "last-modified"),
    ("if-none-match", "etag"),
    ("if", "etag"),
];

/// The request's own condition did not hold. Where the response shows the current state, it can be seen.
fn precondition(case: &Case) -> Option<Ruling> {
    let (name, asked, current) = CONDITIONS.iter().find_map(|(name, field)| {
        case.asked(name)
            .map(|asked| (*name, asked, case.answered(field)))
    })?;
    let seen = current.is_some_and(|current| match name {
        "if-match" => asked != "*" && !asked.contains(tag_without_suffix(current)),
        "if-unmodified-since" => is_later(current, asked),
        _ => false,
    });
    let place = Place::RequestField(name.into());
    let quoted = Some(asked.as_bytes());
    Some(match current.filter(|_| seen) {
        Some(current) => {
            let shows = format!(
                "the condition is not met: the response says {}",
                crate::quote::quote(current.as_bytes())
            );
            case.ruling(CLIENT_PROVEN, place, quoted, shows)
        }
        None => case.ruling(
            CLIENT,
            place,
            quoted,
            "the condition under which the request was to hold",
        ),
    })
}

/// What identifies a tag: without the weakness mark, the quotes and the suffix that some servers add when they compress.
fn tag_without_suffix(tag: &str) -> &str {
    let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
    tag.trim_end_matches("-gzip").trim_end_matches("-br")
}

fn is_later(current: &str, asked: &str) -> bool {
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    date(current)
        .zip(date(asked))
        .is_some_and(|(current, asked)| current > asked)
}

/// A range beyond the end, which Content-Range names (RFC 9110 section 15.5.17); or none was asked for.
fn range(case: &Case) -> Option<Ruling> {
    let place = Place::RequestField("range".into());
    let Some(asked) = case.asked("range") else {
        let shows = "no range was asked for, so none can be wrong";
        return case
            .asked_without("range")
            .then(|| case.ruling(ORIGIN, place, None, shows));
    };
    let first = asked
        .strip_prefix("bytes=")
        .and_then(|set| set.split('-').next()?.trim().parse::<u64>().ok());
    let length = case
        .answered("content-range")
        .and_then(|range| range.strip_prefix("bytes */")?.trim().parse::<u64>().ok());
    let beyond = first
        .zip(length)
        .is_some_and(|(first, length)| first >= length)
        && !asked.contains(',');
    let quoted = Some(asked.as_bytes());
    Some(if beyond {
        case.ruling(
            CLIENT_PROVEN,
            place,
            quoted,
            "the range begins behind the end that Content-Range names",
        )
    } else {
        case.ruling(CLIENT, place, quoted, "the range asked for")
    })
}

/// `100-continue` is the only expectation there is (RFC 9110 section 10.1.1).
fn expectation(case: &Case) -> Option<Ruling> {
    let expect = case.asked("expect")?;
    let known = expect.trim().eq_ignore_ascii_case("100-continue");
    (!known).then(|| {
        let place = Place::RequestField("expect".into());
        case.ruling(
            CLIENT_PROVEN,
            place,
            Some(expect.as_bytes()),
            "an expectation that HTTP does not define",
        )
    })
}

/// The name in TLS and the one in Host differ, or the connection was opened for another name (RFC 9110 section
/// 15.5.20). Behind a front it may be the front's own connection to the server that is meant.
fn misdirected(case: &Case) -> Option<Ruling> {
    let named = case
        .exchange
        .tls
        .as_ref()
        .and_then(|tls| tls.server_name.as_deref());
    let host = case.asked("host")?;
    let host_name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if let Some(named) = named.filter(|named| !host_name.eq_ignore_ascii_case(named)) {
        let shows = format!(
            "the TLS handshake asked for {}",
            crate::quote::quote(named.as_bytes())
        );
        let place = Place::RequestField("host".into());
        return Some(case.ruling(CLIENT, place, Some(host.as_bytes()), shows));
    }
    let direct = case.answered("via").is_none() && !case.producer.has("nginx");
    (direct && case.exchange.tls.is_some()).then(|| {
        case.by_status_line(
            CLIENT,
            "this connection is not for that host, says the server that holds it",
        )
    })
}

/// A method that servers need not know is the client's choice; GET and HEAD are not (RFC 9110 sections 9.1, 15.6.2).
fn not_implemented(case: &Case) -> Option<Ruling> {
    let method = &case.exchange.request.method[..];
    if method.is_empty() {
        return None;
    }
    let place = Place::RequestField(":method".into());
    Some(if SAFE_TO_SEND.contains(&method) {
        case.ruling(
            ORIGIN,
            place,
            Some(method),
            "every server must support this method",
        )
    } else {
        case.ruling(
            CLIENT,
            place,
            Some(method),
            "a method that a server need not support",
        )
    })
}

/// The client forbade asking the origin, and nothing was stored (RFC 9111 section 5.2.1.7).
fn only_if_cached(case: &Case) -> Option<Ruling> {
    let control = case.asked("cache-control")?;
    control
        .to_ascii_lowercase()
        .contains("only-if-cached")
        .then(|| {
            let place = Place::RequestField("cache-control".into());
            let shows =
                "the request forbade asking anyone but the cache, which had no answer stored";
            case.ruling(CLIENT_PROVEN, place, Some(control.as_bytes()), shows)
        })
}

/// HTTP/1.1 and HTTP/1.0 are spoken by every server (RFC 9110 section 15.6.6).
fn version(case: &Case) -> Option<Ruling> {
    let version = &case.exchange.request.version[..];
    matches!(version, b"HTTP/1.0" | b"HTTP/1.1").then(|| {
        case.ruling(
            ORIGIN,
            Place::Target,
            Some(version),
            "every server must speak this version",
        )
    })
}

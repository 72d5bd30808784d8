//! Words that a response says in its fields or content, as signals with their evidence.

use httpwhy_model::{Evidence, Exchange, Phase, Place, Response, Seen, Signal, Visit};
use memchr::memmem;

use crate::content;
use crate::marks::Marks;
use crate::passage;
use crate::quote::quote;
use crate::redirect;

/// Content beyond this is not read for error words.
const BODY_READ: usize = 16 * 1024;

/// A signal that was not recorded but can be read from what was.
pub(crate) struct Derived {
    pub(crate) phase: Phase,
    pub(crate) signal: Signal,
    pub(crate) evidence: Evidence,
}

pub(crate) fn derive(
    visit: &Visit,
    index: usize,
    exchange: &Exchange,
    content: &Marks,
) -> Vec<Derived> {
    let Some(response) = exchange.response.as_ref() else {
        return Vec::new();
    };
    let mut found = grpc(response, index);
    found.extend(redirect::cost_of_following(visit, index, exchange));
    found.extend(passage::proxy_error(response, index));
    match response.status() {
        Some(200..=299) => found.extend(content::facts(exchange, response, index)),
        Some(300..=399) => found.extend(redirect::facts(visit, index, exchange)),
        Some(400..) => {
            found.extend(challenge(response, index));
            found.extend(oauth(response, index));
            found.extend(csrf(content, index));
        }
        _ => {}
    }
    found
}

fn derived(
    step: usize,
    place: Place,
    quoted: &[u8],
    dialect: &'static str,
    word: String,
    shows: String,
) -> Derived {
    Derived {
        phase: Phase::Receive,
        signal: Signal::word(dialect, word),
        evidence: Evidence {
            step,
            place,
            quote: Some(quote(quoted)),
            shows: shows.into(),
        },
    }
}

/// `grpc-status` in the fields or trailers, when it is not 0 (OK).
fn grpc(response: &Response, step: usize) -> Vec<Derived> {
    let name = "grpc-status";
    response
        .trailers
        .iter(name)
        .chain(response.fields.iter(name))
        .filter_map(|value| {
            value
                .as_str()
                .filter(|code| *code != "0" && code.bytes().all(|b| b.is_ascii_digit()))
        })
        .map(|code| {
            let shows = format!("the call ended with gRPC status {code}");
            derived(
                step,
                Place::Field(name.into()),
                code.as_bytes(),
                "grpc",
                code.to_owned(),
                shows,
            )
        })
        .take(1)
        .collect()
}

/// A parameter's value in `name; key=value; key="value"`.
fn parameter(text: &str, key: &str) -> Option<String> {
    text.split([';', ',', ' ']).find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        (name.trim().eq_ignore_ascii_case(key)).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Errors that a challenge names (RFC 6750 section 3.1, RFC 7616 section 3.3, RFC 9449 section 8, RFC 9470).
fn challenge(response: &Response, step: usize) -> Vec<Derived> {
    let mut found = Vec::new();
    for value in response.fields.iter("www-authenticate") {
        let Some(text) = value.as_str() else { continue };
        let scheme = text
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let error = parameter(text, "error").unwrap_or_default();
        let word = match (scheme.as_str(), error.as_str()) {
            (_, "use_dpop_nonce") => "dpop-nonce",
            (_, "insufficient_user_authentication") => "step-up-required",
            ("bearer" | "dpop", "invalid_token") => "bearer-invalid-token",
            ("bearer" | "dpop", "insufficient_scope") => "bearer-insufficient-scope",
            ("bearer" | "dpop", "invalid_request") => "bearer-invalid-request",
            ("digest", _)
                if parameter(text, "stale")
                    .is_some_and(|stale| stale.eq_ignore_ascii_case("true")) =>
            {
                "digest-stale"
            }
            _ => continue,
        };
        let place = Place::Field("www-authenticate".into());
        found.push(derived(
            step,
            place,
            text.as_bytes(),
            "auth",
            word.into(),
            "the challenge names its error".into(),
        ));
    }
    found
}

/// The `error` member of an OAuth error response (RFC 6749 section 5.2) or of an API that asks for a second factor.
fn oauth(response: &Response, step: usize) -> Vec<Derived> {
    let body = kept_content(response);
    if !says_json(response) || memmem::find(body, b"\"error\"").is_none() {
        return Vec::new();
    }
    let Some(error) = crate::says::json_text(body, &["error"]) else {
        return Vec::new();
    };
    let word = match error.as_str() {
        "invalid_client" => "oauth-invalid-client",
        "invalid_grant" => "oauth-invalid-grant",
        "invalid_scope" => "oauth-invalid-scope",
        "unauthorized_client" => "oauth-unauthorized-client",
        "unsupported_grant_type" => "oauth-unsupported-grant",
        "mfa_required" => "mfa-required",
        _ => return Vec::new(),
    };
    vec![derived(
        step,
        place_in(body, error.as_bytes()),
        error.as_bytes(),
        "auth",
        word.into(),
        "the content names the error".into(),
    )]
}

/// What frameworks write when a form's token is missing or stale, with who writes it.
pub(crate) const CSRF_WORDS: &[(&str, &str)] = &[
    ("CSRF verification failed", "Django's page"),
    ("ActionController::InvalidAuthenticityToken", "Rails' page"),
    ("CSRF token mismatch", "Laravel's message"),
    ("invalid csrf token", "the csurf middleware's message"),
    ("Invalid CSRF Token", "Spring Security's message"),
];

fn csrf(content: &Marks, step: usize) -> Vec<Derived> {
    CSRF_WORDS
        .iter()
        .find_map(|(word, who)| Some((word, who, content.text(word)?)))
        .map(|(word, who, (from, to))| {
            derived(
                step,
                Place::Body(from as u64, to as u64),
                word.as_bytes(),
                "auth",
                "csrf-mismatch".into(),
                format!("{who} about a form token"),
            )
        })
        .into_iter()
        .collect()
}

/// The content that was kept, its first 16 KiB.
pub(crate) fn kept_content(response: &Response) -> &[u8] {
    match &response.body {
        Seen::Present(body) => &body.bytes[..body.bytes.len().min(BODY_READ)],
        Seen::Absent | Seen::NotCaptured => &[],
    }
}

/// True when Content-Type names JSON (RFC 8259, or a `+json` suffix).
pub(crate) fn says_json(response: &Response) -> bool {
    response.fields.text("content-type").is_some_and(|kind| {
        let kind = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        kind.ends_with("/json") || kind.ends_with("+json")
    })
}

/// Where `part` stands in the content.
pub(crate) fn place_in(body: &[u8], part: &[u8]) -> Place {
    let from = memmem::find(body, part).unwrap_or_default() as u64;
    Place::Body(from, from + part.len() as u64)
}

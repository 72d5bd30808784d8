//! From a request to its answer: what any server checks first, then the operation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_ENCODING, EXPECT, HOST, LINK, TRANSFER_ENCODING};
use http::{Method, Response};
use httpwhy_respond::{
    Coding, ContentTooLarge, Failure, MediaType, MethodNotAllowed, NoContent, NotAcceptable,
    RateLimit, RetryAfter, TooManyRequests, Unavailable, UnsupportedMediaType,
};

use super::ask::Ask;
use super::operation::{Call, Does, Operation};
use super::operations::OPERATIONS;
use super::tenant::{Settings, Tenants};
use super::trouble::{Done, Trouble};
use super::{built, keys, proxy};

/// The longest path with query, in bytes.
const LONGEST_TARGET: usize = 4_096;
/// The longest fields together, and one alone, in bytes.
const LONGEST_FIELDS: usize = 16_384;
const LONGEST_FIELD: usize = 8_192;
/// The most content that is taken where none is needed, in bytes.
pub(super) const MOST_NEEDLESS: u64 = 65_536;
/// When the maintenance ends, by its own word.
const MAINTENANCE: u64 = 120;
/// The methods that a resource might have (IANA HTTP Method Registry, the usual ones); others are no method to us.
const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "SEARCH",
    "REPORT",
    "QUERY",
];

/// The API: its state, behind one lock that is never held across a wait.
#[derive(Debug, Default)]
pub(crate) struct Service {
    tenants: Mutex<Tenants>,
}

/// What becomes of a request.
pub(super) enum Turn {
    /// This is the answer.
    Reply(Response<Bytes>),
    /// The gateway asks that upstream.
    Gateway(String),
    /// The connection becomes a WebSocket, when the client asked for one.
    Socket,
}

/// An operation that a request may have, with the parameters of its path and its key.
struct Admitted {
    operation: &'static Operation,
    params: Vec<(&'static str, String)>,
    key: Option<String>,
}

impl Service {
    fn tenants(&self) -> MutexGuard<'_, Tenants> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the head alone shows that the request will be refused: its content need not be read then.
    pub(super) fn refuses(&self, ask: &Ask) -> bool {
        match proxy::is_meant(ask) {
            true => proxy::may_forward(ask).is_err(),
            false => self.admit(ask).is_err(),
        }
    }

    /// Carries the request out.
    pub(super) fn call(&self, ask: &Ask) -> Turn {
        let turn = self.admit(ask).and_then(|admitted| {
            if ask.major == 1 && ask.declared().is_some_and(|length| ask.length < length) {
                let detail = "The content did not come in time. Send the request again.";
                return Err(Failure::request_timeout().detail(detail).into());
            }
            self.carry_out(ask, admitted)
        });
        turn.unwrap_or_else(|trouble| Turn::Reply(trouble.into_response()))
    }

    fn carry_out(&self, ask: &Ask, admitted: Admitted) -> Result<Turn, Trouble> {
        let Admitted {
            operation,
            params,
            key,
        } = admitted;
        let call = Call { ask, params };
        let mut tenants = self.tenants();
        let handler = match &operation.does {
            Does::Open(handler) => {
                return guarded(|| handler(&call, &mut tenants)).map(Turn::Reply);
            }
            Does::Always(handler) | Does::Keyed(handler) => Some(handler),
            Does::Gateway | Does::Socket => None,
        };
        let key = key.unwrap_or_default();
        let tenant = tenants.find(&key).ok_or_else(|| keys::unknown(ask))?;
        let limit = match operation.does {
            Does::Always(_) => None,
            _ => Some(spend(tenant.take(ask.now), &tenant.settings)?),
        };
        let Some(handler) = handler else {
            return Ok(match operation.does {
                Does::Socket => Turn::Socket,
                _ => Turn::Gateway(call.param("upstream").to_owned()),
            });
        };
        let mut response =
            guarded(|| handler(&call, tenant)).unwrap_or_else(Trouble::into_response);
        for (name, value) in limit.iter().flat_map(RateLimit::fields) {
            response.headers_mut().insert(name, value);
        }
        Ok(Turn::Reply(response))
    }

    /// What the head decides, in the order in which a server meets it.
    fn admit(&self, ask: &Ask) -> Result<Admitted, Trouble> {
        message(ask)?;
        let (path, params) = OPERATIONS
            .iter()
            .find_map(|operation| Some((operation.path, operation.fits(&ask.path)?)))
            .ok_or_else(|| Failure::not_found().detail("The API has no such resource."))?;
        let here = move || {
            OPERATIONS
                .iter()
                .filter(move |operation| operation.path == path)
        };
        if ask.method == Method::OPTIONS {
            return Err(options(here()));
        }
        let method = match ask.method {
            Method::HEAD => Method::GET,
            ref method => method.clone(),
        };
        let operation = here().find(|operation| operation.method == method);
        let operation = operation.ok_or_else(|| {
            MethodNotAllowed::allow(allowed(here()))
                .detail("Allow names the methods of this resource.")
        })?;
        let key = match operation.is_keyed() {
            true => Some(self.authorised(ask, operation)?),
            false => None,
        };
        acceptable(ask, operation)?;
        content(ask, operation)?;
        Ok(Admitted {
            operation,
            params,
            key,
        })
    }

    /// The key, when it may be used now.
    fn authorised(&self, ask: &Ask, operation: &Operation) -> Result<String, Trouble> {
        let key = keys::shown(ask).ok_or_else(|| keys::unknown(ask))?;
        let tenants = self.tenants();
        let tenant = tenants.peek(&key).ok_or_else(|| keys::unknown(ask))?;
        if !matches!(operation.does, Does::Always(_)) {
            usable(&tenant.settings)?;
        }
        Ok(key)
    }
}

/// What is checked of any message.
fn message(ask: &Ask) -> Result<(), Trouble> {
    if !(1..=3).contains(&ask.major) {
        let detail = format!(
            "HTTP/{} is not spoken here, but HTTP/1.1, HTTP/2 and HTTP/3.",
            ask.major
        );
        return Err(Failure::http_version_not_supported().detail(detail).into());
    }
    fields(ask)?;
    if ask.target_length > LONGEST_TARGET {
        let detail = format!("Path and query may have {LONGEST_TARGET} bytes.");
        return Err(Failure::uri_too_long().detail(detail).into());
    }
    let authority = ask.authority.clone().or_else(|| ask.field(HOST));
    if !authority.is_none_or(|authority| answers_for(host(&authority))) {
        let detail =
            "The certificate is good for that name, but the API is at sim.test and api.sim.test.";
        return Err(Failure::misdirected_request().detail(detail).into());
    }
    if !METHODS.contains(&ask.method.as_str()) {
        let detail = "No resource here knows that method.";
        return Err(Failure::not_implemented().detail(detail).into());
    }
    match ask.field(EXPECT) {
        Some(wish) if !wish.eq_ignore_ascii_case("100-continue") => {
            let detail = "100-continue is all that can be expected here.";
            Err(Failure::expectation_failed().detail(detail).into())
        }
        _ => Ok(()),
    }
}

/// 431: says which field (RFC 6585 section 5).
fn fields(ask: &Ask) -> Result<(), Trouble> {
    let sizes = ask.fields.iter().map(|(name, value)| {
        let size = name.as_str().len() + value.len();
        (size, name.as_str())
    });
    let sizes: Vec<(usize, &str)> = sizes.collect();
    let total: usize = sizes.iter().map(|(size, _)| size + 4).sum();
    let (largest, name) = sizes.iter().max().copied().unwrap_or((0, ""));
    if largest <= LONGEST_FIELD && total <= LONGEST_FIELDS {
        return Ok(());
    }
    let detail = format!(
        "One field may have {LONGEST_FIELD} bytes, all together {LONGEST_FIELDS}. The largest is {name}."
    );
    let refused = Failure::request_header_fields_too_large().detail(detail);
    Err(refused.into())
}

/// The host of an authority.
pub(super) fn host(authority: &str) -> &str {
    let behind_user = authority.rsplit('@').next().unwrap_or(authority);
    match behind_user.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => behind_user,
    }
}

/// Any name leads here but those that the certificate covers for somebody else: a client that uses a connection again
/// for one of them is misdirected (RFC 9110 section 7.4).
fn answers_for(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    !host.ends_with(".sim.test") || host == "api.sim.test" || host == proxy::ORIGIN
}

fn allowed<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<Method> {
    let mut methods: Vec<Method> = Vec::new();
    for operation in operations {
        methods.push(operation.method.clone());
        if operation.method == Method::GET {
            methods.push(Method::HEAD);
        }
    }
    methods.push(Method::OPTIONS);
    methods
}

/// 204 with Allow.
fn options<'a>(operations: impl Iterator<Item = &'a Operation>) -> Trouble {
    let methods = allowed(operations);
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    match built::with(NoContent::new().into(), ALLOW, &names.join(", ")) {
        Ok(response) => response.into(),
        Err(trouble) => trouble,
    }
}

/// What a key's settings forbid.
fn usable(settings: &Settings) -> Result<(), Trouble> {
    if settings.captive {
        let failure = Failure::network_authentication_required()
            .detail("A captive portal stands between you and the API. Log in first.");
        let link = "</login>; rel=\"describedby\"; title=\"Log in to the network\"";
        return Err(built::with(failure.into(), LINK, link)?.into());
    }
    if settings.disabled {
        let detail = "The key is disabled. Another one is needed.";
        return Err(Failure::forbidden().detail(detail).into());
    }
    if settings.unpaid {
        let detail = "The account of this key is not paid.";
        return Err(Failure::payment_required().detail(detail).into());
    }
    if settings.maintenance {
        let unavailable = Unavailable::after(RetryAfter::seconds(MAINTENANCE));
        return Err(unavailable.detail("Maintenance. Nothing is lost.").into());
    }
    Ok(())
}

/// The limit after one more request; 429 when there was none left.
fn spend(taken: crate::state::Taken, settings: &Settings) -> Result<RateLimit, Trouble> {
    let window = Duration::from_secs(settings.seconds);
    let limit = RateLimit::new("key", settings.requests.into(), window)?;
    match taken.granted {
        true => Ok(limit.left(taken.left, taken.full_in)?),
        false => Err(TooManyRequests::spent(limit.left(0, taken.wait)?).into()),
    }
}

/// 406.
fn acceptable(ask: &Ask, operation: &Operation) -> Result<(), Trouble> {
    let [first, rest @ ..] = operation.gives else {
        return Ok(());
    };
    if operation.gives.iter().any(|media| ask.likes(media) > 0) {
        return Ok(());
    }
    let rest: Vec<MediaType> = rest
        .iter()
        .map(|media| built::media(media))
        .collect::<Result<_, _>>()?;
    let refused = NotAcceptable::available(built::media(first)?, rest);
    Err(refused.detail("Accept takes none of what there is.").into())
}

/// 411, 413, 415: what the head says of the content.
fn content(ask: &Ask, operation: &Operation) -> Result<(), Trouble> {
    let most = operation
        .takes
        .as_ref()
        .map_or(MOST_NEEDLESS, |taken| taken.most);
    let is_chunked = ask.major == 1 && ask.fields.contains_key(TRANSFER_ENCODING);
    if operation.takes.is_some() && is_chunked {
        let detail = "Say before the content how long it is: Content-Length.";
        return Err(Failure::length_required().detail(detail).into());
    }
    if ask.declared().unwrap_or(0).max(ask.length) > most {
        let detail = format!("At most {most} bytes are taken here.");
        return Err(ContentTooLarge::new().detail(detail).into());
    }
    let Some(taken) = &operation.takes else {
        return Ok(());
    };
    if ask
        .field(CONTENT_ENCODING)
        .is_some_and(|coding| coding != "identity")
    {
        let refused = UnsupportedMediaType::accept_encoding(Coding::identity(), []);
        return Err(refused.detail("Content is taken uncoded.").into());
    }
    if ask.media().as_deref() != Some(taken.media) {
        let refused = UnsupportedMediaType::accept(built::media(taken.media)?, []);
        let detail = format!("Content-Type must be {}.", taken.media);
        return Err(refused.detail(detail).into());
    }
    Ok(())
}

/// What a panic of a handler becomes: an error that nobody thought of.
fn guarded(work: impl FnOnce() -> Done) -> Done {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Trouble::unhandled("a panic")))
}

#[cfg(test)]
mod tests {
    use super::super::ask::tests::asking;
    use super::*;

    #[test]
    fn a_panic_is_a_500_that_tells_nothing() {
        let response = guarded(|| panic!("secret"))
            .expect_err("trouble")
            .into_response();
        let said = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), 500);
        assert!(
            said.contains("does not handle") && !said.contains("secret"),
            "{said}"
        );
    }

    #[test]
    fn authorities() {
        for (authority, is_ours) in [
            ("127.0.0.1:8499", true),
            ("[::1]:80", true),
            ("sim.test", true),
            ("API.sim.test:1", true),
            ("www.sim.test:443", false),
            ("sim.test.example", true),
            ("", true),
        ] {
            assert_eq!(answers_for(host(authority)), is_ours, "{authority}");
        }
    }

    #[test]
    fn what_the_head_decides_is_decided_in_order() {
        let service = Service::default();
        for (method, path, fields, status) in [
            ("FROB", "/none", &[("Expect", "x")][..], 501),
            ("GET", "/none", &[("Expect", "x")], 417),
            ("GET", "/none", &[], 404),
            ("OPTIONS", "/records", &[], 204),
            ("TRACE", "/records", &[], 405),
            ("GET", "/records", &[], 401),
            (
                "GET",
                "/records",
                &[("Authorization", "Bearer nobody")],
                401,
            ),
            (
                "GET",
                "/records",
                &[("Authorization", "Bearer disabled"), ("Accept", "a/b")],
                403,
            ),
            (
                "GET",
                "/records",
                &[("Authorization", "Bearer demo"), ("Accept", "a/b")],
                406,
            ),
            (
                "POST",
                "/records",
                &[
                    ("Authorization", "Bearer demo"),
                    ("Transfer-Encoding", "chunked"),
                ],
                411,
            ),
            (
                "POST",
                "/records",
                &[
                    ("Authorization", "Basic ZGVtbzo="),
                    ("Content-Length", "99999"),
                ],
                413,
            ),
            (
                "POST",
                "/records",
                &[("Authorization", "Bearer demo"), ("Content-Length", "2")],
                415,
            ),
        ] {
            let ask = asking(method, path, fields);
            assert!(service.refuses(&ask), "{method} {path}");
            let Turn::Reply(response) = service.call(&ask) else {
                panic!("{method} {path}: no reply");
            };
            assert_eq!(response.status(), status, "{method} {path} {fields:?}");
        }
    }
}

//! `/digest-auth`: digest authentication (RFC 7616) by MD5, SHA-256 and SHA-512.
//!
//! Nonces are remembered with how often each was used; behind `stale_after` uses a nonce is stale. The cookies that
//! httpbin sets are set as well, since clients are tested against them.

use std::fmt::Write;
use std::time::Instant;

use md5::{Digest, Md5};
use serde_json::json;
use sha2::{Sha256, Sha512};

use super::auth::{credentials, welcome};
use super::call::Call;
use super::reply::{Refusal, Reply};
use super::text::{Pairs, first, is_yes};

const REALM: &str = "sim";

/// `/digest-auth/{qop}/{user}/{password}/{algorithm}/{stale_after}`, the last two optional.
pub(crate) fn digest(call: &Call<'_>) -> Result<Reply, Refusal> {
    let wish = Wish::of(call);
    let given = credentials(call, "digest").map(parameters);
    let needs_cookie = call.arg("require-cookie").is_some_and(is_yes);
    let Some(given) = given.filter(|_| !needs_cookie || call.asked.field("Cookie").is_some())
    else {
        return Ok(challenge(call, &wish, None));
    };
    if needs_cookie && call.cookie("fake").as_deref() != Some("fake_value") {
        let errors = json!({"errors": ["missing cookie set on challenge"]});
        let mut reply = Reply::json(&errors);
        reply.answer.status = 403;
        "Forbidden".clone_into(&mut reply.answer.reason);
        return Ok(with_cookie(reply, "fake", "fake_value"));
    }
    let nonce = first(&given, "nonce").unwrap_or_default().to_owned();
    if !wish.is_right(call, &given) {
        return Ok(challenge(call, &wish, Some((&nonce, false))));
    }
    if !use_nonce(call, &wish, &nonce) {
        return Ok(challenge(call, &wish, Some((&nonce, true))));
    }
    let reply = with_cookie(welcome(call), "fake", "fake_value");
    Ok(match call.cookie("stale_after") {
        Some(left) => with_cookie(reply, "stale_after", &one_less(&left)),
        None => reply,
    })
}

/// What the path asks for.
struct Wish {
    /// `auth`, `auth-int`, or both.
    qop: Option<&'static str>,
    algorithm: &'static str,
    /// How many uses a nonce has.
    uses: Option<u64>,
    stale_after: String,
}

impl Wish {
    fn of(call: &Call<'_>) -> Self {
        let algorithms = ["MD5", "SHA-256", "SHA-512"];
        let algorithm = algorithms
            .into_iter()
            .find(|name| call.param("algorithm").eq_ignore_ascii_case(name));
        let qops = ["auth", "auth-int"];
        let stale_after = match call.param("stale_after") {
            "" => "never",
            text => text,
        };
        Self {
            qop: qops.into_iter().find(|qop| call.param("qop") == *qop),
            algorithm: algorithm.unwrap_or("MD5"),
            uses: stale_after.parse().ok(),
            // It is sent back as a cookie.
            stale_after: stale_after
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(20)
                .collect(),
        }
    }

    fn hash(&self, text: &[u8]) -> String {
        match self.algorithm {
            "SHA-256" => hex(&Sha256::digest(text)),
            "SHA-512" => hex(&Sha512::digest(text)),
            _ => hex(&Md5::digest(text)),
        }
    }

    /// Whether the response is the right one (RFC 7616 section 3.4.1).
    fn is_right(&self, call: &Call<'_>, given: &Pairs) -> bool {
        let get = |name| first(given, name).unwrap_or_default();
        let target = match &call.asked.query {
            Some(query) => format!("{}?{query}", call.asked.path),
            None => call.asked.path.clone(),
        };
        let qop = get("qop");
        let offered = self.qop.map_or(["auth", "auth-int"], |qop| [qop, qop]);
        if get("uri") != target || !(qop.is_empty() || offered.contains(&qop)) {
            return false;
        }
        let secret = [get("username"), get("realm"), call.param("password")].join(":");
        let mut what = format!("{}:{target}", call.asked.method);
        if qop == "auth-int" {
            let _ = write!(what, ":{}", self.hash(&call.asked.content));
        }
        let (secret, what) = (self.hash(secret.as_bytes()), self.hash(what.as_bytes()));
        let parts = match qop {
            "" => vec![&secret, get("nonce"), &what],
            qop => vec![&secret, get("nonce"), get("nc"), get("cnonce"), qop, &what],
        };
        get("username") == call.param("user")
            && get("response") == self.hash(parts.join(":").as_bytes())
    }
}

/// Whether that nonce is one of ours and has a use left; that use is taken.
fn use_nonce(call: &Call<'_>, wish: &Wish, nonce: &str) -> bool {
    let used_before = call.cookie("last_nonce").as_deref() == Some(nonce);
    let spent_by_cookie = call.cookie("stale_after").as_deref() == Some("0");
    let count = |uses: &mut u64| {
        *uses += 1;
        wish.uses.is_none_or(|most| *uses <= most)
    };
    let nonces = &call.world.state.nonces;
    let has_use = nonces.known(nonce, Instant::now(), count).unwrap_or(false);
    has_use && !used_before && !spent_by_cookie
}

/// 401 with a new nonce; `behind` names the nonce before it, and whether that was only stale.
fn challenge(call: &Call<'_>, wish: &Wish, behind: Option<(&str, bool)>) -> Reply {
    let random = |count| call.world.state.random(|random| random.bytes(count));
    let (nonce, opaque) = (hex(&random(16)), hex(&random(16)));
    call.world
        .state
        .nonces
        .with(&nonce, Instant::now(), |uses| *uses = 0);
    let qop = wish.qop.unwrap_or("auth, auth-int");
    let stale = if behind.is_some_and(|(_, stale)| stale) {
        "TRUE"
    } else {
        "FALSE"
    };
    let field = format!(
        "Digest realm=\"{REALM}\", nonce=\"{nonce}\", opaque=\"{opaque}\", qop=\"{qop}\", \
         algorithm={}, stale={stale}",
        wish.algorithm
    );
    let reply = Reply::empty(401).with("WWW-Authenticate", &field);
    let mut reply = with_cookie(reply, "stale_after", &wish.stale_after);
    if let Some((last, _)) = behind {
        let last: String = last
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(128)
            .collect();
        reply = with_cookie(reply, "last_nonce", &last);
    }
    with_cookie(reply, "fake", "fake_value")
}

fn with_cookie(reply: Reply, name: &str, value: &str) -> Reply {
    reply.and("Set-Cookie", &format!("{name}={value}; Path=/"))
}

fn one_less(left: &str) -> String {
    let left: Option<i64> = left.parse().ok();
    left.map_or("never".to_owned(), |left| {
        left.saturating_sub(1).to_string()
    })
}

/// The parameters of credentials (RFC 9110 section 11.2): commas separate them, values may be quoted.
fn parameters(text: &str) -> Pairs {
    let mut pairs = Pairs::new();
    let mut rest = text;
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let (value, after) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => behind.split_once(',').unwrap_or((behind, "")),
        };
        pairs.push((name.trim().to_owned(), value.trim().to_owned()));
        rest = after.trim_start_matches([',', ' ']);
    }
    pairs
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_apart() {
        let pairs = parameters("username=\"a, b\", nc=00000001,qop=auth, uri=\"/x?a=1\"");
        let get = |name| first(&pairs, name);
        assert_eq!(get("username"), Some("a, b"));
        assert_eq!((get("nc"), get("qop")), (Some("00000001"), Some("auth")));
        assert_eq!(get("uri"), Some("/x?a=1"));
    }
}

//! What a redirect does, read from the response and the steps before it (RFC 9110 section 15.4).

use httpwhy_model::{
    Because, Evidence, Exchange, Phase, Place, PlainUri, Seen, Signal, Value, Visit,
};
use url::Url;

use crate::derive::Derived;
use crate::quote::quote;

/// Words that login pages have in their path, as whole segments or parts of segments between `-`, `_` and `.`.
const LOGIN_WORDS: &[&str] = &[
    "login",
    "logon",
    "signin",
    "sso",
    "saml",
    "saml2",
    "oauth",
    "oauth2",
    "authorize",
    "auth",
    "cas",
    "oidc",
];
/// Pairs of words that mean the same when they follow each other: `sign-in`, `log_in`, `sign/in`.
const LOGIN_PAIRS: &[(&str, &str)] = &[
    ("sign", "in"),
    ("log", "in"),
    ("log", "on"),
    ("sessions", "new"),
    ("session", "new"),
];

/// Facts about a redirect response: no Location, a Location that cannot be used, a loop, a loss of TLS, a login.
pub(crate) fn facts(visit: &Visit, index: usize, exchange: &Exchange) -> Vec<Derived> {
    let Some(response) = exchange.response.as_ref() else {
        return Vec::new();
    };
    let Some(status) = response
        .status()
        .filter(|status| matches!(status, 301 | 302 | 303 | 307 | 308))
    else {
        return Vec::new();
    };
    let at = |shows: String, quoted: Option<String>| Evidence {
        step: index,
        place: Place::Field("location".into()),
        quote: quoted,
        shows: shows.into(),
    };
    let word = |word: &'static str, evidence: Evidence| Derived {
        phase: Phase::Receive,
        signal: Signal::word("redirect", word),
        evidence,
    };
    let location = match response.fields.get("location") {
        Seen::NotCaptured => return Vec::new(),
        Seen::Absent => {
            let shows = format!("a {status} without Location names no place to go");
            let evidence = Evidence {
                place: Place::Absent("location".into()),
                ..at(shows, None)
            };
            return vec![word("no-location", evidence)];
        }
        Seen::Present(value) => value,
    };
    let base = Url::parse(&exchange.target).ok();
    let shown = Some(quote(location.as_bytes()));
    let Some(next) = resolve(base.as_ref(), location) else {
        return vec![word(
            "invalid-location",
            at("Location is no URI reference".into(), shown),
        )];
    };
    let mut found = Vec::new();
    if response
        .fields
        .iter("location")
        .any(|other| other.as_bytes() != location.as_bytes())
    {
        found.push(word(
            "multiple-location",
            at("several Location fields that differ".into(), shown.clone()),
        ));
    }
    if !matches!(next.scheme(), "http" | "https") {
        let shows = format!("Location leads to the scheme {}", next.scheme());
        found.push(word("unsafe-scheme", at(shows, shown.clone())));
    }
    if let Some(earlier) = same_request_before(visit, index, &next, status) {
        let shows = format!("Location leads back to step {earlier}");
        found.push(word("loop", at(shows, shown.clone())));
    }
    if let Some(base) = base.as_ref() {
        if is_login(&next) && !is_login(base) {
            found.push(word(
                "to-login",
                at("Location leads to a login".into(), shown.clone()),
            ));
        }
        if base.scheme() == "https" && next.scheme() == "http" {
            found.push(word(
                "downgrade",
                at("Location leaves https for http".into(), shown),
            ));
        }
    } else if is_login(&next) {
        found.push(word(
            "to-login",
            at("Location leads to a login".into(), shown),
        ));
    }
    found
}

/// Whether an answer leads to a login.
pub(crate) fn leads_to_login(exchange: &Exchange) -> bool {
    let location = exchange
        .response
        .as_ref()
        .and_then(|response| response.fields.iter("location").next());
    let base = Url::parse(&exchange.target).ok();
    location
        .and_then(|location| resolve(base.as_ref(), location))
        .is_some_and(|next| is_login(&next))
}

/// What following a redirect cost this step: its method, or its credentials (RFC 9110 sections 15.4 and 15.4.2).
pub(crate) fn cost_of_following(visit: &Visit, index: usize, exchange: &Exchange) -> Vec<Derived> {
    let because = visit.steps.get(index).map(|step| step.because);
    let Some(Because::Redirect(before)) = because.filter(|b| b.of().is_some_and(|of| of < index))
    else {
        return Vec::new();
    };
    let earlier = &visit.steps[before].exchange;
    let (asked, now) = (&earlier.request, &exchange.request);
    let mut found = Vec::new();
    let refused = matches!(exchange.status(), Some(401 | 403));
    if refused && asked.fields.has("authorization") && now.fields.get("authorization").is_absent() {
        let place = Place::RequestField("authorization".into());
        let shows = "the request before the redirect carried credentials, this one does not".into();
        found.push(Derived {
            phase: Phase::Send,
            signal: Signal::word("redirect", "auth-dropped"),
            evidence: Evidence {
                step: before,
                place,
                quote: None,
                shows,
            },
        });
    }
    let was_unsafe = !matches!(asked.method.as_ref(), b"" | b"GET" | b"HEAD");
    let moved = match earlier.status() {
        Some(301) => true,
        // After a POST a 302 to another page is custom; to the same path it is a correction that lost the content.
        Some(302) => same_path(&earlier.target, &exchange.target),
        _ => false,
    };
    if was_unsafe && now.method.as_ref() == b"GET" && moved {
        let shows = format!(
            "{} became GET on the way, without its content",
            String::from_utf8_lossy(&asked.method)
        );
        found.push(Derived {
            phase: Phase::Send,
            signal: Signal::word("redirect", "method-changed"),
            evidence: Evidence {
                step: before,
                place: Place::StatusLine,
                quote: None,
                shows: shows.into(),
            },
        });
    }
    found
}

/// Where a redirect leads that names an absolute URI, when it is the only step of its visit: all that [`facts`] takes from
/// the target.
#[derive(Debug)]
pub(crate) struct Lead {
    /// Where to, without the fragment.
    to: String,
    from: From,
}

/// What matters about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct From {
    tls: bool,
    login: bool,
    /// It leads back to itself.
    loops: bool,
}

impl Lead {
    /// `None`: it is no such redirect, or its target needs a parser.
    pub(crate) fn of(exchange: &Exchange) -> Option<Self> {
        let response = exchange.response.as_ref()?;
        let redirects = matches!(response.status()?, 301 | 302 | 303 | 307 | 308);
        let location = response.fields.text("location").filter(|_| redirects)?;
        let absolute = location.starts_with("http://") || location.starts_with("https://");
        let to = without_fragment(&Url::parse(location).ok().filter(|_| absolute)?);
        let from = From::of(exchange, &to)?;
        Some(Self { to, from })
    }

    /// Whether the target of another exchange, with the same response, makes no difference.
    pub(crate) fn is_same_from(&self, exchange: &Exchange) -> bool {
        From::of(exchange, &self.to) == Some(self.from)
    }
}

impl From {
    fn of(exchange: &Exchange, to: &str) -> Option<Self> {
        let plain = PlainUri::of(&exchange.target)?;
        let path = plain.path.split('?').next().unwrap_or_default();
        let scheme = if plain.tls { "https://" } else { "http://" };
        let rest = to.strip_prefix(scheme);
        let rest = rest.and_then(|rest| rest.strip_prefix(plain.authority));
        Some(Self {
            tls: plain.tls,
            login: reads_like_login(Some(plain.host), path),
            loops: rest == Some(plain.path),
        })
    }
}

/// Whether two targets differ in nothing but scheme, host, query or a final slash.
fn same_path(a: &str, b: &str) -> bool {
    let path = |text: &str| Url::parse(text).map(|url| url.path().trim_end_matches('/').to_owned());
    matches!((path(a), path(b)), (Ok(a), Ok(b)) if a == b)
}

/// The URL a Location leads to. Without a base (a bare response) a relative reference is resolved against an example.
fn resolve(base: Option<&Url>, location: &Value) -> Option<Url> {
    let text = location.as_str()?;
    if text.is_empty() || text.bytes().any(|b| b.is_ascii_control() || b == b' ') {
        return None;
    }
    match base {
        Some(base) => base.join(text).ok(),
        None => Url::parse(text)
            .or_else(|_| Url::parse("http://origin.example/").and_then(|base| base.join(text)))
            .ok(),
    }
}

/// The step that already asked for `next` with the method that following would use, along this chain of redirects.
fn same_request_before(visit: &Visit, index: usize, next: &Url, status: u16) -> Option<usize> {
    let next = without_fragment(next);
    let method = |at: usize| visit.steps[at].exchange.request.method.clone();
    let becomes_get =
        status == 303 || (matches!(status, 301 | 302) && method(index).as_ref() == b"POST");
    let follow = if becomes_get {
        b"GET".as_slice().into()
    } else {
        method(index)
    };
    let mut at = index;
    loop {
        let step = visit.steps.get(at)?;
        let target = Url::parse(&step.exchange.target)
            .ok()
            .map(|url| without_fragment(&url));
        if target.as_deref() == Some(next.as_str()) && (method(at) == follow || follow.is_empty()) {
            return Some(at);
        }
        match step.because {
            Because::Redirect(before) if before < at => at = before,
            _ => return None,
        }
    }
}

fn without_fragment(url: &Url) -> String {
    url.as_str()
        .split('#')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// True for a path that reads like a login: `/login`, `/users/sign_in`, `/oauth2/authorize`.
fn is_login(url: &Url) -> bool {
    reads_like_login(url.host_str(), url.path())
}

fn reads_like_login(host: Option<&str>, path: &str) -> bool {
    let path = path.to_lowercase();
    let words: Vec<&str> = path
        .split(['/', '-', '_', '.', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().any(|word| LOGIN_WORDS.contains(word))
        || words
            .windows(2)
            .any(|pair| LOGIN_PAIRS.contains(&(pair[0], pair[1])))
        || host.is_some_and(|host| {
            let first = host.split('.').next().unwrap_or_default();
            matches!(first, "login" | "sso" | "signin" | "idp" | "accounts")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_told_from_other_paths() {
        let login = |text: &str| is_login(&Url::parse(text).expect(text));
        for yes in [
            "https://a.example/login",
            "https://a.example/users/sign_in",
            "https://login.a.example/x",
            "https://a.example/oauth2/authorize?x=1",
            "https://a.example/account/Login.aspx",
        ] {
            assert!(login(yes), "{yes}");
        }
        for no in [
            "https://a.example/blogin",
            "https://a.example/authors",
            "https://a.example/design/info",
            "https://loginsurance.example/",
            "https://a.example/?next=/login",
        ] {
            assert!(!login(no), "{no}");
        }
    }
}

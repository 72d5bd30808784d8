//! Cookies that the login set and the next request does not carry (RFC 6265 section 5.4), and those that an answer ended.

use std::time::SystemTime;

use httpwhy_model::{Exchange, Fields, Signal, Visit};
use httpwhy_probe::Jar;
use url::Url;

use super::shown;

/// What a Set-Cookie says.
struct Set<'a> {
    name: &'a str,
    has_value: bool,
    secure: bool,
    path: Option<&'a str>,
    domain: Option<&'a str>,
    ends: bool,
}

fn read(text: &str) -> Option<Set<'_>> {
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let mut set = Set {
        name: name.trim(),
        has_value: !value.trim().is_empty(),
        secure: false,
        path: None,
        domain: None,
        ends: false,
    };
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "secure" => set.secure = true,
            "path" if value.starts_with('/') => set.path = Some(value),
            "domain" if !value.is_empty() => set.domain = Some(value.trim_start_matches('.')),
            "max-age" => set.ends |= value == "0" || value.starts_with('-'),
            "expires" => set.ends |= value.contains("1970") || value.contains("Jan-70"),
            _ => {}
        }
    }
    Some(set)
}

/// The cookies that the visits set and that a request to that URL does not carry, each with the attribute that forbids it.
/// Those whose like is carried are passed over.
pub(crate) fn lost_cookies<'v>(
    visits: impl Iterator<Item = &'v Visit>,
    jar: &Jar,
    url: &str,
) -> Vec<Signal> {
    let Ok(to) = Url::parse(url) else {
        return Vec::new();
    };
    let carried = jar.field(url, SystemTime::now()).unwrap_or_default();
    let is_carried = |name: &str| {
        let mut pairs = carried.split("; ");
        pairs.any(|pair| pair.split('=').next() == Some(name))
    };
    let mut found: Vec<Signal> = Vec::new();
    let exchanges = visits.flat_map(|visit| visit.steps.iter().map(|step| &step.exchange));
    for exchange in exchanges {
        let Ok(from) = Url::parse(&exchange.target) else {
            continue;
        };
        for text in set_by(exchange) {
            let Some(set) = read(&text) else { continue };
            if set.ends || !set.has_value || is_carried(set.name) {
                continue;
            }
            let signal = why(&set, &text, &from, &to);
            if !found.contains(&signal) {
                found.push(signal);
            }
        }
    }
    found
}

pub(super) fn set_by(exchange: &Exchange) -> Vec<String> {
    let responses = exchange.interim.iter().chain(&exchange.response);
    responses
        .flat_map(|response| response.fields.iter("set-cookie"))
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// Each reason is tested on the cookie itself: with it the cookie is not carried, and without that attribute it is.
fn why(set: &Set<'_>, text: &str, from: &Url, to: &Url) -> Signal {
    let name = ("name", shown(set.name));
    let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
    if set.secure && to.scheme() == "http" && carries(text, "secure", "", from, to) {
        return crate::auth("cookie-secure", &[name, ("over", "http".to_owned())]);
    }
    let path = set.path.unwrap_or_else(|| default_path(from.path()));
    if carries(text, "path", "; Path=/", from, to) {
        let params = [name, ("path", shown(path)), ("wanted", shown(to.path()))];
        return crate::auth("cookie-path", &params);
    }
    if let Some(domain) = set.domain {
        let params = [name, ("domain", shown(domain)), ("host", host(to))];
        return crate::auth("cookie-domain", &params);
    }
    if host(from) != host(to) {
        let params = [name, ("from", host(from)), ("to", host(to))];
        return crate::auth("host-switched", &params);
    }
    crate::auth("cookie-refused", &[name])
}

/// Whether the cookie would be carried had it not that attribute, but what is put instead.
fn carries(text: &str, without: &str, instead: &str, from: &Url, to: &Url) -> bool {
    let mut parts = text.split(';');
    let pair = parts.next().unwrap_or_default();
    let kept = parts.filter(|part| {
        let key = part.split('=').next().unwrap_or_default();
        !key.trim().eq_ignore_ascii_case(without)
    });
    let rest: Vec<&str> = kept.collect();
    let rest = rest.join(";");
    let mut jar = Jar::default();
    let fields = Fields::of([("Set-Cookie", format!("{pair};{rest}{instead}"))]);
    let now = SystemTime::now();
    jar.receive(from.as_str(), &fields, now);
    jar.field(to.as_str(), now).is_some()
}

/// RFC 6265 section 5.1.4.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at @ 1..) => &path[..at],
        _ => "/",
    }
}

/// Whether an answer takes away a cookie that the request carried.
pub(crate) fn ends_session(exchange: &Exchange) -> bool {
    let carried = exchange.request.fields.text("cookie").unwrap_or_default();
    set_by(exchange).iter().any(|text| {
        read(text).is_some_and(|set| {
            (set.ends || !set.has_value)
                && carried
                    .split("; ")
                    .any(|pair| pair.split('=').next() == Some(set.name))
        })
    })
}

#[cfg(test)]
mod tests {
    use httpwhy_model::Response;

    use super::*;

    fn visit(from: &str, set: &'static str) -> Visit {
        Visit::of(Exchange {
            target: from.to_owned(),
            response: Some(Response {
                code: "302".into(),
                fields: Fields::of([("Set-Cookie", set)]),
                ..Response::default()
            }),
            ..Exchange::default()
        })
    }

    #[test]
    fn each_cookie_that_stays_behind_has_its_reason() {
        for (from, set, to, why) in [
            (
                "http://h/login",
                "sid=1; Path=/; Secure",
                "http://h/me",
                Some("auth:cookie-secure name=sid over=http"),
            ),
            (
                "https://h/login",
                "sid=1; Path=/; Secure",
                "http://h/me",
                Some("auth:cookie-secure name=sid over=http"),
            ),
            (
                "http://h/login",
                "sid=1; Path=/admin",
                "http://h/me",
                Some("auth:cookie-path name=sid path=/admin wanted=/me"),
            ),
            (
                "http://h/auth/login",
                "sid=1",
                "http://h/me",
                Some("auth:cookie-path name=sid path=/auth wanted=/me"),
            ),
            (
                "http://shop.example/login",
                "sid=1; Path=/; Domain=other.example",
                "http://shop.example/me",
                Some("auth:cookie-domain name=sid domain=other.example host=shop.example"),
            ),
            (
                "http://shop.example/login",
                "sid=1; Path=/",
                "http://www.shop.example/me",
                Some("auth:host-switched name=sid from=shop.example to=www.shop.example"),
            ),
            ("http://h/login", "sid=1; Path=/", "http://h/me", None),
            (
                "http://h/login",
                "sid=; Path=/; Max-Age=0",
                "http://h/me",
                None,
            ),
            (
                "https://h/login",
                "__Host-sid=1; Path=/",
                "https://h/me",
                Some("auth:cookie-refused name=__Host-sid"),
            ),
        ] {
            let visit = visit(from, set);
            let mut jar = Jar::default();
            let fields = &visit.steps[0]
                .exchange
                .response
                .as_ref()
                .expect("set")
                .fields;
            jar.receive(from, fields, SystemTime::now());
            let found = lost_cookies([&visit].into_iter(), &jar, to);
            let found = found.first().map(ToString::to_string);
            assert_eq!(found.as_deref(), why, "{set} {to}");
        }
    }

    #[test]
    fn an_answer_that_takes_the_cookie_away_is_seen() {
        for (set, ends) in [
            ("sid=; Path=/; Max-Age=0", true),
            ("sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true),
            ("sid=new; Path=/", false),
            ("other=; Max-Age=0", false),
        ] {
            let mut visit = visit("http://h/bye", set);
            visit.steps[0].exchange.request.fields = Fields::of([("Cookie", "a=1; sid=2")]);
            assert_eq!(ends_session(&visit.steps[0].exchange), ends, "{set}");
        }
    }
}

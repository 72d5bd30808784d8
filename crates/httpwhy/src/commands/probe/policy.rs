//! Which redirects are followed, and how (RFC 9110 section 15.4).

use bytes::Bytes;
use httpwhy_model::{Because, Signal, Visit};
use httpwhy_probe::{Next, next_target};

use super::retry::{self, Retries};

/// Fields that must not go to another origin (RFC 9110 section 15.4, security considerations).
const CREDENTIALS: &[&str] = &["authorization", "cookie", "proxy-authorization"];
/// Fields that describe content, dropped with it (RFC 9110 section 15.4).
const CONTENT_FIELDS: &[&str] = &[
    "content-type",
    "content-length",
    "content-encoding",
    "content-language",
    "content-location",
];

/// Follows at most `max` redirects, and tries again what may be tried again. A Location that leads back into the chain,
/// to no URL or to another scheme than http and https is not followed: the exchange that shows it ends the visit.
pub(crate) fn steps(max: usize, retries: Retries) -> impl Fn(&Visit) -> Next + Send + Sync {
    move |visit: &Visit| {
        follow(visit, max)
            .or_else(|| retry::again(visit, retries))
            .unwrap_or(Next::Done)
    }
}

/// Follows redirects, and tries nothing again.
pub(crate) fn redirects(max: usize) -> impl Fn(&Visit) -> Next + Send + Sync {
    move |visit: &Visit| follow(visit, max).unwrap_or(Next::Done)
}

fn follow(visit: &Visit, max: usize) -> Option<Next> {
    if max == 0 {
        return None;
    }
    let (index, step) = visit.steps.iter().enumerate().next_back()?;
    let exchange = &step.exchange;
    let status = exchange
        .status()
        .filter(|status| matches!(status, 301 | 302 | 303 | 307 | 308))?;
    let location = exchange.response.as_ref()?.fields.text("location")?;
    let target = next_target(&exchange.target, location)?;
    let next = url::Url::parse(&target)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let method = &exchange.request.method;
    let becomes_get = match status {
        303 => method.as_ref() != b"HEAD",
        301 | 302 => method.as_ref() == b"POST",
        _ => false,
    };
    let new_method = if becomes_get {
        Bytes::from_static(b"GET")
    } else {
        method.clone()
    };
    let followed = visit
        .steps
        .iter()
        .filter(|step| matches!(step.because, Because::Redirect(_)))
        .count();
    let seen = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
    let again = visit.steps.iter().any(|step| {
        seen(&step.exchange.target) == seen(&target) && step.exchange.request.method == new_method
    });
    if again {
        return None;
    }
    if followed >= max {
        return Some(Next::Stop(limit(max)));
    }
    let mut drop_fields = Vec::new();
    if url::Url::parse(&exchange.target).is_ok_and(|old| old.origin() != next.origin()) {
        drop_fields.extend(CREDENTIALS);
    }
    if becomes_get && method.as_ref() != b"GET" {
        drop_fields.extend(CONTENT_FIELDS);
    }
    Some(Next::Go {
        target,
        keep_body: new_method == *method,
        method: new_method,
        drop_fields,
        delay: std::time::Duration::ZERO,
        because: Because::Redirect(index),
    })
}

fn limit(max: usize) -> Signal {
    Signal::Word {
        dialect: "redirect".into(),
        word: "limit".into(),
        params: vec![("max".into(), max.to_string())],
    }
}

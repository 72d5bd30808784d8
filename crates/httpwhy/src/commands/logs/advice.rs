//! The catalogue's advice, as far as it is for whoever wrote the log.

use std::borrow::Cow;

/// Software that advice is for, as it is called in it, and how the formats of its logs begin.
const SOFTWARE: &[(&str, &[&str])] = &[
    ("nginx", &["nginx", "ingress"]),
    ("$upstream", &["nginx", "ingress"]),
    ("Apache", &["apache"]),
    ("lighttpd", &["lighttpd"]),
    ("HAProxy", &["haproxy"]),
    ("Varnish", &["varnish", "varnishlog"]),
    ("Squid", &["squid"]),
    ("Caddy", &["caddy"]),
    ("Traefik", &["traefik"]),
    ("Envoy", &["envoy"]),
    ("Istio", &["envoy"]),
    ("IIS", &["iis", "httpsys"]),
    ("AWS ALB", &["aws-alb"]),
    ("Cloudflare", &["cloudflare"]),
    ("CloudFront", &["cloudfront"]),
    ("Fastly", &["fastly"]),
    ("Heroku", &["heroku"]),
];

/// The sentences that name no software, or the one that wrote the log; all of them where none is left.
pub(super) fn fitting<'t>(text: &'t str, formats: &[&str]) -> Cow<'t, str> {
    let is_fitting = |sentence: &&str| {
        let named = SOFTWARE.iter().filter(|(name, _)| sentence.contains(name));
        let mut own = named.clone().flat_map(|(_, own)| own.iter());
        named.count() == 0 || own.any(|writer| formats.iter().any(|format| is_of(format, writer)))
    };
    let kept: Vec<&str> = sentences(text).filter(is_fitting).collect();
    if kept.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(kept.concat().trim_end().to_owned())
    }
}

/// Whether a format is of that writer's logs: `nginx-error` of `nginx`.
fn is_of(format: &str, writer: &str) -> bool {
    let rest = format.strip_prefix(writer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The sentences, each with what stands between it and the next; what is quoted as code is not looked into.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut code = false;
        let bytes = rest.as_bytes();
        let end = bytes.iter().enumerate().find_map(|(at, byte)| {
            code ^= *byte == b'`';
            let ends = !code && matches!(byte, b'.' | b'?' | b'!');
            let space = bytes.get(at + 1).is_some_and(u8::is_ascii_whitespace);
            let next = bytes[at + 1..]
                .iter()
                .find(|byte| !byte.is_ascii_whitespace());
            // An abbreviation goes on in small letters; so does a sentence about nginx.
            let begins = next.is_none_or(|byte| !byte.is_ascii_lowercase())
                || rest[at + 1..].trim_start().starts_with("nginx");
            (ends && space && begins).then_some(at + 1)
        });
        let end = end.unwrap_or(rest.len());
        let more = rest[end..].len() - rest[end..].trim_start().len();
        let (sentence, after) = rest.split_at(end + more);
        rest = after;
        Some(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_for_whoever_wrote_the_log() {
        const TEXT: &str = "Read the gateway's error log. nginx: `connect() failed. Really`, e.g. at noon. Apache: `AH01114`. \
                            Is it listening? To see more, log `$upstream_addr`.";
        for (formats, wanted) in [
            (
                &["apache"][..],
                "Read the gateway's error log. Apache: `AH01114`. Is it listening?",
            ),
            (
                &["nginx"],
                "Read the gateway's error log. nginx: `connect() failed. Really`, e.g. at noon. Is it listening? To see more, log \
                 `$upstream_addr`.",
            ),
            (&["caddy"], "Read the gateway's error log. Is it listening?"),
            (
                &["apache-error"],
                "Read the gateway's error log. Apache: `AH01114`. Is it listening?",
            ),
            (&["apache", "nginx"], TEXT),
        ] {
            assert_eq!(fitting(TEXT, formats), wanted, "{formats:?}");
        }
        // Where nothing else is said, what others do is better than nothing.
        assert_eq!(fitting("nginx: `x`.", &["caddy"]), "nginx: `x`.");
        assert_eq!(fitting("", &["caddy"]), "");
    }
}

//! Which setting a pile-up of durations at a round time points to.
//!
//! Many exchanges that fail after the same round time were ended by a clock. Whose it is follows from what happened and
//! from who wrote the log; the figures in brackets are the makers' own defaults (the sources of the catalogue's entries
//! `http/504`, `haproxy/s*`, `envoy/UT`, `aws-alb/504`, `cloudflare/524`, `heroku/H12`).

use crate::many::Happening;

/// The setting, in words, Markdown; `None` where nothing is known beyond that a clock fired. `formats` are the names of
/// the log formats that the lines were written in.
pub fn timer(happened: Happening, outcome: &str, formats: &[&str]) -> Option<&'static str> {
    let named = TIMERS
        .iter()
        .find(|(of, ..)| matches!(of, Of::Outcome(id) if *id == outcome));
    let by_format = || {
        TIMERS.iter().find(|(of, ..)| {
            matches!(of, Of::Format(name, at) if *at == happened && formats.iter().any(|format| format.starts_with(name)))
        })
    };
    let timer = named.or_else(by_format).map(|(_, timer)| *timer);
    timer.or(match happened {
        Happening::ClientLeft => {
            Some("a limit in front: the client, or the hop before this one, gives up then")
        }
        _ => None,
    })
}

enum Of {
    Outcome(&'static str),
    Format(&'static str, Happening),
}

const TIMERS: &[(Of, &str)] = &[
    (Of::Outcome("haproxy/sC"), "HAProxy's `timeout connect`"),
    (Of::Outcome("haproxy/sQ"), "HAProxy's `timeout queue`"),
    (Of::Outcome("haproxy/sH"), "HAProxy's `timeout server`"),
    (Of::Outcome("haproxy/sD"), "HAProxy's `timeout server`"),
    (
        Of::Outcome("haproxy/cR"),
        "HAProxy's `timeout http-request`",
    ),
    (Of::Outcome("haproxy/cH"), "HAProxy's `timeout client`"),
    (Of::Outcome("haproxy/cD"), "HAProxy's `timeout client`"),
    (Of::Outcome("haproxy/PT"), "HAProxy's `timeout tarpit`"),
    (
        Of::Outcome("envoy/UT"),
        "the route's `timeout` in Envoy (15 s unless set)",
    ),
    (
        Of::Outcome("envoy/UF"),
        "the cluster's `connect_timeout` in Envoy (5 s unless set)",
    ),
    (
        Of::Outcome("envoy/SI"),
        "Envoy's `stream_idle_timeout` (5 min unless set)",
    ),
    (
        Of::Outcome("cloudflare/524"),
        "Cloudflare's proxy read timeout (120 s unless set)",
    ),
    (Of::Outcome("heroku/H12"), "Heroku's router, 30 s and fixed"),
    (
        Of::Outcome("net/connect-timeout"),
        "the limit for connecting (nginx `proxy_connect_timeout`, HAProxy `timeout connect`)",
    ),
    (
        Of::Format("nginx", Happening::Silent),
        "nginx's `proxy_read_timeout` (60 s unless set)",
    ),
    (
        Of::Format("nginx", Happening::Refused),
        "nginx's `proxy_connect_timeout` (60 s unless set)",
    ),
    (
        Of::Format("ingress-nginx", Happening::Silent),
        "the annotation `proxy-read-timeout` (60 s unless set)",
    ),
    (
        Of::Format("ingress-nginx", Happening::Refused),
        "the annotation `proxy-connect-timeout` (5 s unless set)",
    ),
    (
        Of::Format("apache", Happening::Silent),
        "Apache's `ProxyTimeout`, or `Timeout` where that is not set (60 s unless set)",
    ),
    (
        Of::Format("aws-alb", Happening::Silent),
        "the load balancer's idle timeout (60 s unless set); 10 s are its fixed limit for connecting",
    ),
    (
        Of::Format("cloudfront", Happening::Silent),
        "CloudFront's response timeout of the origin (30 s unless set)",
    ),
    (
        Of::Format("varnish", Happening::Silent),
        "Varnish's `first_byte_timeout` (60 s unless set)",
    ),
    (
        Of::Format("squid", Happening::Silent),
        "Squid's `read_timeout` (15 min unless set)",
    ),
    (
        Of::Format("iis", Happening::Silent),
        "the time-out of Application Request Routing",
    ),
    (
        Of::Format("traefik", Happening::Silent),
        "Traefik's `forwardingTimeouts.responseHeaderTimeout`",
    ),
    (
        Of::Format("caddy", Happening::Silent),
        "Caddy's `response_header_timeout` of the transport",
    ),
    (
        Of::Format("gcp", Happening::Silent),
        "the backend service's timeout (30 s unless set)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_decides_before_the_format_does() {
        assert_eq!(
            timer(Happening::Silent, "haproxy/sH", &["haproxy"]),
            Some("HAProxy's `timeout server`")
        );
        let nginx = timer(Happening::Silent, "net/read-timeout", &["nginx-json"]);
        assert!(nginx.is_some_and(|text| text.contains("proxy_read_timeout")));
        let gone = timer(Happening::ClientLeft, "nginx/499", &["nginx"]);
        assert!(gone.is_some_and(|text| text.starts_with("a limit in front")));
        assert_eq!(timer(Happening::Unclear, "http/500", &["nginx"]), None);
    }

    #[test]
    fn every_outcome_named_is_in_the_catalogue() {
        for (of, _) in TIMERS {
            if let Of::Outcome(id) = of {
                assert!(httpwhy_catalog::by_id(id).is_some(), "{id}");
            }
        }
    }
}

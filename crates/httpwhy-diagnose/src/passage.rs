//! Who a response passed on its way: Proxy-Status (RFC 9209), Cache-Status (RFC 9211), Via (RFC 9110 section 7.6.3),
//! Server-Timing and vendors' error fields, read as structured fields (RFC 9651) where they are such.

use httpwhy_model::{Evidence, Phase, Place, Response, Signal};
use sfv::{BareItem, List, ListEntry, Parser};

use crate::derive::Derived;
use crate::quote::quote;

/// Fields in which a product names its own failure, with what a value means.
const VENDOR_ERRORS: &[(&str, &str)] = &[
    ("cf-error-type", "Cloudflare's own error"),
    ("x-squid-error", "Squid's own error"),
    ("x-amzn-errortype", "the error's type, as AWS names it"),
    ("x-azure-externalerror", "Azure Front Door's own error"),
    ("l5d-proxy-error", "Linkerd's own error"),
    (
        "x-envoy-overloaded",
        "Envoy refused because it was overloaded",
    ),
    ("x-vercel-error", "Vercel's own error"),
    ("x-cf-routererror", "the Cloud Foundry router's own error"),
    ("x-ms-error-code", "the error's code, as Azure names it"),
    ("fly-error", "Fly.io's own error"),
];

/// One member of Proxy-Status or Cache-Status.
pub(crate) struct Hop {
    /// Who added it.
    pub(crate) who: String,
    /// Its parameters as text, in order.
    parameters: Vec<(String, String)>,
}

impl Hop {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The members of a list field, the one nearest to the origin first. Lines that are no structured field are passed
/// over, as RFC 9651 section 4.2 demands.
pub(crate) fn hops(response: &Response, name: &str) -> Vec<Hop> {
    let lines = response
        .fields
        .iter(name)
        .filter_map(|value| Parser::new(value.as_bytes()).parse::<List>().ok());
    let members = lines.flatten().filter_map(|entry| match entry {
        ListEntry::Item(item) => Some(Hop {
            who: text(&item.bare_item),
            parameters: item
                .params
                .iter()
                .map(|(key, value)| (key.as_str().to_owned(), text(value)))
                .collect(),
        }),
        ListEntry::InnerList(_) => None,
    });
    members.collect()
}

fn text(item: &BareItem) -> String {
    match item {
        BareItem::Token(token) => token.as_str().to_owned(),
        BareItem::String(string) => string.as_str().to_owned(),
        BareItem::Integer(number) => number.to_string(),
        BareItem::Decimal(number) => number.to_string(),
        BareItem::Boolean(flag) => flag.to_string(),
        BareItem::DisplayString(string) => String::clone(string),
        BareItem::ByteSequence(_) | BareItem::Date(_) => String::new(),
    }
}

/// The `error` parameter of Proxy-Status (RFC 9209 section 2.3) as a signal: of the member nearest to the client that
/// has one.
pub(crate) fn proxy_error(response: &Response, step: usize) -> Option<Derived> {
    let hops = hops(response, "proxy-status");
    let (hop, error) = hops
        .iter()
        .rev()
        .find_map(|hop| Some((hop, hop.parameter("error")?)))?;
    let details = hop
        .parameter("details")
        .map_or_else(String::new, |details| format!(": {details}"));
    Some(Derived {
        phase: Phase::Receive,
        signal: Signal::word("proxy-status", error.to_owned()),
        evidence: Evidence {
            step,
            place: Place::Field("proxy-status".into()),
            quote: Some(quote(format!("error={error}{details}").as_bytes())),
            shows: format!(
                "the intermediary {} names its error",
                quote(hop.who.as_bytes())
            )
            .into(),
        },
    })
}

/// What an error's fields tell of its way. A success passed as it should.
pub(crate) fn evidence(response: &Response, step: usize) -> Vec<Evidence> {
    if response.status().is_some_and(|status| status < 400) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut add = |name: &str, quoted: &str, shows: String| {
        found.push(Evidence {
            step,
            place: Place::Field(name.to_owned()),
            quote: Some(quote(quoted.as_bytes())),
            shows: shows.into(),
        });
    };
    for (name, shows) in VENDOR_ERRORS {
        if let Some(value) = response.fields.text(name) {
            add(name, value, (*shows).to_owned());
        }
    }
    // The member nearest to the client speaks of this response.
    if let Some(hop) = hops(response, "cache-status").last() {
        let stored = hop.parameter("hit").is_some_and(|hit| hit == "true");
        let shows = if stored {
            "answered by this cache, not by the origin"
        } else {
            "passed through this cache"
        };
        add("cache-status", &hop.who, shows.to_owned());
    }
    if let Some(via) = response.fields.text("via") {
        let count = via.split(',').count();
        add(
            "via",
            via,
            format!(
                "passed on by {count} {}",
                if count == 1 {
                    "intermediary"
                } else {
                    "intermediaries"
                }
            ),
        );
    }
    if let Some(timing) = response.fields.text("server-timing") {
        add(
            "server-timing",
            timing,
            "where the server says its time went".to_owned(),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use httpwhy_model::Fields;

    fn response(fields: &[(&'static str, &'static str)]) -> Response {
        Response {
            code: "502".into(),
            fields: Fields::of(fields.iter().copied()),
            ..Response::default()
        }
    }

    #[test]
    fn the_error_nearest_to_the_client_is_read() {
        let two = response(&[(
            "Proxy-Status",
            "origin-lb; error=dns_error, edge.example; error=connection_timeout; details=\"10 s\"",
        )]);
        let derived = proxy_error(&two, 0).expect("an error");
        assert_eq!(
            derived.signal.to_string(),
            "proxy-status:connection_timeout"
        );
        assert_eq!(
            derived.evidence.quote.as_deref(),
            Some("error=connection_timeout: 10 s")
        );
        assert!(derived.evidence.shows.contains("edge.example"));
        assert!(
            proxy_error(
                &response(&[("Proxy-Status", "edge; received-status=200")]),
                0
            )
            .is_none()
        );
        assert!(
            proxy_error(&response(&[("Proxy-Status", "edge; error=(")]), 0).is_none(),
            "no structured field"
        );
    }

    #[test]
    fn the_way_is_told() {
        let fields = [
            ("Cache-Status", "\"cdn\"; hit; ttl=30"),
            ("Via", "1.1 a, 1.1 b"),
            ("X-Squid-Error", "ERR_DNS_FAIL 0"),
        ];
        let shown: Vec<String> = evidence(&response(&fields), 0)
            .into_iter()
            .map(|e| e.shows.into_owned())
            .collect();
        assert_eq!(
            shown,
            [
                "Squid's own error",
                "answered by this cache, not by the origin",
                "passed on by 2 intermediaries"
            ]
        );
    }
}

//! Hides known secrets wherever they occur in what was seen: in requests, and where an answer repeats them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use httpwhy_model::{Exchange, Fields, Response, Seen, Value, Visit};
use httpwhy_probe::Jar;
use memchr::memmem::Finder;

use crate::values::Values;

/// Shorter texts occur everywhere by chance.
const SHORTEST: usize = 3;

/// Texts to hide, as they are and as forms, URLs, JSON, HTML and Basic write them.
#[derive(Clone, Default)]
pub(crate) struct Mask {
    needles: Vec<Finder<'static>>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({})", self.needles.len())
    }
}

impl Mask {
    /// What these values and cookies hold.
    pub(crate) fn of(values: &Values, jar: &Jar) -> Self {
        let mut mask = Self::default();
        mask.add(values, jar);
        mask
    }

    /// Hides these from now on too.
    pub(crate) fn add(&mut self, values: &Values, jar: &Jar) {
        let cookies = jar.write_netscape();
        let cookies = cookies
            .lines()
            .filter_map(|line| line.rsplit_once('\t'))
            .map(|(_, value)| value);
        for secret in values.secrets().chain(cookies) {
            if secret.len() >= SHORTEST {
                for written in ways(secret) {
                    self.hide(&written);
                }
            }
        }
        // The longest first: one secret may hold another.
        self.needles
            .sort_by_key(|needle| std::cmp::Reverse(needle.needle().len()));
    }

    fn hide(&mut self, text: &str) {
        let known = self
            .needles
            .iter()
            .any(|old| old.needle() == text.as_bytes());
        if !known {
            self.needles.push(Finder::new(text.as_bytes()).into_owned());
        }
    }

    /// The bytes with each secret as so many asterisks; `None` when none is in them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut hidden: Option<Vec<u8>> = None;
        for needle in &self.needles {
            let length = needle.needle().len();
            let mut from = 0;
            while let Some(at) = needle.find(&hidden.as_deref().unwrap_or(bytes)[from..]) {
                let copy = hidden.get_or_insert_with(|| bytes.to_vec());
                copy[from + at..from + at + length].fill(b'*');
                from += at + length;
            }
        }
        hidden
    }

    /// As [`Mask::bytes`], of a text.
    pub(crate) fn text(&self, text: &str) -> String {
        match self.bytes(text.as_bytes()) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => text.to_owned(),
        }
    }

    /// The visit without secrets; without a copy where there is none.
    pub(crate) fn visit<'v>(&self, visit: &'v Visit) -> Cow<'v, Visit> {
        if self.needles.is_empty() || !visit.steps.iter().any(|step| self.is_in(&step.exchange)) {
            return Cow::Borrowed(visit);
        }
        let mut visit = visit.clone();
        visit.asked = self.text(&visit.asked);
        for step in &mut visit.steps {
            let exchange = &mut step.exchange;
            exchange.target = self.text(&exchange.target);
            self.put(&mut exchange.request.target);
            self.fields(&mut exchange.request.fields);
            if let Seen::Present(body) = &mut exchange.request.body {
                self.put(&mut body.bytes);
            }
            for response in exchange.interim.iter_mut().chain(&mut exchange.response) {
                self.response(response);
            }
        }
        Cow::Owned(visit)
    }

    fn is_in(&self, exchange: &Exchange) -> bool {
        let has = |bytes: &[u8]| {
            self.needles
                .iter()
                .any(|needle| needle.find(bytes).is_some())
        };
        let fields = |fields: &Fields| fields.list.iter().any(|field| has(field.value.as_bytes()));
        let body = |body: &Seen<httpwhy_model::Body>| matches!(body, Seen::Present(body) if has(&body.bytes));
        has(exchange.target.as_bytes())
            || has(&exchange.request.target)
            || fields(&exchange.request.fields)
            || body(&exchange.request.body)
            || exchange
                .interim
                .iter()
                .chain(&exchange.response)
                .any(|response| {
                    fields(&response.fields)
                        || fields(&response.trailers)
                        || body(&response.body)
                        || has(&response.reason)
                        || response.raw_head.is_some()
                })
    }

    fn response(&self, response: &mut Response) {
        self.put(&mut response.reason);
        self.fields(&mut response.fields);
        self.fields(&mut response.trailers);
        if let Some(Value::Bytes(octets)) = &mut response.raw_head {
            self.put(octets);
        }
        if let Seen::Present(body) = &mut response.body {
            self.put(&mut body.bytes);
        }
    }

    fn put(&self, bytes: &mut Bytes) {
        if let Some(hidden) = self.bytes(bytes) {
            *bytes = hidden.into();
        }
    }

    fn fields(&self, fields: &mut Fields) {
        for field in &mut fields.list {
            if let Value::Bytes(bytes) = &field.value
                && let Some(hidden) = self.bytes(bytes)
            {
                field.value = Value::Redacted(hidden.into());
            }
        }
    }
}

/// How a secret may be written.
fn ways(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::Value::from(secret).to_string();
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    vec![
        secret.to_owned(),
        form.replace('+', "%20"),
        form,
        json.trim_matches('"').to_owned(),
        html,
        BASE64_STANDARD.encode(secret),
    ]
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Body, Framing};

    use super::*;

    #[test]
    fn secrets_are_hidden_however_they_are_written() {
        let mut values = Values::default();
        values.put("pass", "p&ss w\"rd", true);
        values.put("short", "ab", true);
        values.put("open", "visible", false);
        let mut jar = Jar::default();
        jar.give("http://h/", "sid=8f2c1b");
        let mask = Mask::of(&values, &jar);
        for (text, hidden) in [
            ("x p&ss w\"rd y", "x ********* y"),
            ("p=p%26ss+w%22rd&q", "p=*************&q"),
            ("p%26ss%20w%22rd", "***************"),
            (r#"{"p":"p&ss w\"rd"}"#, r#"{"p":"**********"}"#),
            ("p&amp;ss w&quot;rd", "******************"),
            ("cCZzcyB3InJk", "************"),
            ("id 8f2c1b 8f2c1b", "id ****** ******"),
            ("visible ab", "visible ab"),
        ] {
            assert_eq!(mask.text(text), hidden, "{text}");
        }
    }

    #[test]
    fn every_part_of_a_visit_is_looked_at() {
        let mut values = Values::default();
        values.put("tok", "s3cret", true);
        let mask = Mask::of(&values, &Jar::default());
        let part = |bytes: &'static str| Bytes::from_static(bytes.as_bytes());
        let mut exchange = Exchange {
            target: "http://h/?t=s3cret".into(),
            ..Exchange::default()
        };
        exchange.request.target = part("/?t=s3cret");
        exchange.request.fields = Fields::of([("X-Shop", "s3cret")]);
        exchange.request.body = Seen::Present(Body::whole("s3cret", Framing::Unknown));
        exchange.response = Some(Response {
            reason: part("s3cret"),
            fields: Fields::of([("Location", "/?s3cret")]),
            trailers: Fields::of([("X", "s3cret")]),
            body: Seen::Present(Body::whole("a s3cret", Framing::Unknown)),
            raw_head: Some(Value::Bytes(part("X: s3cret"))),
            ..Response::default()
        });
        let visit = Visit::of(exchange);
        assert_eq!(format!("{visit:?}").matches("s3cret").count(), 10);
        let hidden = mask.visit(&visit);
        assert_eq!(
            format!("{hidden:?}").matches("s3cret").count(),
            0,
            "{hidden:?}"
        );
        let plain = Visit::of(Exchange::default());
        assert!(matches!(mask.visit(&plain), Cow::Borrowed(_)));
    }
}

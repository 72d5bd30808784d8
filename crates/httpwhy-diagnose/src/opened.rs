//! Content without its codings, so that what it says can be read whatever way it was sent.

use std::borrow::Cow;

use httpwhy_model::{Evidence, Exchange, Framing, Phase, Place, Seen, Signal, Who};
use httpwhy_wire::coding::{Bounds, Coding, Decoded, Ending, codings, decode};

use crate::derive::Derived;
use crate::quote::quote;

/// An exchange as it is read, and what taking off the codings showed.
pub(crate) struct Opened<'a> {
    /// Its content has no coding any more, when there was one and it could be taken off.
    pub(crate) exchange: Cow<'a, Exchange>,
    /// What is wrong with the coded content of a successful answer.
    pub(crate) derived: Vec<Derived>,
}

/// Media types whose own format is compressed: content that still looks so is right.
const PACKED: &[&str] = &["gzip", "tar", "zip", "compressed", "octet-stream", "font"];

/// Takes the codings off. What came is a fact and stays; content that is not coded costs nothing.
pub(crate) fn open(exchange: &Exchange, step: usize) -> Opened<'_> {
    taken_off(exchange, step).unwrap_or(Opened {
        exchange: Cow::Borrowed(exchange),
        derived: Vec::new(),
    })
}

fn taken_off(exchange: &Exchange, step: usize) -> Option<Opened<'_>> {
    // A browser records content as it read it, and the fields as they came.
    if matches!(exchange.vantage.who, Who::Har | Who::Browser) {
        return None;
    }
    let response = exchange.response.as_ref()?;
    let codings = codings(&response.fields).filter(|codings| !codings.is_empty())?;
    let Seen::Present(body) = &response.body else {
        return None;
    };
    if body.bytes.is_empty() || body.framing == Framing::None {
        return None;
    }
    let decoded = decode(&codings, &body.bytes, &Bounds::default());
    let whole = body.complete == Seen::Present(true)
        && body.received == Seen::Present(body.bytes.len() as u64);
    let media_type = response.fields.text("content-type").unwrap_or_default();
    let named = fact(&decoded, &codings, whole, media_type).map(|(word, shows)| Derived {
        phase: Phase::Receive,
        signal: Signal::word("content", word),
        evidence: Evidence {
            step,
            place: Place::Field("content-encoding".into()),
            quote: response
                .fields
                .text("content-encoding")
                .map(|text| quote(text.as_bytes())),
            shows: shows.into(),
        },
    });
    let successful = response
        .status()
        .is_some_and(|status| (200..300).contains(&status));
    let exchange = if decoded.size == 0 && decoded.end != Ending::Whole {
        // Some servers name a coding and send plain content: then that is what can be read.
        Cow::Borrowed(exchange)
    } else {
        Cow::Owned(with_content(exchange, decoded))
    };
    Some(Opened {
        exchange,
        derived: named.filter(|_| successful).into_iter().collect(),
    })
}

/// The exchange with that content, counted as if it had come so. A range counts coded bytes (RFC 9110 section 14.1.2), and
/// keeps its count.
fn with_content(exchange: &Exchange, decoded: Decoded) -> Exchange {
    let mut exchange = exchange.clone();
    if let Some(response) = &mut exchange.response {
        response
            .fields
            .list
            .retain(|field| !field.name.eq_ignore_ascii_case(b"content-encoding"));
        let is_range = response.status() == Some(206);
        if let Seen::Present(body) = &mut response.body {
            if decoded.end == Ending::Whole && !is_range {
                body.received = Seen::Present(decoded.size);
            }
            body.bytes = decoded.bytes.into();
        }
    }
    exchange
}

/// The word of the signal, and what it rests on.
fn fact(
    decoded: &Decoded,
    codings: &[Coding],
    whole: bool,
    media_type: &str,
) -> Option<(&'static str, String)> {
    let size = decoded.size;
    match decoded.end {
        Ending::TooLarge => Some((
            "decompression-bomb",
            format!("decoding was ended at {size} bytes, far more than came"),
        )),
        // A record that keeps the first bytes only ends early without anybody's fault.
        Ending::Cut if !whole => None,
        // Nothing can be told from a word or two without any mark of the coding.
        Ending::Cut | Ending::Broken if size == 0 && has_no_mark(codings) && !whole => None,
        Ending::Cut => Some((
            "decoding-failed",
            format!("the coded content ends too early, {size} bytes of it could be decoded"),
        )),
        Ending::Broken => Some((
            "decoding-failed",
            format!("what comes after {size} decoded bytes is not as the coding has it"),
        )),
        Ending::Whole => {
            let media_type = media_type.to_ascii_lowercase();
            let packed = PACKED.iter().any(|word| media_type.contains(word));
            let again = decoded.bytes.starts_with(&[0x1f, 0x8b, 8])
                || decoded.bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
            (again && !packed).then(|| {
                (
                    "double-encoded",
                    "once decoded, the content still begins as compressed content does".to_owned(),
                )
            })
        }
    }
}

/// Whether the outermost coding begins with no fixed bytes.
fn has_no_mark(codings: &[Coding]) -> bool {
    matches!(codings.last(), Some(Coding::Deflate | Coding::Brotli))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use httpwhy_model::{Body, End, Fields, Response, Visit};

    use crate::diagnose;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn answer(status: &'static str, kind: &'static str, content: impl AsRef<[u8]>) -> Visit {
        let content = content.as_ref().to_vec();
        let length = content.len().to_string();
        let mut visit = Visit::of(Exchange {
            target: "https://a.example/".into(),
            end: End::Answered,
            ..Exchange::default()
        });
        visit.steps[0].exchange.response = Some(Response {
            version: "HTTP/1.1".into(),
            code: status.into(),
            fields: Fields::of([
                ("Content-Type", kind.to_owned()),
                ("Content-Encoding", "gzip".to_owned()),
                ("Content-Length", length),
            ]),
            body: Seen::Present(Body::whole(
                content.clone(),
                Framing::Length(content.len() as u64),
            )),
            ..Response::default()
        });
        visit
    }

    #[test]
    fn what_coded_content_says_is_read() {
        let problem = br#"{"title":"Out of credit","detail":"Your balance is 30"}"#;
        let visit = answer("402", "application/problem+json", gzip(problem));
        let diagnosis = diagnose(&visit);
        assert_eq!(diagnosis.server_says.as_deref(), Some("Your balance is 30"));
        let page = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad \
                     Gateway</h1></center><hr><center>nginx/1.22.1</center></body></html>";
        let diagnosis = diagnose(&answer("502", "text/html", gzip(page)));
        assert_eq!(diagnosis.producer.map(|p| p.name), Some("nginx"));
    }

    #[test]
    fn what_is_wrong_with_the_coding_is_named() {
        let mut cut = gzip(b"a long and honest text that was cut before it was framed");
        cut.truncate(cut.len() - 9);
        let mut late = gzip(b"fine until the checksum");
        let last = late.len() - 5;
        late[last] ^= 1;
        for (content, kind, outcome) in [
            (gzip(b"fine"), "text/plain", "http/200"),
            (cut, "text/plain", "net/content-decoding-failed"),
            (late, "text/plain", "net/content-decoding-failed"),
            (
                b"never compressed".to_vec(),
                "text/plain",
                "net/content-decoding-failed",
            ),
            (gzip(&gzip(b"twice")), "text/plain", "net/double-encoded"),
            (gzip(&gzip(b"twice")), "application/gzip", "http/200"),
            (
                gzip(&vec![0; 16 << 20]),
                "text/csv",
                "net/decompression-bomb",
            ),
            (gzip(b"{\"a\":"), "application/json", "net/json-invalid"),
        ] {
            let diagnosis = diagnose(&answer("200", kind, content));
            assert_eq!(
                diagnosis.outcome.0, outcome,
                "{kind}: {:?}",
                diagnosis.evidence
            );
        }
    }

    #[test]
    fn a_record_of_the_first_bytes_is_no_broken_content() {
        let mut visit = answer("200", "text/plain", gzip(&[b'x'; 5000]));
        if let Some(response) = &mut visit.steps[0].exchange.response
            && let Seen::Present(body) = &mut response.body
        {
            body.bytes.truncate(20);
        }
        assert_eq!(diagnose(&visit).outcome.0, "http/200");
    }
}

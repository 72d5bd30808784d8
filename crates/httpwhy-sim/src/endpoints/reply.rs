//! What an endpoint answers, and how it is put on the wire: when, in which pieces, how far, and how it ends.

use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

use super::broken::Flood;
use super::text;
use crate::answer::Answer;
use crate::json;
use crate::websocket::Longest;

const TEXT: &str = "text/plain; charset=utf-8";

/// An answer and how it is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    /// Status, fields, content.
    pub(crate) answer: Answer,
    /// So many asterisks instead of the answer's own content: they need no memory.
    pub(crate) filler: usize,
    /// Interim answers before it.
    pub(crate) interim: Vec<u16>,
    /// The wait before the head.
    pub(crate) before_head: Duration,
    /// The wait between head and content.
    pub(crate) after_head: Duration,
    /// Where the content is divided.
    pub(crate) split: Split,
    /// The waits behind each piece; the last one counts for all that follow.
    pub(crate) pauses: Vec<Duration>,
    /// Whether the content is sent as chunks, one a piece.
    pub(crate) chunked: bool,
    /// Trailer fields; they need chunks.
    pub(crate) trailers: Vec<(String, String)>,
    /// The wait behind the last byte; the connection ends then.
    pub(crate) before_end: Duration,
    /// How and where it is broken off.
    pub(crate) broken: Option<(Place, Break)>,
    /// Whether it says that it was asked for.
    pub(crate) marked: bool,
    /// Another protocol that takes the connection over, instead of all this.
    pub(crate) takeover: Option<Takeover>,
}

/// Where content is divided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Split {
    /// Nowhere.
    #[default]
    Whole,
    /// Into pieces of that many bytes; at least 1.
    Every(usize),
    /// Into pieces that end there.
    At(Vec<usize>),
}

impl Split {
    /// The number of pieces of content of that length.
    fn count(&self, length: usize) -> usize {
        match self {
            Self::Whole => 1,
            Self::Every(size) => length.div_ceil((*size).max(1)),
            Self::At(ends) => ends.len() + 1,
        }
    }

    /// The pieces of content of that length.
    pub(crate) fn pieces(
        &self,
        length: usize,
    ) -> Box<dyn Iterator<Item = Range<usize>> + Send + '_> {
        match self {
            Self::Whole => Box::new(std::iter::once(0..length)),
            Self::Every(size) => {
                let size = (*size).max(1);
                Box::new(
                    (0..length)
                        .step_by(size)
                        .map(move |at| at..(at + size).min(length)),
                )
            }
            Self::At(ends) => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let ends = ends.iter().copied().chain([length]);
                Box::new(
                    starts
                        .zip(ends)
                        .map(move |(from, to)| from.min(length)..to.min(length)),
                )
            }
        }
    }
}

/// A place in an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// Before the first byte.
    BeforeHead,
    /// Within the status line.
    InStatusLine,
    /// Within the fields.
    InHead,
    /// Between head and content.
    AfterHead,
    /// Behind so many bytes of all, from the first of the status line on.
    Byte(usize),
    /// Behind so many bytes of the content.
    Body(usize),
    /// Behind that part of the content, from 0 to 1.
    Part(f64),
    /// Behind the content, before the last chunk.
    BeforeLastChunk,
    /// Within the trailer section.
    InTrailer,
    /// Behind the last byte.
    AfterBody,
}

impl Place {
    /// Reads a place: its name in the URL scheme, or `body:40`, `body:50%`, `40`, `50%`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "before-head" => Self::BeforeHead,
            "in-status-line" => Self::InStatusLine,
            "in-head" => Self::InHead,
            "after-head" => Self::AfterHead,
            "in-body" => Self::Part(0.5),
            "before-last-chunk" => Self::BeforeLastChunk,
            "in-trailer" => Self::InTrailer,
            "after-body" => Self::AfterBody,
            _ => {
                if let Some(at) = text.strip_prefix("byte:") {
                    return at.parse().ok().map(Self::Byte);
                }
                let at = text.strip_prefix("body:").unwrap_or(text);
                return match at.strip_suffix('%') {
                    Some(part) => {
                        let part = part.parse::<f64>().ok()? / 100.0;
                        (0.0..=1.0).contains(&part).then_some(Self::Part(part))
                    }
                    None => at.parse().ok().map(Self::Body),
                };
            }
        })
    }

    /// How much of content of that length goes out; `None` for all of it.
    pub(crate) fn content(self, length: usize) -> Option<usize> {
        match self {
            Self::BeforeHead
            | Self::InStatusLine
            | Self::InHead
            | Self::AfterHead
            | Self::Byte(_) => Some(0),
            Self::Body(at) => Some(at.min(length)),
            Self::Part(part) => Some((length as f64 * part) as usize),
            Self::BeforeLastChunk | Self::InTrailer | Self::AfterBody => None,
        }
    }
}

/// How an answer is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection ends in order.
    Close,
    /// Our side ends in order; what comes is still read.
    HalfClose,
    /// It is torn down.
    Reset,
    /// It stays, and is silent.
    Stall,
}

/// A protocol that takes the connection over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Takeover {
    /// What the client offers to upgrade to (`/status/101`).
    Offered,
    /// A WebSocket that sends everything back, up to that length.
    WebSocket(Longest),
    /// A WebSocket that is closed with that code, or without one.
    Close(Option<u16>),
    /// A WebSocket that ends without a Close frame.
    Drop {
        /// By a reset.
        reset: bool,
    },
    /// A WebSocket on which that rule is broken.
    Frame(&'static str),
    /// A handshake of a WebSocket that must be refused.
    Handshake(&'static str),
    /// These bytes, and an orderly end.
    Raw(&'static [u8]),
    /// These bytes, and that end.
    Bytes(Vec<u8>, Break),
    /// What does not end before its cap.
    Flood(Flood),
}

impl Reply {
    /// 200 with that content.
    pub(crate) fn content(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Answer::content(kind, body).into()
    }

    /// 200 with text.
    pub(crate) fn text(body: impl Into<Vec<u8>>) -> Self {
        Self::content(TEXT, body)
    }

    /// 200 with JSON in httpbin's form.
    pub(crate) fn json(value: &Value) -> Self {
        Self::content("application/json", json::pretty(value))
    }

    /// That status without content.
    pub(crate) fn empty(code: u16) -> Self {
        let mut answer = Answer::of(code);
        answer.body.clear();
        answer.remove("Content-Type");
        answer.into()
    }

    /// 304 of content that has no validators of its own.
    pub(crate) fn unchanged() -> Self {
        let mut reply = Self::empty(304);
        reply.answer.remove("ETag");
        reply.answer.remove("Cache-Control");
        reply
    }

    /// 302 to there.
    pub(crate) fn found(location: &str) -> Self {
        Self::redirect(302, location)
    }

    /// A redirect to there, with a link for people (RFC 9110 section 15.4.3).
    pub(crate) fn redirect(code: u16, location: &str) -> Self {
        let mut answer = Answer::of(code);
        answer.set("Content-Type", "text/html; charset=utf-8");
        answer.set("Location", location);
        let link = text::html(location);
        let page = format!(
            "<!doctype html>\n<title>Redirecting...</title>\n<p><a href=\"{link}\">{link}</a></p>\n"
        );
        answer.body = page.into_bytes();
        answer.into()
    }

    /// A protocol that takes the connection over.
    pub(crate) fn takeover(by: Takeover) -> Self {
        Self {
            takeover: Some(by),
            ..Self::default()
        }
    }

    /// The same with that field, in the place of those of the same name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.answer.set(name, value);
        self
    }

    /// The same with one more field of that name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        let field = (name.to_owned(), value.to_owned());
        self.answer.fields.push(field);
        self
    }

    /// The length of the content, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.answer.body.len().max(self.filler)
    }

    /// The number of pieces.
    pub(crate) fn count(&self) -> usize {
        self.split.count(self.length())
    }

    /// The longest that sending takes by design.
    pub(crate) fn duration(&self) -> Duration {
        let pieces = self.count();
        let named = self.pauses.iter().take(pieces).sum::<Duration>();
        let more = u32::try_from(pieces.saturating_sub(self.pauses.len())).unwrap_or(u32::MAX);
        let last = self.pauses.last().copied().unwrap_or_default();
        self.before_head + self.after_head + self.before_end + named + last.saturating_mul(more)
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            ..Self::default()
        }
    }
}

/// Why an endpoint does not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: u16,
    /// What is wrong and what would be right.
    pub(crate) why: String,
}

impl Refusal {
    /// 400: a parameter is wrong.
    pub(crate) fn bad(why: impl Into<String>) -> Self {
        Self {
            status: 400,
            why: why.into(),
        }
    }

    /// 404: nothing is there.
    pub(crate) fn missing() -> Self {
        Self {
            status: 404,
            why: "No such page. The index is at /.".to_owned(),
        }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let mut answer = Answer::of(refusal.status);
        answer.set("Content-Type", TEXT);
        answer.body = (refusal.why + "\n").into_bytes();
        answer.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces() {
        let of = |split: Split| {
            let pieces: Vec<_> = split.pieces(5).collect();
            assert_eq!(pieces.len(), split.count(5));
            pieces
        };
        assert_eq!(of(Split::Whole), vec![0..5; 1]);
        assert_eq!(of(Split::Every(2)), [0..2, 2..4, 4..5]);
        assert_eq!(of(Split::At(vec![1, 9])), [0..1, 1..5, 5..5]);
        assert_eq!(Split::Every(2).pieces(0).count(), 0);
    }

    #[test]
    fn places() {
        for (text, place) in [
            ("in-head", Some(Place::InHead)),
            ("byte:7", Some(Place::Byte(7))),
            ("after-body", Some(Place::AfterBody)),
            ("body:40", Some(Place::Body(40))),
            ("50%", Some(Place::Part(0.5))),
            ("body:101%", None),
            ("nowhere", None),
            ("-1", None),
        ] {
            assert_eq!(Place::read(text), place, "{text}");
        }
    }
}

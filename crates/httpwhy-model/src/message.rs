//! HTTP messages as bytes: order, case, duplicates and bad octets are the evidence.

use bytes::Bytes;

use crate::Seen;

/// A request as it was sent, or as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The method as sent, e.g. `GET`; empty when not known.
    pub method: Bytes,
    /// The request target as sent (RFC 9112 section 3.2), e.g. `/cart?x=1`; empty when not known.
    pub target: Bytes,
    /// The protocol version as sent, e.g. `HTTP/1.1`; empty when not known.
    pub version: Bytes,
    /// The request's fields.
    pub fields: Fields,
    /// The request's content.
    pub body: Seen<Body>,
}

/// A response head with what followed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The protocol version as received, e.g. `HTTP/1.1`.
    pub version: Bytes,
    /// The status code's bytes as received: `404`, but also `2OO`.
    pub code: Bytes,
    /// The reason phrase as received.
    pub reason: Bytes,
    /// The response's fields.
    pub fields: Fields,
    /// The response's content.
    pub body: Seen<Body>,
    /// The trailer section.
    pub trailers: Fields,
    /// The head's octets as they came, where they are not those of [`Response::head_octets`] without it: bare LFs,
    /// folds, odd spaces, a head that was cut. `None` for the usual head, and where no octets were seen.
    pub raw_head: Option<Value>,
}

impl Response {
    /// The head's octets, HTTP/1: as they came, or, where nothing was odd about them, put together again from the
    /// parts: `version SP code SP reason CRLF`, each field line as `name: SP value CRLF`, an empty line.
    pub fn head_octets(&self) -> Bytes {
        match &self.raw_head {
            Some(Value::Bytes(octets) | Value::Redacted(octets)) => octets.clone(),
            None => self.usual_head().into(),
        }
    }

    fn usual_head(&self) -> Vec<u8> {
        let mut head = [&self.version[..], &self.code, &self.reason].join(&b' ');
        for field in &self.fields.list {
            for piece in [b"\r\n", &field.name[..], b": ", field.value.as_bytes()] {
                head.extend_from_slice(piece);
            }
        }
        head.extend_from_slice(b"\r\n\r\n");
        head
    }

    /// The status code when it is three digits (000 to 999), whatever its range; RFC 9110 section 15 allows 100 to 599.
    pub fn status(&self) -> Option<u16> {
        match self.code.as_ref() {
            [a, b, c] if [a, b, c].iter().all(|d| d.is_ascii_digit()) => {
                Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
            }
            _ => None,
        }
    }
}

/// Which fields the observer kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Kept {
    /// All of them: one that is not in the list was absent.
    All,
    /// Only these names (lower case): nothing is known of others.
    Only(Vec<String>),
    /// None.
    #[default]
    Nothing,
}

/// A field section: every field line in order, with what was kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The field lines as they came, in order, duplicates included.
    pub list: Vec<Field>,
    /// Which names the observer kept.
    pub kept: Kept,
}

/// One field line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as written.
    pub name: Bytes,
    /// The value without surrounding white space.
    pub value: Value,
}

/// A field's value, or what redaction left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The bytes as they came.
    Bytes(Bytes),
    /// Hidden: the skeleton keeps names, attributes and punctuation, and puts `*` for each hidden byte, so that the
    /// length stays a fact.
    Redacted(Bytes),
}

impl Value {
    /// The value's bytes, hidden parts as `*`.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) | Self::Redacted(bytes) => bytes,
        }
    }

    /// The value as text if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }
}

impl Fields {
    /// An empty section of which everything was kept.
    pub fn all() -> Self {
        Self {
            list: Vec::new(),
            kept: Kept::All,
        }
    }

    /// A complete section from name and value pairs.
    pub fn of<N: Into<Bytes>, V: Into<Bytes>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let list = pairs
            .into_iter()
            .map(|(name, value)| Field {
                name: name.into(),
                value: Value::Bytes(value.into()),
            })
            .collect();
        Self {
            list,
            kept: Kept::All,
        }
    }

    /// Adds one field line at the end.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.list.push(Field {
            name: name.into(),
            value: Value::Bytes(value.into()),
        });
    }

    /// The first field line of that name (compared without case), `Absent` only when its absence is a fact.
    pub fn get(&self, name: &str) -> Seen<&Value> {
        match self.iter(name).next() {
            Some(value) => Seen::Present(value),
            None => match &self.kept {
                Kept::All => Seen::Absent,
                Kept::Only(names) if names.iter().any(|kept| kept.eq_ignore_ascii_case(name)) => {
                    Seen::Absent
                }
                Kept::Only(_) | Kept::Nothing => Seen::NotCaptured,
            },
        }
    }

    /// The text of the first field line of that name, if it is there and UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.iter(name).next().and_then(Value::as_str)
    }

    /// All field lines of that name, in order.
    pub fn iter<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Value> + use<'a, 'n> {
        self.list
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| &field.value)
    }

    /// True when a field line of that name is there.
    pub fn has(&self, name: &str) -> bool {
        self.iter(name).next().is_some()
    }
}

/// How the end of a message's content was to be found (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// The message cannot have content: a response to HEAD, 1xx, 204, 304.
    None,
    /// A Content-Length of so many bytes.
    Length(u64),
    /// The chunked transfer coding.
    Chunked,
    /// Until the connection closes.
    Close,
    /// HTTP/2 or HTTP/3 frames.
    Frames,
    /// The observer cannot tell.
    #[default]
    Unknown,
}

/// A message's content, possibly only its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// The content's first bytes, transfer coding removed, content coding kept.
    pub bytes: Bytes,
    /// How many bytes of content came in all (at least `bytes.len()`).
    pub received: Seen<u64>,
    /// Whether the content came to its end as framed. `NotCaptured` when the record may be shortened, and for content
    /// that only the connection's end delimits.
    pub complete: Seen<bool>,
    /// How its end was to be found.
    pub framing: Framing,
}

impl Body {
    /// Content that is complete and wholly kept.
    pub fn whole(bytes: impl Into<Bytes>, framing: Framing) -> Self {
        let bytes = bytes.into();
        Self {
            received: Seen::Present(bytes.len() as u64),
            complete: Seen::Present(true),
            bytes,
            framing,
        }
    }
}

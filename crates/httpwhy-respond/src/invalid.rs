//! What is said when a value cannot stand where it was put.

use std::fmt;

/// A value that may not be sent, with where and why.
///
/// It is made before any response is, so a line break that came in with a user's input never reaches a field.
///
/// ```
/// use httpwhy_respond::Location;
/// let error = Location::new("/a\r\nSet-Cookie: b=c").unwrap_err();
/// assert_eq!(error.place(), "Location");
/// assert_eq!(error.at(), Some(2));
/// assert_eq!(error.to_string(), "Location: byte 2 is 0x0d: percent-encode it");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    place: &'static str,
    at: Option<(usize, u8)>,
    why: &'static str,
}

impl Invalid {
    /// A byte that may not stand there, and what to do instead.
    pub(crate) fn byte(place: &'static str, at: usize, found: u8, why: &'static str) -> Self {
        Self {
            place,
            at: Some((at, found)),
            why,
        }
    }

    /// The value as a whole is wrong.
    pub(crate) fn whole(place: &'static str, why: &'static str) -> Self {
        Self {
            place,
            at: None,
            why,
        }
    }

    /// The field or the part of one that the value was meant for: `Location`, `Basic realm`.
    pub fn place(&self) -> &'static str {
        self.place
    }

    /// The offset in bytes of the first byte that may not stand there; `None` when the value as a whole is wrong.
    pub fn at(&self) -> Option<usize> {
        self.at.map(|(at, _)| at)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            // The byte as a number: the value may be hostile, and this text may reach a log or a terminal.
            Some((at, byte)) => write!(
                out,
                "{}: byte {at} is {byte:#04x}: {}",
                self.place, self.why
            ),
            None => write!(out, "{}: {}", self.place, self.why),
        }
    }
}

impl std::error::Error for Invalid {}

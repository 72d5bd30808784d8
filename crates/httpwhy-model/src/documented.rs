//! What a description of an API documents of one operation.

use std::fmt;
use std::str::FromStr;

/// What a description (OpenAPI, Swagger) documents of the operation that an exchange asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Documented {
    /// Its name there: the operationId, or method and path.
    pub operation: String,
    /// The path's template as documented, with the server's own path in front: `/v1/users/{id}`.
    pub template: String,
    /// The statuses of its documented responses, in the description's order.
    pub statuses: Vec<StatusSet>,
    /// Where it stands: a name of the description and a JSON pointer (RFC 6901), `shop.yaml#/paths/~1users/get`.
    pub at: String,
}

impl Documented {
    /// Whether a response of that status is documented: by its code, its class, or as the default.
    pub fn covers(&self, status: u16) -> bool {
        self.statuses.iter().any(|set| set.covers(status))
    }
}

/// A key of an OpenAPI Responses Object (OpenAPI 3.1.1 section 4.8.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusSet {
    /// One code: `404`.
    Code(u16),
    /// All of one class, by its digit: `4XX`.
    Class(u8),
    /// `default`: every status that is not named.
    Default,
}

impl StatusSet {
    /// Whether it covers that status.
    pub const fn covers(self, status: u16) -> bool {
        match self {
            Self::Code(code) => code == status,
            Self::Class(digit) => status / 100 == digit as u16,
            Self::Default => true,
        }
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code:03}"),
            Self::Class(digit) => write!(f, "{digit}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl FromStr for StatusSet {
    type Err = crate::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let number = || text.parse().ok().map(Self::Code);
        let found = match bytes {
            b"default" => Some(Self::Default),
            [digit @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => Some(Self::Class(digit - b'0')),
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => number(),
            _ => None,
        };
        found.ok_or_else(|| crate::UnknownWord {
            given: text.to_owned(),
            set: "documented status",
            allowed: &["404", "4XX", "default"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_responses_are_read_and_cover() {
        for (text, status, covered) in [
            ("404", 404, true),
            ("404", 403, false),
            ("4XX", 499, true),
            ("5xx", 499, false),
            ("default", 302, true),
        ] {
            let set: StatusSet = text.parse().expect(text);
            assert_eq!(set.covers(status), covered, "{text} {status}");
            assert!(set.to_string().eq_ignore_ascii_case(text), "{text}");
        }
        for bad in ["", "40", "4040", "6XX", "4XY", "OK", "+12", "x-200"] {
            assert!(bad.parse::<StatusSet>().is_err(), "{bad}");
        }
    }
}

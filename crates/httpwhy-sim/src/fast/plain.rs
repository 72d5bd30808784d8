//! Reads requests that ask for a status and nothing else, without allocating.

/// The beginning of what is read here.
const BEGIN: &[u8] = b"GET /status/";
/// What stands behind the three digits.
const VERSION: &[u8] = b" HTTP/1.1\r\n";
/// The most fields of such a request.
const MOST_FIELDS: usize = 32;

/// What bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// A whole request for that status, without content and without a wish.
    Asks {
        /// The three digits.
        code: u16,
        /// Its length in bytes.
        length: usize,
        /// Whether the client wants to send another.
        keep: bool,
    },
    /// Perhaps such a request, but more has to come to tell.
    Short,
    /// Anything else.
    Other,
}

/// Tells what these bytes begin with.
///
/// Only fields that change nothing in the answer are let through; every other one, and anything that is not exactly as
/// RFC 9112 has it, is [`Begins::Other`].
pub(super) fn read(input: &[u8]) -> Begins {
    let Some(code) = line(input) else {
        return if may_become_one(input) {
            Begins::Short
        } else {
            Begins::Other
        };
    };
    let mut at = BEGIN.len() + 3 + VERSION.len();
    let mut keep = true;
    for _ in 0..MOST_FIELDS {
        match field(&input[at..]) {
            Field::End => {
                let length = at + 2;
                return Begins::Asks { code, length, keep };
            }
            Field::Plain(length) => at += length,
            Field::Last(length) => {
                keep = false;
                at += length;
            }
            Field::Short => return Begins::Short,
            Field::Other => return Begins::Other,
        }
    }
    Begins::Other
}

/// The code of the request line.
fn line(input: &[u8]) -> Option<u16> {
    let rest = input.strip_prefix(BEGIN)?;
    let (digits, rest) = rest.split_at_checked(3)?;
    let &[
        hundreds @ b'1'..=b'9',
        tens @ b'0'..=b'9',
        ones @ b'0'..=b'9',
    ] = digits
    else {
        return None;
    };
    rest.strip_prefix(VERSION)?;
    let digit = |byte: u8| u16::from(byte - b'0');
    Some(digit(hundreds) * 100 + digit(tens) * 10 + digit(ones))
}

/// Whether these few bytes are the beginning of a request line of ours.
fn may_become_one(input: &[u8]) -> bool {
    if input.len() <= BEGIN.len() {
        return BEGIN.starts_with(input);
    }
    let Some(rest) = input.strip_prefix(BEGIN) else {
        return false;
    };
    let (digits, rest) = rest.split_at(rest.len().min(3));
    digits.iter().all(u8::is_ascii_digit) && rest.len() < VERSION.len() && VERSION.starts_with(rest)
}

/// One field line.
enum Field {
    /// No field: the head ends.
    End,
    /// One that changes nothing, of that length.
    Plain(usize),
    /// One that says that this request is the last.
    Last(usize),
    /// Its end has not come.
    Short,
    /// Any other.
    Other,
}

fn field(input: &[u8]) -> Field {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
        return Field::Short;
    };
    let Some(line) = input[..end].strip_suffix(b"\r") else {
        return Field::Other;
    };
    if line.is_empty() {
        return Field::End;
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Field::Other;
    };
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    if value.is_empty() || !value.iter().copied().all(may_stand_in_value) {
        return Field::Other;
    }
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    let changes_nothing = match name.len() {
        4 => is("host"),
        6 => is("accept"),
        10 if is("connection") => {
            return connection(value, end + 1);
        }
        10 => is("user-agent"),
        15 => is("accept-encoding") || is("accept-language"),
        _ => false,
    };
    if changes_nothing {
        Field::Plain(end + 1)
    } else {
        Field::Other
    }
}

/// A Connection field of that value and length (RFC 9112 section 9.3).
fn connection(value: &[u8], length: usize) -> Field {
    if value.eq_ignore_ascii_case(b"keep-alive") {
        Field::Plain(length)
    } else if value.eq_ignore_ascii_case(b"close") {
        Field::Last(length)
    } else {
        Field::Other
    }
}

/// Whether that byte may stand in a field's value, without a thought (RFC 9110 section 5.5; bytes beyond ASCII are left
/// to the careful reader).
fn may_stand_in_value(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(text: &str) -> Option<(u16, usize, bool)> {
        match read(text.as_bytes()) {
            Begins::Asks { code, length, keep } => Some((code, length, keep)),
            Begins::Short | Begins::Other => None,
        }
    }

    #[test]
    fn requests_that_wish_for_nothing_else() {
        let bare = "GET /status/503 HTTP/1.1\r\n\r\n";
        assert_eq!(asks(bare), Some((503, bare.len(), true)));
        let two = format!("{bare}{bare}");
        assert_eq!(asks(&two), Some((503, bare.len(), true)));
        let usual = "GET /status/999 HTTP/1.1\r\nHost: sim.test\r\nUSER-agent:curl/8\r\nAccept: */*\r\n\
                     Accept-Encoding: gzip\r\nAccept-Language: en\r\nConnection: Keep-Alive\r\n\r\n";
        assert_eq!(asks(usual), Some((999, usual.len(), true)));
        let last = usual.replace("Keep-Alive", "close");
        assert_eq!(asks(&last), Some((999, last.len(), false)));
        for at in 0..usual.len() {
            assert_eq!(read(&usual.as_bytes()[..at]), Begins::Short, "{at}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_careful_reader() {
        let many = "Host: a\r\n".repeat(MOST_FIELDS + 1);
        for rest in [
            "GET /status/50x HTTP/1.1\r\n\r\n",
            "GET /status/099 HTTP/1.1\r\n\r\n",
            "GET /status/503?seed=1 HTTP/1.1\r\n\r\n",
            "GET /status/503,200 HTTP/1.1\r\n\r\n",
            "GET /status/503 HTTP/1.0\r\n\r\n",
            "HEAD /status/503 HTTP/1.1\r\n\r\n",
            "get /status/503 HTTP/1.1\r\n\r\n",
            "GET /status/503 HTTP/1.1\n\n",
            "GET /status/503 HTTP/1.1\r\nHost: a\n\r\n",
            "GET /status/503 HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nHost:\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nHost: a\0b\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nAccept: a\r\n b\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nOrigin: https://a.test\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
            "GET /status/503 HTTP/1.1\r\nConnection: upgrade\r\n\r\n",
            "GET /status/503 HTTP/1.1\r\nConnection: close, upgrade\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            &format!("GET /status/503 HTTP/1.1\r\n{many}\r\n"),
        ] {
            assert_eq!(read(rest.as_bytes()), Begins::Other, "{rest}");
        }
    }
}

//! Frame heads of one HTTP/3 stream as they come (RFC 9114 sections 6.2 and 7.1): what the library does not tell.

/// DATA, the one frame whose content is handed on as it comes.
const DATA: u64 = 0x00;
/// GOAWAY (RFC 9114 section 7.2.6).
const GOAWAY: u64 = 0x07;
/// The type of a control stream (RFC 9114 section 6.2.1).
const CONTROL: u64 = 0x00;
/// The longest variable-length integer (RFC 9000 section 16).
const LONGEST: usize = 8;

/// What a stream's bytes are.
#[derive(Debug)]
enum Place {
    /// The type of a unidirectional stream.
    Kind(Number),
    /// A frame's type.
    Type(Number),
    /// A frame's length.
    Length(u64, Number),
    /// The rest of a frame's payload, whose first bytes are kept where they matter.
    Payload { goaway: Option<Number>, left: u64 },
    /// Not frames.
    Other,
}

/// A frame that would have to be kept whole is longer than the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a frame is longer than is kept")
    }
}

impl std::error::Error for TooLong {}

/// Follows the frames of one stream.
#[derive(Debug)]
pub(super) struct Frames {
    place: Place,
    /// The longest frame, other than DATA, that may come.
    bound: u64,
}

impl Frames {
    /// The frames of a request stream.
    pub(super) const fn of_request(bound: u64) -> Self {
        Self {
            place: Place::Type(Number::new()),
            bound,
        }
    }

    /// Those of a unidirectional stream, if it has any.
    pub(super) const fn of_unidirectional(bound: u64) -> Self {
        Self {
            place: Place::Kind(Number::new()),
            bound,
        }
    }

    /// Takes the next bytes; gives the identifier of a GOAWAY that ended in them.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Option<u64>, TooLong> {
        let mut found = None;
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let mut taken = 1;
            match &mut self.place {
                Place::Kind(number) => {
                    if let Some(kind) = number.take(byte) {
                        self.place = match kind {
                            CONTROL => Place::Type(Number::new()),
                            _ => Place::Other,
                        };
                    }
                }
                Place::Type(number) => {
                    if let Some(kind) = number.take(byte) {
                        self.place = Place::Length(kind, Number::new());
                    }
                }
                Place::Length(kind, number) => {
                    let kind = *kind;
                    if let Some(left) = number.take(byte) {
                        if kind != DATA && left > self.bound {
                            return Err(TooLong);
                        }
                        let goaway = (kind == GOAWAY).then(Number::new);
                        self.place = payload(goaway, left);
                    }
                }
                Place::Payload { goaway, left } => {
                    taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    if let Some(number) = goaway {
                        let id = rest[..taken].iter().find_map(|&byte| number.take(byte));
                        found = id.or(found);
                    }
                    let left = *left - taken as u64;
                    let goaway = goaway.take();
                    self.place = payload(goaway, left);
                }
                Place::Other => return Ok(found),
            }
            rest = &rest[taken..];
        }
        Ok(found)
    }
}

fn payload(goaway: Option<Number>, left: u64) -> Place {
    match left {
        0 => Place::Type(Number::new()),
        _ => Place::Payload { goaway, left },
    }
}

/// A variable-length integer under way (RFC 9000 section 16).
#[derive(Debug, Clone, Copy)]
struct Number {
    value: u64,
    /// Bytes that came.
    came: usize,
    /// Bytes in all, known from the first.
    length: usize,
}

impl Number {
    const fn new() -> Self {
        Self {
            value: 0,
            came: 0,
            length: LONGEST,
        }
    }

    /// Takes a byte; gives the number once it is whole, and nothing after that.
    fn take(&mut self, byte: u8) -> Option<u64> {
        if self.came == self.length {
            return None;
        }
        if self.came == 0 {
            self.length = 1 << (byte >> 6);
            self.value = u64::from(byte & 0x3f);
        } else {
            self.value = self.value << 8 | u64::from(byte);
        }
        self.came += 1;
        (self.came == self.length).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the bytes whole and one at a time.
    fn found(make: fn(u64) -> Frames, bytes: &[u8]) -> Result<Option<u64>, TooLong> {
        let whole = make(64).feed(bytes);
        let mut frames = make(64);
        let single = bytes.iter().try_fold(None, |found, &byte| {
            frames.feed(&[byte]).map(|id| id.or(found))
        });
        assert_eq!(whole, single, "{bytes:02x?}");
        whole
    }

    #[test]
    fn a_goaway_is_found_on_the_control_stream_alone() {
        let settings = [0x04, 0x02, 0x06, 0x10];
        let goaway = [0x07, 0x02, 0x40, 0x44];
        let control = [&[0x00][..], &settings, &goaway].concat();
        assert_eq!(found(Frames::of_unidirectional, &control), Ok(Some(0x44)));
        let encoder = [&[0x02][..], &settings, &goaway].concat();
        assert_eq!(found(Frames::of_unidirectional, &encoder), Ok(None));
        // Content that looks like one is none.
        let data = [&[0x00, 0x04][..], &goaway].concat();
        assert_eq!(found(Frames::of_request, &data), Ok(None));
    }

    #[test]
    fn only_content_may_be_long() {
        let long = 0x80_00_40_00_u32.to_be_bytes();
        let data = [&[0x00][..], &long, b"abc"].concat();
        assert_eq!(found(Frames::of_request, &data), Ok(None));
        for kind in [0x01, 0x04, 0x05, 0x07, 0x21] {
            let frame = [&[kind][..], &long].concat();
            assert_eq!(found(Frames::of_request, &frame), Err(TooLong), "{kind}");
        }
    }
}

//! Answers for plain statuses, rendered once: by the code that answers all other requests, so that nobody can tell them
//! apart but for the time they took.

use std::ops::Range;
use std::sync::OnceLock;

use super::stamp::{LENGTH, Stamp};
use crate::endpoints;
use crate::request::Asked;
use crate::world::World;

/// The first code, and how many there are.
const FIRST: u16 = 100;
const COUNT: usize = 900;

/// The answers that were asked for so far.
pub(crate) struct Table(Box<[OnceLock<Option<Rendered>>]>);

impl Default for Table {
    fn default() -> Self {
        Self((0..COUNT).map(|_| OnceLock::new()).collect())
    }
}

/// An answer to a request that wishes for nothing but its status.
pub(super) struct Rendered {
    /// To a client that may send another request.
    keep: Dated,
    /// To one that will not.
    last: Dated,
    /// Whether the answer ends the connection by itself.
    pub(super) closes: bool,
}

/// The bytes of an answer, but for its date.
struct Dated {
    bytes: Box<[u8]>,
    date: Range<usize>,
}

impl Table {
    /// The answer for that code; `None` when it is no answer in one piece.
    pub(super) fn get(&self, code: u16, world: &World) -> Option<&Rendered> {
        let slot = self.0.get(usize::from(code.checked_sub(FIRST)?))?;
        slot.get_or_init(|| Rendered::of(code, world)).as_ref()
    }
}

impl Rendered {
    fn of(code: u16, world: &World) -> Option<Self> {
        let mut asked = Asked {
            method: "GET".to_owned(),
            path: format!("/status/{code}"),
            modern: true,
            keep: true,
            ..Asked::default()
        };
        let keep = endpoints::in_one_piece(&asked, world)?;
        asked.keep = false;
        let last = endpoints::in_one_piece(&asked, world)?;
        Some(Self {
            closes: keep.closes,
            keep: Dated::of(keep.bytes)?,
            last: Dated::of(last.bytes)?,
        })
    }

    /// Appends the answer, with that date, for a client that may send another request, or will not.
    pub(super) fn write(&self, keep: bool, out: &mut Vec<u8>, stamp: &Stamp) {
        let dated = if keep { &self.keep } else { &self.last };
        dated.write(out, stamp);
    }
}

impl Dated {
    fn of(bytes: Vec<u8>) -> Option<Self> {
        const NAME: &[u8] = b"\r\nDate: ";
        let at = bytes
            .windows(NAME.len())
            .position(|window| window == NAME)?;
        let from = at + NAME.len();
        let date = from..from + LENGTH;
        let ends = bytes.get(date.end..)?.starts_with(b"\r\n");
        ends.then(|| Self {
            bytes: bytes.into_boxed_slice(),
            date,
        })
    }

    /// Appends the answer with that date.
    fn write(&self, out: &mut Vec<u8>, stamp: &Stamp) {
        let from = out.len() + self.date.start;
        out.extend_from_slice(&self.bytes);
        out[from..from + LENGTH].copy_from_slice(stamp.text());
    }
}

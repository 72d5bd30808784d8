//! Where quotes and line ends stand: all those of a block in one pass, 64 bytes at a time, instead of a search for each.
//!
//! A search costs more for its call and its unforeseen end than for the bytes it looks at, and a line of nginx has six
//! quotes and an end within 150 bytes. The pass costs about as much as looking for the line ends alone.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x16, u8x32, u8x64};

/// The places of the quotes and line ends of a block, in order, behind one for the end of the line before the block:
/// -1, wrapped around.
#[derive(Debug, Default)]
pub struct QuoteIndex {
    /// Only the first `used` are of the block at hand.
    places: Vec<u32>,
    used: usize,
}

impl QuoteIndex {
    /// Looks through a block of at most 4 GiB; what was known of another is forgotten.
    pub fn look_through(&mut self, block: &[u8]) {
        // Each byte may be a mark.
        let most = 1 + block.len() + AT_ONCE;
        if self.places.len() < most {
            self.places = vec![0; most];
        }
        let places = &mut self.places[..];
        places[0] = u32::MAX;
        self.used = 1 + dispatch!(Level::new(), simd => note_all(simd, &mut places[1..], block));
    }

    /// The places of the block looked through last.
    #[inline]
    pub fn places(&self) -> &[u32] {
        &self.places[..self.used]
    }
}

/// So many places are written whether there are so many or not: how many cannot be foreseen, and is mostly fewer.
const AT_ONCE: usize = 6;

/// Notes the marks of a block; how many there are.
#[expect(clippy::inline_always, reason = "compiled for what the processor can")]
#[inline(always)]
fn note_all<S: Simd>(simd: S, places: &mut [u32], block: &[u8]) -> usize {
    let mut used = 0;
    let (whole, rest) = block.as_chunks::<64>();
    for (number, bytes) in whole.iter().enumerate() {
        used += note(simd, &mut places[used..], number * 64, bytes);
    }
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    used + note(simd, &mut places[used..], whole.len() * 64, &last)
}

/// Notes the marks among 64 bytes; how many there are.
#[expect(clippy::inline_always, reason = "compiled for what the processor can")]
#[inline(always)]
fn note<S: Simd>(simd: S, places: &mut [u32], at: usize, bytes: &[u8; 64]) -> usize {
    let bytes = u8x64::from_slice(simd, bytes);
    let mut marks = (bytes.simd_eq(b'"') | bytes.simd_eq(b'\n')).to_bitmask();
    let count = marks.count_ones() as usize;
    let mut write = |places: &mut [u32]| {
        for place in places {
            *place = at as u32 + marks.trailing_zeros();
            marks &= marks.wrapping_sub(1);
        }
    };
    if let Some((first, rest)) = places.split_first_chunk_mut::<AT_ONCE>() {
        write(first);
        if count > AT_ONCE {
            write(&mut rest[..count - AT_ONCE]);
        }
    }
    count
}

/// The quotes of one line, all of them, behind the end of the line before. A slice alone, which is handed on in registers.
#[derive(Debug, Clone, Copy)]
pub struct Quotes<'i>(&'i [u32]);

impl<'i> Quotes<'i> {
    /// Of places of a block: the end of the line before, then the line's quotes.
    #[inline]
    pub const fn new(places: &'i [u32]) -> Self {
        Self(places)
    }

    /// The places of the first `N` in the line, if it has so many.
    #[inline]
    pub(crate) fn first<const N: usize>(self) -> Option<[usize; N]> {
        let (before, places) = self.0.split_first()?;
        let line = before.wrapping_add(1);
        let places = places.first_chunk::<N>()?;
        Some(places.map(|place| place.wrapping_sub(line) as usize))
    }
}

/// Which of 16 bytes are one of two, a bit each.
#[inline]
fn either(bytes: &[u8; 16], one: u8, other: u8) -> u16 {
    dispatch!(Level::baseline(), simd => {
        let bytes = u8x16::from_slice(simd, bytes);
        (bytes.simd_eq(one) | bytes.simd_eq(other)).to_bitmask() as u16
    })
}

/// Which of 32 bytes are decimal digits, and which are `/`, a bit each.
#[inline]
pub fn digits_and_slashes(bytes: &[u8; 32]) -> (u64, u64) {
    dispatch!(Level::baseline(), simd => {
        let bytes = u8x32::from_slice(simd, bytes);
        let digits = (bytes - b'0').simd_le(9);
        (digits.to_bitmask(), bytes.simd_eq(b'/').to_bitmask())
    })
}

/// The first place of one of two bytes, which is likely near.
#[inline]
pub(crate) fn near2(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let Some((sixteen, rest)) = text.split_first_chunk::<16>() else {
        return among_few(one, other, text);
    };
    match either(sixteen, one, other) {
        0 => memchr::memchr2(one, other, rest).map(|at| at + 16),
        found => Some(found.trailing_zeros() as usize),
    }
}

/// The first place of one of two bytes in `line[from..to]`, which is likely near.
#[inline]
pub(crate) fn near2_within(
    one: u8,
    other: u8,
    line: &[u8],
    from: usize,
    to: usize,
) -> Option<usize> {
    let Some(sixteen) = line.get(from..).and_then(<[u8]>::first_chunk) else {
        return near2(one, other, &line[from..to]).map(|at| from + at);
    };
    let found = from + either(sixteen, one, other).trailing_zeros() as usize;
    if found == from + 16 && found < to {
        return memchr::memchr2(one, other, &line[found..to]).map(|at| found + at);
    }
    (found < to).then_some(found)
}

/// The first place of a byte that is likely near.
#[inline]
pub(crate) fn near(wanted: u8, text: &[u8]) -> Option<usize> {
    let Some((sixteen, rest)) = text.split_first_chunk::<16>() else {
        return among_few(wanted, wanted, text);
    };
    match either(sixteen, wanted, wanted) {
        0 => memchr::memchr(wanted, rest).map(|at| at + 16),
        found => Some(found.trailing_zeros() as usize),
    }
}

/// The first place of one of two bytes among at most 15.
#[inline]
fn among_few(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
        return text.iter().position(|byte| *byte == one || *byte == other);
    };
    match (
        among_eight(one, other, *first),
        among_eight(one, other, *last),
    ) {
        (8, 8) => None,
        (8, at) => Some(text.len() - 8 + at),
        (at, _) => Some(at),
    }
}

/// The same among eight, 8 where there is none.
#[inline]
const fn among_eight(one: u8, other: u8, text: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let text = u64::from_le_bytes(text);
    // A byte that is zero borrows from its highest bit; those behind the first such one may do so wrongly.
    let (a, b) = (text ^ (ONES * one as u64), text ^ (ONES * other as u64));
    let found = ((a.wrapping_sub(ONES) & !a) | (b.wrapping_sub(ONES) & !b)) & HIGH;
    (found.trailing_zeros() / 8) as usize
}

/// The number that `raw[from..to]` is, of at most 19 decimal digits. Eight of them cost no loop when eight bytes stand
/// before their end (Lemire 2018, "Quickly parsing eight digits").
#[expect(clippy::inline_always, reason = "a call for each line")]
#[inline(always)]
pub(crate) fn decimal(raw: &[u8], from: usize, to: usize) -> Option<u64> {
    let length = to.checked_sub(from)?;
    let eight = to.checked_sub(8).and_then(|start| raw.get(start..to));
    match eight.and_then(|eight| eight.first_chunk()) {
        Some(eight) if matches!(length, 1..=8) => digits8(*eight, length),
        _ => rare_number(raw.get(from..to)?),
    }
}

/// Apart, so that what calls [`decimal`] stays small.
#[cold]
fn rare_number(text: &[u8]) -> Option<u64> {
    super::line::number(text)
}

/// The number that the last 1 to 8 bytes are.
#[inline]
fn digits8(eight: [u8; 8], length: usize) -> Option<u64> {
    const ZEROS: u64 = u64::from_le_bytes(*b"00000000");
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let before = (1_u64 << (64 - length * 8)) - 1;
    let text = (u64::from_le_bytes(eight) & !before) | (ZEROS & before);
    // `0` to `?`, and none of those that six more lift out of that row.
    let is_number = text & HIGH == ZEROS && (text + 0x0606_0606_0606_0606) & HIGH == ZEROS;
    let pairs = text.wrapping_sub(ZEROS).wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    let eights = fours.wrapping_mul(10_000 << 32 | 1) >> 32;
    is_number.then_some(eights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quote_and_end_of_a_block_is_noted() {
        let mut index = QuoteIndex::default();
        for length in [0, 1, 15, 16, 63, 64, 65, 128, 1000] {
            let block: Vec<u8> = (0..length).map(|at| b"\"\nab!#"[at * at % 6]).collect();
            let wanted: Vec<u32> = (0..length as u32)
                .filter(|at| matches!(block[*at as usize], b'"' | b'\n'))
                .collect();
            index.look_through(&block);
            assert_eq!(index.places()[0].wrapping_add(1), 0);
            assert_eq!(index.places()[1..], wanted, "{length}");
        }
    }

    #[test]
    fn near_ones_are_found_like_far_ones() {
        for length in 0..40 {
            for at in 0..length {
                let mut text = vec![b'a'; length];
                text[at] = b'"';
                assert_eq!(near(b'"', &text), Some(at));
                assert_eq!(near2(b'\\', b'"', &text), Some(at));
                assert_eq!(near(b' ', &text), None);
            }
        }
    }

    #[test]
    fn in_a_line_they_are_found_like_in_a_text_alone() {
        let line = b"GET /a/path/that/is/long?and=#\"x HTTP/1.1 and more";
        for from in 0..line.len() {
            for to in from..=line.len() {
                let alone = near2(b'?', b'#', &line[from..to]).map(|at| from + at);
                assert_eq!(
                    near2_within(b'?', b'#', line, from, to),
                    alone,
                    "{from}..{to}"
                );
            }
        }
    }

    #[test]
    fn numbers_are_read_with_and_without_bytes_before() {
        let table: &[(&str, Option<u64>)] = &[
            ("", None),
            ("0", Some(0)),
            ("7", Some(7)),
            ("1234567", Some(1_234_567)),
            ("98765432", Some(98_765_432)),
            ("99999999", Some(99_999_999)),
            ("123456789", Some(123_456_789)),
            ("00012", Some(12)),
            ("12:4", None),
            ("1/4", None),
            ("-1", None),
            ("1 ", None),
            ("\u{e9}", None),
            ("99999999999999999999", None),
        ];
        for &(text, wanted) in table {
            for before in ["", "GET / 9999999"] {
                let raw = format!("{before}{text}");
                let found = decimal(raw.as_bytes(), before.len(), raw.len());
                assert_eq!(found, wanted, "{raw}");
            }
        }
    }
}

//! Many patterns searched in one content at once, at the cost of one quick pass over it.
//!
//! Running a set of expressions over a whole page costs several nanoseconds a byte. Most patterns, though, hold a
//! literal text that must be there; so the page is first looked through for any four bytes of those texts, and only
//! patterns whose text is found are run.

use std::sync::OnceLock;

use memchr::memmem::{self, Finder};
use regex::bytes::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Bytes of a piece that is looked up.
const GRAM: usize = 4;
/// Pieces are looked up at every second byte, so that a text needs one byte more than a piece to be met.
const STRIDE: usize = 2;
/// The shortest text that can be looked for so.
const SHORTEST: usize = GRAM + STRIDE - 1;
/// Bytes of a text that are compared; a longer one is cut.
const LONGEST: usize = 48;
/// A text of this length says enough: texts that share such a beginning are one.
const ENOUGH: usize = 9;
/// The most texts that may stand for one pattern.
const MOST_TEXTS: usize = 256;
/// Bits of the table of pieces' hashes.
const TABLE_BITS: u32 = 16;

/// Patterns and what they must contain.
pub(crate) struct Scanner {
    patterns: Vec<Pattern>,
    /// Patterns without such a text, or which only match at the beginning: always run.
    always: Vec<usize>,
    /// One bit for each hash of a piece.
    table: Vec<u64>,
    /// Where the pieces of each hash begin in `pieces`, and one past the last.
    starts: Vec<u16>,
    pieces: Vec<Piece>,
    /// Lower-case texts and the pattern that each belongs to.
    texts: Vec<(Vec<u8>, usize)>,
    /// Texts too short for the table, looked for one by one.
    short: Vec<(Finder<'static>, usize)>,
}

/// Four bytes of a text.
struct Piece {
    /// As [`fold`] gives them.
    bytes: u32,
    /// Up to eight bytes of the text from there, folded alike, and which bits of them are the text's.
    more: u64,
    mask: u64,
    text: u16,
    /// Where in the text it stands.
    inside: u8,
}

struct Pattern {
    source: String,
    /// Compiled when it is first to be run.
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Where it matches first: from, to.
    fn find(&self, content: &[u8]) -> Option<(usize, usize)> {
        // Tests compile every pattern of the crate.
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.source).ok());
        let found = compiled.as_ref()?.find(content)?;
        Some((found.start(), found.end()))
    }
}

impl Scanner {
    /// Prepares regular expressions (the syntax of the `regex` crate, for bytes).
    pub(crate) fn new(patterns: impl Iterator<Item = String>) -> Self {
        let mut scanner = Self {
            patterns: Vec::new(),
            always: Vec::new(),
            table: vec![0; (1 << TABLE_BITS) / 64],
            starts: Vec::new(),
            pieces: Vec::new(),
            texts: Vec::new(),
            short: Vec::new(),
        };
        for source in patterns {
            let number = scanner.patterns.len();
            match required(&source) {
                Some(texts) => texts
                    .into_iter()
                    .for_each(|text| scanner.text(text, number)),
                None => scanner.always.push(number),
            }
            scanner.patterns.push(Pattern {
                source,
                compiled: OnceLock::new(),
            });
        }
        scanner.pieces.sort_by_key(|piece| hash(piece.bytes));
        let mut at = 0;
        for hashed in 0..=(1 << TABLE_BITS) {
            let more = scanner.pieces[at..].iter();
            at += more.take_while(|piece| hash(piece.bytes) < hashed).count();
            scanner.starts.push(at as u16);
        }
        scanner
    }

    fn text(&mut self, text: Vec<u8>, pattern: usize) {
        if text.len() < SHORTEST {
            self.short.push((Finder::new(&text).into_owned(), pattern));
            return;
        }
        let number = self.texts.len() as u16;
        let rarest = rarest(&text);
        let pieces = text.windows(GRAM).enumerate().skip(rarest).take(STRIDE);
        for (at, piece) in pieces {
            let bytes = fold(piece);
            let hash = hash(bytes);
            self.table[hash as usize / 64] |= 1 << (hash % 64);
            let (more, mask) = eight(&text[at..]);
            self.pieces.push(Piece {
                bytes,
                more: more & mask,
                mask,
                text: number,
                inside: at as u8,
            });
        }
        self.texts.push((text, pattern));
    }

    /// The patterns that match, by number, each with its first place: from, to.
    pub(crate) fn matches(&self, content: &[u8]) -> Vec<(usize, (usize, usize))> {
        let mut possible = self.always.clone();
        for (text, number) in &self.short {
            if text.find(content).is_some() {
                possible.push(*number);
            }
        }
        for (nth, piece) in content.windows(GRAM).step_by(STRIDE).enumerate() {
            let bytes = fold(piece);
            let hash = hash(bytes);
            if self.table[hash as usize / 64] >> (hash % 64) & 1 == 1 {
                self.look(content, nth * STRIDE, bytes, &mut possible);
            }
        }
        possible.sort_unstable();
        possible.dedup();
        possible
            .into_iter()
            .filter_map(|number| Some((number, self.patterns[number].find(content)?)))
            .collect()
    }

    /// Adds the patterns whose text stands around that piece.
    #[inline(never)]
    fn look(&self, content: &[u8], at: usize, bytes: u32, possible: &mut Vec<usize>) {
        let hash = hash(bytes) as usize;
        let (from, to) = (self.starts[hash], self.starts[hash + 1]);
        let (more, _) = eight(&content[at..]);
        let pieces = &self.pieces[usize::from(from)..usize::from(to)];
        for piece in pieces
            .iter()
            .filter(|piece| piece.more == more & piece.mask)
        {
            let (text, pattern) = &self.texts[usize::from(piece.text)];
            let from = at.wrapping_sub(usize::from(piece.inside));
            let part = content.get(from..).and_then(|rest| rest.get(..text.len()));
            if part.is_some_and(|part| part.eq_ignore_ascii_case(text))
                && !possible.contains(pattern)
            {
                possible.push(*pattern);
            }
        }
    }

    /// The patterns that no text spares from being run.
    #[cfg(test)]
    pub(crate) fn run_always(&self) -> Vec<&str> {
        let source = |&number: &usize| &*self.patterns[number].source;
        self.always.iter().map(source).collect()
    }

    #[cfg(test)]
    pub(crate) fn compiles(&self) -> bool {
        self.patterns
            .iter()
            .all(|pattern| Regex::new(&pattern.source).is_ok())
    }
}

/// What every second error page says. Pieces of it are a poor sign of a text.
const ORDINARY: &str = "<!doctype html><html><head><title></title><style></style></head><body><div class=\"\"><p></p><br><hr>\
    <span id=\"\"></span></div><h1></h1><h2></h2><a href=\"https://www.</a><center></center></body></html> the server could \
    not be reached; an error has occurred on this page. please try again later. your request was not found, bad gateway, \
    internal server error, service unavailable, access denied, forbidden, unauthorized, response from upstream, \
    invalid application, connection, message, status, code:";

/// Where in a text the rarest pieces stand, so that ordinary words are seldom compared with it.
fn rarest(text: &[u8]) -> usize {
    let common = |byte: &u8| match byte.to_ascii_lowercase() {
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'h' => 9,
        b'<' | b'>' | b'/' => 8,
        b'l' | b'd' | b'c' | b'u' | b'm' | b'p' | b'=' | b'"' => 6,
        byte if byte.is_ascii_lowercase() => 3,
        _ => 2,
    };
    let cost = |window: &[u8]| {
        let pieces = window.windows(GRAM);
        let ordinary = pieces.filter(|piece| memmem::find(ORDINARY.as_bytes(), piece).is_some());
        ordinary.count() as u32 * 100 + window.iter().map(common).sum::<u32>()
    };
    let windows = text.windows(SHORTEST).enumerate();
    windows
        .min_by_key(|(_, window)| cost(window))
        .map_or(0, |(at, _)| at)
}

/// Four bytes as a number that is the same for both cases of a letter.
#[inline]
fn fold(piece: &[u8]) -> u32 {
    // 0x20 is what tells the cases of an ASCII letter apart; what else it makes alike is told apart by the comparison.
    u32::from_le_bytes([piece[0], piece[1], piece[2], piece[3]]) | 0x2020_2020
}

/// The first eight bytes, folded as [`fold`] does, and which bits of the number they fill when there are fewer.
#[inline]
fn eight(bytes: &[u8]) -> (u64, u64) {
    const SPACES: u64 = 0x2020_2020_2020_2020;
    if let Some(first) = bytes.first_chunk::<8>() {
        return (u64::from_le_bytes(*first) | SPACES, u64::MAX);
    }
    let mut first = [0; 8];
    first[..bytes.len()].copy_from_slice(bytes);
    let mask = (1 << (8 * bytes.len())) - 1;
    (u64::from_le_bytes(first) | SPACES, mask)
}

#[inline]
const fn hash(folded: u32) -> u32 {
    folded.wrapping_mul(0x9e37_79b1) >> (32 - TABLE_BITS)
}

/// Lower-case texts of which one stands in whatever the pattern matches, any case; `None` when there are no such
/// texts of a useful length, or when the pattern can only match at the very beginning, which is tried at no cost.
fn required(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let parsed = ParserBuilder::new()
        .utf8(false)
        .build()
        .parse(pattern)
        .ok()?;
    if parsed.properties().look_set_prefix().contains(Look::Start) {
        return None;
    }
    best(&folded(&parsed))
}

/// The texts of that part of the expression whose shortest text is the longest.
fn best(expression: &Hir) -> Option<Vec<Vec<u8>>> {
    let parts: Vec<Hir> = match expression.kind() {
        HirKind::Concat(parts) => (0..parts.len())
            .map(|from| Hir::concat(parts[from..].to_vec()))
            .collect(),
        HirKind::Alternation(parts) => {
            let mut texts = Vec::new();
            for part in parts {
                texts.extend(best(part)?);
            }
            return Some(texts).filter(|texts| texts.len() <= MOST_TEXTS);
        }
        _ => vec![expression.clone()],
    };
    parts
        .iter()
        .filter_map(begins_with)
        .chain(parts.iter().filter_map(alternatives))
        .max_by_key(|texts| {
            let shortest = texts.iter().map(Vec::len).min().unwrap_or_default();
            (shortest.min(LONGEST / 2), usize::MAX - texts.len())
        })
}

/// The texts of an alternation that stands alone or that a concatenation begins with.
fn alternatives(expression: &Hir) -> Option<Vec<Vec<u8>>> {
    match expression.kind() {
        HirKind::Alternation(_) => best(expression),
        HirKind::Concat(parts) if matches!(parts[0].kind(), HirKind::Alternation(_)) => {
            best(&parts[0])
        }
        _ => None,
    }
}

/// The texts that everything the expression matches begins with; few, if few do.
fn begins_with(expression: &Hir) -> Option<Vec<Vec<u8>>> {
    [16, 64].into_iter().find_map(|most| {
        let mut extractor = Extractor::new();
        extractor
            .limit_class(26)
            .limit_literal_len(LONGEST)
            .limit_total(most);
        let mut found = extractor.extract(expression);
        found.minimize_by_preference();
        let common = found.longest_common_prefix()?;
        if common.len() >= ENOUGH {
            return Some(vec![common.to_vec()]);
        }
        let texts = found
            .literals()?
            .iter()
            .map(|text| text.as_bytes().to_vec());
        let texts: Vec<Vec<u8>> = texts.collect();
        if !texts.is_empty() && texts.iter().all(|text| is_useful(text)) {
            return Some(texts);
        }
        is_useful(common).then(|| vec![common.to_vec()])
    })
}

/// Whether a text can be looked for: a short one only without letters, whose case would matter.
fn is_useful(text: &[u8]) -> bool {
    let short = text.len() > 1 && !text.iter().any(u8::is_ascii_alphabetic);
    text.len() >= SHORTEST || short
}

/// The expression without captures, letters in lower case: a class of both cases of a letter becomes that letter.
fn folded(expression: &Hir) -> Hir {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => letter(class).unwrap_or_else(|| expression.clone()),
        HirKind::Repetition(repetition) => {
            let mut repetition = repetition.clone();
            repetition.sub = Box::new(folded(&repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => folded(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(folded).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(folded).collect()),
    }
}

/// The one ASCII letter whose cases are all that the class holds; other letters that fold to it (the Kelvin sign, the
/// long s) are not looked for.
fn letter(class: &Class) -> Option<Hir> {
    let letters: Vec<char> = match class {
        Class::Unicode(class) => class
            .iter()
            .flat_map(|range| [range.start(), range.end()])
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .flat_map(|range| [range.start() as char, range.end() as char])
            .collect(),
    };
    let ascii = |c: char| match c {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        c => c.to_ascii_lowercase(),
    };
    let first = ascii(*letters.first()?);
    (first.is_ascii_lowercase() && letters.iter().all(|&c| ascii(c) == first))
        .then(|| Hir::literal([first as u8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pattern: &str) -> Option<Vec<String>> {
        required(pattern).map(|texts| {
            texts
                .into_iter()
                .map(|text| String::from_utf8(text).expect("text"))
                .collect()
        })
    }

    #[test]
    fn what_a_pattern_must_contain() {
        for (pattern, wanted) in [
            ("(?i)WebKnight", Some(vec!["webknight"])),
            (
                "<b>[0-9]+</b> of Wordfence",
                Some(vec!["</b> of wordfence"]),
            ),
            (
                "(?i-u)x+(Not Found|Bad Gateway)!",
                Some(vec!["not found!", "bad gateway!"]),
            ),
            ("^error code: [0-9]+", None),
            ("[a-z]+", None),
            ("ab[0-9]", None),
            ("[A-Z]:\\\\[a-z]+", Some(vec![":\\"])),
        ] {
            let wanted = wanted.map(|texts| texts.into_iter().map(str::to_owned).collect());
            assert_eq!(texts(pattern), wanted, "{pattern}");
        }
    }

    #[test]
    fn the_same_is_found_as_by_each_pattern_alone() {
        let patterns = [
            "(?i)webknight",
            "Error [0-9]+",
            "^start",
            "tail$",
            "[0-9]{3} [A-Z]",
        ];
        let scanner = Scanner::new(patterns.iter().map(|pattern| (*pattern).to_owned()));
        for pad in 0..9 {
            for content in [
                "WEBknight",
                "an Error 17 x",
                "start",
                "start tail",
                "404 Not",
                "Error x",
                "",
            ] {
                let content = [".".repeat(pad).as_bytes(), content.as_bytes()].concat();
                let alone: Vec<(usize, (usize, usize))> = patterns
                    .iter()
                    .enumerate()
                    .filter_map(|(number, pattern)| {
                        let found = Regex::new(pattern).expect("good").find(&content)?;
                        Some((number, (found.start(), found.end())))
                    })
                    .collect();
                assert_eq!(scanner.matches(&content), alone, "{content:?}");
            }
        }
    }
}

//! Content codings (RFC 9110 section 8.4): gzip, deflate, br and zstd, taken off within bounds.
//!
//! What came is hostile: a few kilobytes can stand for gigabytes. Decoding is streamed, keeps only what is asked for, and
//! ends where the content has grown beyond [`Bounds`].

use std::io::{self, BufRead, BufReader, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use httpwhy_model::Fields;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// A content coding that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 1952, also under the name `x-gzip`; several members follow one another.
    Gzip,
    /// RFC 1950 around RFC 1951, as RFC 9110 section 8.4.1.2 has it; without the wrapping, as some servers send it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878, with a window of at most 8 MiB (RFC 9659 section 3).
    Zstd,
}

/// The value of Accept-Encoding that names all of them.
pub const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// Codings one above the other that are taken off at most.
const LAYERS: usize = 4;
/// The largest window of zstd in content (RFC 9659 section 3).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;
/// Bytes decoded at once.
const PIECE: usize = 32 * 1024;

/// The codings that a message's Content-Encoding names, in the order in which they were applied; `identity` is none.
/// `None` when one is not understood, or there are too many.
pub fn codings(fields: &Fields) -> Option<Vec<Coding>> {
    let mut found = Vec::new();
    for value in fields.iter("content-encoding") {
        for name in value.as_str()?.split(',') {
            found.push(match name.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => Coding::Brotli,
                "zstd" => Coding::Zstd,
                _ => return None,
            });
        }
    }
    (found.len() <= LAYERS).then_some(found)
}

/// How far content may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Decoded bytes kept, from the first.
    pub keep: usize,
    /// Decoded bytes at most.
    pub size: u64,
    /// How often as large as the coded content it may become, once it is larger than `free`.
    pub ratio: u64,
    /// Decoded bytes below which the ratio does not matter: short runs of equal bytes shrink a lot.
    pub free: u64,
}

impl Default for Bounds {
    /// Keeps 64 KiB; 64 MiB at most, and beyond 10 MiB at most 100 times what came.
    fn default() -> Self {
        Self {
            keep: 64 * 1024,
            size: 64 * 1024 * 1024,
            ratio: 100,
            free: 10 * 1024 * 1024,
        }
    }
}

/// Content without its codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The first bytes of it, at most [`Bounds::keep`].
    pub bytes: Vec<u8>,
    /// Bytes decoded, those not kept included.
    pub size: u64,
    /// How it ended.
    pub end: Ending,
}

/// How decoding ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// At the coding's own end.
    Whole,
    /// The coded content ends too early.
    Cut,
    /// The coded content is not what its coding has.
    Broken,
    /// Decoded, it is larger than the bounds allow; the rest was not looked at.
    TooLarge,
}

/// Takes the codings off, the last one first.
///
/// ```
/// use httpwhy_wire::coding::{Bounds, Coding, Ending, decode};
/// let decoded = decode(&[Coding::Gzip], b"never compressed", &Bounds::default());
/// assert_eq!((decoded.size, decoded.end), (0, Ending::Broken));
/// ```
pub fn decode(codings: &[Coding], content: &[u8], bounds: &Bounds) -> Decoded {
    let mut decoded = Decoded {
        bytes: Vec::new(),
        size: 0,
        end: Ending::Whole,
    };
    let most = most(content.len() as u64, bounds);
    let mut reader: Box<dyn BufRead + '_> = Box::new(content);
    for coding in codings.iter().rev() {
        reader = match layer(*coding, reader) {
            Ok(reader) => reader,
            Err(error) => {
                decoded.end = ending(&error);
                return decoded;
            }
        };
    }
    loop {
        let piece = match reader.fill_buf() {
            Ok([]) => return decoded,
            Ok(piece) => piece,
            Err(error) => {
                decoded.end = ending(&error);
                return decoded;
            }
        };
        let room = bounds.keep - decoded.bytes.len();
        decoded
            .bytes
            .extend_from_slice(&piece[..piece.len().min(room)]);
        let count = piece.len();
        decoded.size += count as u64;
        reader.consume(count);
        if decoded.size > most {
            decoded.end = Ending::TooLarge;
            return decoded;
        }
    }
}

/// Decoded bytes that so many coded ones may become.
fn most(came: u64, bounds: &Bounds) -> u64 {
    bounds
        .free
        .max(came.saturating_mul(bounds.ratio))
        .min(bounds.size)
}

fn ending(error: &io::Error) -> Ending {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        Ending::Cut
    } else {
        Ending::Broken
    }
}

fn layer<'a>(
    coding: Coding,
    mut coded: Box<dyn BufRead + 'a>,
) -> io::Result<Box<dyn BufRead + 'a>> {
    let decoder: Box<dyn Read + 'a> = match coding {
        Coding::Gzip => Box::new(Gzip(Some(GzDecoder::new(coded)))),
        Coding::Deflate => {
            let wrapped = is_zlib(coded.fill_buf()?);
            Box::new(Inflate {
                source: coded,
                state: Decompress::new(wrapped),
                done: false,
            })
        }
        Coding::Brotli => Box::new(Brotli(Decompressor::new(Watched::new(coded), 4096))),
        Coding::Zstd => Box::new(Zstd(Frames::Between(Some(coded)))),
    };
    Ok(Box::new(BufReader::with_capacity(PIECE, decoder)))
}

/// The two bytes with which zlib's format begins (RFC 1950 section 2.2).
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [cmf, flags, ..] => {
            cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flags)).is_multiple_of(31)
        }
        _ => false,
    }
}

/// Members one after the other (RFC 1952 section 2.2). What follows them and is none is left alone, as other readers do.
struct Gzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(into)?;
            if count > 0 || into.is_empty() {
                return Ok(count);
            }
            let mut rest = self.0.take().map(GzDecoder::into_inner);
            if let Some(rest) = rest.take_if(|rest| matches!(rest.fill_buf(), Ok([0x1f, 0x8b, ..])))
            {
                self.0 = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Deflate (RFC 1951), with zlib's wrapping or without. Unlike flate2's own readers it says when the end is missing.
struct Inflate<R> {
    source: R,
    state: Decompress,
    done: bool,
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.done && !into.is_empty() {
            let coded = self.source.fill_buf()?;
            let dry = coded.is_empty();
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(coded, into, FlushDecompress::None)
                .map_err(|_| broken())?;
            self.source
                .consume((self.state.total_in() - before_in) as usize);
            self.done = status == Status::StreamEnd;
            let count = (self.state.total_out() - before_out) as usize;
            if count > 0 {
                return Ok(count);
            }
            if dry && !self.done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

/// Brotli, telling an end that is missing from content that is broken.
struct Brotli<R: Read>(Decompressor<Watched<R>>);

impl<R: Read> Read for Brotli<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into);
        read.map_err(|_| self.0.get_ref().why())
    }
}

/// Frames of zstd one after the other (RFC 8878 section 3), those to be skipped included.
struct Zstd<R: BufRead>(Frames<R>);

enum Frames<R: BufRead> {
    Inside(Box<StreamingDecoder<Watched<R>, FrameDecoder>>),
    /// `None` once nothing more follows.
    Between(Option<R>),
}

impl<R: BufRead> Zstd<R> {
    /// The next frame's decoder; the first must be there.
    fn next(mut source: R) -> io::Result<Frames<R>> {
        let start = source.fill_buf()?;
        let window = zstd_window(start).ok_or_else(|| {
            if start.len() < ZSTD_HEAD {
                io::ErrorKind::UnexpectedEof.into()
            } else {
                broken()
            }
        })?;
        if window > ZSTD_WINDOW {
            return Err(broken());
        }
        let frame = StreamingDecoder::new(Watched::new(source)).map_err(|_| broken())?;
        Ok(Frames::Inside(Box::new(frame)))
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.0 {
                Frames::Between(None) => return Ok(0),
                Frames::Between(source) => {
                    let Some(source) = source.take() else {
                        return Ok(0);
                    };
                    self.0 = Self::next(source)?;
                }
                Frames::Inside(frame) => {
                    let count = frame.read(into).map_err(|_| frame.get_ref().why())?;
                    if count > 0 || into.is_empty() {
                        return Ok(count);
                    }
                    let Frames::Inside(frame) =
                        std::mem::replace(&mut self.0, Frames::Between(None))
                    else {
                        return Ok(0);
                    };
                    let mut source = frame.into_inner().source;
                    if source.fill_buf()?.starts_with(&ZSTD_MAGIC) {
                        self.0 = Frames::Between(Some(source));
                    }
                }
            }
        }
    }
}

/// With what a frame begins (RFC 8878 section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The longest head of a frame: magic, descriptor, window, dictionary, size.
const ZSTD_HEAD: usize = 18;

/// The window a frame asks for (RFC 8878 section 3.1.1.1); `None` when this is no frame's head.
fn zstd_window(start: &[u8]) -> Option<u64> {
    let rest = start.strip_prefix(&ZSTD_MAGIC)?;
    let (&descriptor, rest) = rest.split_first()?;
    let single = descriptor & 0x20 != 0;
    if !single {
        let (&window, _) = rest.split_first()?;
        let base = 1_u64 << (10 + u32::from(window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let (size, more) = match descriptor >> 6 {
        0 => (1, 0),
        1 => (2, 256),
        2 => (4, 0),
        _ => (8, 0),
    };
    let field = rest.get(dictionary..dictionary + size)?;
    let size = field
        .iter()
        .rev()
        .fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    // The whole frame is the window then; a short one needs no more than its own size.
    Some(size.saturating_add(more))
}

/// Notes whether its source had nothing more to give.
struct Watched<R> {
    source: R,
    dry: bool,
}

impl<R> Watched<R> {
    const fn new(source: R) -> Self {
        Self { source, dry: false }
    }

    /// Why nothing can be decoded any more.
    fn why(&self) -> io::Error {
        if self.dry {
            io::ErrorKind::UnexpectedEof.into()
        } else {
            broken()
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(into)?;
        self.dry |= count == 0 && !into.is_empty();
        Ok(count)
    }
}

fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"in the beginning was the word, and the word was the word was the word";

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn raw(content: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn zstd(content: &[u8]) -> Vec<u8> {
        use ruzstd::encoding::{CompressionLevel, compress_to_vec};
        compress_to_vec(content, CompressionLevel::Fastest)
    }

    /// By the reference encoder, `brotli -q 5`.
    const BROTLI: &[u8] = b"\x8f\x02\x80\x68\x65\x6c\x6c\x6f\x0a\x03";

    fn all() -> Vec<(Coding, Vec<u8>, &'static [u8])> {
        vec![
            (Coding::Gzip, gzip(TEXT), TEXT),
            (Coding::Deflate, zlib(TEXT), TEXT),
            (Coding::Deflate, raw(TEXT), TEXT),
            (Coding::Zstd, zstd(TEXT), TEXT),
            (Coding::Brotli, BROTLI.to_vec(), b"hello\n"),
        ]
    }

    #[test]
    fn each_coding_is_taken_off() {
        for (coding, coded, plain) in all() {
            let decoded = decode(&[coding], &coded, &Bounds::default());
            assert_eq!(decoded.end, Ending::Whole, "{coding:?}");
            assert_eq!(decoded.bytes, plain, "{coding:?}");
        }
        let two = gzip(&zlib(TEXT));
        let decoded = decode(&[Coding::Deflate, Coding::Gzip], &two, &Bounds::default());
        assert_eq!((&*decoded.bytes, decoded.end), (TEXT, Ending::Whole));
    }

    #[test]
    fn several_members_and_frames_are_one_content() {
        for (coding, one) in [(Coding::Gzip, gzip(b"one ")), (Coding::Zstd, zstd(b"one "))] {
            let both = [&*one, &*one].concat();
            let decoded = decode(&[coding], &both, &Bounds::default());
            assert_eq!(decoded.bytes, b"one one ", "{coding:?}");
            // What follows and is no member is left alone.
            let more = [&*one, b"<!-- served by -->"].concat();
            let decoded = decode(&[coding], &more, &Bounds::default());
            assert_eq!(
                (decoded.size, decoded.end),
                (4, Ending::Whole),
                "{coding:?}"
            );
        }
    }

    #[test]
    fn what_is_cut_is_cut_and_what_is_broken_broken() {
        for (coding, coded, plain) in all() {
            for at in 0..coded.len() {
                let decoded = decode(&[coding], &coded[..at], &Bounds::default());
                let empty_frame = at == 0 && coding == Coding::Deflate;
                assert!(
                    decoded.end == Ending::Cut || empty_frame,
                    "{coding:?} at {at}: {:?}",
                    decoded.end
                );
                assert!(plain.starts_with(&decoded.bytes), "{coding:?} at {at}");
            }
            let decoded = decode(
                &[coding],
                b"<html>never compressed at all</html>",
                &Bounds::default(),
            );
            assert_ne!(decoded.end, Ending::Whole, "{coding:?}");
        }
        let mut wrong = gzip(TEXT);
        let last = wrong.len() - 6;
        wrong[last] ^= 1;
        let decoded = decode(&[Coding::Gzip], &wrong, &Bounds::default());
        assert_eq!(decoded.end, Ending::Broken, "its checksum is wrong");
    }

    #[test]
    fn nothing_makes_it_panic_or_grow() {
        let mut state = 9_u32;
        for (coding, coded, _) in all() {
            for round in 0..2000 {
                let mut bad = coded.clone();
                for _ in 0..=round % 4 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let at = state as usize / 7 % bad.len();
                    bad[at] = (state >> 13) as u8;
                }
                let decoded = decode(&[coding], &bad, &Bounds::default());
                assert!(decoded.bytes.len() <= 64 * 1024);
            }
        }
    }

    #[test]
    fn growth_is_bounded() {
        let zeros = vec![0; 16 * 1024 * 1024];
        for (coding, coded) in [(Coding::Gzip, gzip(&zeros)), (Coding::Zstd, zstd(&zeros))] {
            let decoded = decode(&[coding], &coded, &Bounds::default());
            assert_eq!(decoded.end, Ending::TooLarge, "{coding:?}");
            assert!(decoded.size < 11 * 1024 * 1024, "{coding:?}");
            assert_eq!(decoded.bytes.len(), 64 * 1024);
        }
        let few = decode(
            &[Coding::Gzip],
            &gzip(&zeros[..1024 * 1024]),
            &Bounds::default(),
        );
        assert_eq!(few.end, Ending::Whole, "a megabyte of zeros is no bomb");
        // A zstd frame that asks for a window of 2 GiB.
        let greedy = [&ZSTD_MAGIC[..], &[0x00, 0xa8], &[0; 16]].concat();
        let decoded = decode(&[Coding::Zstd], &greedy, &Bounds::default());
        assert_eq!(decoded.end, Ending::Broken);
    }

    #[test]
    fn names_are_understood() {
        let of = |values: &[&'static str]| {
            let pairs = values.iter().map(|value| ("Content-Encoding", *value));
            codings(&Fields::of(pairs))
        };
        assert_eq!(of(&[]), Some(vec![]));
        assert_eq!(of(&["identity"]), Some(vec![]));
        assert_eq!(
            of(&["X-GZip, br"]),
            Some(vec![Coding::Gzip, Coding::Brotli])
        );
        assert_eq!(
            of(&["gzip", "zstd"]),
            Some(vec![Coding::Gzip, Coding::Zstd])
        );
        assert_eq!(of(&["snappy"]), None);
        assert_eq!(of(&["gzip,gzip,gzip,gzip,gzip"]), None);
    }
}

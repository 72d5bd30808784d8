//! Where lines come from: files as they are, compressed ones, standard input.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstandard,
    Xz,
    Bzip2,
}

impl Packing {
    /// By the first bytes: RFC 1952 section 2.3.1, RFC 8878 section 3.1.1 and 3.1.2, the .xz format section 2.1.1.1, and
    /// bzip2's `BZh` with a block size.
    pub(crate) const fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstandard,
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstandard,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::Plain,
        }
    }

    /// The unpacked bytes, of all members.
    pub(crate) fn unpack<'a>(self, packed: impl Read + Send + 'a) -> Box<dyn Read + Send + 'a> {
        let packed = BufReader::with_capacity(128 * 1024, packed);
        match self {
            Self::Plain => Box::new(packed),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Zstandard => Box::new(Frames::new(packed)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new(packed, true)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
        }
    }
}

/// Zstandard frames one behind the other, skippable ones passed over (RFC 8878 section 3.1.2).
struct Frames<R: Read> {
    state: State<R>,
}

enum State<R: Read> {
    Between(R),
    Inside(Box<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Ended,
}

impl<R: Read> Frames<R> {
    const fn new(packed: R) -> Self {
        Self {
            state: State::Between(packed),
        }
    }
}

impl<R: io::BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(mut packed) => {
                    if packed.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    self.state = next_frame(packed)?;
                }
                State::Inside(mut decoder) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 {
                        self.state = State::Inside(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}

fn next_frame<R: io::BufRead>(mut packed: R) -> io::Result<State<R>> {
    let head = packed.fill_buf()?;
    if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] = head {
        let mut eight = [0; 8];
        packed.read_exact(&mut eight)?;
        let length = u32::from_le_bytes([eight[4], eight[5], eight[6], eight[7]]);
        io::copy(
            &mut packed.by_ref().take(u64::from(length)),
            &mut io::sink(),
        )?;
        return Ok(State::Between(packed));
    }
    ruzstd::decoding::StreamingDecoder::new(packed)
        .map(|decoder| State::Inside(Box::new(decoder)))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

/// A file that was opened, and what it is.
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) packing: Packing,
    /// Its size; `None` for what is no regular file.
    pub(crate) size: Option<u64>,
}

/// Opens a file and looks at its first bytes; of what is no regular file (a pipe) nothing is looked at.
pub(crate) fn open(path: &Path) -> io::Result<Opened> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory; name the files in it",
        ));
    }
    if !meta.is_file() {
        return Ok(Opened {
            file,
            packing: Packing::Plain,
            size: None,
        });
    }
    let mut head = [0; 8];
    let count = read_at(&file, &mut head, 0)?;
    Ok(Opened {
        packing: Packing::of(&head[..count]),
        size: Some(meta.len()),
        file,
    })
}

/// Reads at an offset, as much as there is up to the buffer's length.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn members_behind_one_another_are_all_unpacked() {
        let gz = |text: &[u8]| {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        };
        let bz = |text: &[u8]| {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        };
        let zst = |text: &[u8]| {
            ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
        };
        let xz = |text: &[u8]| {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        };
        let skippable: &[u8] = &[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        let table: Vec<(Packing, Vec<u8>)> = vec![
            (Packing::Gzip, [gz(b"a\n"), gz(b"b\n")].concat()),
            (Packing::Bzip2, [bz(b"a\n"), bz(b"b\n")].concat()),
            (
                Packing::Zstandard,
                [zst(b"a\n"), skippable.to_vec(), zst(b"b\n")].concat(),
            ),
            (Packing::Xz, [xz(b"a\n"), xz(b"b\n")].concat()),
            (Packing::Plain, b"a\nb\n".to_vec()),
        ];
        for (packing, packed) in table {
            assert_eq!(Packing::of(&packed), packing);
            let mut text = String::new();
            packing
                .unpack(&packed[..])
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "a\nb\n", "{packing:?}");
        }
    }

    #[test]
    fn a_truncated_file_gives_what_it_has_and_an_error() {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(&b"line\n".repeat(10_000)).unwrap();
        let packed = writer.finish().unwrap();
        let mut unpacked = Packing::Gzip.unpack(&packed[..packed.len() - 12]);
        let mut out = Vec::new();
        assert!(unpacked.read_to_end(&mut out).is_err());
        assert!(!out.is_empty());
    }
}

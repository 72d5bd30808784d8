//! What people have: lists, recordings, descriptions and collections, recognised by their content.
//!
//! One kind, one file: `inputs/kinds/<kind>.rs`. A kind reads recorded exchanges ([`Visit`]s), requests to send ([`Call`]s),
//! or both. Reading is bounded in size, depth and number, and what cannot be read says where it stands and what it looks
//! like instead.

mod call;
mod content;
mod form;
mod kinds;
mod look;
mod openapi;
mod variables;

use std::io::{BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use httpwhy_model::Visit;

use crate::Unread;

pub use call::{Call, More, rebased};
pub(crate) use content::Content;
pub(crate) use look::Look;

/// What is held as a whole may have so many bytes.
pub const LARGEST: u64 = 256 * 1024 * 1024;
/// A description or collection may have so many: as a document it takes several times its size.
pub const LARGEST_DOCUMENT: u64 = 64 * 1024 * 1024;
/// Bytes that are looked at first.
const FIRST: usize = 64 * 1024;

/// One kind of input.
pub struct Kind {
    /// Its name on the command line: `har`.
    pub name: &'static str,
    /// What it is, for a person: `HAR recording`.
    pub title: &'static str,
    /// How surely content is of this kind; `None`: it is not.
    pub(crate) looks: fn(&Look<'_>) -> Option<Sure>,
    /// Reads recorded exchanges; `None`: it has none.
    pub(crate) visits: Option<Reader<Visit>>,
    /// Reads the requests to send; `None`: it has none.
    pub(crate) calls: Option<Reader<Call>>,
    /// Whether each request was written to be sent as it is. Of recordings, collections and descriptions, which nobody wrote
    /// for that, only safe methods (RFC 9110 section 9.2.1) go without saying.
    pub deliberate: bool,
}

impl Kind {
    /// Whether requests to send stand in it.
    pub const fn asks(&self) -> bool {
        self.calls.is_some()
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kind({})", self.name)
    }
}

/// How a kind is read.
pub(crate) type Reader<T> = fn(Content, &Options) -> Items<T>;

/// What an input holds, one after the other; an error that is no note ([`Unread::is_note`]) says what could not be read.
/// After an error reading goes on where that is possible.
pub type Items<T> = Box<dyn Iterator<Item = Result<T, Unread>> + Send>;

/// How surely content is of a kind; the surest is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sure {
    /// Nothing better is known.
    Perhaps,
    /// It has the shape.
    Likely,
    /// It has the marks.
    Certain,
}

/// What is known beside the content.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The input's name, as it stands in messages.
    pub name: String,
    /// The column of a table that holds the targets: its name, or its number from 1.
    pub column: Option<String>,
    /// Replaces scheme, host, port and the path in front that the input gives: `https://staging.example/api`.
    pub base: Option<String>,
    /// Values of variables and parameters, by name.
    pub variables: Vec<(String, String)>,
    /// Requests are wanted, not recorded exchanges: text that is of no other kind is then a list.
    pub for_calls: bool,
}

/// All kinds, by name.
pub fn all() -> &'static [&'static Kind] {
    kinds::ALL
}

/// The kind of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    all().iter().copied().find(|kind| kind.name == name)
}

/// An input whose kind is known, and that is not read yet.
pub struct Input {
    /// Its kind.
    pub kind: &'static Kind,
    content: Content,
    options: Options,
}

impl Input {
    /// Recognises an input by its content. Compression by gzip is taken off. Reads the first bytes, and of a document whose
    /// first bytes do not tell, all of it.
    pub fn recognise(
        reader: Box<dyn BufRead + Send>,
        options: Options,
        wanted: Option<&'static Kind>,
    ) -> Result<Self, Unread> {
        let mut reader = unpacked(reader)?;
        let mut head = Vec::new();
        let mut whole = fill(&mut reader, &mut head, FIRST as u64)?;
        if let Some(kind) = wanted {
            let content = Content::new(head, reader, whole);
            return Ok(Self {
                kind,
                content,
                options,
            });
        }
        if let Some(what) = look::unreadable(&head, whole) {
            return Err(what);
        }
        let mut found = surest(&head, options.for_calls);
        if !whole && found.is_none_or(|(_, sure)| sure < Sure::Certain) && look::is_document(&head)
        {
            whole = fill(&mut reader, &mut head, LARGEST_DOCUMENT)?;
            found = surest(&head, options.for_calls);
        }
        let text = options.for_calls && look::is_plain_text(&head);
        let kind = match found {
            Some((kind, _)) => kind,
            None if text => kinds::plain_list(),
            None => return Err(look::unrecognised(&head)),
        };
        Ok(Self {
            kind,
            content: Content::new(head, reader, whole),
            options,
        })
    }

    /// The recorded exchanges; an error when the kind has none.
    pub fn visits(self) -> Result<Items<Visit>, Unread> {
        match self.kind.visits {
            Some(read) => Ok(read(self.content, &self.options)),
            None => Err(Unread::word(
                "nothing-recorded",
                format!(
                    "it is {}: no answer is recorded in it; httpwhy probe asks for what it names",
                    self.kind.title
                ),
            )),
        }
    }

    /// The requests to send; an error when the kind has none.
    pub fn calls(self) -> Result<Items<Call>, Unread> {
        match self.kind.calls {
            Some(read) => Ok(read(self.content, &self.options)),
            None => Err(Unread::word(
                "format-unknown",
                format!(
                    "it is {}: no request to send stands in it; httpwhy read says what it means",
                    self.kind.title
                ),
            )),
        }
    }
}

fn surest(head: &[u8], for_calls: bool) -> Option<(&'static Kind, Sure)> {
    let look = Look::at(head);
    let found = all()
        .iter()
        .filter_map(|kind| Some((*kind, (kind.looks)(&look)?)));
    // A mere guess must be of use.
    let of_use = |kind: &Kind| match for_calls {
        true => kind.calls.is_some(),
        false => kind.visits.is_some(),
    };
    let found = found.filter(|(kind, sure)| *sure > Sure::Perhaps || of_use(kind));
    // The first of equals: the list is sorted by name.
    found.fold(None, |best, next| match best {
        Some((_, sure)) if sure >= next.1 => best,
        _ => Some(next),
    })
}

/// Reads until `head` holds so many bytes; whether that is all there is.
fn fill(reader: &mut dyn BufRead, head: &mut Vec<u8>, most: u64) -> Result<bool, Unread> {
    let wanted = most.saturating_sub(head.len() as u64);
    let read = reader
        .take(wanted)
        .read_to_end(head)
        .map_err(|error| Unread::word("file-unreadable", format!("reading stopped: {error}")))?;
    Ok((read as u64) < wanted)
}

/// Takes gzip off, whatever is inside.
fn unpacked(mut reader: Box<dyn BufRead + Send>) -> Result<Box<dyn BufRead + Send>, Unread> {
    let head = reader
        .fill_buf()
        .map_err(|error| Unread::word("file-unreadable", format!("reading stopped: {error}")))?;
    Ok(match head {
        [0x1f, 0x8b, ..] => {
            let inside = Packed(MultiGzDecoder::new(reader));
            Box::new(BufReader::with_capacity(FIRST, inside))
        }
        _ => reader,
    })
}

/// What is inside of gzip; its errors say that it was.
struct Packed<R>(MultiGzDecoder<R>);

impl<R: BufRead> Read for Packed<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let named = |error: std::io::Error| {
            let what = format!("it is compressed with gzip, which is broken: {error}");
            std::io::Error::new(error.kind(), what)
        };
        self.0.read(into).map_err(named)
    }
}

/// Bytes as an input of unknown name.
pub(crate) fn of_bytes(bytes: &[u8]) -> Box<dyn BufRead + Send> {
    Box::new(Cursor::new(bytes.to_vec()))
}

/// One error and nothing else.
pub(crate) fn failed<T: Send + 'static>(error: Unread) -> Items<T> {
    Box::new(std::iter::once(Err(error)))
}

/// What was read as a whole, or the error that prevented it.
pub(crate) fn items<T: Send + 'static>(read: Result<Vec<Result<T, Unread>>, Unread>) -> Items<T> {
    match read {
        Ok(items) => Box::new(items.into_iter()),
        Err(error) => failed(error),
    }
}

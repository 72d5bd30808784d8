//! The content of an input: what was looked at already, and the rest as a stream.

use std::io::{BufRead, Chain, Cursor, Read};

use crate::Unread;
use crate::doc::{self, Node};
use crate::inputs::{LARGEST, LARGEST_DOCUMENT};

/// Content that is to be read once.
pub(crate) struct Content {
    head: Vec<u8>,
    rest: Box<dyn BufRead + Send>,
    whole: bool,
}

/// A stream that begins with what was looked at.
pub(crate) type Stream = Chain<Cursor<Vec<u8>>, Box<dyn BufRead + Send>>;

impl Content {
    pub(crate) fn new(mut head: Vec<u8>, rest: Box<dyn BufRead + Send>, whole: bool) -> Self {
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        Self { head, rest, whole }
    }

    pub(crate) fn stream(self) -> Stream {
        Cursor::new(self.head).chain(self.rest)
    }

    /// The first line that is neither empty nor a remark, and all of it.
    pub(crate) fn first_line(self) -> (String, Self) {
        let mut lines = self.head.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
        let line = lines.find(|line| !line.is_empty() && line[0] != b'#');
        let text = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        (text, self)
    }

    /// All bytes, within bounds.
    pub(crate) fn bytes(self) -> Result<Vec<u8>, Unread> {
        self.within(LARGEST)
    }

    fn within(self, largest: u64) -> Result<Vec<u8>, Unread> {
        let Self {
            head,
            mut rest,
            whole,
        } = self;
        let mut bytes = head;
        if !whole {
            let most = largest.saturating_sub(bytes.len() as u64) + 1;
            let read = rest.by_ref().take(most).read_to_end(&mut bytes);
            read.map_err(|error| {
                Unread::word("file-unreadable", format!("reading stopped: {error}"))
            })?;
        }
        if bytes.len() as u64 > largest {
            let what = format!(
                "it is larger than {} MiB, and an input like this is held as a whole: split it",
                largest >> 20
            );
            return Err(Unread::word("file-too-large", what).with("max", largest.to_string()));
        }
        Ok(bytes)
    }

    /// All of it as text; bytes that are no UTF-8 are an error.
    pub(crate) fn text(self) -> Result<String, Unread> {
        String::from_utf8(self.bytes()?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let before = &error.as_bytes()[..at];
            let line = before.split(|byte| *byte == b'\n').count();
            Unread::line(
                line,
                format!("byte {at} is no UTF-8: convert the file, for example with iconv"),
            )
            .worded("encoding-not-utf8")
            .with("at", at.to_string())
        })
    }

    /// All of it as a document, JSON or YAML.
    pub(crate) fn document(self) -> Result<Node, Unread> {
        doc::read(&self.within(LARGEST_DOCUMENT)?)
    }
}

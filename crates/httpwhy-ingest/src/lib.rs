//! Recorded bytes to visits.
//!
//! What is given is recognised by its content ([`inputs`]): recordings such as HAR, a transcript in the notation of
//! `curl -v` (with the `* ` lines of the catalogue's examples) or raw responses; and lists, API descriptions and
//! collections, which name what to ask for. Reading keeps malformed input and goes on where it can; content that is none
//! of these is refused, with the place and what it looks like. Logs are read line by line, and counted by shape: [`logs`].

pub mod browser;
mod curl;
pub mod doc;
mod frames;
pub mod inputs;
mod json;
pub mod logs;
mod raw;
mod transcript;
mod unread;

pub use frames::read_connection;
pub use inputs::{Call, Input, Options};
pub use raw::read_request;
pub use transcript::read_transcript;
pub use unread::Unread;

use httpwhy_model::{Request, Visit};
use httpwhy_wire::h1;

/// Reads recorded content of any kind that holds exchanges. `request` is the request that belongs to it, when known from
/// elsewhere. The first thing that cannot be read is the error; see [`inputs`] for more.
pub fn read(bytes: &[u8], request: Option<&Request>) -> Result<Vec<Visit>, Unread> {
    let input = Input::recognise(inputs::of_bytes(bytes), Options::default(), None)?;
    if input.kind.name == "raw-response" {
        return Ok(vec![raw::read(bytes, request)]);
    }
    let read = input.visits()?;
    read.filter(|item| !matches!(item, Err(note) if note.is_note()))
        .collect()
}

/// Reads raw responses to a request that is known.
pub fn read_responses(bytes: &[u8], request: &Request) -> Visit {
    raw::read(bytes, Some(request))
}

/// Reads response heads. curl prints `HTTP/2 200` for protocols whose heads are no text: the minor version is supplied
/// for reading and taken away again.
pub(crate) fn read_response(bytes: &[u8], method: &[u8], at_eof: bool) -> (h1::Message, usize) {
    let limits = h1::Limits::default();
    if !bytes.starts_with(b"HTTP/2 ") && !bytes.starts_with(b"HTTP/3 ") {
        return h1::read_response(bytes, method, at_eof, limits);
    }
    let (version, rest) = bytes.split_at("HTTP/2".len());
    let (mut message, consumed) =
        h1::read_response(&[version, b".0", rest].concat(), method, at_eof, limits);
    if let Some(response) = message.response.as_mut() {
        response.version = bytes::Bytes::copy_from_slice(version);
    }
    (message, consumed.saturating_sub(2))
}

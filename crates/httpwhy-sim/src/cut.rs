//! Answers that are cut at a named place.

use std::io;

use tokio::io::AsyncWriteExt;

use crate::answer::head_with;
use crate::wire::Wire;

/// Sends an answer up to that place: `before-head` nothing, `in-head` a status line and half a field line, `in-body` 34
/// of 100 bytes, `in-chunk` 5 of 16 bytes of the second chunk.
pub(crate) async fn send(wire: &mut Wire, at: &str, mark: Option<&str>) -> io::Result<()> {
    wire.write_all(&upto(at, mark)).await?;
    wire.flush().await
}

fn upto(at: &str, mark: Option<&str>) -> Vec<u8> {
    const KIND: (&str, &str) = ("Content-Type", "text/plain");
    let (fields, content): (&[(&str, &str)], &[u8]) = match at {
        "in-head" => return b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec(),
        "in-body" => (
            &[KIND, ("Content-Length", "100")],
            b"The first third of one hundred by\n",
        ),
        "in-chunk" => (
            &[KIND, ("Transfer-Encoding", "chunked")],
            b"6\r\nwhole\n\r\n10\r\ncut o",
        ),
        _ => return Vec::new(),
    };
    let mut out = head_with(200, fields, mark);
    out.extend_from_slice(content);
    out
}

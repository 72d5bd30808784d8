//! Answers as endpoints and acts write them, in HTTP/1.1, carried over into HTTP/2 and HTTP/3.
//!
//! What is well-formed arrives as it would from a careful gateway (RFC 9110 section 7.6.1: fields of the connection
//! stay behind). What is cut, torn down or silent keeps its meaning; what only HTTP/1 can express is refused.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::answer::has_no_content;

/// The longest head, in bytes.
const LONGEST_HEAD: usize = 1 << 17;
/// The longest line of a chunk's size or of a trailer, in bytes.
const LONGEST_LINE: usize = 1 << 14;
/// Fields that speak of one connection (RFC 9113 section 8.2.2).
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Fields, names in lower case.
pub(crate) type Fields = Vec<(String, String)>;

/// Where answers go.
pub(crate) trait Sink: Send {
    /// A head: interim ones come before the final one. `last`: there is no content.
    fn head(
        &mut self,
        status: u16,
        fields: Fields,
        last: bool,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Content.
    fn data(&mut self, bytes: &[u8], last: bool) -> impl Future<Output = io::Result<()>> + Send;

    /// Fields behind the content; they end the answer.
    fn trailers(&mut self, fields: Fields) -> impl Future<Output = io::Result<()>> + Send;
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// It is over there, whole.
    Whole,
    /// It ended before its end.
    Cut,
    /// It has no form in the other protocol.
    Foreign,
}

/// Carries one answer to a request over; `is_head`: the request was HEAD.
pub(crate) async fn carry(
    from: impl AsyncRead + Unpin + Send,
    is_head: bool,
    sink: &mut impl Sink,
) -> io::Result<Carried> {
    let mut from = Source {
        from,
        buffer: Vec::new(),
    };
    loop {
        let head = match from.head().await? {
            Ok(head) => head,
            Err(otherwise) => return Ok(otherwise),
        };
        let Some((status, fields)) = parse(&head) else {
            return Ok(Carried::Foreign);
        };
        if status == 101 {
            return Ok(Carried::Foreign);
        }
        let length = framing(&fields);
        let interim = (100..200).contains(&status);
        let empty = interim || is_head || has_no_content(status) || length == Framed::Length(0);
        sink.head(status, portable(fields), empty && !interim)
            .await?;
        if interim {
            continue;
        }
        return match length {
            _ if empty => Ok(Carried::Whole),
            Framed::Length(length) => counted(&mut from, length, sink).await,
            Framed::Chunks => chunks(&mut from, sink).await,
            Framed::ToTheEnd => to_the_end(&mut from, sink).await,
        };
    }
}

/// How content is framed (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framed {
    Length(u64),
    Chunks,
    ToTheEnd,
}

fn framing(fields: &Fields) -> Framed {
    let has = |wanted: &str| fields.iter().find(|(name, _)| name == wanted);
    if has("transfer-encoding").is_some() {
        return Framed::Chunks;
    }
    let length = has("content-length").and_then(|(_, value)| value.parse().ok());
    length.map_or(Framed::ToTheEnd, Framed::Length)
}

fn parse(head: &[u8]) -> Option<(u16, Fields)> {
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let status = status
        .parse()
        .ok()
        .filter(|code| (100..=999).contains(code))?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let fields = lines.filter(|line| !line.is_empty()).map(field);
    Some((status, fields.collect::<Option<Fields>>()?))
}

fn portable(mut fields: Fields) -> Fields {
    fields.retain(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()));
    fields
}

async fn counted<R: AsyncRead + Unpin + Send>(
    from: &mut Source<R>,
    length: u64,
    sink: &mut impl Sink,
) -> io::Result<Carried> {
    let mut left = length;
    while left > 0 {
        let Some(piece) = from.upto(left).await? else {
            return Ok(Carried::Cut);
        };
        left -= piece.len() as u64;
        sink.data(&piece, left == 0).await?;
    }
    Ok(Carried::Whole)
}

async fn to_the_end<R: AsyncRead + Unpin + Send>(
    from: &mut Source<R>,
    sink: &mut impl Sink,
) -> io::Result<Carried> {
    while let Some(piece) = from.upto(u64::MAX).await? {
        sink.data(&piece, false).await?;
    }
    sink.data(b"", true).await?;
    Ok(Carried::Whole)
}

async fn chunks<R: AsyncRead + Unpin + Send>(
    from: &mut Source<R>,
    sink: &mut impl Sink,
) -> io::Result<Carried> {
    loop {
        let Some(line) = from.line().await? else {
            return Ok(Carried::Cut);
        };
        let size = line.split(';').next().unwrap_or_default().trim();
        let Ok(mut left) = u64::from_str_radix(size, 16) else {
            return Ok(Carried::Foreign);
        };
        if left == 0 {
            return trailers(from, sink).await;
        }
        while left > 0 {
            let Some(piece) = from.upto(left).await? else {
                return Ok(Carried::Cut);
            };
            left -= piece.len() as u64;
            sink.data(&piece, false).await?;
        }
        match from.line().await?.as_deref() {
            None => return Ok(Carried::Cut),
            Some("") => {}
            Some(_) => return Ok(Carried::Foreign),
        }
    }
}

async fn trailers<R: AsyncRead + Unpin + Send>(
    from: &mut Source<R>,
    sink: &mut impl Sink,
) -> io::Result<Carried> {
    let mut fields = Fields::new();
    loop {
        let Some(line) = from.line().await? else {
            return Ok(Carried::Cut);
        };
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Carried::Foreign);
        };
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    if fields.is_empty() {
        sink.data(b"", true).await?;
    } else {
        sink.trailers(portable(fields)).await?;
    }
    Ok(Carried::Whole)
}

/// What is read from.
struct Source<R> {
    from: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Source<R> {
    /// Reads more; false at the end.
    async fn more(&mut self) -> io::Result<bool> {
        Ok(self.from.read_buf(&mut self.buffer).await? > 0)
    }

    /// The next head, without the empty line; otherwise why there is none.
    async fn head(&mut self) -> io::Result<Result<Vec<u8>, Carried>> {
        loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.buffer.split_off(end + 4);
                let mut head = std::mem::replace(&mut self.buffer, rest);
                head.truncate(end);
                return Ok(Ok(head));
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Ok(Err(Carried::Foreign));
            }
            if !self.more().await? {
                return Ok(Err(Carried::Cut));
            }
        }
    }

    /// The next line, without its end; `None` when it is cut or too long.
    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            let end = self.buffer.windows(2).position(|two| two == b"\r\n");
            if let Some(end) = end {
                let rest = self.buffer.split_off(end + 2);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.truncate(end);
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.buffer.len() > LONGEST_LINE || !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// The next bytes, at most so many; `None` at the end.
    async fn upto(&mut self, most: u64) -> io::Result<Option<Vec<u8>>> {
        if self.buffer.is_empty() && !self.more().await? {
            return Ok(None);
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let rest = self.buffer.split_off(most.min(self.buffer.len()));
        Ok(Some(std::mem::replace(&mut self.buffer, rest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down what it gets.
    #[derive(Default)]
    struct Notes(Vec<String>);

    impl Sink for Notes {
        async fn head(&mut self, status: u16, fields: Fields, last: bool) -> io::Result<()> {
            self.0.push(format!("{status} {fields:?} {last}"));
            Ok(())
        }

        async fn data(&mut self, bytes: &[u8], last: bool) -> io::Result<()> {
            let text = String::from_utf8_lossy(bytes);
            self.0.push(format!("{text} {last}"));
            Ok(())
        }

        async fn trailers(&mut self, fields: Fields) -> io::Result<()> {
            self.0.push(format!("{fields:?}"));
            Ok(())
        }
    }

    fn carried(answer: &str, is_head: bool) -> (Carried, Vec<String>) {
        let mut notes = Notes::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let carried =
            runtime
                .expect("a runtime")
                .block_on(carry(answer.as_bytes(), is_head, &mut notes));
        (carried.expect("no error"), notes.0)
    }

    #[test]
    fn answers_arrive_as_they_are() {
        for (answer, is_head, end, notes) in [
            (
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
                false,
                Carried::Whole,
                &[
                    "103 [(\"link\", \"</a>\")] false",
                    "200 [(\"content-length\", \"2\")] false",
                    "hi true",
                ][..],
            ),
            (
                "HTTP/1.1 204 No Content\r\n\r\n",
                false,
                Carried::Whole,
                &["204 [] true"],
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                true,
                Carried::Whole,
                &["200 [(\"content-length\", \"9\")] true"],
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n",
                false,
                Carried::Whole,
                &["200 [] false", "hi false", "[(\"x\", \"y\")]"],
            ),
            (
                "HTTP/1.1 200 OK\r\n\r\nhi",
                false,
                Carried::Whole,
                &["200 [] false", "hi false", " true"],
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
                false,
                Carried::Cut,
                &["200 [(\"content-length\", \"3\")] false", "hi false"],
            ),
            ("HTTP/1.1 200 OK\r\nConte", false, Carried::Cut, &[]),
            ("", false, Carried::Cut, &[]),
            ("ICY 200 OK\r\n\r\n", false, Carried::Foreign, &[]),
            (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                false,
                Carried::Foreign,
                &[],
            ),
            (
                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                false,
                Carried::Foreign,
                &[],
            ),
        ] {
            let (carried, noted) = carried(answer, is_head);
            assert_eq!(
                (carried, noted.as_slice()),
                (
                    end,
                    notes
                        .iter()
                        .map(|&note| note.to_owned())
                        .collect::<Vec<_>>()
                        .as_slice()
                ),
                "{answer}"
            );
        }
    }
}

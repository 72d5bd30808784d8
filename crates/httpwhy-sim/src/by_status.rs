//! A status asked for by number, with what the request makes of it: ranges, validators, upgrades, interim answers.

use std::io;

use tokio::io::AsyncWriteExt;

use crate::act::After;
use crate::answer::{Answer, head_with};
use crate::request::Asked;
use crate::statuses::{self, ETAG};
use crate::wire::Wire;
use crate::{echo, websocket};

/// The length in bytes of the content that ranges are taken from.
const LENGTH: usize = 480;

/// The final answer for that status to that request.
///
/// A range or validator in the request is honoured as RFC 9110 sections 13 and 14 have it, so that 206 and 304 are
/// true; a 206 that was asked for without a range holds the first 100 bytes.
pub(crate) fn answer(code: u16, asked: &Asked) -> Answer {
    match code {
        206 => range(asked),
        304 if !unchanged(asked) => whole(),
        _ => Answer::of(code),
    }
}

/// Sends that status, with what goes before and after it: interim answers are followed by a final one, and after a 101
/// the new protocol is spoken.
pub(crate) async fn send(
    code: u16,
    wire: &mut Wire,
    asked: &Asked,
    mark: Option<&str>,
) -> io::Result<After> {
    if code == 101 {
        return switch(wire, asked, mark).await;
    }
    if !(100..200).contains(&code) {
        return answer(code, asked).send(wire, asked, mark).await;
    }
    // A client of HTTP/1.0 must not be sent interim answers (RFC 9110 section 15.2).
    if asked.modern {
        let status = statuses::of(code);
        let interim = head_with(code, status.usual, None);
        wire.write_all(&interim).await?;
    }
    Answer::of(200).send(wire, asked, mark).await
}

/// 101 when the client offered an upgrade that is spoken here (`echo/1`, `websocket`), else 426 (RFC 9110 section 7.8).
async fn switch(wire: &mut Wire, asked: &Asked, mark: Option<&str>) -> io::Result<After> {
    if !asked.has_token("Connection", "upgrade") || !asked.modern {
        return Answer::of(426).send(wire, asked, mark).await;
    }
    if asked.has_token("Upgrade", "websocket") {
        return websocket::echo(wire, asked, mark, websocket::Longest::default()).await;
    }
    if !asked.has_token("Upgrade", "echo/1") {
        return Answer::of(426).send(wire, asked, mark).await;
    }
    let head = head_with(101, statuses::of(101).must, mark);
    wire.write_all(&head).await?;
    wire.flush().await?;
    echo::serve(wire).await
}

/// The known content: the letters a to z, again and again.
fn known() -> Vec<u8> {
    (b'a'..=b'z').cycle().take(LENGTH).collect()
}

fn whole() -> Answer {
    let mut answer = Answer::content("text/plain; charset=utf-8", known());
    answer.set("ETag", ETAG);
    answer.set("Accept-Ranges", "bytes");
    answer
}

/// Whether the client's copy is the current one, or it said nothing about its copy (RFC 9110 section 13.1.2).
fn unchanged(asked: &Asked) -> bool {
    asked.field("If-None-Match").is_none_or(|tags| {
        let mut tags = tags
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag == "*" || tag == ETAG)
    })
}

fn range(asked: &Asked) -> Answer {
    // Another version than the client's: the whole of it (RFC 9110 section 13.1.5).
    if asked.field("If-Range").is_some_and(|tag| tag != ETAG) {
        return whole();
    }
    let content = known();
    let (first, last) = match asked.field("Range").map(|value| byte_range(value, LENGTH)) {
        None => (0, 99),
        Some(Range::Of(first, last)) => (first, last),
        Some(Range::Ignored) => return whole(),
        Some(Range::Beyond) => return Answer::of(416),
    };
    let mut answer = Answer::of(206);
    answer.set("Content-Range", &format!("bytes {first}-{last}/{LENGTH}"));
    answer.body = content[first..=last].to_vec();
    answer
}

/// What a Range field asks for.
#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// From the first to the second byte, both included.
    Of(usize, usize),
    /// Nothing that is there.
    Beyond,
    /// Nothing that a server must understand: another unit, several ranges, nonsense (RFC 9110 section 14.2).
    Ignored,
}

/// Reads a Range field against content of that length, which is not 0.
fn byte_range(value: &str, length: usize) -> Range {
    let number = |text: &str| text.parse::<usize>().ok();
    let Some((from, to)) = value
        .strip_prefix("bytes=")
        .and_then(|spec| spec.split_once('-'))
    else {
        return Range::Ignored;
    };
    match (from.trim(), to.trim()) {
        ("", suffix) => match number(suffix) {
            None => Range::Ignored,
            Some(0) => Range::Beyond,
            Some(count) => Range::Of(length.saturating_sub(count), length - 1),
        },
        (from, to) => match (number(from), to.is_empty(), number(to)) {
            (Some(from), true, _) if from < length => Range::Of(from, length - 1),
            (Some(from), _, Some(to)) if from <= to && from < length => {
                Range::Of(from, to.min(length - 1))
            }
            (Some(from), true, _) if from >= length => Range::Beyond,
            (Some(from), _, Some(to)) if from <= to => Range::Beyond,
            _ => Range::Ignored,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (value, expected) in [
            ("bytes=0-99", Range::Of(0, 99)),
            ("bytes=470-", Range::Of(470, 479)),
            ("bytes=470-9999", Range::Of(470, 479)),
            ("bytes=-10", Range::Of(470, 479)),
            ("bytes=-9999", Range::Of(0, 479)),
            ("bytes=-0", Range::Beyond),
            ("bytes=480-", Range::Beyond),
            ("bytes=480-490", Range::Beyond),
            ("bytes=9-8", Range::Ignored),
            ("bytes=0-1,5-6", Range::Ignored),
            ("lines=0-1", Range::Ignored),
            ("bytes=x-", Range::Ignored),
        ] {
            assert_eq!(byte_range(value, 480), expected, "{value}");
        }
    }
}

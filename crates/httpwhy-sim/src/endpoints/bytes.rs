//! Bytes: `/bytes`, `/stream-bytes`, `/range`.

use std::time::Duration;

use super::call::Call;
use super::mersenne::Mersenne;
use super::reply::{Refusal, Reply, Split};
use super::stream::evenly;
use crate::answer::Answer;

const BINARY: &str = "application/octet-stream";
/// The most bytes that are given; more are cut.
const MOST: usize = 100 * 1024;
/// The most parts of one answer.
const MOST_PARTS: usize = 10;
const BOUNDARY: &str = "sim-part";
/// The size of chunks when none is asked for.
const CHUNK: usize = 10 * 1024;

/// `/bytes/{n}?seed=`.
pub(crate) fn bytes(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content(BINARY, random(call)?))
}

/// `/stream-bytes/{n}?seed=&chunk_size=`.
pub(crate) fn streamed(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut reply = Reply::content(BINARY, random(call)?);
    reply.split = Split::Every(call.arg_or("chunk_size", CHUNK)?.max(1));
    reply.chunked = true;
    Ok(reply)
}

/// Random bytes; with a seed those that Python draws from it.
fn random(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let count = call.whole::<usize>("n")?.min(MOST);
    Ok(match call.arg("seed") {
        Some(_) => {
            let seed: i64 = call.arg_or("seed", 0)?;
            let mut random = Mersenne::seeded(seed.unsigned_abs());
            (0..count).map(|_| random.byte()).collect()
        }
        None => call.world.state.random(|random| random.bytes(count)),
    })
}

/// `/range/{n}?duration=&chunk_size=`: the letters a to z again and again, whole or in part.
pub(crate) fn range(call: &Call<'_>) -> Result<Reply, Refusal> {
    let length: usize = call.whole("n")?;
    let etag = format!("\"range{length}\"");
    let known = |code: u16| {
        let mut answer = Answer::of(code);
        answer.set("ETag", &etag);
        answer.set("Accept-Ranges", "bytes");
        answer
    };
    if !(1..=MOST).contains(&length) {
        let mut answer = known(404);
        answer.body = format!("number of bytes must be in the range (0, {MOST}]").into_bytes();
        return Ok(answer.into());
    }
    let asked_for = call.asked.field("Range").unwrap_or_default();
    if let Some(parts) = parts(asked_for, length) {
        let mut answer = known(206);
        answer.set(
            "Content-Type",
            &format!("multipart/byteranges; boundary={BOUNDARY}"),
        );
        answer.body = multipart(&parts, length);
        return Ok(answer.into());
    }
    let Some((first, last)) = part(asked_for, length) else {
        let mut answer = known(416);
        answer.set("Content-Range", &format!("bytes */{length}"));
        answer.body.clear();
        return Ok(answer.into());
    };
    let is_whole = first == 0 && last == length - 1;
    let mut answer = known(if is_whole { 200 } else { 206 });
    answer.set("Content-Type", BINARY);
    answer.set("Content-Range", &format!("bytes {first}-{last}/{length}"));
    answer.body = letters(first, last);
    let mut reply = Reply::from(answer);
    let size = call.arg_or("chunk_size", CHUNK)?.max(1);
    let whole = call.seconds("duration", Duration::ZERO)?;
    if !whole.is_zero() {
        let count = last + 1 - first;
        let part = whole.mul_f64(count as f64 / length as f64);
        (reply.split, reply.pauses) = evenly(count.div_ceil(size), part);
        reply.split = Split::Every(size);
    }
    Ok(reply)
}

fn letters(first: usize, last: usize) -> Vec<u8> {
    (first..=last).map(|at| b'a' + (at % 26) as u8).collect()
}

/// Several ranges, when that many are asked for and all can be given; as go-httpbin, and not httpbin, grants them.
fn parts(field: &str, length: usize) -> Option<Vec<(usize, usize)>> {
    let specs: Vec<&str> = field.trim().strip_prefix("bytes=")?.split(',').collect();
    if !(2..=MOST_PARTS).contains(&specs.len()) {
        return None;
    }
    let specs = specs.into_iter();
    specs
        .map(|spec| part(&format!("bytes={}", spec.trim()), length))
        .collect()
}

/// The parts as RFC 9110 section 14.6 has them.
fn multipart(parts: &[(usize, usize)], length: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for (first, last) in parts {
        let head = format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: {BINARY}\r\nContent-Range: bytes {first}-{last}/{length}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend(letters(*first, *last));
    }
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// First and last byte that a Range field asks for, read as httpbin does: what it does not understand is all.
fn part(field: &str, length: usize) -> Option<(usize, usize)> {
    let all = (0, length - 1);
    let Some(spec) = field.trim().strip_prefix("bytes=") else {
        return Some(all);
    };
    let (first, last) = spec.split_once('-').unwrap_or((spec, ""));
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let (first, last) = match (number(first), number(last)) {
        (None, None) => all,
        (None, Some(count)) => (length.saturating_sub(count), length - 1),
        (Some(first), None) => (first, length - 1),
        (Some(first), Some(last)) => (first, last),
    };
    (first <= last && last < length).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (field, expected) in [
            ("", Some((0, 25))),
            ("bytes=", Some((0, 25))),
            ("lines=1-2", Some((0, 25))),
            ("bytes=5-", Some((5, 25))),
            ("bytes=-5", Some((21, 25))),
            ("bytes=-99", Some((0, 25))),
            ("bytes=5-9", Some((5, 9))),
            ("bytes=9-5", None),
            ("bytes=0-26", None),
            ("bytes=26-", None),
            ("bytes=-0", None),
        ] {
            assert_eq!(part(field, 26), expected, "{field}");
        }
    }
}

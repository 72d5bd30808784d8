//! Answers that break a rule of HTTP/1.1 each: `/fault/head/…`, `/fault/length/…`, `/fault/chunk/…`, `/fault/coding/…`;
//! and WebSockets that end, or break a rule, as asked: `/ws/…`.

use super::call::Call;
use super::reply::{Refusal, Reply, Takeover};
use crate::acts::{self, CODINGS, FRAMES};

/// An answer: its area, its name, its bytes.
type Broken = (&'static str, &'static str, &'static [u8]);

/// All of them. The connection ends in order behind each.
static BROKEN: &[Broken] = &[
    ("head", "bad-version", b"HTTP/9.7 200 OK\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "no-reason", b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "bad-code", b"HTTP/1.1 2OO OK\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "code-out-of-range", b"HTTP/1.1 099 Odd\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "nul", b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "lone-cr", b"HTTP/1.1 200 OK\r\nX-Cr: a\rb\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "bare-lf", b"HTTP/1.1 200 OK\nContent-Length: 3\n\nok\n"),
    ("head", "no-colon", b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "space-before-colon", b"HTTP/1.1 200 OK\r\nX-Space : a\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "fold", b"HTTP/1.1 200 OK\r\nX-Fold: a\r\n b\r\nContent-Length: 3\r\n\r\nok\n"),
    ("head", "garbage", b"\x00\x01\x02 this is no HTTP \xff\xfe\r\n\r\n"),
    ("head", "http09", b"<html>no head at all</html>\n"),
    ("head", "two-locations", b"HTTP/1.1 302 Found\r\nLocation: /landing\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"),
    ("length", "long", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok\n"),
    ("length", "short", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\nand more than that\n"),
    ("length", "negative", b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nok\n"),
    ("length", "text", b"HTTP/1.1 200 OK\r\nContent-Length: three\r\n\r\nok\n"),
    ("length", "two-different", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nok\n"),
    ("length", "two-equal", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nok\n"),
    ("length", "list", b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nok\n"),
    ("length", "overflow", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok\n"),
    ("length", "with-chunked", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n"),
    ("chunk", "bad-size", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nok\n\r\n0\r\n\r\n"),
    ("chunk", "overflow", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\n\r\n0\r\n\r\n"),
    ("chunk", "missing-last", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n"),
    ("chunk", "short", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nok\n\r\n0\r\n\r\n"),
    ("chunk", "no-crlf", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n0\r\n\r\n"),
    ("chunk", "bad-trailer", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\nno colon\r\n\r\n"),
    ("chunk", "unknown-coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x-sim\r\n\r\nok\n"),
];

/// Heads and content without end, and large ones.
const LARGE: &[(&str, &str)] = &[("head", "endless"), ("head", "huge"), ("body", "endless")];

/// `/fault/{head|length|chunk|body}/{how}`; `None` for another path.
pub(super) fn raw(area: &str, how: &str) -> Option<Reply> {
    let found = BROKEN
        .iter()
        .find(|(known, name, _)| (*known, *name) == (area, how));
    if let Some((_, _, bytes)) = found {
        return Some(Reply::takeover(Takeover::Raw(bytes)));
    }
    let flood = match (area, how) {
        ("head", "endless") => Takeover::Flood(Flood::Head),
        ("head", "huge") => Takeover::Flood(Flood::HugeHead),
        ("body", "endless") => Takeover::Flood(Flood::Body),
        _ => return None,
    };
    Some(Reply::takeover(flood))
}

/// The names of an area.
pub(super) fn names(area: &str) -> Vec<&'static str> {
    let broken = BROKEN.iter().map(|(known, name, _)| (*known, *name));
    let all = broken.chain(LARGE.iter().copied());
    all.filter(|(known, _)| *known == area)
        .map(|(_, name)| name)
        .collect()
}

/// What does not end before its cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flood {
    /// Fields, up to 64 MiB.
    Head,
    /// A head of 1 MiB and an answer behind it.
    HugeHead,
    /// Content, up to 1 GiB.
    Body,
}

/// `/fault/coding/{how}`: content whose coding is not what its field says. `bomb` must be wanted: `?mib=16`.
pub(crate) fn coded(call: &Call<'_>) -> Result<Reply, Refusal> {
    let how = call.param("how");
    let Some(how) = CODINGS.iter().find(|known| **known == how) else {
        return Err(Refusal::bad(format!(
            "'{how}' is no coding; there are: {}",
            CODINGS.join(", ")
        )));
    };
    if *how == "bomb" && call.arg("mib") != Some("16") {
        return Err(Refusal::bad(
            "A bomb of 16 MiB must be asked for with ?mib=16.",
        ));
    }
    let answer = acts::coded(how).map_err(|why| Refusal::bad(why.to_string()))?;
    Ok(answer.into())
}

/// `/ws/close/{code}`: a Close frame with that code; `empty`: without one.
pub(crate) fn ws_close(call: &Call<'_>) -> Result<Reply, Refusal> {
    let code = match call.param("code") {
        "empty" => None,
        _ => Some(call.whole("code")?),
    };
    Ok(Reply::takeover(Takeover::Close(code)))
}

/// `/ws/drop`: an end without a Close frame; `/ws/drop/rst`: by a reset.
pub(crate) fn ws_drop(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.param("how") {
        "" | "fin" => Ok(Reply::takeover(Takeover::Drop { reset: false })),
        "rst" => Ok(Reply::takeover(Takeover::Drop { reset: true })),
        _ => Err(Refusal::missing()),
    }
}

/// `/ws/frame/{how}`: a frame that breaks a rule. `/ws/no-pong`: none, and no answer to any.
pub(crate) fn ws_frame(call: &Call<'_>) -> Result<Reply, Refusal> {
    let how = match call.param("how") {
        "" => "silence",
        how => how,
    };
    let found = FRAMES.iter().find(|known| **known == how);
    let how = found.ok_or_else(|| {
        Refusal::bad(format!(
            "'{how}' is no frame; there are: {}",
            FRAMES.join(", ")
        ))
    })?;
    Ok(Reply::takeover(Takeover::Frame(how)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        for area in ["head", "length", "chunk", "body"] {
            let mut names = names(area);
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{area}");
            assert!(names.iter().all(|name| raw(area, name).is_some()), "{area}");
        }
        assert!(raw("head", "nothing").is_none());
    }
}

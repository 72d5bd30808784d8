//! Answers that break a rule of HTTP/1.1 each: `/fault/head/…`, `/fault/length/…`, `/fault/chunk/…`, `/fault/coding/…`,
//! `/fault/interim/…`, `/fault/auth/…`, `/fault/wiremock/…`; and WebSockets that end, or break a rule, as asked: `/ws/…`.

use std::time::Duration;

use super::call::Call;
use super::reply::{Break, Place, Refusal, Reply, Takeover};
use crate::acts::{self, CODINGS, FRAMES, SHAKES};
use crate::answer::Answer;
use crate::websocket::Longest;

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
    ("interim", "100", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"),
    ("interim", "102", b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"),
    ("interim", "103", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"),
    ("interim", "only", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n"),
    ("interim", "101-unasked", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n"),
    ("auth", "no-challenge", b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno\n"),
    ("auth", "unknown-scheme", b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: X-Sim realm=\"sim\"\r\nContent-Length: 3\r\n\r\nno\n"),
    ("auth", "bad-digest", b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"sim\", qop=\"auth\"\r\nContent-Length: 3\r\n\r\nno\n"),
    ("auth", "stale-loop", b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"sim\", nonce=\"bG9vcA==\", qop=\"auth\", algorithm=MD5, stale=true\r\nContent-Length: 3\r\n\r\nno\n"),
    ("wiremock", "MALFORMED_RESPONSE_CHUNK", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz this is no size\x01\x02 of a chunk"),
    ("wiremock", "RANDOM_DATA_THEN_CLOSE", b"\x8f\x11\x02\xe0 neither HTTP nor anything else \xff\xfe\x00\x07"),
    ("chunk", "unknown-coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x-sim\r\n\r\nok\n"),
];

/// How long a slow handshake takes.
const SLOW_HANDSHAKE: Duration = Duration::from_secs(3);

/// Heads and content without end, and large ones.
const LARGE: &[(&str, &str, Flood)] = &[
    ("head", "endless", Flood::Head),
    ("head", "huge", Flood::HugeHead),
    ("body", "endless", Flood::Body),
    ("interim", "endless", Flood::Interim),
    ("chunk", "huge-ext", Flood::Extension),
];

/// Faults of a connection under the names that WireMock gives them.
const BROKEN_OFF: &[(&str, &str, Break)] = &[
    ("wiremock", "EMPTY_RESPONSE", Break::Close),
    ("wiremock", "CONNECTION_RESET_BY_PEER", Break::Reset),
];

/// `/fault/{area}/{how}`; `None` for another path.
pub(super) fn raw(area: &str, how: &str) -> Option<Reply> {
    let found = BROKEN
        .iter()
        .find(|(known, name, _)| (*known, *name) == (area, how));
    if let Some((_, _, bytes)) = found {
        return Some(Reply::takeover(Takeover::Raw(bytes)));
    }
    if let Some((_, _, flood)) = LARGE
        .iter()
        .find(|(known, name, _)| (*known, *name) == (area, how))
    {
        return Some(Reply::takeover(Takeover::Flood(*flood)));
    }
    let (_, _, end) = BROKEN_OFF
        .iter()
        .find(|(known, name, _)| (*known, *name) == (area, how))?;
    Some(Reply {
        broken: Some((Place::BeforeHead, *end)),
        ..Answer::of(200).into()
    })
}

/// The names of an area.
pub(super) fn names(area: &str) -> Vec<&'static str> {
    let broken = BROKEN.iter().map(|(known, name, _)| (*known, *name));
    let large = LARGE.iter().map(|(known, name, _)| (*known, *name));
    let off = BROKEN_OFF.iter().map(|(known, name, _)| (*known, *name));
    let all = broken.chain(large).chain(off);
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
    /// Interim answers, up to 64 MiB.
    Interim,
    /// A chunk with an extension of 1 MiB, and the end of the content behind it.
    Extension,
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

/// `/ws/handshake/{how}`: a handshake that a client must refuse; `slow`: one that takes its time and is good.
pub(crate) fn ws_handshake(call: &Call<'_>) -> Result<Reply, Refusal> {
    let how = call.param("how");
    let how = match how {
        "403" => return Ok(Answer::of(403).into()),
        "slow" => {
            let mut reply = Reply::takeover(Takeover::WebSocket(Longest::default()));
            reply.before_head = call.seconds("sleep", SLOW_HANDSHAKE)?;
            return Ok(reply);
        }
        "wrong-accept" => "bad-accept",
        "extra-protocol" => "subprotocol",
        how => how,
    };
    let found = SHAKES.iter().find(|known| **known == how);
    let how = found.ok_or_else(|| {
        Refusal::bad(format!(
            "'{how}' is no handshake; there are: 403, slow, {}",
            SHAKES.join(", ")
        ))
    })?;
    Ok(Reply::takeover(Takeover::Handshake(how)))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::simulator::tests::playing;

    const AREAS: [&str; 7] = [
        "head", "length", "chunk", "body", "interim", "auth", "wiremock",
    ];

    #[test]
    fn no_name_stands_twice() {
        for area in AREAS {
            let mut names = names(area);
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{area}");
            assert!(names.iter().all(|name| raw(area, name).is_some()), "{area}");
        }
        assert!(raw("head", "nothing").is_none());
    }

    #[test]
    fn what_has_no_end_has_a_cap() {
        let simulator = playing(&[]);
        for (area, how, flood) in LARGE {
            let mut stream = TcpStream::connect(simulator.http()).expect("connects");
            let patience = Some(Duration::from_secs(20));
            stream.set_read_timeout(patience).expect("a timeout");
            let request = format!("GET /fault/{area}/{how} HTTP/1.1\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("sends");
            let (mut buffer, mut count) = (vec![0; 1 << 20], 0);
            loop {
                match stream
                    .read(&mut buffer)
                    .expect("it goes on, or ends in order")
                {
                    0 => break,
                    more => count += more,
                }
            }
            let cap = flood.cap();
            assert!(
                count > cap / 2 && count < cap + 1000,
                "{area}/{how}: {count}"
            );
        }
    }
}

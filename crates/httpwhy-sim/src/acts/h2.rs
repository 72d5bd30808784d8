//! Answers that break a rule of HTTP/2, each one.

use std::io;
use std::time::Duration;

use httpwhy_wire::h2::{FrameHead, flag, kind};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::act::{
    Act, After, Cue, FramesTurn, Guest, Misuse, OnAccept, OnFrames, Params, Part, Playing, Role,
};
use crate::serve::DEADLINE;
use crate::wire::Wire;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "h2",
    about: "over HTTP/2: an answer that breaks that rule of RFC 9113, or a connection that stands still",
    params: &["how"],
    perform,
};

/// The head of an answer of 100 bytes.
pub(crate) const HEAD: &[(&str, &str)] = &[
    (":status", "200"),
    ("content-type", "text/plain"),
    ("content-length", "100"),
];
/// The first 34 of its bytes.
pub(crate) const BODY: &[u8] = b"The first third of one hundred by\n";
/// How long a client has to take notice of what was sent before it is taken back.
pub(crate) const TOLD: Duration = Duration::from_millis(50);

/// The longest payload that a frame can claim.
const LONGEST: u32 = (1 << 24) - 1;
/// How many CONTINUATION frames of 1 KiB an endless block of fields has.
const ENDLESS: usize = 1024;
/// What an upload must exceed to meet a window that never opens, in bytes.
const UPLOAD: usize = 1 << 20;

/// Every way, and whether the client's own deadline ends it.
const HOWS: &[(&str, bool)] = &[
    ("bad-hpack", false),
    ("close-in-body", false),
    ("connection-field", false),
    ("content-without-head", false),
    ("continuation-endless", false),
    ("continuation-interrupted", false),
    ("data-after-end", false),
    ("early-answer", false),
    ("frame-too-large", false),
    ("idle-stream", false),
    ("length-mismatch", false),
    ("no-status", false),
    ("not-h2", false),
    ("ping-silence", true),
    ("push", false),
    ("reset-in-body", false),
    ("settings-cut", false),
    ("settings-frame-size", false),
    ("settings-window", false),
    ("stall-in-body", true),
    ("status-101", false),
    ("upper-case-field", false),
    ("window-overflow", false),
    ("window-stall", true),
    ("window-zero", false),
];

fn perform(params: &Params) -> Result<Role, Misuse> {
    let known: Vec<&str> = HOWS.iter().map(|(how, _)| *how).collect();
    let how = params.word("how", &known)?;
    let slow = HOWS.iter().any(|(known, slow)| *known == how && *slow);
    let mut cue = Cue {
        slow,
        ..Cue::http2()
    };
    if matches!(how, "window-stall" | "early-answer") {
        "POST".clone_into(&mut cue.method);
        cue.body = Some(vec![0; UPLOAD]);
    }
    let part = match how {
        "not-h2" => Part::Accept(Box::new(NotH2)),
        _ => Part::Frames(Box::new(Broken { how })),
    };
    Ok(Role { part, cue })
}

struct Broken {
    how: &'static str,
}

impl OnFrames for Broken {
    fn begins_with_fields(&self) -> bool {
        matches!(self.how, "window-stall" | "early-answer")
    }

    fn answer<'a>(&'a self, turn: FramesTurn<'a>) -> Playing<'a, ()> {
        Box::pin(perform_how(self.how, turn))
    }
}

async fn perform_how(how: &str, turn: FramesTurn<'_>) -> io::Result<()> {
    let FramesTurn { link, stream, .. } = turn;
    let settings = |payload: &'static [u8]| link.frame(kind::SETTINGS, 0, 0, payload);
    match how {
        // An index that no table has, and an integer without end.
        "bad-hpack" => {
            link.block(stream, b"\xff\xff\xff\xff\xff\xff\xff", true)
                .await
        }
        "connection-field" => {
            let fields = [(":status", "200"), ("connection", "keep-alive")];
            link.fields(stream, &turn.marked(&fields), true).await
        }
        "upper-case-field" => {
            let fields = [(":status", "200"), ("Content-Type", "text/plain")];
            link.fields(stream, &turn.marked(&fields), true).await
        }
        "no-status" => {
            let fields = [("content-type", "text/plain")];
            link.fields(stream, &turn.marked(&fields), true).await
        }
        "status-101" => {
            let fields = [(":status", "101")];
            link.fields(stream, &turn.marked(&fields), true).await
        }
        "content-without-head" => link.data(stream, BODY, true).await,
        "length-mismatch" => {
            link.fields(stream, &turn.marked(HEAD), false).await?;
            link.data(stream, BODY, true).await
        }
        "data-after-end" => {
            let fields = [(":status", "200")];
            link.fields(stream, &turn.marked(&fields), true).await?;
            link.frame(kind::DATA, flag::END_STREAM, stream, BODY).await
        }
        "idle-stream" => link.frame(kind::DATA, 0, stream + 98, BODY).await,
        "frame-too-large" => {
            link.fields(stream, &turn.marked(&HEAD[..2]), false).await?;
            let head = FrameHead {
                length: LONGEST,
                kind: kind::DATA,
                flags: 0,
                stream,
            };
            link.head_alone(head).await?;
            link.raw(&[b'*'; 1024]).await
        }
        "push" => {
            // Stream 2 is promised, with an empty block of fields.
            let promise = [&2_u32.to_be_bytes()[..], b"\x82\x84\x87"].concat();
            link.frame(kind::PUSH_PROMISE, flag::END_HEADERS, stream, &promise)
                .await
        }
        // SETTINGS_MAX_FRAME_SIZE 1; SETTINGS_INITIAL_WINDOW_SIZE 2^32 - 1; five bytes of six.
        "settings-frame-size" => settings(b"\0\x05\0\0\0\x01").await,
        "settings-window" => settings(b"\0\x04\xff\xff\xff\xff").await,
        "settings-cut" => settings(b"\0\x04\0\0\xff").await,
        "window-zero" => link.frame(kind::WINDOW_UPDATE, 0, stream, &[0; 4]).await,
        "window-overflow" => {
            let most = 0x7fff_ffff_u32.to_be_bytes();
            link.frame(kind::WINDOW_UPDATE, 0, 0, &most).await?;
            link.frame(kind::WINDOW_UPDATE, 0, 0, &most).await
        }
        "continuation-interrupted" => {
            link.frame(kind::HEADERS, 0, stream, b"\x88").await?;
            link.frame(kind::PING, 0, 0, &[0; 8]).await
        }
        "continuation-endless" => {
            link.frame(kind::HEADERS, 0, stream, b"\x88").await?;
            let mut block = Vec::new();
            let value = "*".repeat(1000);
            httpwhy_wire::hpack::write_literal(&mut block, b"x-endless", value.as_bytes());
            for _ in 0..ENDLESS {
                link.frame(kind::CONTINUATION, 0, stream, &block).await?;
            }
            Ok(())
        }
        "early-answer" => {
            let fields = [(":status", "413"), ("content-length", "0")];
            link.fields(stream, &turn.marked(&fields), true).await?;
            link.reset_stream(stream, crate::h2::code::NONE).await
        }
        _ => end_within(how, turn).await,
    }
}

/// Part of an answer, and then nothing good.
async fn end_within(how: &str, turn: FramesTurn<'_>) -> io::Result<()> {
    let FramesTurn { link, stream, .. } = turn;
    if how != "window-stall" {
        link.fields(stream, &turn.marked(HEAD), false).await?;
        link.data(stream, BODY, false).await?;
    }
    match how {
        "close-in-body" => link.end(After::Close),
        "reset-in-body" => link.end(After::Reset),
        _ => {
            if how == "ping-silence" {
                link.stop_answering_pings();
            }
            sleep(DEADLINE).await;
        }
    }
    Ok(())
}

/// A server of HTTP/1.1 that is taken for one of HTTP/2.
struct NotH2;

impl OnAccept for NotH2 {
    fn accepted<'a>(&'a self, stream: TcpStream, _: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            let mut wire = Wire::clear(stream);
            let preface = httpwhy_wire::h2::PREFACE;
            if wire.begins_with(preface, DEADLINE).await.is_none() {
                return Ok(());
            }
            let answer =
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut wire, answer).await?;
            wire.close().await;
            Ok(())
        })
    }
}

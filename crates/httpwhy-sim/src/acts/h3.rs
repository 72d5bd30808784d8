//! Answers that break a rule of HTTP/3, each one.

use std::io;

use httpwhy_wire::h3::{kind, stream, write_frame, write_integer};
use quinn::VarInt;
use tokio::time::sleep;

use crate::act::{Act, Cue, Misuse, OnQuic, Params, Part, Playing, QuicTurn, Role};
use crate::acts::h2::{BODY, HEAD, TOLD};
use crate::h3::{send_fields, send_frame};
use crate::serve::DEADLINE;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "h3",
    about: "over HTTP/3: an answer that breaks that rule of RFC 9114, a GOAWAY, or a connection that stands still",
    params: &["how"],
    perform,
};

/// Every way, and whether the client's own deadline ends it.
const HOWS: &[(&str, bool)] = &[
    ("bad-qpack", false),
    ("connection-field", false),
    ("content-without-head", false),
    ("control-closed", false),
    ("frame-unexpected", false),
    ("goaway", true),
    ("goaway-processed", false),
    ("length-mismatch", false),
    ("no-status", false),
    ("second-control", false),
    ("second-settings", false),
    ("settings-of-http2", false),
    ("stall-before-head", true),
    ("stall-in-body", true),
    ("truncated", false),
];

fn perform(params: &Params) -> Result<Role, Misuse> {
    let known: Vec<&str> = HOWS.iter().map(|(how, _)| *how).collect();
    let how = params.word("how", &known)?;
    let slow = HOWS.iter().any(|(known, slow)| *known == how && *slow);
    Ok(Role {
        part: Part::Quic(Box::new(Broken { how })),
        cue: Cue {
            slow,
            ..Cue::http3()
        },
    })
}

/// The code that an entry asks for: any integer of QUIC.
pub(super) fn code(params: &Params) -> Result<VarInt, Misuse> {
    let code: u64 = params.number_within("code", 0, (1 << 62) - 1)?;
    VarInt::from_u64(code).map_err(|error| Misuse(error.to_string()))
}

/// Sends the head of an answer of 100 bytes and the first 34 of them, and gives the client time to take notice.
pub(super) async fn begin(turn: &mut QuicTurn<'_>) -> io::Result<()> {
    let head = turn.marked(HEAD);
    send_fields(&mut turn.to, &head).await?;
    send_frame(&mut turn.to, kind::DATA, BODY).await?;
    sleep(TOLD).await;
    Ok(())
}

struct Broken {
    how: &'static str,
}

impl OnQuic for Broken {
    fn answer<'a>(&'a self, turn: QuicTurn<'a>) -> Playing<'a, ()> {
        Box::pin(perform_how(self.how, turn))
    }
}

async fn perform_how(how: &str, mut turn: QuicTurn<'_>) -> io::Result<()> {
    match how {
        "connection-field" => answer(turn, &[(":status", "200"), ("connection", "close")]).await,
        "no-status" => answer(turn, &[("content-type", "text/plain")]).await,
        // An index of a table that was never offered.
        "bad-qpack" => {
            send_frame(&mut turn.to, kind::HEADERS, b"\x05\x80\x80").await?;
            finish(&mut turn);
            Ok(())
        }
        "content-without-head" => {
            send_frame(&mut turn.to, kind::DATA, BODY).await?;
            finish(&mut turn);
            Ok(())
        }
        "frame-unexpected" => {
            send_frame(&mut turn.to, kind::SETTINGS, b"").await?;
            finish(&mut turn);
            Ok(())
        }
        "length-mismatch" | "stall-in-body" => {
            begin(&mut turn).await?;
            if how == "stall-in-body" {
                sleep(DEADLINE).await;
            }
            finish(&mut turn);
            Ok(())
        }
        // A frame that claims 100 bytes, of which 34 come before the stream ends.
        "truncated" => {
            let head = turn.marked(&HEAD[..2]);
            send_fields(&mut turn.to, &head).await?;
            let mut frame = Vec::new();
            write_frame(&mut frame, kind::DATA, &[b'*'; 100]);
            turn.to.write_all(&frame[..36]).await?;
            finish(&mut turn);
            Ok(())
        }
        "stall-before-head" => {
            sleep(DEADLINE).await;
            Ok(())
        }
        _ => on_the_connection(how, turn).await,
    }
}

/// What concerns the connection; the request is left without an answer.
async fn on_the_connection(how: &str, mut turn: QuicTurn<'_>) -> io::Result<()> {
    let peer = turn.peer;
    match how {
        "goaway" => peer.tell(kind::GOAWAY, &[0]).await?,
        "goaway-processed" => {
            let mut id = Vec::new();
            write_integer(&mut id, u64::from(turn.to.id()) + 4);
            peer.tell(kind::GOAWAY, &id).await?;
            return answer(turn, &[(":status", "204")]).await;
        }
        "second-settings" => peer.tell(kind::SETTINGS, b"").await?,
        // SETTINGS_MAX_CONCURRENT_STREAMS of HTTP/2 (RFC 9114 section 7.2.4.1).
        "settings-of-http2" => peer.tell(kind::SETTINGS, &[3, 1]).await?,
        "second-control" => {
            let mut second = peer.connection.open_uni().await?;
            let mut opening = Vec::new();
            write_integer(&mut opening, stream::CONTROL);
            second.write_all(&opening).await?;
            // Kept open until the client has seen it.
            sleep(DEADLINE).await;
        }
        _ => {
            // A control stream that was reset by the client is over already.
            let _ = peer.control.lock().await.finish();
        }
    }
    sleep(DEADLINE).await;
    finish(&mut turn);
    Ok(())
}

async fn answer<'a>(mut turn: QuicTurn<'a>, fields: &[(&'a str, &'a str)]) -> io::Result<()> {
    let fields = turn.marked(fields);
    send_fields(&mut turn.to, &fields).await?;
    finish(&mut turn);
    Ok(())
}

fn finish(turn: &mut QuicTurn<'_>) {
    // A stream that the client has given up is over already.
    let _ = turn.to.finish();
}

//! The octets of a recorded answer, as far as they are recorded, and made up where only their defects are.

use httpwhy_model::{Body, Exchange, Framing, Response, Seen, Signal};
use httpwhy_schema::ScenarioPiece;

/// The heads, interim ones first, and what stands behind them.
pub(super) fn of(exchange: &Exchange) -> (Vec<u8>, Vec<ScenarioPiece>) {
    let mut heads = Vec::new();
    for interim in &exchange.interim {
        heads.extend_from_slice(&head(interim));
    }
    let Some(response) = &exchange.response else {
        return (heads, Vec::new());
    };
    let defects: Vec<&Signal> = exchange
        .signals()
        .map(|(_, signal)| signal)
        .filter(|signal| signal.dialect() == "h1")
        .collect();
    let is_http = !response.version.is_empty() || !response.code.is_empty();
    if is_http {
        heads.extend_from_slice(&head(response));
    }
    let Seen::Present(body) = &response.body else {
        return (heads, Vec::new());
    };
    let content = match body.framing {
        Framing::Chunked => chunked(body, response, &defects),
        _ => plain(body, &defects),
    };
    (heads, content)
}

/// The head's octets. Heads of HTTP/2 and 3 are no text: they become those of HTTP/1.1, which is carried over again.
fn head(response: &Response) -> Vec<u8> {
    if response.version.starts_with(b"HTTP/1") || response.raw_head.is_some() {
        return response.head_octets().to_vec();
    }
    let mut as_text = response.clone();
    as_text.version = b"HTTP/1.1".as_slice().into();
    as_text.head_octets().to_vec()
}

/// So much was counted and not kept.
fn not_kept(body: &Body) -> u64 {
    let kept = body.bytes.len() as u64;
    match body.received {
        Seen::Present(received) => received.saturating_sub(kept),
        Seen::Absent | Seen::NotCaptured => 0,
    }
}

fn has(defects: &[&Signal], name: &str) -> bool {
    defects.iter().any(|defect| defect.is(name))
}

fn plain(body: &Body, defects: &[&Signal]) -> Vec<ScenarioPiece> {
    let mut piece = ScenarioPiece::of(0, &body.bytes);
    piece.filler = not_kept(body);
    let mut pieces = vec![piece];
    if has(defects, "h1:extra-bytes") {
        pieces.push(ScenarioPiece::of(0, b"more than that"));
    }
    pieces
}

/// One chunk with all of it, and the trailers; or broken off where it was.
fn chunked(body: &Body, response: &Response, defects: &[&Signal]) -> Vec<ScenarioPiece> {
    let filler = not_kept(body);
    let length = body.bytes.len() as u64 + filler;
    let is_cut = has(defects, "h1:truncated-chunk");
    let mut pieces = Vec::new();
    let missing = if is_cut { 16 } else { 0 };
    if length + missing > 0 {
        let size = format!("{:x}\r\n", length + missing);
        let mut data = ScenarioPiece::of(0, &[size.as_bytes(), &body.bytes].concat());
        data.filler = filler;
        pieces.push(data);
    }
    let is_ended = length > 0 && !is_cut;
    let behind: &[u8] = match () {
        () if is_cut => b"",
        () if has(defects, "h1:chunk-end-missing") => b"not the end of a chunk\r\n",
        () if has(defects, "h1:bad-chunk-size") => b"\r\nno size\r\n",
        () if has(defects, "h1:truncated-body") => b"\r\n",
        () if has(defects, "h1:truncated-trailers") => b"\r\n0\r\n",
        () if body.complete == Seen::Present(false) => b"\r\n",
        () => b"\r\n0\r\n",
    };
    let behind = if is_ended {
        behind
    } else {
        behind.strip_prefix(b"\r\n").unwrap_or(behind)
    };
    let mut tail = behind.to_vec();
    if tail.ends_with(b"0\r\n") && !has(defects, "h1:truncated-trailers") {
        for field in &response.trailers.list {
            for part in [&field.name[..], b": ", field.value.as_bytes(), b"\r\n"] {
                tail.extend_from_slice(part);
            }
        }
        tail.extend_from_slice(b"\r\n");
    }
    pieces.push(ScenarioPiece::of(0, &tail));
    pieces
}

//! The reference API at `/api/v1`: a small service in memory in which each status happens for its true reason.
//!
//! Records can be created, listed, read, replaced, deleted, locked and downloaded; there are jobs with a status monitor,
//! folders, a batch, a gateway, a proxy. `GET /api/v1/codes` tells for every code which request yields it, or why no
//! server sends it; [`codes`] is that table, and the tests walk it over the wire. `GET /api/v1/openapi.json` describes
//! all of it, made from the [`operations`] that the router itself uses.
//!
//! **Keys.** `Authorization: Bearer demo`, or any key that `POST /api/v1/keys` issued; each has its own records, limit and
//! quota, and settings that bring about what a client cannot: disabled (403), unpaid (402), limited (429), small (507),
//! careful (428), abroad (451), maintenance (503), captive (511) are keys that are always there. `POST /api/v1/reset`
//! puts a key back to the start. Nothing depends on the clock but the limits.
//!
//! **Bounds.** 64 keys are issued at a time (the one unused longest goes), each with 200 records, 1 MiB, 50 jobs and 50
//! folders; a target has 4,096 bytes, the fields 16,384, JSON 16,384, a download 65,536.
//!
//! **How it is answered.** [`answer`] is the one adapter: HTTP/2 and HTTP/3 hand over the same requests. Answers are built
//! with `httpwhy-respond`; errors are problem details (RFC 9457).

#![expect(
    clippy::unnecessary_wraps,
    reason = "every handler has the type of the table, and most can refuse"
)]

mod ask;
mod batch;
mod built;
mod codes;
mod content;
mod feedback;
mod folders;
mod gateway;
mod guide;
mod jobs;
mod keys;
mod links;
mod locks;
mod multistatus;
mod openapi;
mod operation;
mod operations;
mod pages;
mod pots;
mod proxy;
mod record;
mod records;
mod schemas;
mod service;
mod shape;
mod tenant;
mod trouble;
mod yaml;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use httpwhy_respond::{ContentTooLarge, Failure, Protocol, UpgradeRequired};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

pub(crate) use service::Service;

use crate::act::After;
use crate::answer::Answer;
use crate::request::Asked;
use crate::statuses;
use crate::websocket::{self, Longest};
use crate::wire::Wire;
use crate::world::World;
use ask::Ask;
use batch::Work;
use service::Turn;

/// Where the API is.
pub(crate) const BASE: &str = "/api/v1";
/// What its answers are marked with.
const MARK: &str = "api";
/// How long a client may be silent within the content of a request.
const SILENCE: Duration = Duration::from_secs(3);

/// Whether the API answers for that path.
pub(crate) fn owns(path: &str) -> bool {
    let behind = path.strip_prefix(BASE);
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
}

/// Reads the content of a request of HTTP/1.1 of which only the head was waited for, unless the head shows that it will
/// be refused. A client that asked to is told to go on first (RFC 9110 section 10.1.1).
pub(crate) async fn admit(wire: &mut Wire, asked: Asked, world: &World) -> io::Result<Asked> {
    match asked.head_only && owns(&asked.path) {
        // Its buffer is needed by few connections.
        true => Box::pin(take_content(wire, asked, world)).await,
        false => Ok(asked),
    }
}

async fn take_content(wire: &mut Wire, mut asked: Asked, world: &World) -> io::Result<Asked> {
    let Some(ask) = Ask::of(&asked).filter(|ask| !world.api.refuses(ask)) else {
        return Ok(asked);
    };
    // What may come is bounded by what the operation takes: more was refused by the head.
    let length = ask.declared().unwrap_or(0);
    if asked.content.is_empty() && asked.modern && ask.field(http::header::EXPECT).is_some() {
        wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        wire.flush().await?;
    }
    let mut buffer = [0; 8192];
    while asked.length < length {
        let room = buffer.len().min((length - asked.length) as usize);
        let Ok(read) = timeout(SILENCE, wire.read(&mut buffer[..room])).await else {
            return Ok(asked);
        };
        match read? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => asked.content.extend_from_slice(&buffer[..count]),
        }
        asked.length = asked.content.len() as u64;
    }
    asked.keep = asked.modern && ask.major == 1 && !asked.has_token("Connection", "close");
    Ok(asked)
}

/// Answers a request.
pub(crate) async fn answer(wire: &mut Wire, asked: &Asked, world: &World) -> io::Result<After> {
    let mark = world.mark.then_some(MARK);
    let Some(ask) = Ask::of(asked) else {
        return unreadable(400).send(wire, asked, mark).await;
    };
    let done = if proxy::is_meant(&ask) {
        proxy::pass_on(&ask, asked, world.http).await
    } else {
        match world.api.call(&ask) {
            Turn::Reply(response) => Ok(response),
            Turn::Gateway(upstream) => gateway::pass_on(&upstream, world.http).await,
            Turn::Socket if websocket::key(asked).is_some() => {
                return websocket::echo(wire, asked, mark, Longest::default()).await;
            }
            Turn::Socket => Ok(socket_needed()),
        }
    };
    let response = done.unwrap_or_else(trouble::Trouble::into_response);
    if let Some(Work { long, told }) = response.extensions().get().copied() {
        if told && asked.modern {
            wire.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await?;
            wire.flush().await?;
        }
        sleep(long).await;
    }
    written(response).send(wire, asked, mark).await
}

/// 426: the feed is a WebSocket.
fn socket_needed() -> Response<Bytes> {
    let refused = UpgradeRequired::to(Protocol::websocket());
    refused.detail("Events come over a WebSocket alone.").into()
}

/// The answer to a request that could not be read.
pub(crate) fn unreadable(status: u16) -> Answer {
    let response = match status {
        408 => Failure::request_timeout().into(),
        413 => ContentTooLarge::new().into(),
        431 => Failure::request_header_fields_too_large().into(),
        _ => Failure::bad_request().into(),
    };
    written(response)
}

/// An answer as the simulator sends it.
fn written(response: Response<Bytes>) -> Answer {
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let fields = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (spelt(name.as_str()), value)
    });
    Answer {
        status,
        reason: statuses::of(status).reason.to_owned(),
        fields: [("Server".to_owned(), "sim".to_owned())]
            .into_iter()
            .chain(fields.filter(|(name, _)| name != "Server"))
            .collect(),
        body: body.to_vec(),
    }
}

/// A field's name as people write it.
fn spelt(name: &str) -> String {
    match name {
        "etag" => return "ETag".to_owned(),
        "www-authenticate" => return "WWW-Authenticate".to_owned(),
        "im" => return "IM".to_owned(),
        "ratelimit" => return "RateLimit".to_owned(),
        "ratelimit-policy" => return "RateLimit-Policy".to_owned(),
        _ => {}
    }
    let mut begins = true;
    let capital = |c: char| {
        let c = if begins { c.to_ascii_uppercase() } else { c };
        begins = c == '-';
        c
    };
    name.chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert!(owns("/api/v1") && owns("/api/v1/") && owns("/api/v1/x"));
        assert!(!owns("/api/v10") && !owns("/api") && !owns("/API/v1"));
    }

    #[test]
    fn names_of_fields() {
        assert_eq!(spelt("retry-after"), "Retry-After");
        assert_eq!(spelt("etag"), "ETag");
    }
}

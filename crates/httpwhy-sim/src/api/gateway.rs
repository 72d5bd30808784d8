//! The API's own gateway: what it passes on goes over a real connection to an upstream that answers, refuses, talks
//! nonsense, or is silent.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, VIA};
use http::{Response, StatusCode};
use httpwhy_respond::Failure;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::built::{self, TEXT};
use super::trouble::{Done, Trouble};
use crate::ports::Closed;
use crate::upstream::{self, Fetched, Missing};
use crate::wire;

/// What the gateway calls itself.
const NAME: &str = "sim-gateway";
/// How long it waits for an upstream.
const PATIENCE: Duration = Duration::from_millis(200);
/// The names of the upstreams.
pub(super) const UPSTREAMS: &[&str] = &["live", "dead", "nonsense", "slow"];
/// RFC 9209.
pub(super) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// `GET /gateway/{upstream}`: 200 from a live one; 502 when it refuses or talks nonsense, 504 when it is silent.
pub(super) async fn pass_on(name: &str, http: SocketAddr) -> Done {
    let fetched = match name {
        "live" => ask(http).await,
        "dead" => {
            let closed = Closed::bind(http.ip()).map_err(Trouble::unhandled)?;
            ask(closed.address).await
        }
        "nonsense" => {
            let listener = listen(http).await?;
            let address = listener.local_addr().map_err(Trouble::unhandled)?;
            let (fetched, _) = tokio::join!(ask(address), talk_nonsense(listener));
            fetched
        }
        "slow" => {
            // The system completes the handshake; nobody takes the connection up.
            let listener = listen(http).await?;
            ask(listener.local_addr().map_err(Trouble::unhandled)?).await
        }
        _ => {
            let detail = format!("There are the upstreams {}.", UPSTREAMS.join(", "));
            return Err(Failure::not_found().detail(detail).into());
        }
    };
    match fetched {
        Ok(fetched) => passed(fetched),
        Err(missing) => failed(NAME, missing),
    }
}

async fn listen(http: SocketAddr) -> Result<TcpListener, Trouble> {
    let listener = TcpListener::bind((http.ip(), 0)).await;
    listener.map_err(Trouble::unhandled)
}

async fn ask(address: SocketAddr) -> Result<Fetched, Missing> {
    let request = format!(
        "GET /landing HTTP/1.1\r\nHost: upstream.sim.test\r\nVia: 1.1 {NAME}\r\nConnection: close\r\n\r\n"
    );
    upstream::fetch(address, b"GET", request.as_bytes(), PATIENCE).await
}

async fn talk_nonsense(listener: TcpListener) -> io::Result<()> {
    let Ok(accepted) = timeout(PATIENCE, listener.accept()).await else {
        return Ok(());
    };
    let (mut stream, _) = accepted?;
    stream
        .write_all(b"\x00\x01 not an answer \xff\r\n\r\n")
        .await?;
    wire::close(stream).await;
    Ok(())
}

/// The upstream's content.
fn passed(fetched: Fetched) -> Result<Response<Bytes>, Trouble> {
    let status = StatusCode::from_u16(fetched.status).map_err(Trouble::unhandled)?;
    let response = built::content(status, TEXT, fetched.content);
    built::with(response, VIA, &format!("1.1 {NAME}"))
}

/// What an intermediary of that name says when there is no answer, and why (RFC 9209).
pub(super) fn failed(name: &str, missing: Missing) -> Done {
    let failure = match missing {
        Missing::Late => Failure::gateway_timeout()
            .detail("The upstream did not answer in time. It may still be at work."),
        Missing::Refused => Failure::bad_gateway().detail("The upstream refused the connection."),
        Missing::Invalid => Failure::bad_gateway().detail("What the upstream sent is no HTTP."),
    };
    let response = built::with(failure.into(), VIA, &format!("1.1 {name}"))?;
    let status = format!("{name};error={}", missing.error_type());
    built::with(response, PROXY_STATUS, &status)
}

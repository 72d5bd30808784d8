//! Asking a server behind: one request on a connection of its own, within bounds.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use httpwhy_model::Seen;
use httpwhy_wire::h1::{Limits, Reader, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Bounds of an answer, in bytes.
const LIMITS: Limits = Limits {
    head: 65_536,
    body: 1 << 20,
    interim: 8,
};

/// An answer that came whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// The status.
    pub(crate) status: u16,
    /// The fields, in order.
    pub(crate) fields: Vec<(String, String)>,
    /// The content.
    pub(crate) content: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The connection was refused, or could not be made.
    Refused,
    /// What came is no answer, or not a whole one, or too long.
    Invalid,
    /// Nothing whole came in time.
    Late,
}

impl Missing {
    /// The status with which a gateway says so (RFC 9110 sections 15.6.3 and 15.6.5).
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Refused | Self::Invalid => 502,
            Self::Late => 504,
        }
    }

    /// Its name among the error types of Proxy-Status (RFC 9209 section 2.3).
    pub(crate) fn error_type(self) -> &'static str {
        match self {
            Self::Refused => "connection_refused",
            Self::Invalid => "http_protocol_error",
            Self::Late => "http_response_timeout",
        }
    }
}

/// Sends these bytes, a request of that method, and reads the answer; all within so long.
pub(crate) async fn fetch(
    address: SocketAddr,
    method: &[u8],
    request: &[u8],
    patience: Duration,
) -> Result<Fetched, Missing> {
    let deadline = Instant::now() + patience;
    let reader = timeout_at(deadline, exchange(address, method, request)).await;
    whole(reader.map_err(|_| Missing::Late)??)
}

async fn exchange(address: SocketAddr, method: &[u8], request: &[u8]) -> Result<Reader, Missing> {
    let connected = TcpStream::connect(address).await;
    let mut stream = connected.map_err(|error| match error.kind() {
        ErrorKind::TimedOut => Missing::Late,
        _ => Missing::Refused,
    })?;
    let cut = |_| Missing::Invalid;
    stream.write_all(request).await.map_err(cut)?;
    let mut reader = Reader::response(method, LIMITS);
    let mut buffer = [0; 4096];
    while matches!(reader.state(), State::Head | State::Body) {
        let count = stream.read(&mut buffer).await.map_err(cut)?;
        if count == 0 {
            break;
        }
        reader.feed(&buffer[..count]);
        if reader.total() > (LIMITS.head + LIMITS.body) as u64 {
            return Err(Missing::Invalid);
        }
    }
    Ok(reader)
}

fn whole(reader: Reader) -> Result<Fetched, Missing> {
    let message = reader.finish();
    let is_valid = message.complete && message.defects.is_empty();
    let response = message.response.filter(|_| is_valid);
    let response = response.ok_or(Missing::Invalid)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields = response.fields.list.iter();
    Ok(Fetched {
        status: response.status().ok_or(Missing::Invalid)?,
        fields: fields
            .map(|field| (text(&field.name), text(field.value.as_bytes())))
            .collect(),
        content: match response.body {
            Seen::Present(body) => body.bytes.to_vec(),
            Seen::Absent | Seen::NotCaptured => Vec::new(),
        },
    })
}

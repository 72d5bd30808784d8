//! A tunnel through an HTTP proxy: CONNECT (RFC 9110 section 9.3.6).

use std::io;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use httpwhy_model::{Exchange, Fields, H1Defect, Phase, Response, Signal};
use httpwhy_wire::h1::{Limits, Message, Reader, State, write_head};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Dialler, Reached};
use crate::signals;
use crate::stream::Stream;
use crate::ways::{Place, Proxy, Ways};

/// Bounds of what is kept of a proxy's answer.
const LIMITS: Limits = Limits {
    head: 65_536,
    body: 16_384,
    interim: 8,
};
/// Bytes of a refusal's content read at most.
const CONTENT: u64 = 65_536;

/// The value of Proxy-Authorization (RFC 7617).
pub(crate) fn authorization(proxy: &Proxy) -> Option<String> {
    let user = proxy.user()?;
    Some(format!("Basic {}", BASE64_STANDARD.encode(user.as_str())))
}

impl Dialler<'_> {
    /// A tunnel to that place.
    pub(super) async fn through_http(
        &self,
        ways: &Ways,
        proxy: &Proxy,
        place: &Place,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        let mut reached = self.reach_proxy(ways, proxy, exchange).await?;
        let request = self.connect_request(proxy, place);
        let began = Instant::now();
        let mut reader = Reader::response(b"CONNECT", LIMITS);
        let asking = ask(&mut reached.stream, &request, &mut reader);
        let end = self.within(self.deadlines.tunnel, asking).await;
        exchange.timeline.add(Phase::Tunnel, began.elapsed());
        let opened = conclude(reader, end, exchange);
        opened.then_some(reached)
    }

    fn connect_request(&self, proxy: &Proxy, place: &Place) -> Vec<u8> {
        let authority = match &place.addresses {
            // What was to be resolved here is resolved here.
            Some(addresses) if !addresses.is_empty() => {
                std::net::SocketAddr::new(addresses[0], place.port).to_string()
            }
            _ => format!("{}:{}", place.host, place.port),
        };
        let mut fields = Fields::all();
        fields.push("Host", authority.clone());
        fields.push("User-Agent", self.local.shared.config.user_agent.clone());
        if let Some(value) = authorization(proxy) {
            fields.push("Proxy-Authorization", value);
        }
        let mut out = Vec::new();
        write_head(
            &mut out,
            [b"CONNECT", authority.as_bytes(), b"HTTP/1.1"],
            &fields,
        );
        out
    }
}

/// How the proxy's answer ended.
enum End {
    /// As a message does.
    Whole,
    /// By the end of the stream.
    Eof,
    /// It is longer than is read.
    Enough,
    /// It opens the tunnel, and bytes come behind it at once. Who is spoken to through a tunnel waits for us, so they are
    /// nobody's.
    Early,
}

async fn ask(stream: &mut Stream, request: &[u8], reader: &mut Reader) -> io::Result<End> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => {
                reader.eof();
                return Ok(End::Eof);
            }
            Ok(count) => {
                let came = &buffer[..count];
                let taken = reader.feed(came).consumed;
                if taken < came.len() && reader.state() == State::Upgraded {
                    return Ok(End::Early);
                }
            }
            Err(error) if signals::is_unclean_end(&error) => {
                reader.eof();
                return Ok(End::Eof);
            }
            Err(error) => return Err(error),
        }
        if matches!(reader.state(), State::Done | State::Upgraded) {
            return Ok(End::Whole);
        }
        if reader.total() - reader.head_bytes() > CONTENT {
            return Ok(End::Enough);
        }
    }
}

/// Records what the proxy answered, and says whether the tunnel is open.
fn conclude(reader: Reader, end: Result<io::Result<End>, Signal>, exchange: &mut Exchange) -> bool {
    let came = reader.total();
    let message = reader.finish();
    let upgraded = message.upgraded;
    let nothing = message.response.is_none();
    let answer = answered(message, exchange);
    match end {
        Ok(Ok(End::Whole)) if upgraded => return true,
        Ok(Ok(End::Early)) => {
            exchange.signal(Phase::Tunnel, Signal::h1(H1Defect::ExtraBytes, came));
        }
        Ok(Ok(End::Eof)) if nothing => exchange.signal(Phase::Tunnel, Signal::Eof(came)),
        Ok(Ok(_)) => {}
        Ok(Err(error)) => exchange.signal(Phase::Tunnel, signals::of_stream(&error)),
        Err(signal) => exchange.signal(Phase::Tunnel, signal),
    }
    if exchange.tunnel_answer().is_some_and(asks_in_vain) {
        exchange.signal(Phase::Tunnel, Signal::word("tunnel", "no-scheme"));
    }
    if let Some(code) = answer.filter(|code| !code.starts_with('2')) {
        exchange.signal(Phase::Tunnel, Signal::word("tunnel", code));
    }
    false
}

/// Whether it challenges, and by no scheme that is spoken here: Basic (RFC 7617).
fn asks_in_vain(answer: &Response) -> bool {
    let mut challenges = answer
        .fields
        .iter("proxy-authenticate")
        .filter_map(httpwhy_model::Value::as_str)
        .flat_map(|value| value.split(','))
        .peekable();
    let basic = |challenge: &str| {
        let scheme = challenge.trim().split(' ').next();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    };
    answer.status() == Some(407) && challenges.peek().is_some() && !challenges.any(basic)
}

/// Keeps the answer; its code, when it has one that can stand as a word.
fn answered(message: Message, exchange: &mut Exchange) -> Option<String> {
    for defect in message.defects {
        let harmless = matches!(
            defect,
            Signal::H1 {
                defect: H1Defect::TruncatedBody | H1Defect::TruncatedChunk,
                ..
            }
        );
        if !harmless {
            exchange.signal(Phase::Tunnel, defect);
        }
    }
    let response: Response = message.response?;
    let code = response.status().map(|status| format!("{status:03}"));
    let proxy = exchange.way_mut().proxy.as_mut();
    if let Some(proxy) = proxy {
        proxy.answer = Some(response);
    }
    code
}

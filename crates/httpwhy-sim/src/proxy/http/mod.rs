//! A proxy that knows HTTP/1.1: forward (absolute form and CONNECT) or reverse.
//!
//! It does a proxy's duties (RFC 9110 sections 7.6, 10.2, 15.2): interim answers are passed on as they come, fields of
//! the connection stay behind, Via is kept up, Max-Forwards counts down, a loop is refused; content passes as it is
//! framed, and ends as it ended. What it cannot pass on it answers itself, with Proxy-Status. Each exchange has a
//! connection of its own to the server. Both sides are kept.

mod failure;
mod head;
mod record;
mod target;

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httpwhy_model::{Errno, Phase, Signal};
use httpwhy_wire::h1::{Limits, Reader, State};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf,
    copy_bidirectional, join, split,
};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use self::failure::{Failure, Named, named};
use self::head::Head;
pub(super) use self::record::Exchanges;
use self::record::{Leg, visit};
pub(super) use self::target::open;
use self::target::{Target, connect};
use super::flow::Draw;
use super::shared::Shared;
use super::toxic::{How, Kind, Place, Stream, Toxic};
use crate::act::After;
use crate::answer::Answer;
use crate::random::Random;
use crate::request::Asked;

/// The longest head, in bytes.
const LONGEST_HEAD: usize = 65_536;
/// How long a client may take to begin a request, and either side to send the next bytes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Serves one client's connection. `torn` is set, before the pipe ends, when that end is to be a reset.
pub(super) async fn converse(
    pipe: DuplexStream,
    proxy: &Shared,
    draw: Draw<'_>,
    torn: &AtomicBool,
) {
    let (from, to) = split(pipe);
    let mut client = Client {
        from: Source::new(from),
        to,
    };
    let mut exchange = 0;
    loop {
        exchange += 1;
        match Box::pin(serve_one(&mut client, proxy, draw, exchange)).await {
            Ok(After::Keep) => {}
            Ok(After::Close) => return,
            Ok(After::Reset) => return torn.store(true, Ordering::Release),
            Err(error) => {
                let is_torn = error.kind() == ErrorKind::ConnectionReset;
                return torn.store(is_torn, Ordering::Release);
            }
        }
    }
}

struct Client {
    from: Source<ReadHalf<DuplexStream>>,
    to: WriteHalf<DuplexStream>,
}

impl Client {
    async fn send(&mut self, bytes: &[u8], leg: &mut Leg) -> io::Result<()> {
        leg.answers(bytes);
        self.to.write_all(bytes).await?;
        self.to.flush().await
    }
}

/// Where bytes come from, with what came too early.
struct Source<R> {
    from: R,
    buffer: Vec<u8>,
}

/// Why there is no head.
enum NoHead {
    End,
    TooLong,
    TooLate,
    Error(io::Error),
}

impl<R: AsyncRead + Unpin> Source<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
        }
    }

    /// Reads more; 0 at the end. An error when nothing comes in time.
    async fn more(&mut self) -> io::Result<usize> {
        self.buffer.reserve(8192);
        match timeout(PATIENCE, self.from.read_buf(&mut self.buffer)).await {
            Ok(read) => read,
            Err(_) => Err(ErrorKind::TimedOut.into()),
        }
    }

    /// The next head, with its empty line.
    async fn head(&mut self) -> Result<Vec<u8>, NoHead> {
        loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.buffer.split_off(end + 4);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(NoHead::TooLong);
            }
            match self.more().await {
                Ok(0) => return Err(NoHead::End),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => return Err(NoHead::TooLate),
                Err(error) => return Err(NoHead::Error(error)),
            }
        }
    }
}

/// One request, its way and what is known of it.
struct Turn<'a> {
    proxy: &'a Shared,
    asked: Head,
    target: Target,
    /// The HTTP toxics that this exchange meets.
    toxics: Vec<(Toxic, Random)>,
    leg: Leg,
    /// Whether the client's connection may go on.
    keep: bool,
    content: Content,
}

/// The content of a request on its way; giving up in the middle loses nothing.
struct Content {
    reader: Reader,
    /// How many bytes that wait belong to it.
    pending: usize,
}

impl Content {
    fn is_over(&self) -> bool {
        self.reader.state() == State::Done && self.pending == 0
    }
}

async fn serve_one(
    client: &mut Client,
    proxy: &Shared,
    draw: Draw<'_>,
    exchange: u64,
) -> io::Result<After> {
    let head = match client.from.head().await {
        Ok(head) => head,
        Err(NoHead::Error(error)) => return Err(error),
        Err(NoHead::End | NoHead::TooLate) => return Ok(After::Close),
        Err(NoHead::TooLong) => {
            let mut failure = Failure::new("http_request_error", "the head is too long");
            failure.status = 431;
            return refuse(client, proxy, &failure, None).await;
        }
    };
    let asked = Head::read(&head).filter(|head| head.first[2].starts_with("HTTP/1."));
    let mut reader = Reader::request(Limits {
        head: LONGEST_HEAD + 4,
        body: 0,
        interim: 0,
    });
    reader.feed(&head);
    let content = Content { reader, pending: 0 };
    let Some(asked) = asked else {
        let failure = Failure::new("http_request_error", "the request is malformed");
        return refuse(client, proxy, &failure, None).await;
    };
    let mut leg = Leg::new(&asked.first[0]);
    leg.asks(&head);
    let target = match Target::of(&asked, proxy) {
        Ok(target) => target,
        Err(failure) => return refuse(client, proxy, &failure, Some((leg, ""))).await,
    };
    let met = |toxic: &Toxic| {
        draw.meets(exchange, toxic)
            .map(|random| (toxic.clone(), random))
    };
    let toxics = proxy.toxics.borrow().clone();
    let keep = asked.first[2] == "HTTP/1.1" && !asked.has_token("connection", "close");
    let mut turn = Turn {
        proxy,
        toxics: toxics
            .iter()
            .filter(|toxic| toxic.knows_http())
            .filter_map(met)
            .collect(),
        asked,
        target,
        leg,
        keep,
        content,
    };
    if let Some(failure) = turn.objection() {
        let target = turn.target.uri.clone();
        return refuse(client, proxy, &failure, Some((turn.leg, &target))).await;
    }
    if turn.asked.first[0] == "CONNECT" {
        return turn.tunnel(client).await;
    }
    if let Some(answer) = turn.own_answer() {
        return turn.answer_itself(client, &answer).await;
    }
    turn.forward(client).await
}

/// Answers with an error of the proxy's own, and ends the connection: content may still be on its way.
async fn refuse(
    client: &mut Client,
    proxy: &Shared,
    failure: &Failure,
    leg: Option<(Leg, &str)>,
) -> io::Result<After> {
    let mark = failure
        .asked_for
        .then(|| format!("status-{}", failure.status));
    let answer = failure.answer(&proxy.pseudonym);
    // The request may be unread in part: the connection carries no other.
    let bytes = answer.render(&Asked::default(), mark.as_deref());
    let (mut leg, target) = leg.unwrap_or_else(|| (Leg::new("GET"), ""));
    let sent = client.send(&bytes, &mut leg).await;
    proxy.exchanges.keep(visit(target, leg, None));
    sent.map(|()| After::Close)
}

impl Turn<'_> {
    /// Why the request is not passed on.
    fn objection(&self) -> Option<Failure> {
        if let Some(wanted) = &self.proxy.credentials {
            let wanted = format!("Basic {}", STANDARD.encode(wanted));
            if self.asked.field("proxy-authorization") != Some(&wanted) {
                let mut failure = Failure::new("", "credentials for the proxy are needed");
                failure.status = 407;
                return Some(failure);
            }
        }
        let pseudonym = &self.proxy.pseudonym;
        let mut vias = self
            .asked
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("via"));
        if vias.any(|(_, value)| {
            value
                .split(',')
                .any(|via| via.trim().ends_with(pseudonym.as_str()))
        }) {
            return Some(Failure::new(
                "proxy_loop_detected",
                "Via names this proxy already",
            ));
        }
        match named(self.target.host()).filter(|_| self.proxy.is_forward()) {
            // Whoever shows credentials has what 407 asks for.
            Some(Named::Fails(failure)) if failure.status == 407 => {
                let shown = self.asked.field("proxy-authorization").is_some();
                (!shown).then_some(failure)
            }
            Some(Named::Fails(failure)) => Some(failure),
            _ => None,
        }
    }

    /// What the proxy answers by itself: a toxic's status, or a request that may go no further (RFC 9110 section 7.6.2).
    fn own_answer(&mut self) -> Option<Answer> {
        let status = self.toxics.iter().find_map(|(toxic, _)| match &toxic.kind {
            Kind::HttpStatus { status, fields } => Some((*status, fields.clone())),
            _ => None,
        });
        if let Some((status, fields)) = status {
            let mut answer = Answer::of(status);
            for (name, value) in &fields {
                answer.set(name, value);
            }
            answer.set("httpwhy-sim", &format!("status-{status}"));
            return Some(answer);
        }
        let method = self.asked.first[0].as_str();
        let left: u64 = match method {
            "TRACE" | "OPTIONS" => self.asked.field("max-forwards")?.parse().ok()?,
            _ => return None,
        };
        if left > 0 {
            self.asked
                .set("Max-Forwards", Some(&(left - 1).to_string()));
            return None;
        }
        if method == "OPTIONS" {
            let mut answer = Answer::of(204);
            answer.set("Via", &format!("1.1 {}", self.proxy.pseudonym));
            return Some(answer);
        }
        let mut echoed = self.asked.clone();
        echoed
            .fields
            .retain(|(name, _)| !httpwhy_model::is_secret_field(name.as_bytes()));
        Some(Answer::content("message/http", echoed.bytes()))
    }

    async fn answer_itself(mut self, client: &mut Client, answer: &Answer) -> io::Result<After> {
        let keep = self.keep && self.content.is_over();
        let asked = Asked {
            method: self.asked.first[0].clone(),
            modern: true,
            keep,
            ..Asked::default()
        };
        let bytes = answer.render(&asked, None);
        let sent = client.send(&bytes, &mut self.leg).await;
        self.proxy
            .exchanges
            .keep(visit(&self.target.uri, self.leg, None));
        sent?;
        Ok(if keep { After::Keep } else { After::Close })
    }

    async fn tunnel(mut self, client: &mut Client) -> io::Result<After> {
        let cut = named(self.target.host()) == Some(Named::TunnelCut);
        let mut server = None;
        if !cut {
            match connect(&self.target, self.proxy).await {
                Ok(stream) => server = Some(stream),
                Err(failure) => {
                    let target = self.target.uri.clone();
                    return refuse(client, self.proxy, &failure, Some((self.leg, &target))).await;
                }
            }
        }
        let opened = b"HTTP/1.1 200 Connection Established\r\n\r\n";
        let sent = client.send(opened, &mut self.leg).await;
        self.proxy
            .exchanges
            .keep(visit(&self.target.uri, self.leg, None));
        sent?;
        let Some(mut server) = server else {
            if client.from.buffer.is_empty() {
                client.from.more().await?;
            }
            return Ok(After::Close);
        };
        server.write_all(&client.from.buffer).await?;
        client.from.buffer.clear();
        pass_both_ways(client, &mut server).await
    }

    async fn forward(mut self, client: &mut Client) -> io::Result<After> {
        self.pause(Stream::Upstream).await;
        let server = match connect(&self.target, self.proxy).await {
            Ok(server) => server,
            Err(failure) => {
                let target = self.target.uri.clone();
                return refuse(client, self.proxy, &failure, Some((self.leg, &target))).await;
            }
        };
        let mut out = self.asked.clone();
        out.first[1].clone_from(&self.target.origin_form);
        // A client of HTTP/1.0 cannot read chunks: the server is asked in its version.
        let version = self.asked.first[2].clone();
        if version != "HTTP/1.0" {
            "HTTP/1.1".clone_into(&mut out.first[2]);
        }
        out.pass_on(&self.proxy.pseudonym, &version);
        if let Some(host) = &self.target.new_host {
            out.set("Host", Some(host));
        }
        if !out.upgrades() {
            out.fields
                .push(("Connection".to_owned(), "close".to_owned()));
        }
        self.set_fields(Stream::Upstream, &mut out);
        let mut behind = Leg::new(&out.first[0]);
        let after = self.exchange(client, server, &out, &mut behind).await;
        let target = self.target.uri.clone();
        self.proxy
            .exchanges
            .keep(visit(&target, self.leg, Some(behind)));
        after
    }

    /// Passes the request on and the answer back, both at the same time.
    async fn exchange(
        &mut self,
        client: &mut Client,
        server: TcpStream,
        out: &Head,
        behind: &mut Leg,
    ) -> io::Result<After> {
        let (from_server, mut to_server) = split(server);
        let mut from_server = Source::new(from_server);
        let bytes = out.bytes();
        behind.asks(&bytes);
        if let Err(error) = to_server.write_all(&bytes).await {
            behind.signal(Phase::Send, signal(&error));
        }
        let mut sent = Vec::new();
        let head = {
            let sending = send_content(
                &mut client.from,
                &mut to_server,
                &mut self.content,
                &mut sent,
            );
            tokio::pin!(sending);
            let mut is_sent = false;
            loop {
                tokio::select! {
                    // The client went: nobody waits for the answer.
                    gone = &mut sending, if !is_sent => match gone {
                        Ok(()) => is_sent = true,
                        Err(error) => {
                            behind.signal(Phase::Send, Signal::word("nel", "abandoned"));
                            return Err(error);
                        }
                    },
                    // What the server says before it has everything counts.
                    head = from_server.head() => break head,
                }
            }
        };
        self.leg.asks(&sent);
        behind.asks(&sent);
        self.answer(client, head, &mut from_server, &mut to_server, behind)
            .await
    }

    /// Passes the answer back, from its first head on.
    async fn answer(
        &mut self,
        client: &mut Client,
        mut head: Result<Vec<u8>, NoHead>,
        server: &mut Source<ReadHalf<TcpStream>>,
        to_server: &mut WriteHalf<TcpStream>,
        behind: &mut Leg,
    ) -> io::Result<After> {
        loop {
            let bytes = match head {
                Ok(bytes) => bytes,
                Err(why) => return self.no_answer(client, why, server, behind).await,
            };
            behind.answers(&bytes);
            let read = Head::read(&bytes).and_then(|head| Some((head.status()?, head)));
            let Some((status, answer)) = read else {
                let failure =
                    Failure::new("http_protocol_error", "the server's answer is malformed");
                return self.fail(client, &failure).await;
            };
            if !(100..200).contains(&status) || status == 101 {
                return self
                    .final_answer(client, answer, status, (server, to_server), behind)
                    .await;
            }
            // RFC 9110 section 15.2: passed on, unless the client cannot understand it.
            if self.asked.first[2] != "HTTP/1.0" {
                let bytes = self.passed_back(answer).bytes();
                client.send(&bytes, &mut self.leg).await?;
            }
            head = self.next_head(client, server, to_server).await?;
        }
    }

    /// The head behind an interim one; content that waited for it goes on meanwhile.
    async fn next_head(
        &mut self,
        client: &mut Client,
        server: &mut Source<ReadHalf<TcpStream>>,
        to_server: &mut WriteHalf<TcpStream>,
    ) -> io::Result<Result<Vec<u8>, NoHead>> {
        let mut sent = Vec::new();
        let head = {
            let sending = send_content(&mut client.from, to_server, &mut self.content, &mut sent);
            tokio::pin!(sending);
            let mut is_sent = false;
            loop {
                tokio::select! {
                    gone = &mut sending, if !is_sent => { gone?; is_sent = true; }
                    head = server.head() => break head,
                }
            }
        };
        self.leg.asks(&sent);
        Ok(head)
    }

    async fn no_answer(
        &mut self,
        client: &mut Client,
        why: NoHead,
        server: &Source<ReadHalf<TcpStream>>,
        behind: &mut Leg,
    ) -> io::Result<After> {
        behind.answers(&server.buffer);
        let failure = match why {
            NoHead::End => {
                behind.ends();
                Failure::new(
                    "connection_terminated",
                    "the server ended the connection without an answer",
                )
            }
            NoHead::TooLong => {
                Failure::new("http_response_header_section_size", "the head is too long")
            }
            NoHead::TooLate => {
                let waited = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
                behind.signal(Phase::Wait, Signal::Timeout(waited));
                Failure::new("http_response_timeout", "the server did not answer in time")
            }
            NoHead::Error(error) => {
                behind.signal(Phase::Wait, signal(&error));
                Failure::new(
                    "connection_terminated",
                    format!("the connection broke: {error}"),
                )
            }
        };
        self.fail(client, &failure).await
    }

    async fn fail(&mut self, client: &mut Client, failure: &Failure) -> io::Result<After> {
        let bytes = failure
            .answer(&self.proxy.pseudonym)
            .render(&Asked::default(), None);
        client.send(&bytes, &mut self.leg).await?;
        Ok(After::Close)
    }

    fn passed_back(&self, mut answer: Head) -> Head {
        let version = std::mem::replace(&mut answer.first[0], "HTTP/1.1".to_owned());
        answer.pass_on(&self.proxy.pseudonym, &version);
        answer
    }

    async fn final_answer(
        &mut self,
        client: &mut Client,
        answer: Head,
        status: u16,
        (server, to_server): (&mut Source<ReadHalf<TcpStream>>, &mut WriteHalf<TcpStream>),
        behind: &mut Leg,
    ) -> io::Result<After> {
        self.pause(Stream::Downstream).await;
        let until_close = status != 101
            && behind.answered().content_left().is_none()
            && behind.answered().state() == State::Body
            && !answer.has_token("transfer-encoding", "chunked");
        let mut answer = self.passed_back(answer);
        self.set_fields(Stream::Downstream, &mut answer);
        let keep = self.keep && !until_close && self.content.is_over();
        if !keep && status != 101 {
            answer
                .fields
                .push(("Connection".to_owned(), "close".to_owned()));
        }
        let bytes = answer.bytes();
        let abort = self.abort();
        if let Some((at, how)) = abort
            && at != Place::InBody
        {
            let part = match at {
                Place::BeforeHead => 0,
                Place::InHead => bytes.len() / 2,
                Place::AfterHead | Place::InBody => bytes.len(),
            };
            client.send(&bytes[..part], &mut self.leg).await?;
            return end(how, client).await;
        }
        client.send(&bytes, &mut self.leg).await?;
        if status == 101 {
            client
                .to
                .write_all(&std::mem::take(&mut server.buffer))
                .await?;
            to_server
                .write_all(&std::mem::take(&mut client.from.buffer))
                .await?;
            let mut server = join(&mut server.from, to_server);
            return pass_both_ways(client, &mut server).await;
        }
        let body_abort = abort.map(|(_, how)| how);
        let whole = self
            .content_back(client, server, behind, body_abort)
            .await?;
        Ok(match whole {
            Some(after) => after,
            None if keep => After::Keep,
            None => After::Close,
        })
    }

    /// Passes content back; says how the connection ends when it did not come to its end.
    async fn content_back(
        &mut self,
        client: &mut Client,
        server: &mut Source<ReadHalf<TcpStream>>,
        behind: &mut Leg,
        abort: Option<How>,
    ) -> io::Result<Option<After>> {
        while behind.answered().state() == State::Body {
            if server.buffer.is_empty() {
                match server.more().await {
                    Ok(0) => {
                        behind.ends();
                        let whole = behind.answered().state() == State::Done;
                        return Ok((!whole).then_some(After::Close));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        behind.signal(Phase::Receive, signal(&error));
                        let torn = error.kind() == ErrorKind::ConnectionReset;
                        return Ok(Some(if torn { After::Reset } else { After::Close }));
                    }
                }
            }
            let belongs = behind.answers(&server.buffer).consumed;
            let mut piece: Vec<u8> = server.buffer.drain(..belongs).collect();
            if belongs == 0 {
                break;
            }
            if let Some(how) = abort {
                piece.truncate(piece.len() / 2);
                client.send(&piece, &mut self.leg).await?;
                return end(how, client).await.map(Some);
            }
            client.send(&piece, &mut self.leg).await?;
        }
        Ok(None)
    }

    /// Waits as the toxics of that direction want.
    async fn pause(&mut self, stream: Stream) {
        for (toxic, random) in &mut self.toxics {
            if let Kind::HttpDelay { delay, jitter } = toxic.kind
                && toxic.stream == stream
            {
                let spread = (random.unit() * 2.0 - 1.0) * jitter as f64;
                let wait = (delay as f64 + spread).max(0.0) / 1e3;
                sleep(Duration::from_secs_f64(wait)).await;
            }
        }
    }

    fn set_fields(&self, stream: Stream, head: &mut Head) {
        for (toxic, _) in &self.toxics {
            if let Kind::HttpField { name, value } = &toxic.kind
                && toxic.stream == stream
            {
                head.set(name, value.as_deref());
            }
        }
    }

    fn abort(&self) -> Option<(Place, How)> {
        self.toxics.iter().find_map(|(toxic, _)| match toxic.kind {
            Kind::HttpAbort { at, how } => Some((at, how)),
            _ => None,
        })
    }
}

/// Passes the request's content on, until it is over or the server takes no more. An error: the client has gone.
async fn send_content(
    client: &mut Source<ReadHalf<DuplexStream>>,
    server: &mut WriteHalf<TcpStream>,
    content: &mut Content,
    sent: &mut Vec<u8>,
) -> io::Result<()> {
    while content.pending > 0 || content.reader.state() == State::Body {
        if content.pending == 0 {
            if client.buffer.is_empty() && client.more().await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            content.pending = content.reader.feed(&client.buffer).consumed;
            if content.pending == 0 {
                break;
            }
        }
        // What the server says is read even if it takes no more.
        let Ok(count @ 1..) = server.write(&client.buffer[..content.pending]).await else {
            break;
        };
        if sent.len() < LONGEST_HEAD {
            sent.extend_from_slice(&client.buffer[..count]);
        }
        client.buffer.drain(..count);
        content.pending -= count;
    }
    // As above.
    let _ = server.flush().await;
    Ok(())
}

/// Ends an answer as asked.
async fn end(how: How, client: &mut Client) -> io::Result<After> {
    Ok(match how {
        How::Fin => After::Close,
        How::Rst => After::Reset,
        How::Stall => {
            // Until the client goes, or its patience is longer than ours.
            while matches!(client.from.more().await, Ok(count) if count > 0) {
                client.from.buffer.clear();
            }
            After::Close
        }
    })
}

async fn pass_both_ways(
    client: &mut Client,
    server: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> io::Result<After> {
    let mut client = join(&mut client.from.from, &mut client.to);
    copy_bidirectional(&mut client, server).await?;
    Ok(After::Close)
}

/// What an error of the system says.
fn signal(error: &io::Error) -> Signal {
    match error.kind() {
        ErrorKind::ConnectionReset => Signal::Errno(Errno::named("ECONNRESET")),
        ErrorKind::BrokenPipe => Signal::Errno(Errno::named("EPIPE")),
        ErrorKind::TimedOut => {
            let waited = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
            Signal::Timeout(waited)
        }
        _ => Signal::Errno(Errno::named("EIO")),
    }
}

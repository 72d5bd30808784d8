//! One exchange.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ::h2::client::ResponseFuture;
use ::h2::{Error, Ping, RecvStream, SendStream};
use bytes::Bytes;
use httpwhy_model::{End, Exchange, Phase, Sent, Signal, TlsFault};
use httpwhy_wire::h2::{Farewell, printable};

use super::tap::Ended;
use super::{Session, message};
use crate::connection::Facts;
use crate::deadline::{limit, timeout};
use crate::signals;
use crate::talk::{After, Talk, expects_continue, fail};

/// How many bytes of a GOAWAY's text are told.
const DEBUG: usize = 80;

/// Sends the request and reads the response.
pub(crate) async fn exchange(
    talk: &Talk<'_>,
    session: &mut Session,
    facts: &Facts,
    exchange: &mut Exchange,
) -> After {
    let (head, content) = match message::of(&mut exchange.request, facts.tls.is_some()) {
        Ok(parts) => parts,
        Err(signal) => {
            exchange.signal(Phase::Queue, signal);
            return After::Keep;
        }
    };
    let before = session.seen.borrow().came.received();
    let began = Instant::now();
    let ready = poll_fn(|cx| session.poll_ready(cx));
    let readied = talk.budget.within(talk.deadlines.send, ready).await;
    let opened = match readied {
        Ok(Ok(())) => session.send.send_request(head, content.is_empty()),
        Ok(Err(error)) => Err(error),
        Err(signal) => {
            exchange.signal(Phase::Send, signal);
            exchange.end = End::Nothing;
            return After::Close;
        }
    };
    let mut run = match opened {
        Ok((response, out)) => Run::new(session, response, out, content),
        Err(error) => {
            let mut run = Run::unopened(session);
            run.failed = Some(error);
            run
        }
    };
    let method = &exchange.request.method;
    run.follow(method, talk);
    run.held = (!run.rest.is_empty() && expects_continue(&exchange.request))
        .then(|| Instant::now() + talk.deadlines.expect);
    let stopped = run.go(talk, exchange, began).await;
    run.conclude(talk, facts, stopped, before, exchange)
}

/// An exchange under way.
struct Run<'a> {
    session: &'a mut Session,
    stream: u32,
    response: Option<ResponseFuture>,
    content: Option<RecvStream>,
    out: Option<SendStream<Bytes>>,
    /// Content that the library has not got yet.
    rest: Bytes,
    /// Bytes of content that it has got.
    handed: u64,
    /// Until when the content waits for leave (RFC 9110 section 10.1.1).
    held: Option<Instant>,
    /// No leave came in time.
    unleft: bool,
    /// What the library says against the stream.
    failed: Option<Error>,
    ping: Pinged,
}

/// Whether the peer was asked for a sign of life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pinged {
    Not,
    Asked,
    Answered,
}

/// Why an exchange does not go on.
enum Stopped {
    /// The message is whole.
    Whole,
    /// We have had enough of it.
    Enough(Signal),
    /// A deadline passed.
    Late(Signal),
    /// The peer, the transport or the library ended it: what was seen says which.
    Cut,
}

/// What shows that something happened.
#[derive(PartialEq, Eq)]
struct Marks {
    came: u64,
    content: u64,
    begun: bool,
    ended: bool,
    rest: usize,
    cut: bool,
}

impl<'a> Run<'a> {
    fn new(
        session: &'a mut Session,
        response: ResponseFuture,
        out: SendStream<Bytes>,
        rest: Bytes,
    ) -> Self {
        Self {
            stream: response.stream_id().as_u32(),
            response: Some(response),
            out: Some(out),
            rest,
            ..Self::unopened(session)
        }
    }

    /// No stream could be had.
    fn unopened(session: &'a mut Session) -> Self {
        Self {
            session,
            stream: 0,
            response: None,
            content: None,
            out: None,
            rest: Bytes::new(),
            handed: 0,
            held: None,
            unleft: false,
            failed: None,
            ping: Pinged::Not,
        }
    }

    fn follow(&self, method: &[u8], talk: &Talk<'_>) {
        let mut seen = self.session.seen.borrow_mut();
        seen.came.follow(self.stream, method, talk.limits);
    }

    /// Until there is a reason to stop.
    async fn go(&mut self, talk: &Talk<'_>, exchange: &mut Exchange, began: Instant) -> Stopped {
        let mut phase = Phase::Send;
        let (mut entered, mut since) = (began, began);
        let stopped = loop {
            let now = self.phase();
            if now > phase {
                exchange.timeline.add(phase, entered.elapsed());
                if phase == Phase::Send && now == Phase::Receive {
                    exchange.timeline.add(Phase::Wait, Duration::ZERO);
                }
                (phase, entered) = (now, Instant::now());
                since = entered;
            }
            if let Some(stopped) = self.stopped(talk) {
                break stopped;
            }
            let patience = match phase {
                Phase::Send => talk.deadlines.send,
                Phase::Wait => talk.deadlines.wait,
                _ => talk.deadlines.receive,
            };
            let left = patience.saturating_sub(since.elapsed());
            let step = self.next_look(patience, left);
            let polled = poll_fn(|cx| self.poll(cx));
            match talk.budget.within(step, polled).await {
                // Only what belongs to the phase prolongs it.
                Ok(()) if phase != Phase::Wait => since = Instant::now(),
                Ok(()) => {}
                Err(Signal::Timeout(_)) if step < left => self.look(),
                Err(Signal::Timeout(_)) => break Stopped::Late(timeout(patience)),
                Err(signal) => break Stopped::Late(signal),
            }
        };
        exchange.timeline.add(phase, entered.elapsed());
        stopped
    }

    /// How long to wait before something other than the deadline is due.
    fn next_look(&self, patience: Duration, left: Duration) -> Duration {
        let ping_in = left.saturating_sub(patience / 2);
        let ping_in = if self.ping == Pinged::Not && !ping_in.is_zero() {
            ping_in
        } else {
            left
        };
        let held = self
            .held
            .map(|until| until.saturating_duration_since(Instant::now()));
        ping_in.min(held.unwrap_or(left))
    }

    /// Half of the patience is over, or the content was held long enough.
    fn look(&mut self) {
        if self.held.is_some_and(|until| until <= Instant::now()) {
            self.held = None;
            self.unleft = true;
        } else if self.ping == Pinged::Not
            && let Some(pings) = &mut self.session.pings
            && pings.send_ping(Ping::opaque()).is_ok()
        {
            // Is it slow, or dead? (RFC 9113 section 6.7)
            self.ping = Pinged::Asked;
        }
    }

    fn phase(&self) -> Phase {
        let seen = self.session.seen.borrow();
        match () {
            () if seen.came.stream_bytes() > 0 => Phase::Receive,
            () if self.stream > 0 && seen.went.has_ended(self.stream) => Phase::Wait,
            () => Phase::Send,
        }
    }

    fn stopped(&self, talk: &Talk<'_>) -> Option<Stopped> {
        let seen = self.session.seen.borrow();
        let came = &seen.came;
        let refused = came
            .goaway()
            .is_some_and(|goaway| goaway.last < self.stream);
        if came.has_ended() && came.has_head() {
            return Some(Stopped::Whole);
        }
        if came.content_bytes() > talk.max_body {
            return Some(Stopped::Enough(limit("body", talk.max_body)));
        }
        let foreign_over = came.is_foreign() && seen.ended.is_some();
        let cut = came.reset().is_some()
            || refused
            || foreign_over
            || (came.is_over() && !came.is_foreign())
            || self.failed.is_some()
            || self.session.over.is_some();
        cut.then_some(Stopped::Cut)
    }

    fn marks(&self) -> Marks {
        let seen = self.session.seen.borrow();
        Marks {
            came: seen.came.stream_bytes(),
            content: seen.went.content(),
            begun: seen.went.has_begun(self.stream),
            ended: seen.went.has_ended(self.stream),
            rest: self.rest.len(),
            cut: self.session.over.is_some()
                || self.failed.is_some()
                || seen.came.is_over()
                || seen.came.goaway().is_some()
                || seen.came.reset().is_some(),
        }
    }

    /// Ends when anything has happened that may be a reason to stop or to go on to another phase.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let before = self.marks();
        self.session.drive(cx);
        self.poll_pong(cx);
        self.poll_out(cx);
        self.poll_in(cx);
        // What was handed over just now may go out at once.
        self.session.drive(cx);
        if self.marks() == before {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    fn poll_pong(&mut self, cx: &mut Context<'_>) {
        if self.ping == Pinged::Asked
            && let Some(pings) = &mut self.session.pings
            && let Poll::Ready(Ok(_)) = pings.poll_pong(cx)
        {
            self.ping = Pinged::Answered;
        }
    }

    /// Hands over as much content as the peer's windows allow.
    fn poll_out(&mut self, cx: &mut Context<'_>) {
        if self.held.is_some() {
            let seen = self.session.seen.borrow();
            if !seen.came.has_interim(b"100") {
                return;
            }
            drop(seen);
            self.held = None;
        }
        let Some(out) = &mut self.out else { return };
        while !self.rest.is_empty() {
            out.reserve_capacity(self.rest.len());
            match out.poll_capacity(cx) {
                Poll::Ready(Some(Ok(room))) => {
                    let piece = self.rest.split_to(room.min(self.rest.len()));
                    self.handed += piece.len() as u64;
                    if let Err(error) = out.send_data(piece, self.rest.is_empty()) {
                        self.failed = Some(error);
                        return;
                    }
                }
                // The stream is no more: the response, or its lack, says why.
                Poll::Ready(None | Some(Err(_))) | Poll::Pending => return,
            }
        }
    }

    /// Lets the library take what came, so that it opens the windows again.
    fn poll_in(&mut self, cx: &mut Context<'_>) {
        if let Some(response) = &mut self.response
            && let Poll::Ready(head) = Pin::new(response).poll(cx)
        {
            self.response = None;
            match head {
                Ok(head) => self.content = Some(head.into_body()),
                Err(error) => self.failed = Some(error),
            }
        }
        let Some(content) = &mut self.content else {
            return;
        };
        while let Poll::Ready(Some(piece)) = content.poll_data(cx) {
            match piece {
                Ok(piece) => {
                    // An error shows in what is read next.
                    let _ = content.flow_control().release_capacity(piece.len());
                }
                Err(error) => {
                    self.failed = Some(error);
                    return;
                }
            }
        }
    }

    /// Writes what was seen into the exchange.
    fn conclude(
        self,
        talk: &Talk<'_>,
        facts: &Facts,
        stopped: Stopped,
        before: u64,
        exchange: &mut Exchange,
    ) -> After {
        let mut seen = self.session.seen.borrow_mut();
        exchange.sent = match () {
            () if self.stream == 0 || !seen.went.has_begun(self.stream) => Sent::Nothing,
            () if seen.went.has_ended(self.stream) => Sent::All,
            () => Sent::Part,
        };
        exchange.received = seen.came.received() - before;
        let came = seen.came.stream_bytes();
        let reset = seen.came.reset();
        let message = seen.came.message();
        let phase = match (came, exchange.sent) {
            _ if message.response.is_some() => Phase::Receive,
            (0, Sent::All) => Phase::Wait,
            (0, _) => Phase::Send,
            _ => Phase::Receive,
        };
        if self.unleft {
            exchange.signal(Phase::Send, timeout(talk.deadlines.expect));
        }
        let defective = !message.defects.is_empty();
        for defect in message.defects {
            exchange.signal(phase, defect);
        }
        exchange.end = match () {
            () if message.complete => End::Answered,
            () if came > 0 || message.response.is_some() => End::Partial,
            () => End::Nothing,
        };
        exchange.interim = message.interim;
        exchange.response = message.response;
        let settings = settings(seen.came.settings());
        let goaway = seen.came.goaway().cloned();
        let ended = seen.ended.clone();
        drop(seen);
        match stopped {
            Stopped::Whole => {
                if let Some(goaway) = goaway.as_ref().filter(|goaway| goaway.code != 0) {
                    exchange.signal(Phase::Close, self.farewell(goaway, &settings));
                }
            }
            Stopped::Enough(signal) => exchange.signal(phase, signal),
            Stopped::Late(signal) => self.late(talk, phase, signal, &settings, exchange),
            Stopped::Cut => {
                let mut told = defective;
                if let Some(code) = reset {
                    let stream = ("stream", self.stream.to_string());
                    exchange.signal(phase, code_signal(code, vec![stream], &settings));
                    told = true;
                }
                if let Some(goaway) = &goaway {
                    exchange.signal(phase, self.farewell(goaway, &settings));
                    told |= goaway.last < self.stream;
                }
                self.cut(facts, phase, told, came, ended, exchange);
            }
        }
        let whole = exchange.end == End::Answered && exchange.sent == Sent::All;
        if whole && !defective && self.session.is_good() {
            After::Keep
        } else {
            After::Close
        }
    }

    /// What the transport or the library says, unless the peer has said it all.
    fn cut(
        &self,
        facts: &Facts,
        phase: Phase,
        told: bool,
        came: u64,
        ended: Option<Ended>,
        exchange: &mut Exchange,
    ) {
        if told {
            return;
        }
        match ended {
            Some(Ended::Orderly { unclean }) => {
                if came == 0 && facts.client_cert_wanted {
                    let wanted = signals::tls(TlsFault::ClientCertWanted);
                    exchange.signal(Phase::Tls, wanted);
                }
                exchange.signal(phase, Signal::Eof(came));
                if unclean && came > 0 {
                    exchange.signal(phase, signals::tls(TlsFault::NoCloseNotify));
                }
            }
            Some(Ended::Failed(signal)) => fail(facts, phase, signal, exchange),
            None => {
                let over = match &self.session.over {
                    Some(Err(error)) => Some(error),
                    _ => None,
                };
                if let Some(error) = self.failed.as_ref().or(over) {
                    fail(facts, phase, signals::of_h2(error), exchange);
                }
            }
        }
    }

    /// A deadline passed: what is known of the reason, and the deadline.
    fn late(
        &self,
        talk: &Talk<'_>,
        phase: Phase,
        signal: Signal,
        settings: &str,
        exchange: &mut Exchange,
    ) {
        let seen = self.session.seen.borrow();
        let heard = seen.came.received() > 0;
        let held_back = phase == Phase::Send
            && !self.rest.is_empty()
            && self.handed == seen.went.content()
            && self.held.is_none();
        let late = matches!(signal, Signal::Timeout(_)) && talk.deadlines.wait > Duration::ZERO;
        if late && heard && self.ping == Pinged::Asked {
            exchange.signal(phase, word("ping-timeout", Vec::new()));
        } else if late && held_back {
            let mut params = vec![("stream", self.stream.to_string())];
            if !settings.is_empty() {
                params.push(("settings", settings.to_owned()));
            }
            exchange.signal(phase, word("window-stalled", params));
        }
        exchange.signal(phase, signal);
    }

    fn farewell(&self, goaway: &Farewell, settings: &str) -> Signal {
        let mut params = Vec::new();
        if self.stream > 0 {
            params.push(("stream", self.stream.to_string()));
        }
        params.push(("last", goaway.last.to_string()));
        if !goaway.debug.is_empty() {
            params.push(("debug", printable(&goaway.debug, DEBUG)));
        }
        code_signal(goaway.code, params, settings)
    }
}

impl Session {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.drive(cx);
        self.send.poll_ready(cx)
    }
}

/// `id:value,id:value`: what the peer set (RFC 9113 section 6.5.2).
fn settings(settings: &[(u16, u32)]) -> String {
    let all: Vec<_> = settings.iter().map(|(id, v)| format!("{id}:{v}")).collect();
    all.join(",")
}

fn code_signal(code: u32, mut params: Vec<(&'static str, String)>, settings: &str) -> Signal {
    if !settings.is_empty() {
        params.push(("settings", settings.to_owned()));
    }
    word(code.to_string(), params)
}

fn word(
    word: impl Into<std::borrow::Cow<'static, str>>,
    params: Vec<(&'static str, String)>,
) -> Signal {
    Signal::Word {
        dialect: "h2".into(),
        word: word.into(),
        params: params.into_iter().map(|(k, v)| (k.into(), v)).collect(),
    }
}

//! Answers that take their time or come in pieces: `/delay`, `/drip`, `/stream`, `/jsonl`, `/sse`, `/trailers`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::call::Call;
use super::mirror::told;
use super::reply::{Refusal, Reply, Split};
use super::text;
use crate::answer::{Answer, has_no_content};
use crate::json;

/// The longest delay that httpbin grants, in seconds; it cuts what is longer.
const LONGEST_DELAY: f64 = 10.0;
/// The most bytes that drip.
const MOST_DRIPPED: usize = 10 << 20;
/// The most lines of `/stream`; more are cut.
const MOST_LINES: usize = 100;
/// The most events or JSON lines.
const MOST_EVENTS: u32 = 1000;
/// Names that go-httpbin refuses as trailers (RFC 9110 section 6.5.1 says why).
const NO_TRAILERS: &[&str] = &[
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "host",
    "max-forwards",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
];

/// `/delay/{seconds}`: waits, then tells the request.
pub(crate) fn delay(call: &Call<'_>) -> Result<Reply, Refusal> {
    let longest = Duration::from_secs(u64::from(u32::MAX));
    let wait = text::duration(call.param("seconds"), 1.0, longest).map_err(|_| {
        Refusal::bad("A delay is a number of seconds, not negative; beyond 10 it is taken for 10.")
    })?;
    let wait = wait.min(Duration::from_secs_f64(LONGEST_DELAY));
    let keys = ["args", "data", "files", "form", "headers", "origin", "url"];
    let timing = server_timing(&[("initial_delay", wait)]);
    let mut reply = Reply::json(&told(call, &keys)?).with("Server-Timing", &timing);
    reply.before_head = wait;
    Ok(reply)
}

/// `/drip?duration=2&numbytes=10&code=200&delay=0`: so many asterisks, evenly over the time; `profile=0,100,500` gives the
/// waits in milliseconds behind each byte instead.
pub(crate) fn drip(call: &Call<'_>) -> Result<Reply, Refusal> {
    let duration = call.seconds("duration", Duration::from_secs(2))?;
    let delay = call.seconds("delay", Duration::ZERO)?;
    let count = call.arg_or("numbytes", 10_i64)?;
    let count = usize::try_from(count).unwrap_or(0).min(MOST_DRIPPED);
    if count == 0 {
        return Err(Refusal::bad("number of bytes must be positive"));
    }
    let code: u16 = call.arg_or("code", 200)?;
    if !(200..=999).contains(&code) {
        return Err(Refusal::bad("code: a final status, from 200 to 999"));
    }
    let timing = server_timing(&[("initial_delay", delay), ("write_duration", duration)]);
    let mut answer = Answer::of(code);
    answer.set("Content-Type", "application/octet-stream");
    answer.set("Server-Timing", &timing);
    answer.body.clear();
    if !has_no_content(code) {
        answer.set("Content-Length", &count.to_string());
    }
    let mut reply = Reply::from(answer);
    reply.filler = count;
    reply.before_head = delay;
    (reply.split, reply.pauses) = evenly(count, duration);
    if let Some(profile) = call.arg("profile") {
        (reply.split, reply.pauses) = (Split::Every(1), waits(profile)?);
    }
    Ok(reply)
}

/// The pieces and the wait between them that spread so many bytes over that time. Waits below a millisecond cannot be
/// kept; there the pieces grow.
pub(crate) fn evenly(count: usize, duration: Duration) -> (Split, Vec<Duration>) {
    if duration.is_zero() {
        return (Split::Whole, Vec::new());
    }
    let most = usize::try_from(duration.as_millis())
        .unwrap_or(usize::MAX)
        .max(1);
    let size = count.div_ceil(most);
    let pauses = count.div_ceil(size).saturating_sub(1).max(1);
    let pause = duration / u32::try_from(pauses).unwrap_or(u32::MAX);
    (Split::Every(size), vec![pause])
}

/// A list of waits in milliseconds.
pub(crate) fn waits(list: &str) -> Result<Vec<Duration>, Refusal> {
    list.split(',')
        .take(1000)
        .map(|wait| text::duration(wait, 0.001, super::call::LONGEST_WAIT).map_err(Refusal::bad))
        .collect()
}

/// `/stream/{n}`: n lines of JSON in chunks.
pub(crate) fn lines(call: &Call<'_>) -> Result<Reply, Refusal> {
    let count = call.whole::<usize>("n")?.min(MOST_LINES);
    let mut told = told(call, &["args", "headers", "origin", "url"])?;
    let lines = (0..count).map(|id| {
        told["id"] = json!(id);
        json::line(&told) + "\n"
    });
    Ok(pieces("application/json", &lines.collect::<Vec<_>>()))
}

/// `/jsonl?count&duration&delay&jitter`: lines of JSON over a time.
pub(crate) fn jsonl(call: &Call<'_>) -> Result<Reply, Refusal> {
    let times = Times::of(call)?;
    let line = |id, at| json::line(&json!({"id": id, "timestamp": at})) + "\n";
    Ok(times.reply(call, "application/jsonl; charset=utf-8", line))
}

/// `/sse?count&duration&delay&jitter`: events (HTML Standard, server-sent events) over a time.
pub(crate) fn sse(call: &Call<'_>) -> Result<Reply, Refusal> {
    let times = Times::of(call)?;
    let event = |id, at| {
        let data = json::line(&json!({"id": id, "timestamp": at}));
        format!("event: ping\ndata: {data}\n\n")
    };
    Ok(times.reply(call, "text/event-stream; charset=utf-8", event))
}

/// How many events come over which time.
struct Times {
    count: u32,
    duration: Duration,
    delay: Duration,
    jitter: Duration,
}

impl Times {
    fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let count = call.arg_or("count", 10)?;
        if !(1..=MOST_EVENTS).contains(&count) {
            return Err(Refusal::bad(format!("count: from 1 to {MOST_EVENTS}")));
        }
        Ok(Self {
            count,
            duration: call.seconds("duration", Duration::from_secs(5))?,
            delay: call.seconds("delay", Duration::ZERO)?,
            jitter: call.seconds("jitter", Duration::ZERO)?,
        })
    }

    fn reply(&self, call: &Call<'_>, kind: &str, event: fn(u32, u64) -> String) -> Reply {
        let pause = self.duration / self.count.saturating_sub(1).max(1);
        let waits = (0..self.count).map(|_| {
            let part = call.world.state.random(super::super::random::Random::unit);
            pause + self.jitter.mul_f64(part)
        });
        let waits: Vec<Duration> = waits.collect();
        let mut at = self.delay;
        let mut events = Vec::new();
        for (id, wait) in (0..).zip(&waits) {
            events.push(event(id, in_millis(at)));
            at += *wait;
        }
        let mut reply = pieces(kind, &events).with("Trailer", "Server-Timing");
        reply.before_head = self.delay;
        reply.pauses = waits;
        let timing = server_timing(&[
            ("initial_delay", self.delay),
            ("write_duration", self.duration),
        ]);
        reply.trailers = vec![("Server-Timing".to_owned(), timing)];
        reply
    }
}

/// The time, so much from now, in milliseconds since 1970.
fn in_millis(from_now: Duration) -> u64 {
    let time = SystemTime::now() + from_now;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Chunked content, one chunk a piece.
fn pieces(kind: &str, all: &[String]) -> Reply {
    let mut reply = Reply::content(kind, all.concat());
    let mut end = 0;
    let ends = all.iter().map(|piece| {
        end += piece.len();
        end
    });
    reply.split = Split::At(ends.collect());
    reply.chunked = true;
    reply
}

/// `/trailers?name=value`: tells the request, with those trailer fields behind it.
pub(crate) fn trailers(call: &Call<'_>) -> Result<Reply, Refusal> {
    for (name, value) in &call.query {
        may_trail(name, value)?;
    }
    let mut reply = super::mirror::anything(call)?;
    reply.chunked = true;
    reply.trailers.clone_from(&call.query);
    Ok(reply)
}

/// Whether such a field may stand behind the content.
pub(crate) fn may_trail(name: &str, value: &str) -> Result<(), Refusal> {
    if NO_TRAILERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(Refusal::bad(format!("forbidden trailer: {name}")));
    }
    if text::is_token(name) && text::is_field_value(value) {
        return Ok(());
    }
    Err(Refusal::bad(format!("'{name}' cannot be sent as a field")))
}

/// A Server-Timing field (W3C Server Timing).
fn server_timing(times: &[(&str, Duration)]) -> String {
    let times: Vec<String> = times
        .iter()
        .map(|(name, time)| format!("{name};dur={:.2}", time.as_secs_f64() * 1000.0))
        .collect();
    times.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drips_are_even() {
        let ms = Duration::from_millis;
        assert_eq!(evenly(10, ms(900)), (Split::Every(1), vec![ms(100)]));
        assert_eq!(evenly(1, ms(900)), (Split::Every(1), vec![ms(900)]));
        assert_eq!(evenly(1000, ms(10)).0, Split::Every(100));
        assert_eq!(evenly(10, ms(0)), (Split::Whole, vec![]));
    }
}

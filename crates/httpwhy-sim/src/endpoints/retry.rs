//! For tests of retries: sequences by key, rate limits that count, answers that fail at times.

use std::time::{Duration, Instant};

use serde_json::json;

use super::call::{Call, LONGEST_WAIT};
use super::modifiers::{count, retry_after};
use super::reply::{Break, Place, Refusal, Reply, Split};
use super::status;
use super::text;
use crate::answer::Answer;
use crate::random::Random;
use crate::state::{Bucket, Taken};

/// The longest sequence.
const MOST_STEPS: usize = 100;
/// The most requests of a window.
const MOST_REQUESTS: u32 = 1_000_000;
/// The longest window.
const LONGEST_WINDOW: Duration = Duration::from_mins(10);

/// `/seq/{steps}/{key}`: the n-th call gets the n-th step, those behind the last step the last.
/// A step is a status, or `cut`, `rst` or `stall` with a place: `/seq/rst.before-head,503,200/k1`.
pub(crate) fn sequence(call: &Call<'_>) -> Result<Reply, Refusal> {
    let steps: Vec<&str> = call.param("steps").split(',').collect();
    if steps.len() > MOST_STEPS {
        return Err(Refusal::bad(format!(
            "A sequence has at most {MOST_STEPS} steps."
        )));
    }
    // A wrong step is told at the first call.
    let replies: Result<Vec<Reply>, Refusal> = steps.iter().map(|text| step(text, call)).collect();
    let mut replies = replies?;
    let turn = count(call, "seq", &call.asked.path)?;
    let last = replies.len() - 1;
    let at = usize::try_from(turn - 1).unwrap_or(last).min(last);
    Ok(replies.swap_remove(at).with("X-Call", &turn.to_string()))
}

fn step(text: &str, call: &Call<'_>) -> Result<Reply, Refusal> {
    let wrong = || {
        Refusal::bad(format!(
            "'{text}' is no step: a status, or rst.<place>, cut.<place>, stall.<place>"
        ))
    };
    if let Some((how, place)) = text.split_once('.') {
        let how = match how {
            "cut" | "close" => Break::Close,
            "half-close" => Break::HalfClose,
            "rst" => Break::Reset,
            "stall" => Break::Stall,
            _ => return Err(wrong()),
        };
        let mut reply = Reply::from(Answer::of(200));
        reply.broken = Some((Place::read(place).ok_or_else(wrong)?, how));
        return Ok(reply);
    }
    let code: u16 = text.parse().map_err(|_| wrong())?;
    if !(100..=999).contains(&code) {
        return Err(wrong());
    }
    Ok(status::of(code, call))
}

/// `/limit/{n}/{window}/{key}`: n requests a window (`10s`, `1m`, or seconds), refilled evenly; beyond them 429.
/// `?date=1` gives Retry-After as a date.
pub(crate) fn limit(call: &Call<'_>) -> Result<Reply, Refusal> {
    let size: u32 = call.whole("n")?;
    let window = text::duration(call.param("window"), 1.0, LONGEST_WINDOW).map_err(Refusal::bad)?;
    if !(1..=MOST_REQUESTS).contains(&size) || window.is_zero() {
        let why = format!("A limit is 1 to {MOST_REQUESTS} requests in a window that is not 0.");
        return Err(Refusal::bad(why));
    }
    let key = format!("{size}/{}/{}", call.param("window"), call.param("key"));
    if key.len() > 200 {
        return Err(Refusal::bad("key: at most 200 bytes"));
    }
    let now = Instant::now();
    let taken = call.world.state.buckets.with(&key, now, |bucket| {
        bucket
            .get_or_insert_with(|| Bucket::full(size, now))
            .take(size, window, now)
    });
    let mut reply = if taken.granted {
        Reply::json(&json!({"limit": size, "remaining": taken.left}))
    } else {
        let as_date = call.arg("date").is_some_and(text::is_yes);
        let prefix = if as_date { "date:" } else { "" };
        let wait = format!("{prefix}{}", in_seconds(taken.wait));
        status::of(429, call).with("Retry-After", &retry_after(&wait)?)
    };
    for (name, value) in limit_fields(size, window, &taken) {
        reply = reply.with(name, &value);
    }
    Ok(reply)
}

/// The fields of draft-ietf-httpapi-ratelimit-headers: two structured ones, and the three that its drafts up to 06 had
/// and many clients know; and those three once more with the prefix that they had before all drafts.
fn limit_fields(size: u32, window: Duration, taken: &Taken) -> [(&'static str, String); 8] {
    let (left, full_in) = (taken.left, in_seconds(taken.full_in));
    let reset = if taken.granted {
        full_in
    } else {
        in_seconds(taken.wait)
    };
    [
        (
            "RateLimit-Policy",
            format!("\"default\";q={size};w={}", in_seconds(window)),
        ),
        ("RateLimit", format!("\"default\";r={left};t={reset}")),
        ("RateLimit-Limit", size.to_string()),
        ("RateLimit-Remaining", left.to_string()),
        ("RateLimit-Reset", reset.to_string()),
        ("X-RateLimit-Limit", size.to_string()),
        ("X-RateLimit-Remaining", left.to_string()),
        ("X-RateLimit-Reset", reset.to_string()),
    ]
}

/// Whole seconds, rounded up, so that whoever waits them gets through.
fn in_seconds(time: Duration) -> u64 {
    time.as_secs_f64().ceil() as u64
}

/// `/too-many-requests/{seconds}`: 429 with that Retry-After; `date:` before the number for a date.
pub(crate) fn too_many(call: &Call<'_>) -> Result<Reply, Refusal> {
    let value = retry_after(call.param("seconds"))?;
    Ok(status::of(429, call).with("Retry-After", &value))
}

/// `/unstable?failure_rate=0.5&seed=`: 500 at that rate, else 200.
pub(crate) fn unstable(call: &Call<'_>) -> Result<Reply, Refusal> {
    let rate: f64 = call.arg_or("failure_rate", 0.5)?;
    if !(0.0..=1.0).contains(&rate) {
        return Err(Refusal::bad("failure_rate: from 0 to 1"));
    }
    let drawn = match call.arg("seed") {
        Some(_) => Random::new(Some(call.arg_or("seed", 0)?)).unit(),
        None => call.world.state.random(Random::unit),
    };
    let code = if drawn < rate { 500 } else { 200 };
    Ok(status::of(code, call))
}

/// `/fault/{how}/{place}`: 200, broken off there; `close` in order, `half-close` of our side only, `rst` by a reset,
/// `stall` by silence. `/fault/drip/{ms}`: whole, and slowly.
pub(crate) fn fault(call: &Call<'_>) -> Result<Reply, Refusal> {
    let text = call.param("place");
    let how = match call.param("how") {
        "close" => Break::Close,
        "rst" => Break::Reset,
        "half-close" => Break::HalfClose,
        "stall" => Break::Stall,
        "drip" => return slowly(text),
        area => return broken_answer(area, text),
    };
    let place = Place::read(text).ok_or_else(|| Refusal::bad(format!("'{text}' is no place")))?;
    Ok(broken(place, how))
}

/// `/fault/drip/{ms}`: 100 bytes with so many milliseconds between them.
fn slowly(wait: &str) -> Result<Reply, Refusal> {
    let wait = text::duration(wait, 0.001, LONGEST_WAIT).map_err(Refusal::bad)?;
    let mut reply = broken(Place::AfterBody, Break::Close);
    reply.broken = None;
    reply.split = Split::Every(1);
    reply.pauses = vec![wait];
    Ok(reply)
}

fn broken_answer(area: &str, how: &str) -> Result<Reply, Refusal> {
    if let Some(reply) = super::broken::raw(area, how) {
        return Ok(reply);
    }
    let names = super::broken::names(area);
    if names.is_empty() {
        return Err(Refusal::missing());
    }
    let names = names.join(", ");
    Err(Refusal::bad(format!(
        "'{how}' is no fault; there are: {names}"
    )))
}

/// Answers that are broken off at a place of their own: `/drop`, `/hang`, `/short`.
pub(crate) fn drop_it(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(broken(Place::BeforeHead, Break::Close))
}

/// `/hang`: silence.
pub(crate) fn hang(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(broken(Place::BeforeHead, Break::Stall))
}

/// `/short`: half of the content.
pub(crate) fn short(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(broken(Place::Part(0.5), Break::Close))
}

/// `/timeout/{n}`: silence for n seconds, and then the end of the connection.
pub(crate) fn timeout(call: &Call<'_>) -> Result<Reply, Refusal> {
    let wait = text::duration(call.param("n"), 1.0, LONGEST_WAIT).map_err(Refusal::bad)?;
    let mut reply = broken(Place::BeforeHead, Break::Close);
    reply.before_head = wait;
    Ok(reply)
}

/// `/malformed`: what is no HTTP.
pub(crate) fn malformed(_: &Call<'_>) -> Result<Reply, Refusal> {
    broken_answer("head", "garbage")
}

/// `/partial/{length}/{sent}`: so many bytes of so many.
pub(crate) fn partial(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (length, sent): (usize, usize) = (call.whole("length")?, call.whole("sent")?);
    if length > 1 << 20 || sent >= length {
        return Err(Refusal::bad(
            "At most 1048576 bytes, and fewer sent than announced.",
        ));
    }
    let mut reply = Reply::content("application/octet-stream", vec![b'*'; length]);
    reply.broken = Some((Place::Body(sent), Break::Close));
    Ok(reply)
}

fn broken(place: Place, how: Break) -> Reply {
    let content: Vec<u8> = (b'a'..=b'z').cycle().take(100).collect();
    let mut reply = Reply::text(content);
    reply.chunked = matches!(place, Place::BeforeLastChunk | Place::InTrailer);
    if place == Place::InTrailer {
        reply.trailers = vec![("X-Trailer".to_owned(), "the end".to_owned())];
    }
    reply.broken = Some((place, how));
    reply
}

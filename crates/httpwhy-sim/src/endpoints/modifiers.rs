//! Modifiers: the same words change any answer.
//!
//! They stand in the query where the query is not echoed (`/status/503?sleep=2s&h=Retry-After:7`), and before any other
//! path as `/with/<words>/…` (`/with/sleep=1s,cut=50%25/json`; commas between them, percent encoding within).
//!
//! | word | what it does |
//! |---|---|
//! | `status=503`, `reason=Busy` | another status line |
//! | `h=Name:value`, `-h=Name` | sets, or drops, a field; repeatable |
//! | `body=`, `body64=`, `type=` | other content, another media type |
//! | `retry-after=7`, `retry-after=date:7` | Retry-After in seconds, or as the date so many seconds from now |
//! | `sleep=2s`, `after-head=2s` | waits before the head, or behind it; a bare number is milliseconds |
//! | `drip=10` | that many milliseconds between the bytes |
//! | `profile=0,100,500` | the waits in milliseconds between the pieces; the last counts for all that follow |
//! | `piece=100` | the size of the pieces, in bytes |
//! | `rate=1000` | a bandwidth, in bytes a second |
//! | `chunked=1`, `trailer=Name:value` | chunked, with a trailer field; repeatable |
//! | `1xx=103,102` | interim answers before it |
//! | `close=1` | ends the connection in order behind it |
//! | `cut=`, `rst=`, `stall=` | breaks it off there: a [`Place`] |
//! | `corrupt=7` | turns the seventh byte of the content over, counted from 0 |
//! | `latency=`, `bandwidth=`, `slicer=`, `limit_data=`, `slow_close=`, `reset_peer=`, `timeout=` | as the toxics of a TCP proxy: `sleep`; `rate` in kilobytes a second; `piece`; the end behind so many bytes; a wait in milliseconds before the end; a reset instead of an answer after so many; silence and the end after so many, 0 for ever |
//! | `times=3`, `key=` | the first three calls only (by key; by path otherwise), 200 from then on |
//! | `seed=7` | draws what is random from this seed |
//! | `mark=0` | does not say that it was asked for |

use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::call::{Call, LONGEST_WAIT};
use super::reply::{Break, Place, Refusal, Reply, Split};
use super::stream::{may_trail, waits};
use super::text::{self, Pairs};
use crate::answer::{Answer, has_no_content};
use crate::statuses;

/// How often a second a limited bandwidth sends.
const SENDS: usize = 20;
/// The most pieces of an answer.
const MOST_PIECES: usize = 200_000;
/// The most interim answers.
const MOST_INTERIM: usize = 10;

/// Changes the reply as these words ask. Words that are none of ours are refused when `strict`, else left alone.
pub(crate) fn apply(
    words: &Pairs,
    mut reply: Reply,
    call: &Call<'_>,
    strict: bool,
) -> Result<Reply, Refusal> {
    if spent(words, call)? {
        return Ok(Answer::of(200).into());
    }
    for (word, value) in words {
        let known = one(word, value, &mut reply)?;
        if strict && !known {
            return Err(Refusal::bad(format!("'{word}' is no modifier")));
        }
    }
    bounded(reply)
}

/// The reply, when it can be complete within the time that an answer has, and in a number of pieces that is bearable.
pub(crate) fn bounded(reply: Reply) -> Result<Reply, Refusal> {
    if reply.duration() > LONGEST_WAIT {
        let why = format!("This would take more than {} s.", LONGEST_WAIT.as_secs());
        return Err(Refusal::bad(why));
    }
    if reply.count() > MOST_PIECES {
        return Err(Refusal::bad(format!(
            "That is more than {MOST_PIECES} pieces."
        )));
    }
    Ok(reply)
}

/// Whether `times` is over for this key.
fn spent(words: &Pairs, call: &Call<'_>) -> Result<bool, Refusal> {
    let Some(times) = text::first(words, "times") else {
        return Ok(false);
    };
    let times: u64 = number("times", times)?;
    let key = text::first(words, "key").unwrap_or(&call.asked.path);
    Ok(count(call, "times", key)? > times)
}

/// How often that key of that kind was asked for, this time included.
pub(crate) fn count(call: &Call<'_>, kind: &str, key: &str) -> Result<u64, Refusal> {
    if key.len() > 200 {
        return Err(Refusal::bad("key: at most 200 bytes"));
    }
    let counts = &call.world.state.counts;
    Ok(
        counts.with(&format!("{kind} {key}"), Instant::now(), |count| {
            *count += 1;
            *count
        }),
    )
}

/// Applies one word; false when it is none of ours.
pub(super) fn one(word: &str, value: &str, reply: &mut Reply) -> Result<bool, Refusal> {
    match word {
        "status" => set_status(reply, number(word, value)?)?,
        "reason" => reply.answer.reason = line(word, value)?,
        "h" => {
            let (name, value) = field(value)?;
            reply.answer.set(&name, &value);
        }
        "-h" => reply.answer.remove(value),
        "type" => reply.answer.set("Content-Type", &line(word, value)?),
        "body" => set_body(reply, value.as_bytes().to_vec()),
        "body64" => {
            let decoded = STANDARD.decode(value);
            set_body(
                reply,
                decoded.map_err(|_| Refusal::bad("body64: no base64"))?,
            );
        }
        "retry-after" => reply.answer.set("Retry-After", &retry_after(value)?),
        "sleep" => reply.before_head += millis(word, value)?,
        "after-head" => reply.after_head += millis(word, value)?,
        "drip" => (reply.split, reply.pauses) = (Split::Every(1), vec![millis(word, value)?]),
        "profile" => {
            reply.pauses = waits(value)?;
            if reply.split == Split::Whole {
                reply.split = Split::Every(1);
            }
        }
        "piece" => reply.split = Split::Every(number::<usize>(word, value)?.max(1)),
        "rate" => {
            let rate = number::<usize>(word, value)?.max(1);
            (reply.split, reply.pauses) = at_rate(rate);
        }
        "chunked" => reply.chunked = text::is_yes(value),
        "trailer" => {
            let (name, value) = field(value)?;
            may_trail(&name, &value)?;
            reply.trailers.push((name, value));
        }
        "1xx" => reply.interim = interim(value)?,
        "close" if text::is_yes(value) => reply.answer.set("Connection", "close"),
        "cut" => reply.broken = Some((place(value)?, Break::Close)),
        "rst" => reply.broken = Some((place(value)?, Break::Reset)),
        "stall" => reply.broken = Some((place(value)?, Break::Stall)),
        "corrupt" => corrupt(reply, number(word, value)?)?,
        "latency" | "bandwidth" | "slicer" | "limit_data" | "slow_close" | "reset_peer"
        | "timeout" => toxic(word, value, reply)?,
        "mark" => reply.marked = text::is_yes(value),
        "close" | "times" | "key" | "seed" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// What a TCP proxy's toxic of that name does.
fn toxic(word: &str, value: &str, reply: &mut Reply) -> Result<(), Refusal> {
    match word {
        "latency" => reply.before_head += millis(word, value)?,
        "bandwidth" => {
            let kilobytes = number::<usize>(word, value)?.max(1);
            (reply.split, reply.pauses) = at_rate(kilobytes.saturating_mul(1000));
        }
        "slicer" => reply.split = Split::Every(number::<usize>(word, value)?.max(1)),
        "limit_data" => reply.broken = Some((Place::Byte(number(word, value)?), Break::Close)),
        "slow_close" => reply.before_end = millis(word, value)?,
        "reset_peer" => {
            reply.before_head += millis(word, value)?;
            reply.broken = Some((Place::BeforeHead, Break::Reset));
        }
        _ => {
            let wait = millis(word, value)?;
            reply.before_head += wait;
            let how = if wait.is_zero() {
                Break::Stall
            } else {
                Break::Close
            };
            reply.broken = Some((Place::BeforeHead, how));
        }
    }
    Ok(())
}

/// Turns every bit of one byte of the content over.
fn corrupt(reply: &mut Reply, at: usize) -> Result<(), Refusal> {
    let length = reply.answer.body.len();
    let byte = reply.answer.body.get_mut(at).ok_or_else(|| {
        Refusal::bad(format!(
            "corrupt: {at} is not within the {length} bytes of the content"
        ))
    })?;
    *byte = !*byte;
    Ok(())
}

/// Pieces and waits that keep a bandwidth.
pub(crate) fn at_rate(rate: usize) -> (Split, Vec<Duration>) {
    let size = (rate / SENDS).max(1);
    let wait = Duration::from_secs_f64(size as f64 / rate as f64);
    (Split::Every(size), vec![wait])
}

fn set_status(reply: &mut Reply, code: u16) -> Result<(), Refusal> {
    if !(200..=999).contains(&code) {
        return Err(Refusal::bad("status: a final one, from 200 to 999"));
    }
    let status = statuses::of(code);
    reply.answer.status = code;
    status.reason.clone_into(&mut reply.answer.reason);
    for (name, value) in status.must {
        if !reply.answer.has(name) {
            reply.answer.set(name, value);
        }
    }
    if has_no_content(code) || code == 205 {
        set_body(reply, Vec::new());
        reply.answer.remove("Content-Type");
    }
    reply.marked = true;
    Ok(())
}

/// Other content has no coding and no pieces of the one before.
fn set_body(reply: &mut Reply, body: Vec<u8>) {
    reply.answer.body = body;
    reply.filler = 0;
    reply.answer.remove("Content-Length");
    reply.answer.remove("Content-Encoding");
    if matches!(reply.split, Split::At(_)) {
        reply.split = Split::Whole;
    }
}

/// A value for Retry-After (RFC 9110 section 10.2.3): seconds, or with `date:` before them the date then.
pub(crate) fn retry_after(value: &str) -> Result<String, Refusal> {
    let (as_date, seconds) = match value.strip_prefix("date:") {
        Some(seconds) => (true, seconds),
        None => (false, value),
    };
    let seconds: u32 = number("retry-after", seconds)?;
    if !as_date {
        return Ok(seconds.to_string());
    }
    // Four digits of year are all that the format has.
    let wait = Duration::from_secs(u64::from(seconds));
    Ok(httpdate::fmt_http_date(SystemTime::now() + wait))
}

fn interim(list: &str) -> Result<Vec<u16>, Refusal> {
    list.split([',', '+', ' '])
        .take(MOST_INTERIM)
        .map(|code| match number("1xx", code)? {
            code @ (100 | 102..=199) => Ok(code),
            _ => Err(Refusal::bad("1xx: codes from 100 to 199, without 101")),
        })
        .collect()
}

fn place(value: &str) -> Result<Place, Refusal> {
    Place::read(value).ok_or_else(|| {
        Refusal::bad(format!(
            "'{value}' is no place; there are: before-head, in-status-line, in-head, after-head, body:<n>, body:<n>%, \
             before-last-chunk, in-trailer"
        ))
    })
}

fn field(text: &str) -> Result<(String, String), Refusal> {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    let value = line(name, value.trim())?;
    if !text::is_token(name) {
        return Err(Refusal::bad(format!("'{name}' is no name of a field")));
    }
    Ok((name.to_owned(), value))
}

fn line(word: &str, value: &str) -> Result<String, Refusal> {
    if text::is_field_value(value) {
        return Ok(value.to_owned());
    }
    Err(Refusal::bad(format!("{word}: only one line, please")))
}

fn millis(word: &str, value: &str) -> Result<Duration, Refusal> {
    text::duration(value, 0.001, LONGEST_WAIT).map_err(|why| Refusal::bad(format!("{word}: {why}")))
}

fn number<T: std::str::FromStr>(word: &str, value: &str) -> Result<T, Refusal> {
    value
        .parse()
        .map_err(|_| Refusal::bad(format!("{word}: '{value}' is no number in range")))
}

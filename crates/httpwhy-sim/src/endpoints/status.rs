//! Statuses by number: `/status/503`, `/status/200:0.9,503:0.1`, and as a status echo `/503`, `/random/200,500-504`.

use super::call::{Call, LONGEST_WAIT};
use super::documents::not_acceptable;
use super::modifiers::apply;
use super::reply::{Break, Place, Refusal, Reply, Takeover};
use super::text::{self, Pairs};
use crate::answer::{Answer, has_no_content};
use crate::by_status;
use crate::random::Random;
use crate::statuses;

/// What follows `X-HttpStatus-` in names of request fields, and the modifier of the same effect.
const BY_FIELD: &[(&str, &str)] = &[("sleep", "sleep"), ("sleepafterheaders", "after-head")];
/// The most choices.
const MOST_CHOICES: usize = 1000;
/// The longest sleep of the status echo, in milliseconds.
const LONGEST_SLEEP: u64 = 30_000;
/// How many bytes of a dribbled body are dribbled, and the wait between them in milliseconds.
const DRIBBLED: (usize, u64) = (20, 10);

/// `/status/{codes}`: a code, or several of which one is chosen, each with a weight if it likes.
pub(crate) fn status(call: &Call<'_>) -> Result<Reply, Refusal> {
    let choices: Result<Vec<(u16, f64)>, Refusal> = call
        .param("codes")
        .split(',')
        .take(MOST_CHOICES)
        .map(weighted)
        .collect();
    let code = choose(call, &choices?)?;
    let mut reply = of(code, call);
    as_httpbin(&mut reply, code);
    echo_fields(reply, call)
}

/// That status as it is right on the wire, with what the request makes of it.
pub(crate) fn of(code: u16, call: &Call<'_>) -> Reply {
    if code == 101 {
        let mut reply = Reply::takeover(Takeover::Offered);
        reply.marked = true;
        return reply;
    }
    let is_interim = (100..200).contains(&code);
    let mut reply = if is_interim {
        Reply::from(Answer::of(200))
    } else {
        by_status::answer(code, call.asked).into()
    };
    if is_interim {
        reply.interim = vec![code];
    }
    reply.marked = true;
    reply
}

/// What clients that know httpbin look for.
fn as_httpbin(reply: &mut Reply, code: u16) {
    match code {
        300..=303 | 305 | 307 | 308 => reply.answer.set("Location", "/redirect/1"),
        402 => reply.answer.set(
            "x-more-info",
            "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.3",
        ),
        406 => reply.answer.body = not_acceptable().answer.body,
        418 => {
            reply
                .answer
                .set("x-more-info", "http://tools.ietf.org/html/rfc2324");
            reply.answer.body = TEAPOT.as_bytes().to_vec();
        }
        _ => {}
    }
}

const TEAPOT: &str = "\n    -=[ teapot ]=-\n\n        ___\n      .'   '.__\n    _/|     | ) \\\n   (_ |     |/__/\n     \\\\_____/\n";

/// `/{code}` and `/{code}/…`: the status echo.
pub(crate) fn echo(call: &Call<'_>) -> Result<Reply, Refusal> {
    let code = match call.param("code") {
        "im-a-teapot" => 418,
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => code(text)?,
        _ => return Err(Refusal::missing()),
    };
    echo_of(code, call)
}

/// `/random/{codes}`: one of a list of codes and ranges of codes.
pub(crate) fn random(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut codes = Vec::new();
    for item in call.param("codes").split(',').take(MOST_CHOICES) {
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        let (from, to) = (code(from.trim())?, code(to.trim())?);
        if from > to {
            return Err(Refusal::bad(format!("'{item}' is no range of codes")));
        }
        codes.extend((from..=to).map(|code| (code, 1.0)));
    }
    echo_of(choose(call, &codes)?, call)
}

fn echo_of(code: u16, call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut reply = of(code, call);
    if reply.takeover.is_some() {
        return Ok(reply);
    }
    let known = statuses::of(code).reason;
    let reason = if known.is_empty() {
        customary(code)
    } else {
        known
    };
    if known.is_empty() {
        reason.clone_into(&mut reply.answer.reason);
    }
    if !has_no_content(code) && code != 205 && reply.interim.is_empty() {
        let wants_json = call
            .asked
            .field("Accept")
            .is_some_and(|accept| accept.contains("application/json"));
        let (kind, body) = if wants_json {
            let body = serde_json::json!({"code": code, "description": reason});
            ("application/json", body.to_string())
        } else {
            ("text/plain; charset=utf-8", format!("{code} {reason}"))
        };
        // A part has to be the part that Content-Range names.
        if code != 206 {
            reply = reply.with("Content-Type", kind);
            reply.answer.body = body.into_bytes();
        }
    }
    echo_fields(reply, call)
}

/// What the request's own fields ask for: those of the status echo.
fn echo_fields(mut reply: Reply, call: &Call<'_>) -> Result<Reply, Refusal> {
    const PREFIX: &str = "x-httpstatus-";
    const RESPONSE: &str = "response-";
    let mut words = Pairs::new();
    for (name, value) in &call.asked.fields {
        let lower = name.to_ascii_lowercase();
        let Some(wish) = lower.strip_prefix(PREFIX) else {
            continue;
        };
        if wish.starts_with(RESPONSE) {
            // The name as it is written.
            let field = &name[PREFIX.len() + RESPONSE.len()..];
            words.push(("h".to_owned(), format!("{field}:{value}")));
        }
        if let Some((_, word)) = BY_FIELD.iter().find(|(known, _)| *known == wish) {
            words.push(((*word).to_owned(), checked_sleep(value)?));
        }
    }
    reply = apply(&words, reply, call, false)?;
    if let Some(sleep) = call.arg("sleep") {
        checked_sleep(sleep)?;
    }
    broken_by_field(&mut reply, call);
    Ok(reply)
}

/// The switches of the status echo: suppressed and dribbled bodies, aborts.
fn broken_by_field(reply: &mut Reply, call: &Call<'_>) {
    let says = |name: &str| {
        let field = call.asked.field(&format!("X-HttpStatus-{name}"));
        field.is_some_and(text::is_yes)
    };
    if says("SuppressBody") || call.arg("suppressBody").is_some_and(text::is_yes) {
        reply.answer.body.clear();
        reply.filler = 0;
    }
    if says("DribbleBody") {
        let (count, wait) = DRIBBLED;
        reply.split = super::reply::Split::Every(1);
        reply.pauses = vec![std::time::Duration::from_millis(wait); count];
        reply.pauses.push(std::time::Duration::ZERO);
    }
    let places = [
        ("AbortDuringBody", Place::Body(1)),
        ("AbortAfterHeaders", Place::AfterHead),
        ("AbortBeforeHeaders", Place::BeforeHead),
    ];
    for (name, place) in places {
        if says(name) {
            reply.broken = Some((place, Break::Reset));
        }
    }
}

/// A sleep that the status echo grants: 30 seconds at most.
fn checked_sleep(value: &str) -> Result<String, Refusal> {
    let longest = LONGEST_WAIT.min(std::time::Duration::from_millis(LONGEST_SLEEP));
    text::duration(value, 0.001, longest)
        .map(|_| value.to_owned())
        .map_err(|why| Refusal::bad(format!("sleep: {why}")))
}

fn weighted(item: &str) -> Result<(u16, f64), Refusal> {
    let (number, weight) = item.split_once(':').unwrap_or((item, "1"));
    let weight = weight.trim().parse::<f64>().ok();
    let weight = weight.filter(|weight| weight.is_finite() && *weight >= 0.0);
    let weight = weight.ok_or_else(|| Refusal::bad("Invalid status code: a weight is a number"))?;
    Ok((code(number.trim())?, weight))
}

fn code(text: &str) -> Result<u16, Refusal> {
    let number = text.parse::<u16>().ok().filter(|_| text.len() == 3);
    number
        .filter(|code| (100..=999).contains(code))
        .ok_or_else(|| {
            Refusal::bad("Invalid status code: it has three digits, the first of them not 0.")
        })
}

/// One of them, drawn from the seed of the query if it has one.
fn choose(call: &Call<'_>, choices: &[(u16, f64)]) -> Result<u16, Refusal> {
    if let [(code, _)] = choices {
        return Ok(*code);
    }
    let chosen = match call.arg("seed") {
        Some(_) => Random::new(Some(call.arg_or("seed", 0)?)).choose(choices),
        None => call.world.state.random(|random| random.choose(choices)),
    };
    chosen.ok_or_else(|| Refusal::bad("Invalid status code: some weight must be more than 0"))
}

/// What unregistered codes are commonly called.
fn customary(code: u16) -> &'static str {
    match code {
        419 => "Page Expired",
        420 => "Enhance Your Calm",
        440 => "Login Timeout",
        444 => "No Response",
        449 => "Retry With",
        450 => "Blocked by Windows Parental Controls",
        460 => "Client Closed Connection",
        463 => "Too Many Forwarded Addresses",
        494 => "Request Header Too Large",
        495 => "SSL Certificate Error",
        496 => "SSL Certificate Required",
        497 => "HTTP Request Sent to HTTPS Port",
        498 => "Invalid Token",
        499 => "Client Closed Request",
        509 => "Bandwidth Limit Exceeded",
        520 => "Web Server Returned an Unknown Error",
        521 => "Web Server Is Down",
        522 => "Connection Timed Out",
        523 => "Origin Is Unreachable",
        524 => "A Timeout Occurred",
        525 => "SSL Handshake Failed",
        526 => "Invalid SSL Certificate",
        527 => "Railgun Error",
        530 => "Site Is Frozen",
        561 => "Unauthorized",
        _ => "Unknown Code",
    }
}

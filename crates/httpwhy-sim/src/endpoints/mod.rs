//! What the HTTP port answers beside outcomes: the endpoints of httpbin, go-httpbin and a status echo, with the same
//! paths, parameters and shapes, and ours. [`routes`] is the table; [`modifiers`] change any of them.

#![expect(
    clippy::unnecessary_wraps,
    reason = "every page has the type of the table, and most can refuse"
)]

mod about;
mod auth;
mod broken;
mod bytes;
mod cache;
mod call;
mod coding;
mod cookies;
mod digest;
mod documents;
mod form;
mod mersenne;
mod mirror;
mod modifiers;
mod raw;
mod redirects;
mod reply;
mod retry;
mod routes;
mod send;
mod shaped;
mod status;
mod stream;
mod text;

use std::borrow::Cow;
use std::io;

pub(crate) use call::Call;
pub(crate) use reply::{Refusal, Reply, Takeover};
pub(crate) use routes::ROUTES;
use routes::Route;
use text::Pairs;
pub(crate) use text::query;

use crate::act::After;
use crate::answer::Answer;
use crate::request::Asked;
use crate::wire::Wire;
use crate::world::World;

/// Fields of answers that scripts of other origins see without leave (Fetch Standard, CORS-safelisted response headers),
/// or need not see.
const SEEN_ANYWAY: &[&str] = &[
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "server",
];

/// The most modifiers of one path.
const MOST_WORDS: usize = 100;

/// Answers what is no outcome.
pub(crate) async fn answer(wire: &mut Wire, asked: &Asked, world: &World) -> io::Result<After> {
    let (words, asked) = match with(asked) {
        Some((words, inner)) => (words, Cow::Owned(inner)),
        None => (Pairs::new(), Cow::Borrowed(asked)),
    };
    if let Some(id) = asked.path.strip_prefix("/outcome/") {
        return shaped::play(id, &words, wire, &asked, world).await;
    }
    let call = Call {
        asked: &asked,
        world,
        peer: wire.peer().unwrap_or(world.ip),
        secure: wire.is_secure(),
        params: Vec::new(),
        query: text::query(asked.query.as_deref().unwrap_or_default()),
    };
    let reply = complete(call, &words);
    send::send(reply, wire, &asked, world).await
}

/// An answer that goes out in one piece.
pub(crate) struct Whole {
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// Whether it ends the connection, whatever the request says.
    pub(crate) closes: bool,
}

/// What that request is answered with over plain HTTP, when it is a final answer in one piece and at once.
pub(crate) fn in_one_piece(asked: &Asked, world: &World) -> Option<Whole> {
    let call = Call {
        asked,
        world,
        peer: world.ip,
        secure: false,
        params: Vec::new(),
        query: Pairs::new(),
    };
    let reply = complete(call, &Pairs::new());
    let at_once =
        reply.takeover.is_none() && reply.interim.is_empty() && reply.before_head.is_zero();
    (at_once && reply.is_plain()).then(|| Whole {
        bytes: reply
            .answer
            .render(asked, send::mark(&reply, world).as_deref()),
        closes: reply.answer.closes(),
    })
}

/// The reply to a call, whatever it is.
fn complete(mut call: Call<'_>, words: &Pairs) -> Reply {
    let mut reply = reply(&mut call, words).unwrap_or_else(Reply::from);
    if reply.takeover.is_none() {
        allow_other_origins(&mut reply, call.asked);
    }
    reply
}

/// The modifiers of a path under `/with/`, and the request without them.
fn with(asked: &Asked) -> Option<(Pairs, Asked)> {
    let (words, path) = asked.path.strip_prefix("/with/")?.split_once('/')?;
    let words = words
        .split(',')
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| word.split_once('=').unwrap_or((word, "")))
        .map(|(word, value)| (text::percent(word), text::percent(value)))
        .collect();
    let inner = Asked {
        path: format!("/{path}"),
        ..asked.clone()
    };
    Some((words, inner))
}

fn reply(call: &mut Call<'_>, words: &Pairs) -> Result<Reply, Refusal> {
    let path = &call.asked.path;
    let found = ROUTES
        .iter()
        .find_map(|route| Some((route, route.fits(path)?)));
    let (route, params) = found.ok_or_else(Refusal::missing)?;
    let decoded = params
        .into_iter()
        .map(|(name, value)| (name, text::percent(value)));
    call.params = decoded.collect();
    let mut reply = route_reply(route, call)?;
    if route.modified && reply.takeover.is_none() {
        reply = modifiers::apply(&call.query, reply, call, false)?;
    }
    if !words.is_empty() && reply.takeover.is_none() {
        reply = modifiers::apply(words, reply, call, true)?;
    }
    modifiers::bounded(reply)
}

fn route_reply(route: &Route, call: &Call<'_>) -> Result<Reply, Refusal> {
    let method = call.asked.method.as_str();
    if route.answers(method) {
        return (route.page)(call);
    }
    // The last rows fit any path; what is no status is no page, whatever the method.
    if route.path.starts_with("/{") {
        (route.page)(call)?;
    }
    if method == "OPTIONS" {
        return Ok(Reply::empty(200).with("Allow", &route.allowed()));
    }
    let mut answer = Answer::of(405);
    answer.set("Allow", &route.allowed());
    Ok(answer.into())
}

/// What httpbin says to scripts of other origins (Fetch Standard, CORS protocol), and which fields they may see.
fn allow_other_origins(reply: &mut Reply, asked: &Asked) {
    let origin = asked.field("Origin").unwrap_or("*");
    let answer = &mut reply.answer;
    answer.set("Access-Control-Allow-Origin", origin);
    answer.set("Access-Control-Allow-Credentials", "true");
    if asked.method == "OPTIONS" {
        let methods = "GET, POST, PUT, DELETE, PATCH, OPTIONS";
        answer.set("Access-Control-Allow-Methods", methods);
        answer.set("Access-Control-Max-Age", "3600");
        if let Some(names) = asked.field("Access-Control-Request-Headers") {
            answer.set("Access-Control-Allow-Headers", names);
        }
    }
    if asked.field("Origin").is_some() {
        let fields = answer.fields.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = fields
            .filter(|name| !name.starts_with("Access-Control-"))
            .filter(|name| !SEEN_ANYWAY.contains(&name.to_ascii_lowercase().as_str()))
            .collect();
        names.dedup();
        let names = names.join(", ");
        answer.set("Access-Control-Expose-Headers", &names);
    }
}

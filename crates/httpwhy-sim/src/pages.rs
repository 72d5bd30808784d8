//! Everything under the HTTP port that is no outcome: the index, statuses by number, and a few pages to land on.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use tokio::time::sleep;

use crate::act::After;
use crate::answer::Answer;
use crate::request::Asked;
use crate::wire::Wire;
use crate::world::{Played, World};
use crate::{by_status, websocket};

/// The longest delay of `/delay`, in seconds.
const LONGEST_DELAY: f64 = 30.0;
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers what is no outcome.
pub(crate) async fn answer(wire: &mut Wire, asked: &Asked, world: &World) -> io::Result<After> {
    let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
    let page = match parts.as_slice() {
        [""] => Answer::content(TEXT, index(world)),
        ["outcomes"] => Answer::content(JSON, outcomes(world)),
        ["ca.pem"] => Answer::content(
            "application/x-pem-file",
            world.certificates.ca_pem.as_bytes(),
        ),
        ["landing"] => Answer::content(TEXT, "You have arrived.\n"),
        ["login"] => Answer::content("text/html; charset=utf-8", LOGIN),
        ["get"] => Answer::content(JSON, echo(asked)),
        ["status", code] => return status(code, wire, asked, world).await,
        ["delay", seconds] => delay(seconds).await,
        ["ws", "echo"] => return websocket::echo(wire, asked, None).await,
        _ => Answer {
            body: b"No such page. The index is at /.\n".to_vec(),
            ..Answer::of(404)
        },
    };
    page.send(wire, asked, None).await
}

async fn status(code: &str, wire: &mut Wire, asked: &Asked, world: &World) -> io::Result<After> {
    match code.parse::<u16>() {
        Ok(number @ 100..=999) if code.len() == 3 => {
            let mark = world.mark.then(|| format!("status-{number}"));
            by_status::send(number, wire, asked, mark.as_deref()).await
        }
        _ => {
            let why = "A status code has three digits, the first of them not 0.\n";
            bad_request(why).send(wire, asked, None).await
        }
    }
}

async fn delay(seconds: &str) -> Answer {
    match seconds.parse::<f64>() {
        Ok(seconds) if (0.0..=LONGEST_DELAY).contains(&seconds) => {
            sleep(Duration::from_secs_f64(seconds)).await;
            Answer::content(TEXT, format!("{seconds} s\n"))
        }
        _ => bad_request("A delay is a number of seconds from 0 to 30.\n"),
    }
}

fn bad_request(why: &str) -> Answer {
    Answer {
        body: why.as_bytes().to_vec(),
        ..Answer::of(400)
    }
}

/// The answer for an outcome that is met elsewhere: says where.
pub(crate) fn elsewhere(played: &Played) -> Answer {
    Answer::content(JSON, outcome(played) + "\n")
}

/// The answer for an id that is none, or that nothing here can bring about.
pub(crate) fn unknown_outcome() -> Answer {
    Answer {
        body: b"No such outcome, or none that can be brought about. The list is at /outcomes.\n"
            .to_vec(),
        ..Answer::of(404)
    }
}

const LOGIN: &str = "<!DOCTYPE html>\n<title>Log in</title>\n<form action=\"/login\" method=\"post\">\
                     <input name=\"user\"><input type=\"password\" name=\"password\"><button>Log in</button></form>\n";

fn index(world: &World) -> String {
    let mut text = format!(
        "httpwhy-sim\n\nhttp  {}\nhttps {} (authority: /ca.pem)\ndns   {} (everything under .test)\n\n\
         /status/<code>  any status from 100 to 999, with the fields it demands\n\
         /outcomes       the list below as JSON\n\
         /get, /delay/<seconds>, /landing, /login, /ws/echo\n\n",
        world.http, world.https, world.dns
    );
    let mut url = String::new();
    for played in &world.played {
        url.clear();
        url.push_str(&reach(played));
        let _ = writeln!(text, "{:<32} {url}", played.id.0);
    }
    text
}

/// Where a client without a name server of ours meets the outcome: for those on the HTTP port, the path.
fn reach(played: &Played) -> String {
    match played.part {
        crate::act::Part::Request(_) => format!("/outcome/{}", played.id.0),
        _ => played.scene.target.clone(),
    }
}

fn outcomes(world: &World) -> String {
    let all: Vec<String> = world.played.iter().map(outcome).collect();
    format!("[\n{}\n]\n", all.join(",\n"))
}

fn outcome(played: &Played) -> String {
    let scene = &played.scene;
    let dns = scene
        .dns
        .map_or("null".to_owned(), |dns| json(&dns.to_string()));
    format!(
        "{{\"id\":{},\"act\":{},\"about\":{},\"url\":{},\"method\":{},\"resolver\":{dns}}}",
        json(played.id.0),
        json(played.act.name),
        json(played.act.about),
        json(&scene.target),
        json(&scene.method),
    )
}

/// What was asked, as httpbin's `/get` tells it: the fields (the last of each name) and the query.
fn echo(asked: &Asked) -> String {
    let fields: Vec<String> = asked
        .fields
        .iter()
        .map(|(name, value)| format!("    {}: {}", json(name), json(value)))
        .collect();
    format!(
        "{{\n  \"headers\": {{\n{}\n  }},\n  \"method\": {},\n  \"query\": {}\n}}\n",
        fields.join(",\n"),
        json(&asked.method),
        asked.query.as_deref().map_or("null".to_owned(), json),
    )
}

/// A JSON string (RFC 8259 section 7).
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(json("a\"b\\c\r\u{9f}ü"), "\"a\\\"b\\\\c\\u000d\\u009fü\"");
    }
}

//! Our own pages: the index, the list of outcomes, the authority's certificate, and a few to land on.

#![expect(
    clippy::unnecessary_wraps,
    reason = "every page has the type of the table of routes"
)]

use std::fmt::Write;

use crate::answer::Answer;
use crate::certificates::CLIENTS;
use crate::endpoints::{Call, ROUTES, Refusal, Reply, Takeover};
use crate::json;
use crate::websocket::{LONGEST, Longest};
use crate::world::{Played, World};

const JSON: &str = "application/json";

/// `/`: the index.
pub(crate) fn index(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::text(listing(call.world)))
}

/// `/outcomes`: all that can be met, as JSON.
pub(crate) fn outcomes(call: &Call<'_>) -> Result<Reply, Refusal> {
    let all: Vec<String> = call.world.played.iter().map(outcome).collect();
    let all = format!("[\n{}\n]\n", all.join(",\n"));
    Ok(Reply::content(JSON, all))
}

/// `/ca.pem`: the authority's certificate.
pub(crate) fn ca(call: &Call<'_>) -> Result<Reply, Refusal> {
    let pem = call.world.certificates.ca_pem.as_bytes();
    Ok(Reply::content("application/x-pem-file", pem))
}

/// `/crl.pem`: the revocation list that names the certificate of `tls/cert-revoked`.
pub(crate) fn crl(call: &Call<'_>) -> Result<Reply, Refusal> {
    let list = call.world.certificates.crl("revoked").unwrap_or_default();
    Ok(Reply::content("application/x-pem-file", list.as_bytes()))
}

/// `/ports`: every port by what it is for; those of outcomes by their ids.
pub(crate) fn ports(call: &Call<'_>) -> Result<Reply, Refusal> {
    let world = call.world;
    let mut all = vec![
        ("http".to_owned(), world.http.port()),
        ("https".to_owned(), world.https.port()),
        ("dns".to_owned(), world.dns.port()),
    ];
    let own = world.played.iter().filter(|played| has_own_port(played));
    all.extend(own.filter_map(|played| Some((played.id.0.to_owned(), played.scene.port()?))));
    let lines: Vec<String> = all
        .iter()
        .map(|(name, port)| format!("{}:{port}", json(name)))
        .collect();
    Ok(Reply::content(
        JSON,
        format!("{{\n{}\n}}\n", lines.join(",\n")),
    ))
}

/// Whether an outcome is met on a port of its own.
fn has_own_port(played: &Played) -> bool {
    use crate::act::Part;
    matches!(
        played.part,
        Part::Accept(_) | Part::Datagrams(_) | Part::Refuse | Part::Full
    )
}

/// `/tls`: the outcomes of TLS, as JSON.
pub(crate) fn tls(call: &Call<'_>) -> Result<Reply, Refusal> {
    let played = call.world.played.iter();
    let all: Vec<String> = played
        .filter(|played| played.scene.target.starts_with("https:"))
        .map(outcome)
        .collect();
    Ok(Reply::content(JSON, format!("[\n{}\n]\n", all.join(",\n"))))
}

/// `/client.pem?how=`: a certificate for clients with its chain and key, to be shown to those who want one: `good`, or
/// one that is refused: `expired`, `not-for-clients`, `unknown-issuer`.
pub(crate) fn client(call: &Call<'_>) -> Result<Reply, Refusal> {
    let how = call.arg("how").unwrap_or("good");
    let found = call.world.certificates.client(how).ok_or_else(|| {
        Refusal::bad(format!(
            "'{how}' is no certificate for clients; there are: {}",
            CLIENTS.join(", ")
        ))
    })?;
    Ok(Reply::content("application/x-pem-file", found.as_bytes()))
}

/// `/landing`: where redirects lead.
pub(crate) fn landing(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::text("You have arrived.\n"))
}

/// `/login`: a form.
pub(crate) fn login(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content("text/html; charset=utf-8", LOGIN))
}

/// `/ws/echo`, `/websocket/echo?max_fragment_size=&max_message_size=`.
pub(crate) fn ws_echo(call: &Call<'_>) -> Result<Reply, Refusal> {
    let longest = Longest {
        message: call.arg_or("max_message_size", LONGEST)?,
        frame: call.arg_or("max_fragment_size", LONGEST)?,
    };
    let bounds = 1..=LONGEST;
    if !bounds.contains(&longest.message) || !bounds.contains(&longest.frame) {
        return Err(Refusal::bad(format!(
            "Sizes are from 1 to {LONGEST} bytes."
        )));
    }
    Ok(Reply::takeover(Takeover::WebSocket(longest)))
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

fn listing(world: &World) -> String {
    let mut text = format!(
        "httpwhy-sim\n\nhttp  {}\nhttps {} (authority: /ca.pem)\ndns   {} (everything under .test)\n\n\
         /status/<code>  any status from 100 to 999, with the fields it demands\n\
         /outcomes       the list below as JSON\n\
         /api/v1         an API in which each status happens for its true reason; /api/v1/codes tells how\n\
         /with/<words>/… any path with modifiers: /with/sleep=1s,status=503/get\n\n",
        world.http, world.https, world.dns
    );
    for route in ROUTES {
        let _ = writeln!(text, "{:<32} {}", route.methods, route.path);
    }
    text.push('\n');
    for played in &world.played {
        let _ = writeln!(text, "{:<32} {}", played.id.0, reach(played));
    }
    text
}

/// Where a client without a name server of ours meets the outcome: for those on the HTTP port, the path.
fn reach(played: &Played) -> String {
    match played.part {
        crate::act::Part::Request(_) | crate::act::Part::Frames(_) => {
            format!("/outcome/{}", played.id.0)
        }
        _ => played.scene.target.clone(),
    }
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

/// A JSON string.
fn json(text: &str) -> String {
    let mut out = String::new();
    json::string(&mut out, text);
    out
}

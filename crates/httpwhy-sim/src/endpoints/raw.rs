//! Exact bytes: `/raw/{base64url}`, or under a name that was given with PUT; and connections that no path can refuse.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

use super::call::Call;
use super::reply::{Break, Refusal, Reply, Takeover};
use crate::act::Part;

/// The most bytes that are kept under a name. With the bound on names that is 16 MiB in all.
const LONGEST: usize = 4096;
/// The longest name.
const LONGEST_NAME: usize = 200;

/// `/raw/{bytes}?end=fin|rst|hold&sleep=`: these bytes and that end. PUT keeps the content of the request under the name;
/// GET gives it, or else what the name is in base64url (RFC 4648 section 5).
pub(crate) fn raw(call: &Call<'_>) -> Result<Reply, Refusal> {
    let name = call.param("bytes");
    let kept = &call.world.state.raw;
    match call.asked.method.as_str() {
        "PUT" => keep(call, name),
        "DELETE" => {
            let known = kept.known(name, Instant::now(), std::mem::take);
            known
                .filter(|bytes| !bytes.is_empty())
                .map(|_| Reply::empty(204))
                .ok_or_else(Refusal::missing)
        }
        _ => {
            let known = kept.known(name, Instant::now(), |bytes| bytes.clone());
            let bytes = known.filter(|bytes| !bytes.is_empty());
            let bytes = bytes.or_else(|| decoded(name)).ok_or_else(|| {
                Refusal::bad(
                    "That is neither a name that was given with PUT nor base64url: letters, digits, - and _",
                )
            })?;
            let mut reply = Reply::takeover(Takeover::Bytes(bytes, end(call)?));
            reply.before_head = call.seconds("sleep", Duration::ZERO)?;
            Ok(reply)
        }
    }
}

fn keep(call: &Call<'_>, name: &str) -> Result<Reply, Refusal> {
    let content = &call.asked.content;
    if content.is_empty() || content.len() > LONGEST || name.len() > LONGEST_NAME {
        return Err(Refusal::bad(format!(
            "Under a name of at most {LONGEST_NAME} bytes 1 to {LONGEST} bytes are kept, not {}.",
            content.len()
        )));
    }
    let kept = &call.world.state.raw;
    let is_new = kept.with(name, Instant::now(), |bytes| {
        std::mem::replace(bytes, content.clone()).is_empty()
    });
    let path = &call.asked.path;
    Ok(if is_new {
        Reply::empty(201).with("Location", path)
    } else {
        Reply::empty(204)
    })
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text));
    bytes.ok()
}

fn end(call: &Call<'_>) -> Result<Break, Refusal> {
    Ok(match call.arg("end").unwrap_or("fin") {
        "fin" => Break::Close,
        "half" => Break::HalfClose,
        "rst" => Break::Reset,
        "hold" => Break::Stall,
        other => {
            return Err(Refusal::bad(format!(
                "end: '{other}' is none; there are: fin, half, rst, hold"
            )));
        }
    })
}

/// `/fault/tcp/{refused|timeout}`: a path cannot refuse a connection; leads to the port that does.
pub(crate) fn elsewhere(call: &Call<'_>) -> Result<Reply, Refusal> {
    let how = call.param("how");
    let is_wanted = |part: &Part| match how {
        "refused" => matches!(part, Part::Refuse),
        "timeout" => matches!(part, Part::Full),
        _ => false,
    };
    let found = call
        .world
        .played
        .iter()
        .find(|played| is_wanted(&played.part));
    let port = found.and_then(|played| played.scene.port());
    let port = port.ok_or_else(|| {
        Refusal::bad(format!(
            "'{how}' is no fault of TCP; there are: refused, timeout"
        ))
    })?;
    let address = std::net::SocketAddr::from((call.world.ip, port));
    Ok(Reply::redirect(307, &format!("http://{address}/")))
}

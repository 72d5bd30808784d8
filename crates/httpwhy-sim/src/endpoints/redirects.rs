//! Redirects: chains, to an address, and those that lead astray.

use super::call::Call;
use super::reply::{Refusal, Reply};
use super::text;
use crate::answer::Answer;

/// The longest chain.
const LONGEST: u32 = 1000;

/// `/redirect/{n}`: n redirects, then `/get`; `?absolute=true` for absolute ones.
pub(crate) fn chain(call: &Call<'_>) -> Result<Reply, Refusal> {
    hop(call, call.arg("absolute").is_some_and(text::is_yes))
}

/// `/relative-redirect/{n}`.
pub(crate) fn relative(call: &Call<'_>) -> Result<Reply, Refusal> {
    hop(call, false)
}

/// `/absolute-redirect/{n}`.
pub(crate) fn absolute(call: &Call<'_>) -> Result<Reply, Refusal> {
    hop(call, true)
}

fn hop(call: &Call<'_>, absolute: bool) -> Result<Reply, Refusal> {
    let left: u32 = call.whole("n")?;
    if !(1..=LONGEST).contains(&left) {
        let why = format!("A chain has 1 to {LONGEST} redirects.");
        return Err(Refusal::bad(why));
    }
    let path = match (left, absolute) {
        (1, _) => "/get".to_owned(),
        (_, true) => format!("/absolute-redirect/{}", left - 1),
        (_, false) => format!("/relative-redirect/{}", left - 1),
    };
    let origin = if absolute {
        call.origin()
    } else {
        String::new()
    };
    Ok(Reply::found(&(origin + &path)))
}

/// `/redirect-to?url=&status_code=`: there, with that code if it is of class 3.
pub(crate) fn to(call: &Call<'_>) -> Result<Reply, Refusal> {
    let url = call.arg("url").unwrap_or_default();
    if url.is_empty() || !text::is_field_value(url) {
        return Err(Refusal::bad(
            "url: where to? It is needed, and is one line.",
        ));
    }
    Ok(Reply::empty(code(call)?).with("Location", url))
}

/// The code of the query, 302 for those of another class.
fn code(call: &Call<'_>) -> Result<u16, Refusal> {
    let code = call.arg_or("status_code", 302)?;
    Ok(if (300..400).contains(&code) {
        code
    } else {
        302
    })
}

/// `/fault/redirect/{how}`: redirects that lead astray; `?status_code=` for another code than 302.
pub(crate) fn astray(call: &Call<'_>) -> Result<Reply, Refusal> {
    let how = call.param("how");
    let path = &call.asked.path;
    let other = |secure: bool| {
        let (scheme, address) = if secure {
            ("https", call.world.https)
        } else {
            ("http", call.world.http)
        };
        let host = call.host();
        // The port follows the last colon, unless that stands within an IPv6 address.
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host.as_str(),
        };
        format!("{scheme}://{name}:{}/landing", address.port())
    };
    let hop: u64 = call.arg_or("hop", 0)?;
    let location = match how {
        "self" => path.clone(),
        "loop" if call.arg("back").is_some() => path.clone(),
        "loop" => format!("{path}?back"),
        "too-many" => format!("{path}?hop={}", hop.saturating_add(1)),
        "bad-location" => "http://[::1/new".to_owned(),
        "unsafe-scheme" => "file:///etc/hostname".to_owned(),
        "to-https" => other(true),
        "to-http" | "downgrade" => other(false),
        "other-scheme" => other(!call.secure),
        "userinfo" => call.origin().replacen("://", "://user:secret@", 1) + "/landing",
        "fragment" => "/landing#part".to_owned(),
        "relative" => "../../landing".to_owned(),
        "network-path" => format!("//{}/landing", call.host()),
        "absolute" => call.origin() + "/landing",
        "see-other" => return Ok(Reply::redirect(303, "/anything")),
        "keep-method" => return Ok(Reply::redirect(307, "/anything")),
        "change-method" => return Ok(Reply::redirect(302, "/anything")),
        "no-location" => {
            let mut answer = Answer::of(code(call)?);
            answer.remove("Location");
            return Ok(answer.into());
        }
        _ => {
            return Err(Refusal::bad(format!(
                "'{how}' is no redirect; there are: {}",
                ASTRAY.join(", ")
            )));
        }
    };
    Ok(Reply::redirect(code(call)?, &location))
}

/// What `/fault/redirect/` knows.
pub(crate) const ASTRAY: &[&str] = &[
    "absolute",
    "bad-location",
    "change-method",
    "downgrade",
    "fragment",
    "keep-method",
    "loop",
    "network-path",
    "no-location",
    "other-scheme",
    "relative",
    "see-other",
    "self",
    "to-http",
    "to-https",
    "too-many",
    "unsafe-scheme",
    "userinfo",
];

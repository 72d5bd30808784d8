//! `/__journal`: the journal as JSON.
//!
//! `GET` lists the entries, oldest first; `?path=/orders` (as a prefix), `method=`, `status=`, `act=` (as a prefix),
//! `over=h2`, `ended=reset`, `since=NUMBER` and `last=COUNT` choose among them. `DELETE` forgets them all, and
//! `POST ?requests=1` keeps fields and content of requests from then on. Requests for it are not noted.

use serde_json::json;

use super::Entry;
use crate::endpoints::{Call, Refusal, Reply};

/// Where it is.
pub(crate) const PATH: &str = "/__journal";

const WORDS: &[&str] = &[
    "path", "method", "status", "act", "over", "ended", "since", "last", "requests",
];

/// See the module.
pub(crate) fn page(call: &Call<'_>) -> Result<Reply, Refusal> {
    if let Some((word, _)) = call
        .query
        .iter()
        .find(|(word, _)| !WORDS.contains(&word.as_str()))
    {
        let words = WORDS.join(", ");
        return Err(Refusal::bad(format!(
            "'{word}' is no word of the journal; there are: {words}"
        )));
    }
    let journal = &call.world.journal;
    match call.asked.method.as_str() {
        "DELETE" => {
            journal.clear();
            Ok(Reply::empty(204))
        }
        "POST" => {
            let wanted = call.arg("requests").unwrap_or("1");
            journal.keep_requests(!matches!(wanted, "0" | "false" | "no"));
            Ok(Reply::empty(204))
        }
        _ => list(call),
    }
}

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let since: u64 = call.arg_or("since", 0)?;
    let last: usize = call.arg_or("last", super::KEPT)?;
    let status: Option<u16> = match call.arg("status") {
        None => None,
        Some(_) => Some(call.arg_or("status", 0)?),
    };
    let is = |word: &str, value: &str| {
        call.arg(word)
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let begins = |word: &str, value: &str| {
        call.arg(word)
            .is_none_or(|wanted| value.starts_with(wanted))
    };
    let wanted = |entry: &Entry| {
        entry.number >= since
            && status.is_none_or(|status| entry.status == Some(status))
            && is("method", &entry.method)
            && is("over", entry.over.as_str())
            && is("ended", entry.ended.as_str())
            && begins("path", &entry.path)
            && begins("act", &entry.act)
    };
    let (mut entries, next) = call.world.journal.entries(wanted);
    let unwanted = entries.len().saturating_sub(last);
    entries.drain(..unwanted);
    let listed: Vec<_> = entries.iter().map(Entry::json).collect();
    Ok(Reply::json(&json!({"entries": listed, "next": next})))
}

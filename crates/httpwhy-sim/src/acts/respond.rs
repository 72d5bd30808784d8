//! A well-formed answer.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::{self, Answer};
use crate::by_status;
use crate::statuses;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "respond",
    about: "answers with a status and the fields it demands; those of the entry replace ours of the same name",
    params: &["body", "fields", "method", "reason", "request", "status"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let respond = Respond {
        status: params.number_within("status", 100, 999)?,
        reason: params.text("reason")?,
        fields: params.fields("fields")?,
        body: params.text("body")?,
    };
    Ok(Role {
        part: Part::Request(Box::new(respond)),
        cue: cue(params)?,
    })
}

fn cue(params: &Params) -> Result<Cue, Misuse> {
    let method = params.text("method")?.unwrap_or("GET");
    let mut fields = params.fields("request")?;
    let body = matches!(method, "POST" | "PUT" | "PATCH").then(|| b"{\"n\":1}".to_vec());
    let has_type = fields
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if body.is_some() && !has_type {
        fields.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    Ok(Cue {
        method: method.to_owned(),
        fields,
        body,
        ..Cue::default()
    })
}

struct Respond {
    status: u16,
    reason: Option<&'static str>,
    fields: Vec<(String, String)>,
    body: Option<&'static str>,
}

impl OnRequest for Respond {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            let Turn {
                wire, asked, mark, ..
            } = turn;
            if self.is_plain() {
                return by_status::send(self.status, wire, asked, mark).await;
            }
            self.compose().send(wire, asked, mark).await
        })
    }
}

impl Respond {
    /// Whether the entry asks for the status alone: then it is answered as `/status/<code>` is.
    fn is_plain(&self) -> bool {
        self.reason.is_none() && self.fields.is_empty() && self.body.is_none()
    }

    /// The entry's own answer. Somebody else's answer has nothing of ours but what the status demands; with a reason
    /// phrase of its own only, it is ours.
    fn compose(&self) -> Answer {
        let mut composed = if self.fields.is_empty() && self.body.is_none() {
            Answer::of(self.status)
        } else {
            Answer::bare(statuses::of(self.status))
        };
        if let Some(reason) = self.reason {
            reason.clone_into(&mut composed.reason);
        }
        for (name, _) in &self.fields {
            composed.remove(name);
        }
        composed.fields.extend_from_slice(&self.fields);
        if let Some(body) = self.body.filter(|_| !answer::has_no_content(self.status)) {
            composed.body = body.as_bytes().to_vec();
            if !composed.has("Content-Type") {
                composed.set("Content-Type", kind(self.status, body));
            }
        }
        composed
    }
}

/// The media type of content whose entry names none.
fn kind(status: u16, body: &str) -> &'static str {
    match (statuses::of(status).content, body.bytes().next()) {
        (Some((kind, _)), _) => kind,
        (None, Some(b'<')) => "text/html; charset=utf-8",
        (None, Some(b'{' | b'[')) => "application/json",
        (None, _) => "text/plain; charset=utf-8",
    }
}

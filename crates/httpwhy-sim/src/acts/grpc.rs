//! A gRPC call that ends with a status.

use std::fmt::Write;

use crate::act::{Act, Cue, FramesTurn, Misuse, OnFrames, Params, Part, Playing, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "grpc",
    about: "over HTTP/2: answers a gRPC call with that status in the trailers, behind an empty message ('trailers') or alone ('trailers-only')",
    params: &["code", "form", "message"],
    perform,
};

/// An empty message: not compressed, no bytes (gRPC over HTTP/2, Length-Prefixed-Message).
const EMPTY: &[u8] = &[0; 5];

fn perform(params: &Params) -> Result<Role, Misuse> {
    let alone = match params.text("form")? {
        None => true,
        Some(_) => params.word("form", &["trailers", "trailers-only"])? == "trailers-only",
    };
    let code: u32 = params.number_within("code", 0, i64::from(u32::MAX))?;
    let message = params.text("message")?.unwrap_or_default();
    let mut cue = Cue {
        method: "POST".to_owned(),
        body: Some(EMPTY.to_vec()),
        ..Cue::http2()
    };
    for (name, value) in [("Content-Type", "application/grpc"), ("TE", "trailers")] {
        cue.fields.push((name.to_owned(), value.to_owned()));
    }
    let status = Status {
        code: code.to_string(),
        message: percent(message),
        alone,
    };
    Ok(Role {
        part: Part::Frames(Box::new(status)),
        cue,
    })
}

/// Encodes a message for `grpc-message` (gRPC over HTTP/2, Status-Message).
fn percent(message: &str) -> String {
    let mut out = String::new();
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

struct Status {
    code: String,
    message: String,
    alone: bool,
}

impl OnFrames for Status {
    fn answer<'a>(&'a self, turn: FramesTurn<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            let FramesTurn { link, stream, .. } = turn;
            let mut status = vec![("grpc-status", self.code.as_str())];
            if !self.message.is_empty() {
                status.push(("grpc-message", &self.message));
            }
            let head = turn.marked(&[(":status", "200"), ("content-type", "application/grpc")]);
            if self.alone {
                let all = [head, status].concat();
                return link.fields(stream, &all, true).await;
            }
            link.fields(stream, &head, false).await?;
            link.data(stream, EMPTY, false).await?;
            link.fields(stream, &status, true).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn messages() {
        assert_eq!(percent("cart 42: 100 % é\n"), "cart 42: 100 %25 %C3%A9%0A");
    }
}

//! Well-formed answers, written as a careful server would.

use std::io;
use std::time::SystemTime;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::act::After;
use crate::request::Asked;
use crate::statuses::{self, Status};

/// The field that says which outcome was asked for, so that nobody takes an asked-for failure for a real one.
pub(crate) const MARK: &str = "httpwhy-sim";

/// A final answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The reason phrase.
    pub(crate) reason: String,
    /// The fields, in order, without Date, Content-Length and the mark.
    pub(crate) fields: Vec<(String, String)>,
    /// The content.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// That status with all its fields and content.
    pub(crate) fn of(code: u16) -> Self {
        let status = statuses::of(code);
        let mut answer = Self::bare(status);
        answer.fields.insert(0, ("Server".into(), "sim".into()));
        answer.add(status.usual);
        let (kind, content) = match status.content {
            Some((kind, content)) => (kind, content.to_owned()),
            None => ("text/plain; charset=utf-8", line(&status)),
        };
        if !has_no_content(code) && code != 205 {
            answer.set("Content-Type", kind);
            answer.body = content.into_bytes();
        }
        answer
    }

    /// That status with nothing but what it must have.
    pub(crate) fn bare(status: Status) -> Self {
        let mut answer = Self {
            status: status.code,
            reason: status.reason.to_owned(),
            ..Self::default()
        };
        answer.add(status.must);
        answer
    }

    /// 200 with that content.
    pub(crate) fn content(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut answer = Self::of(200);
        answer.set("Content-Type", kind);
        answer.body = body.into();
        answer
    }

    fn add(&mut self, fields: &[(&str, &str)]) {
        let owned = fields.iter();
        self.fields
            .extend(owned.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }

    /// Whether a field of that name is there, any case.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Sets a field, in the place of those of the same name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// Removes the fields of that name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.fields
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Whether it says that the connection ends.
    pub(crate) fn closes(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, value)| {
            name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
        })
    }

    /// The bytes of the answer to that request.
    pub(crate) fn render(&self, asked: &Asked, mark: Option<&str>) -> Vec<u8> {
        let mut out = self.head(asked, mark);
        if !asked.is_head() && !has_no_content(self.status) {
            out.extend_from_slice(&self.body);
        }
        out
    }

    /// The head of the answer to that request.
    pub(crate) fn head(&self, asked: &Asked, mark: Option<&str>) -> Vec<u8> {
        let mut out = head(self.status, &self.reason);
        if !self.has("Date") {
            date(&mut out);
        }
        for (name, value) in &self.fields {
            let is_connection = name.eq_ignore_ascii_case("Connection");
            let ends = is_connection && !asked.keep && !self.closes();
            let value = if ends {
                &format!("{value}, close")
            } else {
                value
            };
            field(&mut out, name, value);
        }
        let is_framed = self.has("Content-Length") || self.has("Transfer-Encoding");
        if !has_no_content(self.status) && !is_framed {
            field(&mut out, "Content-Length", &self.body.len().to_string());
        }
        if !self.has("Connection") {
            match (asked.keep, asked.modern) {
                (false, _) => field(&mut out, "Connection", "close"),
                (true, false) => field(&mut out, "Connection", "keep-alive"),
                (true, true) => {}
            }
        }
        finish(&mut out, mark);
        out
    }

    /// Sends it, and says what becomes of the connection.
    pub(crate) async fn send(
        &self,
        wire: &mut (impl AsyncWrite + Unpin),
        asked: &Asked,
        mark: Option<&str>,
    ) -> io::Result<After> {
        wire.write_all(&self.render(asked, mark)).await?;
        wire.flush().await?;
        let keep = asked.keep && !self.closes();
        Ok(if keep { After::Keep } else { After::Close })
    }
}

/// Whether a final answer or interim one of that status never has content (RFC 9110 section 6.4.1).
pub(crate) fn has_no_content(code: u16) -> bool {
    matches!(code, 100..=199 | 204 | 304)
}

/// A head with these fields and nothing else but Date and the mark, for acts that shape the framing themselves.
pub(crate) fn head_with(code: u16, fields: &[(&str, &str)], mark: Option<&str>) -> Vec<u8> {
    let mut out = head(code, statuses::of(code).reason);
    if !has_no_content(code) {
        date(&mut out);
    }
    for (name, value) in fields {
        field(&mut out, name, value);
    }
    finish(&mut out, mark);
    out
}

fn head(code: u16, reason: &str) -> Vec<u8> {
    format!("HTTP/1.1 {code} {reason}\r\n").into_bytes()
}

fn date(out: &mut Vec<u8>) {
    field(out, "Date", &httpdate::fmt_http_date(SystemTime::now()));
}

fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

fn finish(out: &mut Vec<u8>, mark: Option<&str>) {
    if let Some(mark) = mark {
        field(out, MARK, mark);
    }
    out.extend_from_slice(b"\r\n");
}

fn line(status: &Status) -> String {
    format!("{} {}", status.code, status.reason)
        .trim_end()
        .to_owned()
        + "\n"
}

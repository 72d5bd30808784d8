//! Problem details, RFC 9457.

use std::fmt::Write as _;

use http::StatusCode;
use serde_json::Value;

use crate::{Invalid, syntax};

/// The members that RFC 9457 itself defines.
const OWN: &[&str] = &["type", "title", "status", "detail", "instance"];

/// The content of an error: `application/problem+json`.
///
/// It has no status of its own: the response that carries it writes its own status into it, so the two cannot differ
/// (RFC 9457 section 3.1.2).
///
/// ```
/// use httpwhy_respond::{Failure, Problem};
/// let problem = Problem::of_type("https://example.com/probs/out-of-credit", "Out of credit")?
///     .detail("The balance is 30, the price 50.")
///     .instance("/account/12345/msgs/abc")?
///     .with("balance", 30)?
///     .with("accounts", vec!["/account/12345", "/account/67890"])?;
/// let response = http::Response::from(Failure::forbidden().problem(problem));
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// assert_eq!(
///     response.body(),
///     concat!(
///         r#"{"type":"https://example.com/probs/out-of-credit","title":"Out of credit","status":403,"#,
///         r#""detail":"The balance is 30, the price 50.","instance":"/account/12345/msgs/abc","#,
///         r#""balance":30,"accounts":["/account/12345","/account/67890"]}"#,
///     ),
/// );
/// # Ok::<(), httpwhy_respond::Invalid>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Problem {
    kind: Option<(String, String)>,
    detail: Option<String>,
    instance: Option<String>,
    extensions: Vec<(String, Value)>,
}

impl Problem {
    /// A problem that its status says all about (`about:blank`): the title is the status's name.
    pub fn new() -> Self {
        Self::default()
    }

    /// A problem of a type of its own: a URI, better an absolute one, under which the type is explained, and its title, the same
    /// in every occurrence (RFC 9457 sections 3.1.1 and 3.1.3).
    pub fn of_type(uri: &str, title: impl Into<String>) -> Result<Self, Invalid> {
        let uri = syntax::uri_reference("problem type", uri)?;
        Ok(Self {
            kind: Some((uri.to_owned(), title.into())),
            ..Self::default()
        })
    }

    /// What went wrong this time, to a person. Not for debugging: it tells callers how to go on (RFC 9457 section 3.1.4).
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A URI reference that names this occurrence (RFC 9457 section 3.1.5).
    pub fn instance(mut self, uri: &str) -> Result<Self, Invalid> {
        self.instance = Some(syntax::uri_reference("problem instance", uri)?.to_owned());
        Ok(self)
    }

    /// A member of the type's own (RFC 9457 section 3.2): refused are the five standard names, a name given before, and
    /// a name that is not three or more letters, digits and `_`, the first a letter.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Result<Self, Invalid> {
        let place = "problem member";
        syntax::every(
            place,
            name,
            |byte| byte.is_ascii_alphanumeric() || byte == b'_',
            "a member's name is of letters, digits and _",
        )?;
        if name.len() < 3 || !name.as_bytes()[0].is_ascii_alphabetic() {
            return Err(Invalid::whole(
                place,
                "a member's name begins with a letter and has three characters or more",
            ));
        }
        if OWN.contains(&name) || self.extensions.iter().any(|(known, _)| known == name) {
            return Err(Invalid::whole(
                place,
                "there is a member of this name already",
            ));
        }
        self.extensions.push((name.to_owned(), value.into()));
        Ok(self)
    }

    /// This problem, with what only `older` says: the detail, members.
    pub(crate) fn over(mut self, older: Self) -> Self {
        self.detail = self.detail.or(older.detail);
        for (name, value) in older.extensions {
            if !self.extensions.iter().any(|(known, _)| *known == name) {
                self.extensions.push((name, value));
            }
        }
        self
    }

    /// The JSON text, with the status of the response that carries it.
    pub(crate) fn json(&self, status: StatusCode) -> String {
        let mut out = String::from("{");
        // `about:blank` is what an absent type means; written out, for readers who do not know that.
        let (uri, title) = match &self.kind {
            Some((uri, title)) => (uri.as_str(), title.as_str()),
            None => ("about:blank", phrase(status)),
        };
        member(&mut out, "type", &uri.into());
        member(&mut out, "title", &title.into());
        member(&mut out, "status", &status.as_u16().into());
        if let Some(detail) = &self.detail {
            member(&mut out, "detail", &detail.as_str().into());
        }
        if let Some(instance) = &self.instance {
            member(&mut out, "instance", &instance.as_str().into());
        }
        for (name, value) in &self.extensions {
            member(&mut out, name, value);
        }
        out.push('}');
        out
    }
}

fn member(out: &mut String, name: &str, value: &Value) {
    let comma = if out.len() > 1 { "," } else { "" };
    write!(out, "{comma}{}:{value}", Value::from(name)).expect("a string takes all");
}

/// The status's registered name. The `http` crate has older ones for two.
fn phrase(status: StatusCode) -> &'static str {
    match status.as_u16() {
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        _ => status.canonical_reason().unwrap_or("Error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_the_responses_own() {
        for (status, expected) in [
            (
                404,
                r#"{"type":"about:blank","title":"Not Found","status":404}"#,
            ),
            (
                413,
                r#"{"type":"about:blank","title":"Content Too Large","status":413}"#,
            ),
            (
                416,
                r#"{"type":"about:blank","title":"Range Not Satisfiable","status":416}"#,
            ),
            (
                422,
                r#"{"type":"about:blank","title":"Unprocessable Content","status":422}"#,
            ),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Problem::new().json(status), expected);
        }
    }

    #[test]
    fn any_text_is_a_detail() {
        let json = Problem::new()
            .detail("a \"b\"\r\n\u{1b}[31m\u{0}")
            .json(StatusCode::BAD_REQUEST);
        assert!(
            json.ends_with(r#""detail":"a \"b\"\r\n\u001b[31m\u0000"}"#),
            "{json}"
        );
    }

    #[test]
    fn members_that_would_contradict_are_refused() {
        for (name, at) in [
            ("status", None),
            ("type", None),
            ("balance", None),
            ("ab", None),
            ("1st", None),
            ("", None),
            ("a-b", Some(1)),
            ("a\"b", Some(1)),
        ] {
            let error = Problem::new()
                .with("balance", 1)
                .unwrap()
                .with(name, 2)
                .unwrap_err();
            assert_eq!(
                (error.place(), error.at()),
                ("problem member", at),
                "{name}"
            );
        }
    }

    #[test]
    fn type_and_instance_are_uris() {
        assert_eq!(Problem::of_type("a b", "").unwrap_err().at(), Some(1));
        assert_eq!(Problem::new().instance("/\n").unwrap_err().at(), Some(1));
    }
}

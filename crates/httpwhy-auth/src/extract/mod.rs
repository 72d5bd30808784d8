//! Values taken from answers.

mod css;
mod json;
pub(crate) mod jwt;

use httpwhy_model::{Exchange, Response, Seen, Visit};
use httpwhy_wire::coding;
use regex::Regex;
use url::Url;

pub(crate) use css::Selector;
pub(crate) use json::Path;

use crate::values::Values;

/// Bytes of a value at most: more is no token.
const LONGEST: usize = 64 * 1024;

/// One value to take.
#[derive(Debug, Clone)]
pub(crate) struct Extract {
    /// What it is called from then on.
    pub(crate) name: String,
    pub(crate) from: From,
    /// The step is good without it.
    pub(crate) optional: bool,
    /// It is hidden wherever it occurs.
    pub(crate) secret: bool,
}

/// Where a value is found.
#[derive(Debug, Clone)]
pub(crate) enum From {
    Header(String),
    Cookie(String),
    Json(Path, String),
    Regex(Box<Regex>),
    Css(Selector, String),
    /// In the value of that name.
    JwtExp(String),
    UrlParam(String),
}

impl From {
    /// In words, for a person: no value stands in it.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Header(name) => format!("header {name}"),
            Self::Cookie(name) => format!("cookie {name}"),
            Self::Json(_, text) => format!("json {text}"),
            Self::Regex(regex) => format!("regex {}", regex.as_str()),
            Self::Css(_, text) => format!("css {text}"),
            Self::JwtExp(name) => format!("exp of {name}"),
            Self::UrlParam(name) => format!("url parameter {name}"),
        }
    }

    /// The value, from the last answer of the visit that has it.
    pub(crate) fn find(&self, visit: &Visit, values: &Values) -> Option<String> {
        if let Self::JwtExp(name) = self {
            let expires = jwt::life(values.text(name)?)?.expires?;
            return Some(expires.to_string());
        }
        let answers = visit.steps.iter().rev().filter_map(|step| {
            let response = step.exchange.response.as_ref()?;
            Some((&step.exchange, response))
        });
        let mut found = answers.filter_map(|(exchange, response)| self.find_in(exchange, response));
        found.find(|value| value.len() <= LONGEST)
    }

    fn find_in(&self, exchange: &Exchange, response: &Response) -> Option<String> {
        match self {
            Self::Header(name) => response.fields.text(name).map(str::to_owned),
            Self::Cookie(name) => cookie(response, name),
            Self::Json(path, _) => path.find(&content(response)?),
            Self::Regex(regex) => {
                let content = content(response)?;
                let text = String::from_utf8_lossy(&content);
                let groups = regex.captures(&text)?;
                let group = groups.get(1).or_else(|| groups.get(0))?;
                Some(group.as_str().to_owned())
            }
            Self::Css(selector, _) => selector.find(&content(response)?),
            Self::UrlParam(name) => parameter(exchange, response, name),
            Self::JwtExp(_) => None,
        }
    }
}

/// The content without its codings, within bounds.
pub(crate) fn content(response: &Response) -> Option<Vec<u8>> {
    let Seen::Present(body) = &response.body else {
        return None;
    };
    let codings = coding::codings(&response.fields)?;
    if codings.is_empty() {
        return Some(body.bytes.to_vec());
    }
    Some(coding::decode(&codings, &body.bytes, &coding::Bounds::default()).bytes)
}

/// The value that the answer sets that cookie to (RFC 6265 section 4.1.1); an empty one is none.
fn cookie(response: &Response, name: &str) -> Option<String> {
    let set = response.fields.iter("set-cookie");
    let texts = set.filter_map(|value| value.as_str());
    let values = texts.filter_map(|text| {
        let pair = text.split(';').next()?;
        let (known, value) = pair.split_once('=')?;
        (known.trim() == name).then(|| value.trim().to_owned())
    });
    values.filter(|value| !value.is_empty()).last()
}

/// A parameter of Location, in its query or its fragment (RFC 6749 section 4.2.2 answers there).
fn parameter(exchange: &Exchange, response: &Response, name: &str) -> Option<String> {
    let location = response.fields.text("location")?;
    let url = Url::parse(&exchange.target).ok()?.join(location).ok()?;
    let of = |text: &str| {
        let mut pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.find_map(|(known, value)| (known == name).then(|| value.into_owned()))
    };
    url.query()
        .and_then(of)
        .or_else(|| url.fragment().and_then(of))
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Body, Fields, Framing, Step};

    use super::*;

    fn answer(fields: &[(&'static str, &'static str)], body: &'static str) -> Visit {
        let exchange = Exchange {
            target: "https://h/cb".into(),
            response: Some(Response {
                code: "200".into(),
                fields: Fields::of(fields.iter().copied()),
                body: Seen::Present(Body::whole(body, Framing::Unknown)),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        Visit::of(exchange)
    }

    #[test]
    fn each_place_gives_its_value() {
        let fields = [
            ("Set-Cookie", "sid=old; Path=/"),
            ("Set-Cookie", "sid=8f2c; Path=/; Secure"),
            ("Set-Cookie", "gone=; Max-Age=0"),
            ("X-Token", "tok"),
            ("Location", "/next?code=a%20b#state=s"),
        ];
        let visit = answer(&fields, "<p>id: 42</p>");
        let values = Values::default();
        let regex = |text: &str| From::Regex(Box::new(Regex::new(text).expect(text)));
        for (from, value) in [
            (From::Header("x-token".into()), Some("tok")),
            (From::Cookie("sid".into()), Some("8f2c")),
            (From::Cookie("gone".into()), None),
            (From::UrlParam("code".into()), Some("a b")),
            (From::UrlParam("state".into()), Some("s")),
            (regex("id: (\\d+)"), Some("42")),
            (regex("id: \\d"), Some("id: 4")),
            (regex("nothing"), None),
            (From::JwtExp("nobody".into()), None),
        ] {
            assert_eq!(
                from.find(&visit, &values).as_deref(),
                value,
                "{}",
                from.said()
            );
        }
    }

    #[test]
    fn an_answer_before_the_last_is_searched_too() {
        let mut visit = answer(&[("Set-Cookie", "sid=1")], "");
        visit.steps.push(Step {
            exchange: answer(&[], "home").steps.remove(0).exchange,
            because: httpwhy_model::Because::Redirect(0),
        });
        let found = From::Cookie("sid".into()).find(&visit, &Values::default());
        assert_eq!(found.as_deref(), Some("1"));
    }
}

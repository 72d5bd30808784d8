//! Cookies that the browser did not take from a response, or did not send with a request, and the reason that it gives
//! (Chrome DevTools Protocol, `Network.SetCookieBlockedReason` and `Network.CookieBlockedReason`).

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;
use url::Url;

use crate::cdp::Event;
use crate::json::text_or_empty;

/// Cookies noted at most.
const MOST: usize = 64;
/// Requests whose host is remembered at most.
const REQUESTS: usize = 4096;
/// Bytes of name and value together; a longer cookie is refused by every browser (RFC 6265bis section 5.7).
const LONGEST: usize = 4096;

/// A cookie that the browser refused. Its value is secret: the `Debug` form leaves it out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Why, in Chromium's word: `SameSiteNoneInsecure`, `SameSiteLax`, `SecureOnly` …
    pub reason: String,
    /// The host that set it, or that it was to be sent to, without the port.
    pub host: String,
    /// The host of the page that the request came from, where the request names it (Origin, else Referer).
    pub from: Option<String>,
    /// It came in a response and was not taken; else it was there and not sent.
    pub set: bool,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Refused({} at {}: {})",
            self.name, self.host, self.reason
        )
    }
}

/// Takes them from the events of a page.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// Where each request went last, and from where.
    hosts: HashMap<String, (String, Option<String>)>,
    pub(super) seen: Vec<Refused>,
}

impl Watching {
    /// Takes one event of that session; others say nothing of cookies here.
    pub(super) fn take(&mut self, session: &str, event: &Event) {
        if event.session.as_deref() != Some(session) {
            return;
        }
        match event.method.as_str() {
            "Network.requestWillBeSentExtraInfo" => self.sent(&event.params),
            "Network.responseReceivedExtraInfo" => self.received(&event.params),
            _ => {}
        }
    }

    fn sent(&mut self, params: &Value) {
        let headers = &params["headers"];
        let host = field(headers, "host").or_else(|| field(headers, ":authority"));
        let host = host.map(host_of).unwrap_or_default();
        let from = field(headers, "origin").or_else(|| field(headers, "referer"));
        let from = from.and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_owned));
        // What a picture or a script is not sent has no part in a login.
        let of_page = field(headers, "sec-fetch-dest")
            .is_none_or(|kind| matches!(kind, "document" | "iframe" | "frame"));
        for one in params["associatedCookies"].as_array().into_iter().flatten() {
            let reason = first_reason(one).filter(|reason| reason.contains("SameSite"));
            if let Some(reason) = reason.filter(|_| of_page) {
                self.note(Refused {
                    name: text_or_empty(&one["cookie"], "name").to_owned(),
                    value: text_or_empty(&one["cookie"], "value").to_owned(),
                    reason: reason.to_owned(),
                    host: host.clone(),
                    from: from.clone(),
                    set: false,
                });
            }
        }
        let id = text_or_empty(params, "requestId");
        if self.hosts.len() < REQUESTS || self.hosts.contains_key(id) {
            self.hosts.insert(id.to_owned(), (host, from));
        }
    }

    fn received(&mut self, params: &Value) {
        let id = text_or_empty(params, "requestId");
        let (host, from) = self.hosts.get(id).cloned().unwrap_or_default();
        for one in params["blockedCookies"].as_array().into_iter().flatten() {
            let line = text_or_empty(one, "cookieLine");
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            if let (Some(reason), Some((name, value))) = (first_reason(one), pair) {
                self.note(Refused {
                    name: name.trim().to_owned(),
                    value: value.trim().to_owned(),
                    reason: reason.to_owned(),
                    host: host.clone(),
                    from: from.clone(),
                    set: true,
                });
            }
        }
    }

    fn note(&mut self, refused: Refused) {
        let fits = refused.name.len() + refused.value.len() <= LONGEST;
        if fits && self.seen.len() < MOST && !self.seen.contains(&refused) {
            self.seen.push(refused);
        }
    }
}

fn first_reason(one: &Value) -> Option<&str> {
    one["blockedReasons"].as_array()?.first()?.as_str()
}

/// A field of the head, whatever the case of its name.
fn field<'a>(headers: &'a Value, name: &str) -> Option<&'a str> {
    let headers = headers.as_object()?;
    let mut fields = headers
        .keys()
        .filter(|known| known.eq_ignore_ascii_case(name));
    let known = fields.next()?;
    headers.get(known)?.as_str()
}

/// Without the port.
fn host_of(authority: &str) -> String {
    let url = Url::parse(&format!("http://{authority}/")).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or(authority).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(method: &str, params: Value) -> Event {
        Event {
            session: Some("s".to_owned()),
            method: method.to_owned(),
            params,
        }
    }

    #[test]
    fn what_the_browser_refused_is_noted_once_with_its_reason() {
        let mut watching = Watching::default();
        let sent = event(
            "Network.requestWillBeSentExtraInfo",
            json!({"requestId": "1",
                "headers": {"Host": "shop.example:8080", "Origin": "https://idp.example"},
                "associatedCookies": [
                    {"cookie": {"name": "state", "value": "x"}, "blockedReasons": ["SameSiteLax"]},
                    {"cookie": {"name": "sub", "value": "x"}, "blockedReasons": ["NotOnPath"]},
                    {"cookie": {"name": "fine", "value": "x"}, "blockedReasons": []}]}),
        );
        let received = event(
            "Network.responseReceivedExtraInfo",
            json!({"requestId": "1", "blockedCookies": [
                {"cookieLine": "sid=secret; SameSite=None", "blockedReasons": ["SameSiteNoneInsecure"]}]}),
        );
        for one in [&sent, &received, &received] {
            watching.take("s", one);
            watching.take("another", one);
        }
        let told: Vec<(&str, &str, &str, bool)> = watching
            .seen
            .iter()
            .map(|one| (&*one.name, &*one.host, &*one.reason, one.set))
            .collect();
        assert_eq!(
            told,
            [
                ("state", "shop.example", "SameSiteLax", false),
                ("sid", "shop.example", "SameSiteNoneInsecure", true)
            ]
        );
        assert_eq!(watching.seen[1].from.as_deref(), Some("idp.example"));
        assert!(!format!("{:?}", watching.seen).contains("secret"));
    }

    #[test]
    fn what_a_picture_is_not_sent_is_passed_over() {
        let mut watching = Watching::default();
        let sent = event(
            "Network.requestWillBeSentExtraInfo",
            json!({"requestId": "1", "headers": {"host": "a.example", "Sec-Fetch-Dest": "image"},
                "associatedCookies": [
                    {"cookie": {"name": "a", "value": "x"}, "blockedReasons": ["SameSiteLax"]}]}),
        );
        watching.take("s", &sent);
        assert_eq!(watching.seen, []);
    }
}

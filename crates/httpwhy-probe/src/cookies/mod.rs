//! Cookies (RFC 6265, with what RFC 6265bis says of Secure and of prefixes).

mod date;
mod netscape;

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpwhy_model::Fields;
use url::{Host, Url};

/// Cookies kept at most (RFC 6265 section 6.1 asks for 3000); the oldest go first.
const MOST: usize = 3000;
/// Bytes of name and value together at most (RFC 6265 section 6.1).
const LONGEST: usize = 4096;
/// Bytes of one attribute's value at most (RFC 6265bis section 5.6).
const LONGEST_ATTRIBUTE: usize = 1024;

/// A store of cookies. What it holds is secret: its `Debug` form tells the number alone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Jar {
    /// In order of creation.
    cookies: Vec<Cookie>,
}

/// A cookie that is kept (RFC 6265 section 5.3). Its `Debug` form hides the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// In lower case, without a leading dot.
    pub domain: String,
    /// Only for that very host.
    pub host_only: bool,
    /// For that path and those below it.
    pub path: String,
    /// Over TLS alone.
    pub secure: bool,
    /// Not for scripts.
    pub http_only: bool,
    /// Seconds since 1970; `None`: until the session's end.
    pub expires: Option<u64>,
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({} for {}{})", self.name, self.domain, self.path)
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jar({} cookies)", self.cookies.len())
    }
}

impl Jar {
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// Takes `a=b; c=d`, as one writes it on a command line, for the host of that URL alone and all its paths. Pieces
    /// without a name are passed over, and so is all of it when the URL has no host.
    pub fn give(&mut self, url: &str, pairs: &str) {
        let Some(host) = parsed(url).as_ref().and_then(host) else {
            return;
        };
        for pair in pairs.split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() || has_controls(name) || has_controls(value) {
                continue;
            }
            self.put(Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                domain: host.clone(),
                host_only: true,
                path: "/".to_owned(),
                secure: false,
                http_only: false,
                expires: None,
            });
        }
    }

    /// Takes what a response from that URL sets in its Set-Cookie fields (RFC 6265 section 5.3).
    pub fn receive(&mut self, url: &str, fields: &Fields, now: SystemTime) {
        if !fields.has("set-cookie") {
            return;
        }
        let Some(url) = parsed(url) else { return };
        for value in fields.iter("set-cookie") {
            let text = String::from_utf8_lossy(value.as_bytes());
            let Some(cookie) = set_cookie(&url, &text, now) else {
                continue;
            };
            if is_over(&cookie, now) {
                self.remove(&cookie);
            } else {
                self.put(cookie);
            }
        }
    }

    /// The value of the Cookie field for a request to that URL (RFC 6265 section 5.4); `None` when no cookie fits.
    pub fn field(&self, url: &str, now: SystemTime) -> Option<String> {
        if self.cookies.is_empty() {
            return None;
        }
        let url = parsed(url)?;
        let host = host(&url)?;
        let secure = is_secure(&url);
        let mut fitting: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| {
                fits_host(cookie, &host)
                    && path_matches(url.path(), &cookie.path)
                    && (secure || !cookie.secure)
                    && !is_over(cookie, now)
            })
            .collect();
        // The longer path first, and of equal ones the older; sorting keeps the order of creation.
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = fitting
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// All that fit the host of that URL, for whatever path and over whatever transport, in order of creation.
    pub fn of_host(&self, url: &str, now: SystemTime) -> Vec<&Cookie> {
        let Some(host) = parsed(url).as_ref().and_then(host) else {
            return Vec::new();
        };
        let cookies = self.cookies.iter();
        cookies
            .filter(|cookie| fits_host(cookie, &host) && !is_over(cookie, now))
            .collect()
    }

    /// One that is already there keeps its place, since its creation time stays (RFC 6265 section 5.3 step 11).
    fn put(&mut self, cookie: Cookie) {
        if let Some(old) = self.cookies.iter_mut().find(|old| is_same(old, &cookie)) {
            *old = cookie;
            return;
        }
        if self.cookies.len() >= MOST {
            self.cookies.remove(0);
        }
        self.cookies.push(cookie);
    }

    fn remove(&mut self, cookie: &Cookie) {
        self.cookies.retain(|old| !is_same(old, cookie));
    }
}

fn fits_host(cookie: &Cookie, host: &str) -> bool {
    if cookie.host_only {
        cookie.domain == host
    } else {
        domain_matches(host, &cookie.domain)
    }
}

/// Whether two have the same name, domain and path.
fn is_same(a: &Cookie, b: &Cookie) -> bool {
    (&a.name, &a.domain, &a.path) == (&b.name, &b.domain, &b.path)
}

fn is_over(cookie: &Cookie, now: SystemTime) -> bool {
    cookie
        .expires
        .is_some_and(|expires| expires <= seconds(now))
}

fn seconds(moment: SystemTime) -> u64 {
    moment
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}

/// What one Set-Cookie value sets; `None` where it is to be ignored.
fn set_cookie(url: &Url, text: &str, now: SystemTime) -> Option<Cookie> {
    let host = host(url)?;
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.len() + value.len() > LONGEST || has_controls(text) {
        return None;
    }
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.clone(),
        host_only: true,
        path: default_path(url.path()).to_owned(),
        secure: false,
        http_only: false,
        expires: None,
    };
    // Max-Age wins, wherever it stands (RFC 6265 section 4.1.2.2).
    let mut has_max_age = false;
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        if value.len() > LONGEST_ATTRIBUTE {
            continue;
        }
        match attribute.trim().to_ascii_lowercase().as_str() {
            "expires" if !has_max_age => {
                if let Some(moment) = date::parse(value) {
                    cookie.expires = Some(moment);
                }
            }
            "max-age" => {
                if let Some(expires) = max_age(value, now) {
                    cookie.expires = Some(expires);
                    has_max_age = true;
                }
            }
            "domain" => match domain(value.trim_start_matches('.'), &host) {
                Domain::None => {}
                Domain::Refused => return None,
                Domain::Shared(domain) => {
                    cookie.domain = domain;
                    cookie.host_only = false;
                }
            },
            "path" => {
                value.clone_into(&mut cookie.path);
                if !value.starts_with('/') {
                    default_path(url.path()).clone_into(&mut cookie.path);
                }
            }
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            _ => {}
        }
    }
    is_allowed(&cookie, url).then_some(cookie)
}

/// Secure cookies come over TLS alone, and prefixes hold what they promise (RFC 6265bis sections 4.1.3 and 5.7).
fn is_allowed(cookie: &Cookie, url: &Url) -> bool {
    let prefixed = |prefix: &str| {
        let start = cookie.name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    (!cookie.secure || is_secure(url))
        && (!prefixed("__Secure-") || cookie.secure)
        && (!prefixed("__Host-") || cookie.secure && cookie.host_only && cookie.path == "/")
}

/// Seconds since 1970 at which it ends; `None` when that is no number.
fn max_age(value: &str, now: SystemTime) -> Option<u64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if value.starts_with('-') {
        return Some(0);
    }
    let age: u64 = digits.parse().unwrap_or(u64::MAX);
    Some(if age == 0 {
        0
    } else {
        seconds(now).saturating_add(age)
    })
}

enum Domain {
    /// Nothing was said.
    None,
    /// It may not be set from that host.
    Refused,
    Shared(String),
}

fn domain(said: &str, host: &str) -> Domain {
    if said.is_empty() {
        return Domain::None;
    }
    // The host part of a URL: lower case, and punycode for what is not ASCII.
    let Ok(Host::Domain(said)) = Host::parse(said) else {
        return if said == host {
            Domain::None
        } else {
            Domain::Refused
        };
    };
    // A public suffix is nobody's to share (RFC 6265 section 5.3 step 5).
    let shared = httpwhy_wire::site(&said).is_some();
    match said == host {
        true if !shared => Domain::None,
        _ if shared && domain_matches(host, &said) => Domain::Shared(said),
        _ => Domain::Refused,
    }
}

/// RFC 6265 section 5.1.3.
fn domain_matches(host: &str, domain: &str) -> bool {
    if host == domain {
        return true;
    }
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'))
        && host.parse::<IpAddr>().is_err()
}

/// RFC 6265 section 5.1.4.
fn path_matches(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265 section 5.1.4.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at @ 1..) if path.starts_with('/') => &path[..at],
        _ => "/",
    }
}

fn has_controls(text: &str) -> bool {
    text.bytes()
        .any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f)
}

fn parsed(url: &str) -> Option<Url> {
    Url::parse(url).ok()
}

/// The host as cookies compare it: an IPv6 address without brackets.
fn host(url: &Url) -> Option<String> {
    Some(match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_hours(500_000)
    }

    fn jar(from: &str, set: &[&'static str]) -> Jar {
        let mut jar = Jar::default();
        let fields = Fields::of(set.iter().map(|value| ("Set-Cookie", *value)));
        jar.receive(from, &fields, now());
        jar
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let page = "https://www.shop.example/cart/view";
        for (set, to, sent) in [
            ("a=1", page, Some("a=1")),
            ("a=1", "https://www.shop.example/cart", Some("a=1")),
            ("a=1", "https://www.shop.example/cartoon", None),
            ("a=1", "https://www.shop.example/", None),
            ("a=1; Path=/", "https://www.shop.example/x", Some("a=1")),
            ("a=1; Path=nonsense", "https://www.shop.example/x", None),
            (
                "a=1; Path=/; Domain=shop.example",
                "https://shop.example/",
                Some("a=1"),
            ),
            (
                "a=1; Path=/; Domain=.shop.example",
                "https://api.shop.example/",
                Some("a=1"),
            ),
            ("a=1; Path=/", "https://shop.example/", None),
            (
                "a=1; Path=/; Domain=other.example",
                "https://other.example/",
                None,
            ),
            ("a=1; Path=/; Domain=example", "https://bank.example/", None),
            (
                "a=1; Path=/; Domain=example",
                "https://www.shop.example/",
                None,
            ),
            ("a=1; Path=/; Domain=hop.example", page, None),
            (
                "a=1; Path=/; Secure",
                "https://www.shop.example/",
                Some("a=1"),
            ),
            ("a=1; Path=/; Secure", "http://www.shop.example/", None),
            (
                "a=1; Path=/; Secure",
                "wss://www.shop.example/",
                Some("a=1"),
            ),
            ("a=1; Path=/", "http://www.shop.example:8080/", Some("a=1")),
            ("__Host-a=1; Secure; Path=/", page, Some("__Host-a=1")),
            (
                "__Host-a=1; Secure; Path=/; Domain=shop.example",
                page,
                None,
            ),
            ("__Secure-a=1; Path=/", page, None),
            ("a=1; Max-Age=0; Path=/", page, None),
            ("a=1; Max-Age=-5; Path=/", page, None),
            (
                "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
                page,
                Some("a=1"),
            ),
            (
                "a=1; Expires=Thu, 01-Jan-70 00:00:00 GMT; Path=/",
                page,
                None,
            ),
            ("a=1; Expires=soon; Path=/", page, Some("a=1")),
            ("=1; Path=/", page, None),
            ("lonely", page, None),
            ("a = \"b c\" ; Path=/", page, Some("a=\"b c\"")),
            ("a=\u{1}; Path=/", page, None),
        ] {
            let found = jar(page, &[set]).field(to, now());
            assert_eq!(found.as_deref(), sent, "{set} to {to}");
        }
        assert_eq!(jar("http://a.example/", &["a=1; Secure"]), Jar::default());
    }

    #[test]
    fn addresses_share_nothing() {
        let set = jar(
            "http://127.0.0.1:9/",
            &["a=1; Domain=0.0.1", "b=2; Domain=127.0.0.1"],
        );
        assert_eq!(
            set.field("http://127.0.0.1/", now()).as_deref(),
            Some("b=2")
        );
        assert_eq!(set.field("http://1.127.0.0.1.example/", now()), None);
        let six = jar("http://[::1]/", &["a=1"]);
        assert_eq!(six.field("http://[::1]:99/", now()).as_deref(), Some("a=1"));
        let local = jar("http://localhost/", &["a=1; Domain=localhost"]);
        assert_eq!(
            local.field("http://localhost/", now()).as_deref(),
            Some("a=1")
        );
    }

    #[test]
    fn a_public_suffix_is_nobodys_to_share() {
        for (page, domain, sent) in [
            ("https://shop.example.co.uk/", "co.uk", None),
            ("https://shop.example.co.uk/", "example.co.uk", Some("a=1")),
            ("https://mine.github.io/", "github.io", None),
            ("https://github.io/", "github.io", Some("a=1")),
            ("http://localhost/", "localhost", Some("a=1")),
        ] {
            let mut jar = Jar::default();
            let set = format!("a=1; Path=/; Domain={domain}");
            jar.receive(page, &Fields::of([("Set-Cookie", set)]), now());
            assert_eq!(jar.field(page, now()).as_deref(), sent, "{page} {domain}");
        }
        // What is set for the suffix itself stays its own.
        let set = jar("https://github.io/", &["a=1; Path=/; Domain=github.io"]);
        assert_eq!(set.field("https://mine.github.io/", now()), None);
    }

    #[test]
    fn a_host_has_its_cookies_of_all_paths() {
        let jar = jar(
            "https://www.shop.example/cart/view",
            &[
                "a=1",
                "b=2; Path=/api; Secure",
                "c=3; Path=/; Domain=shop.example",
                "d=4; Max-Age=0",
            ],
        );
        let names = |url: &str| -> Vec<String> {
            let cookies = jar.of_host(url, now()).into_iter();
            cookies.map(|cookie| cookie.name.clone()).collect()
        };
        assert_eq!(names("http://www.shop.example/x"), ["a", "b", "c"]);
        assert_eq!(names("http://shop.example/"), ["c"]);
        assert!(names("http://example/").is_empty() && names("nonsense").is_empty());
        let shown = format!("{:?}", jar.of_host("http://shop.example/", now()));
        assert_eq!(shown, "[Cookie(c for shop.example/)]");
    }

    #[test]
    fn the_longer_path_and_the_older_cookie_go_first() {
        let page = "https://a.example/x/y/z";
        let mut jar = jar(
            page,
            &["one=1; Path=/", "two=2; Path=/x/y", "three=3; Path=/"],
        );
        assert_eq!(
            jar.field(page, now()).as_deref(),
            Some("two=2; one=1; three=3")
        );
        let again = Fields::of([
            ("Set-Cookie", "one=new; Path=/"),
            ("Set-Cookie", "three=; Path=/; Max-Age=0"),
        ]);
        jar.receive(page, &again, now());
        assert_eq!(jar.field(page, now()).as_deref(), Some("two=2; one=new"));
        let later = now() + Duration::from_hours(1);
        jar.receive(
            page,
            &Fields::of([("Set-Cookie", "brief=1; Path=/; Max-Age=5")]),
            now(),
        );
        assert_eq!(jar.field(page, later).as_deref(), Some("two=2; one=new"));
    }

    #[test]
    fn what_is_given_is_for_that_host() {
        let mut jar = Jar::default();
        jar.give(
            "http://a.example/deep/page",
            "sid=1; theme = dark;; nameless",
        );
        let sent = jar.field("https://a.example/", now());
        assert_eq!(sent.as_deref(), Some("sid=1; theme=dark"));
        assert_eq!(jar.field("https://b.a.example/", now()), None);
        assert_eq!(format!("{jar:?}"), "Jar(2 cookies)");
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut jar = Jar::default();
        let long = format!("long={}", "x".repeat(5000));
        for n in 0..MOST + 10 {
            let set = Fields::of([
                ("Set-Cookie", format!("n{n}=1")),
                ("Set-Cookie", long.clone()),
            ]);
            jar.receive("http://a.example/", &set, now());
        }
        assert_eq!(jar.cookies.len(), MOST);
        assert!(!jar.cookies.iter().any(|cookie| cookie.name == "n9"));
    }
}

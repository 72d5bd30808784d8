//! Which proxy is used for which target.

use std::sync::Arc;

use super::{NoProxy, Proxy};
use crate::target::{Origin, Target};

/// Which proxy is used for which target. The default: none for any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    /// For `http`, and for `ws` where that has none of its own.
    http: Option<Arc<Proxy>>,
    /// For `https`, and for `wss` where that has none of its own.
    https: Option<Arc<Proxy>>,
    ws: Option<Arc<Proxy>>,
    wss: Option<Arc<Proxy>>,
    /// For whatever has none of its own.
    all: Option<Arc<Proxy>>,
    /// Hosts that are asked straight whatever else is said.
    straight: NoProxy,
}

impl Proxies {
    /// That proxy for every target.
    pub fn always(proxy: Proxy) -> Self {
        Self {
            all: Some(Arc::new(proxy)),
            ..Self::default()
        }
    }

    /// What the environment asks for, by curl's rules (curl(1), ENVIRONMENT): `http_proxy` in lower case only, since a
    /// CGI program's `HTTP_PROXY` is a field of some client's request; the others in lower case, else in upper case. An
    /// empty variable counts as none. `get` looks a variable up.
    ///
    /// # Errors
    /// Which variable names no proxy, why, and what to do.
    pub fn of_environment(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let first = |names: &[&'static str]| {
            let mut found = names.iter().filter_map(|&name| {
                let text = get(name).filter(|text| !text.is_empty())?;
                Some((name, text))
            });
            let Some((name, text)) = found.next() else {
                return Ok(None);
            };
            Proxy::parse(&text, format!("environment {name}"))
                .map(|proxy| Some(Arc::new(proxy)))
                .map_err(|why| {
                    format!("the environment variable {name} names no proxy: {why}; correct or unset it, or give --noproxy '*'")
                })
        };
        Ok(Self {
            http: first(&["http_proxy"])?,
            https: first(&["https_proxy", "HTTPS_PROXY"])?,
            ws: first(&["ws_proxy", "WS_PROXY"])?,
            wss: first(&["wss_proxy", "WSS_PROXY"])?,
            all: first(&["all_proxy", "ALL_PROXY"])?,
            straight: Self::straight_by_environment(get),
        })
    }

    /// The hosts that `no_proxy`, else `NO_PROXY`, lists.
    pub fn straight_by_environment(get: impl Fn(&str) -> Option<String>) -> NoProxy {
        let mut lists = ["no_proxy", "NO_PROXY"].into_iter().filter_map(get);
        let list = lists.find(|list| !list.is_empty());
        list.map(|list| NoProxy::parse(&list)).unwrap_or_default()
    }

    /// With these hosts asked straight, instead of those known so far.
    #[must_use]
    pub fn except(mut self, straight: NoProxy) -> Self {
        self.straight = straight;
        self
    }

    /// All proxies that may be used, changed.
    #[must_use]
    pub fn map(mut self, change: impl Fn(Proxy) -> Proxy) -> Self {
        let all = [
            &mut self.http,
            &mut self.https,
            &mut self.ws,
            &mut self.wss,
            &mut self.all,
        ];
        for place in all {
            *place = place
                .take()
                .map(|proxy| Arc::new(change(Arc::unwrap_or_clone(proxy))));
        }
        self
    }

    /// For every target the proxy that is used for this one (an absolute URI), or none where none is.
    #[must_use]
    pub fn as_for(&self, target: &str) -> Self {
        let target = Target::parse(target).ok();
        let proxy = target.and_then(|target| self.choose(&target.origin, target.websocket));
        Self {
            all: proxy.map(Arc::clone),
            ..Self::default()
        }
    }

    /// The proxy for that origin.
    pub(crate) fn choose(&self, origin: &Origin, websocket: bool) -> Option<&Arc<Proxy>> {
        let own = match (origin.tls, websocket) {
            (false, true) => self.ws.as_ref().or(self.http.as_ref()),
            (true, true) => self.wss.as_ref().or(self.https.as_ref()),
            (false, false) => self.http.as_ref(),
            (true, false) => self.https.as_ref(),
        };
        let proxy = own.or(self.all.as_ref())?;
        (!self.straight.has(&origin.host)).then_some(proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], target: &str) -> Option<String> {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies::of_environment(get).expect("good variables");
        let target = Target::parse(target).expect(target);
        let proxy = proxies.choose(&target.origin, target.websocket)?;
        Some(format!("{proxy} by {}", proxy.set_by()))
    }

    #[test]
    fn variables_are_honoured_as_curl_does() {
        let http = "http://a.example/";
        let https = "https://a.example/";
        for (variables, target, expected) in [
            (&[][..], http, None),
            (
                &[("http_proxy", "p:1")],
                http,
                Some("http://p:1 by environment http_proxy"),
            ),
            (&[("http_proxy", "p:1")], https, None),
            (&[("HTTP_PROXY", "p:1")], http, None),
            (
                &[("HTTPS_PROXY", "p:1")],
                https,
                Some("http://p:1 by environment HTTPS_PROXY"),
            ),
            (
                &[("HTTPS_PROXY", "p:1"), ("https_proxy", "q:2")],
                https,
                Some("http://q:2 by environment https_proxy"),
            ),
            (
                &[("https_proxy", ""), ("HTTPS_PROXY", "p:1")],
                https,
                Some("http://p:1 by environment HTTPS_PROXY"),
            ),
            (
                &[("ALL_PROXY", "socks5h://p:1")],
                http,
                Some("socks5h://p:1 by environment ALL_PROXY"),
            ),
            (
                &[("ALL_PROXY", "p:1"), ("http_proxy", "q:2")],
                http,
                Some("http://q:2 by environment http_proxy"),
            ),
            (
                &[("http_proxy", "p:1")],
                "ws://a.example/",
                Some("http://p:1 by environment http_proxy"),
            ),
            (
                &[("ws_proxy", "q:2"), ("http_proxy", "p:1")],
                "ws://a.example/",
                Some("http://q:2 by environment ws_proxy"),
            ),
            (
                &[("http_proxy", "p:1"), ("NO_PROXY", "a.example")],
                http,
                None,
            ),
            (
                &[
                    ("http_proxy", "p:1"),
                    ("no_proxy", "b.example"),
                    ("NO_PROXY", "a.example"),
                ],
                http,
                Some("http://p:1 by environment http_proxy"),
            ),
            (&[("http_proxy", "p:1"), ("no_proxy", "*")], http, None),
        ] {
            assert_eq!(
                chosen(variables, target).as_deref(),
                expected,
                "{variables:?} {target}"
            );
        }
    }

    #[test]
    fn a_bad_variable_says_which_and_what_to_do() {
        let get = |name: &str| (name == "ALL_PROXY").then(|| "socks4://p".to_owned());
        let error = Proxies::of_environment(get).expect_err("socks4 is not spoken");
        assert!(
            error.contains("ALL_PROXY") && error.contains("--noproxy"),
            "{error}"
        );
    }
}

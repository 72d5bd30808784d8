//! Which path is answered by what: one row a path.

use super::call::Page;
use super::{
    about, auth, broken, bytes, cache, coding, cookies, digest, documents, mirror, raw, redirects,
    retry, status, stream,
};
use crate::{journal, pages, proxy};

/// A path that is answered.
pub(crate) struct Route {
    /// The methods, without HEAD (with GET) and OPTIONS, which every path answers.
    pub(crate) methods: &'static str,
    /// The path: `{name}` stands for a segment, `{name*}` for all that follow.
    pub(crate) path: &'static str,
    /// What answers.
    pub(crate) page: Page,
    /// Whether its query holds modifiers.
    pub(crate) modified: bool,
}

const GET: &str = "GET";
const ANY: &str = "GET POST PUT DELETE PATCH TRACE";

const fn route(methods: &'static str, path: &'static str, page: Page) -> Route {
    Route {
        methods,
        path,
        page,
        modified: false,
    }
}

const fn modified(path: &'static str, page: Page) -> Route {
    Route {
        methods: ANY,
        path,
        page,
        modified: true,
    }
}

/// All of them; the first that fits answers.
#[rustfmt::skip]
pub(crate) static ROUTES: &[Route] = &[
    // The most asked for.
    modified("/status/{codes}", status::status),
    // Our own.
    route(GET, "/", pages::index),
    route(GET, "/outcomes", pages::outcomes),
    route(GET, "/ca.pem", pages::ca),
    route(GET, "/client.pem", pages::client),
    route(GET, "/crl.pem", pages::crl),
    route(GET, "/ports", pages::ports),
    route(GET, "/tls", pages::tls),
    route("GET POST DELETE", journal::PATH, journal::page),
    route("GET POST", "/proxies", proxy::all),
    route("GET POST PATCH DELETE", "/proxies/{proxy}", proxy::one),
    route("GET POST", "/proxies/{proxy}/toxics", proxy::toxics),
    route("GET POST PATCH DELETE", "/proxies/{proxy}/toxics/{toxic}", proxy::toxic),
    route("GET DELETE", "/proxies/{proxy}/exchanges", proxy::exchanges),
    route("POST", "/populate", proxy::populate),
    route("POST", "/reset", proxy::reset),
    route(ANY, "/landing", pages::landing),
    route("GET POST", "/login", pages::login),
    route(GET, "/ws/echo", pages::ws_echo),
    modified("/seq/{steps}/{key*}", retry::sequence),
    modified("/limit/{n}/{window}/{key*}", retry::limit),
    modified("/too-many-requests/{seconds}", retry::too_many),
    route(GET, "/ws/close/{code}", broken::ws_close),
    route(GET, "/ws/drop", broken::ws_drop),
    route(GET, "/ws/drop/{how}", broken::ws_drop),
    route(GET, "/ws/frame/{how}", broken::ws_frame),
    route(GET, "/ws/no-pong", broken::ws_frame),
    route(GET, "/ws/handshake/{how}", broken::ws_handshake),
    modified("/fault/coding/{how}", broken::coded),
    modified("/fault/redirect/{how}", redirects::astray),
    route(ANY, "/fault/tcp/{how}", raw::elsewhere),
    modified("/fault/{how}/{place}", retry::fault),
    modified("/drop", retry::drop_it),
    modified("/hang", retry::hang),
    modified("/short", retry::short),
    modified("/partial/{length}/{sent}", retry::partial),
    modified("/timeout/{n}", retry::timeout),
    modified("/malformed", retry::malformed),
    route("GET PUT DELETE", "/raw/{bytes}", raw::raw),
    // httpbin and go-httpbin.
    route(GET, "/get", mirror::get),
    route(GET, "/head", mirror::get),
    route("POST", "/post", mirror::with_content),
    route("PUT", "/put", mirror::with_content),
    route("PATCH", "/patch", mirror::with_content),
    route("DELETE", "/delete", mirror::with_content),
    route(ANY, "/anything", mirror::anything),
    route(ANY, "/anything/{rest*}", mirror::anything),
    route(GET, "/headers", mirror::headers),
    route(GET, "/ip", mirror::ip),
    route(GET, "/user-agent", mirror::user_agent),
    route(ANY, "/dump/request", mirror::dump),
    route("POST PUT PATCH", "/upload", mirror::upload),
    route(GET, "/uuid", about::uuid),
    route(GET, "/env", about::env),
    route(GET, "/hostname", about::hostname),
    route(GET, "/version", about::version),
    route("GET POST", "/response-headers", about::response_headers),
    modified("/random/{codes}", status::random),
    route(GET, "/unstable", retry::unstable),
    route(GET, "/redirect/{n}", redirects::chain),
    route(GET, "/relative-redirect/{n}", redirects::relative),
    route(GET, "/absolute-redirect/{n}", redirects::absolute),
    route(ANY, "/redirect-to", redirects::to),
    route(GET, "/cookies", cookies::shown),
    route(GET, "/cookies/set", cookies::set),
    route(GET, "/cookies/set/{name}/{value}", cookies::set_one),
    route(GET, "/cookies/delete", cookies::delete),
    route(GET, "/basic-auth/{user}/{password}", auth::basic),
    route(GET, "/hidden-basic-auth/{user}/{password}", auth::hidden),
    route(GET, "/bearer", auth::bearer),
    route(GET, "/digest-auth/{qop}/{user}/{password}", digest::digest),
    route(GET, "/digest-auth/{qop}/{user}/{password}/{algorithm}", digest::digest),
    route(GET, "/digest-auth/{qop}/{user}/{password}/{algorithm}/{stale_after}", digest::digest),
    route(GET, "/gzip", coding::gzip),
    route(GET, "/deflate", coding::deflate),
    route(GET, "/brotli", coding::brotli),
    route(GET, "/base64/{value}", coding::base64),
    route(GET, "/base64/{way}/{value}", coding::base64_either),
    route(ANY, "/delay/{seconds}", stream::delay),
    route(GET, "/drip", stream::drip),
    route(GET, "/stream/{n}", stream::lines),
    route(GET, "/jsonl", stream::jsonl),
    route(GET, "/sse", stream::sse),
    route(ANY, "/trailers", stream::trailers),
    route(GET, "/bytes/{n}", bytes::bytes),
    route(GET, "/stream-bytes/{n}", bytes::streamed),
    route(GET, "/range/{n}", bytes::range),
    route(GET, "/cache", cache::cache),
    route(GET, "/cache/{seconds}", cache::for_seconds),
    route(GET, "/etag/{etag}", cache::etag),
    route(GET, "/html", documents::html),
    route(GET, "/legacy", documents::html),
    route(GET, "/xml", documents::xml),
    route(GET, "/json", documents::json),
    route(GET, "/robots.txt", documents::robots),
    route(GET, "/deny", documents::deny),
    route(GET, "/encoding/utf8", documents::utf8),
    route(GET, "/forms/post", documents::form),
    route(GET, "/links/{n}", documents::links),
    route(GET, "/links/{n}/{offset}", documents::links_page),
    route(GET, "/image", documents::image),
    route(GET, "/image/{kind}", documents::image_of),
    route(GET, "/websocket/echo", pages::ws_echo),
    // The status echo owns numbers at the top; it comes last.
    modified("/{code}", status::echo),
    modified("/{code}/{rest*}", status::echo),
];

impl Route {
    /// The parameters of that path, as they are written, when it fits.
    pub(crate) fn fits<'a>(&self, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut params = Vec::new();
        let mut rest = Some(path.strip_prefix('/')?);
        for part in self.path.strip_prefix('/')?.split('/') {
            let here = rest?;
            if let Some(name) = part
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix("*}"))
            {
                params.push((name, here));
                return Some(params);
            }
            let (segment, after) = match here.split_once('/') {
                Some((segment, after)) => (segment, Some(after)),
                None => (here, None),
            };
            match part
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) if !segment.is_empty() => params.push((name, segment)),
                None if part == segment => {}
                _ => return None,
            }
            rest = after;
        }
        rest.is_none().then_some(params)
    }

    /// Whether it answers that method.
    pub(crate) fn answers(&self, method: &str) -> bool {
        let method = if method == "HEAD" { GET } else { method };
        self.methods.split(' ').any(|known| known == method)
    }

    /// The methods for Allow.
    pub(crate) fn allowed(&self) -> String {
        let head = if self.answers(GET) { "HEAD, " } else { "" };
        format!("{}, {head}OPTIONS", self.methods.replace(' ', ", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fit = (&'static str, Vec<(&'static str, &'static str)>);

    fn find(path: &'static str) -> Option<Fit> {
        ROUTES
            .iter()
            .find_map(|route| Some((route.path, route.fits(path)?)))
    }

    #[test]
    fn paths() {
        assert_eq!(find("/"), Some(("/", vec![])));
        let rest = |code, rest| {
            let params = vec![("code", code), ("rest", rest)];
            Some(("/{code}/{rest*}", params))
        };
        assert_eq!(find("/get/"), rest("get", ""));
        assert_eq!(find("/status/"), rest("status", ""));
        let params = vec![("steps", "503,200"), ("key", "a/b")];
        let seq = Some(("/seq/{steps}/{key*}", params));
        assert_eq!(find("/seq/503,200/a/b"), seq);
        assert_eq!(find(""), None);
    }

    #[test]
    fn no_path_stands_twice() {
        let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
        paths.sort_unstable();
        assert!(paths.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

//! Redirects: the code by what is meant.

use http::header::LOCATION;
use http::{Method, StatusCode};

use crate::Location;
use crate::draft::{Draft, response};

response! {
    /// 301, 302, 303, 307 or 308: it is elsewhere. Location is given, and the code follows from the intent.
    ///
    /// | intent | to GET and HEAD | to other methods |
    /// |---|---|---|
    /// | [`for_good`](Self::for_good): use the other address from now on | 301 | 308 |
    /// | [`for_now`](Self::for_now): keep using this one | 302 | 307 |
    /// | [`for_good_keeping_method`](Self::for_good_keeping_method) | 308 | 308 |
    /// | [`for_now_keeping_method`](Self::for_now_keeping_method) | 307 | 307 |
    /// | [`see_other`](Self::see_other): done; read the result there with GET | 303 | 303 |
    ///
    /// A POST never turns into a GET by accident: 301 and 302, to which clients do that (RFC 9110 sections 15.4.2 and
    /// 15.4.3), are sent only where nothing can change.
    ///
    /// ```
    /// use http::Method;
    /// use httpwhy_respond::{Location, Redirect};
    /// let moved = Redirect::for_good(&Method::POST, Location::new("https://api.example/v2/orders")?);
    /// let response = http::Response::from(moved);
    /// assert_eq!(response.status(), 308);
    /// assert_eq!(response.headers()["location"], "https://api.example/v2/orders");
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// Unchecked text is no Location:
    ///
    /// ```compile_fail
    /// httpwhy_respond::Redirect::see_other("/a\r\nSet-Cookie: b=c");
    /// ```
    Redirect
}

impl Redirect {
    /// Moved for good; `method` is the request's.
    pub fn for_good(method: &Method, location: Location) -> Self {
        match is_read(method) {
            true => Self::to(StatusCode::MOVED_PERMANENTLY, location),
            false => Self::for_good_keeping_method(location),
        }
    }

    /// Elsewhere for now; `method` is the request's.
    pub fn for_now(method: &Method, location: Location) -> Self {
        match is_read(method) {
            true => Self::to(StatusCode::FOUND, location),
            false => Self::for_now_keeping_method(location),
        }
    }

    /// Moved for good, whatever the method: 308.
    pub fn for_good_keeping_method(location: Location) -> Self {
        Self::to(StatusCode::PERMANENT_REDIRECT, location)
    }

    /// Elsewhere for now, whatever the method: 307.
    pub fn for_now_keeping_method(location: Location) -> Self {
        Self::to(StatusCode::TEMPORARY_REDIRECT, location)
    }

    /// What was asked is done, and there is something to GET: 303.
    pub fn see_other(location: Location) -> Self {
        Self::to(StatusCode::SEE_OTHER, location)
    }

    fn to(status: StatusCode, location: Location) -> Self {
        Self(Draft::empty(status).set(LOCATION, location.value()))
    }
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_follows_from_intent_and_method() {
        type Make = fn(&Method, Location) -> Redirect;
        let cases: &[(Make, u16, u16, u16)] = &[
            (Redirect::for_good, 301, 301, 308),
            (Redirect::for_now, 302, 302, 307),
            (|_, to| Redirect::for_good_keeping_method(to), 308, 308, 308),
            (|_, to| Redirect::for_now_keeping_method(to), 307, 307, 307),
            (|_, to| Redirect::see_other(to), 303, 303, 303),
        ];
        for (make, get, head, post) in cases {
            for (method, status) in [
                (Method::GET, get),
                (Method::HEAD, head),
                (Method::POST, post),
            ] {
                let made = make(&method, Location::local("/b").unwrap());
                let response = http::Response::from(made);
                assert_eq!(response.status(), *status);
                assert_eq!(response.headers()["location"], "/b");
                assert_eq!(response.headers().len(), 1);
                assert!(response.body().is_empty());
            }
        }
    }
}

//! HTTP responses that cannot be built without what their status demands.
//!
//! A 405 without Allow, a 401 without a challenge, a 416 that hides the length: each breaks a rule of HTTP, and leaves the
//! caller guessing. Here such a response is a type that takes what it needs when it is made, so the mistake does not
//! compile. Built on the `http` crate's types; with the feature `axum`, every final response is an `IntoResponse`.
//!
//! ```
//! use http::Method;
//! use httpwhy_respond::MethodNotAllowed;
//!
//! let response: http::Response<bytes::Bytes> = MethodNotAllowed::allow([Method::GET, Method::HEAD]).into();
//! assert_eq!(response.status(), 405);
//! assert_eq!(response.headers()["allow"], "GET, HEAD");
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! assert_eq!(response.body(), r#"{"type":"about:blank","title":"Method Not Allowed","status":405}"#);
//! ```
//!
//! # Which type for which status
//!
//! | status | type | demands | RFC |
//! |---|---|---|---|
//! | 103 | [`EarlyHints`] | a [`Link`] | 8297 |
//! | 201 | [`Created`] | a [`Location`] | 9110 15.3.2 |
//! | 204, 205 | [`NoContent`], [`ResetContent`] | to have no content | 9110 15.3.5, 15.3.6 |
//! | 206 | [`PartialContent`] | the fields of the 200, the place of the piece | 9110 15.3.7 |
//! | 301, 302, 303, 307, 308 | [`Redirect`] | a [`Location`] and the intent | 9110 15.4 |
//! | 304 | [`NotModified`] | the validator | 9110 15.4.5 |
//! | 401 | [`Unauthorized`] | a [`Challenge`] | 9110 15.5.2 |
//! | 400, 401, 403 | [`BearerRefused`] | what is wrong with the token | 6750 3.1 |
//! | 405 | [`MethodNotAllowed`] | the methods | 9110 15.5.6 |
//! | 406 | [`NotAcceptable`] | what there is | 9110 15.5.7 |
//! | 407 | [`ProxyAuthenticationRequired`] | a [`Challenge`] | 9110 15.5.8 |
//! | 412 | [`PreconditionFailed`] | the [`Precondition`] | 9110 15.5.13 |
//! | 413 | [`ContentTooLarge`] | | 9110 15.5.14 |
//! | 415 | [`UnsupportedMediaType`] | what is taken | 9110 15.5.16, 5789 2.2 |
//! | 416 | [`RangeNotSatisfiable`] | the length | 9110 15.5.17 |
//! | 426 | [`UpgradeRequired`] | a [`Protocol`] | 9110 15.5.22 |
//! | 428 | [`PreconditionRequired`] | the [`Precondition`] | 6585 3 |
//! | 429 | [`TooManyRequests`] | a [`RetryAfter`], or the spent [`RateLimit`] | 6585 4 |
//! | 503 | [`Unavailable`] | a [`RetryAfter`] | 9110 15.6.4 |
//! | other errors | [`Failure`] | | |
//!
//! # Content of errors
//!
//! Every error carries a [`Problem`] (RFC 9457). Without a word from you it says its status; `detail` says what went wrong
//! this time, `problem` takes a whole one with a type and members of its own. The problem's `status` is always the
//! response's.
//!
//! # Hostile values
//!
//! What goes into a field is checked when it is made: a line break, a quote that ends its string, a path that is another
//! host's address come back as [`Invalid`], which says in which value and at which byte. A response can then no longer
//! fail. In a handler, `?` turns an [`Invalid`] into a [`Failure`]: a 500 that tells the client nothing.
//!
//! # What is left to the server
//!
//! Date, Content-Length and Transfer-Encoding, leaving out the content in the answer to HEAD, and writing
//! `Content-Length: 0` where there is none. After the change into an [`http::Response`], its fields can be changed like
//! any other's: more can be added, and what was demanded can be removed again, on purpose.
//!
//! # axum
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::extract::Path;
//! use axum::{Router, routing::get};
//! use httpwhy_respond::{Failure, NoContent};
//!
//! async fn order(Path(id): Path<u32>) -> Result<NoContent, Failure> {
//!     match id {
//!         1 => Ok(NoContent::new()),
//!         _ => Err(Failure::not_found().detail("There is order 1.")),
//!     }
//! }
//! let app: Router = Router::new().route("/orders/{id}", get(order));
//! # }
//! ```
#![forbid(unsafe_code)]

mod challenge;
mod conditional;
mod draft;
mod early_hints;
mod failure;
mod invalid;
mod location;
mod media;
mod problem;
mod redirect;
mod refusal;
mod success;
mod syntax;
mod validator;
mod wait;

pub use challenge::{
    Algorithm, Basic, Bearer, BearerError, BearerRefused, Challenge, Digest,
    ProxyAuthenticationRequired, Unauthorized,
};
pub use conditional::{NotModified, Precondition, PreconditionFailed, PreconditionRequired};
pub use early_hints::{EarlyHints, Link};
pub use failure::Failure;
pub use invalid::Invalid;
pub use location::Location;
pub use media::{Coding, MediaType};
pub use problem::Problem;
pub use redirect::Redirect;
pub use refusal::{
    ContentTooLarge, MethodNotAllowed, NotAcceptable, Protocol, RangeNotSatisfiable,
    UnsupportedMediaType, UpgradeRequired,
};
pub use success::{Created, NoContent, PartialContent, ResetContent};
pub use validator::ETag;
pub use wait::{RateLimit, RetryAfter, TooManyRequests, Unavailable};

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

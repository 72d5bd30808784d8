//! What all responses are made of, and the shapes they come in.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::{MediaType, Problem, syntax};

/// A response in the making. Boxed, so that `Result<_, Unauthorized>` stays small.
#[derive(Debug, Clone)]
pub(crate) struct Draft(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    fields: HeaderMap,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Empty,
    Given(Bytes),
    Problem(Problem),
}

impl Draft {
    /// Without content.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::with(status, Content::Empty)
    }

    /// With a problem of no particular type: title and status say it all.
    pub(crate) fn problem(status: StatusCode) -> Self {
        Self::with(status, Content::Problem(Problem::new()))
    }

    fn with(status: StatusCode, content: Content) -> Self {
        Self(Box::new(Parts {
            status,
            fields: HeaderMap::new(),
            content,
        }))
    }

    /// One line of the field, in place of what was there.
    pub(crate) fn set(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.fields.insert(name, value);
        self
    }

    /// A further line of the field.
    pub(crate) fn add(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.fields.append(name, value);
        self
    }

    /// A further member of the field's list. What stands there was checked.
    pub(crate) fn extend(self, name: HeaderName, member: String) -> Self {
        let known = self.0.fields.get(&name);
        let list = match known.and_then(|value| value.to_str().ok()) {
            Some(known) => format!("{known}, {member}"),
            None => member,
        };
        self.set(name, syntax::value(list))
    }

    /// All lines of `fields`, in place of what was there.
    pub(crate) fn fields(mut self, fields: HeaderMap) -> Self {
        self.0.fields = fields;
        self
    }

    pub(crate) fn content(mut self, content_type: &MediaType, content: Bytes) -> Self {
        self.0.content = Content::Given(content);
        self.set(CONTENT_TYPE, content_type.value())
    }

    /// Content whose type is among the fields already.
    pub(crate) fn bytes(mut self, content: Bytes) -> Self {
        self.0.content = Content::Given(content);
        self
    }

    /// The problem, changed. For responses made by [`Draft::problem`] only.
    pub(crate) fn map_problem(mut self, change: impl FnOnce(Problem) -> Problem) -> Self {
        if let Content::Problem(problem) = self.0.content {
            self.0.content = Content::Problem(change(problem));
        }
        self
    }

    pub(crate) fn finish(self) -> Response<Bytes> {
        let Parts {
            status,
            mut fields,
            content,
        } = *self.0;
        let content = match content {
            Content::Empty => Bytes::new(),
            Content::Given(content) => content,
            Content::Problem(problem) => {
                fields.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/problem+json"),
                );
                problem.json(status).into()
            }
        };
        let mut response = Response::new(content);
        *response.status_mut() = status;
        *response.headers_mut() = fields;
        response
    }
}

/// A response: a type around a [`Draft`], which turns into one of the `http` crate, and of axum.
macro_rules! response {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::draft::interim!($(#[$doc])* $name);

        #[cfg(feature = "axum")]
        impl axum_core::response::IntoResponse for $name {
            fn into_response(self) -> axum_core::response::Response {
                self.0.finish().map(axum_core::body::Body::from)
            }
        }
    };
}

/// The same without axum: a handler returns final responses.
macro_rules! interim {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[must_use = "a response that is not sent answers nobody"]
        pub struct $name(pub(crate) $crate::draft::Draft);

        impl From<$name> for http::Response<bytes::Bytes> {
            fn from(response: $name) -> Self {
                response.0.finish()
            }
        }
    };
}

/// A response with a problem for content.
macro_rules! error {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::draft::response!($(#[$doc])* $name);

        impl $name {
            /// Says what went wrong this time, to a person: the problem's `detail`.
            pub fn detail(self, detail: impl Into<String>) -> Self {
                Self(self.0.map_problem(|problem| problem.detail(detail)))
            }

            /// Puts this problem in the place of the one that the response makes by itself. `status` is filled in,
            /// and a detail and members that the response brings stay where the problem has none of the name.
            pub fn problem(self, problem: $crate::Problem) -> Self {
                Self(self.0.map_problem(|own| problem.over(own)))
            }
        }
    };
}

pub(crate) use {error, interim, response};

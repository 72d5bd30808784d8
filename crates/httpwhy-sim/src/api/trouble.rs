//! Why a request is not answered as asked: a refusal that is meant, or an error that nobody thought of.

use std::fmt::Display;

use bytes::Bytes;
use http::Response;
use httpwhy_respond as respond;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(super) enum Trouble {
    /// This answer says it all.
    Refused(Box<Response<Bytes>>),
    /// An error that no handler expects: 500, and nothing of it goes out.
    Unhandled,
}

/// What a handler gives.
pub(super) type Done = Result<Response<Bytes>, Trouble>;

impl Trouble {
    /// Any error that nobody thought of.
    pub(super) fn unhandled(_: impl Display) -> Self {
        Self::Unhandled
    }

    /// The answer.
    pub(super) fn into_response(self) -> Response<Bytes> {
        match self {
            Self::Refused(response) => *response,
            Self::Unhandled => respond::Failure::internal_server_error()
                .detail("The server met an error that it does not handle. Nothing of the request is at fault.")
                .into(),
        }
    }
}

macro_rules! refusals {
    ($($name:ident),*) => {
        $(impl From<respond::$name> for Trouble {
            fn from(refusal: respond::$name) -> Self {
                Self::Refused(Box::new(refusal.into()))
            }
        })*
    };
}

refusals!(
    BearerRefused,
    ContentTooLarge,
    Failure,
    MethodNotAllowed,
    NotAcceptable,
    PreconditionFailed,
    PreconditionRequired,
    RangeNotSatisfiable,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
    UpgradeRequired
);

impl From<Response<Bytes>> for Trouble {
    fn from(response: Response<Bytes>) -> Self {
        Self::Refused(Box::new(response))
    }
}

/// A value of the API's own that no field can carry.
impl From<respond::Invalid> for Trouble {
    fn from(invalid: respond::Invalid) -> Self {
        Self::unhandled(invalid)
    }
}

impl From<std::num::TryFromIntError> for Trouble {
    fn from(error: std::num::TryFromIntError) -> Self {
        Self::unhandled(error)
    }
}

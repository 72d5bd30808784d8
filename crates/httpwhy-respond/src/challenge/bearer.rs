//! Bearer, RFC 6750.

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;

use super::Challenge;
use crate::draft::{Draft, error};
use crate::{Invalid, syntax};

/// A Bearer challenge: a token is wanted.
///
/// To a request without any token this is all there is to say; what is wrong with a token that came is said by
/// [`BearerRefused`] (RFC 6750 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    realm: String,
    scope: Option<String>,
}

impl Bearer {
    /// With its realm: the scheme demands at least one parameter (RFC 6750 section 3).
    pub fn new(realm: &str) -> Result<Self, Invalid> {
        Ok(Self {
            realm: syntax::quoted("Bearer realm", realm)?,
            scope: None,
        })
    }

    /// The scope that a token needs: words with one space between (RFC 6750 section 3).
    pub fn scope(mut self, scope: &str) -> Result<Self, Invalid> {
        let place = "Bearer scope";
        check_words(
            place,
            scope,
            "a scope is of printable ASCII without double quote and backslash",
        )?;
        if scope.split(' ').any(str::is_empty) {
            return Err(Invalid::whole(place, "words with one space between"));
        }
        self.scope = Some(format!("\"{scope}\""));
        Ok(self)
    }
}

/// Printable ASCII without `"` and `\`: what RFC 6750 section 3 lets stand in scope and description.
fn check_words(place: &'static str, text: &str, why: &'static str) -> Result<(), Invalid> {
    syntax::every(
        place,
        text,
        |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'),
        why,
    )
}

impl From<Bearer> for Challenge {
    fn from(Bearer { realm, scope }: Bearer) -> Self {
        let challenge = Self::of("Bearer").with("realm", realm);
        match scope {
            Some(scope) => challenge.with("scope", scope),
            None => challenge,
        }
    }
}

/// What is wrong with the request or its token (RFC 6750 section 3.1). Each has its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerError {
    /// The request is malformed: a parameter is missing, or the token came in two ways. 400.
    InvalidRequest,
    /// The token is expired, revoked or malformed. 401.
    InvalidToken,
    /// The token is good, and not for this. 403.
    InsufficientScope,
}

impl BearerError {
    /// The status that the error demands.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
        }
    }

    /// As it is sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

error! {
    /// 400, 401 or 403, as the error demands: the token that came will not do (RFC 6750 section 3.1).
    ///
    /// ```
    /// use httpwhy_respond::{Bearer, BearerError, BearerRefused};
    /// let bearer = Bearer::new("api")?.scope("orders:write")?;
    /// let refused = BearerRefused::new(bearer, BearerError::InsufficientScope, "The token may read only")?;
    /// let response = http::Response::from(refused);
    /// assert_eq!(response.status(), 403);
    /// assert_eq!(
    ///     response.headers()["www-authenticate"],
    ///     "Bearer realm=\"api\", scope=\"orders:write\", error=\"insufficient_scope\", \
    ///      error_description=\"The token may read only\"",
    /// );
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// Its status is not yours to choose:
    ///
    /// ```compile_fail
    /// # use httpwhy_respond::{Bearer, BearerError, BearerRefused};
    /// let bearer = Bearer::new("api").unwrap();
    /// BearerRefused::new(bearer, BearerError::InvalidToken, "expired").unwrap().status(200);
    /// ```
    BearerRefused
}

impl BearerRefused {
    /// With what is wrong, and its description for developers: printable ASCII without `"` and `\`, not empty.
    pub fn new(bearer: Bearer, error: BearerError, description: &str) -> Result<Self, Invalid> {
        let place = "Bearer error_description";
        check_words(
            place,
            description,
            "a description is of printable ASCII without double quote and backslash",
        )?;
        syntax::not_empty(place, description)?;
        let challenge = Challenge::from(bearer)
            .with("error", format!("\"{}\"", error.code()))
            .with("error_description", format!("\"{description}\""));
        Ok(Self(
            Draft::problem(error.status())
                .set(WWW_AUTHENTICATE, challenge.value())
                .map_problem(|problem| problem.detail(description)),
        ))
    }

    /// Another way in, in a line of its own.
    pub fn or(self, challenge: impl Into<Challenge>) -> Self {
        Self(self.0.add(WWW_AUTHENTICATE, challenge.into().value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_chooses_the_status() {
        for (error, status, code) in [
            (BearerError::InvalidRequest, 400, "invalid_request"),
            (BearerError::InvalidToken, 401, "invalid_token"),
            (BearerError::InsufficientScope, 403, "insufficient_scope"),
        ] {
            let bearer = Bearer::new("r").unwrap();
            let response = http::Response::from(BearerRefused::new(bearer, error, "d").unwrap());
            assert_eq!(response.status(), status);
            assert_eq!(
                response.headers()["www-authenticate"],
                format!("Bearer realm=\"r\", error=\"{code}\", error_description=\"d\"")
            );
        }
    }

    #[test]
    fn a_description_that_ends_its_quotes_is_refused() {
        for (text, at) in [
            ("a\"b", Some(1)),
            ("\\", Some(0)),
            ("a\n", Some(1)),
            ("", None),
        ] {
            let bearer = Bearer::new("r").unwrap();
            let error = BearerRefused::new(bearer, BearerError::InvalidToken, text).unwrap_err();
            assert_eq!(error.at(), at, "{text:?}");
        }
    }
}

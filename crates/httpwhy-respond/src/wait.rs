//! When to come back: 429 and 503.

use std::time::{Duration, SystemTime};

use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::draft::{Draft, error};
use crate::{Invalid, syntax};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The largest integer of a structured field (RFC 9651 section 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// The value of Retry-After: seconds from now, or a date (RFC 9110 section 10.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryAfter(String);

impl RetryAfter {
    /// After so many seconds.
    pub fn seconds(seconds: u64) -> Self {
        Self(seconds.to_string())
    }

    /// After this span, rounded up to whole seconds.
    pub fn after(span: Duration) -> Self {
        Self::seconds(syntax::seconds(span))
    }

    /// At this time; what is below a second is cut. Refused: before 1970, after 9999. Clocks differ: seconds are safer.
    pub fn at(time: SystemTime) -> Result<Self, Invalid> {
        syntax::date("Retry-After", time).map(Self)
    }

    pub(crate) fn value(self) -> HeaderValue {
        syntax::value(self.0)
    }
}

/// One quota and how much of it is left, as draft-ietf-httpapi-ratelimit-headers-11 writes it (an Internet-Draft of May
/// 2026, no RFC yet): the fields `RateLimit-Policy` and `RateLimit`.
///
/// ```
/// use std::time::Duration;
/// use httpwhy_respond::RateLimit;
/// let limit = RateLimit::new("default", 100, Duration::from_secs(60))?.left(23, Duration::from_secs(14))?;
/// let [policy, state] = limit.fields();
/// assert_eq!((policy.0.as_str(), policy.1.to_str().unwrap()), ("ratelimit-policy", "\"default\";q=100;w=60"));
/// assert_eq!((state.0.as_str(), state.1.to_str().unwrap()), ("ratelimit", "\"default\";r=23;t=14"));
/// # Ok::<(), httpwhy_respond::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Quoted.
    policy: String,
    quota: u64,
    window_s: u64,
    left: u64,
    reset_s: u64,
}

impl RateLimit {
    /// `quota` requests in each `window`, under this policy's name. All is left, until [`left`](Self::left) says
    /// otherwise. Refused: a window of nothing, and what is no structured field's integer (15 digits).
    pub fn new(policy: &str, quota: u64, window: Duration) -> Result<Self, Invalid> {
        let window_s = syntax::seconds(window);
        if window_s == 0 {
            return Err(Invalid::whole(
                "RateLimit-Policy",
                "a window lasts a second or more",
            ));
        }
        let place = "RateLimit-Policy";
        Ok(Self {
            policy: syntax::quoted(place, policy)?,
            quota: integer(place, quota)?,
            window_s: integer(place, window_s)?,
            left: quota,
            reset_s: window_s,
        })
    }

    /// How many requests are left, and when all will be there again.
    pub fn left(mut self, requests: u64, reset: Duration) -> Result<Self, Invalid> {
        self.left = integer("RateLimit", requests)?;
        self.reset_s = integer("RateLimit", syntax::seconds(reset))?;
        Ok(self)
    }

    /// The two fields, for any response: to tell a client before it is refused.
    pub fn fields(&self) -> [(HeaderName, HeaderValue); 2] {
        let Self {
            policy,
            quota,
            window_s,
            left,
            reset_s,
        } = self;
        [
            (
                RATE_LIMIT_POLICY,
                syntax::value(format!("{policy};q={quota};w={window_s}")),
            ),
            (
                RATE_LIMIT,
                syntax::value(format!("{policy};r={left};t={reset_s}")),
            ),
        ]
    }
}

fn integer(place: &'static str, number: u64) -> Result<u64, Invalid> {
    match number {
        0..=MAX_INTEGER => Ok(number),
        _ => Err(Invalid::whole(place, "a number has 15 digits or fewer")),
    }
}

error! {
    /// 429: too many requests in a span of time (RFC 6585 section 4).
    ///
    /// The RFC lets Retry-After be; a client that is not told comes back at once, so here it is given.
    ///
    /// ```
    /// use httpwhy_respond::{RetryAfter, TooManyRequests};
    /// let response = http::Response::from(TooManyRequests::after(RetryAfter::seconds(30)));
    /// assert_eq!(response.headers()["retry-after"], "30");
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::TooManyRequests::after(); // after what?
    /// ```
    TooManyRequests
}

impl TooManyRequests {
    /// With the time after which a request will be taken again.
    pub fn after(retry: RetryAfter) -> Self {
        Self(Draft::problem(StatusCode::TOO_MANY_REQUESTS).set(RETRY_AFTER, retry.value()))
    }

    /// The quota is spent: nothing is left, and Retry-After says when there will be, both by the same number.
    pub fn spent(limit: RateLimit) -> Self {
        let limit = RateLimit { left: 0, ..limit };
        let RateLimit {
            quota,
            window_s,
            reset_s,
            ..
        } = limit;
        let draft = limit.fields().into_iter().fold(
            Self::after(RetryAfter::seconds(reset_s)).0,
            |draft, (name, value)| draft.set(name, value),
        );
        Self(draft).detail(format!(
            "The limit is {quota} requests in {window_s} seconds. Try again in {reset_s} seconds."
        ))
    }
}

error! {
    /// 503: overloaded, or down for maintenance (RFC 9110 section 15.6.4).
    ///
    /// ```
    /// use std::time::Duration;
    /// use httpwhy_respond::{RetryAfter, Unavailable};
    /// let response = http::Response::from(Unavailable::after(RetryAfter::after(Duration::from_millis(1500))));
    /// assert_eq!(response.headers()["retry-after"], "2");
    /// ```
    ///
    /// ```compile_fail
    /// http::Response::from(httpwhy_respond::Unavailable); // until when?
    /// ```
    Unavailable
}

impl Unavailable {
    /// With the time after which the service expects to be there again.
    pub fn after(retry: RetryAfter) -> Self {
        Self(Draft::problem(StatusCode::SERVICE_UNAVAILABLE).set(RETRY_AFTER, retry.value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_has_two_forms() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (retry, expected) in [
            (RetryAfter::seconds(0), "0"),
            (RetryAfter::after(Duration::from_nanos(1)), "1"),
            (RetryAfter::at(at).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            assert_eq!(retry.value(), expected);
        }
        assert!(RetryAfter::at(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_err());
    }

    #[test]
    fn a_quota_that_no_field_can_say_is_refused() {
        let minute = Duration::from_mins(1);
        for (policy, quota, window) in [
            ("a\r\nb", 1, minute),
            ("a", MAX_INTEGER + 1, minute),
            ("a", 1, Duration::ZERO),
            ("a", 1, Duration::MAX),
        ] {
            assert!(RateLimit::new(policy, quota, window).is_err(), "{policy:?}");
        }
        assert!(
            RateLimit::new("a\"b", 1, minute)
                .unwrap()
                .left(u64::MAX, minute)
                .is_err()
        );
    }

    #[test]
    fn a_spent_quota_and_retry_after_agree() {
        let limit = RateLimit::new("per \"key\"", 100, Duration::from_mins(1))
            .unwrap()
            .left(3, Duration::from_secs(5))
            .unwrap();
        let response = http::Response::from(TooManyRequests::spent(limit));
        let fields = response.headers();
        assert_eq!(fields["retry-after"], "5");
        assert_eq!(fields["ratelimit-policy"], "\"per \\\"key\\\"\";q=100;w=60");
        assert_eq!(fields["ratelimit"], "\"per \\\"key\\\"\";r=0;t=5");
    }
}

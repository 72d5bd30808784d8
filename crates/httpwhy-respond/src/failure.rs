//! Errors whose status demands no field.

use http::StatusCode;

use crate::Invalid;
use crate::draft::{Draft, error};

error! {
    /// Any error whose status demands nothing but a good explanation.
    ///
    /// A status that demands a field is not among them; it has a type of its own.
    ///
    /// ```
    /// use httpwhy_respond::Failure;
    /// let response = http::Response::from(Failure::conflict().detail("Row version 3 was sent, 4 is current."));
    /// assert_eq!(response.status(), 409);
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::Failure::method_not_allowed(); // MethodNotAllowed takes the methods that are
    /// ```
    Failure
}

macro_rules! failures {
    ($($(#[$doc:meta])* $name:ident = $status:ident),* $(,)?) => {
        impl Failure {
            $($(#[$doc])* pub fn $name() -> Self {
                Self(Draft::problem(StatusCode::$status))
            })*
        }

        #[cfg(test)]
        const ALL: &[fn() -> Failure] = &[$(Failure::$name),*];
    };
}

failures! {
    /// 400: the request is malformed.
    bad_request = BAD_REQUEST,
    /// 402: reserved; services use it for payments that are due.
    payment_required = PAYMENT_REQUIRED,
    /// 403: understood, and not allowed; other credentials may be.
    forbidden = FORBIDDEN,
    /// 404: nothing is there, or nothing that this client may know of.
    not_found = NOT_FOUND,
    /// 408: the request took too long to come.
    request_timeout = REQUEST_TIMEOUT,
    /// 409: the resource is in a state that the request does not fit.
    conflict = CONFLICT,
    /// 410: it was there, and is gone for good.
    gone = GONE,
    /// 411: only with Content-Length.
    length_required = LENGTH_REQUIRED,
    /// 414: the target URI is too long.
    uri_too_long = URI_TOO_LONG,
    /// 417: what Expect asks for cannot be met.
    expectation_failed = EXPECTATION_FAILED,
    /// 418: a teapot (RFC 2324); reserved since.
    im_a_teapot = IM_A_TEAPOT,
    /// 421: this server does not answer for that authority.
    misdirected_request = MISDIRECTED_REQUEST,
    /// 422: well-formed, and without sense here.
    unprocessable_content = UNPROCESSABLE_ENTITY,
    /// 423: locked (RFC 4918).
    locked = LOCKED,
    /// 424: another action that this one needs has failed (RFC 4918).
    failed_dependency = FAILED_DEPENDENCY,
    /// 425: not in early data, which can be replayed (RFC 8470).
    too_early = TOO_EARLY,
    /// 431: fields too large; say which (RFC 6585 section 5).
    request_header_fields_too_large = REQUEST_HEADER_FIELDS_TOO_LARGE,
    /// 451: a legal demand forbids it; say whose (RFC 7725 section 3).
    unavailable_for_legal_reasons = UNAVAILABLE_FOR_LEGAL_REASONS,
    /// 500: the server's own fault. Keep its inside out of the detail.
    internal_server_error = INTERNAL_SERVER_ERROR,
    /// 501: no resource here knows the method.
    not_implemented = NOT_IMPLEMENTED,
    /// 502: the server behind sent nothing valid.
    bad_gateway = BAD_GATEWAY,
    /// 504: the server behind did not answer in time.
    gateway_timeout = GATEWAY_TIMEOUT,
    /// 505: not this version of HTTP; say which.
    http_version_not_supported = HTTP_VERSION_NOT_SUPPORTED,
    /// 506: the variant that was chosen negotiates itself (RFC 2295): an error of configuration.
    variant_also_negotiates = VARIANT_ALSO_NEGOTIATES,
    /// 507: no room to store it (RFC 4918).
    insufficient_storage = INSUFFICIENT_STORAGE,
    /// 508: the request would go round in circles (RFC 5842).
    loop_detected = LOOP_DETECTED,
    /// 511: log in to the network first; link to where (RFC 6585 section 6). Never from an origin server.
    network_authentication_required = NETWORK_AUTHENTICATION_REQUIRED,
}

/// A value of the server's own could not be sent: 500. Nothing of the value goes out.
impl From<Invalid> for Failure {
    fn from(_: Invalid) -> Self {
        Self::internal_server_error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn each_is_a_problem_of_its_status() {
        let own_types = [401, 405, 406, 407, 412, 413, 415, 416, 426, 428, 429, 503];
        for make in ALL {
            let response = http::Response::from(make());
            let status = response.status().as_u16();
            assert!(status >= 400 && !own_types.contains(&status), "{status}");
            assert_eq!(
                response.headers()["content-type"],
                "application/problem+json"
            );
            let json: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(json["status"], status);
            assert_eq!(json["type"], "about:blank");
        }
    }

    #[test]
    fn an_invalid_value_tells_the_client_nothing() {
        let error = crate::Location::new("/secret path").unwrap_err();
        let response = http::Response::from(Failure::from(error));
        assert_eq!(
            response.body(),
            r#"{"type":"about:blank","title":"Internal Server Error","status":500}"#
        );
    }
}

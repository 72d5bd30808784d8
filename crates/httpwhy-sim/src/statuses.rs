//! What each status code looks like on the wire when it is right: reason phrase, fields, content.
//!
//! Fields that RFC 9110 (or the document that registered the code) demands stand under `must`; those that a good
//! server sends as well, under `usual`. What depends on the request (ranges, validators, upgrades) is in
//! [`crate::by_status`].

/// One status code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status {
    /// The code.
    pub(crate) code: u16,
    /// The registered reason phrase.
    pub(crate) reason: &'static str,
    /// Fields that must be there.
    pub(crate) must: &'static [(&'static str, &'static str)],
    /// Fields that help.
    pub(crate) usual: &'static [(&'static str, &'static str)],
    /// Media type and content of its own; otherwise a line of text.
    pub(crate) content: Option<(&'static str, &'static str)>,
}

/// Where redirects and created things are.
pub(crate) const LANDING: &str = "/landing";
/// The entity tag of the content that ranges and validators speak about (RFC 9110 section 8.8.3).
pub(crate) const ETAG: &str = "\"v1\"";
/// The schemes that `/status/401` and `/status/407` offer.
const CHALLENGE: &str = "Basic realm=\"sim\", charset=\"UTF-8\"";
const HTML: &str = "text/html; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const JSON: &str = "application/json";

/// What is known of that code. A code that is not listed has an empty reason, no fields, and a line of text.
pub(crate) fn of(code: u16) -> Status {
    match LISTED.binary_search_by_key(&code, |status| status.code) {
        Ok(at) => LISTED[at],
        Err(_) => plain(code, ""),
    }
}

const fn plain(code: u16, reason: &'static str) -> Status {
    Status {
        code,
        reason,
        must: &[],
        usual: &[],
        content: None,
    }
}

/// A redirection to the landing page.
const fn redirect(code: u16, reason: &'static str) -> Status {
    Status {
        usual: &[("Location", LANDING)],
        ..plain(code, reason)
    }
}

/// The registered codes (IANA HTTP Status Code Registry), sorted.
static LISTED: &[Status] = &[
    plain(100, "Continue"),
    Status {
        must: &[("Upgrade", "echo/1"), ("Connection", "upgrade")],
        ..plain(101, "Switching Protocols")
    },
    plain(102, "Processing"),
    Status {
        usual: &[("Link", "</style.css>; rel=preload; as=style")],
        ..plain(103, "Early Hints")
    },
    Status {
        usual: &[("Location", "/uploads/1")],
        ..plain(104, "Upload Resumption Supported")
    },
    plain(200, "OK"),
    Status {
        usual: &[("Location", LANDING), ("ETag", ETAG)],
        ..plain(201, "Created")
    },
    plain(202, "Accepted"),
    Status {
        usual: &[("Via", "1.1 shrink.sim.test")],
        ..plain(203, "Non-Authoritative Information")
    },
    plain(204, "No Content"),
    plain(205, "Reset Content"),
    // Content-Range is filled in from the request.
    Status {
        usual: &[("ETag", ETAG), ("Accept-Ranges", "bytes")],
        ..plain(206, "Partial Content")
    },
    Status {
        content: Some((
            XML,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\"><D:response>\
             <D:href>/d/a.txt</D:href><D:status>HTTP/1.1 200 OK</D:status></D:response><D:response>\
             <D:href>/d/b.txt</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response></D:multistatus>\n",
        )),
        ..plain(207, "Multi-Status")
    },
    Status {
        content: Some((
            XML,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\"><D:response>\
             <D:href>/d/again/</D:href><D:status>HTTP/1.1 208 Already Reported</D:status></D:response>\
             </D:multistatus>\n",
        )),
        ..plain(208, "Already Reported")
    },
    Status {
        must: &[("IM", "feed")],
        usual: &[("ETag", "\"v2\""), ("Delta-Base", ETAG)],
        content: Some((
            "application/atom+xml",
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>urn:sim:2</id><title>new</title></entry></feed>\n",
        )),
        ..plain(226, "IM Used")
    },
    Status {
        usual: &[("Location", "/landing")],
        content: Some((
            HTML,
            "<ul><li><a href=\"/landing\">English</a><li><a href=\"/landing?lang=de\">Deutsch</a></ul>\n",
        )),
        ..plain(300, "Multiple Choices")
    },
    redirect(301, "Moved Permanently"),
    redirect(302, "Found"),
    redirect(303, "See Other"),
    Status {
        usual: &[("ETag", ETAG), ("Cache-Control", "max-age=60")],
        ..plain(304, "Not Modified")
    },
    redirect(305, "Use Proxy"),
    plain(306, "Switch Proxy"),
    redirect(307, "Temporary Redirect"),
    redirect(308, "Permanent Redirect"),
    plain(400, "Bad Request"),
    Status {
        must: &[("WWW-Authenticate", CHALLENGE)],
        ..plain(401, "Unauthorized")
    },
    plain(402, "Payment Required"),
    plain(403, "Forbidden"),
    plain(404, "Not Found"),
    Status {
        must: &[("Allow", "GET, HEAD")],
        ..plain(405, "Method Not Allowed")
    },
    Status {
        content: Some((
            JSON,
            "{\"available\":[\"text/plain\",\"application/json\"]}\n",
        )),
        ..plain(406, "Not Acceptable")
    },
    Status {
        must: &[("Proxy-Authenticate", CHALLENGE)],
        ..plain(407, "Proxy Authentication Required")
    },
    Status {
        usual: &[("Connection", "close")],
        ..plain(408, "Request Timeout")
    },
    plain(409, "Conflict"),
    plain(410, "Gone"),
    plain(411, "Length Required"),
    plain(412, "Precondition Failed"),
    plain(413, "Content Too Large"),
    plain(414, "URI Too Long"),
    Status {
        usual: &[
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
        ],
        ..plain(415, "Unsupported Media Type")
    },
    Status {
        must: &[("Content-Range", "bytes */480")],
        ..plain(416, "Range Not Satisfiable")
    },
    plain(417, "Expectation Failed"),
    plain(418, "I'm a teapot"),
    plain(421, "Misdirected Request"),
    plain(422, "Unprocessable Content"),
    plain(423, "Locked"),
    plain(424, "Failed Dependency"),
    plain(425, "Too Early"),
    Status {
        must: &[("Upgrade", "echo/1"), ("Connection", "upgrade")],
        ..plain(426, "Upgrade Required")
    },
    Status {
        content: Some((
            HTML,
            "<h1>Precondition Required</h1><p>Send If-Match with the entity tag that you read.</p>\n",
        )),
        ..plain(428, "Precondition Required")
    },
    Status {
        usual: &[("Retry-After", "1")],
        content: Some((
            HTML,
            "<h1>Too Many Requests</h1><p>Ask again in one second.</p>\n",
        )),
        ..plain(429, "Too Many Requests")
    },
    plain(431, "Request Header Fields Too Large"),
    Status {
        usual: &[("Link", "<https://authority.sim.test/>; rel=\"blocked-by\"")],
        ..plain(451, "Unavailable For Legal Reasons")
    },
    plain(500, "Internal Server Error"),
    plain(501, "Not Implemented"),
    plain(502, "Bad Gateway"),
    Status {
        usual: &[("Retry-After", "1")],
        ..plain(503, "Service Unavailable")
    },
    plain(504, "Gateway Timeout"),
    plain(505, "HTTP Version Not Supported"),
    plain(506, "Variant Also Negotiates"),
    plain(507, "Insufficient Storage"),
    plain(508, "Loop Detected"),
    plain(510, "Not Extended"),
    Status {
        content: Some((
            HTML,
            "<h1>Network Authentication Required</h1><p>Log in at <a href=\"http://login.sim.test/\">\
             login.sim.test</a>.</p>\n",
        )),
        ..plain(511, "Network Authentication Required")
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(LISTED.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(of(404).reason, "Not Found");
        assert_eq!(of(799).reason, "");
    }
}

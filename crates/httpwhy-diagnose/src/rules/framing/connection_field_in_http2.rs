//! HTTP/2 and HTTP/3 messages have no fields that speak of the connection: Connection, Keep-Alive, Proxy-Connection,
//! Transfer-Encoding, Upgrade.
//!
//! Such a message is malformed, and strict clients reset the stream: the same site then works in one client and fails
//! in another. A gateway that copies the fields of an HTTP/1 response behind it makes them. Browsers' own records
//! (HAR) are not judged: some add or keep fields. RFC 9113 section 8.2.2, RFC 9114 section 4.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{by_browser, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "connection-field-in-http2",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9113 8.2.2",
    about: "HTTP/2 and HTTP/3 messages have no fields that speak of the connection.",
    watches: Watch::Field(&[
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ]),
    check,
    conforming: "\
> GET /a HTTP/2
> Host: a.example
>
< HTTP/2 200
< date: Sun, 06 Nov 1994 08:49:37 GMT
< content-length: 0
<
",
    violating: "\
> GET /a HTTP/2
> Host: a.example
>
< HTTP/2 200
< date: Sun, 06 Nov 1994 08:49:37 GMT
< connection: keep-alive
< content-length: 0
<
",
};

const NAMES: [(&str, &str); 5] = [
    ("connection", "Connection"),
    ("keep-alive", "Keep-Alive"),
    ("proxy-connection", "Proxy-Connection"),
    ("transfer-encoding", "Transfer-Encoding"),
    ("upgrade", "Upgrade"),
];

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let version = &response.version;
    let framed = version.starts_with(b"HTTP/2") || version.starts_with(b"HTTP/3");
    if !framed || by_browser(exchange) {
        return;
    }
    for (name, shown) in NAMES {
        if let Some(value) = values(&response.fields, name).next() {
            let (version, value) = (quote(version), quote(value));
            say(format!("{shown}: {value} in {version}").into());
        }
    }
}

//! Error details that content gives away: stack traces, SQL errors, debug pages, versions, paths, request ids.
//!
//! They are evidence for whoever mends the fault, and a gift to whoever attacks (CWE-209, CWE-497).

use std::borrow::Cow;

use httpwhy_model::{Audience, Evidence, Exchange, Place, Remedy};

use crate::marks::Marks;
use crate::quote::quote;

/// Places shown at most.
const MAX_SHOWN: usize = 6;

/// What kind of detail, how it looks, and whether it lets a stranger learn about the inside.
pub(crate) struct Detail {
    shows: &'static str,
    pub(crate) pattern: &'static str,
    leaks: bool,
}

pub(crate) const DETAILS: &[Detail] = &[
    Detail {
        shows: "a Java stack trace",
        leaks: true,
        pattern: r"(?-u)\bat [\w$.<>/@-]+\([\w$-]+\.(?:java|kt|scala|groovy):\d+\)",
    },
    Detail {
        shows: "a .NET stack trace",
        leaks: true,
        pattern: r"(?-u)\bat [\w.`<>\[\],+ ]+\([^)\n]*\) in [^\n]+:line \d+|\bSystem(?:\.\w+)*Exception: ",
    },
    Detail {
        shows: "a Python stack trace",
        leaks: true,
        pattern: r#"(?-u)Traceback \(most recent call last\)|File (?:"|&quot;)[^"&\n]+(?:"|&quot;), line \d+, in "#,
    },
    Detail {
        shows: "a PHP error",
        leaks: true,
        pattern: r"(?-u)(?:Fatal error|Parse error|Warning|Notice|Deprecated)(?:</b>)?: .+ in (?:<b>)?[^\s<]+\.php(?:</b>)? on line|#0 [^\s]+\.php\(\d+\): ",
    },
    Detail {
        shows: "a Ruby stack trace",
        leaks: true,
        pattern: r"(?-u)[\w/.-]+\.rb:\d+:in [`']",
    },
    Detail {
        shows: "a Node.js stack trace",
        leaks: true,
        pattern: r"(?-u)\bat (?:[^\n(]+ \()?(?:file://)?(?:/|[A-Z]:\\)[^\n:()]+\.[cm]?[jt]s:\d+:\d+\)?|\bat [^\n(]+ \(node:[\w/]+:\d+:\d+\)",
    },
    Detail {
        shows: "a Go stack trace",
        leaks: true,
        pattern: r"(?-u)goroutine \d+ \[[a-z ,0-9]+\]:",
    },
    Detail {
        shows: "a Rust panic",
        leaks: true,
        pattern: r"(?-u)thread '[^'\n]+' (?:\(\d+\) )?panicked at [^\n]+\.rs:\d+",
    },
    Detail {
        shows: "a database error",
        leaks: true,
        pattern: r#"(?-u)SQLSTATE\[|\bORA-\d{5}\b|You have an error in your SQL syntax|\bPG::[A-Z]\w+|\bpsycopg2?\.|\bsqlite3\.\w+Error|\bSQLite3::|Unclosed quotation mark after the character string|Microsoft OLE DB Provider|\bMySQLSyntaxErrorException|org\.postgresql\.util\.PSQLException|com\.mysql\.[\w.]+|syntax error at or near (?:"|&quot;)|\[SQL Server\]|\bMongoServerError\b"#,
    },
    Detail {
        shows: "a framework's debug page",
        leaks: true,
        pattern: r"(?-u)Werkzeug Debugger|seeing this error because you have <code>DEBUG|Whoops! There was an error|Symfony Exception|Whitelabel Error Page|Action Controller: Exception caught|Server Error in '/[^']*' Application|Laravel Ignition|Application Trace</a>",
    },
    Detail {
        shows: "a software version",
        leaks: true,
        pattern: r"(?-u)\b(?:nginx|Apache|OpenSSL|Tomcat|Jetty|Microsoft-IIS|Express|Django|Rails|Werkzeug|gunicorn|WildFly|GlassFish|ASP\.NET Version:|Microsoft \.NET Framework Version:)[/ ]v?\d+\.\d+(?:\.\d+)*|\bPHP[/ ]v?\d+\.\d+(?:\.\d+)*",
    },
    Detail {
        shows: "a path on the server",
        leaks: true,
        pattern: r"(?-u)(?:/(?:var|srv|home|usr|opt|app|etc|root|mnt|www)/[\w.@-]+(?:/[\w.@-]+)+)|\b[A-Z]:\\(?:[\w. -]+\\)+[\w.-]+",
    },
    Detail {
        shows: "an id to look up in the server's log",
        leaks: false,
        pattern: r"(?i-u)\b(?:request|trace|correlation|incident|reference|ray|error)[ _-]?id\b[^0-9a-z\n]+[0-9a-f][0-9a-f-]{7,63}",
    },
];

/// Evidence for every kind of detail in an error's content, each at its first place.
pub(crate) fn evidence(exchange: &Exchange, step: usize, content: &Marks) -> Vec<Evidence> {
    let response = exchange.response.as_ref();
    if response.is_none_or(|r| r.status().is_some_and(|status| status < 400)) {
        return Vec::new();
    }
    content
        .details()
        .take(MAX_SHOWN)
        .map(|(nth, (from, to))| Evidence {
            step,
            place: Place::Body(from as u64, to as u64),
            quote: Some(quote(&content.content()[from..to])),
            shows: DETAILS[nth].shows.into(),
        })
        .collect()
}

/// What author and tester do about details that tell a stranger about the inside.
pub(crate) fn remedies(evidence: &[Evidence]) -> Vec<Remedy> {
    let leaks = |shown: &Evidence| {
        matches!(shown.place, Place::Body(..))
            && DETAILS
                .iter()
                .any(|detail| detail.leaks && detail.shows == shown.shows)
    };
    if !evidence.iter().any(leaks) {
        return Vec::new();
    }
    let remedy = |audience, text: &'static str| Remedy {
        audience,
        text: Cow::Borrowed(text),
    };
    vec![
        remedy(
            Audience::Author,
            "The content gives away internals (see the evidence): log them with an id, answer with the id alone, and switch debug pages off in production.",
        ),
        remedy(
            Audience::Tester,
            "Read the whole content: it names internals (see the evidence). Note versions, paths and queries; vary the one input that caused it; report the disclosure (CWE-209) even when nothing else follows.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use httpwhy_model::{Body, Framing, Response, Seen};

    fn shown(body: &'static str) -> Vec<String> {
        let response = Response {
            code: Bytes::from_static(b"500"),
            body: Seen::Present(Body::whole(body, Framing::Close)),
            ..Response::default()
        };
        let exchange = Exchange {
            response: Some(response),
            ..Exchange::default()
        };
        let content = Marks::of(exchange.response.as_ref());
        evidence(&exchange, 0, &content)
            .into_iter()
            .map(|found| found.shows.into_owned())
            .collect()
    }

    #[test]
    fn details_are_found_and_prose_is_not() {
        for (body, what) in [
            (
                "java.lang.NullPointerException\n\tat com.acme.Cart.total(Cart.java:42)\n",
                "a Java stack trace",
            ),
            (
                "System.InvalidOperationException: no\n   at Acme.Cart.Total(Int32 n) in C:\\src\\Cart.cs:line 9",
                "a .NET stack trace",
            ),
            (
                "<pre>Traceback (most recent call last):\n  File \"/app/shop/views.py\", line 7, in cart",
                "a Python stack trace",
            ),
            (
                "<b>Fatal error</b>: Uncaught Error: x in <b>/var/www/html/a.php</b> on line <b>3</b>",
                "a PHP error",
            ),
            ("app/models/cart.rb:12:in `total'", "a Ruby stack trace"),
            (
                "TypeError: x\n    at total (/srv/shop/cart.js:10:5)",
                "a Node.js stack trace",
            ),
            (
                "panic: boom\n\ngoroutine 34 [running]:\nmain.total()",
                "a Go stack trace",
            ),
            (
                "thread 'main' panicked at src/cart.rs:10:5:\nboom",
                "a Rust panic",
            ),
            (
                "SQLSTATE[42000]: Syntax error or access violation",
                "a database error",
            ),
            (
                "You have an error in your SQL syntax; check the manual",
                "a database error",
            ),
            ("<h1>Whitelabel Error Page</h1>", "a framework's debug page"),
            ("<hr><center>nginx/1.22.1</center>", "a software version"),
            (
                "open /srv/www/shop/index.html failed",
                "a path on the server",
            ),
            (
                "{\"requestId\": \"7f3a9c21-aa\"}",
                "an id to look up in the server's log",
            ),
        ] {
            assert!(
                shown(body).iter().any(|shows| shows == what),
                "{what}: {:?}",
                shown(body)
            );
        }
        for body in [
            "Something went wrong at our end. Try again later.",
            "<h1>503 Service Unavailable</h1>",
            "see /help or /docs/errors",
        ] {
            assert_eq!(shown(body), [""; 0], "{body}");
        }
    }
}

//! Who is to blame, by the ways of servers and of HTTP: one exchange for each kind of evidence.

use httpwhy_diagnose::diagnose;
use httpwhy_model::{Blame, Diagnosis, Party};

use Blame::{Likely, Nobody, Proven};
use Party::{Client, Dns, Intermediary, Network, Origin};

const ASKED: &str = "> GET /a HTTP/1.1\n> Host: a.example\n>\n";

/// What is sent (`ASKED` when empty), what comes, who it was.
const TABLE: &[(&str, &str, Blame)] = &[
    // nginx never makes a 500 or 503 of a failure behind it.
    (
        "",
        "< HTTP/1.1 500 Internal Server Error\n< Server: nginx\n<\n< <hr><center>nginx</center>\n",
        Likely(Intermediary),
    ),
    (
        "",
        "< HTTP/1.1 503 Service Temporarily Unavailable\n< Server: nginx/1.22.1\n<\n< back soon\n",
        Likely(Intermediary),
    ),
    (
        "",
        "< HTTP/1.1 503 Service Unavailable\n< Server: nginx/1.22.1\n< Retry-After: 7\n<\n< draining\n",
        Likely(Origin),
    ),
    (
        "",
        "< HTTP/1.1 502 Bad Gateway\n< Server: nginx\n<\n< <hr><center>nginx</center>\n",
        Likely(Origin),
    ),
    // HAProxy
    (
        "",
        "< HTTP/1.1 504 Gateway Time-out\n<\n< <html><body><h1>504 Gateway Time-out</h1>\n< The server didn't respond in time.\n< </body></html>\n",
        Likely(Origin),
    ),
    (
        "",
        "< HTTP/1.1 500 Internal Server Error\n<\n< <html><body><h1>500 Internal Server Error</h1>\n< An internal server error occurred.\n< </body></html>\n",
        Likely(Intermediary),
    ),
    // Apache
    (
        "",
        "< HTTP/1.1 502 Proxy Error\n< Server: Apache\n<\n< <p>Reason: <strong>DNS lookup failure for: app.internal</strong></p>\n",
        Likely(Dns),
    ),
    (
        "",
        "< HTTP/1.1 504 Gateway Timeout\n< Server: Apache\n<\n< <p>The gateway did not receive a timely response\n",
        Likely(Origin),
    ),
    // Caddy
    (
        "",
        "< HTTP/1.1 503 Service Unavailable\n< Content-Type: text/plain; charset=utf-8\n< Server: Caddy\n< Content-Length: 5\n<\n< later\n",
        Likely(Intermediary),
    ),
    (
        "",
        "< HTTP/1.1 503 Service Unavailable\n< Content-Type: text/plain\n< Server: Caddy\n< Server: app\n<\n< later\n",
        Likely(Origin),
    ),
    (
        "",
        "< HTTP/1.1 503 Service Unavailable\n< Server: Caddy\n< Content-Length: 0\n<\n",
        Likely(Origin),
    ),
    // Varnish
    (
        "",
        "< HTTP/1.1 503 Maintenance\n< Server: Varnish\n< X-Varnish: 5\n<\n< <h1>Error 503 Maintenance</h1>\n< <h3>Guru Meditation:</h3>\n< <p>XID: 5</p>\n",
        Likely(Intermediary),
    ),
    // Squid
    (
        "> GET http://b.example/ HTTP/1.1\n> Host: b.example\n>\n",
        "< HTTP/1.1 503 Service Unavailable\n< X-Squid-Error: ERR_CONNECT_FAIL 113\n<\n",
        Likely(Network),
    ),
    (
        "> GET http://b.example/ HTTP/1.1\n> Host: b.example\n>\n",
        "< HTTP/1.1 503 Service Unavailable\n< X-Squid-Error: ERR_DNS_FAIL 0\n<\n",
        Likely(Dns),
    ),
    (
        "",
        "< HTTP/1.1 500 Internal Server Error\n< X-Squid-Error: ERR_CANNOT_FORWARD 0\n<\n",
        Likely(Intermediary),
    ),
    // What the request asked for.
    (
        "> GET /a HTTP/1.1\n> Host: a\n> Cache-Control: only-if-cached\n>\n",
        "< HTTP/1.1 504 Gateway Timeout\n<\n",
        Proven(Client),
    ),
    (
        "> PUT /a HTTP/1.1\n> Host: a\n> If-Match: \"1\"\n>\n",
        "< HTTP/1.1 412 Precondition Failed\n< ETag: \"2\"\n<\n",
        Proven(Client),
    ),
    // The tag that Apache changes when it compresses: the client need not be wrong.
    (
        "> PUT /a HTTP/1.1\n> Host: a\n> If-Match: \"1-gzip\"\n>\n",
        "< HTTP/1.1 412 Precondition Failed\n< ETag: \"1\"\n<\n",
        Likely(Client),
    ),
    (
        "> GET /a HTTP/1.1\n> Host: a\n> Range: bytes=5-\n>\n",
        "< HTTP/1.1 416 Range Not Satisfiable\n< Content-Range: bytes */5\n<\n",
        Proven(Client),
    ),
    (
        "> GET /a HTTP/1.1\n> Host: a\n> Range: bytes=4-\n>\n",
        "< HTTP/1.1 416 Range Not Satisfiable\n< Content-Range: bytes */5\n<\n",
        Likely(Client),
    ),
    (
        "",
        "< HTTP/1.1 416 Range Not Satisfiable\n<\n",
        Likely(Origin),
    ),
    (
        "> GET /a HTTP/1.1\n> Host: a\n> Expect: tea\n>\n",
        "< HTTP/1.1 417 Expectation Failed\n<\n",
        Proven(Client),
    ),
    (
        "> GET /a HTTP/1.1\n> Host: a\n> Via: 1.1 cache-3 (x)\n>\n",
        "< HTTP/1.1 403 Forbidden\n< Via: 1.1 cache-3 (x)\n<\n",
        Likely(Intermediary),
    ),
    (
        "> BREW /a HTTP/1.1\n> Host: a\n>\n",
        "< HTTP/1.1 501 Not Implemented\n<\n",
        Likely(Client),
    ),
    ("", "< HTTP/1.1 501 Not Implemented\n<\n", Likely(Origin)),
    (
        "",
        "< HTTP/1.1 505 HTTP Version Not Supported\n<\n",
        Likely(Origin),
    ),
    // Defects of the request.
    (
        "> GET /a HTTP/1.1\n> Accept: */*\n>\n",
        "< HTTP/1.1 400 Bad Request\n<\n",
        Proven(Client),
    ),
    (
        "> POST /a HTTP/1.1\n> Host: a\n> Content-Length: 1\n> Content-Length: 2\n>\n",
        "< HTTP/1.1 400 Bad Request\n<\n",
        Proven(Client),
    ),
    (
        "> POST /a HTTP/1.1\n> Host: a\n> Transfer-Encoding: lab\n>\n",
        "< HTTP/1.1 501 Not Implemented\n<\n",
        Proven(Client),
    ),
    ("", "< HTTP/1.1 400 Bad Request\n<\n", Likely(Client)),
    // Not what it looks like.
    (
        "",
        "< HTTP/1.1 101 Switching Protocols\n< Upgrade: foo\n<\n",
        Likely(Origin),
    ),
    (
        "",
        "< HTTP/1.1 200 OK\n< X-Transformed-From: HTTP/0.9\n< Via: 1.1 a (squid/5.7)\n<\n< noise\n",
        Likely(Origin),
    ),
    (
        "",
        "< HTTP/1.1 200 OK\n< Content-Type: text/plain\n<\n< fine\n",
        Nobody,
    ),
    ("", "< HTTP/1.1 999 Odd\n< Server: x\n<\n", Likely(Origin)),
    (
        "",
        "< HTTP/1.1 999 Request denied\n< X-Li-Pop: a\n<\n",
        Likely(Client),
    ),
];

#[test]
fn evidence_decides() {
    for (request, response, blame) in TABLE {
        let request = if request.is_empty() { ASKED } else { request };
        let diagnosis = read(&format!("{request}{response}"));
        assert_eq!(
            diagnosis.blame, *blame,
            "{request}{response}\n{} {:#?}",
            diagnosis.outcome, diagnosis.evidence
        );
    }
}

#[test]
fn bytes_that_are_no_http_tell_the_wrong_port_from_the_wrong_server() {
    let asked = httpwhy_ingest::read_transcript(ASKED).expect("a request");
    for (bytes, party) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], Client),
        (b"220 mail.example ESMTP\r\n", Client),
        (b"\x15\x03\x03\0\x02\x02F", Client),
        (b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d", Client),
        (b"all is well\n", Origin),
        (b"\x80\x81\x82", Origin),
    ] {
        let mut visit = asked.clone();
        let exchange = &mut visit.steps[0].exchange;
        let (message, _) = httpwhy_wire::h1::read_response(
            bytes,
            b"GET",
            true,
            httpwhy_wire::h1::Limits::default(),
        );
        exchange.end = httpwhy_model::End::Partial;
        exchange.response = message.response;
        for defect in message.defects {
            exchange.signal(httpwhy_model::Phase::Receive, defect);
        }
        assert_eq!(diagnose(&visit).blame, Likely(party), "{bytes:?}");
    }
}

fn read(transcript: &str) -> Diagnosis {
    let visit = httpwhy_ingest::read_transcript(transcript)
        .unwrap_or_else(|unread| panic!("{unread}:\n{transcript}"));
    diagnose(&visit)
}

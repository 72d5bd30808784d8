//! A chunk begins with its size in hexadecimal on a line of its own.
//!
//! What cannot be read as a size ends the message for every reader: the content so far is all there is. A program that
//! writes into the stream past the framing makes it. Recorded files are not judged: tools print content decoded, and
//! content can look like a size. RFC 9112 section 7.1.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response, Who};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "chunk-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 7.1",
    about: "A chunk is its size in hexadecimal, CR LF, so many bytes, CR LF.",
    watches: Watch::Defect(H1Defect::BadChunkSize),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Transfer-Encoding: chunked
<
< hello
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Transfer-Encoding: chunked
<
< hello
* h1:bad-chunk-size at=120
",
};

fn check(exchange: &Exchange, _: &Response, say: Say<'_>) {
    if exchange.vantage.who != Who::Transcript {
        say("where a chunk's size should stand is no hexadecimal number".into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_raw;

    #[test]
    fn what_curl_prints_is_decoded() {
        let printed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\nbottles\n";
        assert!(said_of_raw(&RULE, printed).is_empty());
    }
}

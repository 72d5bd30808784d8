//! Every line of a head ends with CR LF.
//!
//! Most readers let a lone LF pass and some do not, so that the response works here and fails behind another proxy. A
//! file whose lines all end so was converted by an editor or a pipe: nothing is said about it. RFC 9112 sections 2.1
//! and 2.2.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response, Signal, Who};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "bare-lf-line-end",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 2.1",
    about: "Every line of a head ends with CR LF.",
    watches: Watch::Defect(H1Defect::BareLf),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
* h1:bare-lf at=15
",
};

/// The reader notes so many defects of a kind at most, so that from here on it is not known whether all lines are so.
const COUNTED: usize = 16;

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let lines = exchange
        .signals()
        .filter(|(_, signal)| {
            matches!(
                signal,
                Signal::H1 {
                    defect: H1Defect::BareLf,
                    ..
                }
            )
        })
        .count();
    // The status line and the empty line count too; more lines than that are those of interim heads, all so.
    let all = response.fields.list.len() + 2;
    let converted = exchange.vantage.who == Who::Transcript && (lines >= all || lines >= COUNTED);
    if !converted {
        say(format!("{lines} line(s) of the message end with LF alone").into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_raw;

    #[test]
    fn a_converted_file_is_not_the_servers_doing() {
        let mixed = "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n";
        assert_eq!(
            said_of_raw(&RULE, mixed.as_bytes()),
            ["1 line(s) of the message end with LF alone"]
        );
        assert!(said_of_raw(&RULE, mixed.replace('\r', "").as_bytes()).is_empty());
        let long = format!("HTTP/1.1 200 OK\n{}\n", "A: b\n".repeat(40));
        assert!(said_of_raw(&RULE, long.as_bytes()).is_empty());
        let interim = "HTTP/1.1 103 Early Hints\n\nHTTP/1.1 200 OK\nA: b\n\n";
        assert!(said_of_raw(&RULE, interim.as_bytes()).is_empty());
    }
}

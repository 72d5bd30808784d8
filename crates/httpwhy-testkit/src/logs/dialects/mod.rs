//! How each server writes an exchange down: tables, one file for each family of servers.
//!
//! A dialect's line is a text with `$variables` in it, those of [`Exchange`] by the names below and `$1` to `$9`, the words
//! of the row for the exchange's cause. Words may hold variables themselves.
//!
//! | variable | what |
//! |---|---|
//! | `client` `port` | the client's address and port |
//! | `clf` `day` `time` `millis` `syslog` `epoch` `epoch_ms` `nanos` | the moment: `03/Nov/2026:14:05:12`, `2026-11-03`, `14:05:12`, `345`, `Nov  3 14:05:12`, `1793714712.345`, `1793714712345`, `345000000` |
//! | `method` `target` `key` `host` `status` `status3` `bytes` | the request and its answer; the target without its slash, `-` for nothing; the status with three digits |
//! | `agent` `agent_plus` `agent_percent` | User-Agent, with `+` or `%20` for spaces |
//! | `upstream` `server` `server_number` | `10.0.0.7:8080`, `10.0.0.7`, `7` |
//! | `took` `took_ms` `took_6` `took_ns` | `0.012`, `12`, `    12`, `12000000` |
//! | `pop` `item` `hex` | the place, a number, the same in hexadecimal |

mod apache;
mod aws;
mod carried;
mod cdn;
mod cloud;
mod envoy;
mod haproxy;
mod lighttpd;
mod microsoft;
mod nginx;
mod proxies;
mod varnish;

use std::io::Write as _;

use super::calendar::{Clf, Day, Moment, Syslog, Time};
use super::exchange::{Cause, Exchange};

/// A server's log format.
#[derive(Debug)]
pub struct Dialect {
    /// Its name here.
    pub name: &'static str,
    /// The format of `httpwhy logs` that reads it.
    pub format: &'static str,
    /// The carrier that its lines are in; empty where they are in none.
    pub carrier: &'static str,
    /// Lines at the beginning, and again in the middle as after a restart.
    header: &'static [&'static str],
    /// A line, or several where an exchange has several.
    line: &'static str,
    /// A torn line ends behind the first of these; empty where nothing in a line shows that it was to be longer.
    torn_behind: &'static str,
    /// What it writes of which cause; a cause without a row is none that this server tells.
    rows: &'static [Row],
    /// Dimension, value and cause of the planted incident.
    pub(super) incident: (&'static str, &'static str, Cause),
}

/// What a dialect writes of a cause.
#[derive(Debug)]
struct Row {
    cause: Cause,
    /// 0 where none is written.
    status: u16,
    /// What `httpwhy logs` can tell of it, in its words of what happened.
    tells: &'static str,
    words: &'static [&'static str],
}

const fn row(
    cause: Cause,
    status: u16,
    tells: &'static str,
    words: &'static [&'static str],
) -> Row {
    Row {
        cause,
        status,
        tells,
        words,
    }
}

/// A dialect with a line like that of the common log format.
const fn clf(
    name: &'static str,
    format: &'static str,
    line: &'static str,
    rows: &'static [Row],
    incident: (&'static str, &'static str, Cause),
) -> Dialect {
    Dialect {
        name,
        format,
        carrier: "",
        header: &[],
        line,
        torn_behind: "HTTP/1.1\" ",
        rows,
        incident,
    }
}

/// Every dialect.
pub static DIALECTS: &[&Dialect] = &[
    &nginx::COMBINED,
    &nginx::MAIN,
    &nginx::TIMED,
    &nginx::JSON,
    &lighttpd::LIGHTTPD,
    &nginx::INGRESS,
    &apache::COMMON,
    &apache::COMBINED,
    &apache::VHOST,
    &varnish::NCSA,
    &varnish::LOG,
    &haproxy::PLAIN,
    &haproxy::SYSLOG,
    &envoy::TEXT,
    &envoy::JSON,
    &microsoft::IIS,
    &microsoft::HTTPSYS,
    &microsoft::FRONT_DOOR,
    &aws::ALB,
    &aws::CLOUDFRONT,
    &aws::S3,
    &cdn::CLOUDFLARE,
    &cdn::FASTLY,
    &cloud::GOOGLE,
    &cloud::HEROKU,
    &proxies::CADDY,
    &proxies::TRAEFIK,
    &proxies::TRAEFIK_JSON,
    &proxies::SQUID,
    &proxies::OWN,
    &carried::CRI,
    &carried::DOCKER,
    &carried::COMPOSE,
    &carried::KUBECTL,
    &carried::JOURNAL,
    &carried::EXPORT,
    &carried::COLOURS,
];

/// The dialect of that name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS
        .iter()
        .copied()
        .find(|dialect| dialect.name == name)
}

impl Dialect {
    fn row(&self, cause: Cause) -> Option<&Row> {
        self.rows.iter().find(|row| row.cause == cause)
    }

    /// Whether this server tells of such a cause at all.
    pub(super) fn tells_of(&self, cause: Cause) -> bool {
        self.row(cause).is_some()
    }

    /// The status that stands for a cause; 0 where this server writes none.
    pub(super) fn status_of(&self, cause: Cause) -> u16 {
        self.row(cause).map_or(200, |row| row.status)
    }

    /// What a line can tell of a cause, in the words of `httpwhy logs`.
    pub fn tells(&self, cause: Cause) -> &'static str {
        self.row(cause).map_or(cause.word(), |row| row.tells)
    }

    /// The lines of its header.
    pub(super) const fn header(&self) -> &'static [&'static str] {
        self.header
    }

    /// Whether an exchange has several lines.
    pub(super) fn is_grouped(&self) -> bool {
        self.line.contains('\n')
    }

    /// How many lines belong to an exchange besides its own.
    pub(super) fn further(&self, cause: Cause) -> u64 {
        let words = self.row(cause).map_or(&[][..], |row| row.words);
        let feeds = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
        let inside: usize = words.iter().map(|word| feeds(word)).sum();
        (feeds(self.line) + inside) as u64
    }

    /// Appends the line of an exchange, without its end.
    pub(super) fn write(&self, exchange: &Exchange, out: &mut Vec<u8>) {
        let words = self.row(exchange.cause).map_or(&[][..], |row| row.words);
        self.expand(self.line, exchange, words, out);
    }

    /// Whether a line that is cut is still known as this dialect's.
    pub(super) const fn shows_torn(&self) -> bool {
        !self.torn_behind.is_empty()
    }

    /// Cuts a line that was written off behind its mark.
    pub(super) fn tear(&self, line: &mut Vec<u8>) {
        let mark = self.torn_behind.as_bytes();
        let cut = (!mark.is_empty())
            .then(|| line.windows(mark.len()).position(|part| part == mark))
            .flatten();
        line.truncate(cut.map_or(line.len() / 2, |at| at + mark.len()));
    }

    fn expand(&self, text: &str, exchange: &Exchange, words: &[&str], out: &mut Vec<u8>) {
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            let behind = &rest[at + 1..];
            let braced = behind.strip_prefix('{').and_then(|it| it.split_once('}'));
            let (name, after) = braced.unwrap_or_else(|| {
                let other = |it: char| !it.is_ascii_alphanumeric() && it != '_';
                behind.split_at(behind.find(other).unwrap_or(behind.len()))
            });
            match name.parse::<usize>() {
                Ok(number) => {
                    let word = words.get(number - 1).copied().unwrap_or_default();
                    self.expand(word, exchange, &[], out);
                }
                Err(_) => self.variable(name, exchange, out),
            }
            rest = after;
        }
        out.extend_from_slice(rest.as_bytes());
    }

    fn variable(&self, name: &str, exchange: &Exchange, out: &mut Vec<u8>) {
        let moment = Moment::of(exchange.millis);
        let took = exchange.took();
        let status = || self.status_of(exchange.cause);
        let Exchange {
            millis,
            network,
            node,
            port,
            method,
            host,
            item,
            agent,
            upstream,
            pop,
            bytes,
            ..
        } = exchange;
        let server = upstream.trim_end_matches(":8080");
        let written = match name {
            "client" => write!(out, "{network}.{node}"),
            "port" => write!(out, "{port}"),
            "clf" => write!(out, "{}", Clf(moment)),
            "day" => write!(out, "{}", Day(moment)),
            "time" => write!(out, "{}", Time(moment)),
            "millis" => write!(out, "{:03}", moment.millis),
            "nanos" => write!(out, "{:03}000000", moment.millis),
            "syslog" => write!(out, "{}", Syslog(moment)),
            "epoch" => write!(out, "{}.{:03}", millis / 1000, millis % 1000),
            "epoch_ms" => write!(out, "{millis}"),
            "method" => write!(out, "{method}"),
            "target" => write!(out, "{}", exchange.target()),
            "key" if exchange.target() == "/" => write!(out, "-"),
            "key" => write!(out, "{}", &exchange.target()[1..]),
            "host" => write!(out, "{host}"),
            "status" => write!(out, "{}", status()),
            "status3" => write!(out, "{:03}", status()),
            "bytes" => write!(out, "{bytes}"),
            "agent" => write!(out, "{agent}"),
            "agent_plus" => write!(out, "{}", agent.replace(' ', "+")),
            "agent_percent" => write!(out, "{}", agent.replace(' ', "%20")),
            "upstream" => write!(out, "{upstream}"),
            "server" => write!(out, "{server}"),
            "server_number" => write!(out, "{}", server.rsplit('.').next().unwrap_or_default()),
            "took" => write!(out, "{}.{:03}", took / 1000, took % 1000),
            "took_ms" => write!(out, "{took}"),
            "took_6" => write!(out, "{took:>6}"),
            "took_ns" => write!(out, "{}", took * 1_000_000),
            "pop" => write!(out, "{pop}"),
            "item" => write!(out, "{item}"),
            "hex" => write!(out, "{item:08x}"),
            other => panic!("{}: no variable ${other}", self.name),
        };
        written.expect("memory takes it");
    }
}

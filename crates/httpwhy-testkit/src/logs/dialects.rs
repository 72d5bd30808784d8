//! How each server writes an exchange down.

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
    /// Lines at the beginning, and again in the middle as after a restart.
    pub(super) header: &'static [&'static str],
    /// A torn line ends behind the first of these.
    pub(super) torn_behind: &'static str,
    /// The status that stands for a cause; `None` where this server does not tell it, 0 where it writes none.
    pub(super) status: fn(Cause) -> Option<u16>,
    /// Dimension, value and cause of the planted incident.
    pub(super) incident: (&'static str, &'static str, Cause),
    pub(super) write: fn(&Exchange, &Self, &mut Vec<u8>),
}

impl Dialect {
    pub(super) fn status_of(&self, cause: Cause) -> u16 {
        (self.status)(cause).unwrap_or(200)
    }
}

/// The dialect of that name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.name == name)
}

/// Every dialect.
pub static DIALECTS: &[Dialect] = &[
    clf(
        "nginx",
        "nginx",
        ("path", "/api/cart", Cause::Refused),
        nginx,
    ),
    clf(
        "nginx-main",
        "nginx",
        ("network", "203.0.113.0/24", Cause::ClientLeft),
        nginx_main,
    ),
    clf(
        "nginx-timed",
        "nginx",
        ("upstream", "10.0.0.7:8080", Cause::Refused),
        nginx_timed,
    ),
    Dialect {
        torn_behind: "\"status\":\"",
        ..clf(
            "nginx-json",
            "nginx-json",
            ("upstream", "10.0.0.7:8080", Cause::Silent),
            nginx_json,
        )
    },
    clf(
        "lighttpd",
        "nginx",
        ("path", "/api/cart", Cause::Said),
        nginx,
    ),
    Dialect {
        status: apache_status,
        ..clf(
            "apache-common",
            "apache",
            ("path", "/login", Cause::Refused),
            common,
        )
    },
    Dialect {
        status: apache_status,
        ..clf(
            "apache",
            "apache",
            ("agent", "okhttp", Cause::Silent),
            apache,
        )
    },
    Dialect {
        status: apache_status,
        ..clf(
            "apache-vhost",
            "apache",
            ("host", "pay.example.com", Cause::Refused),
            vhost,
        )
    },
    Dialect {
        status: varnish_status,
        ..clf(
            "varnish",
            "varnish",
            ("host", "pay.example.com", Cause::Refused),
            varnish,
        )
    },
    Dialect {
        torn_behind: " be_app/",
        status: haproxy_status,
        ..clf(
            "haproxy",
            "haproxy",
            ("upstream", "app7", Cause::Refused),
            haproxy,
        )
    },
    Dialect {
        torn_behind: " be_app/",
        status: haproxy_status,
        ..clf(
            "haproxy-syslog",
            "haproxy",
            ("upstream", "app7", Cause::Silent),
            haproxy_syslog,
        )
    },
    Dialect {
        status: envoy_status,
        ..clf(
            "envoy",
            "envoy",
            ("upstream", "10.0.0.7:8080", Cause::Refused),
            envoy,
        )
    },
    Dialect {
        torn_behind: "\"response_code\":",
        status: envoy_status,
        ..clf(
            "envoy-json",
            "envoy-json",
            ("upstream", "10.0.0.7:8080", Cause::Silent),
            envoy_json,
        )
    },
    Dialect {
        header: IIS_HEADER,
        torn_behind: " 10.0.0.4 ",
        status: iis_status,
        ..clf("iis", "iis", ("path", "/api/stock", Cause::Silent), iis)
    },
    Dialect {
        torn_behind: ".com:443",
        status: alb_status,
        ..clf(
            "aws-alb",
            "aws-alb",
            ("upstream", "10.0.0.7:8080", Cause::Silent),
            alb,
        )
    },
    Dialect {
        header: CLOUDFRONT_HEADER,
        torn_behind: "\td111111abcdef8",
        status: cloudfront_status,
        ..clf(
            "cloudfront",
            "cloudfront",
            ("pop", "FRA56-P4", Cause::Refused),
            cloudfront,
        )
    },
    Dialect {
        torn_behind: "\"proto\":",
        status: caddy_status,
        ..clf(
            "caddy",
            "caddy",
            ("host", "pay.example.com", Cause::Refused),
            caddy,
        )
    },
    clf(
        "traefik",
        "traefik",
        ("upstream", "http://10.0.0.7:8080", Cause::Silent),
        traefik,
    ),
    Dialect {
        torn_behind: "\"DownstreamStatus\":",
        ..clf(
            "traefik-json",
            "traefik-json",
            ("upstream", "10.0.0.7:8080", Cause::Refused),
            traefik_json,
        )
    },
    Dialect {
        torn_behind: " TCP_",
        status: squid_status,
        ..clf(
            "squid",
            "squid",
            ("upstream", "10.0.0.7", Cause::Silent),
            squid,
        )
    },
];

/// A dialect with a line as that of the common log format, and nginx's statuses.
const fn clf(
    name: &'static str,
    format: &'static str,
    incident: (&'static str, &'static str, Cause),
    write: fn(&Exchange, &Dialect, &mut Vec<u8>),
) -> Dialect {
    Dialect {
        name,
        format,
        header: &[],
        torn_behind: "HTTP/1.1\" ",
        status: nginx_status,
        incident,
        write,
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one of those that a dialect may have"
)]
const fn nginx_status(cause: Cause) -> Option<u16> {
    Some(match cause {
        Cause::Fine => 200,
        Cause::NotFound => 404,
        Cause::Denied => 403,
        Cause::ClientLeft => 499,
        Cause::Refused => 502,
        Cause::Silent => 504,
        Cause::Said => 500,
    })
}

/// Apache has no status for a client that left.
const fn apache_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft => None,
        Cause::Refused => Some(503),
        Cause::Silent => Some(502),
        _ => nginx_status(cause),
    }
}

/// Varnish says 503 for all of its own.
const fn varnish_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft | Cause::Silent => None,
        Cause::Refused => Some(503),
        _ => nginx_status(cause),
    }
}

const fn haproxy_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::Refused => Some(503),
        // `-1`
        Cause::ClientLeft => Some(0),
        _ => nginx_status(cause),
    }
}

const fn envoy_status(cause: Cause) -> Option<u16> {
    haproxy_status(cause)
}

/// ARR says 502 for all; which, its error number says.
const fn iis_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft | Cause::Refused => None,
        Cause::Silent => Some(502),
        _ => nginx_status(cause),
    }
}

const fn alb_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft => Some(460),
        _ => nginx_status(cause),
    }
}

const fn cloudfront_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft => Some(0),
        _ => nginx_status(cause),
    }
}

const fn caddy_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft => Some(0),
        _ => nginx_status(cause),
    }
}

const fn squid_status(cause: Cause) -> Option<u16> {
    match cause {
        Cause::ClientLeft => Some(0),
        Cause::Refused => Some(503),
        _ => nginx_status(cause),
    }
}

/// Appends text; a `Vec` takes everything.
macro_rules! put {
    ($out:expr, $($text:tt)*) => {
        write!($out, $($text)*).expect("memory takes it")
    };
}

/// `0.012` from milliseconds.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

fn head(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let Exchange {
        network,
        node,
        method,
        bytes,
        ..
    } = exchange;
    put!(
        out,
        "{network}.{node} - - [{} +0000] \"{method} {} HTTP/1.1\" {} {bytes}",
        Clf(Moment::of(exchange.millis)),
        exchange.target(),
        dialect.status_of(exchange.cause),
    );
}

fn nginx(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    head(exchange, dialect, out);
    put!(out, " \"-\" \"{}\"", exchange.agent);
}

fn nginx_main(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    nginx(exchange, dialect, out);
    put!(out, " \"198.51.100.{}\"", exchange.node);
}

/// nginx's upstream columns: address, status, connect time, header time, response time.
fn upstream(exchange: &Exchange) -> [String; 5] {
    let took = Seconds(exchange.took()).to_string();
    let none = || "-".to_owned();
    let at = exchange.upstream.to_owned();
    let quick = || "0.001".to_owned();
    match exchange.cause {
        Cause::Denied => [none(), none(), none(), none(), none()],
        Cause::ClientLeft => [at, none(), quick(), none(), took],
        Cause::Refused => [at, "502".to_owned(), none(), none(), took],
        Cause::Silent => [at, "504".to_owned(), quick(), none(), took],
        cause => [
            at,
            nginx_status(cause).unwrap_or(200).to_string(),
            quick(),
            took.clone(),
            took,
        ],
    }
}

fn nginx_timed(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    nginx_main(exchange, dialect, out);
    let [at, status, connect, header, response] = upstream(exchange);
    put!(
        out,
        " rt={} ua=\"{at}\" us=\"{status}\" uct=\"{connect}\" uht=\"{header}\" urt=\"{response}\"",
        Seconds(exchange.took())
    );
}

fn nginx_json(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let [at, status, connect, header, response] = upstream(exchange);
    put!(
        out,
        "{{\"time_iso8601\":\"{}T{}+00:00\",\"remote_addr\":\"{}.{}\",\"request_method\":\"{}\",\"host\":\"{}\",\
         \"request_uri\":\"{}\",\"status\":\"{}\",\"body_bytes_sent\":\"{}\",\"request_time\":\"{}\",\
         \"http_user_agent\":\"{}\",\"upstream_addr\":\"{at}\",\"upstream_status\":\"{status}\",\
         \"upstream_connect_time\":\"{connect}\",\"upstream_header_time\":\"{header}\",\
         \"upstream_response_time\":\"{response}\"}}",
        Day(moment),
        Time(moment),
        exchange.network,
        exchange.node,
        exchange.method,
        exchange.host,
        exchange.target(),
        dialect.status_of(exchange.cause),
        exchange.bytes,
        Seconds(exchange.took()),
        exchange.agent,
    );
}

fn common(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    head(exchange, dialect, out);
}

fn apache(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    head(exchange, dialect, out);
    // Only Apache escapes a quote so.
    put!(
        out,
        " \"https://www.example.com/?q=\\\"{}\\\"\" \"{}\"",
        exchange.item,
        exchange.agent
    );
}

fn vhost(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    put!(out, "{}:443 ", exchange.host);
    nginx(exchange, dialect, out);
}

fn varnish(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let Exchange {
        network,
        node,
        method,
        host,
        bytes,
        agent,
        ..
    } = exchange;
    put!(
        out,
        "{network}.{node} - - [{} +0000] \"{method} http://{host}{} HTTP/1.1\" {} {bytes} \"-\" \"{agent}\"",
        Clf(Moment::of(exchange.millis)),
        exchange.target(),
        dialect.status_of(exchange.cause),
    );
}

fn haproxy(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let took = exchange.took();
    let server = &exchange.upstream[7..8];
    let status = match dialect.status_of(exchange.cause) {
        0 => "-1".to_owned(),
        status => status.to_string(),
    };
    let (server, timers, state) = match exchange.cause {
        Cause::Denied => ("<NOSRV>".to_owned(), format!("0/-1/-1/-1/{took}"), "PR--"),
        Cause::Refused => (format!("app{server}"), format!("0/0/-1/-1/{took}"), "SC--"),
        Cause::Silent => (format!("app{server}"), format!("0/0/1/-1/{took}"), "sH--"),
        Cause::ClientLeft => (format!("app{server}"), format!("0/0/1/-1/{took}"), "CH--"),
        _ => (
            format!("app{server}"),
            format!("0/0/1/{took}/{took}"),
            "----",
        ),
    };
    put!(
        out,
        "{}.{}:{} [{}.{:03}] fe_https~ be_app/{server} {timers} {status} {} - - {state} 12/11/3/1/0 0/0 \"{} {} HTTP/1.1\"",
        exchange.network,
        exchange.node,
        exchange.port,
        Clf(moment),
        moment.millis,
        exchange.bytes,
        exchange.method,
        exchange.target(),
    );
}

fn haproxy_syslog(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    put!(
        out,
        "{} lb1 haproxy[2214]: ",
        Syslog(Moment::of(exchange.millis))
    );
    haproxy(exchange, dialect, out);
}

/// Envoy's flags, its details and the upstream's address.
const fn envoy_words(exchange: &Exchange) -> (&'static str, &'static str, &'static str) {
    let at = exchange.upstream;
    match exchange.cause {
        Cause::Denied => ("RL", "request_rate_limited", "-"),
        Cause::Refused => (
            "UF",
            "upstream_reset_before_response_started{connection_failure}",
            at,
        ),
        Cause::Silent => ("UT", "upstream_response_timeout", at),
        Cause::ClientLeft => ("DC", "downstream_remote_disconnect", at),
        _ => ("-", "via_upstream", at),
    }
}

fn envoy(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let (flags, _, at) = envoy_words(exchange);
    put!(
        out,
        "[{}T{}.{:03}Z] \"{} {} HTTP/1.1\" {} {flags} 0 {} {} - \"{}.{}\" \"{}\" \"6f1c2f4e-0a51-4e0f-9a54-{:012x}\" \
         \"{}\" \"{at}\"",
        Day(moment),
        Time(moment),
        moment.millis,
        exchange.method,
        exchange.target(),
        dialect.status_of(exchange.cause),
        exchange.bytes,
        exchange.took(),
        exchange.network,
        exchange.node,
        exchange.agent,
        exchange.item,
        exchange.host,
    );
}

fn envoy_json(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let (flags, details, at) = envoy_words(exchange);
    put!(
        out,
        "{{\"start_time\":\"{}T{}.{:03}Z\",\"method\":\"{}\",\"path\":\"{}\",\"protocol\":\"HTTP/1.1\",\
         \"response_code\":{},\"response_flags\":\"{flags}\",\"response_code_details\":\"{details}\",\
         \"bytes_received\":0,\"bytes_sent\":{},\"duration\":{},\"authority\":\"{}\",\"user_agent\":\"{}\",\
         \"upstream_host\":\"{at}\",\"downstream_remote_address\":\"{}.{}:{}\"}}",
        Day(moment),
        Time(moment),
        moment.millis,
        exchange.method,
        exchange.target(),
        dialect.status_of(exchange.cause),
        exchange.bytes,
        exchange.took(),
        exchange.host,
        exchange.agent,
        exchange.network,
        exchange.node,
        exchange.port,
    );
}

const IIS_HEADER: &[&str] = &[
    "#Software: Microsoft Internet Information Services 10.0",
    "#Version: 1.0",
    "#Date: 2026-11-03 14:00:00",
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
     sc-status sc-substatus sc-win32-status time-taken",
];

fn iis(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let (sub, win32) = match exchange.cause {
        Cause::Silent => (3, 12_002),
        Cause::Denied => (6, 0),
        _ => (0, 0),
    };
    put!(
        out,
        "{} {} 10.0.0.4 {} {} - 443 - {}.{} {} - {} {sub} {win32} {}",
        Day(moment),
        Time(moment),
        exchange.method,
        exchange.target(),
        exchange.network,
        exchange.node,
        exchange.agent.replace(' ', "+"),
        dialect.status_of(exchange.cause),
        exchange.took(),
    );
}

fn alb(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let status = dialect.status_of(exchange.cause);
    let took = Seconds(exchange.took()).to_string();
    let (target, times, said, actions) = match exchange.cause {
        Cause::Denied => ("-", "-1 -1 -1".to_owned(), "-".to_owned(), "waf"),
        Cause::Refused => (
            exchange.upstream,
            "-1 -1 -1".to_owned(),
            "-".to_owned(),
            "waf,forward",
        ),
        Cause::Silent | Cause::ClientLeft => (
            exchange.upstream,
            "0.001 -1 -1".to_owned(),
            "-".to_owned(),
            "waf,forward",
        ),
        _ => (
            exchange.upstream,
            format!("0.001 {took} 0.000"),
            status.to_string(),
            "waf,forward",
        ),
    };
    put!(
        out,
        "https {}T{}.{:06}Z app/shop/50dc6c495c0c9188 {}.{}:{} {target} {times} {status} {said} 211 {} \"{} https://{}:443{} \
         HTTP/1.1\" \"{}\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 \
         arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app/73e2d6bc24d8a067 \"Root=1-6908b658-{:08x}\" \
         \"{}\" \"session-reused\" 0 {}T{}.000000Z \"{actions}\" \"-\" \"-\" \"{target}\" \"{said}\" \"-\" \"-\" TID_1234abcd",
        Day(moment),
        Time(moment),
        moment.millis * 1000,
        exchange.network,
        exchange.node,
        exchange.port,
        exchange.bytes,
        exchange.method,
        exchange.host,
        exchange.target(),
        exchange.agent,
        exchange.item,
        exchange.host,
        Day(moment),
        Time(moment),
    );
}

const CLOUDFRONT_HEADER: &[&str] = &[
    "#Version: 1.0",
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) \
     cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes \
     time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
     fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
     sc-range-start sc-range-end",
];

fn cloudfront(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let took = Seconds(exchange.took());
    let (result, detail) = match exchange.cause {
        Cause::Refused => ("Error", "OriginConnectError"),
        Cause::Silent => ("Error", "OriginCommError"),
        Cause::Denied => ("Error", "ClientGeoBlocked"),
        Cause::ClientLeft => ("Error", "ClientCommError"),
        Cause::Said | Cause::NotFound => ("Error", "Error"),
        Cause::Fine => ("Miss", "Miss"),
    };
    put!(
        out,
        "{}\t{}\t{}\t{}\t{}.{}\t{}\td111111abcdef8.cloudfront.net\t{}\t{:03}\t-\t{}\t-\t-\t{result}\t1pkpNfBQ39sYMn==\t{}\thttps\t\
         735\t{took}\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t{result}\tHTTP/2.0\t-\t-\t{}\t{took}\t{detail}\ttext/html\t{}\t-\t-",
        Day(moment),
        Time(moment),
        exchange.pop,
        exchange.bytes,
        exchange.network,
        exchange.node,
        exchange.method,
        exchange.target(),
        dialect.status_of(exchange.cause),
        exchange.agent.replace(' ', "%20"),
        exchange.host,
        exchange.port,
        exchange.bytes,
    );
}

fn caddy(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let size = match exchange.cause {
        Cause::Denied | Cause::Refused | Cause::Silent | Cause::ClientLeft => 0,
        _ => exchange.bytes,
    };
    put!(
        out,
        "{{\"level\":\"info\",\"ts\":{},\"logger\":\"http.log.access.log0\",\"msg\":\"handled request\",\"request\":{{\
         \"remote_ip\":\"{}.{}\",\"remote_port\":\"{}\",\"client_ip\":\"{}.{}\",\"proto\":\"HTTP/2.0\",\"method\":\"{}\",\
         \"host\":\"{}\",\"uri\":\"{}\",\"headers\":{{\"User-Agent\":[\"{}\"]}}}},\"bytes_read\":0,\"user_id\":\"\",\
         \"duration\":{},\"size\":{size},\"status\":{},\"resp_headers\":{{\"Server\":[\"Caddy\"]}}}}",
        Seconds(exchange.millis),
        exchange.network,
        exchange.node,
        exchange.port,
        exchange.network,
        exchange.node,
        exchange.method,
        exchange.host,
        exchange.target(),
        exchange.agent,
        Seconds(exchange.took()),
        dialect.status_of(exchange.cause),
    );
}

fn traefik(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    nginx(exchange, dialect, out);
    match exchange.cause {
        Cause::Denied => put!(
            out,
            " {} \"shop@docker\" \"-\" {}ms",
            exchange.item,
            exchange.took()
        ),
        _ => put!(
            out,
            " {} \"shop@docker\" \"http://{}\" {}ms",
            exchange.item,
            exchange.upstream,
            exchange.took()
        ),
    }
}

fn traefik_json(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let moment = Moment::of(exchange.millis);
    let nanos = exchange.took() * 1_000_000;
    let (said, service) = match exchange.cause {
        Cause::Denied => (0, String::new()),
        Cause::ClientLeft => (0, format!("\"ServiceAddr\":\"{}\",", exchange.upstream)),
        cause => (
            dialect.status_of(cause),
            format!("\"ServiceAddr\":\"{}\",", exchange.upstream),
        ),
    };
    put!(
        out,
        "{{\"ClientHost\":\"{}.{}\",\"DownstreamContentSize\":{},\"DownstreamStatus\":{},\"Duration\":{nanos},\
         \"OriginDuration\":{nanos},\"OriginStatus\":{said},\"RequestHost\":\"{}\",\"RequestMethod\":\"{}\",\
         \"RequestPath\":\"{}\",\"RequestProtocol\":\"HTTP/1.1\",\"RetryAttempts\":0,\"RouterName\":\"shop@docker\",{service}\
         \"StartUTC\":\"{}T{}.{:03}Z\",\"level\":\"info\",\"msg\":\"\",\"request_User-Agent\":\"{}\"}}",
        exchange.network,
        exchange.node,
        exchange.bytes,
        dialect.status_of(exchange.cause),
        exchange.host,
        exchange.method,
        exchange.target(),
        Day(moment),
        Time(moment),
        moment.millis,
        exchange.agent,
    );
}

fn squid(exchange: &Exchange, dialect: &Dialect, out: &mut Vec<u8>) {
    let server = exchange.upstream.trim_end_matches(":8080");
    let (result, via) = match exchange.cause {
        Cause::Denied => ("TCP_DENIED", "HIER_NONE/-".to_owned()),
        Cause::ClientLeft => ("TCP_MISS_ABORTED", format!("HIER_DIRECT/{server}")),
        _ => ("TCP_MISS", format!("HIER_DIRECT/{server}")),
    };
    put!(
        out,
        "{} {:>6} {}.{} {result}/{:03} {} {} http://{}{} - {via} text/html",
        Seconds(exchange.millis),
        exchange.took(),
        exchange.network,
        exchange.node,
        dialect.status_of(exchange.cause),
        exchange.bytes,
        exchange.method,
        exchange.host,
        exchange.target(),
    );
}

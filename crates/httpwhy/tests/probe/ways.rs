//! Proxies by option and environment, and ways around them, as a user meets them.

use httpwhy_testkit::{Reply, Server};
use serde_json::Value;

use crate::{probe, text};

/// The one line that a probe of that target prints, from the options and variables given.
fn line(args: &[&str], env: &[(&str, &str)]) -> Value {
    let mut command = probe(args).arg("--json");
    for (name, value) in env {
        command = command.env(name, value);
    }
    let ran = command.run();
    assert!(
        !format!("{}{}", ran.text(), ran.stderr).contains("s3cret"),
        "{ran}"
    );
    serde_json::from_str(ran.text().lines().last().unwrap_or_default()).expect("JSON")
}

#[test]
fn a_proxy_of_the_environment_is_used_and_named() {
    let proxy = Server::start(|asked| {
        assert!(asked.target.starts_with("http://shop.example/"));
        assert!(asked.field("proxy-authorization").is_some());
        Reply::new("200 OK", &["Content-Type: text/plain"], "fine")
    });
    let address = proxy.url("").replace("http://", "http://me:s3cret@");
    let seen = line(&["http://shop.example/"], &[("http_proxy", &address)]);
    assert_eq!(text(&seen, "outcome"), "http/200");
    let facts = &seen["way"]["proxy"];
    assert_eq!(facts["set_by"], "environment http_proxy");
    assert_eq!(facts["credentials"], true);
    // In upper case it may be a field of somebody's request; curl does not look at it either.
    let seen = line(
        &["http://127.0.0.1:1/"],
        &[("HTTP_PROXY", &address), ("ALL_PROXY", "")],
    );
    assert_eq!(seen["way"], Value::Null);
    let straight = line(
        &["http://127.0.0.1:1/", "--noproxy", "127.0.0.0/8"],
        &[("http_proxy", &address)],
    );
    assert_eq!(text(&straight, "outcome"), "net/connect-refused");
}

#[test]
fn whose_fault_a_missing_tunnel_is() {
    for (status, field, outcome, party) in [
        (
            "407 Proxy Authentication Required",
            "Proxy-Authenticate: Basic realm=\"x\"",
            "http/407",
            "client",
        ),
        (
            "407 Proxy Authentication Required",
            "Proxy-Authenticate: Negotiate",
            "net/proxy-auth-unsupported",
            "client",
        ),
        (
            "403 Forbidden",
            "Via: 1.1 proxy",
            "net/proxy-tunnel-failed",
            "intermediary",
        ),
        (
            "502 Bad Gateway",
            "Proxy-Status: proxy; error=dns_error; rcode=NXDOMAIN",
            "net/proxy-tunnel-failed",
            "dns",
        ),
        (
            "503 Service Unavailable",
            "X-Squid-Error: ERR_CONNECT_FAIL 111",
            "net/proxy-tunnel-failed",
            "origin",
        ),
        (
            "405 Method Not Allowed",
            "Allow: GET",
            "net/proxy-tunnel-failed",
            "client",
        ),
    ] {
        let proxy = Server::start(move |_| Reply::new(status, &[field], "no"));
        let seen = line(&["https://shop.example/", "--proxy", &proxy.url("")], &[]);
        assert_eq!(text(&seen, "outcome"), outcome, "{seen}");
        assert_eq!(seen["blame"]["party"], party, "{status} {field}: {seen}");
        assert_eq!(text(&seen, "phase"), "tunnel");
        assert_eq!(text(&seen, "sent"), "nothing");
        assert_eq!(seen["way"]["proxy"]["answer"]["code"], status[..3]);
    }
}

#[test]
fn one_of_two_addresses_is_dead() {
    let server = Server::start(|_| Reply::new("200 OK", &[], ""));
    let url = server.url("/");
    let port = url
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .expect("a port");
    let place = format!("shop.example:{port}:127.0.0.2,127.0.0.1");
    let target = format!("http://shop.example:{port}/");
    let seen = line(&[&target, "--all-addresses", "--resolve", &place], &[]);
    assert_eq!(text(&seen, "kind"), "visit");
    assert_eq!(text(&seen, "outcome"), "net/connect-refused");
    let evidence = seen["evidence"].to_string();
    assert!(
        evidence.contains("1 of 2 addresses of this name fail"),
        "{evidence}"
    );
    assert!(evidence.contains("127.0.0.2"), "{evidence}");
}

#[test]
fn what_cannot_be_done_says_what_to_do() {
    let target = "http://127.0.0.1:1/";
    for (args, env, says) in [
        (
            &["--proxy", "socks4://p"][..],
            &[][..],
            &["--proxy", "socks5h"][..],
        ),
        (
            &[],
            &[("ALL_PROXY", "ftp://me:s3cret@p")],
            &["ALL_PROXY", "--noproxy"],
        ),
        (
            &["--tls-max", "1.1"],
            &[],
            &["cannot be spoken", "openssl s_client"],
        ),
        (
            &["--cert", "/nowhere.pem"],
            &[],
            &["cannot read '/nowhere.pem'"],
        ),
        (&["--resolve", "a:1:b"], &[], &["is no IP address"]),
        (
            &["--tlsv1.3", "--tls-max", "1.2"],
            &[],
            &["leave no version"],
        ),
    ] {
        let mut command = probe(&[target]).args(args);
        for (name, value) in env {
            command = command.env(name, value);
        }
        let ran = command.run().exits(2);
        assert!(!ran.stderr.contains("s3cret"), "{ran}");
        for part in says {
            assert!(ran.stderr.contains(part), "{part}: {ran}");
        }
    }
}

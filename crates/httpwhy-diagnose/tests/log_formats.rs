//! One line of every format: recognised among all, split, and judged: the outcome and the party.
#![allow(clippy::print_stdout, reason = "a test that prints its table")]

use httpwhy_diagnose::diagnose;
use httpwhy_ingest::logs::{Format, Line, Spans, Split, formats};

/// The format, a line in it (behind its header where it needs one), the outcome, the party; `unknown` where the line
/// cannot tell.
const ROWS: &[(&str, &str, &str, &str)] = &[
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 502 157 "-" "curl/8.5.0""#,
        "http/502",
        "unknown",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 499 0 "-" "curl/8.5.0""#,
        "nginx/499",
        "unknown",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 444 0 "-" "curl/8.5.0""#,
        "nginx/444",
        "intermediary",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "\x16\x03\x01" 400 157 "-" "-""#,
        "http/400",
        "client",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 504 157 "-" "curl/8.5.0" "-" rt=60.003 ua="10.0.0.5:8080" us="504" uct="0.001" uht="-" urt="60.002""#,
        "net/read-timeout",
        "origin",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 504 157 "-" "curl/8.5.0" "-" rt=60.003 ua="10.0.0.5:8080" us="504" uct="-" uht="-" urt="60.002""#,
        "net/connect-timeout",
        "network",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 502 157 "-" "curl/8.5.0" "-" rt=0.003 ua="10.0.0.5:8080" us="502" uct="0.001" uht="-" urt="0.002""#,
        "http/502",
        "origin",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 503 157 "-" "curl/8.5.0" "-" rt=0.003 ua="-" us="-" uct="-" uht="-" urt="-""#,
        "http/503",
        "intermediary",
    ),
    (
        "nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 500 157 "-" "curl/8.5.0" "-" rt=0.003 ua="10.0.0.5:8080" us="500" uct="0.001" uht="0.002" urt="0.003""#,
        "http/500",
        "origin",
    ),
    (
        "nginx-json",
        r#"{"time_iso8601":"2026-11-03T14:05:12+00:00","remote_addr":"203.0.113.9","request_method":"GET","request_uri":"/cart","status":"500","body_bytes_sent":"157","request_time":"0.003","upstream_addr":"10.0.0.5:8080","upstream_status":"500","upstream_response_time":"0.002"}"#,
        "http/500",
        "origin",
    ),
    (
        "apache",
        r#"203.0.113.9 - alice [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 503 299"#,
        "http/503",
        "unknown",
    ),
    (
        "apache",
        r#"shop.example.com:443 203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 404 627 "-" "curl/8.5.0""#,
        "http/404",
        "client",
    ),
    (
        "lighttpd",
        r#"203.0.113.9 shop.example.com - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 503 361 "-" "curl/8.5.0""#,
        "http/503",
        "unknown",
    ),
    (
        "lighttpd-error",
        "2026-11-03 14:05:12: (gw_backend.c.274) establishing connection failed: socket: tcp:10.0.0.5:8080: Connection refused",
        "net/connect-refused",
        "origin",
    ),
    (
        "iis",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n2026-11-03 14:05:12 10.0.0.4 GET /api/orders id=7 443 - 203.0.113.9 curl/8.5.0 - 502 3 12002 120015",
        "iis/502.3",
        "origin",
    ),
    (
        "iis",
        "#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status sc-substatus sc-win32-status time-taken\n2026-11-03 14:05:12 10.0.0.4 GET /x 203.0.113.9 500 19 13 1",
        "iis/500.19",
        "origin",
    ),
    (
        "httpsys",
        "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\n2026-11-03 14:05:12 203.0.113.9 51234 10.0.0.4 443 HTTP/1.1 GET /api 503 2 AppOffline DefaultAppPool",
        "httpsys/AppOffline",
        "origin",
    ),
    (
        "haproxy",
        r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe_https~ be_app/app2 0/0/-1/-1/5002 503 217 - - sC-- 812/640/97/31/3 0/0 "GET /cart HTTP/1.1""#,
        "haproxy/sC",
        "network",
    ),
    (
        "haproxy",
        r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe be_app/app2 0/0/0/2/2 500 217 - - ---- 8/6/9/3/0 0/0 "GET /cart HTTP/1.1""#,
        "http/500",
        "origin",
    ),
    (
        "envoy",
        r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/2" 503 UF,URX 0 91 5001 - "203.0.113.9" "curl/8.5.0" "6f1c2f4e" "shop.example.com" "10.0.0.5:8080""#,
        "envoy/UF",
        "origin",
    ),
    (
        "envoy",
        r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/1.1" 503 UC upstream_reset_before_response_started{connection_termination} - "-" 0 95 3 - "-" "curl/8.5.0" "6f1c" "cart:8080" "10.4.1.7:8080" outbound|8080||cart.shop.svc.cluster.local 10.4.2.3:40122 10.8.0.9:8080 10.4.2.3:51122 - default"#,
        "envoy/UC",
        "origin",
    ),
    (
        "envoy",
        r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/1.1" 0 DC 0 0 10 - "-" "curl/8.5.0" "6f1c" "h" "10.0.0.5:8080""#,
        "envoy/DC",
        "unknown",
    ),
    (
        "envoy-json",
        r#"{"start_time":"2026-11-03T14:05:12.345Z","method":"GET","path":"/cart","response_code":503,"response_flags":"NR","response_code_details":"route_not_found","duration":1}"#,
        "envoy/NR",
        "intermediary",
    ),
    (
        "caddy",
        r#"{"level":"error","ts":1793714712.345,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.9","method":"GET","host":"shop.example.com","uri":"/cart"},"duration":3.004,"size":0,"status":502}"#,
        "http/502",
        "unknown",
    ),
    (
        "traefik",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 502 11 "-" "curl/8.5.0" 4711 "shop@docker" "http://10.0.0.5:8080" 3004ms"#,
        "http/502",
        "origin",
    ),
    (
        "traefik",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 499 11 "-" "curl/8.5.0" 4711 "shop@docker" "http://10.0.0.5:8080" 3004ms"#,
        "traefik/499",
        "unknown",
    ),
    (
        "traefik-json",
        r#"{"ClientHost":"203.0.113.9","DownstreamStatus":504,"OriginStatus":0,"Duration":30001000000,"RequestMethod":"GET","RequestPath":"/cart","RouterName":"shop@docker","ServiceName":"shop@docker","StartUTC":"2026-11-03T14:05:12Z"}"#,
        "http/504",
        "origin",
    ),
    (
        "cloudflare",
        r#"{"ClientIP":"203.0.113.9","ClientRequestMethod":"GET","ClientRequestURI":"/cart","EdgeStartTimestamp":"2026-11-03T14:05:12Z","EdgeResponseStatus":522,"OriginResponseStatus":0,"RayID":"8dd0a1b2c3d4e5f6"}"#,
        "cloudflare/522",
        "origin",
    ),
    (
        "cloudflare",
        r#"{"ClientIP":"203.0.113.9","ClientRequestMethod":"GET","ClientRequestURI":"/cart","EdgeStartTimestamp":"2026-11-03T14:05:12Z","EdgeResponseStatus":520,"OriginResponseStatus":0,"RayID":"8dd0a1b2c3d4e5f6"}"#,
        "cloudflare/520",
        "origin",
    ),
    (
        "cloudflare",
        r#"{"ClientIP":"203.0.113.9","ClientRequestMethod":"GET","ClientRequestURI":"/cart","EdgeStartTimestamp":"2026-11-03T14:05:12Z","EdgeResponseStatus":403,"OriginResponseStatus":0,"SecurityAction":"block","RayID":"8dd0a1b2c3d4e5f6"}"#,
        "http/403",
        "client",
    ),
    (
        "aws-alb",
        r#"h2 2026-11-03T14:05:12.345678Z app/shop/50dc6c495c0c9188 203.0.113.9:51234 10.0.0.5:8080 0.000 -1 -1 502 - 211 277 "GET https://shop.example.com:443/cart HTTP/2.0" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app/73e2d6bc24d8a067 "Root=1-6908b658-1a2b" "shop.example.com" "session-reused" 0 2026-11-03T14:05:12.340000Z "forward" "-" "-" "10.0.0.5:8080" "-" "-" "-" TID_1234abcd"#,
        "aws-alb/502",
        "origin",
    ),
    (
        "aws-alb",
        r#"h2 2026-11-03T14:05:12.345678Z app/shop/50 203.0.113.9:51234 10.0.0.5:8080 0.000 -1 -1 460 - 211 277 "GET https://shop.example.com:443/cart HTTP/2.0" "curl/8.5.0""#,
        "aws-alb/460",
        "unknown",
    ),
    (
        "aws-alb",
        r#"2026-11-03T14:05:12.345678Z my-elb 203.0.113.9:51234 10.0.0.5:80 0.000073 0.001048 0.000057 500 500 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#,
        "http/500",
        "origin",
    ),
    (
        "cloudfront",
        "2026-11-03\t14:05:12\tFRA56-P4\t507\t203.0.113.9\tGET\td111111abcdef8.cloudfront.net\t/cart\t502\t-\tcurl/8.5.0\t-\t-\tError\t1pkpNfBQ39sYMn==\tshop.example.com\thttps\t735\t0.107\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tError\tHTTP/2.0\t-\t-\t51234\t0.107\tOriginDnsError\ttext/html\t507\t-\t-",
        "cloudfront/OriginDnsError",
        "dns",
    ),
    (
        "aws-s3",
        r#"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop-assets [03/Nov/2026:14:05:12 +0000] 203.0.113.9 - 3E57427F3EXAMPLE REST.GET.OBJECT img/a.png "GET /shop-assets/img/a.png HTTP/1.1" 503 SlowDown 291 - 21 - "-" "curl/8.5.0" - s9lzHYrFp76Z= - ECDHE-RSA-AES128-GCM-SHA256 - shop-assets.s3.amazonaws.com TLSv1.2 - -"#,
        "http/503",
        "client",
    ),
    (
        "gcp-lb",
        r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://shop.example.com/cart","status":502,"latency":"0.004s","remoteIp":"203.0.113.9"},"jsonPayload":{"statusDetails":"failed_to_connect_to_backend"},"resource":{"type":"http_load_balancer"},"timestamp":"2026-11-03T14:05:12.345Z"}"#,
        "gclb/failed_to_connect_to_backend",
        "origin",
    ),
    (
        "gcp-lb",
        r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://shop.example.com/cart","latency":"0.004s","remoteIp":"203.0.113.9"},"jsonPayload":{"statusDetails":"client_disconnected_before_any_response"},"resource":{"type":"http_load_balancer"},"timestamp":"2026-11-03T14:05:12.345Z"}"#,
        "gclb/client_disconnected_before_any_response",
        "client",
    ),
    (
        "azure-front-door",
        r#"{"time":"2026-11-03T14:05:12Z","category":"FrontDoorAccessLog","properties":{"trackingReference":"0k","httpMethod":"GET","requestUri":"https://shop.example.com:443/cart","clientIp":"203.0.113.9","httpStatusCode":"503","errorInfo":"OriginTimeout","timeTaken":"30.012","originIp":"198.51.100.20:443"}}"#,
        "afd/OriginTimeout",
        "origin",
    ),
    (
        "varnish",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET http://shop.example.com/cart HTTP/1.1" 503 282 "-" "curl/8.5.0""#,
        "http/503",
        "unknown",
    ),
    (
        "varnish",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET http://shop.example.com/cart HTTP/1.1" 503 282 "-" "curl/8.5.0" miss "backend be: fail errno 111 (Connection refused)""#,
        "net/connect-refused",
        "origin",
    ),
    (
        "squid",
        "1793714712.345  60012 192.0.2.10 TCP_MISS_ABORTED/504 3921 GET http://api.example.com/r - HIER_DIRECT/198.51.100.7 text/html",
        "squid/ERR_CLIENT_GONE",
        "client",
    ),
    (
        "ingress-nginx",
        r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 504 512 "-" "curl/8.5.0" 411 5.012 [shop-cart-8080] [] 10.4.1.7:8080, 10.4.1.8:8080 0, 512 5.001, 0.011 502, 504 9a3c"#,
        "net/read-timeout",
        "origin",
    ),
    (
        "heroku",
        r#"at=error code=H12 desc="Request timeout" method=GET path="/r" host=shop.herokuapp.com request_id=6f1c fwd="203.0.113.9" dyno=web.1 connect=1ms service=30001ms status=503 bytes=0 protocol=https"#,
        "heroku/H12",
        "origin",
    ),
    (
        "fastly",
        r#"{"timestamp":"2026-11-03T14:05:12+0000","client_ip":"203.0.113.9","host":"shop.example.com","url":"/cart","request_method":"GET","response_state":"ERROR","response_status":503,"response_reason":"first byte timeout","fastly_server":"cache-fra-1","fastly_is_edge":true}"#,
        "fastly/first-byte-timeout",
        "origin",
    ),
    (
        "nginx-error",
        r#"2026/11/03 14:05:12 [error] 7#7: *46 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: shop, request: "GET /a HTTP/1.1", upstream: "http://10.0.0.5:8080/a", host: "shop.example""#,
        "net/connect-refused",
        "origin",
    ),
    (
        "nginx-error",
        r#"2026/11/03 14:05:12 [error] 7#7: *46 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 203.0.113.9, server: shop, request: "GET /a HTTP/1.1""#,
        "net/read-timeout",
        "origin",
    ),
    (
        "apache-error",
        "[Tue Nov 03 14:05:12.345678 2026] [proxy:error] [pid 7:tid 9] (111)Connection refused: AH00957: http: attempt to connect to 10.0.0.5:8080 (10.0.0.5:8080) failed",
        "net/connect-refused",
        "origin",
    ),
    (
        "haproxy-error",
        "203.0.113.9:56878 [03/Nov/2026:14:05:12.711] web/3: SSL client certificate not trusted",
        "tls/client-cert-bad",
        "client",
    ),
    (
        "squid-cache",
        "2026/11/03 14:05:12 kid1| WARNING: Forwarding loop detected for:",
        "proxy-status/proxy_loop_detected",
        "intermediary",
    ),
    (
        "caddy-error",
        r#"{"level":"error","ts":1793714712.345,"logger":"http.log.error.log0","msg":"dial tcp 10.0.0.5:8080: connect: connection refused","request":{"remote_ip":"203.0.113.9","method":"GET","host":"shop.example","uri":"/b"},"duration":0.001,"status":502}"#,
        "net/connect-refused",
        "origin",
    ),
    (
        "varnish-vsl",
        "vsl\t1795207665.126917\t127.0.0.1\tGET\t/a\t-\t503\t-\t-\t-\t-\tshop.example\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\tFetchError: HTC eof (-1)",
        "proxy-status/connection_terminated",
        "origin",
    ),
    (
        "varnishlog",
        "varnishlog\t1795207665.126917\t127.0.0.1\tGET\t/a\t-\t503\t-\t-\t-\tpass\tshop.example\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\tFetchError: HTC eof (-1)",
        "proxy-status/connection_terminated",
        "origin",
    ),
];

#[test]
fn every_format_names_outcome_and_party() {
    let mut wrong = Vec::new();
    for &(name, text, outcome, party) in ROWS {
        let sample: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
        let raw = *sample.last().expect("a line");
        let (format, spans) = recognise(&sample, raw).expect(text);
        let visit = (format.visit)(&(format.shape)(&Line::new(raw, &spans)));
        let diagnosis = diagnose(&visit);
        let named = diagnosis
            .blame
            .party()
            .map_or("unknown", |party| party.as_str());
        let row = format!(
            "{:<16} {:<44} {:<12}",
            format.name,
            diagnosis.outcome.to_string(),
            named
        );
        println!("{row}");
        if (format.name, diagnosis.outcome.0, named) != (name, outcome, party) {
            wrong.push(format!("{row} wanted {name} {outcome} {party}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_has_a_row() {
    for format in formats().filter(|format| format.name != "inferred") {
        assert!(
            ROWS.iter().any(|(name, ..)| *name == format.name),
            "{} has no line in the table",
            format.name
        );
    }
}

/// The format that reads the line; of several the one of the greatest rank.
fn recognise(sample: &[&[u8]], raw: &[u8]) -> Option<(&'static Format, Spans)> {
    formats()
        .filter_map(|format| {
            let layout = (format.fit)(sample)?;
            let mut spans = Spans::default();
            (layout.split(raw, &mut spans) == Split::Read).then_some((format, spans))
        })
        .max_by_key(|(format, _)| format.rank)
}

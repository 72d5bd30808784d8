//! A flow as its author writes it, and each mistake in it with its place.

use super::Flow;

const SHOP: &str = r#"# A shop.
auth: shop-user
secrets: {user: env:SHOP_USER, pass: file:/run/secrets/p, seed: env:SEED}
scope: ["https://shop.example/**", "!https://shop.example/logout*"]
steps:
  - {id: page, get: /login, extract: {csrf: {css: "input[name=csrf]@value"}}}
  - {id: code, totp: {seed: "${seed}"}}
  - id: login
    post: /login
    form: {u: "${user}", p: "${pass}", csrf: "${csrf}", otp: "${otp}", n: 1}
    expect: {status: [302], not_location: "/login"}
    extract: {tok: {json: "$.access_token", optional: true}, exp: {jwt_exp: tok}}
apply: {cookies: jar, headers: {Authorization: "Bearer ${tok}"}, on_conflict: replace}
verify:
  get: /me
  in: {status: [200], body: "\"id\":"}
  out: {status: [401], location: "/login", body: "Sign in"}
  anonymous_must_fail: true
  every: 60s
watch: {out_any_response: {status: [401], location: "*/login*"}, exclude: ["/logout*"]}
relogin: {before_expiry: 30s, max: 5, min_interval: 10s, on_fail: continue_marked}
"#;

#[test]
fn the_example_of_the_design_is_read() {
    let flow = Flow::read(SHOP.as_bytes()).expect("good");
    assert_eq!(flow.name(), "shop-user");
    assert_eq!(flow.base.as_str(), "https://shop.example/");
    let ids: Vec<&str> = flow.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["page", "code", "login"]);
    assert!(flow.is_in_scope("https://shop.example/cart"));
    assert!(!flow.is_in_scope("https://shop.example/logout"));
    assert!(!flow.needs_browser());
}

/// Line and column of the first place where that stands.
fn place_of(text: &str, part: &str) -> (usize, usize) {
    let at = text.find(part).expect(part);
    let line = text[..at].matches('\n').count() + 1;
    let begin = text[..at].rfind('\n').map_or(0, |at| at + 1);
    (line, text[begin..at].chars().count() + 1)
}

#[test]
fn every_mistake_has_its_place_and_no_secret_is_repeated() {
    for (from, to, at, said) in [
        (
            "  get: /me",
            "  gte: /me",
            "gte",
            "unknown key 'gte': did you mean 'get'?",
        ),
        ("{css:", "{cs:", "cs:", "did you mean 'css'?"),
        (
            "file:/run/secrets/p",
            "hunter2",
            "hunter2",
            "a secret stands here itself",
        ),
        (
            "p: \"${pass}\"",
            "password: hunter2",
            "hunter2",
            "a secret stands here itself",
        ),
        (
            "\"Bearer ${tok}\"",
            "\"Bearer hunter2\"",
            "\"Bearer",
            "a secret stands here itself",
        ),
        (
            "${csrf}",
            "${crsf}",
            "\"${crsf}",
            "nothing is called 'crsf' by then: did you mean 'csrf'?",
        ),
        (
            "seed: \"${seed}\"",
            "seed: \"${otp}\"",
            "\"${otp}\"}",
            "nothing is called 'otp'",
        ),
        (
            "get: /login",
            "get: https://evil.example/login",
            "https://evil",
            "outside scope",
        ),
        (
            "$.access_token",
            "access_token",
            "\"access_token",
            "a path begins with $",
        ),
        (
            "input[name=csrf]",
            "input:first",
            "\"input:",
            "is not understood",
        ),
        ("every: 60s", "every: 60x", "60x", "a duration is expected"),
        (
            "\"Sign in\"",
            "\"Sign(in\"",
            "\"Sign(",
            "no regular expression",
        ),
        (
            "    post: /login",
            "    post: /login\n    get: /x",
            "id: login",
            "exactly one of",
        ),
        (
            "id: code",
            "id: page",
            "page, totp",
            "two steps are called 'page'",
        ),
        ("status: [302]", "status: [3020]", "3020", "three digits"),
        (
            "\"https://shop.example/**\", ",
            "",
            "\"!https",
            "no pattern says where credentials may go",
        ),
        (
            "max: 5",
            "max: hunter2",
            "hunter2",
            "a number is expected here",
        ),
        (
            "continue_marked",
            "hunter2",
            "hunter2",
            "known are stop, continue_marked",
        ),
        (
            "verify:\n",
            "verify: hunter2\nx:\n",
            "hunter2",
            "an object is expected",
        ),
    ] {
        assert!(SHOP.contains(from), "{from}");
        let text = SHOP.replacen(from, to, 1);
        let error = Flow::read(text.as_bytes()).expect_err(to);
        assert_eq!(
            (error.line, error.column),
            place_of(&text, at),
            "{to}: {error}"
        );
        assert!(error.what.contains(said), "{to}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn what_is_large_or_no_flow_is_refused() {
    for bad in [&b""[..], b"[]", b"1", b"auth: x", &vec![b' '; 2 << 20]] {
        assert!(Flow::read(bad).is_err());
    }
}

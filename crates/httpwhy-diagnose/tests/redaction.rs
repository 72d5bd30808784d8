//! What redaction hides does not matter to the diagnosis: `diagnose(redact(v)) == diagnose(v)`.

use httpwhy_catalog::entries;
use httpwhy_diagnose::{diagnose, rules, step};
use httpwhy_model::{Diagnosis, Value, Visit, redact};

/// Exchanges with secrets in every place that redaction knows.
const SECRET: &[&str] = &[
    "\
* target https://user:hunter2@a.example/account
> GET /account HTTP/1.1
> Host: a.example
> Authorization: Basic dXNlcjpodW50ZXIy
> Cookie: sid=31d4d96e407aad42; theme=dark
>
< HTTP/1.1 401 Unauthorized
< Content-Type: text/html
< Set-Cookie: sid=0f3a9c; Path=/; Expires=Wed, 09-Jun-2021 10:18:14 GMT; HttpOnly
< Set-Cookie: sid=0f3a9c
< Set-Cookie: nameless
< Set-Cookie: =empty; Secure
<
< <title>Log in</title>
",
    "\
> POST /login HTTP/1.1
> Host: a.example
> Authorization: Bearer eyJhbGciOiJub25lIn0.e30.
> X-Api-Key: 0123456789abcdef
>
< HTTP/1.1 302 Found
< Location: /login?next=%2F
< Set-Cookie: laravel_session=eyJpdiI6; path=/; httponly
< Set-Cookie: __cf_bm=abc; Path=/
< X-Auth-Token: abcdef
<
* step redirect of 0
> GET /login HTTP/1.1
> Host: a.example
> Cookie: laravel_session=eyJpdiI6
>
< HTTP/1.1 200 OK
< Content-Type: text/html
< Set-Cookie: laravel_session=eyJpdiI6; path=/
<
< <form action=/login method=post><input type=password></form>
",
    "\
* target http://proxy-user:secret@a.example/
> GET http://a.example/ HTTP/1.1
> Host: a.example
> Proxy-Authorization: Digest username=\"u\", response=\"6629fae49393a05397450978507c4ef1\"
>
< HTTP/1.1 407 Proxy Authentication Required
< Set-Cookie2: a=b
< Strict-Transport-Security: max-age=1
<
",
    "\
> GET / HTTP/1.1
> Host: a.example
> authorization: lonetoken
> cookie: ;;=;a
>
< HTTP/1.1 403 Forbidden
< Server: cloudflare
< Set-Cookie: cf_clearance=a=b=c; domain=.a.example; SameSite=None
< set-cookie: a=b; expires=0; max-age=x
< Retry-After: soon
<
< error code: 1020
",
];

fn visits() -> impl Iterator<Item = (&'static str, Visit)> {
    let own = SECRET.iter().map(|text| ("secret", *text));
    entries()
        .iter()
        .map(|entry| (entry.id.0, entry.transcript()))
        .chain(own)
        .chain(rules::all().iter().map(|rule| (rule.name, rule.violating)))
        .map(|(name, text)| {
            let visit = httpwhy_ingest::read_transcript(text);
            (
                name,
                visit.unwrap_or_else(|unread| panic!("{name}: {unread}")),
            )
        })
}

/// The diagnosis of the visit, then that of each step.
fn all_of(visit: &Visit) -> Vec<Diagnosis> {
    let steps = (0..visit.steps.len()).map(|index| step(visit, index));
    std::iter::once(diagnose(visit)).chain(steps).collect()
}

#[test]
fn a_redacted_visit_has_the_same_diagnosis() {
    for (name, visit) in visits() {
        assert_eq!(all_of(&redact(&visit)), all_of(&visit), "{name}");
    }
}

#[test]
fn the_secrets_were_there_and_are_hidden() {
    for text in SECRET {
        let visit = httpwhy_ingest::read_transcript(text).expect("a transcript");
        let hidden = redact(&visit);
        assert_ne!(hidden, visit);
        let redacted = |visit: &Visit| {
            let requests = visit
                .steps
                .iter()
                .flat_map(|step| &step.exchange.request.fields.list);
            requests
                .filter(|field| matches!(field.value, Value::Redacted(_)))
                .count()
        };
        assert_eq!(redacted(&visit), 0);
        assert!(redacted(&hidden) > 0, "{text}");
    }
}

#[test]
fn diagnoses_hold_no_secret() {
    for (name, visit) in visits() {
        let told = format!("{:?}", all_of(&visit));
        for secret in [
            "hunter2",
            "dXNlcjpodW50ZXIy",
            "31d4d96e407aad42",
            "eyJhbGciOiJub25lIn0",
            "0123456789abcdef",
            "6629fae49393a05397450978507c4ef1",
            "eyJpdiI6",
            "lonetoken",
        ] {
            assert!(!told.contains(secret), "{name}: {secret} in {told}");
        }
    }
}

//! Tokens: their life against the server's clock, and whether they go where they are asked for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpwhy_model::{Exchange, Signal};

use super::shown;
use crate::extract::jwt;

/// What a JWT among the values says of its life, against the `Date` of the answer (RFC 9110 section 6.6.1). Without that
/// field nothing is said: our own clock may be the wrong one.
pub(crate) fn lives<'a>(
    values: impl Iterator<Item = (&'a str, &'a str)>,
    exchange: &Exchange,
) -> Vec<Signal> {
    let date = exchange
        .response
        .as_ref()
        .and_then(|response| response.fields.text("date"))
        .and_then(|date| httpdate::parse_http_date(date).ok());
    let Some(date) = date.and_then(seconds) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in values {
        let Some(life) = jwt::life(value) else {
            continue;
        };
        let params = |word: &'static str, moment: i64| {
            [
                ("name", shown(name)),
                (word, moment_text(moment)),
                ("date", moment_text(date)),
            ]
        };
        if let Some(expires) = life.expires.filter(|expires| *expires <= date) {
            found.push(crate::auth("token-expired", &params("exp", expires)));
        }
        if let Some(start) = life.not_before.filter(|start| *start > date) {
            found.push(crate::auth("token-not-yet-valid", &params("nbf", start)));
        }
    }
    found
}

fn seconds(moment: SystemTime) -> Option<i64> {
    let since = moment.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// A moment without white space; what lies outside the years that HTTP can write stays a number.
fn moment_text(seconds: i64) -> String {
    let moment = u64::try_from(seconds)
        .ok()
        .filter(|&seconds| seconds < 250_000_000_000)
        .map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    match moment {
        Some(moment) => httpdate::fmt_http_date(moment).replace(' ', "_"),
        None => seconds.to_string(),
    }
}

/// What a challenge asks for that the request did not bring (RFC 9110 section 11.6.1): the scheme asked for, and the one
/// that was sent, `none` when no Authorization was.
pub(crate) fn challenge(exchange: &Exchange) -> Option<(String, String)> {
    let response = exchange.response.as_ref()?;
    let offered: Vec<String> = response
        .fields
        .iter("www-authenticate")
        .filter_map(|value| value.as_str()?.split([' ', ',']).next())
        .map(|scheme| shown(&scheme.to_ascii_lowercase()))
        .filter(|scheme| !scheme.is_empty())
        .collect();
    let sent = exchange
        .request
        .fields
        .text("authorization")
        .and_then(|value| value.split(' ').next())
        .map_or_else(|| "none".to_owned(), str::to_ascii_lowercase);
    let asked = offered.first()?.clone();
    let known = offered.contains(&sent);
    // A lone token without scheme is not to be repeated.
    let sent = if exchange
        .request
        .fields
        .text("authorization")
        .is_some_and(|value| !value.contains(' '))
    {
        "no-scheme".to_owned()
    } else {
        shown(&sent)
    };
    (!known).then_some((asked, sent))
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Fields, Response};

    use super::*;

    fn answer(
        request: &[(&'static str, &'static str)],
        fields: &[(&'static str, &'static str)],
    ) -> Exchange {
        let mut exchange = Exchange {
            response: Some(Response {
                fields: Fields::of(fields.iter().copied()),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        exchange.request.fields = Fields::of(request.iter().copied());
        exchange
    }

    #[test]
    fn lives_are_measured_by_the_servers_clock() {
        let exchange = answer(&[], &[("Date", "Tue, 14 Nov 2023 22:13:20 GMT")]);
        let told = |payload: &str| {
            let token = jwt::token(payload);
            let found = lives([("tok", token.as_str())].into_iter(), &exchange);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(r#"{"exp":1699999999}"#),
            [
                "auth:token-expired name=tok exp=Tue,_14_Nov_2023_22:13:19_GMT date=Tue,_14_Nov_2023_22:13:20_GMT"
            ]
        );
        assert!(
            told(r#"{"nbf":1700000100,"exp":1800000000}"#)[0]
                .starts_with("auth:token-not-yet-valid name=tok nbf=")
        );
        assert!(told(r#"{"nbf":1600000000,"exp":1800000000}"#).is_empty());
        assert!(told(r#"{"exp":-1}"#)[0].contains("exp=-1"));
        assert!(lives([("t", "x")].into_iter(), &answer(&[], &[])).is_empty());
    }

    #[test]
    fn schemes_are_compared_with_those_asked_for() {
        let bearer = ("WWW-Authenticate", "Bearer realm=\"x\"");
        for (request, wanted) in [
            (&[("Authorization", "Bearer x")][..], None),
            (&[("Authorization", "Token x")], Some(("bearer", "token"))),
            (
                &[("Authorization", "s3cret")],
                Some(("bearer", "no-scheme")),
            ),
            (&[("X-Token", "x")], Some(("bearer", "none"))),
        ] {
            let found = challenge(&answer(request, &[bearer]));
            let found = found
                .as_ref()
                .map(|(asked, sent)| (asked.as_str(), sent.as_str()));
            assert_eq!(found, wanted, "{request:?}");
        }
        assert_eq!(challenge(&answer(&[], &[])), None);
    }
}

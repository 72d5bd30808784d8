//! Keys: who may ask for what. Here anybody can issue one; its name and its secret are the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httpwhy_respond::{
    Basic, Bearer, BearerError, BearerRefused, Created, Failure, NoContent, Unauthorized,
};
use serde_json::json;

use super::ask::Ask;
use super::built::{self, JSON};
use super::operation::Call;
use super::records::region;
use super::shape::Members;
use super::tenant::{MOST_RECORDS, Settings, Tenants};
use super::trouble::{Done, Trouble};

/// What the keys are for.
const REALM: &str = "reference API";
/// The largest limit of requests, and the longest window in seconds.
pub(super) const MOST_REQUESTS: u64 = 100_000;
pub(super) const LONGEST_WINDOW: u64 = 3_600;

/// The key that a request shows: `Authorization: Bearer <key>` (RFC 6750 section 2.1), or the user's name of Basic
/// without a password, as `curl -u demo:` sends it.
pub(super) fn shown(ask: &Ask) -> Option<String> {
    let value = ask.field(http::header::AUTHORIZATION)?;
    let (scheme, credentials) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim());
    let text = String::from_utf8(decoded.ok()?).ok()?;
    text.strip_suffix(':').map(str::to_owned)
}

/// 401: with the ways in, and with what is wrong when a token came (RFC 6750 section 3.1).
pub(super) fn unknown(ask: &Ask) -> Trouble {
    challenged(ask).unwrap_or_else(|trouble| trouble)
}

fn challenged(ask: &Ask) -> Result<Trouble, Trouble> {
    let bearer = Bearer::new(REALM)?;
    let basic = Basic::new(REALM)?.utf8();
    if shown(ask).is_none() {
        let refused = Unauthorized::new(bearer).or(basic);
        return Ok(refused
            .detail("Show a key: Authorization: Bearer demo.")
            .into());
    }
    let nobody =
        "Nobody issued that key. The key demo always works; POST /api/v1/keys issues others.";
    let authorization = ask.field(http::header::AUTHORIZATION).unwrap_or_default();
    let is_token = authorization
        .split_once(' ')
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(match is_token {
        true => BearerRefused::new(bearer, BearerError::InvalidToken, nobody)?
            .or(basic)
            .into(),
        false => Unauthorized::new(bearer).or(basic).detail(nobody).into(),
    })
}

/// `GET /keys`: all of them.
pub(super) fn list(_: &Call<'_>, tenants: &mut Tenants) -> Done {
    let keys: Vec<_> = tenants
        .all()
        .map(|(key, tenant)| tenant.settings.json(key))
        .collect();
    Ok(built::ok(&json!({"keys": keys})))
}

/// `POST /keys`: 201; 409 when the name is taken.
pub(super) fn issue(call: &Call<'_>, tenants: &mut Tenants) -> Done {
    let mut members = Members::of(call.ask)?;
    let name = members.name("key")?;
    let settings = settings(&mut members)?;
    members.end()?;
    let Some(key) = tenants.issue(name, settings.clone()) else {
        let detail = "There is a key of that name.";
        return Err(Failure::conflict().detail(detail).into());
    };
    let created = Created::at(built::place(&["keys", &key])?);
    let value = crate::json::pretty(&settings.json(&key));
    Ok(created.content(&built::media(JSON)?, value).into())
}

fn settings(members: &mut Members) -> Result<Settings, Trouble> {
    let usual = Settings::default();
    let requests = members.number("requests", 1..=MOST_REQUESTS)?;
    let seconds = members.number("per_seconds", 1..=LONGEST_WINDOW)?;
    let records = members.number("records", 0..=MOST_RECORDS)?;
    let place = members.text("region", 2..=2)?;
    Ok(Settings {
        disabled: members.flag("disabled")?,
        unpaid: members.flag("unpaid")?,
        conditional: members.flag("conditional")?,
        maintenance: members.flag("maintenance")?,
        captive: members.flag("captive")?,
        region: match place {
            Some(text) => region("region", text.into())?,
            None => usual.region,
        },
        requests: requests.map_or(usual.requests, |requests| requests as u32),
        seconds: seconds.unwrap_or(usual.seconds),
        records: records.unwrap_or(usual.records),
    })
}

/// `GET /keys/{key}`: 200; 404.
pub(super) fn read(call: &Call<'_>, tenants: &mut Tenants) -> Done {
    let key = call.param("key");
    let found = tenants.peek(key).ok_or_else(missing)?;
    Ok(built::ok(&found.settings.json(key)))
}

/// `DELETE /keys/{key}`: 204, with all that belongs to it; 403 for those that are always there.
pub(super) fn revoke(call: &Call<'_>, tenants: &mut Tenants) -> Done {
    let key = call.param("key");
    if tenants.peek(key).ok_or_else(missing)?.built_in {
        let detail = "This key is always there.";
        return Err(Failure::forbidden().detail(detail).into());
    }
    tenants.revoke(key);
    Ok(NoContent::new().into())
}

fn missing() -> Failure {
    Failure::not_found().detail("Nobody issued that key.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_came_is_told_what_is_wrong() {
        use super::super::ask::tests::asking;
        for (fields, is_told) in [
            (&[][..], false),
            (&[("Authorization", "Bearer nobody")], true),
            (&[("Authorization", "bearer nobody")], true),
            (&[("Authorization", "Basic bm9ib2R5Og==")], false),
        ] {
            let response = unknown(&asking("GET", "/records", fields)).into_response();
            let lines: Vec<&str> = response
                .headers()
                .get_all(http::header::WWW_AUTHENTICATE)
                .iter()
                .map(|line| line.to_str().expect("text"))
                .collect();
            assert_eq!(response.status(), 401);
            assert!(lines[0].starts_with("Bearer ") && lines[1].starts_with("Basic "));
            let told = lines[0].contains("error=\"invalid_token\"");
            assert_eq!(told, is_told, "{fields:?}: {lines:?}");
        }
    }
}

//! What a JSON Web Token (RFC 7519) says of its own life. Its signature is not looked at: only who made it can.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// The times that a token names, seconds since 1970-01-01 UTC (RFC 7519 sections 4.1.4 and 4.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Life {
    pub(crate) not_before: Option<i64>,
    pub(crate) expires: Option<i64>,
}

/// Reads them; `None` for what is no JWT in its compact form.
pub(crate) fn life(token: &str) -> Option<Life> {
    let mut parts = token.trim().split('.');
    let (head, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let object = |part: &str| -> Option<Value> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice(&bytes).ok().filter(Value::is_object)
    };
    object(head)?;
    let payload = object(payload)?;
    let time = |name: &str| {
        let value = payload.get(name)?;
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|time| time as i64))
    };
    Some(Life {
        not_before: time("nbf"),
        expires: time("exp"),
    })
}

#[cfg(test)]
pub(crate) fn token(payload: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_nothing_else_is_believed() {
        assert_eq!(
            life(&token(r#"{"exp":1700000000,"nbf":1699999000.5}"#)),
            Some(Life {
                not_before: Some(1_699_999_000),
                expires: Some(1_700_000_000)
            })
        );
        assert_eq!(life(&token("{}")), Some(Life::default()));
        for none in ["", "a.b", "a.b.c", "a.b.c.d", "8f2c"] {
            assert_eq!(life(none), None, "{none}");
        }
    }
}

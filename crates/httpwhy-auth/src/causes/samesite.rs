//! Cookies of a login that a browser refused: it alone knows of sites. Our own jar asks on nobody's behalf but its own,
//! each request as if typed in by a person, and SameSite takes nothing away from that (RFC 6265bis section 5.2).

use httpwhy_model::Signal;
use httpwhy_wire::site;

use super::shown;
use crate::browser::RefusedCookie;

/// What the browser refused, as a fact. `proven`: what sending the cookie all the same showed; `None`: that cannot be tried.
pub(crate) fn refusal(refused: &RefusedCookie, proven: Option<bool>) -> Signal {
    let word = match refused.reason.as_str() {
        reason if reason.contains("SameSite") => "cookie-samesite",
        "SecureOnly" => "cookie-secure",
        _ => "cookie-refused",
    };
    let mut params = vec![
        ("name", shown(&refused.name)),
        ("by", "browser".to_owned()),
        ("reason", shown(&refused.reason)),
    ];
    let owner = |host: &str| shown(site(host).unwrap_or(host));
    if let Some(from) = refused.from.as_deref().filter(|from| !from.is_empty()) {
        params.push(("from", owner(from)));
    }
    params.push(("to", owner(&refused.host)));
    if let Some(proven) = proven {
        params.push(("proven", if proven { "yes" } else { "no" }.to_owned()));
    }
    crate::auth(word, &params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_those_of_the_public_suffix_list() {
        let refused = |reason: &str, from: Option<&str>| RefusedCookie {
            name: "sid".to_owned(),
            value: "secret".to_owned(),
            reason: reason.to_owned(),
            host: "www.shop.co.uk".to_owned(),
            from: from.map(str::to_owned),
            set: true,
        };
        for (refused, proven, told) in [
            (
                refused("SameSiteLax", Some("login.idp.example")),
                None,
                "auth:cookie-samesite name=sid by=browser reason=SameSiteLax from=idp.example to=shop.co.uk",
            ),
            (
                refused("SameSiteNoneInsecure", None),
                Some(true),
                "auth:cookie-samesite name=sid by=browser reason=SameSiteNoneInsecure to=shop.co.uk proven=yes",
            ),
            (
                refused("SecureOnly", None),
                Some(true),
                "auth:cookie-secure name=sid by=browser reason=SecureOnly to=shop.co.uk proven=yes",
            ),
            (
                refused("InvalidDomain", None),
                Some(true),
                "auth:cookie-refused name=sid by=browser reason=InvalidDomain to=shop.co.uk proven=yes",
            ),
        ] {
            assert_eq!(refusal(&refused, proven).to_string(), told);
            assert!(!format!("{refused:?}").contains("secret"));
        }
    }
}

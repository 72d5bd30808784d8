//! What the API says of itself.

use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;

use super::built::{self, JSON};
use super::operation::Call;
use super::operations::OPERATIONS;
use super::tenant::Tenants;
use super::trouble::Done;
use super::{BASE, codes, openapi, yaml};

/// `GET /`: where everything is.
pub(super) fn index(_: &Call<'_>, _: &mut Tenants) -> Done {
    let operations: Vec<_> = OPERATIONS
        .iter()
        .map(|operation| {
            json!({
                "method": operation.method.as_str(),
                "path": format!("{BASE}{}", operation.path),
                "about": operation.about,
            })
        })
        .collect();
    Ok(built::ok(&json!({
        "about": "A service in which each status happens for its true reason. Show a key: Authorization: Bearer demo",
        "codes": format!("{BASE}/codes"),
        "openapi": format!("{BASE}/openapi.json"),
        "operations": operations,
    })))
}

/// `GET /codes`: which request yields which code.
pub(super) fn codes(_: &Call<'_>, _: &mut Tenants) -> Done {
    Ok(built::ok(&codes::table()))
}

/// `GET /openapi.json`: what describes the API. No proxy may change it: it is compared byte by byte.
pub(super) fn openapi_json(_: &Call<'_>, _: &mut Tenants) -> Done {
    let text = openapi::document().to_string();
    let response = built::content(StatusCode::OK, JSON, text);
    built::with(response, CACHE_CONTROL, "no-transform")
}

/// `GET /openapi.yaml`: the same.
pub(super) fn openapi_yaml(_: &Call<'_>, _: &mut Tenants) -> Done {
    let text = yaml::written(&openapi::document());
    Ok(built::content(StatusCode::OK, "application/yaml", text))
}

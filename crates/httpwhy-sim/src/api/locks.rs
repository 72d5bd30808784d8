//! Locks on records (after RFC 4918 section 6): who changes a locked record names the token, or is told 423.

use http::header::HeaderName;
use http::{Method, StatusCode};
use httpwhy_respond::{Failure, NoContent};
use serde_json::json;

use super::built;
use super::operation::Call;
use super::records::found;
use super::tenant::Tenant;
use super::trouble::{Done, Trouble};

/// The field that carries a token (RFC 4918 section 10.5).
const LOCK_TOKEN: HeaderName = HeaderName::from_static("lock-token");

/// `POST /records/{id}/lock`: 200 with the token; 423 when it is locked already.
/// `DELETE /records/{id}/lock`: 204; 409 when Lock-Token does not name the lock (RFC 4918 section 9.11.1).
pub(super) fn lock(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("id");
    if call.ask.method == Method::DELETE {
        return unlock(call, tenant);
    }
    let token = set(tenant, id)?;
    let response = built::json(StatusCode::OK, &json!({"record": id, "token": token}));
    built::with(response, LOCK_TOKEN, &format!("<{token}>"))
}

/// Locks the record, and gives the token.
pub(super) fn set(tenant: &mut Tenant, id: &str) -> Result<String, Trouble> {
    let record = found(tenant, id)?;
    if record.lock.is_some() {
        let detail = "Somebody has locked the record already.";
        return Err(Failure::locked().detail(detail).into());
    }
    let token = format!("opaquelocktoken:{id}-{}", record.row_version);
    record.lock = Some(token.clone());
    Ok(token)
}

fn unlock(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let record = found(tenant, call.param("id"))?;
    let said = call.ask.field(LOCK_TOKEN).unwrap_or_default();
    match &record.lock {
        Some(token) if said == format!("<{token}>") => {
            record.lock = None;
            Ok(NoContent::new().into())
        }
        _ => Err(Failure::conflict()
            .detail("Lock-Token does not name a lock of this record.")
            .into()),
    }
}

//! Two pots, one of them for tea.

use httpwhy_respond::Failure;
use serde_json::json;

use super::built;
use super::operation::Call;
use super::shape::{self, Members, needed};
use super::tenant::Tenant;
use super::trouble::Done;

/// `POST /pots/{pot}`: 200 when the pot can brew that, 418 when it is a teapot and coffee is asked for (RFC 2324
/// section 2.3.2).
pub(super) fn brew(call: &Call<'_>, _: &mut Tenant) -> Done {
    let pot = call.param("pot");
    let mut members = Members::of(call.ask)?;
    let drink = needed("brew", members.text("brew", 1..=20)?)?;
    members.end()?;
    match (pot, drink.as_str()) {
        ("tea" | "coffee", _) if pot == drink => {
            Ok(built::ok(&json!({"pot": pot, "brewing": drink})))
        }
        ("tea", "coffee") => Err(Failure::im_a_teapot()
            .detail("This pot is for tea. It cannot brew coffee, now or ever.")
            .into()),
        ("tea" | "coffee", _) => Err(shape::wrong("brew", "coffee, or tea in a teapot")),
        _ => Err(Failure::not_found()
            .detail("There are the pots tea and coffee.")
            .into()),
    }
}

//! A form: who sends it is told to clear it.

use httpwhy_respond::ResetContent;

use super::ask::pairs;
use super::operation::Call;
use super::shape;
use super::tenant::Tenant;
use super::trouble::Done;

/// The most characters of what is said.
const LONGEST: usize = 1_000;

/// `POST /feedback`: 205: the form can be cleared for the next one.
pub(super) fn feedback(call: &Call<'_>, _: &mut Tenant) -> Done {
    let text = String::from_utf8_lossy(&call.ask.content);
    let pairs = pairs(&text);
    let said = pairs.iter().find(|(name, _)| name == "text");
    let length = said.map_or(0, |(_, value)| value.chars().count());
    if !(1..=LONGEST).contains(&length) {
        return Err(shape::wrong("text", "a text of 1 to 1000 characters"));
    }
    Ok(ResetContent::new().into())
}

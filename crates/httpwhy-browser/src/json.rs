//! Reading JSON of a protocol that changes: what is missing or of another type is not there.

use serde_json::Value;

/// A member that is a text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// A member that is a text, or the empty one.
pub(crate) fn text_or_empty<'a>(value: &'a Value, name: &str) -> &'a str {
    text(value, name).unwrap_or_default()
}

/// A member that is a finite number.
pub(crate) fn number(value: &Value, name: &str) -> Option<f64> {
    value
        .get(name)?
        .as_f64()
        .filter(|number| number.is_finite())
}

/// A member that is a whole number, not negative.
pub(crate) fn whole(value: &Value, name: &str) -> Option<u64> {
    let number = number(value, name)?;
    (0.0..9e15).contains(&number).then_some(number as u64)
}

/// Whether a member is there and true.
pub(crate) fn is_set(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

/// The text, cut to so many bytes at most, between characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

//! JSON content of requests, read member by member: what does not fit is refused by its name (422).

use std::ops::RangeInclusive;

use httpwhy_respond::{Failure, Problem};
use serde_json::{Map, Value};

use super::ask::Ask;
use super::trouble::Trouble;

/// The members of an object that are not read yet.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Those of the request's content.
    pub(super) fn of(ask: &Ask) -> Result<Self, Trouble> {
        ask.object().map(Self)
    }

    /// Those of a value inside.
    pub(super) fn within(name: &str, value: Value) -> Result<Self, Trouble> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(wrong(name, "an object")),
        }
    }

    /// A text of so many characters.
    pub(super) fn text(
        &mut self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<String>, Trouble> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) if length.contains(&text.chars().count()) => Ok(Some(text)),
            Some(_) => {
                let (least, most) = (length.start(), length.end());
                Err(wrong(
                    name,
                    &format!("a text of {least} to {most} characters"),
                ))
            }
        }
    }

    /// A name: 1 to 40 letters, digits, `-` and `_`.
    pub(super) fn name(&mut self, name: &str) -> Result<Option<String>, Trouble> {
        match self.text(name, 1..=40)? {
            Some(text) if !is_name(&text) => Err(wrong(name, "of letters, digits, - and _ alone")),
            other => Ok(other),
        }
    }

    /// A whole number within bounds; `3.0` is one (JSON Schema's integer).
    pub(super) fn number(
        &mut self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Trouble> {
        let Some(value) = self.0.remove(name) else {
            return Ok(None);
        };
        let whole = |value: f64| (value.fract() == 0.0 && value >= 0.0).then_some(value as u64);
        let number = value
            .as_u64()
            .or_else(|| value.as_f64().and_then(whole))
            .filter(|number| bounds.contains(number));
        if number.is_some() {
            return Ok(number);
        }
        let (least, most) = (bounds.start(), bounds.end());
        Err(wrong(
            name,
            &format!("a whole number from {least} to {most}"),
        ))
    }

    /// True or false; false when it is not there.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Trouble> {
        match self.0.remove(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(wrong(name, "true or false")),
        }
    }

    /// A list of so many members; empty when it is not there.
    pub(super) fn list(
        &mut self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Vec<Value>, Trouble> {
        match self.0.remove(name) {
            None if *length.start() == 0 => Ok(Vec::new()),
            Some(Value::Array(list)) if length.contains(&list.len()) => Ok(list),
            _ => {
                let (least, most) = (length.start(), length.end());
                Err(wrong(name, &format!("a list of {least} to {most}")))
            }
        }
    }

    /// Nothing else may be there.
    pub(super) fn end(self) -> Result<(), Trouble> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(wrong(name, "left out: there is no such member")),
        }
    }
}

/// That member, which must be there.
pub(super) fn needed<T>(name: &str, member: Option<T>) -> Result<T, Trouble> {
    member.ok_or_else(|| wrong(name, "there"))
}

/// Whether it is a name: 1 to 40 letters, digits, `-` and `_`.
pub(super) fn is_name(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=40).contains(&text.len()) && text.bytes().all(good)
}

/// 422: that member must be something else.
pub(super) fn wrong(name: &str, wanted: &str) -> Trouble {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let problem = Problem::new()
        .detail(format!("{pointer} must be {wanted}."))
        .with("pointer", pointer);
    match problem {
        Ok(problem) => Failure::unprocessable_content().problem(problem).into(),
        Err(invalid) => invalid.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        Members::within("it", value).expect("an object")
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Trouble>) -> String {
        let response = result.expect_err("refused").into_response();
        assert_eq!(response.status(), 422);
        String::from_utf8_lossy(response.body()).into_owned()
    }

    #[test]
    fn members_are_held_to_their_form() {
        let mut good = members(json!({"n": 3.0, "t": "é", "f": true, "l": [1], "id": "a-1_B"}));
        assert_eq!(good.number("n", 0..=3).expect("whole"), Some(3));
        assert_eq!(good.text("t", 1..=1).expect("one"), Some("é".to_owned()));
        assert!(good.flag("f").expect("a flag") && !good.flag("none").expect("false"));
        assert_eq!(good.list("l", 0..=1).expect("one").len(), 1);
        assert_eq!(good.name("id").expect("a name").as_deref(), Some("a-1_B"));
        assert!(good.end().is_ok());
        for value in [json!(-1), json!(4), json!(0.5), json!("1"), json!(null)] {
            let said = refused(members(json!({"n": value})).number("n", 0..=3));
            assert!(said.contains("/n must be a whole number from 0 to 3"));
        }
        assert!(refused(members(json!({"a/b": 1})).end()).contains("/a~1b must be left out"));
        refused(members(json!({"id": "a b"})).name("id"));
        refused(members(json!({"f": 1})).flag("f"));
        refused(members(json!({})).list("l", 1..=2));
        refused(Members::within("it", json!([])).map(|_| ()));
        refused(needed::<u8>("x", None));
    }
}

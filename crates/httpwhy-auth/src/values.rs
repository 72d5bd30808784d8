//! Values by name: secrets and what was taken from answers. Their texts never leave this crate but in requests.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

/// What stands for `${name}`. Its `Debug` form tells names alone.
#[derive(Clone, Default)]
pub(crate) struct Values {
    by_name: BTreeMap<String, Value>,
}

#[derive(Clone)]
struct Value {
    text: String,
    secret: bool,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl Values {
    pub(crate) fn put(&mut self, name: &str, text: &str, secret: bool) {
        let text = text.to_owned();
        self.by_name.insert(name.to_owned(), Value { text, secret });
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(|value| value.text.as_str())
    }

    /// The texts that are to be hidden.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secret = self.by_name.values().filter(|value| value.secret);
        secret.map(|value| value.text.as_str())
    }

    /// The names whose values are to be hidden.
    pub(crate) fn secret_names(&self) -> impl Iterator<Item = &str> {
        let secret = self.by_name.iter().filter(|(_, value)| value.secret);
        secret.map(|(name, _)| name.as_str())
    }
}

/// Marks by which equal values are seen to be equal, and nothing else: they are keyed anew in each process, so that no
/// value can be guessed from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(RandomState);

impl Marks {
    /// Six hexadecimal digits.
    pub(crate) fn of(&self, text: &str) -> String {
        format!("{:06x}", self.0.hash_one(text) & 0x00ff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_marks_and_nothing_is_shown() {
        let marks = Marks::default();
        assert_eq!(marks.of("a"), marks.of("a"));
        assert_ne!(marks.of("hunter2"), marks.of("hunter3"));
        let mut values = Values::default();
        values.put("pass", "hunter2", true);
        assert_eq!(format!("{values:?}"), "{\"pass\"}");
    }
}

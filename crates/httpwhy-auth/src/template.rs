//! Texts with `${name}` in them.

use std::fmt;

use crate::values::Values;

/// A text in which `${name}` stands for a value; `$$` is a dollar sign.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Name(name) => write!(f, "${{{name}}}")?,
            }
        }
        Ok(())
    }
}

impl Template {
    /// # Errors
    /// A sentence without final stop: a brace that is not closed, or no name between braces.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                plain.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let Some(end) = after.find('}') else {
                    return Err("'${' has no '}'".to_owned());
                };
                let name = &after[..end];
                if name.is_empty() || !name.chars().all(is_name) {
                    return Err(
                        "between '${' and '}' a name of letters, digits, _ and - is expected"
                            .to_owned(),
                    );
                }
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Name(name.to_owned()));
                rest = &after[end + 1..];
            } else {
                plain.push('$');
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The names that stand in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Whether there is nothing to fill in.
    pub(crate) fn is_plain(&self) -> bool {
        self.names().next().is_none()
    }

    /// The text with values filled in, each written as `encode` says. A name without value gives nothing.
    pub(crate) fn expand(&self, values: &Values, encode: impl Fn(&str) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => encode(values.text(name).unwrap_or_default()),
        });
        parts.collect()
    }

    /// As [`Template::expand`], values as they are.
    pub(crate) fn plain(&self, values: &Values) -> String {
        self.expand(values, str::to_owned)
    }

    /// As [`Template::plain`], with a mark for each value: what may be shown.
    pub(crate) fn shown(&self) -> String {
        format!("{self:?}")
    }
}

/// Whether a name may hold it.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in() {
        let mut values = Values::default();
        values.put("a", "x y", true);
        for (text, filled) in [
            ("${a}", "x+y"),
            ("1${a}2${b}3", "1x+y23"),
            ("$${a} $", "${a} $"),
            ("", ""),
        ] {
            let template = Template::read(text).expect(text);
            let encoded = template.expand(&values, |value| value.replace(' ', "+"));
            assert_eq!(encoded, filled, "{text}");
        }
        for wrong in ["${a", "${}", "${a b}"] {
            assert!(Template::read(wrong).is_err(), "{wrong}");
        }
    }
}

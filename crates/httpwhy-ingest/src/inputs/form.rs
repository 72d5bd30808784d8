//! The two encodings of a form that requests carry.

use std::fmt::Write as _;

use crate::inputs::call::encoded;

/// What stands between the parts of a form with files.
pub(crate) const BOUNDARY: &str = "httpwhy-boundary-5f1b";

/// A field of a form as a query or `application/x-www-form-urlencoded` has it: `name=value`, both encoded.
pub(crate) fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encoded(name), encoded(value))
}

/// Fields as `multipart/form-data` behind [`BOUNDARY`] (RFC 7578 section 4). A name cannot leave its quotes.
pub(crate) fn multipart(fields: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        let name = name.replace(['"', '\r', '\n'], "_");
        let _ = write!(
            out,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let _ = write!(out, "--{BOUNDARY}--\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_quotes() {
        let fields = [("a\"\r\nX: y", "1"), ("b", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            multipart(&fields),
            "--httpwhy-boundary-5f1b\r\nContent-Disposition: form-data; name=\"a___X: y\"\r\n\r\n1\r\n\
             --httpwhy-boundary-5f1b\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n\
             --httpwhy-boundary-5f1b--\r\n"
        );
        assert_eq!(multipart(&[]), "--httpwhy-boundary-5f1b--\r\n");
        assert_eq!(pair("a b", "c&d"), "a%20b=c%26d");
    }
}

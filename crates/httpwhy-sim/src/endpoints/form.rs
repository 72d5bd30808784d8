//! Forms in requests: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578).

use super::text::{self, Pairs};
use crate::request::Asked;

/// The most parts that are read.
const MOST_PARTS: usize = 1000;

/// The longest boundary, in bytes (RFC 2046 section 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// The fields, in order.
    pub(crate) fields: Pairs,
    /// The files, the first of each name.
    pub(crate) files: Vec<File>,
}

/// A file in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The field's name.
    pub(crate) name: String,
    /// The media type.
    pub(crate) kind: String,
    /// The content.
    pub(crate) content: Vec<u8>,
}

/// Whether the content says that it is a form.
pub(crate) fn is_form(asked: &Asked) -> bool {
    matches!(
        kind(asked).as_str(),
        "application/x-www-form-urlencoded" | "multipart/form-data"
    )
}

/// The form in a request's content, if there is one.
pub(crate) fn read(asked: &Asked) -> Option<Form> {
    match kind(asked).as_str() {
        "application/x-www-form-urlencoded" => Some(Form {
            fields: text::query(&String::from_utf8_lossy(&asked.content)),
            files: Vec::new(),
        }),
        "multipart/form-data" => {
            let boundary = parameter(asked.field("Content-Type")?, "boundary")?;
            if boundary.len() > LONGEST_BOUNDARY {
                return None;
            }
            Some(parts(&asked.content, &boundary))
        }
        _ => None,
    }
}

fn kind(asked: &Asked) -> String {
    let value = asked.field("Content-Type").unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

/// A parameter of a field's value (RFC 9110 section 5.6.6).
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (known, value) = parameter.trim().split_once('=')?;
        let is_it = known.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts of a multipart body (RFC 2046 section 5.1.1).
fn parts(content: &[u8], boundary: &str) -> Form {
    let mut form = Form::default();
    let line = format!("--{boundary}");
    // The first delimiter needs no line end before it.
    let content = [b"\r\n", content].concat();
    let delimiter = format!("\r\n{line}");
    for part in pieces(&content, delimiter.as_bytes())
        .skip(1)
        .take(MOST_PARTS)
    {
        if part.starts_with(b"--") {
            break;
        }
        let Some(at) = find(part, b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&part[..at]).into_owned();
        add(&mut form, &head, &part[at + 4..]);
    }
    form
}

fn add(form: &mut Form, head: &str, content: &[u8]) {
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let disposition = field("Content-Disposition").unwrap_or_default();
    let Some(name) = parameter(disposition, "name") else {
        return;
    };
    if parameter(disposition, "filename").is_none() {
        let value = String::from_utf8_lossy(content).into_owned();
        form.fields.push((name, value));
    } else if form.files.iter().all(|file| file.name != name) {
        let kind = field("Content-Type").unwrap_or("application/octet-stream");
        form.files.push(File {
            name,
            kind: kind.to_owned(),
            content: content.to_vec(),
        });
    }
}

fn pieces<'a>(mut content: &'a [u8], by: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let Some(at) = find(content, by) else {
            ended = true;
            return Some(content);
        };
        let piece = &content[..at];
        content = &content[at + by.len()..];
        Some(piece)
    })
}

fn find(content: &[u8], what: &[u8]) -> Option<usize> {
    content
        .windows(what.len())
        .position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: &str, content: &[u8]) -> Asked {
        Asked {
            fields: vec![("Content-Type".into(), kind.into())],
            content: content.to_vec(),
            ..Asked::default()
        }
    }

    #[test]
    fn multipart() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n\
            content-disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: text/x\r\n\r\n\
            one\r\ntwo\r\n--b--\r\nepilogue";
        let form = read(&asked("multipart/form-data; boundary=b", body)).expect("a form");
        assert_eq!(form.fields, [("a".to_owned(), "1".to_owned())]);
        let file = &form.files[0];
        assert_eq!((file.name.as_str(), file.kind.as_str()), ("f", "text/x"));
        assert_eq!(file.content, b"one\r\ntwo");
        let broken = read(&asked("multipart/form-data; boundary=b", b"--b\r\nno head"));
        assert_eq!(broken, Some(Form::default()));
        assert_eq!(read(&asked("multipart/form-data", body)), None);
        assert_eq!(read(&asked("text/plain", b"a=1")), None);
    }
}

//! What the first bytes of an input show.

use crate::Unread;
use crate::doc::keys;

/// The first bytes of an input, looked at once for all kinds.
pub(crate) struct Look<'a> {
    /// The bytes without white space in front.
    pub(crate) start: &'a [u8],
    /// The bytes as they are.
    pub(crate) bytes: &'a [u8],
    /// The names at the top of a JSON object, with the first byte of each value.
    json: Vec<(String, u8)>,
    /// The names at the starts of lines, with what follows.
    yaml: Vec<(String, String)>,
    /// The name of the first element of XML.
    element: Option<String>,
}

impl<'a> Look<'a> {
    pub(crate) fn at(bytes: &'a [u8]) -> Self {
        let start = without_mark(bytes).trim_ascii_start();
        Self {
            start,
            bytes,
            json: match start.first() {
                Some(b'{') => keys::of_json(start).names,
                _ => Vec::new(),
            },
            yaml: match start.first() {
                Some(b'{' | b'[' | b'<') | None => Vec::new(),
                Some(_) => keys::of_yaml(start),
            },
            element: element(start),
        }
    }

    /// The first byte of the value of that name at the top of a JSON object.
    pub(crate) fn json(&self, name: &str) -> Option<u8> {
        let found = self.json.iter().find(|(known, _)| known == name);
        found.map(|&(_, first)| first)
    }

    /// What follows that name at the start of a line.
    pub(crate) fn yaml(&self, name: &str) -> Option<&str> {
        let found = self.yaml.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The name of the first element of XML, without prefix.
    pub(crate) fn element(&self) -> Option<&str> {
        self.element.as_deref()
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        memchr::memmem::find(self.bytes, text.as_bytes()).is_some()
    }

    /// The first lines that are neither empty nor remarks.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let lines = self.start.split(|&b| b == b'\n').take(200);
        lines
            .filter_map(|line| std::str::from_utf8(line).ok())
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn element(start: &[u8]) -> Option<String> {
    let mut rest = start;
    loop {
        let at = rest.iter().position(|&b| b == b'<')?;
        rest = &rest[at + 1..];
        match rest.first()? {
            b'?' => rest = &rest[rest.iter().position(|&b| b == b'>')?..],
            b'!' if rest.starts_with(b"!--") => {
                rest = &rest[memchr::memmem::find(rest, b"-->")?..];
            }
            // Of a document type its end is not looked for: what it declares may hold anything.
            b'!' => {
                let name = rest
                    .strip_prefix(b"!DOCTYPE")
                    .or(rest.strip_prefix(b"!doctype"))?;
                return Some(name_at(name.trim_ascii_start()));
            }
            _ => return Some(name_at(rest)),
        }
    }
}

fn name_at(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b':' | b'-' | b'_' | b'.'));
    let name = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]);
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// Whether more of it may tell more: a document whose first bytes are not enough.
pub(crate) fn is_document(head: &[u8]) -> bool {
    matches!(
        without_mark(head).trim_ascii_start().first(),
        Some(b'{' | b'[')
    ) || keys::of_yaml(head).len() > 1
}

/// Whether it is text that begins like no document.
pub(crate) fn is_plain_text(head: &[u8]) -> bool {
    let start = without_mark(head).trim_ascii_start();
    !matches!(start.first(), None | Some(b'{' | b'[' | b'<')) && !head.contains(&0)
}

/// What cannot be read whatever its kind.
pub(crate) fn unreadable(head: &[u8], whole: bool) -> Option<Unread> {
    let start = without_mark(head).trim_ascii_start();
    if start.is_empty() && whole {
        return Some(
            Unread::word("file-empty", "the input is empty").with("bytes", head.len().to_string()),
        );
    }
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = head {
        return Some(
            Unread::word(
                "encoding-not-utf8",
                "it is in UTF-16: convert it, for example with iconv -f UTF-16 -t UTF-8",
            )
            .with("at", "0")
            .with("first", format!("{:02x}{:02x}", head[0], head[1])),
        );
    }
    None
}

/// What it looks like, when no kind knows it.
pub(crate) fn unrecognised(head: &[u8]) -> Unread {
    let look = Look::at(head);
    let start = look.start;
    let names = || {
        let names: Vec<_> = look.json.iter().take(5).map(|(name, _)| &**name).collect();
        names.join(", ")
    };
    if start.starts_with(b"{") && look.json.is_empty() {
        // Not even one name: most likely no JSON.
        if let Err(error) = crate::doc::json::document(start) {
            return error;
        }
    }
    let looks = match start {
        [b'{', ..] => format!(
            "it looks like JSON with {} at its top: no HAR (log), OpenAPI (openapi, swagger), Postman (info, item) or Insomnia (_type, type)",
            if look.json.is_empty() { "nothing".to_owned() } else { names() }
        ),
        [b'[', ..] => "it looks like a list in JSON; a HAR, an API description or a collection is an object, and a list of targets has one a line".to_owned(),
        [b'<', ..] => match look.element() {
            Some(name) if name.eq_ignore_ascii_case("html") => "it looks like HTML: a web page was saved, perhaps a login or an error page".to_owned(),
            Some(name) => format!("it looks like XML with <{}>: no sitemap (urlset, sitemapindex) and no export of Burp (items)", name.escape_debug()),
            None => "it looks like XML or HTML: a response begins with its status line (curl -i prints it)".to_owned(),
        },
        [0x16, 0x03, ..] => "it looks like TLS records: the plain text inside is needed".to_owned(),
        [b'P', b'R', b'I', b' ', ..] => "it looks like an HTTP/2 preface that is cut off".to_owned(),
        [b'P', b'K', 3, 4, ..] => "it is a ZIP archive: unpack it first".to_owned(),
        _ if start.contains(&0) => "it looks like binary data".to_owned(),
        _ => "neither a raw response (HTTP/1.1 200 OK …), nor curl -v output, nor a recording, description, collection or list that is known here".to_owned(),
    };
    let first = String::from_utf8_lossy(&start[..start.len().min(40)])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    Unread::line(
        1,
        format!("'{}' is not recognised: {looks}", first.escape_debug()),
    )
    .worded("format-unknown")
}

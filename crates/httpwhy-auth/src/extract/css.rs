//! A value in HTML, by a CSS selector: compound selectors and descendants (Selectors Level 4), no more.
//!
//! HTML is read as tokens by the rules of the standard (comments, character references, raw text); which element stands in
//! which is told by start and end tags alone, without the repairs of a browser.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Bytes of HTML that are looked through at most.
const LONGEST: usize = 4 * 1024 * 1024;
/// Open elements remembered at most.
const DEEPEST: usize = 512;
/// Elements that have no content and no end tag (HTML 13.1.2).
const VOID: &[&[u8]] = &[
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta",
    b"source", b"track", b"wbr",
];

/// A selector and what of its element is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    /// Outermost first; never empty.
    compounds: Vec<Compound>,
    /// `None`: its text.
    attribute: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Compound {
    /// `None`: any.
    tag: Option<String>,
    demands: Vec<Demand>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Demand {
    attribute: String,
    how: How,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    There,
    Is,
    /// One of its words.
    Word,
    Begins,
    Ends,
    Holds,
}

impl Selector {
    /// `form#login input[name=csrf]@value`
    ///
    /// # Errors
    /// What is not understood.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (selector, attribute) = match text.rsplit_once('@') {
            // An @ inside brackets belongs to a value.
            Some((selector, attribute)) if !attribute.contains(']') => {
                (selector, Some(attribute.trim().to_ascii_lowercase()))
            }
            _ => (text, None),
        };
        if attribute.as_deref() == Some("") {
            return Err("behind @ the name of an attribute is expected".to_owned());
        }
        let compounds = pieces(selector)
            .into_iter()
            .map(|piece| compound(&piece))
            .collect::<Result<Vec<_>, _>>()?;
        if compounds.is_empty() {
            return Err("a selector such as input[name=csrf]@value is expected".to_owned());
        }
        Ok(Self {
            compounds,
            attribute,
        })
    }

    /// The value of the first element that fits and has it.
    pub(crate) fn find(&self, html: &[u8]) -> Option<String> {
        let html = &html[..html.len().min(LONGEST)];
        let mut emitter = DefaultEmitter::<()>::default();
        emitter.naively_switch_states(true);
        let mut open: Vec<StartTag<()>> = Vec::new();
        // The text of the element found, and how deep it stands.
        let mut gathering: Option<(usize, Vec<u8>)> = None;
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => {
                    let is_void = tag.self_closing || VOID.contains(&&tag.name.0[..]);
                    if gathering.is_none() && self.fits(&open, &tag) {
                        match &self.attribute {
                            Some(name) => {
                                if let Some(value) = attribute(&tag, name) {
                                    return Some(String::from_utf8_lossy(value).into_owned());
                                }
                            }
                            None => gathering = Some((open.len(), Vec::new())),
                        }
                    }
                    if !is_void && open.len() < DEEPEST {
                        open.push(tag);
                    }
                }
                Token::EndTag(end) => {
                    if let Some(at) = open.iter().rposition(|tag| tag.name == end.name) {
                        open.truncate(at);
                    }
                    if let Some((depth, text)) =
                        gathering.take_if(|(depth, _)| open.len() <= *depth)
                    {
                        let _ = depth;
                        return Some(String::from_utf8_lossy(text.trim_ascii()).into_owned());
                    }
                }
                Token::String(text) => {
                    if let Some((_, gathered)) = &mut gathering {
                        gathered.extend_from_slice(&text.value.0);
                    }
                }
                _ => {}
            }
        }
        gathering.map(|(_, text)| String::from_utf8_lossy(text.trim_ascii()).into_owned())
    }

    fn fits(&self, open: &[StartTag<()>], tag: &StartTag<()>) -> bool {
        let Some((own, above)) = self.compounds.split_last() else {
            return false;
        };
        let mut outer = open.iter();
        own.fits(tag)
            && above
                .iter()
                .all(|compound| outer.any(|tag| compound.fits(tag)))
    }
}

impl Compound {
    fn fits(&self, tag: &StartTag<()>) -> bool {
        self.tag
            .as_ref()
            .is_none_or(|name| tag.name.0 == name.as_bytes())
            && self.demands.iter().all(|demand| {
                attribute(tag, &demand.attribute).is_some_and(|value| demand.fits(value))
            })
    }
}

impl Demand {
    fn fits(&self, value: &[u8]) -> bool {
        let wanted = self.value.as_bytes();
        match self.how {
            How::There => true,
            How::Is => value == wanted,
            How::Word => value
                .split(u8::is_ascii_whitespace)
                .any(|word| word == wanted),
            How::Begins => !wanted.is_empty() && value.starts_with(wanted),
            How::Ends => !wanted.is_empty() && value.ends_with(wanted),
            How::Holds => memchr::memmem::find(value, wanted).is_some(),
        }
    }
}

fn attribute<'a>(tag: &'a StartTag<()>, name: &str) -> Option<&'a [u8]> {
    tag.attributes
        .get(name.as_bytes())
        .map(|value| &value.value.0[..])
}

/// The selector at its white space, as far as that stands outside brackets.
fn pieces(selector: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut bracket, mut quote) = (false, None);
    for c in selector.chars() {
        match (c, quote) {
            ('"' | '\'', None) if bracket => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            ('[', None) => bracket = true,
            (']', None) => bracket = false,
            _ => {}
        }
        if c.is_whitespace() && !bracket {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn compound(text: &str) -> Result<Compound, String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let word = |text: &str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    let mut compound = Compound::default();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('*') {
        rest = after;
    } else {
        let end = word(rest);
        if end > 0 {
            compound.tag = Some(rest[..end].to_ascii_lowercase());
        }
        rest = &rest[end..];
    }
    while let Some(mark) = rest.chars().next() {
        let after = &rest[1..];
        match mark {
            '#' | '.' => {
                let end = word(after);
                if end == 0 {
                    return Err(format!("a name is expected behind '{mark}'"));
                }
                compound.demands.push(Demand {
                    attribute: if mark == '#' { "id" } else { "class" }.to_owned(),
                    how: if mark == '#' { How::Is } else { How::Word },
                    value: after[..end].to_owned(),
                });
                rest = &after[end..];
            }
            '[' => {
                let end = after.find(']').ok_or("'[' has no ']'")?;
                compound.demands.push(demand(&after[..end])?);
                rest = &after[end + 1..];
            }
            _ => {
                return Err(format!(
                    "'{mark}' is not understood here: tag, #id, .class, [name=value] and descendants are"
                ));
            }
        }
    }
    if compound == Compound::default() && text != "*" {
        return Err("an empty selector".to_owned());
    }
    Ok(compound)
}

fn demand(text: &str) -> Result<Demand, String> {
    let Some(at) = text.find('=') else {
        let attribute = text.trim().to_ascii_lowercase();
        return Ok(Demand {
            attribute,
            how: How::There,
            value: String::new(),
        });
    };
    let (name, value) = (&text[..at], &text[at + 1..]);
    let (name, how) = match name.chars().next_back() {
        Some('^') => (&name[..at - 1], How::Begins),
        Some('$') => (&name[..at - 1], How::Ends),
        Some('*') => (&name[..at - 1], How::Holds),
        Some('~') => (&name[..at - 1], How::Word),
        Some('|') => return Err("'|=' is not understood".to_owned()),
        _ => (name, How::Is),
    };
    let attribute = name.trim().to_ascii_lowercase();
    if attribute.is_empty() {
        return Err("the name of an attribute is expected behind '['".to_owned());
    }
    Ok(Demand {
        attribute,
        how,
        value: value.trim().trim_matches(['"', '\'']).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><!-- <input name=csrf value=wrong> --><title>Log &amp; in</title>
        <script>var x = '<input name="csrf" value="script">';</script>
        <form id=search class="a b"><input name=q value=""></form>
        <form id=login class="x main"><p><INPUT type="hidden" NAME='csrf' value="t&#107;n&amp;1"/><br>
        <input name=other><b>Hello <i>you</i></b></form><meta name="x-token" content=abc>"#;

    #[test]
    fn elements_are_found_by_what_they_are() {
        for (selector, value) in [
            ("input[name=csrf]@value", Some("tkn&1")),
            ("input[name='csrf']@value", Some("tkn&1")),
            ("#login input[type=hidden]@value", Some("tkn&1")),
            ("form.main input@name", Some("csrf")),
            ("#search input[name=csrf]@value", None),
            ("input[name^=cs]@value", Some("tkn&1")),
            ("input[name$=rf][type*=idd]@value", Some("tkn&1")),
            ("meta[name=x-token]@content", Some("abc")),
            ("title", Some("Log & in")),
            ("form b", Some("Hello you")),
            ("[name=other]@value", None),
            (".b input@value", Some("")),
            ("nothing", None),
        ] {
            let read = Selector::read(selector).expect(selector);
            assert_eq!(read.find(PAGE.as_bytes()).as_deref(), value, "{selector}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for wrong in [
            "",
            "@value",
            "a > b",
            "a:first-child",
            "a[b",
            "#",
            "a@",
            "[=x]",
        ] {
            assert!(Selector::read(wrong).is_err(), "{wrong}");
        }
    }
}

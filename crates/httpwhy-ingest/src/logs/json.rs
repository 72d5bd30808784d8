//! Lines that are JSON objects: the wanted members are found without building anything.
//!
//! A format names its members once, nested ones with dots (`request.uri`), and the scanner notes where their values
//! stand. Log lines keep the order of their members, so that each name is first looked for where it stood in the
//! sample. Objects deeper than [`MAX_DEPTH`] make the line torn. Invalid escapes (`\x16`, as nginx writes without
//! `escape=json`) are passed over, not refused.

use super::quotes::near2;
use super::{Column, Spans, Split};

/// Objects and arrays may be nested so deep.
pub const MAX_DEPTH: usize = 16;

/// Names that a sample taught beyond this are forgotten.
const MAX_LEARNT: usize = 128;

/// The wanted members of an object.
#[derive(Debug, Clone)]
pub struct Keys {
    nodes: Vec<Node>,
}

/// The members known at one depth, in the order in which they are expected.
#[derive(Debug, Clone, Default)]
struct Node {
    members: Vec<(Box<[u8]>, Member)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Column(Column),
    Object(usize),
    Other,
}

impl Keys {
    /// Members and the columns they are. Of several members for one column, the first in a line that holds something
    /// wins. An array stands for its first element.
    pub fn new(members: &[(&str, Column)]) -> Self {
        let mut keys = Self {
            nodes: vec![Node::default()],
        };
        for (path, column) in members {
            let mut node = 0;
            let mut parts = path.split('.').peekable();
            while let Some(part) = parts.next() {
                node = if parts.peek().is_some() {
                    keys.inner(node, part.as_bytes())
                } else {
                    keys.nodes[node].add(part.as_bytes(), Member::Column(*column));
                    node
                };
            }
        }
        keys
    }

    /// The node of an object-valued member, made when it is new.
    fn inner(&mut self, node: usize, name: &[u8]) -> usize {
        let known = self.nodes[node]
            .members
            .iter()
            .find(|(known, _)| **known == *name);
        if let Some((_, Member::Object(inner))) = known {
            return *inner;
        }
        let inner = self.nodes.len();
        self.nodes.push(Node::default());
        self.nodes[node].add(name, Member::Object(inner));
        inner
    }

    /// Puts the members into the order of a sample line, with the unwanted ones among them.
    #[must_use]
    pub fn learn(mut self, sample: &[u8]) -> Self {
        let mut seen = Met::new();
        let mut scan = Scan::new(sample);
        scan.note = Some(&mut seen);
        let _ = scan.object(&self, Some(0), &mut Spans::default(), 0);
        for node in 0..self.nodes.len() {
            let mut ordered = Vec::new();
            for (_, name) in seen.iter().filter(|(at, _)| *at == node).take(MAX_LEARNT) {
                let known = self.nodes[node]
                    .members
                    .iter()
                    .position(|(known, _)| known == name);
                let member =
                    known.map_or(Member::Other, |at| self.nodes[node].members.remove(at).1);
                if !ordered.iter().any(|(known, _)| known == name) {
                    ordered.push((name.clone(), member));
                }
            }
            ordered.append(&mut self.nodes[node].members);
            self.nodes[node].members = ordered;
        }
        self
    }

    /// Notes the columns of a line. `Read` only says that it is one whole object.
    #[inline]
    pub fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        if !is_object(raw) {
            return Split::Foreign;
        }
        let mut scan = Scan::new(raw);
        scan.at = raw.len() - raw.trim_ascii_start().len();
        match scan.object(self, Some(0), spans, 0) {
            Some(()) if raw[scan.at..].trim_ascii().is_empty() => Split::Read,
            _ => Split::Torn,
        }
    }
}

/// Whether a line begins as an object does.
pub(crate) fn is_object(raw: &[u8]) -> bool {
    raw.trim_ascii_start().starts_with(b"{")
}

impl Node {
    fn add(&mut self, name: &[u8], member: Member) {
        if !self.members.iter().any(|(known, _)| **known == *name) {
            self.members.push((name.into(), member));
        }
    }

    /// The member of that name, looked for from `expected` on.
    #[inline]
    fn find(&self, name: &[u8], expected: usize) -> Option<(usize, Member)> {
        let members = &self.members;
        if let Some((known, member)) = members.get(expected)
            && **known == *name
        {
            return Some((expected, *member));
        }
        let at = members.iter().position(|(known, _)| **known == *name)?;
        Some((at, members[at].1))
    }
}

struct Scan<'a, 'n> {
    raw: &'a [u8],
    at: usize,
    /// While learning: the node and name of every member met.
    note: Option<&'n mut Met>,
}

/// Where a value stands, without quotes; [`NOWHERE`] for objects, empty arrays and null.
type Place = (usize, usize);

const NOWHERE: Place = (0, 0);

/// The members met: the node, and the name.
type Met = Vec<(usize, Box<[u8]>)>;

impl<'a> Scan<'a, '_> {
    const fn new(raw: &'a [u8]) -> Self {
        Self {
            raw,
            at: 0,
            note: None,
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.space()? == wanted).then(|| self.at += 1)
    }

    /// An object from its brace on. `node` is what is wanted of it, if anything.
    fn object(
        &mut self,
        keys: &Keys,
        node: Option<usize>,
        spans: &mut Spans,
        depth: usize,
    ) -> Option<()> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.take(b'{')?;
        if self.space()? == b'}' {
            self.at += 1;
            return Some(());
        }
        let mut expected = 0;
        loop {
            self.space()?;
            let (from, to) = self.string()?;
            self.take(b':')?;
            let raw = self.raw;
            let name = &raw[from..to];
            let mut member = Member::Other;
            if let Some(node) = node {
                if let Some(note) = self.note.as_deref_mut() {
                    note.push((node, name.into()));
                }
                if let Some((at, found)) = keys.nodes[node].find(name, expected) {
                    expected = at + 1;
                    member = found;
                }
            }
            self.member(keys, member, spans, depth)?;
            match self.space()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    #[inline]
    fn member(
        &mut self,
        keys: &Keys,
        member: Member,
        spans: &mut Spans,
        depth: usize,
    ) -> Option<()> {
        let inner = match member {
            Member::Object(node) => Some(node),
            Member::Column(_) | Member::Other => None,
        };
        let place = self.value(keys, inner, spans, depth)?;
        if let (Member::Column(column), true) = (member, place != NOWHERE) {
            let (from, to) = place;
            let holds = spans.get(column).is_some_and(|(from, to)| to > from);
            if !holds {
                spans.set(column, from, to);
            }
        }
        Some(())
    }

    /// A value; `None` when it is broken.
    #[inline]
    fn value(
        &mut self,
        keys: &Keys,
        node: Option<usize>,
        spans: &mut Spans,
        depth: usize,
    ) -> Option<Place> {
        match self.space()? {
            b'"' => self.string(),
            b'{' => self.object(keys, node, spans, depth + 1).map(|()| NOWHERE),
            b'[' => self.array(keys, spans, depth + 1),
            _ => self.scalar(),
        }
    }

    fn array(&mut self, keys: &Keys, spans: &mut Spans, depth: usize) -> Option<Place> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.take(b'[')?;
        let mut first = NOWHERE;
        if self.space()? == b']' {
            self.at += 1;
            return Some(NOWHERE);
        }
        loop {
            let place = self.value(keys, None, spans, depth)?;
            if first == NOWHERE {
                first = place;
            }
            match self.space()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(first);
                }
                _ => return None,
            }
        }
    }

    /// A string from its quote on: the place of what is inside.
    #[inline]
    fn string(&mut self) -> Option<Place> {
        if self.peek()? != b'"' {
            return None;
        }
        let from = self.at + 1;
        let mut at = from;
        loop {
            at += near2(b'"', b'\\', self.raw.get(at..)?)?;
            if self.raw[at] == b'"' {
                self.at = at + 1;
                return Some((from, at));
            }
            at += 2;
        }
    }

    fn scalar(&mut self) -> Option<Place> {
        let from = self.at;
        let length = self.raw[from..]
            .iter()
            .take_while(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'))
            .count();
        if length == 0 {
            return None;
        }
        self.at += length;
        let is_null = &self.raw[from..self.at] == b"null";
        Some(if is_null { NOWHERE } else { (from, self.at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&[
            ("status", Column::Status),
            ("code", Column::Status),
            ("request.uri", Column::Target),
            ("request.headers.User-Agent", Column::Agent),
        ])
    }

    fn read(keys: &Keys, raw: &str) -> (Split, Vec<(Column, String)>) {
        let mut spans = Spans::default();
        let split = keys.split(raw.as_bytes(), &mut spans);
        let found = Column::ALL.iter().filter_map(|column| {
            let (from, to) = spans.get(*column)?;
            Some((*column, raw[from..to].to_owned()))
        });
        (split, found.collect())
    }

    #[test]
    fn members_are_found_at_any_depth_and_order() {
        let line = r#"{"a":[1,{"status":1}],"request":{"x":"\"}","uri":"/a\"b","headers":{"User-Agent":["curl","b"]}},"status":502}"#;
        let wanted = vec![
            (Column::Target, r#"/a\"b"#.to_owned()),
            (Column::Status, "502".to_owned()),
            (Column::Agent, "curl".to_owned()),
        ];
        for keys in [keys(), keys().learn(line.as_bytes())] {
            let (split, found) = read(&keys, line);
            assert_eq!((split, &found), (Split::Read, &wanted));
            let (split, found) = read(&keys, r#" { "status" : "404" , "new": true } "#);
            assert_eq!(
                (split, found),
                (Split::Read, vec![(Column::Status, "404".to_owned())])
            );
        }
    }

    #[test]
    fn an_empty_member_gives_way_to_its_synonym() {
        let (_, found) = read(&keys(), r#"{"status":"","code":"200"}"#);
        assert_eq!(found, [(Column::Status, "200".to_owned())]);
        let (_, found) = read(&keys(), r#"{"status":null,"code":200}"#);
        assert_eq!(found, [(Column::Status, "200".to_owned())]);
    }

    #[test]
    fn broken_lines_are_torn_and_others_foreign() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
        let table: &[(&str, Split)] = &[
            (r#"{"status":200}"#, Split::Read),
            (r#"{"r":"\x16\x03"}"#, Split::Read),
            ("{}", Split::Read),
            (r#"{"status":20"#, Split::Torn),
            (r#"{"status":"200"#, Split::Torn),
            (r#"{"status"}"#, Split::Torn),
            (r#"{"a":"\"#, Split::Torn),
            (r#"{"a":1}{"b":2}"#, Split::Torn),
            (&deep, Split::Torn),
            ("GET /", Split::Foreign),
            ("", Split::Foreign),
        ];
        for (line, wanted) in table {
            assert_eq!(read(&keys(), line).0, *wanted, "{line}");
        }
    }
}

//! The indexes of names: by code, by name, by phrase; and the names of the constants.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crate::entry::Entry;

#[path = "../src/normal.rs"]
mod normal;
use normal::{normal, phrase, words};

/// Name -> indices of the entries that own it.
type Index = BTreeMap<String, Vec<usize>>;

/// Programs whose name stands before a class name in an alias (`rustls UnknownIssuer`) and is not part of it.
const LIBRARIES: &[&str] = &[
    "aiohttp", "axios", "Go", "httpx", "java", "Node", "Rails", "requests", "reqwest", "rustls",
    "undici",
];

/// A phrase of this weight counts only where it stands between punctuation, as in `{"message":"Forbidden"}`.
const BETWEEN_MARKS: u16 = 0;
/// A word of this weight counts only where it is written in capitals: `NXDOMAIN`, `CANCEL`.
const IN_CAPITALS: u16 = 1;
/// What any other phrase weighs at least.
const LEAST: f64 = 10.0;
/// What a sentence weighs at most; a constant half as much again.
const MOST: f64 = 130.0;

pub(crate) fn write(code: &mut String, entries: &[Entry]) {
    index(code, "CODES", &codes(entries));
    index(code, "NAMES", &names(entries));
    phrases(code, entries);
}

/// The constant of each entry: upper case, `_` for all else. Where two would be equal (HAProxy's `cD` and `CD`) they keep
/// their case, and where that does not help they are numbered.
pub(crate) fn constants(entries: &[Entry]) -> Vec<String> {
    let plain = |id: &str| -> String {
        id.chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect()
    };
    let mut owners: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        *owners
            .entry(plain(&entry.id).to_ascii_uppercase())
            .or_default() += 1;
    }
    let mut taken: HashMap<String, usize> = HashMap::new();
    entries
        .iter()
        .map(|entry| {
            let upper = plain(&entry.id).to_ascii_uppercase();
            let name = match entry.id.split_once('/') {
                Some((namespace, code)) if owners[&upper] > 1 => {
                    format!("{}_{}", plain(namespace).to_ascii_uppercase(), plain(code))
                }
                _ => upper,
            };
            let uses = taken.entry(name.clone()).or_default();
            *uses += 1;
            match *uses {
                1 => name,
                nth => format!("{name}_{nth}"),
            }
        })
        .collect()
}

fn index(code: &mut String, name: &str, index: &Index) {
    let _ = writeln!(code, "static {name}: [(&str, &[u16]); {}] = [", index.len());
    for (key, owners) in index {
        let _ = writeln!(code, "    ({key:?}, &{owners:?}),");
    }
    code.push_str("];\n\n");
}

fn own(index: &mut Index, name: String, at: usize) {
    let owners = index.entry(name).or_default();
    if !owners.contains(&at) {
        owners.push(at);
    }
}

fn codes(entries: &[Entry]) -> Index {
    let mut index = Index::new();
    for (at, entry) in entries.iter().enumerate() {
        own(&mut index, normal(code_of(entry)), at);
    }
    index
}

fn code_of(entry: &Entry) -> &str {
    entry
        .id
        .split_once('/')
        .map_or(entry.id.as_str(), |(_, code)| code)
}

/// Titles, former names and aliases; of an alias also its parts that people paste alone.
fn names(entries: &[Entry]) -> Index {
    let mut index = Index::new();
    for (at, entry) in entries.iter().enumerate() {
        for name in all_names(entry).flat_map(spellings) {
            own(&mut index, normal(&name), at);
        }
    }
    index.remove("");
    index
}

fn all_names(entry: &Entry) -> impl Iterator<Item = &str> {
    let front = &entry.front;
    std::iter::once(&front.title)
        .chain(&front.former)
        .chain(&front.aliases)
        .map(String::as_str)
}

/// The name itself and its parts that people paste alone:
/// `curl 56 CURLE_RECV_ERROR`: also `curl 56` and `CURLE_RECV_ERROR`;
/// `WSAECONNRESET 10054`: also either;
/// `Go 'no such host'`: also what the quotes hold;
/// `rustls UnknownIssuer`, `java.net.ConnectException`: also the class alone;
/// a remark in brackets at the end is not part of the name.
fn spellings(name: &str) -> Vec<String> {
    let mut found = vec![name.to_owned()];
    if let Some((bare, remark)) = name.rsplit_once(" (")
        && remark.ends_with(')')
    {
        found.extend(spellings(bare));
    }
    if let Some((_, quoted)) = name
        .strip_suffix('\'')
        .and_then(|name| name.split_once(" '"))
    {
        found.push(quoted.to_owned());
    }
    // `[Errno 32] Broken pipe`, `java.net.SocketException: Broken pipe`: also what is said alone.
    if let Some((head, said)) = name.split_once("] ").or_else(|| name.split_once(": "))
        && (head.starts_with("[Errno") || (!head.contains(' ') && class_alone(head).is_some()))
        && !said.contains(['(', ':'])
    {
        found.push(said.to_owned());
    }
    let is_number = |word: &str| {
        let digits = word.strip_prefix('-').unwrap_or(word);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    match name.split_whitespace().collect::<Vec<_>>()[..] {
        [program, number, constant] if is_number(number) && shape(constant) == Shape::Constant => {
            found.push(format!("{program} {number}"));
            found.push(constant.to_owned());
        }
        [constant, number]
            if is_number(number)
                && number.len() >= 5
                && matches!(shape(constant), Shape::Constant | Shape::Class) =>
        {
            found.push(constant.to_owned());
            found.push(number.to_owned());
        }
        [library, class] if LIBRARIES.contains(&library) => found.extend(class_alone(class)),
        [class] => found.extend(class_alone(class).filter(|alone| alone != class)),
        _ => {}
    }
    found
}

/// `ConnectException` of `java.net.ConnectException`.
fn class_alone(name: &str) -> Option<String> {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    (shape(last) == Shape::Class && !name.contains('/')).then(|| last.to_owned())
}

/// How a single word is written.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    /// `ERR_FAILED`, `econnreset_at`, `ECONNRESET`: no word of any language.
    Constant,
    /// `RemoteDisconnected`: a class.
    Class,
    /// `NXDOMAIN`, `CANCEL`: all capitals.
    Capitals,
    /// `expired`, `Forbidden`, `56`.
    Word,
}

fn shape(word: &str) -> Shape {
    let has_lower = word.chars().any(char::is_lowercase);
    let inner_upper = word.chars().skip(1).any(char::is_uppercase);
    let has_letter = has_lower || word.chars().any(char::is_uppercase);
    let is_errno = word.starts_with('E') && word.len() >= 5 && !has_lower;
    if has_letter && (word.contains('_') || is_errno) {
        Shape::Constant
    } else if has_lower && inner_upper {
        Shape::Class
    } else if has_letter && !has_lower && word.len() >= 5 {
        Shape::Capitals
    } else {
        Shape::Word
    }
}

/// What a phrase tells about a text that holds it.
struct Phrase {
    owners: Vec<usize>,
    form: Form,
}

/// How a phrase may stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    BetweenMarks,
    InCapitals,
    /// A class of exceptions: it wraps what really happened.
    Wrapper,
    /// `curl 28`: covers much.
    ExitCode,
    Anywhere,
    Constant,
}

/// The phrases by which a pasted text is recognised, each with its weight: the rarer its words among all phrases, the
/// more it tells.
fn phrases(code: &mut String, entries: &[Entry]) {
    let mut found: BTreeMap<String, Phrase> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        for (name, form) in entry_phrases(entry) {
            let key = phrase(&name);
            // A product's name alone is no outcome (`HAProxy --`).
            if key.is_empty() || entry.id.split('/').next() == Some(&key) {
                continue;
            }
            let phrase = found.entry(key).or_insert(Phrase {
                owners: Vec::new(),
                form,
            });
            phrase.form = phrase.form.max(form);
            if !phrase.owners.contains(&at) {
                phrase.owners.push(at);
            }
        }
    }
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for key in found.keys() {
        for word in key.split(' ') {
            *uses.entry(word).or_default() += 1;
        }
    }
    let _ = writeln!(
        code,
        "static PHRASES: [(&str, &[u16], u16); {}] = [",
        found.len()
    );
    for (key, Phrase { owners, form }) in &found {
        let rarities = key
            .split(' ')
            .map(|word| 10.0 * (found.len() as f64 / uses[word] as f64).ln());
        let rarity: f64 = match form {
            // Not more for the package's name before it.
            Form::Wrapper => rarities.fold(0.0, f64::max),
            _ => rarities.sum(),
        };
        let weight = match form {
            Form::BetweenMarks => BETWEEN_MARKS,
            Form::InCapitals => IN_CAPITALS,
            Form::Wrapper | Form::ExitCode => (rarity / 2.0).max(LEAST) as u16,
            // A long sentence is no surer than a short one.
            Form::Anywhere => rarity.clamp(LEAST, MOST) as u16,
            Form::Constant => (rarity * 1.5).clamp(LEAST, 1.5 * MOST) as u16,
        };
        let _ = writeln!(code, "    ({key:?}, &{owners:?}, {weight}),");
    }
    code.push_str("];\n\n");
}

/// All names of an entry, its id, and its code where that is a name.
fn entry_phrases(entry: &Entry) -> Vec<(String, Form)> {
    let (namespace, code) = entry.id.split_once('/').unwrap_or(("", &entry.id));
    let titles = std::iter::once(&entry.front.title).chain(&entry.front.former);
    let is_number = code.bytes().any(|b| b.is_ascii_digit());
    let mut found: Vec<(String, Form)> = Vec::new();
    for name in titles.flat_map(|name| spellings(name)) {
        let form = match form(&name) {
            // A number's title says little without its number (`OK`, `Connection timed out`).
            _ if is_number => title_form(namespace, code, &name),
            form => Some(form),
        };
        found.extend(form.map(|form| (name, form)));
    }
    for name in entry.front.aliases.iter().flat_map(|name| spellings(name)) {
        // `(silent)`: a remark, no name; `OK`: prose.
        if !name.starts_with('(') && name.len() > 2 {
            let form = form(&name);
            found.push((name, form));
        }
    }
    if is_number {
        found.push((format!("{namespace} {code}"), Form::Anywhere));
    }
    if shape(code) == Shape::Constant {
        found.push((code.to_owned(), Form::Constant));
    }
    found
}

/// How the title of a numbered code may stand in a text without its number; `None` for a word that says nothing there.
fn title_form(namespace: &str, code: &str, title: &str) -> Option<Form> {
    let words = words(title).len();
    let is_error = namespace == "http" && code.starts_with(['4', '5']);
    match words {
        1 => is_error.then_some(Form::BetweenMarks),
        3.. if namespace == "http" => Some(Form::Anywhere),
        _ => Some(Form::BetweenMarks),
    }
}

/// How a name may stand in a text.
fn form(name: &str) -> Form {
    let words: Vec<&str> = words(name).into_iter().map(|word| &name[word]).collect();
    let letters: usize = words.iter().map(|word| word.len()).sum();
    let has_digit = name.bytes().any(|b| b.is_ascii_digit());
    match words[..] {
        _ if !name.contains(' ') && class_alone(name).is_some() => Form::Wrapper,
        [word] => match shape(word) {
            Shape::Constant => Form::Constant,
            Shape::Class => Form::Wrapper,
            Shape::Capitals => Form::InCapitals,
            Shape::Word => Form::BetweenMarks,
        },
        _ if words.iter().any(|word| shape(word) == Shape::Constant) => Form::Constant,
        [_, number] if number.bytes().all(|b| b.is_ascii_digit()) => Form::ExitCode,
        _ if letters < 10 && !has_digit => Form::BetweenMarks,
        _ => Form::Anywhere,
    }
}

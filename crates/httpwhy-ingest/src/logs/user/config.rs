//! Formats in the text of a configuration file: nginx.conf, httpd.conf, haproxy.cfg.
//!
//! Only what a log reader needs is looked for; nothing is included from other files, since nothing is read here.

/// A log format that a configuration defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// `nginx`, `apache` or `haproxy`, for [`super::compile_as`].
    pub server: &'static str,
    /// The format's name; empty where it has none.
    pub name: String,
    /// The format.
    pub text: String,
    /// The files that are written in it, as the configuration names them.
    pub files: Vec<String>,
}

/// The log formats that a configuration defines, with the files written in each.
pub fn configured(text: &str) -> Vec<Configured> {
    let mut found = nginx(text);
    found.extend(apache(text));
    found.extend(haproxy(text));
    found
}

/// `log_format NAME [escape=…] 'a' 'b';` and `access_log FILE [NAME …];`
pub(super) fn nginx(text: &str) -> Vec<Configured> {
    let mut found: Vec<Configured> = Vec::new();
    let mut logs = Vec::new();
    for statement in nginx_statements(text) {
        match statement.split_first() {
            Some((word, rest)) if word == "log_format" && rest.len() >= 2 => {
                let strings = rest[1..].iter().filter(|word| !word.starts_with("escape="));
                found.push(Configured {
                    server: "nginx",
                    name: rest[0].clone(),
                    text: strings.map(String::as_str).collect(),
                    files: Vec::new(),
                });
            }
            Some((word, rest)) if word == "access_log" && !rest.is_empty() => {
                let format = rest.get(1).filter(|word| !word.contains('='));
                logs.push((rest[0].clone(), format.cloned()));
            }
            _ => {}
        }
    }
    for (file, format) in logs {
        let name = format.unwrap_or_else(|| "combined".to_owned());
        if let Some(format) = found.iter_mut().find(|format| format.name == name) {
            format.files.push(file);
        }
    }
    found
}

/// The statements of nginx's language as words, quotes and comments resolved.
fn nginx_statements(text: &str) -> Vec<Vec<String>> {
    let mut statements = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => {
                chars.by_ref().find(|c| *c == '\n');
            }
            ';' | '{' | '}' => statements.push(std::mem::take(&mut words)),
            '\'' | '"' => {
                let mut word = String::new();
                while let Some(inner) = chars.next() {
                    match inner {
                        '\\' => match chars.next() {
                            Some(escaped @ ('\'' | '"' | '\\')) => word.push(escaped),
                            Some('t') => word.push('\t'),
                            Some(other) => word.extend(['\\', other]),
                            None => {}
                        },
                        inner if inner == c => break,
                        inner => word.push(inner),
                    }
                }
                words.push(word);
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) =
                    chars.next_if(|next| !next.is_whitespace() && !matches!(next, ';'))
                {
                    // `${name}` belongs to the word, a block's brace does not.
                    if matches!(next, '{' | '}') && !word.contains('$') {
                        break;
                    }
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    statements.push(words);
    statements.retain(|statement| !statement.is_empty());
    statements
}

/// `LogFormat "FORMAT" NAME`, `CustomLog FILE NAME` and `CustomLog FILE "FORMAT"`.
fn apache(text: &str) -> Vec<Configured> {
    let mut found: Vec<Configured> = Vec::new();
    let text = text.replace("\\\n", " ");
    let lines: Vec<Vec<String>> = text.lines().map(apache_words).collect();
    let is = |word: Option<&String>, name: &str| {
        word.is_some_and(|word| word.eq_ignore_ascii_case(name))
    };
    for words in lines
        .iter()
        .filter(|words| is(words.first(), "LogFormat") && words.len() > 1)
    {
        found.push(Configured {
            server: "apache",
            name: words.get(2).cloned().unwrap_or_default(),
            text: words[1].clone(),
            files: Vec::new(),
        });
    }
    for words in lines
        .iter()
        .filter(|words| is(words.first(), "CustomLog") && words.len() > 2)
    {
        let (file, format) = (words[1].clone(), &words[2]);
        if let Some(known) = found.iter_mut().find(|known| known.name == *format) {
            known.files.push(file);
        } else if format.contains('%') {
            found.push(Configured {
                server: "apache",
                name: String::new(),
                text: format.clone(),
                files: vec![file],
            });
        }
    }
    found
}

/// The words of one of Apache's lines; a backslash before a quote is taken off, others are the format's own.
pub(super) fn apache_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.trim().chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
            continue;
        }
        if c == '#' && words.is_empty() {
            break;
        }
        let quote = chars.next_if(|c| matches!(c, '"' | '\''));
        let mut word = String::new();
        while let Some(&next) = chars.peek() {
            let ends = quote.map_or(next.is_whitespace(), |quote| next == quote);
            chars.next();
            if ends {
                break;
            }
            match (next, chars.peek()) {
                ('\\', Some(&escaped @ ('"' | '\''))) => {
                    chars.next();
                    word.push(escaped);
                }
                (next, _) => word.push(next),
            }
        }
        words.push(word);
    }
    words
}

/// `log-format TEXT` of each section, named by it.
fn haproxy(text: &str) -> Vec<Configured> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some(kind @ ("defaults" | "frontend" | "listen" | "backend")) => {
                words.next().unwrap_or(kind).clone_into(&mut section);
            }
            Some("log-format") => found.push(Configured {
                server: "haproxy",
                name: section.clone(),
                text: haproxy_text(&line.trim_start()["log-format".len()..]),
                files: Vec::new(),
            }),
            _ => {}
        }
    }
    found
}

/// A string of HAProxy's language: quoted, or with `\ ` for its spaces (configuration manual 2.2).
pub(super) fn haproxy_text(text: &str) -> String {
    let text = text.trim();
    let mut out = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => out.extend(chars.next()),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ' | '\t' | '#', None) => break,
            (c, _) => out.push(c),
        }
    }
    out
}

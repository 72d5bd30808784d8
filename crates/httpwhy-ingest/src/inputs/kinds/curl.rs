//! Command lines of curl, as browsers and API documents hand them out ("Copy as cURL").

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::Unread;
use crate::inputs::call::{More, encoded, is_own, rebased};
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};

pub(crate) static KIND: Kind = Kind {
    name: "curl",
    title: "command lines of curl",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: true,
};

/// Options with a value that does not change the request: the prober has its own.
const WITH_VALUE: &[&str] = &[
    "-o",
    "--output",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-w",
    "--write-out",
    "--retry",
    "--retry-delay",
    "-x",
    "--proxy",
    "--cacert",
    "-E",
    "--cert",
    "--key",
    "--resolve",
    "--connect-to",
    "--limit-rate",
    "-c",
    "--cookie-jar",
    "--max-redirs",
    "--interface",
    "--tls-max",
    "--ciphers",
    "-D",
    "--dump-header",
    "--stderr",
    "--trace",
    "--trace-ascii",
];

fn looks(look: &Look<'_>) -> Option<Sure> {
    let first = look.lines().next()?;
    let first = first.strip_prefix("$ ").unwrap_or(first);
    let word = first.split_whitespace().next()?;
    let is_curl = matches!(word.rsplit(['/', '\\']).next(), Some("curl" | "curl.exe"));
    is_curl.then_some(Sure::Certain)
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let base = options.base.as_deref();
    items(content.text().map(|text| {
        let commands = commands(&text).into_iter();
        let calls = commands.flat_map(|command| match command {
            Ok(command) => call(&command, base),
            Err(error) => vec![Err(error)],
        });
        calls.collect()
    }))
}

/// A command's words and the line on which it begins.
struct Command {
    line: usize,
    words: Vec<String>,
}

/// Splits a text into commands as a shell does: quotes, `$'…'`, backslashes, remarks; and the carets of Windows.
fn commands(text: &str) -> Vec<Result<Command, Unread>> {
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let (mut line, mut from) = (1, 1);
    let text = without_carets(text);
    let mut chars = text.chars().peekable();
    let mut end = |words: &mut Vec<String>, from: usize| {
        let words = std::mem::take(words);
        if !words.is_empty() {
            commands.push(Ok(Command { line: from, words }));
        }
    };
    while let Some(c) = chars.next() {
        if words.is_empty() && word.is_none() {
            from = line;
        }
        match c {
            '\n' => {
                line += 1;
                words.extend(word.take());
                end(&mut words, from);
            }
            ' ' | '\t' | '\r' => words.extend(word.take()),
            ';' | '|' | '&' if word.is_none() => {
                end(&mut words, from);
            }
            '#' if word.is_none() => while chars.next_if(|&c| c != '\n').is_some() {},
            '\\' => match chars.next() {
                Some('\r') => {
                    chars.next_if_eq(&'\n');
                    line += 1;
                }
                Some('\n') => line += 1,
                Some(other) => word.get_or_insert_default().push(other),
                None => {}
            },
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                let word = word.get_or_insert_default();
                if !ansi(&mut chars, word, &mut line) {
                    return open_quote(commands, from);
                }
            }
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => {
                            line += usize::from(c == '\n');
                            word.push(c);
                        }
                        None => return open_quote(commands, from),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some('\n') => line += 1,
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return open_quote(commands, from),
                        },
                        Some(c) => {
                            line += usize::from(c == '\n');
                            word.push(c);
                        }
                        None => return open_quote(commands, from),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    end(&mut words, from);
    commands
}

/// What Windows' command prompt makes of a text with carets; any other text is left as it is.
fn without_carets(text: &str) -> Cow<'_, str> {
    let marks = ["^\"", " ^\n", " ^\r\n"];
    if !marks.iter().any(|mark| text.contains(mark)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            // A line that goes on, in the notation of a shell.
            Some('\n' | '\r') if c == '^' => out.push('\\'),
            Some(_) if c == '^' => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out.into()
}

fn open_quote(
    mut commands: Vec<Result<Command, Unread>>,
    from: usize,
) -> Vec<Result<Command, Unread>> {
    let what = "a quote that this command opens is not closed";
    commands.push(Err(Unread::line(from, what).worded("curl-command")));
    commands
}

/// What stands in `$'…'`; `false` when it has no end.
fn ansi(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    word: &mut String,
    line: &mut usize,
) -> bool {
    while let Some(c) = chars.next() {
        match c {
            '\'' => return true,
            '\\' => match chars.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some(kind @ ('x' | 'u' | 'U')) => {
                    let most = match kind {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let mut digits = String::new();
                    while digits.len() < most
                        && let Some(digit) = chars.next_if(char::is_ascii_hexdigit)
                    {
                        digits.push(digit);
                    }
                    let code = u32::from_str_radix(&digits, 16).unwrap_or(0xfffd);
                    word.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some(c) => word.push(c),
                None => return false,
            },
            c => {
                *line += usize::from(c == '\n');
                word.push(c);
            }
        }
    }
    false
}

/// What the options of one command add up to.
#[derive(Default)]
struct Asked {
    method: Option<String>,
    fields: Vec<(String, String)>,
    data: Vec<String>,
    json: bool,
    get: bool,
    head: bool,
    urls: Vec<String>,
}

fn call(command: &Command, base: Option<&str>) -> Vec<Result<Call, Unread>> {
    let wrong = |what: String| vec![Err(Unread::line(command.line, what).worded("curl-command"))];
    let mut words = command.words.iter().map(String::as_str);
    let first = words.by_ref().find(|word| *word != "$").unwrap_or_default();
    if !matches!(first.rsplit(['/', '\\']).next(), Some("curl" | "curl.exe")) {
        return wrong(format!(
            "'{}' is no command of curl",
            first.chars().take(40).collect::<String>().escape_debug()
        ));
    }
    let mut asked = Asked::default();
    while let Some(word) = words.next() {
        if let Err(what) = asked.option(word, &mut words) {
            return wrong(what);
        }
    }
    if asked.urls.is_empty() {
        return wrong("this command names no URL".to_owned());
    }
    let urls = std::mem::take(&mut asked.urls);
    urls.iter()
        .map(|url| Ok(asked.call(url, command.line, base)))
        .collect()
}

impl Asked {
    fn option<'a>(
        &mut self,
        word: &'a str,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        if !word.starts_with('-') || word == "-" {
            self.urls.push(word.to_owned());
            return Ok(());
        }
        let (name, attached) = match word.split_once('=') {
            // curl itself takes no such spelling; people write it all the same.
            Some((name, value)) if word.starts_with("--") => (name, Some(value)),
            _ if word.starts_with("--") => (word, None),
            // `-XPOST`, `-sSd x`: letters until one that takes a value.
            _ => return self.letters(word, words),
        };
        self.named(name, attached, words)
    }

    fn letters<'a>(
        &mut self,
        word: &'a str,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        for (at, letter) in word.char_indices().skip(1) {
            let takes = "XHdFubAeGIomwxEcDrTYyzCKPQt".contains(letter) && !"GI".contains(letter);
            let rest = &word[at + letter.len_utf8()..];
            let name = format!("-{letter}");
            if takes {
                let attached = (!rest.is_empty()).then_some(rest);
                return self.named(&name, attached, words);
            }
            self.named(&name, None, words)?;
        }
        Ok(())
    }

    fn named<'a>(
        &mut self,
        name: &str,
        attached: Option<&'a str>,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let mut value = || {
            let value = attached.or_else(|| words.next());
            value.ok_or_else(|| format!("{name} has no value"))
        };
        match name {
            "-X" | "--request" => self.method = Some(value()?.to_owned()),
            "-H" | "--header" => {
                let field = value()?;
                // `Name;` is an empty field, `Name:` none at all.
                if let Some((name, text)) = field.split_once(':') {
                    if !text.trim().is_empty() {
                        self.field(name.trim(), text.trim());
                    }
                } else if let Some(name) = field.strip_suffix(';') {
                    self.field(name.trim(), "");
                }
            }
            "-d" | "--data" | "--data-ascii" | "--data-binary" | "--data-raw" => {
                let data = value()?;
                if data.starts_with('@') && name != "--data-raw" {
                    return Err(format!(
                        "{name} {data} reads a file, which is not done here"
                    ));
                }
                self.data.push(data.to_owned());
            }
            "--data-urlencode" => {
                let data = value()?;
                self.data.push(match data.split_once('=') {
                    Some((name, text)) if !name.is_empty() => format!("{name}={}", encoded(text)),
                    Some((_, text)) => encoded(text),
                    None => encoded(data),
                });
            }
            "--json" => {
                self.json = true;
                self.data.push(value()?.to_owned());
            }
            "-u" | "--user" => {
                let user = value()?;
                let basic = format!("Basic {}", STANDARD.encode(user));
                self.field("Authorization", &basic);
            }
            "--oauth2-bearer" => {
                let bearer = format!("Bearer {}", value()?);
                self.field("Authorization", &bearer);
            }
            "-b" | "--cookie" => {
                let cookie = value()?;
                if cookie.contains('=') {
                    self.field("Cookie", cookie);
                }
            }
            "-A" | "--user-agent" => {
                let agent = value()?;
                self.field("User-Agent", agent);
            }
            "-e" | "--referer" => {
                let referer = value()?;
                self.field("Referer", referer);
            }
            "-r" | "--range" => {
                let range = format!("bytes={}", value()?);
                self.field("Range", &range);
            }
            "-G" | "--get" => self.get = true,
            "-I" | "--head" => self.head = true,
            "--url" => self.urls.push(value()?.to_owned()),
            "-F" | "--form" | "--form-string" | "-T" | "--upload-file" | "-K" | "--config" => {
                return Err(format!("{name} is not understood here: it needs files"));
            }
            name if WITH_VALUE.contains(&name) => {
                value()?;
            }
            // A switch: -s, -k, -L, --compressed, --http2 …
            _ => {}
        }
        Ok(())
    }

    fn field(&mut self, name: &str, value: &str) {
        if !is_own(name) || name.eq_ignore_ascii_case("host") {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
    }

    fn has(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn call(&self, url: &str, line: usize, base: Option<&str>) -> Call {
        // curl takes http where no scheme is written.
        let mut target = match url.contains("://") {
            true => url.to_owned(),
            false => format!("http://{url}"),
        };
        let data = (!self.data.is_empty()).then(|| self.data.join("&"));
        if let (true, Some(data)) = (self.get, &data) {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(data);
        }
        let body = data.filter(|_| !self.get);
        let method = match &self.method {
            Some(method) => method.clone(),
            None if self.head => "HEAD".to_owned(),
            None if body.is_some() => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        let mut fields: Vec<(Bytes, Bytes)> = self
            .fields
            .iter()
            .map(|(name, value)| (name.clone().into(), value.clone().into()))
            .collect();
        let mut default = |name: &'static str, value: &'static str| {
            if !self.has(name) {
                fields.push((name.into(), value.into()));
            }
        };
        if self.json {
            default("Content-Type", "application/json");
            default("Accept", "application/json");
        } else if body.is_some() {
            default("Content-Type", "application/x-www-form-urlencoded");
        }
        let more = More {
            method: method.into(),
            fields,
            body: body.map(Bytes::from),
            line,
            ..More::default()
        };
        Call::new(rebased(&target, base), more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Call, Unread>> {
        commands(text)
            .into_iter()
            .flat_map(|command| match command {
                Ok(command) => call(&command, None),
                Err(error) => vec![Err(error)],
            })
            .collect()
    }

    #[test]
    fn commands_are_read_as_a_shell_reads_them() {
        for (text, method, target, fields, body) in [
            ("curl http://a/", "GET", "http://a/", "", None),
            ("curl a.example/x", "GET", "http://a.example/x", "", None),
            (
                "curl 'https://a/x' \\\n  -H 'Accept: */*' \\\n  --data-raw $'a=\\u0021\\n' --compressed",
                "POST",
                "https://a/x",
                "Accept: */*; Content-Type: application/x-www-form-urlencoded",
                Some("a=!\n"),
            ),
            ("curl -sSXPUT -d @- http://a/", "", "", "", None),
            (
                "curl -XPUT -d a -d 'b c' http://a/",
                "PUT",
                "http://a/",
                "Content-Type: application/x-www-form-urlencoded",
                Some("a&b c"),
            ),
            (
                "curl -G -d q=1 --data-urlencode 's=a b' http://a/?z",
                "GET",
                "http://a/?z&q=1&s=a%20b",
                "",
                None,
            ),
            (
                "curl -u me:pw -I \"http://a/$x\"",
                "HEAD",
                "http://a/$x",
                "Authorization: Basic bWU6cHc=",
                None,
            ),
            (
                "curl --json '{\"a\":1}' http://a/",
                "POST",
                "http://a/",
                "Content-Type: application/json; Accept: application/json",
                Some("{\"a\":1}"),
            ),
            (
                "curl ^\"http://a/?x=1^&y=2^\" ^\r\n  -H ^\"A: b^\"",
                "GET",
                "http://a/?x=1&y=2",
                "A: b",
                None,
            ),
        ] {
            let mut calls = read(text);
            assert_eq!(calls.len(), 1, "{text}: {calls:?}");
            let call = match calls.remove(0) {
                Ok(call) => call,
                Err(error) => {
                    assert!(method.is_empty(), "{text}: {error}");
                    assert_eq!(error.word, "curl-command");
                    continue;
                }
            };
            let more = call.more.expect("a request");
            let written: Vec<_> = more
                .fields
                .iter()
                .map(|(name, value)| {
                    format!(
                        "{}: {}",
                        String::from_utf8_lossy(name),
                        String::from_utf8_lossy(value)
                    )
                })
                .collect();
            assert_eq!(
                (&*more.method, &*call.target),
                (method.as_bytes(), target),
                "{text}"
            );
            assert_eq!(written.join("; "), fields, "{text}");
            assert_eq!(more.body.as_deref(), body.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn several_commands_keep_their_lines() {
        let calls = read(
            "# two\ncurl http://a/\n\ncurl \\\n http://b/ http://c/\nwget http://d/\ncurl 'open",
        );
        let lines: Vec<_> = calls
            .iter()
            .map(|call| match call {
                Ok(call) => (
                    call.target.as_str(),
                    call.more.as_ref().map_or(0, |more| more.line),
                ),
                Err(error) => ("", error.line),
            })
            .collect();
        assert_eq!(
            lines,
            [
                ("http://a/", 2),
                ("http://b/", 4),
                ("http://c/", 4),
                ("", 6),
                ("", 7)
            ]
        );
    }
}

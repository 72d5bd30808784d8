//! Options of what is given, and files of all kinds as targets.

use std::fs::File;
use std::io::{BufRead, BufReader};

use httpwhy_ingest::inputs::{self, Items, Kind};
use httpwhy_ingest::{Call, Input, Options, Unread};
use httpwhy_render::safe;

use super::complain;
use crate::exit::Failure;
use crate::unread::said;

/// Requests of one document at most.
const MOST: usize = 2_000_000;
/// Mistakes of one document that are named one by one.
const NAMED: usize = 10;

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Inputs")]
pub(crate) struct InputArgs {
    /// What the files are, instead of what they look like: list, csv, sitemap, har, openapi, postman, insomnia, burp, curl, raw-request
    #[arg(long = "as", value_name = "KIND", value_parser = kind)]
    kind: Option<&'static Kind>,

    /// The column of a table (CSV) that holds the targets: its name, or its number from 1
    #[arg(long, value_name = "NAME|N")]
    column: Option<String>,

    /// Ask there: in the place of the server that a description names, and of scheme, host and port of all other files' targets
    #[arg(long, value_name = "URL", value_parser = base)]
    base: Option<String>,

    /// The value of a variable of a collection or of a server, or of a parameter of a description
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,

    /// Send also what recordings, collections and descriptions hold of methods that may change something (POST, PUT, PATCH, DELETE …); without it these are recorded as left out
    #[arg(long)]
    all_methods: bool,

    /// Go on with the good parts of a file that is bad in parts; each bad part has its record
    #[arg(long)]
    keep_going: bool,
}

/// A file or standard input, opened.
pub(crate) struct Opened {
    pub(crate) items: Items<Call>,
    /// How many there are, where that is known.
    pub(crate) total: Option<usize>,
    /// Lines of a list or table, which are complained about one by one.
    pub(crate) is_list: bool,
    /// Unsafe methods are sent without further ado.
    pub(crate) all_methods: bool,
}

impl InputArgs {
    /// Whether a file whose first bytes look like a plain list is to be read as something else, or otherwise.
    pub(crate) fn changes_lists(&self) -> bool {
        self.kind.is_some() || self.column.is_some() || self.base.is_some()
    }

    /// The target of a URL on the command line.
    pub(crate) fn target(&self, url: &str) -> String {
        inputs::rebased(url, self.base.as_deref())
    }

    /// Reads what a file holds; of what is no list all of it, so that a mistake at its end stops the run at its start.
    pub(crate) fn open(
        &self,
        name: &str,
        reader: Box<dyn BufRead + Send>,
        quiet: bool,
    ) -> Result<Opened, Failure> {
        let refused = |unread: &Unread| Failure::usage(said(name, unread));
        let options = Options {
            name: name.to_owned(),
            column: self.column.clone(),
            base: self.base.clone(),
            variables: self.variables.clone(),
            for_calls: true,
        };
        let wanted = match (self.kind, &self.column) {
            (None, Some(_)) => inputs::kind("csv"),
            (kind, _) => kind,
        };
        let input = Input::recognise(reader, options, wanted).map_err(|unread| refused(&unread))?;
        let kind = input.kind;
        let items = input.calls().map_err(|unread| refused(&unread))?;
        let all_methods = self.all_methods || kind.deliberate;
        if matches!(kind.name, "list" | "csv") {
            return Ok(Opened {
                items,
                total: None,
                is_list: true,
                all_methods,
            });
        }
        let items = self.all(name, items, quiet)?;
        Ok(Opened {
            total: Some(items.len()),
            items: Box::new(items.into_iter()),
            is_list: false,
            all_methods,
        })
    }

    fn all(
        &self,
        name: &str,
        items: Items<Call>,
        quiet: bool,
    ) -> Result<Vec<Result<Call, Unread>>, Failure> {
        let mut all = Vec::new();
        let mut bad = Vec::new();
        for item in items {
            match &item {
                Err(note) if note.is_note() => {
                    if !quiet {
                        complain(&said(name, note));
                    }
                    continue;
                }
                Err(unread) => bad.push(said(name, unread)),
                Ok(_) => {}
            }
            if all.len() == MOST {
                let what = format!("'{}' holds more than {MOST} requests; split it", safe(name));
                return Err(Failure::usage(what));
            }
            all.push(item);
        }
        let good = all.len() - bad.len();
        if !bad.is_empty() && (!self.keep_going || good == 0) {
            let mut lines = named(&bad);
            if good > 0 {
                lines.push(format!("nothing was sent; --keep-going asks for the {good} good one(s) and records the others"));
            }
            return Err(Failure::usage(lines.join("\nhttpwhy: ")));
        }
        if !quiet {
            for line in named(&bad) {
                complain(&line);
            }
        }
        Ok(all)
    }
}

/// The first mistakes, each once, and how many more there are. One mistake can stand in the way of many requests.
fn named(bad: &[String]) -> Vec<String> {
    let mut each: Vec<(&String, usize)> = Vec::new();
    for line in bad {
        if let Some((_, times)) = each.iter_mut().find(|(known, _)| *known == line) {
            *times += 1;
        } else if each.len() < NAMED {
            each.push((line, 1));
        }
    }
    let told: usize = each.iter().map(|(_, times)| times).sum();
    let mut lines: Vec<String> = each
        .iter()
        .map(|(line, times)| match times {
            1 => (*line).clone(),
            times => format!("{line}; the same for {times} requests"),
        })
        .collect();
    if bad.len() > told {
        lines.push(format!("and {} more", bad.len() - told));
    }
    lines
}

/// Opens a file.
pub(crate) fn file(name: &str) -> Result<BufReader<File>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format_args!(
            "cannot read '{}': {error} (input/file-unreadable)",
            safe(name)
        ))
    };
    let open = File::open(name).map_err(unreadable)?;
    if open.metadata().map_err(unreadable)?.is_dir() {
        return Err(Failure::usage(format_args!(
            "'{}' is a directory; a list, recording or description is expected",
            safe(name)
        )));
    }
    Ok(BufReader::with_capacity(64 * 1024, open))
}

/// Whether what can be seen at once is a plain list: its first line that is no remark begins with a URL.
pub(crate) fn is_plain_list(first: &[u8]) -> bool {
    let text = String::from_utf8_lossy(first);
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let word = line.split('\t').next().unwrap_or_default();
        let scheme = word.split("://").next().unwrap_or_default();
        word.contains("://") && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn kind(name: &str) -> Result<&'static Kind, String> {
    inputs::kind(name)
        .filter(|kind| kind.asks())
        .ok_or_else(|| {
            let names: Vec<_> = inputs::all()
                .iter()
                .filter(|kind| kind.asks())
                .map(|kind| kind.name)
                .collect();
            format!("'{name}' is no kind of input; {} are", names.join(", "))
        })
}

fn base(text: &str) -> Result<String, String> {
    let good = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https" | "ws" | "wss")
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if !good {
        return Err(
            "a URL without query is expected, as in https://staging.example/api".to_owned(),
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.trim().is_empty())
        .ok_or("NAME=VALUE is expected, and there is no '='")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_known_by_their_first_line() {
        for (text, is) in [
            ("# x\n\nhttp://a/\n", true),
            ("ftp://a/", true),
            ("curl http://a/", false),
            ("openapi: 3.0.0\nurl: http://a/", false),
            ("url,name\nhttp://a/,x", false),
            ("{\"a\":\"http://b\"}", false),
            ("", false),
        ] {
            assert_eq!(is_plain_list(text.as_bytes()), is, "{text}");
        }
    }
}

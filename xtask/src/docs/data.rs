//! What the site is made of: outcomes, questions, signatures.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::clients;
use super::markdown;
use super::views::{READERS, Reader};
use crate::tree::Tree;

/// An outcome, as `list --json` has it.
#[derive(Deserialize, Debug)]
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) former: Vec<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) phase: String,
    pub(crate) blame: String,
    pub(crate) retry: String,
    pub(crate) expected: Vec<String>,
    pub(crate) forbidden: Vec<String>,
    pub(crate) reproduce: BTreeMap<String, serde_json::Value>,
    pub(crate) sources: Vec<String>,
    pub(crate) said: Vec<Said>,
    pub(crate) leads_to: Vec<String>,
    pub(crate) confirmed: bool,
    pub(crate) text: Text,
}

/// What is often said and wrong.
#[derive(Deserialize, Debug)]
pub(crate) struct Said {
    pub(crate) claim: String,
    pub(crate) truth: String,
    pub(crate) source: String,
}

/// The sections, Markdown.
#[derive(Deserialize, Debug)]
pub(crate) struct Text {
    pub(crate) lead: String,
    pub(crate) meaning: String,
    pub(crate) cause: String,
    pub(crate) retry: String,
    pub(crate) fix_all: String,
    pub(crate) fix: Vec<Fix>,
    pub(crate) transcript: String,
    pub(crate) references: String,
}

/// What to do, for one audience.
#[derive(Deserialize, Debug)]
pub(crate) struct Fix {
    #[serde(rename = "for")]
    pub(crate) audience: String,
    pub(crate) text: String,
}

/// A row of a view, as `list --view … --json` has it.
#[derive(Deserialize, Debug)]
struct ListedLine {
    id: String,
    listed: Listed,
}

/// How the view names an outcome, and whose remedies it shows.
#[derive(Deserialize, Debug)]
struct Listed {
    code: String,
    #[serde(rename = "for")]
    audiences: Vec<String>,
}

/// What one kind of reader needs.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) reader: &'static Reader,
    pub(crate) rows: Vec<ViewRow>,
}

/// A row of a view: the outcome, the code it is listed by, whose remedies are shown.
#[derive(Debug)]
pub(crate) struct ViewRow {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) audiences: Vec<String>,
}

/// A question of the decision path, as `choose --list --json` has it.
#[derive(Deserialize, Debug)]
pub(crate) struct Question {
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) help: String,
    pub(crate) choices: Vec<Choice>,
}

/// An answer and where it leads.
#[derive(Deserialize, Debug)]
pub(crate) struct Choice {
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) asks: Option<String>,
    pub(crate) sends: Option<u16>,
    pub(crate) because: Option<String>,
}

/// A `signature.toml`.
#[derive(Deserialize, Debug)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) evidence: Vec<Evidence>,
}

/// One thing that gives a product away.
#[derive(Deserialize, Debug)]
pub(crate) struct Evidence {
    pub(crate) field: Option<String>,
    pub(crate) cookie: Option<String>,
    #[serde(default)]
    pub(crate) body: bool,
    pub(crate) pattern: String,
    pub(crate) strength: String,
    pub(crate) says: String,
    pub(crate) source: String,
}

/// Whom a text speaks to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Audience {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    /// What such a person does, behind "you".
    pub(crate) who: &'static str,
}

/// All audiences, in the order of the entries.
pub(crate) const AUDIENCES: &[Audience] = &[
    Audience {
        key: "visitor",
        name: "Visitor",
        who: "use a browser, or help somebody who does",
    },
    Audience {
        key: "caller",
        name: "Caller",
        who: "write the client",
    },
    Audience {
        key: "author",
        name: "Author",
        who: "write the API or the site",
    },
    Audience {
        key: "operator",
        name: "Operator",
        who: "run the servers",
    },
    Audience {
        key: "tester",
        name: "Tester",
        who: "attack it, with permission",
    },
];

/// Namespaces that are no product: what they are called and hold. Products are named by their signature.
const SUBJECTS: &[(&str, &str, &str)] = &[
    (
        "http",
        "HTTP status codes",
        "The registered status codes and their classes.",
    ),
    (
        "net",
        "Network and transport",
        "What happens below HTTP or to its messages: names, connections, bytes that never came.",
    ),
    (
        "tls",
        "TLS and certificates",
        "Handshakes and certificate chains that failed.",
    ),
    (
        "tls-alert",
        "TLS alerts",
        "What the other side of a TLS connection said before it hung up.",
    ),
    ("ws", "WebSocket close codes", "How a WebSocket ended."),
    (
        "h2",
        "HTTP/2 error codes",
        "Why a stream or a connection was given up.",
    ),
    (
        "h3",
        "HTTP/3 error codes",
        "Why a stream or a connection was given up.",
    ),
    (
        "quic",
        "QUIC transport errors",
        "Why a QUIC connection was closed.",
    ),
    (
        "grpc",
        "gRPC status codes",
        "The status of a call, within HTTP/2 trailers.",
    ),
    (
        "proxy-status",
        "Proxy-Status errors",
        "The error types of RFC 9209, as intermediaries name them.",
    ),
    (
        "proxy",
        "Proxies",
        "What happens on the way through a proxy.",
    ),
    (
        "warning",
        "Warning codes",
        "The obsolete Warning field of caches.",
    ),
    (
        "auth",
        "Sign-in flows",
        "What goes wrong while a login is performed.",
    ),
    ("input", "Input", "Targets that are none: nothing was sent."),
    (
        "engine",
        "httpwhy itself",
        "Failures and limits of the engine.",
    ),
    ("repeater", "Repeaters", "Workers inside private networks."),
    ("browser", "Browser probes", "Failures of a driven browser."),
    (
        "fleet",
        "Fleet",
        "Failures between the parts of a distributed run.",
    ),
    (
        "webdriver",
        "WebDriver errors",
        "What a driven browser reports.",
    ),
];

/// Products that no signature names, because nothing in a response gives them away.
const UNSIGNED: &[(&str, &str)] = &[
    ("anthropic", "Anthropic API"),
    ("google", "Google"),
    ("google-rpc", "Google APIs"),
    ("linkedin", "LinkedIn"),
    ("microsoft", "Microsoft"),
    ("nemesida", "Nemesida WAF"),
    ("qualys", "Qualys"),
    ("twitter", "Twitter"),
];

/// Everything the site is made of.
#[derive(Debug)]
pub(crate) struct Data {
    /// Sorted by id.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) questions: Vec<Question>,
    /// In the order of the readers.
    pub(crate) views: Vec<View>,
    /// What other people's clients say.
    pub(crate) clients: Vec<clients::Row>,
    pub(crate) signatures: BTreeMap<String, Signature>,
    /// Page by id.
    pages: BTreeMap<String, String>,
    /// By id: the ids of outcomes that mention it.
    mentioned_by: BTreeMap<String, BTreeSet<String>>,
}

impl Data {
    /// Asks the binary, and reads the signatures.
    pub(crate) fn of_the_binary(tree: &Tree) -> Result<Self> {
        let outcomes = lines(&ask(tree, &["list", "--json"])?).context("httpwhy list --json")?;
        let questions = lines(&ask(tree, &["choose", "--list", "--json"])?)
            .context("httpwhy choose --list --json")?;
        let mut signatures = BTreeMap::new();
        for file in tree.files("catalog/outcomes")? {
            let Some(namespace) = (file.strip_prefix("catalog/outcomes/"))
                .and_then(|rest| rest.strip_suffix("/signature.toml"))
            else {
                continue;
            };
            let text = tree.read(&file)?.unwrap_or_default();
            let signature = toml::from_str(&text).with_context(|| file.clone())?;
            signatures.insert(namespace.to_owned(), signature);
        }
        let mut views = Vec::new();
        for reader in READERS {
            let asked = ["list", "--view", reader.key, "--json"];
            let rows = lines(&ask(tree, &asked)?).with_context(|| asked.join(" "))?;
            views.push(view(reader, rows));
        }
        let mut data = Self::of(outcomes, questions, views, signatures);
        data.clients = clients::of_the_tests(tree)?;
        Ok(data)
    }

    pub(crate) fn of(
        mut outcomes: Vec<Outcome>,
        questions: Vec<Question>,
        views: Vec<View>,
        signatures: BTreeMap<String, Signature>,
    ) -> Self {
        outcomes.sort_by(|a, b| a.id.cmp(&b.id));
        let pages = pages(&outcomes);
        let mut data = Self {
            outcomes,
            questions,
            views,
            signatures,
            pages,
            clients: Vec::new(),
            mentioned_by: BTreeMap::new(),
        };
        let mut mentioned_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for outcome in &data.outcomes {
            for id in data.mentioned(outcome) {
                mentioned_by
                    .entry(id)
                    .or_default()
                    .insert(outcome.id.clone());
            }
        }
        data.mentioned_by = mentioned_by;
        data
    }

    /// The page of an outcome. Empty when there is no such outcome, which the link check finds.
    pub(crate) fn page(&self, id: &str) -> &str {
        self.pages.get(id).map_or("", String::as_str)
    }

    /// The outcome of that id.
    pub(crate) fn outcome(&self, id: &str) -> Option<&Outcome> {
        let at = self
            .outcomes
            .binary_search_by(|outcome| outcome.id.as_str().cmp(id));
        at.ok().map(|at| &self.outcomes[at])
    }

    /// Namespaces that own outcomes, `http` first, then subjects in their order, then products by name.
    pub(crate) fn namespaces(&self) -> Vec<&str> {
        let mut found: Vec<&str> = (self.outcomes.iter())
            .map(Outcome::namespace)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        found.sort_by_key(|namespace| {
            let subject = SUBJECTS.iter().position(|(key, ..)| key == namespace);
            (
                subject.unwrap_or(SUBJECTS.len()),
                self.name(namespace).to_lowercase(),
            )
        });
        found
    }

    /// Whether the namespace is a subject rather than a product.
    pub(crate) fn is_subject(namespace: &str) -> bool {
        SUBJECTS.iter().any(|(key, ..)| *key == namespace)
    }

    /// What people call the namespace.
    pub(crate) fn name<'a>(&'a self, namespace: &'a str) -> &'a str {
        let subject = SUBJECTS.iter().find(|(key, ..)| *key == namespace);
        let product = || (self.signatures.get(namespace)).map(|signature| signature.name.as_str());
        let unsigned = || UNSIGNED.iter().find(|(key, _)| *key == namespace);
        (subject.map(|(_, name, _)| *name))
            .or_else(product)
            .or_else(|| unsigned().map(|(_, name)| *name))
            .unwrap_or(namespace)
    }

    /// What the namespace holds, in a sentence.
    pub(crate) fn about(&self, namespace: &str) -> String {
        if let Some((.., about)) = SUBJECTS.iter().find(|(key, ..)| *key == namespace) {
            return (*about).to_owned();
        }
        let name = self.name(namespace);
        match self
            .signatures
            .get(namespace)
            .map(|signature| signature.role.as_str())
        {
            Some("intermediary") => {
                format!("What {name} says when it stands in front of an origin.")
            }
            Some("origin") => format!("What {name} says as the origin."),
            _ => format!("What {name} says in words of its own."),
        }
    }

    /// The outcomes of a namespace, by id.
    pub(crate) fn within(&self, namespace: &str) -> impl Iterator<Item = &Outcome> {
        (self.outcomes.iter()).filter(move |outcome| outcome.namespace() == namespace)
    }

    /// Ids that the outcome's own texts name, without itself.
    pub(crate) fn mentioned(&self, outcome: &Outcome) -> BTreeSet<String> {
        let text = &outcome.text;
        let fixes = text.fix.iter().map(|fix| &fix.text).chain([&text.fix_all]);
        [
            &text.lead,
            &text.meaning,
            &text.cause,
            &text.retry,
            &text.references,
        ]
        .into_iter()
        .chain(fixes)
        .flat_map(|text| markdown::ids(text, self))
        .filter(|id| *id != outcome.id)
        .collect()
    }

    /// Ids of outcomes whose texts name this one.
    pub(crate) fn mentioned_by(&self, id: &str) -> impl Iterator<Item = &str> {
        self.mentioned_by
            .get(id)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

impl Outcome {
    /// The part of the id before the slash.
    pub(crate) fn namespace(&self) -> &str {
        self.id
            .split_once('/')
            .map_or(&*self.id, |(namespace, _)| namespace)
    }

    /// The part of the id behind the slash.
    pub(crate) fn code(&self) -> &str {
        self.id.split_once('/').map_or("", |(_, code)| code)
    }

    /// `404 Not Found`, but `Connection refused` where the code is a word.
    pub(crate) fn headline(&self) -> String {
        let code = self.code();
        let is_number = code.starts_with(|c: char| c.is_ascii_digit());
        if is_number && !self.title.starts_with(code) {
            return format!("{code} {}", self.title);
        }
        self.title.clone()
    }
}

/// The page of a namespace.
pub(crate) fn namespace_page(namespace: &str) -> String {
    format!("vendor/{namespace}.html")
}

/// The page of an audience.
pub(crate) fn audience_page(audience: &str) -> String {
    format!("for/{audience}.html")
}

/// A page for each id. Codes that differ by case only (HAProxy's) get the pattern of their case behind a `~`, because
/// some file systems hold such names for the same.
fn pages(outcomes: &[Outcome]) -> BTreeMap<String, String> {
    let mut same: BTreeMap<String, usize> = BTreeMap::new();
    for outcome in outcomes {
        *same.entry(outcome.id.to_lowercase()).or_default() += 1;
    }
    (outcomes.iter())
        .map(|outcome| {
            let mut page = format!("outcome/{}", outcome.id);
            if same[&outcome.id.to_lowercase()] > 1 {
                page.push('~');
                page.extend(outcome.code().chars().map(|c| match c {
                    c if c.is_uppercase() => 'u',
                    c if c.is_lowercase() => 'l',
                    _ => '-',
                }));
            }
            (outcome.id.clone(), page + ".html")
        })
        .collect()
}

fn view(reader: &'static Reader, rows: Vec<ListedLine>) -> View {
    let row = |line: ListedLine| ViewRow {
        id: line.id,
        code: line.listed.code,
        audiences: line.listed.audiences,
    };
    View {
        reader,
        rows: rows.into_iter().map(row).collect(),
    }
}

/// The page of a view.
pub(crate) fn view_page(view: &str) -> String {
    format!("view/{view}.html")
}

fn ask(tree: &Tree, arguments: &[&str]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--package", "httpwhy", "--"])
        .args(arguments)
        .current_dir(tree.root())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("httpwhy {}", arguments.join(" ")))?;
    if !output.status.success() {
        bail!("httpwhy {} failed", arguments.join(" "));
    }
    String::from_utf8(output.stdout).context("the answer is no UTF-8")
}

/// JSON Lines.
fn lines<T: for<'a> Deserialize<'a>>(text: &str) -> Result<Vec<T>> {
    (text.lines().enumerate())
        .map(|(index, line)| {
            serde_json::from_str(line).with_context(|| format!("line {}", index + 1))
        })
        .collect()
}

/// A small catalogue with everything that can go wrong in it.
#[cfg(test)]
pub(crate) fn planted() -> Data {
    const EVIL: &str = "<script>alert(1)</script>";
    let outcome = |id: &str, title: &str, meaning: &str| Outcome {
        id: id.into(),
        title: title.into(),
        former: vec![format!("Old {EVIL}")],
        aliases: vec![format!("alias \"{EVIL}\"")],
        phase: "wait".into(),
        blame: "client".into(),
        retry: "never".into(),
        expected: vec![format!("Allow{EVIL}"), "ETag (should)".into()],
        forbidden: vec!["Content-Length".into()],
        reproduce: BTreeMap::from([("none".to_owned(), EVIL.into())]),
        sources: vec!["RFC 9110 15.5.5".into(), EVIL.into()],
        said: vec![Said {
            claim: EVIL.into(),
            truth: format!("`http/404` {EVIL}"),
            source: EVIL.into(),
        }],
        leads_to: vec!["http/404".into()],
        confirmed: false,
        text: Text {
            lead: format!("It is **gone** {EVIL}."),
            meaning: meaning.into(),
            cause: format!("1. `{EVIL}`\n2. <img src=x onerror=alert(1)>"),
            retry: "[click](javascript:alert(1)) ![x](http://evil.example/x.png)".into(),
            fix_all: "Nothing to fix.".into(),
            fix: vec![Fix {
                audience: "operator".into(),
                text: EVIL.into(),
            }],
            transcript: format!("> GET /{EVIL} HTTP/1.1\n< HTTP/1.1 404 Not Found\n* eof:0\n"),
            references: EVIL.into(),
        },
    };
    let question = Question {
        key: "role".into(),
        text: format!("Who {EVIL}?"),
        help: EVIL.into(),
        choices: vec![
            Choice {
                key: "a".into(),
                text: EVIL.into(),
                asks: None,
                sends: Some(404),
                because: Some(EVIL.into()),
            },
            Choice {
                key: "c".into(),
                text: "again".into(),
                asks: Some("role".into()),
                sends: None,
                because: None,
            },
        ],
    };
    let signature = Signature {
        name: format!("nginx {EVIL}"),
        role: "intermediary".into(),
        evidence: vec![Evidence {
            field: Some("server".into()),
            cookie: None,
            body: false,
            pattern: EVIL.into(),
            strength: "strong".into(),
            says: "passed".into(),
            source: EVIL.into(),
        }],
    };
    Data::of(
        vec![
            outcome(
                "nginx/499",
                "Client closed request",
                "See `http/404`, `no/such` and http/404.",
            ),
            outcome(
                "http/404",
                "Not Found",
                "See `nginx/499` and `haproxy/sC--`.",
            ),
            outcome("haproxy/SC--", "Server, connect", "Not `haproxy/sC--`."),
            outcome("haproxy/sC--", "Server, connect timeout", "Plain."),
        ],
        vec![question],
        vec![View {
            reader: &READERS[0],
            rows: vec![ViewRow {
                id: "http/404".into(),
                code: "404".into(),
                audiences: vec!["operator".into()],
            }],
        }],
        BTreeMap::from([("nginx".to_owned(), signature)]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_differ_by_more_than_case() {
        let data = planted();
        assert_eq!(data.page("http/404"), "outcome/http/404.html");
        assert_eq!(data.page("haproxy/SC--"), "outcome/haproxy/SC--~uu--.html");
        assert_eq!(data.page("haproxy/sC--"), "outcome/haproxy/sC--~lu--.html");
    }

    #[test]
    fn mentions_go_both_ways_and_only_to_what_exists() {
        let data = planted();
        let nginx = data.outcome("nginx/499").expect("planted");
        assert_eq!(
            data.mentioned(nginx),
            BTreeSet::from(["http/404".to_owned()])
        );
        let by: Vec<&str> = data.mentioned_by("haproxy/sC--").collect();
        assert_eq!(by, ["haproxy/SC--", "http/404"]);
    }
}

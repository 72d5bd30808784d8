//! Postman collections, format 2.0 and 2.1: folders, variables, inherited credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::Unread;
use crate::doc::{Node, Value, pointer};
use crate::inputs::call::{More, encoded, is_own, rebased};
use crate::inputs::form::{multipart, pair};
use crate::inputs::variables::filled;
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};

pub(crate) static KIND: Kind = Kind {
    name: "postman",
    title: "a Postman collection",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: false,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let bare = look.json("info") == Some(b'{') && look.json("item") == Some(b'[');
    let wrapped = look.json("collection") == Some(b'{') && look.contains("schema.getpostman.com");
    (bare || wrapped).then_some(Sure::Certain)
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    items(content.document().and_then(|root| {
        // The API of Postman wraps what its export gives bare.
        let (collection, at) = match root.get("collection") {
            Some(inner) => (inner, "/collection"),
            None => (&root, ""),
        };
        let schema = collection
            .get("info")
            .and_then(|info| info.text_of("schema"));
        if schema.is_some_and(|schema| schema.contains("/v1.")) {
            let what =
                "the collection has format 1, which is not read: export it as Collection v2.1";
            return Err(Unread::mapping(
                collection.place,
                &pointer(at, "info"),
                what,
            ));
        }
        let mut calls = Vec::new();
        let folder = Folder {
            options,
            variables: vec![collection],
            auth: collection.get("auth"),
        };
        folder.read(collection, at, &mut calls);
        if calls.is_empty() {
            let what = "no request stands in this collection";
            calls.push(Err(Unread::word("file-empty", what).under("/item")));
        }
        Ok(calls)
    }))
}

/// A folder with all that requests in it inherit.
struct Folder<'a> {
    options: &'a Options,
    /// The levels that may hold variables, the outermost first.
    variables: Vec<&'a Node>,
    auth: Option<&'a Node>,
}

impl<'a> Folder<'a> {
    fn read(&self, node: &'a Node, at: &str, calls: &mut Vec<Result<Call, Unread>>) {
        let list = pointer(at, "item");
        for (nth, item) in node
            .get("item")
            .map_or(&[][..], Node::list)
            .iter()
            .enumerate()
        {
            let at = pointer(&list, &nth.to_string());
            let auth = item.get("auth").or(self.auth);
            let mut variables = self.variables.clone();
            variables.push(item);
            let inner = Folder {
                options: self.options,
                variables,
                auth,
            };
            if item.get("item").is_some() {
                inner.read(item, &at, calls);
            } else if let Some(request) = item.get("request") {
                let call = inner.request(request, &pointer(&at, "request"));
                calls.push(call.map_err(|error| placed(error, request, &at)));
            } else {
                let what = "neither a request nor a folder: a member request or item is expected";
                calls.push(Err(Unread::mapping(item.place, &at, what)));
            }
        }
    }

    fn request(&self, request: &'a Node, at: &str) -> Result<Call, Unread> {
        let url = match &request.value {
            Value::Text(url) => return Ok(Call::new(self.target(url)?, blank(at, request))),
            Value::Map(_) => request.get("url"),
            _ => None,
        };
        let Some(url) = url else {
            let what = "the request has no URL";
            return Err(Unread::mapping(request.place, &pointer(at, "url"), what));
        };
        let mut target = self.target(&self.url(url, at)?)?;
        let mut more = More {
            method: self
                .filled(request.text_of("method").unwrap_or("GET"))?
                .into(),
            ..blank(at, request)
        };
        self.fields(request, &mut more)?;
        self.body(request, &mut more)?;
        let auth = request.get("auth").or(self.auth);
        self.log_in(auth, &mut target, &mut more)?;
        Ok(Call::new(target, more))
    }

    /// The URL as text: written, or in parts.
    fn url(&self, url: &Node, at: &str) -> Result<String, Unread> {
        let raw = match url.text().or_else(|| url.text_of("raw")) {
            Some(raw) => raw.to_owned(),
            None => in_parts(url).ok_or_else(|| {
                let at = pointer(at, "url");
                Unread::mapping(
                    url.place,
                    &at,
                    "a URL is expected: a text, raw, or host and path",
                )
            })?,
        };
        let own = url.get("variable").map_or(&[][..], Node::list);
        let mut parts = Vec::new();
        let (path, query) = raw
            .split_once('?')
            .map_or((&*raw, None), |(path, query)| (path, Some(query)));
        for part in path.split('/') {
            let Some(name) = part.strip_prefix(':').filter(|name| !name.is_empty()) else {
                parts.push(part.to_owned());
                continue;
            };
            let told = self.option(name).map(str::to_owned);
            let own = own.iter().find(|variable| key(variable) == Some(name));
            let own = own.and_then(|variable| variable.get("value")?.plain());
            let value = told.or_else(|| own.map(std::borrow::Cow::into_owned));
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                let what = format!(
                    "the path variable :{} has no value: give --var {0}=VALUE",
                    name.escape_debug()
                );
                return Err(Unread::word("variable-unknown", what).with("name", name));
            };
            parts.push(encoded(&self.filled(&value)?));
        }
        let path = parts.join("/");
        Ok(match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        })
    }

    fn target(&self, url: &str) -> Result<String, Unread> {
        let base = self.options.base.as_deref();
        // What a variable at the front stands for is replaced anyway.
        let url = match (base, url.strip_prefix("{{")) {
            (Some(_), Some(rest)) => rest.split_once("}}").map_or("", |(_, rest)| rest),
            _ => url,
        };
        let target = self.filled(url)?;
        let target = match target.contains("://") || base.is_some() && !is_host(&target) {
            true => target,
            // Postman takes http where no scheme is written.
            false => format!("http://{target}"),
        };
        Ok(rebased(target.trim(), base))
    }

    fn fields(&self, request: &Node, more: &mut More) -> Result<(), Unread> {
        let list = request.get("header").map_or(&[][..], Node::list);
        for (name, value) in enabled(list) {
            let (name, value) = (self.filled(name)?, self.filled(&value)?);
            if !is_own(&name) {
                more.fields.push((name.into(), value.into()));
            }
        }
        Ok(())
    }

    fn body(&self, request: &Node, more: &mut More) -> Result<(), Unread> {
        let Some(body) = request.get("body") else {
            return Ok(());
        };
        let mode = body.text_of("mode").unwrap_or_default();
        let content = body.get(mode);
        let (media_type, bytes): (&str, Bytes) = match (mode, content) {
            ("raw", Some(raw)) => {
                let language = body
                    .get("options")
                    .and_then(|options| options.get("raw")?.text_of("language"));
                let media_type = match language {
                    Some("json") => "application/json",
                    Some("xml") => "application/xml",
                    Some("html") => "text/html",
                    _ => "text/plain",
                };
                (
                    media_type,
                    self.filled(raw.text().unwrap_or_default())?.into(),
                )
            }
            ("urlencoded", Some(list)) => {
                let mut form = Vec::new();
                for (name, value) in enabled(list.list()) {
                    form.push(pair(&self.filled(name)?, &self.filled(&value)?));
                }
                ("application/x-www-form-urlencoded", form.join("&").into())
            }
            ("formdata", Some(list)) => {
                let mut form = Vec::new();
                for (name, value) in enabled(list.list()) {
                    form.push((self.filled(name)?, self.filled(&value)?));
                }
                (
                    "multipart/form-data; boundary=httpwhy-boundary-5f1b",
                    multipart(&form).into(),
                )
            }
            ("graphql", Some(graphql)) => {
                ("application/json", self.filled(&graphql.to_json())?.into())
            }
            _ => return Ok(()),
        };
        if bytes.is_empty() {
            return Ok(());
        }
        let is_told = more
            .fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(b"content-type"));
        if !is_told {
            more.fields
                .push(("Content-Type".into(), media_type.to_owned().into()));
        }
        more.body = Some(bytes);
        Ok(())
    }

    /// Credentials of the kinds that need no exchange of their own: basic, bearer, API key.
    fn log_in(
        &self,
        auth: Option<&Node>,
        target: &mut String,
        more: &mut More,
    ) -> Result<(), Unread> {
        let Some(auth) = auth else { return Ok(()) };
        let kind = auth.text_of("type").unwrap_or("noauth");
        let of = |name: &str| -> Result<String, Unread> {
            let part = auth.get(kind);
            let value = part.and_then(|part| match &part.value {
                // Format 2.1 has a list of pairs, 2.0 an object.
                Value::List(list) => list
                    .iter()
                    .find(|pair| key(pair) == Some(name))?
                    .get("value")?
                    .plain(),
                _ => part.get(name)?.plain(),
            });
            self.filled(&value.unwrap_or_default())
        };
        let mut field = |name: String, value: String| {
            let is_told = more
                .fields
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
            if !is_told {
                more.fields.push((name.into(), value.into()));
            }
        };
        match kind {
            "basic" => {
                let user = format!("{}:{}", of("username")?, of("password")?);
                field(
                    "Authorization".to_owned(),
                    format!("Basic {}", STANDARD.encode(user)),
                );
            }
            "bearer" => field(
                "Authorization".to_owned(),
                format!("Bearer {}", of("token")?),
            ),
            "apikey" if of("in")? == "query" => {
                target.push(if target.contains('?') { '&' } else { '?' });
                target.push_str(&pair(&of("key")?, &of("value")?));
            }
            "apikey" => field(of("key")?, of("value")?),
            // Others take exchanges of their own.
            _ => {}
        }
        Ok(())
    }

    fn filled(&self, text: &str) -> Result<String, Unread> {
        filled(text, &|name| self.variable(name))
    }

    fn option(&self, name: &str) -> Option<&'a str> {
        let found = self
            .options
            .variables
            .iter()
            .rev()
            .find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A variable of the user, else of the innermost folder that has it.
    fn variable(&self, name: &str) -> Option<&'a str> {
        let levels = self.variables.iter().rev().copied();
        let mut variables =
            levels.flat_map(|level| level.get("variable").map_or(&[][..], Node::list));
        self.option(name).or_else(|| {
            let found = variables.find(|variable| key(variable) == Some(name))?;
            let value = found.get("value")?;
            match &value.value {
                Value::Text(text) | Value::Number(text) => Some(text),
                _ => None,
            }
        })
    }
}

/// A host in front, rather than a path.
fn is_host(target: &str) -> bool {
    let host = target.split(['/', '?', '#']).next().unwrap_or_default();
    host.contains('.') || host.contains(':') || host == "localhost"
}

fn placed(error: Unread, request: &Node, at: &str) -> Unread {
    match error.line {
        0 => error.at(request.place).under(at),
        _ => error,
    }
}

/// The name of a pair: `key`, or of a variable `id`.
fn key(node: &Node) -> Option<&str> {
    node.text_of("key").or_else(|| node.text_of("id"))
}

/// Name and value of the pairs that are not switched off; a pair of a file has no value.
fn enabled(list: &[Node]) -> impl Iterator<Item = (&str, String)> {
    list.iter().filter_map(|pair| {
        let off = pair.get("disabled").and_then(Node::bool) == Some(true);
        let value = pair.get("value").and_then(Node::plain).unwrap_or_default();
        (!off).then_some((key(pair)?, value.into_owned()))
    })
}

/// What a request says beside its target before any of it is read.
fn blank(at: &str, request: &Node) -> More {
    More {
        method: "GET".into(),
        pointer: at.to_owned(),
        line: request.place.line as usize,
        ..More::default()
    }
}

/// `protocol`, `host`, `port`, `path`, `query`.
fn in_parts(url: &Node) -> Option<String> {
    let join = |name: &str, between: &str| -> Option<String> {
        let node = url.get(name)?;
        match &node.value {
            Value::List(list) => {
                let parts: Vec<_> = list
                    .iter()
                    .filter_map(|part| part.text().or_else(|| part.text_of("value")))
                    .collect();
                Some(parts.join(between))
            }
            _ => node.plain().map(std::borrow::Cow::into_owned),
        }
    };
    let host = join("host", ".")?;
    let mut out = match url.text_of("protocol") {
        Some(protocol) => format!("{protocol}://{host}"),
        None => host,
    };
    if let Some(port) = join("port", "") {
        out.extend([":", &port]);
    }
    if let Some(path) = join("path", "/") {
        out.extend(["/", path.trim_start_matches('/')]);
    }
    let query: Vec<String> = enabled(url.get("query").map_or(&[][..], Node::list))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !query.is_empty() {
        out.extend(["?", &query.join("&")]);
    }
    Some(out)
}

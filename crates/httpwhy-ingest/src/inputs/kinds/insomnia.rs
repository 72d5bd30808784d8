//! Exports of Insomnia: format 4 (a list of resources) and 5 (a tree), JSON or YAML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Unread;
use crate::doc::{Node, pointer};
use crate::inputs::call::{More, is_own, rebased};
use crate::inputs::form::pair;
use crate::inputs::variables::filled;
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};

pub(crate) static KIND: Kind = Kind {
    name: "insomnia",
    title: "an export of Insomnia",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: false,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let old = look.json("resources") == Some(b'[') && look.json("__export_format").is_some()
        || look.yaml("__export_format").is_some();
    let new = look
        .yaml("type")
        .is_some_and(|value| value.contains("insomnia.rest/5"))
        || look.json("type").is_some() && look.contains("insomnia.rest/5");
    (old || new).then_some(Sure::Certain)
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    items(content.document().map(|root| {
        let mut export = Export {
            options,
            environments: Vec::new(),
            calls: Vec::new(),
        };
        export.environments.extend(
            root.get("environments")
                .and_then(|environment| environment.get("data")),
        );
        let resources = root.get("resources").map_or(&[][..], Node::list);
        let kind = |node: &Node, wanted: &str| node.text_of("_type") == Some(wanted);
        let environments = resources.iter().filter(|node| kind(node, "environment"));
        export
            .environments
            .extend(environments.filter_map(|node| node.get("data")));
        for (nth, node) in resources.iter().enumerate() {
            if kind(node, "request") {
                export.add(node, &pointer("/resources", &nth.to_string()));
            }
        }
        if let Some(tree) = root.get("collection") {
            export.tree(tree, "/collection");
        }
        if export.calls.is_empty() {
            let what = "no request stands in this export";
            export.calls.push(Err(Unread::word("file-empty", what)));
        }
        export.calls
    }))
}

struct Export<'a> {
    options: &'a Options,
    environments: Vec<&'a Node>,
    calls: Vec<Result<Call, Unread>>,
}

impl<'a> Export<'a> {
    fn tree(&mut self, list: &'a Node, at: &str) {
        for (nth, node) in list.list().iter().enumerate() {
            let at = pointer(at, &nth.to_string());
            match node.get("children") {
                Some(children) => self.tree(children, &pointer(&at, "children")),
                None => self.add(node, &at),
            }
        }
    }

    fn add(&mut self, node: &'a Node, at: &str) {
        let call = self.call(node, at);
        self.calls.push(call.map_err(|error| match error.line {
            0 => error.at(node.place).under(at),
            _ => error,
        }));
    }

    fn call(&self, node: &Node, at: &str) -> Result<Call, Unread> {
        let Some(url) = node.text_of("url").filter(|url| !url.is_empty()) else {
            return Err(Unread::mapping(
                node.place,
                &pointer(at, "url"),
                "the request has no URL",
            ));
        };
        let base = self.options.base.as_deref();
        let url = match (base, url.strip_prefix("{{")) {
            (Some(_), Some(rest)) => rest.split_once("}}").map_or("", |(_, rest)| rest),
            _ => url,
        };
        let mut target = rebased(&self.filled(url)?, base);
        let query = self.pairs(node.get("parameters"))?;
        for (name, value) in query {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&pair(&name, &value));
        }
        let mut more = More {
            method: self.filled(node.text_of("method").unwrap_or("GET"))?.into(),
            pointer: at.to_owned(),
            line: node.place.line as usize,
            ..More::default()
        };
        let fields = self.pairs(node.get("headers"))?.into_iter();
        let fields = fields.filter(|(name, _)| !is_own(name));
        more.fields = fields
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        self.body(node, &mut more)?;
        self.log_in(node, &mut more)?;
        Ok(Call::new(target, more))
    }

    fn body(&self, node: &Node, more: &mut More) -> Result<(), Unread> {
        let Some(body) = node.get("body") else {
            return Ok(());
        };
        let media_type = body.text_of("mimeType").unwrap_or_default();
        let text = if let Some(text) = body.text_of("text") {
            self.filled(text)?
        } else {
            let form = self.pairs(body.get("params"))?;
            let form: Vec<_> = form.iter().map(|(name, value)| pair(name, value)).collect();
            form.join("&")
        };
        if text.is_empty() {
            return Ok(());
        }
        let is_told = more
            .fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(b"content-type"));
        if !is_told && !media_type.is_empty() {
            more.fields
                .push(("Content-Type".into(), media_type.to_owned().into()));
        }
        more.body = Some(text.into());
        Ok(())
    }

    fn log_in(&self, node: &Node, more: &mut More) -> Result<(), Unread> {
        let Some(auth) = node.get("authentication") else {
            return Ok(());
        };
        if auth.get("disabled").and_then(Node::bool) == Some(true) {
            return Ok(());
        }
        let of = |name: &str| self.filled(auth.text_of(name).unwrap_or_default());
        let value = match auth.text_of("type") {
            Some("basic") => {
                let user = format!("{}:{}", of("username")?, of("password")?);
                format!("Basic {}", STANDARD.encode(user))
            }
            Some("bearer") => format!("Bearer {}", of("token")?),
            _ => return Ok(()),
        };
        more.fields.push(("Authorization".into(), value.into()));
        Ok(())
    }

    fn pairs(&self, list: Option<&Node>) -> Result<Vec<(String, String)>, Unread> {
        let list = list.map_or(&[][..], Node::list).iter();
        let enabled = list.filter(|pair| pair.get("disabled").and_then(Node::bool) != Some(true));
        let named = enabled.filter_map(|pair| {
            let value = pair.get("value").and_then(Node::plain).unwrap_or_default();
            Some((pair.text_of("name").filter(|name| !name.is_empty())?, value))
        });
        named
            .map(|(name, value)| Ok((self.filled(name)?, self.filled(&value)?)))
            .collect()
    }

    fn filled(&self, text: &str) -> Result<String, Unread> {
        let find = |name: &str| {
            let told = self
                .options
                .variables
                .iter()
                .rev()
                .find(|(known, _)| known == name);
            told.map(|(_, value)| value.as_str()).or_else(|| {
                self.environments.iter().find_map(|environment| {
                    let path = format!("/{}", name.replace('.', "/"));
                    environment.under(&path)?.text()
                })
            })
        };
        filled(text, &find)
    }
}

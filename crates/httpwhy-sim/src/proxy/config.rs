//! How a proxy is described: in the API, and in a file, a list of the same objects (Toxiproxy's form).

use serde_json::Value;

use super::shared::Layer;
use super::{Objection, Proxies};

/// The longest name.
const LONGEST_NAME: usize = 200;

/// A proxy as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyConfig {
    /// Its name.
    pub name: String,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: String,
    /// Host and port of the server behind it; empty for a forward proxy.
    pub upstream: String,
    /// `tcp`, `reverse` or `forward`.
    pub layer: String,
    /// Whether it listens.
    pub enabled: bool,
    /// `user:password` that a client of a proxy for HTTP must show; `None` for none.
    pub auth: Option<String>,
    /// Its toxics, as JSON objects.
    pub toxics: Vec<Value>,
}

impl ProxyConfig {
    /// A proxy for bytes on a free port.
    pub fn tcp(name: &str, upstream: &str) -> Self {
        Self {
            name: name.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            upstream: upstream.to_owned(),
            layer: "tcp".to_owned(),
            enabled: true,
            auth: None,
            toxics: Vec::new(),
        }
    }

    /// A reverse proxy for HTTP on a free port.
    pub fn reverse(name: &str, upstream: &str) -> Self {
        Self {
            layer: "reverse".to_owned(),
            ..Self::tcp(name, upstream)
        }
    }

    /// A forward proxy for HTTP on a free port.
    pub fn forward(name: &str) -> Self {
        Self {
            layer: "forward".to_owned(),
            ..Self::tcp(name, "")
        }
    }

    /// Reads a list of proxies: the content of a file.
    ///
    /// # Errors
    /// A sentence with line and column on what is wrong.
    pub fn read_list(text: &str) -> Result<Vec<Self>, String> {
        let list: Value = serde_json::from_str(text).map_err(|error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            format!("line {}, column {}: {what}", error.line(), error.column())
        })?;
        let Value::Array(list) = list else {
            return Err(
                "line 1, column 1: a list of proxies is expected: [{\"name\": …}]".to_owned(),
            );
        };
        let read = |(at, value)| {
            Self::read(value, None).map_err(|(_, why)| format!("proxy {}: {why}", at + 1))
        };
        list.iter().enumerate().map(read).collect()
    }

    /// Reads one; what it does not say is as `before`.
    pub(super) fn read(value: &Value, before: Option<&Self>) -> Result<Self, Objection> {
        let bad = |why: String| (400, why);
        if !value.is_object() {
            return Err(bad("a proxy is an object".to_owned()));
        }
        let text = |name: &str| match value.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(bad(format!("'{name}' must be a text"))),
        };
        let or = |given: Option<String>, old: Option<&String>| given.or_else(|| old.cloned());
        let name = or(text("name")?, before.map(|before| &before.name)).unwrap_or_default();
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains('/') {
            return Err(bad(format!(
                "'name' is needed: 1 to {LONGEST_NAME} bytes, without /"
            )));
        }
        let layer = or(text("layer")?, before.map(|before| &before.layer));
        let listen = or(text("listen")?, before.map(|before| &before.listen));
        let upstream = or(text("upstream")?, before.map(|before| &before.upstream));
        let auth = or(
            text("auth")?,
            before.and_then(|before| before.auth.as_ref()),
        );
        let enabled = match value.get("enabled") {
            None | Some(Value::Null) => before.is_none_or(|before| before.enabled),
            Some(Value::Bool(enabled)) => *enabled,
            Some(_) => return Err(bad("'enabled' is true or false".to_owned())),
        };
        let toxics = match value.get("toxics") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(toxics)) => toxics.clone(),
            Some(_) => return Err(bad("'toxics' is a list".to_owned())),
        };
        let config = Self {
            name,
            listen: listen.unwrap_or_else(|| "127.0.0.1:0".to_owned()),
            upstream: upstream.unwrap_or_default(),
            layer: layer.unwrap_or_else(|| "tcp".to_owned()),
            enabled,
            auth,
            toxics,
        };
        config.layer()?;
        Ok(config)
    }

    /// The layer, when it and what it needs are right.
    pub(super) fn layer(&self) -> Result<Layer, Objection> {
        let found = Layer::WORDS.iter().find(|(word, _)| *word == self.layer);
        let Some((_, layer)) = found else {
            let why = format!("'layer' is tcp, reverse or forward, not '{}'", self.layer);
            return Err((400, why));
        };
        if *layer != Layer::Forward && !self.upstream.contains(':') {
            return Err((400, "'upstream' is needed: host:port".to_owned()));
        }
        Ok(*layer)
    }
}

impl Proxies {
    /// Makes all of these, or says which one cannot be made.
    pub(crate) fn add_all(&self, configs: Vec<ProxyConfig>) -> Result<(), Objection> {
        for config in configs {
            let name = config.name.clone();
            self.add(config)
                .map_err(|(status, why)| (status, format!("proxy '{name}': {why}")))?;
        }
        Ok(())
    }
}

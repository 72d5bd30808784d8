//! What a client has to do for a row.

use std::path::{Path, PathBuf};

use httpwhy_sim::{Protocol, Simulator};
use serde_json::{Value, json};

use crate::table::Client;

/// How long a client waits, in seconds: where silence is the act, and everywhere else.
const SHORT: u32 = 3;
const LONG: u32 = 20;

/// One request.
pub(crate) struct Job {
    /// The row's name.
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) fields: Vec<(String, String)>,
    /// A file with the content of the request.
    pub(crate) body: Option<PathBuf>,
    pub(crate) websocket: bool,
    pub(crate) http2: bool,
    pub(crate) follow: bool,
    pub(crate) proxy: Option<String>,
    /// A file with a revocation list.
    pub(crate) crl: Option<PathBuf>,
    /// How long to wait for the end, in seconds.
    pub(crate) patience: u32,
}

impl Job {
    /// The job of that row: an outcome's id, or a path. Files that it needs are written into the folder.
    pub(crate) fn of(
        name: &str,
        number: usize,
        client: Client,
        simulator: &Simulator,
        folder: &Path,
    ) -> Self {
        // Browsers have at most six connections to one host: each plain job has a host of its own.
        let host = format!("job-{number}.sim.test");
        if name.starts_with('/') {
            let slow = ["/fault/stall/", "/hang"];
            let is_slow = slow.iter().any(|start| name.starts_with(start));
            return Self {
                name: name.to_owned(),
                url: format!("http://{host}:{}{name}", simulator.http().port()),
                method: "GET".to_owned(),
                fields: Vec::new(),
                body: None,
                websocket: false,
                http2: false,
                follow: false,
                proxy: None,
                crl: None,
                patience: if is_slow { SHORT } else { LONG },
            };
        }
        let scene = simulator.scene(name);
        let scene =
            scene.unwrap_or_else(|| panic!("table.md: {name} is no outcome that can be met"));
        let write = |kind: &str, bytes: &[u8]| {
            let file = folder.join(format!("{client:?}-{number}.{kind}"));
            std::fs::write(&file, bytes).expect("written");
            file
        };
        let http2 = scene.protocol == Protocol::Http2;
        let mut url = scene
            .target
            .replacen("://sim.test:", &format!("://{host}:"), 1);
        if http2 && client == Client::Chromium {
            // Browsers speak HTTP/2 under TLS only.
            let plain = format!("http://{host}:{}/", simulator.http().port());
            let secure = format!("https://{host}:{}/", simulator.https().port());
            url = url.replacen(&plain, &secure, 1);
        }
        Self {
            name: name.to_owned(),
            url,
            method: scene.method.clone(),
            fields: scene.fields.clone(),
            body: scene.body.as_deref().map(|body| write("body", body)),
            websocket: scene.websocket,
            http2,
            follow: scene.follow,
            proxy: scene.proxy.clone(),
            crl: scene.crl.as_deref().map(|crl| write("crl", crl.as_bytes())),
            patience: if scene.slow { SHORT } else { LONG },
        }
    }

    /// As the clients' own programs read it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.name, "url": self.url, "method": self.method, "fields": self.fields, "body": self.body,
            "websocket": self.websocket, "http2": self.http2, "follow": self.follow, "proxy": self.proxy, "patience": self.patience,
        })
    }
}

//! Caddy: its access records, and its error records.

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{logs, says, unclear};
use crate::origin::Origin;
use crate::running::{Server, ask, written};

const PATHS: &[&str] = &[
    "/ok",
    "/said",
    "/close",
    "/silent",
    "/garbage",
    "/leave",
    "/dead/refused",
    "/denied",
    "/large",
];

#[test]
fn caddy_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    let conf = workspace.write("Caddyfile", configuration(&workspace, &origin, port));
    let conf = conf.to_string_lossy().into_owned();
    let server = Server::start(
        &workspace,
        "out.txt",
        "caddy",
        &["run", "--config", &conf, "--adapter", "caddyfile"],
    )
    .listens(port);
    for path in PATHS {
        ask(port, path);
    }
    let (access, error) = (workspace.path("access.log"), workspace.path("error.log"));
    written(&access, PATHS);
    drop(server);

    unclear(
        &logs(&[&access]),
        &["/close", "/silent", "/dead/refused"],
        "http.log.error",
    );
    says(
        &logs(&[&access, &error]),
        &[
            ("/said", "upstream-said", "origin", "proven"),
            ("/close", "upstream-broke-off", "origin", "proven"),
            ("/silent", "upstream-silent", "origin", "proven"),
            ("/garbage", "upstream-broke-off", "origin", "proven"),
            ("/dead/refused", "upstream-refused", "origin", "proven"),
            ("/leave", "client-left", "-", "unknown"),
            ("/denied", "policy", "-", "unknown"),
        ],
    );
}

fn configuration(workspace: &Workspace, origin: &Origin, port: u16) -> String {
    let folder = workspace.root().display();
    let Origin { port: alive, dead } = origin;
    format!(
        "{{\n\tadmin off\n\tauto_https off\n\
         \tlog default {{\n\t\toutput file {folder}/error.log\n\t\texclude http.log.access\n\t\tformat json\n\t}}\n}}\n\
         http://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n\tlog {{\n\t\toutput file {folder}/access.log\n\t\tformat json\n\t}}\n\
         \trequest_body {{\n\t\tmax_size 1KB\n\t}}\n\
         \trespond /denied 403\n\
         \treverse_proxy /dead/* 127.0.0.1:{dead}\n\
         \treverse_proxy 127.0.0.1:{alive} {{\n\t\ttransport http {{\n\t\t\tresponse_header_timeout 1s\n\t\t}}\n\t}}\n}}\n"
    )
}

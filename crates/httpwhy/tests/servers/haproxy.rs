//! HAProxy: httplog, whose state says who ended it.

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{logs, says};
use crate::origin::Origin;
use crate::running::{Server, ask, written};

const PATHS: &[&str] = &[
    "/ok",
    "/said",
    "/close",
    "/reset",
    "/silent",
    "/garbage",
    "/leave",
    "/dead/refused",
    "/denied",
];

#[test]
fn haproxy_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    let conf = workspace.write("haproxy.cfg", configuration(&origin, port));
    let conf = conf.to_string_lossy().into_owned();
    // It writes its log to standard output.
    let server =
        Server::start(&workspace, "access.log", "haproxy", &["-db", "-f", &conf]).listens(port);
    for path in PATHS {
        ask(port, path);
    }
    let access = workspace.path("access.log");
    written(&access, PATHS);
    drop(server);

    says(
        &logs(&[&access]),
        &[
            ("/said", "upstream-said", "origin", "proven"),
            ("/close", "upstream-broke-off", "origin", "likely"),
            ("/reset", "upstream-broke-off", "origin", "likely"),
            ("/silent", "upstream-silent", "origin", "likely"),
            ("/garbage", "upstream-broke-off", "origin", "likely"),
            ("/dead/refused", "upstream-refused", "origin", "likely"),
            ("/leave", "client-left", "client", "likely"),
            ("/denied", "policy", "client", "likely"),
        ],
    );
}

fn configuration(origin: &Origin, port: u16) -> String {
    let Origin { port: alive, dead } = origin;
    format!(
        "global\n  log stdout format raw local0\n\
         defaults\n  mode http\n  log global\n  option httplog\n  option abortonclose\n  retries 0\n  timeout connect 1s\n\
         \x20 timeout client 10s\n  timeout server 1s\n\
         frontend web\n  bind 127.0.0.1:{port}\n  http-request deny if {{ path /denied }}\n\
         \x20 use_backend dead if {{ path_beg /dead/ }}\n  default_backend alive\n\
         backend alive\n  server s1 127.0.0.1:{alive}\n\
         backend dead\n  server s1 127.0.0.1:{dead}\n"
    )
}

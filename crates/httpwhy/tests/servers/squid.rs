//! Squid as a forward proxy: its native log.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{logs, says};
use crate::origin::Origin;
use crate::running::{Server, ask, written};

const PATHS: &[&str] = &[
    "/ok", "/said", "/close", "/silent", "/reset", "/leave", "/denied", "/large", "/refused",
];

#[test]
fn squid_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    // Started by root it becomes another user, who writes its logs.
    set_permissions(workspace.root(), Permissions::from_mode(0o777)).expect("a folder of our own");
    let conf = workspace.write("squid.conf", configuration(&workspace, port));
    let conf = conf.to_string_lossy().into_owned();
    let server = Server::start(&workspace, "out.txt", "squid", &["-N", "-f", &conf]).listens(port);
    let paths: Vec<String> = PATHS
        .iter()
        .map(|path| {
            let to = if *path == "/refused" {
                origin.dead
            } else {
                origin.port
            };
            format!("http://127.0.0.1:{to}{path}")
        })
        .collect();
    for path in &paths {
        ask(port, path);
    }
    let access = workspace.path("access.log");
    written(
        &access,
        &paths.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    drop(server);

    let logs = logs(&[&access]);
    says(
        &logs,
        &[
            ("/said", "upstream-said", "origin", "proven"),
            ("/close", "upstream-broke-off", "origin", "likely"),
            ("/silent", "upstream-silent", "origin", "likely"),
            ("/reset", "upstream-broke-off", "origin", "likely"),
            ("/leave", "client-left", "client", "likely"),
            ("/denied", "policy", "client", "likely"),
            ("/refused", "upstream-refused", "origin", "likely"),
        ],
    );
}

fn configuration(workspace: &Workspace, port: u16) -> String {
    let folder = workspace.root().display();
    format!(
        "http_port 127.0.0.1:{port}\npid_filename {folder}/squid.pid\ncoredump_dir {folder}\ncache deny all\n\
         access_log stdio:{folder}/access.log squid\ncache_log {folder}/cache.log\nnetdb_filename none\n\
         acl no urlpath_regex ^/denied\nhttp_access deny no\nhttp_access allow all\n\
         read_timeout 1 second\nrequest_body_max_size 1 KB\nshutdown_lifetime 0 seconds\nconnect_retries 0\n\
         forward_max_tries 1\nvisible_hostname squid.test\npinger_enable off\n"
    )
}

//! Apache: `combined`, and its error log.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{logs, says, unclear};
use crate::origin::Origin;
use crate::running::{Server, ask, ask_raw, written};

const PATHS: &[&str] = &[
    "/p/ok",
    "/p/said",
    "/p/close",
    "/p/silent",
    "/p/reset",
    "/p/cut",
    "/p/bighead",
    "/dead/refused",
    "/denied",
    "/secret",
    "/none",
    "/large",
];

#[test]
fn apache_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    // Started by root it becomes another user, who looks for its files.
    set_permissions(workspace.root(), Permissions::from_mode(0o755)).expect("a folder of our own");
    std::fs::create_dir(workspace.path("www")).expect("a folder of our own");
    let secret = workspace.write("www/secret", "");
    let nobodys = Permissions::from_mode(0o000);
    set_permissions(&secret, nobodys).expect("a file of our own");
    let conf = workspace.write("apache.conf", configuration(&workspace, &origin, port));
    let conf = conf.to_string_lossy().into_owned();
    let server = Server::start(
        &workspace,
        "out.txt",
        "apache2",
        &["-f", &conf, "-DFOREGROUND"],
    )
    .listens(port);
    // One client, and within a second: Apache's error lines name a path, a file, or the client alone.
    for path in PATHS {
        ask(port, path);
    }
    ask_raw(port, b"BOGUS /method HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    ask_raw(port, b"\x01\x02 no request\r\n\r\n");
    let (access, error) = (workspace.path("access.log"), workspace.path("error.log"));
    written(&access, PATHS);
    written(&access, &["/method", "no request"]);
    drop(server);

    let bare = logs(&[&access]);
    unclear(
        &bare,
        &["/p/close", "/p/silent", "/dead/refused", "/p/said"],
        "error log",
    );
    let proven: &[_] = &[
        ("/p/close", "upstream-broke-off", "origin", "proven"),
        ("/p/reset", "upstream-broke-off", "origin", "likely"),
        ("/p/bighead", "upstream-broke-off", "origin", "proven"),
        ("/p/silent", "upstream-silent", "origin", "proven"),
        ("/dead/refused", "upstream-refused", "origin", "proven"),
        ("/denied", "policy", "client", "likely"),
        ("/secret", "configuration", "origin", "proven"),
        ("/none", "client-erred", "client", "likely"),
        ("/large", "client-erred", "client", "proven"),
        ("/method", "client-erred", "client", "proven"),
        ("/p/said", "unclear", "-", "unknown"),
    ];
    says(&logs(&[&access, &error]), proven);
}

fn configuration(workspace: &Workspace, origin: &Origin, port: u16) -> String {
    let folder = workspace.root().display();
    let Origin { port: alive, dead } = origin;
    format!(
        "ServerRoot {folder}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\nPidFile {folder}/apache.pid\n\
         DefaultRuntimeDir {folder}\nMutex posixsem\nUser www-data\nGroup www-data\n\
         LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
         LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
         LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\n\
         LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so\n\
         DocumentRoot {folder}/www\nLimitRequestBody 1000\nErrorLog {folder}/error.log\nLogLevel info\n\
         LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{{Referer}}i\\\" \\\"%{{User-Agent}}i\\\"\" combined\n\
         CustomLog {folder}/access.log combined\n\
         ProxyTimeout 1\nProxyPass /p/ http://127.0.0.1:{alive}/ disablereuse=on\nProxyPass /dead/ http://127.0.0.1:{dead}/\n\
         <Location /denied>\nRequire all denied\n</Location>\n"
    )
}

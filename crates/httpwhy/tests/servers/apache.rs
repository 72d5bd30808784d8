//! Apache: `combined`, and its error log.

use httpwhy_testkit::Workspace;

use crate::judged::{logs, says, unclear};
use crate::origin::{Origin, free_port};
use crate::running::{Server, ask, written};

const PATHS: &[&str] = &[
    "/p/ok",
    "/p/said",
    "/p/close",
    "/p/silent",
    "/p/garbage",
    "/denied",
];

#[test]
fn apache_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    let conf = workspace.write("apache.conf", configuration(&workspace, &origin, port));
    let conf = conf.to_string_lossy().into_owned();
    let server = Server::start(
        &workspace,
        "out.txt",
        "apache2",
        &["-f", &conf, "-DFOREGROUND"],
    )
    .listens(port);
    // Apache's error lines of a refusal name the client and no path: they are joined where the client's other lines are
    // further away than that.
    ask(port, "/dead/refused");
    std::thread::sleep(std::time::Duration::from_secs(5));
    for path in PATHS {
        ask(port, path);
    }
    let (access, error) = (workspace.path("access.log"), workspace.path("error.log"));
    written(&access, PATHS);
    written(&access, &["/dead/refused"]);
    drop(server);

    let bare = logs(&[&access]);
    unclear(
        &bare,
        &["/p/close", "/p/silent", "/dead/refused", "/p/said"],
        "error log",
    );
    let proven: &[_] = &[
        ("/p/close", "upstream-broke-off", "origin", "proven"),
        ("/p/silent", "upstream-silent", "origin", "proven"),
        ("/dead/refused", "upstream-refused", "origin", "proven"),
        ("/denied", "policy", "-", "unknown"),
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
         ErrorLog {folder}/error.log\nLogLevel info\n\
         LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{{Referer}}i\\\" \\\"%{{User-Agent}}i\\\"\" combined\n\
         CustomLog {folder}/access.log combined\n\
         ProxyTimeout 1\nProxyPass /p/ http://127.0.0.1:{alive}/ disablereuse=on\nProxyPass /dead/ http://127.0.0.1:{dead}/\n\
         <Location /denied>\nRequire all denied\n</Location>\n"
    )
}

//! lighttpd: its own format, which tells nothing of the server behind, and its error log, which does.

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{logs, says, unclear};
use crate::origin::Origin;
use crate::running::{Server, ask, ask_raw, written};

const PATHS: &[&str] = &[
    "/ok",
    "/said",
    "/close",
    "/reset",
    "/garbage",
    "/bighead",
    "/dead/refused",
    "/denied",
    "/large",
    "/silent",
];

#[test]
fn lighttpd_names_the_party_or_says_what_to_add() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    let conf = workspace.write("lighttpd.conf", configuration(&workspace, &origin, port));
    let conf = conf.to_string_lossy().into_owned();
    let server =
        Server::start(&workspace, "out.txt", "lighttpd", &["-D", "-f", &conf]).listens(port);
    for path in PATHS {
        ask(port, path);
    }
    ask_raw(port, b"GET /nohost HTTP/1.1\r\n\r\n");
    let (access, error) = (workspace.path("access.log"), workspace.path("error.log"));
    // It keeps lines for seconds, and writes them at its end.
    drop(server);
    written(&access, PATHS);
    written(&access, &["/nohost"]);

    let bare = logs(&[&access]);
    assert_eq!(bare["formats"][0]["name"], "lighttpd");
    unclear(
        &bare,
        &["/said", "/close", "/silent", "/garbage", "/dead/refused"],
        "server.errorlog",
    );
    let proven: &[_] = &[
        ("/reset", "upstream-broke-off", "origin", "likely"),
        ("/bighead", "upstream-broke-off", "origin", "proven"),
        ("/silent", "upstream-silent", "origin", "proven"),
        ("/dead/refused", "upstream-refused", "origin", "proven"),
        ("/large", "client-erred", "client", "proven"),
        ("/nohost", "client-erred", "client", "likely"),
        ("/denied", "policy", "-", "unknown"),
        // Both are a 500, and no line is written of either.
        ("/said", "unclear", "-", "unknown"),
        ("/close", "unclear", "-", "unknown"),
    ];
    says(&logs(&[&access, &error]), proven);
}

fn configuration(workspace: &Workspace, origin: &Origin, port: u16) -> String {
    let folder = workspace.root().display();
    let Origin { port: alive, dead } = origin;
    format!(
        "server.modules = ( \"mod_access\", \"mod_accesslog\", \"mod_proxy\" )\n\
         server.bind = \"127.0.0.1\"\nserver.port = {port}\nserver.document-root = \"{folder}\"\n\
         server.errorlog = \"{folder}/error.log\"\naccesslog.filename = \"{folder}/access.log\"\n\
         server.max-request-size = 1\n\
         $HTTP[\"url\"] =~ \"^/denied\" {{ url.access-deny = ( \"\" ) }}\n\
         $HTTP[\"url\"] =~ \"^/dead/\" {{ proxy.server = ( \"\" => (( \"host\" => \"127.0.0.1\", \"port\" => {dead} )) ) }}\n\
         $HTTP[\"url\"] !~ \"^/(denied|dead/)\" {{ proxy.server = ( \"\" => (( \"host\" => \"127.0.0.1\", \"port\" => {alive}, \
         \"read-timeout\" => 1 )) ) }}\n"
    )
}

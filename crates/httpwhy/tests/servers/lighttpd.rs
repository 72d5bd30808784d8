//! lighttpd: its own format, which tells nothing of the server behind.

use httpwhy_testkit::Workspace;

use crate::judged::{logs, says, unclear};
use crate::origin::{Origin, free_port};
use crate::running::{Server, ask, written};

const PATHS: &[&str] = &[
    "/ok",
    "/said",
    "/close",
    "/garbage",
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
    let access = workspace.path("access.log");
    // It keeps lines for seconds, and writes them at its end.
    drop(server);
    written(&access, PATHS);

    let logs = logs(&[&access]);
    unclear(&logs, &["/said", "/close", "/dead/refused"], "");
    says(
        &logs,
        &[
            ("/denied", "policy", "-", "unknown"),
            ("/large", "client-erred", "client", "likely"),
        ],
    );
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

//! Varnish: varnishncsa's default, and the log of its transactions (varnishlog).

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{Wanted, logs, says, sums_up, unclear};
use crate::origin::Origin;
use crate::running::{Server, ask, written};

const PATHS: &[&str] = &[
    "/ok",
    "/said",
    "/close",
    "/silent",
    "/garbage",
    "/dead/refused",
    "/denied",
];

#[test]
fn varnish_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    let vcl = workspace.write("default.vcl", configuration(&origin));
    let vcl = vcl.to_string_lossy().into_owned();
    let instance = workspace.path("v").to_string_lossy().into_owned();
    let listen = format!("127.0.0.1:{port}");
    let server = Server::start(
        &workspace,
        "out.txt",
        "varnishd",
        &[
            "-F",
            "-j",
            "none",
            "-n",
            &instance,
            "-a",
            &listen,
            "-f",
            &vcl,
            "-s",
            "malloc,16m",
        ],
    )
    .listens(port);
    let access = workspace.path("access.log");
    let access_word = access.to_string_lossy();
    let readers = [
        Server::start(
            &workspace,
            "ncsa.txt",
            "varnishncsa",
            &["-n", &instance, "-w", &access_word],
        ),
        Server::start(
            &workspace,
            "vsl.txt",
            "varnishlog",
            &["-n", &instance, "-g", "request"],
        ),
        Server::start(&workspace, "vxid.txt", "varnishlog", &["-n", &instance]),
        Server::start(
            &workspace,
            "raw.txt",
            "varnishlog",
            &["-n", &instance, "-g", "raw"],
        ),
        Server::start(
            &workspace,
            "session.txt",
            "varnishlog",
            &["-n", &instance, "-g", "session", "-v"],
        ),
    ];
    // A reader begins with what comes after it.
    ask(port, "/first");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !std::fs::read_to_string(&access).is_ok_and(|text| text.contains("/first")) {
        assert!(
            std::time::Instant::now() < until,
            "varnishncsa writes nothing"
        );
        std::thread::sleep(std::time::Duration::from_millis(100));
        ask(port, "/first");
    }
    for path in PATHS {
        ask(port, path);
    }
    written(&access, PATHS);
    drop(readers);
    drop(server);

    let bare = logs(&[&access]);
    unclear(
        &bare,
        &["/close", "/silent", "/garbage", "/dead/refused"],
        "FetchError",
    );
    says(&bare, &[("/said", "upstream-said", "origin", "proven")]);
    // The records of each request tell it, however they are grouped; beside the access lines they prove it.
    let records = ["vsl.txt", "vxid.txt", "session.txt", "raw.txt"];
    for name in records {
        let path = workspace.path(name);
        let alone = logs(&[&path]);
        assert_eq!(alone["formats"][0]["name"], "varnishlog", "{name}");
        says(&alone, TOLD);
        sums_up(&alone, &path);
        let both = logs(&[&access, &path]);
        says(&both, &TOLD[..5]);
        assert_eq!(both["exchanges"], bare["exchanges"], "{name}");
    }
}

const TOLD: &[Wanted] = &[
    ("/said", "upstream-said", "origin", "proven"),
    ("/close", "upstream-broke-off", "origin", "proven"),
    // Varnish waits on for a client that has left meanwhile.
    ("/silent", "upstream-silent", "origin", "likely"),
    ("/garbage", "upstream-broke-off", "origin", "proven"),
    ("/dead/refused", "upstream-refused", "origin", "proven"),
    ("/denied", "policy", "-", "unknown"),
];

fn configuration(origin: &Origin) -> String {
    let Origin { port: alive, dead } = origin;
    format!(
        "vcl 4.1;\n\
         backend alive {{ .host = \"127.0.0.1\"; .port = \"{alive}\"; .first_byte_timeout = 1s; }}\n\
         backend dead {{ .host = \"127.0.0.1\"; .port = \"{dead}\"; }}\n\
         sub vcl_recv {{\n  if (req.url == \"/denied\") {{ return (synth(403)); }}\n\
         \x20 if (req.url ~ \"^/dead/\") {{ set req.backend_hint = dead; }}\n  return (pass);\n}}\n"
    )
}

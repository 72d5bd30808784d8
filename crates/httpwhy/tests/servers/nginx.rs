//! nginx: its default `combined`, the format that tells, and its error log.

use httpwhy_testkit::{Workspace, free_port};

use crate::judged::{logs, says, unclear};
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
    "/large",
];

#[test]
fn nginx_names_the_party() {
    let (workspace, origin, port) = (Workspace::new(), Origin::start(), free_port());
    let conf = workspace.write("nginx.conf", configuration(&workspace, &origin, port));
    let conf = conf.to_string_lossy().into_owned();
    let root = workspace.root().to_string_lossy().into_owned();
    let server = Server::start(
        &workspace,
        "out.txt",
        "nginx",
        &["-p", &root, "-c", &conf, "-e", &format!("{root}/error.log")],
    )
    .listens(port);
    for path in PATHS {
        ask(port, path);
    }
    let (combined, timed, error) = (
        workspace.path("combined.log"),
        workspace.path("timed.log"),
        workspace.path("error.log"),
    );
    written(&combined, PATHS);
    drop(server);

    let bare = logs(&[&combined]);
    unclear(
        &bare,
        &["/close", "/reset", "/silent", "/dead/refused", "/said"],
        "$upstream_",
    );
    says(
        &bare,
        &[
            ("/leave", "client-left", "-", "unknown"),
            ("/denied", "policy", "-", "unknown"),
            ("/garbage", "upstream-broke-off", "origin", "proven"),
        ],
    );

    let told: &[_] = &[
        ("/said", "upstream-said", "origin", "proven"),
        ("/close", "upstream-broke-off", "origin", "likely"),
        ("/reset", "upstream-broke-off", "origin", "likely"),
        ("/silent", "upstream-silent", "origin", "likely"),
        ("/dead/refused", "upstream-refused", "origin", "likely"),
        ("/leave", "client-left", "-", "unknown"),
        ("/large", "client-erred", "client", "likely"),
    ];
    says(&logs(&[&timed]), told);

    let proven: &[_] = &[
        ("/close", "upstream-broke-off", "origin", "proven"),
        ("/reset", "upstream-broke-off", "origin", "likely"),
        ("/silent", "upstream-silent", "origin", "proven"),
        ("/garbage", "upstream-broke-off", "origin", "proven"),
        ("/dead/refused", "upstream-refused", "origin", "proven"),
        ("/denied", "policy", "client", "likely"),
        ("/large", "client-erred", "client", "proven"),
    ];
    says(&logs(&[&combined, &error]), proven);
}

fn configuration(workspace: &Workspace, origin: &Origin, port: u16) -> String {
    let folder = workspace.root().display();
    let Origin { port: alive, dead } = origin;
    format!(
        "master_process off; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log info;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n\
         log_format timed '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent '\n\
         '\"$http_referer\" \"$http_user_agent\" rt=$request_time ua=\"$upstream_addr\" us=\"$upstream_status\" '\n\
         'uct=\"$upstream_connect_time\" uht=\"$upstream_header_time\" urt=\"$upstream_response_time\"';\n\
         access_log {folder}/timed.log timed; access_log {folder}/combined.log combined;\n\
         client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;\n\
         uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n\
         server {{ listen 127.0.0.1:{port}; client_max_body_size 1k; proxy_read_timeout 1s;\n\
         location / {{ proxy_pass http://127.0.0.1:{alive}; }}\n\
         location /dead/ {{ proxy_pass http://127.0.0.1:{dead}; }}\n\
         location /denied {{ deny all; }}\n\
         }} }}\n"
    )
}

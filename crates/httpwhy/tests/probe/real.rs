//! Programs as they are installed: Squid as a forward proxy and for tunnels, nginx with logins, compressed content and
//! HTTP/2.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::{Reply, Server, Workspace, free_port};
use serde_json::Value;

use crate::{json, path, probe, text};

/// How long a program may take to listen.
const LONG: Duration = Duration::from_secs(20);

/// A program that serves on a port until it is dropped.
struct Daemon {
    process: Child,
    port: u16,
    folder: Workspace,
}

impl Daemon {
    /// Runs it with a configuration, in which HOME is a directory with those files, and PORT a free port.
    fn start(program: &str, args: &[&str], configuration: &str, files: &[(&str, &str)]) -> Self {
        let folder = Workspace::new();
        for (name, text) in files {
            folder.write(name, text);
        }
        let (home, port) = (folder.root(), free_port());
        // Started as root, such a program works as somebody else.
        fs::set_permissions(home, fs::Permissions::from_mode(0o777)).expect("it is ours");
        let configuration = configuration
            .replace("HOME", path(home))
            .replace("PORT", &port.to_string());
        let file = folder.write("conf", configuration);
        let process = Command::new(program)
            .env("PATH", "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
            .args(args)
            .arg(path(&file))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} is not installed: {error}"));
        let mut daemon = Self {
            process,
            port,
            folder,
        };
        daemon.wait();
        daemon
    }

    fn wait(&mut self) {
        let until = Instant::now() + LONG;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().expect("it is our child");
            let log = fs::read_to_string(self.folder.path("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < until, "no port: {log}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Refuses denied.test and wants a login for members.test; all names are those of this machine.
fn squid() -> Daemon {
    let logins = "/usr/lib/squid/basic_fake_auth";
    assert!(Path::new(logins).exists(), "Debian's squid has {logins}");
    let configuration = format!(
        "http_port 127.0.0.1:PORT\npid_filename none\ncache_log HOME/log\naccess_log none\ncache deny all\n\
         cache_mem 0\ncoredump_dir HOME\nhosts_file HOME/hosts\nconnect_retries 0\npinger_enable off\n\
         visible_hostname proxy.test\nauth_param basic program {logins}\n\
         acl members proxy_auth REQUIRED\nacl denied dstdomain denied.test\nacl inner dstdomain members.test\n\
         http_access deny denied\nhttp_access allow inner members\nhttp_access deny inner\nhttp_access allow all\n"
    );
    let hosts = "127.0.0.1 shop.test denied.test members.test sim.test\n";
    Daemon::start("squid", &["-N", "-f"], &configuration, &[("hosts", hosts)])
}

/// The only line, or the verdict.
fn line(args: &[&str]) -> Value {
    let ran = probe(args).arg("--json").run();
    json::lines(&ran).pop().expect("a line")
}

fn port_of(url: &str) -> &str {
    url.rsplit(':')
        .next()
        .expect("a port")
        .trim_end_matches('/')
}

#[test]
fn squid_passes_on_refuses_and_wants_a_login() {
    let squid = squid();
    let origin = Server::start(|_| Reply::new("200 OK", &["Content-Type: text/plain"], "fine"));
    let live = origin.url("");
    let live = port_of(&live);
    // Nothing listens there (tcpmux).
    let dead = 1;
    let stranger = squid.url();
    let member = stranger.replace("http://", "http://me:s3cret@");
    // Target, proxy; outcome, what else holds, who is to blame, the answer to CONNECT.
    let table = [
        (
            format!("http://shop.test:{live}/"),
            &stranger,
            "http/200",
            "",
            "nobody",
            "",
        ),
        (
            format!("http://members.test:{live}/"),
            &member,
            "http/200",
            "",
            "nobody",
            "",
        ),
        (
            format!("http://denied.test:{live}/"),
            &stranger,
            "squid/ERR_ACCESS_DENIED",
            "http/403",
            "client",
            "",
        ),
        (
            format!("http://members.test:{live}/"),
            &stranger,
            "squid/ERR_CACHE_ACCESS_DENIED",
            "http/407",
            "client",
            "",
        ),
        (
            format!("http://shop.test:{dead}/"),
            &stranger,
            "squid/ERR_CONNECT_FAIL",
            "http/503",
            "origin",
            "",
        ),
        (
            format!("https://denied.test:{live}/"),
            &stranger,
            "net/proxy-tunnel-failed",
            "http/403",
            "intermediary",
            "403",
        ),
        (
            format!("https://members.test:{live}/"),
            &stranger,
            "http/407",
            "net/proxy-tunnel-failed",
            "client",
            "407",
        ),
        (
            format!("https://shop.test:{dead}/"),
            &stranger,
            "net/proxy-tunnel-failed",
            "http/503",
            "origin",
            "503",
        ),
        // A tunnel to what speaks no TLS: the proxy did its part.
        (
            format!("https://shop.test:{live}/"),
            &stranger,
            "tls/handshake-eof",
            "",
            "",
            "200",
        ),
    ];
    let mut wrong = Vec::new();
    for (target, proxy, outcome, also, party, answer) in &table {
        let seen = line(&[target, "--proxy", proxy]);
        let way = &seen["way"]["proxy"];
        let has = |list: &Value| list.to_string().contains(also);
        let right = text(&seen, "outcome") == *outcome
            && has(&seen["also"])
            && (party.is_empty() || seen["blame"]["party"] == *party)
            && way["set_by"] == "--proxy"
            && way["answer"]["code"].as_str().unwrap_or_default() == *answer
            && !seen.to_string().contains("s3cret");
        if !right {
            wrong.push(format!("{target}: {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn squid_tunnels_to_a_server_with_tls() {
    let squid = squid();
    let simulator = Simulator::start(Config::default()).expect("starts");
    let folder = Workspace::new();
    let ca = folder.write("ca.pem", simulator.ca_pem());
    let target = format!("https://sim.test:{}/", simulator.https().port());
    let ran = probe(&[&target, "--cacert", path(&ca), "--proxy", &squid.url()]).run();
    let ran = ran.exits(0);
    let shown = ran.text();
    for part in [
        &format!("Way       through {} (--proxy)", squid.url()),
        "its answer to CONNECT: 200",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

/// nginx with that behind its port, and that in its `server`.
fn nginx(listen: &str, server: &str, files: &[(&str, &str)]) -> Daemon {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path HOME/{kind}; "));
    let configuration = format!(
        "daemon off; master_process off; pid HOME/pid; error_log HOME/log;\nevents {{}}\n\
         http {{ access_log off; default_type text/plain; {}\nserver {{ listen 127.0.0.1:PORT {listen}; root HOME; {server} }} }}",
        temporary.concat()
    );
    Daemon::start("nginx", &["-c"], &configuration, files)
}

#[test]
fn nginx_wants_a_login() {
    let nginx = nginx(
        "",
        "auth_basic \"inner\"; auth_basic_user_file HOME/users;",
        &[("users", "me:{PLAIN}s3cret\n"), ("page", "hello")],
    );
    let target = format!("{}/page", nginx.url());
    for (login, outcome) in [
        (None, "http/401"),
        (Some("me:wrong"), "auth/credentials-rejected"),
        (Some("me:s3cret"), "http/200"),
    ] {
        let login: Vec<&str> = login.into_iter().flat_map(|login| ["-u", login]).collect();
        let seen = line(&[&[&*target], &login[..]].concat());
        assert_eq!(text(&seen, "outcome"), outcome, "{login:?}");
        assert!(!seen.to_string().contains("s3cret"));
    }
}

#[test]
fn nginx_sends_compressed_content_that_is_bounded_when_it_is_opened() {
    let page = "all work and no play\n".repeat(20_000);
    let nginx = nginx(
        "",
        "gzip on; gzip_types text/plain; gzip_min_length 1;",
        &[("page", &page)],
    );
    let target = format!("{}/page", nginx.url());
    let asked = |args: &[&str]| {
        let all = [&[&*target, "--exchanges"], args].concat();
        let ran = probe(&all).run();
        json::lines(&ran).pop().expect("an exchange")
    };
    let coding = |seen: &Value| {
        let fields = seen["response"]["fields"]["list"].as_array();
        let mut fields = fields.expect("fields").iter();
        fields.any(|field| field[0] == "Content-Encoding" && field[1] == "gzip")
    };
    let plain = asked(&[]);
    assert!(!coding(&plain), "{plain}");
    let packed = asked(&["--compressed"]);
    assert!(coding(&packed), "{packed}");
    let received = |seen: &Value| {
        seen["response"]["body"]["received"]
            .as_u64()
            .expect("counted")
    };
    assert_eq!(received(&plain), page.len() as u64);
    assert!(received(&packed) * 20 < received(&plain), "{packed}");
    // What it says is looked for in the content as it was before it was packed.
    let said = probe(&[&target, "--compressed", "--match-body", "no play", "--json"]).run();
    assert_eq!(json::lines(&said).len(), 1);
}

#[test]
fn nginx_speaks_http2_also_for_grpc() {
    let nginx = nginx(
        "http2",
        "location /page { return 200 hello; } \
         location /grpc { default_type application/grpc; add_header grpc-status 14; return 200; }",
        &[],
    );
    for (place, outcome) in [("page", "http/200"), ("grpc", "grpc/14")] {
        let target = format!("{}/{place}", nginx.url());
        let seen = line(&[&target, "--http2"]);
        assert_eq!(text(&seen, "outcome"), outcome, "{seen}");
        assert_eq!(text(&seen, "protocol"), "HTTP/2");
    }
}

/// Every interim response is shown, and kept.
#[test]
fn interim_responses_are_shown() {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let target = format!("http://{}/", listener.local_addr().expect("bound"));
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut bytes = [0; 4096];
            assert!(stream.read(&mut bytes).expect("a request") > 0);
            for code in [100, 102, 103, 104] {
                let head = format!("HTTP/1.1 {code} X\r\nLink: </{code}>\r\n\r\n");
                stream.write_all(head.as_bytes()).expect("sent");
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .expect("sent");
        }
    });
    let shown = probe(&[&target, "--format", "text"]).run().exits(0);
    let said = "Interim   100 Link: </100>, 102 Link: </102>, 103 Link: </103>, 104 Link: </104>";
    assert!(shown.text().contains(said), "{shown}");
    let kept = probe(&[&target, "--exchanges"]).run();
    server.join().expect("no panic");
    let kept = json::lines(&kept).pop().expect("an exchange");
    let codes: Vec<_> = kept["interim"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|response| text(response, "code"))
        .collect();
    assert_eq!(codes, ["100", "102", "103", "104"]);
}

/// The octets of a head, its odd line ends and spaces included, are in the record; its secrets are not.
#[test]
fn a_head_is_recorded_as_it_came() {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let target = format!("http://{}/", listener.local_addr().expect("bound"));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut bytes = [0; 4096];
        assert!(stream.read(&mut bytes).expect("a request") > 0);
        let head =
            "HTTP/1.1 200 OK\nSet-Cookie:sid=s3cret \r\nX:  a\r\n\tb\r\nContent-Length: 0\n\n";
        stream.write_all(head.as_bytes()).expect("sent");
    });
    let ran = probe(&[&target, "--exchanges"]).run();
    server.join().expect("no panic");
    let seen = json::lines(&ran).pop().expect("an exchange");
    assert_eq!(
        seen["response"]["raw_head"]["redacted"],
        "HTTP/1.1 200 OK\nSet-Cookie:sid=****** \r\nX:  a\r\n\tb\r\nContent-Length: 0\n\n"
    );
    assert!(!ran.text().contains("s3cret"));
}

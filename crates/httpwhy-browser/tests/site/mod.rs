//! A web site on the loopback with everything that goes wrong on pages, a simulator beside it, and a Chromium that trusts
//! the simulator's CA. Each test of pages uses it.

#![allow(dead_code, reason = "each test uses its part of it")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use httpwhy_browser::{Finished, Load, Look, PoolConfig, Run, run};
use httpwhy_model::Visit;
use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::{Asked, Reply, Server, Workspace, free_port};

/// The site, its simulator, and what it was asked.
pub(crate) struct Site {
    server: Server,
    pub(crate) simulator: Simulator,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub(crate) folder: Workspace,
    program: PathBuf,
}

/// How pages are looked at here: with less patience than by default.
pub(crate) fn look() -> Look {
    Look {
        patience: Duration::from_secs(20),
        ..Look::default()
    }
}

/// The outcome of each step.
pub(crate) fn outcomes(visit: &Visit) -> Vec<&'static str> {
    let steps = httpwhy_diagnose::steps(visit);
    steps.iter().map(|diagnosis| diagnosis.outcome.0).collect()
}

pub(crate) fn html(body: &str) -> Reply {
    let page =
        format!("<!doctype html><html><head><title>t</title></head><body>{body}</body></html>");
    Reply::new("200 OK", &["Content-Type: text/html; charset=utf-8"], page)
}

impl Site {
    pub(crate) fn start() -> Self {
        let simulator = Simulator::start(Config::default()).expect("a simulator");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let at = Arc::new(OnceLock::new());
        let server = {
            let (asked, at) = (Arc::clone(&asked), Arc::clone(&at));
            let simulator = simulator.http().port();
            Server::start(move |request| {
                lock(&asked).push(request.clone());
                let port = *at.wait();
                answer(request, port, simulator)
            })
        };
        at.set(server.address().port()).expect("set once");
        let folder = Workspace::new();
        let program = chromium(&folder, simulator.ca_pem());
        std::fs::create_dir(folder.path("profiles")).expect("a folder");
        Self {
            server,
            simulator,
            asked,
            folder,
            program,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// The target of a scene of the simulator with a bad certificate.
    pub(crate) fn bad_certificate(&self, id: &str) -> String {
        self.simulator.scene(id).expect("a scene").target.clone()
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// Two browsers at most.
    pub(crate) fn how(&self) -> Run {
        Run {
            pool: self.pool(2),
            look: look(),
            lender: None,
            pictures: None,
        }
    }

    pub(crate) fn pool(&self, max: usize) -> PoolConfig {
        PoolConfig {
            program: Some(self.program.clone()),
            arguments: vec!["--host-resolver-rules=MAP *.test 127.0.0.1".into()],
            max,
            profiles: Some(self.folder.path("profiles")),
            ..PoolConfig::default()
        }
    }

    /// What stands in the command line of every process of a browser of this site.
    pub(crate) fn mark(&self) -> String {
        self.folder.path("profiles").display().to_string()
    }

    /// The profiles of its browsers that are left.
    pub(crate) fn profiles(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.folder.path("profiles")).expect("it was made");
        folders
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect()
    }

    /// The visits to these paths, in their order.
    pub(crate) fn open<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Vec<Visit> {
        let urls = paths.into_iter().map(|path| self.url(path));
        self.open_all(urls, &look())
    }

    /// The visits to these URLs, in their order.
    pub(crate) fn open_all(
        &self,
        urls: impl IntoIterator<Item = String>,
        look: &Look,
    ) -> Vec<Visit> {
        let loads: Vec<Load> = (0..)
            .zip(urls)
            .map(|(number, url)| Load::of(number, url))
            .collect();
        let how = Run {
            look: look.clone(),
            ..self.how()
        };
        let mut found = run_all(&how, loads);
        found.sort_by_key(|finished| finished.index);
        found.into_iter().map(|finished| finished.visit).collect()
    }
}

/// One record for every page.
pub(crate) fn run_all(how: &Run, loads: Vec<Load>) -> Vec<Finished> {
    let all = loads.len();
    let found = Arc::new(Mutex::new(Vec::new()));
    let each = {
        let found = Arc::clone(&found);
        move |finished| lock(&found).push(finished)
    };
    let totals = run(how, loads, each, &AtomicBool::new(false)).expect("it runs");
    assert_eq!(totals.pages as usize, all, "one record for every page");
    let mut found = lock(&found);
    std::mem::take(&mut *found)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program that starts Chromium with a home of its own, in which that CA is trusted, and with little room for scripts.
fn chromium(folder: &Workspace, ca: &[u8]) -> PathBuf {
    let ca = folder.write("ca.pem", ca);
    let home = folder.path("home");
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).expect("a folder");
    let named = format!("sql:{}", database.display());
    let ca = ca.to_str().expect("a plain path");
    for step in [
        &["-N", "--empty-password"][..],
        &["-A", "-t", "C,,", "-n", "simulator", "-i", ca],
    ] {
        let ran = Command::new("certutil")
            .args(["-d", &named])
            .args(step)
            .output();
        let ran = ran.expect("certutil is installed (apt-get install libnss3-tools)");
        assert!(ran.status.success(), "{ran:?}");
    }
    let chromium =
        httpwhy_browser::find(None).expect("chromium is installed (apt-get install chromium)");
    let script = format!(
        "#!/bin/sh\nHOME='{}'\nexport HOME\nexec '{}' --js-flags=--max-old-space-size=64 \"$@\"\n",
        home.display(),
        chromium.display()
    );
    program(folder, "chromium", &script)
}

/// A program made of that script.
pub(crate) fn program(folder: &Workspace, name: &str, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.write(name, script.as_bytes());
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&file, mode).expect("it is ours");
    file
}

/// How many processes of a group there are.
pub(crate) fn in_group(group: u32) -> usize {
    let all = httpwhy_testkit::processes("").into_iter();
    all.filter(|process| process.group == group).count()
}

fn answer(asked: &Asked, port: u16, simulator: u16) -> Reply {
    let own = format!("http://127.0.0.1:{port}");
    let other = format!("http://localhost:{port}");
    let live = format!("ws://sim.test:{simulator}/outcome/ws");
    let script = ["Content-Type: text/javascript"];
    let empty = |status: &str, fields: &[&str]| Reply::new(status, fields, "");
    match asked.target.as_str() {
        "/fine" | "/frame2" => html("fine"),
        "/404" => Reply::new(
            "404 Not Found",
            &["Content-Type: text/html"],
            "<h1>gone fishing</h1>",
        ),
        "/503" => empty("503 Service Unavailable", &[]),
        "/hop" => empty("302 Found", &["Location: /hop2", "Set-Cookie: a=b"]),
        "/hop2" => empty("307 Temporary Redirect", &["Location: /fine"]),
        "/loop" => empty("302 Found", &["Location: /loop"]),
        "/cut" => Reply::raw(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<p>half",
        )
        .then_close(),
        "/empty" => Reply::raw("").then_close(),
        "/204" => Reply::raw("HTTP/1.1 204 No Content\r\n\r\n"),
        "/file" => Reply::new(
            "200 OK",
            &[
                "Content-Type: application/zip",
                "Content-Disposition: attachment",
            ],
            "PK",
        ),
        "/elsewhere" => html("<script>location = '/404'</script>"),
        "/alert" => html("<script>alert(1); confirm(2); prompt(3)</script>"),
        "/waiting" => html("<img src=/silent>"),
        "/polling" => html(
            "<script>addEventListener('load', () => setTimeout(() => fetch('/silent'), 50))</script>",
        ),
        "/silent" => Reply::raw("").then_silence(),
        "/half" => Reply::raw(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<p>half",
        )
        .then_silence(),
        "/shop" => html(&format!(
            "<link rel=stylesheet href=/moved.css><img src=/busy.png><script src=/cut.js></script>
             <iframe src=/frame></iframe>
             <script>
               console.error('no price for', '\\u001b[31m', 17);
               fetch('{other}/secret').catch(() => 0);
               fetch('{other}/thing', {{method: 'PUT'}}).catch(() => 0);
               fetch('http://sim.test:{simulator}/outcome/net/read-reset').catch(() => 0);
               nowhere();
             </script>"
        )),
        "/busy.png" => Reply::new(
            "503 Service Unavailable",
            &["Retry-After: 3", "X-Twice: 1", "X-Twice: 2"],
            "come back later",
        ),
        "/cut.js" => Reply::raw(
            "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: 100\r\n\r\nlet a",
        )
        .then_close(),
        "/moved.css" => empty("301 Moved Permanently", &["Location: /style.css"]),
        "/style.css" => Reply::new("200 OK", &["Content-Type: text/css"], "p { color: red }"),
        "/frame" | "/other-frame" => html("<img src=/gone.png>"),
        "/gone.png" => Reply::new("410 Gone", &[], "gone"),
        "/secret" => Reply::new("200 OK", &["Content-Type: application/json"], "{}"),
        "/live" => html(&format!(
            "<iframe src=/live-frame></iframe><iframe src=/frame></iframe><script>
               for (const end of ['1011', '1000', '1006']) new WebSocket('{live}/' + end);
               new WebSocket('ws://127.0.0.1:{port}/refused');
               new WebSocket('ws://127.0.0.1:{}/nobody');
             </script>",
            free_port()
        )),
        "/live-frame" => html(&format!("<script>new WebSocket('{live}/1008')</script>")),
        "/refused" => Reply::new("403 Forbidden", &[], "no"),
        "/working" => html(&format!(
            "<script>new Worker('/worker.js')</script><iframe src='{other}/other-frame'></iframe>"
        )),
        "/worker.js" => Reply::new("200 OK", &script, "fetch('/from-worker')"),
        "/deep/mirrored" => html(&format!(
            "<img src=/own><img src='{other}/foreign'><img src=/away>"
        )),
        "/own" | "/foreign" | "/arrived" => Reply::new("200 OK", &["Content-Type: image/png"], ""),
        "/away" => {
            let there = format!("Location: {other}/arrived");
            empty("302 Found", &[&there])
        }
        "/login" => html(
            "<script>
               setTimeout(() => {
                 document.body.innerHTML = '<form id=form method=post action=/session><input name=user><input name=password type=password><button>go</button></form>';
               }, 300);
             </script>",
        ),
        "/session" => empty("303 See Other", &["Location: /welcome", "Set-Cookie: sid=17; Path=/; HttpOnly"]),
        "/welcome" => html("<p>hello me</p><script>document.cookie = 'seen=yes; path=/; max-age=3600'</script>"),
        "/hungry" => {
            html("<script>const all = []; for (;;) all.push(new Array(1000).fill(1.5))</script>")
        }
        _ if asked.method == "OPTIONS" => empty("404 Not Found", &[]),
        _ => Reply::new("404 Not Found", &[], format!("nothing at {own}")),
    }
}

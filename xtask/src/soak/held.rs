//! Ten thousand connections held open at once.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::process::{megabytes, outcomes, probe, told};
use super::{Bench, Report};

const CONNECTIONS: usize = 10_000;
/// The most memory, in KiB: 400 MB.
const MOST: u64 = 400_000_000 / 1024;
/// How long the server is waited for.
const WAIT: &str = "wait=20";

pub(super) fn run(bench: &Bench) -> Result<Report> {
    allow_descriptors(CONNECTIONS + 200)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = Arc::new(Server::default());
    let accepting = Arc::clone(&server);
    let accepting = thread::spawn(move || accepting.accept(&listener));
    let folder = std::env::temp_dir().join(format!("httpwhy-soak-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let (list, out) = (folder.join("urls.txt"), folder.join("out.jsonl"));
    let urls: Vec<String> = (0..CONNECTIONS)
        .map(|n| format!("http://{address}/{n}"))
        .collect();
    fs::write(&list, urls.join("\n"))?;
    let words = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let ran = probe(
        &bench.httpwhy,
        &[
            &words(&list),
            "-o",
            &words(&out),
            "-q",
            "-c",
            &CONNECTIONS.to_string(),
            "--timeout",
            WAIT,
        ],
        Duration::from_mins(3),
    );
    server.stop(address);
    let _ = accepting.join();
    let counts = outcomes(&out);
    fs::remove_dir_all(&folder)?;
    Ok(report(&ran?, &counts?, server.most.load(Ordering::SeqCst)))
}

fn report(ran: &super::process::Ran, counts: &BTreeMap<String, u64>, most: usize) -> Report {
    let mut report = Report::default();
    report.figure("open at once", most.to_string());
    report.figure("peak memory", megabytes(ran.peak_kib));
    report.figure("outcomes", told(counts));
    report.figure(
        "time",
        format!("{:.1} s, of which 20 the deadline", ran.took.as_secs_f64()),
    );
    report.must(ran.code == Some(0), || format!("exit code {:?}", ran.code));
    report.must(most == CONNECTIONS, || format!("{most} open at once"));
    report.must(ran.peak_kib <= MOST, || "more than 400 MB".to_owned());
    let late = counts.get("net/read-timeout").copied().unwrap_or(0);
    report.must(late == CONNECTIONS as u64 && counts.len() == 1, || {
        "not all ended as net/read-timeout".to_owned()
    });
    report
}

/// Accepts, and never answers.
#[derive(Default)]
struct Server {
    held: Mutex<Vec<TcpStream>>,
    most: AtomicUsize,
    over: AtomicBool,
}

impl Server {
    fn accept(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.push(stream);
            self.most.store(held.len(), Ordering::SeqCst);
        }
    }

    fn stop(&self, address: std::net::SocketAddr) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the one who accepts.
        let _ = TcpStream::connect(address);
    }
}

/// Raises this process's own limit of open files, by the program that can: the server's ends are ours.
pub(super) fn allow_descriptors(wanted: usize) -> Result<()> {
    let pid = std::process::id().to_string();
    let limit = format!("--nofile={wanted}:");
    let raised = Command::new("prlimit")
        .args(["--pid", &pid, &limit])
        .status()
        .context("prlimit, of Debian's util-linux")?;
    if !raised.success() {
        bail!("{wanted} open files are needed: raise the hard limit, ulimit -Hn {wanted} as root");
    }
    Ok(())
}

//! The simulator: ten thousand clients that it keeps waiting, or that keep it waiting, at once; and its speed.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::held::allow_descriptors;
use super::process::{megabytes, peak};
use super::{Bench, Report};

/// How many clients stall in each way.
const EACH: usize = 2_500;
/// The ways: what such a client sends. The simulator holds its silences for a minute.
const WAYS: [(&str, &str); 4] = [
    ("that say nothing", ""),
    (
        "in the middle of a head",
        "GET /status/503 HTTP/1.1\r\nHost: sim",
    ),
    (
        "answered by silence",
        "GET /hang HTTP/1.1\r\nHost: sim\r\n\r\n",
    ),
    (
        "answered by half of the content",
        "GET /fault/stall/50% HTTP/1.1\r\nHost: sim\r\n\r\n",
    ),
];
/// The most memory, in KiB: 300 MB.
const MOST: u64 = 300_000_000 / 1024;
/// How long the simulator may take to be as before.
const SETTLING: Duration = Duration::from_secs(20);

pub(super) fn run(bench: &Bench) -> Result<Report> {
    let mut report = Report::default();
    stall(bench, &mut report)?;
    speed(bench, &mut report)?;
    Ok(report)
}

fn stall(bench: &Bench, report: &mut Report) -> Result<()> {
    let wanted = EACH * WAYS.len();
    allow_descriptors(wanted + 200)?;
    let sim = Sim::start(&bench.httpwhy)?;
    answers(sim.http)?;
    let (files, began) = (sim.files()?, Instant::now());
    let mut clients = Vec::with_capacity(wanted);
    for (_, said) in WAYS {
        for _ in 0..EACH {
            let mut client = TcpStream::connect(sim.http)?;
            client.write_all(said.as_bytes())?;
            clients.push(client);
        }
    }
    answers(sim.http)?;
    let took = began.elapsed();
    // Whoever is answered by a part has it by now; nobody has been ended.
    thread::sleep(Duration::from_secs(2));
    let held = clients.iter().filter(|client| is_held(client)).count();
    let memory = peak(&sim.child).unwrap_or(u64::MAX);
    report.figure("stalled at once", held.to_string());
    for (way, _) in WAYS {
        report.figure("", format!("{EACH} {way}"));
    }
    report.figure("peak memory", megabytes(memory));
    report.figure(
        "all connected, and one answered",
        format!("{:.1} s", took.as_secs_f64()),
    );
    report.must(held == wanted, || format!("{held} of {wanted} held"));
    report.must(memory <= MOST, || "more than 300 MB".to_owned());
    drop(clients);
    let deadline = Instant::now() + SETTLING;
    while sim.files()? > files && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(50));
    }
    let left = sim.files()?;
    report.figure("descriptors before, after", format!("{files}, {left}"));
    report.must(left <= files, || "descriptors are left".to_owned());
    Ok(())
}

/// Whether the connection is open; what came is read.
fn is_held(mut client: &TcpStream) -> bool {
    let mut buffer = [0; 4096];
    if client.set_nonblocking(true).is_err() {
        return false;
    }
    loop {
        match client.read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Fails unless a status is answered.
fn answers(address: SocketAddr) -> Result<()> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    client.write_all(b"GET /status/503 HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer)?;
    if !answer.starts_with(b"HTTP/1.1 503 ") {
        bail!("answered: {}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

/// The lines that benches/sim.sh prints.
fn speed(bench: &Bench, report: &mut Report) -> Result<()> {
    let ran = Command::new("benches/sim.sh")
        .env("HTTPWHY", &bench.httpwhy)
        .stderr(Stdio::inherit())
        .output()
        .context("benches/sim.sh")?;
    for line in String::from_utf8_lossy(&ran.stdout).lines() {
        report.figure("", line);
    }
    report.must(ran.status.success(), || {
        format!("benches/sim.sh: {}", ran.status)
    });
    Ok(())
}

/// A simulator; it ends when dropped.
struct Sim {
    child: Child,
    http: SocketAddr,
}

impl Sim {
    fn start(httpwhy: &Path) -> Result<Self> {
        let mut child = Command::new(httpwhy)
            .args(["sim", "--json", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{}", httpwhy.display()))?;
        let mut line = String::new();
        let out = child.stdout.take().context("its output")?;
        let read = BufReader::new(out).read_line(&mut line);
        let address = || -> Result<SocketAddr> {
            read?;
            let ready: serde_json::Value = serde_json::from_str(&line)?;
            Ok(ready["http"].as_str().context("no address")?.parse()?)
        };
        match address() {
            Ok(http) => Ok(Self { child, http }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error.context("httpwhy sim does not say where it listens"))
            }
        }
    }

    /// How many files and sockets it has open.
    fn files(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

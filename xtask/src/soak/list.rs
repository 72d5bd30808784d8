//! Long lists of a local nginx: what memory they take.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::process::{megabytes, outcomes, probe, told};
use super::{Bench, Report};

/// The most memory, in KiB: 24 MB.
const MOST: u64 = 24_000_000 / 1024;
const TOGETHER: &str = "50";

pub(super) fn twenty_thousand(bench: &Bench) -> Result<Report> {
    measure(bench, 20_000)
}

pub(super) fn million(bench: &Bench) -> Result<Report> {
    measure(bench, 1_000_000)
}

fn measure(bench: &Bench, targets: u64) -> Result<Report> {
    let nginx = Nginx::start()?;
    let (list, out) = (
        nginx.folder.join("urls.txt"),
        nginx.folder.join("out.jsonl"),
    );
    write_list(&list, &nginx.base, targets)?;
    let (list, out_word) = (word(&list), word(&out));
    let ran = probe(
        &bench.httpwhy,
        &[&list, "-o", &out_word, "-q", "-c", TOGETHER],
        Duration::from_mins(20),
    )?;
    let counts = outcomes(&out)?;
    let mut report = Report::default();
    report.figure("targets", targets.to_string());
    report.figure("peak memory", megabytes(ran.peak_kib));
    let rate = targets as f64 / ran.took.as_secs_f64();
    report.figure("rate", format!("{rate:.0}/s with {TOGETHER} at once"));
    report.figure("outcomes", told(&counts));
    report.must(ran.code == Some(0), || format!("exit code {:?}", ran.code));
    report.must(ran.peak_kib <= MOST, || "more than 24 MB".to_owned());
    let wanted = [
        ("http/200", targets - targets / 10),
        ("http/404", targets / 10),
    ];
    for (outcome, count) in wanted {
        report.must(counts.get(outcome) == Some(&count), || {
            format!("not {count} times {outcome}")
        });
    }
    Ok(report)
}

/// Nine pages that are there, one that is not, and so on.
fn write_list(list: &Path, base: &str, targets: u64) -> Result<()> {
    let mut out = BufWriter::new(fs::File::create(list)?);
    for n in 0..targets {
        let kind = if n % 10 == 9 { "missing" } else { "page" };
        writeln!(out, "{base}/{kind}/{n}")?;
    }
    Ok(out.flush()?)
}

fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// An nginx of our own in a folder of its own; it ends when dropped.
struct Nginx {
    child: Child,
    folder: PathBuf,
    base: String,
}

impl Nginx {
    fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("httpwhy-nginx-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let conf = folder.join("nginx.conf");
        fs::write(&conf, configuration(&folder, port))?;
        let path = std::env::var("PATH").unwrap_or_default();
        let child = Command::new("nginx")
            .env("PATH", format!("{path}:/usr/sbin"))
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(&conf)
            .stdin(Stdio::null())
            .spawn()
            .context("nginx, of Debian's package nginx")?;
        let nginx = Self {
            child,
            folder,
            base: format!("http://127.0.0.1:{port}"),
        };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(nginx);
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("nginx does not listen")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "master_process off;\ndaemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log crit;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 10000000;\n\
         client_body_temp_path {folder}/a;\n  proxy_temp_path {folder}/b;\n  fastcgi_temp_path {folder}/c;\n\
         uwsgi_temp_path {folder}/d;\n  scgi_temp_path {folder}/e;\n  default_type text/plain;\n\
         server {{\n    listen 127.0.0.1:{port};\n    location /page {{ return 200 \"a page of a few words\\n\"; }}\n\
         location /missing {{ return 404; }}\n  }}\n}}\n"
    )
}

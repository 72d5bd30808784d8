//! curl, once for each job.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::Said;
use crate::jobs::Job;

/// How many run at a time.
const TOGETHER: usize = 4;

/// Asks all jobs: the status, curl's exit code in brackets, or both.
pub(crate) fn ask_all(jobs: &[Job], ca: &Path) -> Said {
    let left = Mutex::new(jobs.iter());
    let said = Mutex::new(Said::new());
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let next = left.lock().expect("no panic").next();
                    let Some(job) = next else { return };
                    let words = ask(job, ca);
                    let mut said = said.lock().expect("no panic");
                    said.insert(job.name.clone(), words);
                }
            });
        }
    });
    said.into_inner().expect("no panic")
}

fn ask(job: &Job, ca: &Path) -> String {
    let mut command = Command::new("curl");
    // -q: no settings of the machine's.
    command.args(["-q", "-s", "-o", "/dev/null", "-w", "%{http_code}"]);
    command.arg("-m").arg(job.patience.to_string());
    command
        .arg("--cacert")
        .arg(ca)
        .arg("--proxy-cacert")
        .arg(ca);
    match &job.proxy {
        // The proxy finds the target.
        Some(proxy) => command
            .arg("-x")
            .arg(proxy)
            .arg("--resolve")
            .arg(resolved(proxy)),
        // Every name is the simulator's, also where a redirect leads.
        None => command.args(["--noproxy", "*", "--connect-to", "::127.0.0.1:"]),
    };
    match job.method.as_str() {
        "GET" => &mut command,
        "HEAD" => command.arg("--head"),
        other => command.args(["-X", other]),
    };
    for (name, value) in &job.fields {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    if let Some(body) = &job.body {
        let body = format!("@{}", body.display());
        command.arg("--data-binary").arg(body);
    }
    if let Some(crl) = &job.crl {
        command.arg("--crlfile").arg(crl);
    }
    if job.http2 {
        command.arg("--http2-prior-knowledge");
    }
    if job.follow {
        command.arg("-L");
    }
    let ran = command.arg(&job.url).stdin(Stdio::null()).output();
    let ran = ran.expect("curl is installed");
    let status = String::from_utf8_lossy(&ran.stdout);
    let code = ran.status.code().unwrap_or(-1);
    match (status.as_ref(), code) {
        (status, 0) => status.to_owned(),
        ("000", code) => format!("({code})"),
        (status, code) => format!("{status}, then ({code})"),
    }
}

/// `host:port:address` for the authority of a URL.
fn resolved(url: &str) -> String {
    let authority = url.split('/').nth(2).unwrap_or_default();
    format!("{authority}:127.0.0.1")
}

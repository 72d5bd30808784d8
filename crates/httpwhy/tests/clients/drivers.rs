//! Clients that run as one process with a list of jobs, each in a process group of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde_json::Value;

use crate::jobs::Job;
use crate::table::Client;
use crate::{Said, folder};

/// How long a group may take to vanish once it was killed.
const GONE: Duration = Duration::from_secs(5);

/// Starts the client, and collects what it says of each job until it ends or the time is up. Whatever it started is
/// gone afterwards.
pub(crate) fn ask_all(
    client: Client,
    jobs: &[Job],
    ca: &Path,
    workspace: &Path,
    until: Instant,
) -> Said {
    let file = workspace.join(format!("{client:?}.json"));
    let all: Vec<Value> = jobs.iter().map(Job::json).collect();
    std::fs::write(&file, Value::from(all).to_string()).expect("written");
    let complaints = workspace.join(format!("{client:?}.stderr"));
    let mut group = Group::start(command(client, &file, ca, workspace), &complaints);
    let (tell, told) = mpsc::channel();
    let lines = BufReader::new(group.child.stdout.take().expect("it is piped")).lines();
    thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .try_for_each(|line| tell.send(line))
    });
    let mut said = Said::new();
    loop {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => said.extend(read(&line)),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                let all = jobs.iter().map(|job| job.name.as_str());
                let missing: Vec<&str> = all.filter(|name| !said.contains_key(*name)).collect();
                panic!("{client:?} is not over in time; missing: {missing:?}");
            }
        }
    }
    group.end(client, &complaints);
    said
}

fn read(line: &str) -> Option<(String, String)> {
    let row: Value = serde_json::from_str(line).expect("each line is JSON");
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    Some((text("id")?, text("said")?))
}

fn command(client: Client, jobs: &Path, ca: &Path, workspace: &Path) -> Command {
    let program = |name: &str| folder().join(name);
    let mut command = match client {
        Client::Curl => unreachable!("curl is run once for each job"),
        Client::Requests => {
            let mut command = Command::new(python());
            command.arg(program("ask.py")).arg(jobs).arg(ca);
            command
        }
        Client::Node => {
            let mut command = Command::new("node");
            command.arg(program("ask.mjs")).arg(jobs);
            command.env("NODE_EXTRA_CA_CERTS", ca);
            command
        }
        Client::Chromium => {
            let home = workspace.join("home");
            trust(&home, ca);
            let mut command = Command::new("node");
            command.arg(program("chromium.mjs")).arg(jobs);
            command.args(["chromium".as_ref(), home.join("profile").as_os_str()]);
            command.env("HOME", home);
            command
        }
    };
    for name in [
        "NODE_OPTIONS",
        "PYTHONPATH",
        "REQUESTS_CA_BUNDLE",
        "SSLKEYLOGFILE",
    ] {
        command.env_remove(name);
    }
    command
}

/// A Python that has requests: the first on the path, or the system's.
fn python() -> PathBuf {
    let known = ["python3", "/usr/bin/python3"];
    let has_requests = |python: &&str| {
        let mut command = Command::new(python);
        command
            .args(["-c", "import requests"])
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = known.into_iter().find(has_requests);
    found
        .expect("requests is installed (apt-get install python3-requests)")
        .into()
}

/// Chromium trusts what stands in the NSS database of the home directory.
fn trust(home: &Path, ca: &Path) {
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).expect("a folder");
    let named = format!("sql:{}", database.display());
    for step in [
        &["-N", "--empty-password"][..],
        &[
            "-A",
            "-t",
            "C,,",
            "-n",
            "simulator",
            "-i",
            &ca.display().to_string(),
        ],
    ] {
        let ran = Command::new("certutil")
            .args(["-d", &named])
            .args(step)
            .output();
        let ran = ran.expect("certutil is installed (apt-get install libnss3-tools)");
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// A process and all that it starts; killed when dropped.
struct Group {
    child: Child,
    id: Pid,
}

impl Group {
    fn start(mut command: Command, complaints: &Path) -> Self {
        let complaints = File::create(complaints).expect("a file");
        command.process_group(0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(complaints);
        let name = command.get_program().to_owned();
        let child = command.spawn();
        let child =
            child.unwrap_or_else(|error| panic!("{} cannot be started: {error}", name.display()));
        let id = Pid::from_child(&child);
        Self { child, id }
    }

    /// Waits for the end, which is near: nothing more will be said.
    fn end(mut self, client: Client, complaints: &Path) {
        let status = self.child.wait().expect("a child of our own");
        // Grandchildren that are late.
        let _ = kill_process_group(self.id, Signal::KILL);
        let complaints = std::fs::read_to_string(complaints).unwrap_or_default();
        assert!(status.success(), "{client:?}: {status}\n{complaints}");
        let until = Instant::now() + GONE;
        while test_kill_process_group(self.id).is_ok() {
            assert!(Instant::now() < until, "{client:?} left a process behind");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Mostly they are gone already.
        let _ = kill_process_group(self.id, Signal::KILL);
        let _ = self.child.wait();
    }
}

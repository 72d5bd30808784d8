//! Starting Chromium: two pipes, a group and a profile of its own; and ending all of it.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpgid};
use tempfile::TempDir;
use tokio::net::unix::pipe;

use crate::PoolConfig;

/// What every browser is started with: headless, its pipes, and nothing that talks to its maker in the background.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-startup-window",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-auto-reload",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    // Many pages at a time: none of them is in front, and none is to be slowed down for that.
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-domain-reliability",
    "--no-pings",
    // An http URL is asked as it is: Chromium would try https first by itself, and say nothing of it.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,Translate,MediaRouter,DialMediaRouteProvider",
];

/// The longest folder in which Chromium can make its socket, `org.chromium.Chromium.XXXXXX/SingletonSocket`: a socket's path
/// has 107 bytes (unix(7)).
const LONGEST_FOLDER: usize = 60;

/// How often, and how many times, the end of a killed process is looked for.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: u32 = 400;

/// A started browser, with its ends of the pipes.
pub(crate) struct Launched {
    pub(crate) process: Process,
    /// Commands go in here: its descriptor 3.
    pub(crate) commands: pipe::Sender,
    /// Answers and events come out here: its descriptor 4.
    pub(crate) answers: pipe::Receiver,
    /// What it says on standard error.
    pub(crate) said: pipe::Receiver,
}

/// Starts that program. It needs a runtime with I/O.
pub(crate) fn launch(program: &Path, config: &PoolConfig) -> io::Result<Launched> {
    let profiles = config.profiles.clone().unwrap_or_else(std::env::temp_dir);
    let profile = tempfile::Builder::new()
        .prefix("httpwhy-browser-")
        .tempdir_in(profiles)?;
    let (their_commands, commands) = io::pipe()?;
    let (answers, their_answers) = io::pipe()?;
    let (said, their_words) = io::pipe()?;
    let mut folder = OsString::from("--user-data-dir=");
    folder.push(profile.path());
    let mut command = Command::new(program);
    command.args(ARGUMENTS).arg(folder).args(&config.arguments);
    if is_root() {
        // Chromium refuses to start as root with its sandbox.
        command.arg("--no-sandbox");
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(their_words)
        .process_group(0)
        .fd_mappings(vec![
            FdMapping {
                parent_fd: OwnedFd::from(their_commands),
                child_fd: 3,
            },
            FdMapping {
                parent_fd: OwnedFd::from(their_answers),
                child_fd: 4,
            },
        ])
        .map_err(io::Error::other)?;
    if profile.path().as_os_str().len() <= LONGEST_FOLDER {
        // What a killed browser leaves behind goes with its profile.
        command.env("TMPDIR", profile.path());
    }
    let child = command.spawn()?;
    // The command holds the child's ends of the pipes: as long as it lives, they do not end with the child.
    drop(command);
    let process = Process {
        child,
        profile: Some(profile),
    };
    Ok(Launched {
        process,
        commands: pipe::Sender::from_owned_fd(commands.into())?,
        answers: pipe::Receiver::from_owned_fd(answers.into())?,
        said: pipe::Receiver::from_owned_fd(said.into())?,
    })
}

/// Whether browsers are started without their sandbox, because this process is root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The browser's processes. Dropped, all of them are killed and waited for, and the profile is removed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    profile: Option<TempDir>,
}

impl Process {
    /// The number of its process group: that of its first process.
    pub(crate) fn group(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, when it did.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(status.to_string())
    }
}

/// Kills a whole group of processes at once.
pub(crate) fn kill_group(group: u32) {
    let pid = i32::try_from(group).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may be gone already.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill_group(self.child.id());
        // Killed: it ends as soon as the system finds the time.
        let _ = self.child.wait();
        reap(self.child.id());
        if let Some(profile) = self.profile.take() {
            remove(profile);
        }
    }
}

/// Waits for the rest of the group, where orphans come to this process (as the first process of a container, or where it
/// asked for them); elsewhere the system's first process does so.
fn reap(group: u32) {
    let Some(pid) = i32::try_from(group).ok().and_then(Pid::from_raw) else {
        return;
    };
    for _ in 0..LOOKS {
        match waitpgid(pid, WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => sleep(LOOK),
            Err(_) => return,
        }
    }
}

/// Removes the profile. The last of the killed processes may still be on its way out and writing.
fn remove(profile: TempDir) {
    let folder = profile.keep();
    for _ in 0..LOOKS {
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => return,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(_) => sleep(LOOK),
        }
    }
}

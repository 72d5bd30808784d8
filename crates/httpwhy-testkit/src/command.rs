//! The binary under test, run as a user runs it: with arguments, standard input and a time limit.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a command may take unless the test says otherwise: generous, because a busy machine is no defect.
const LIMIT: Duration = Duration::from_mins(1);
/// How often an end is looked for.
const LOOK: Duration = Duration::from_millis(5);
/// What of the caller's environment changes output and so is taken away.
const SWITCHES: &[&str] = &[
    "CI",
    "HTTPWHY_STORE",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "RUST_BACKTRACE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "ws_proxy",
    "WS_PROXY",
    "wss_proxy",
    "WSS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A command line being put together.
#[derive(Debug, Clone)]
pub struct Httpwhy {
    program: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    input: Vec<u8>,
    limit: Duration,
}

impl Httpwhy {
    /// The binary to run: the test passes `env!("CARGO_BIN_EXE_httpwhy")`, which only its own crate knows.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            variables: Vec::new(),
            folder: None,
            input: Vec::new(),
            limit: LIMIT,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Runs in that folder.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Gives standard input; without it there is none.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Sets the time after which the command is killed and the test fails.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started or does not end within the limit.
    pub fn run(self) -> Ran {
        self.spawn().wait()
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(self) -> Running {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in SWITCHES {
            command.env_remove(name);
        }
        command.envs(self.variables);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = self.input;
        // A command that does not read all of it closes the pipe: that is its right.
        thread::spawn(move || stdin.write_all(&input));
        Running {
            stdout: Some(collect(child.stdout.take().expect("it is piped"))),
            stderr: Some(collect(child.stderr.take().expect("it is piped"))),
            child,
            line: format!("httpwhy {:?}", self.args),
            until: Instant::now() + self.limit,
        }
    }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("a pipe is readable");
        bytes
    })
}

/// A command under way; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    line: String,
    until: Instant,
}

impl Running {
    /// Sends a signal by its name, `INT` or `TERM`.
    ///
    /// # Panics
    /// When the shell's `kill` refuses.
    pub fn signal(&self, name: &str) {
        // The shell's own `kill` is there on every machine; the program of that name is not.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status()
            .expect("a shell");
        assert!(sent.success(), "kill -{name}: {sent}");
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not come within the limit; the message says what was printed until then.
    pub fn wait(mut self) -> Ran {
        let status = self.end();
        let stdout = self.stdout.take().map(JoinHandle::join);
        let stderr = self.stderr.take().map(JoinHandle::join);
        let bytes =
            |read: Option<thread::Result<Vec<u8>>>| read.and_then(Result::ok).unwrap_or_default();
        let ran = Ran {
            code: status.and_then(|status| status.code()),
            stdout: bytes(stdout),
            stderr: String::from_utf8_lossy(&bytes(stderr)).into_owned(),
            line: std::mem::take(&mut self.line),
        };
        assert!(status.is_some(), "not over within its limit: {ran}");
        ran
    }

    /// The end, or `None` when it had to be killed.
    fn end(&mut self) -> Option<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of our own") {
                return Some(status);
            }
            if Instant::now() >= self.until {
                self.kill();
                return None;
            }
            thread::sleep(LOOK);
        }
    }

    fn kill(&mut self) {
        // It may have ended in this moment.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output, as written.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
    line: String,
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "each of them is an assertion, done when it returns"
)]
impl Ran {
    /// Standard output as text.
    ///
    /// # Panics
    /// When it is no UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is UTF-8")
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.text().lines().collect()
    }

    /// The same, when the exit code is that one.
    ///
    /// # Panics
    /// When it is another; the message says what was printed.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// The same, when standard error holds each of these.
    ///
    /// # Panics
    /// When one is missing.
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "'{part}' is not said: {self}");
        }
        self
    }

    /// The same, when standard output holds each of these.
    ///
    /// # Panics
    /// When one is missing.
    pub fn shows(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.text().contains(part), "'{part}' is not shown: {self}");
        }
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let shown: String = stdout.chars().take(4000).collect();
        write!(
            f,
            "{}\nexit code {:?}\n--- stdout ({} bytes)\n{shown}\n--- stderr\n{}",
            self.line,
            self.code,
            self.stdout.len(),
            self.stderr
        )
    }
}

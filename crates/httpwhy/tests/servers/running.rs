//! A server that was started, and the client that drives it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_testkit::Workspace;

/// How long a server may take to listen, or to write its log.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

/// A server's process; ended when dropped.
pub(crate) struct Server {
    child: Child,
    output: PathBuf,
}

impl Server {
    /// Starts it with its output in `output` of the workspace.
    pub(crate) fn start(
        workspace: &Workspace,
        output: &str,
        program: &str,
        arguments: &[&str],
    ) -> Self {
        let file = File::create(workspace.path(output)).expect("a file of our own");
        let path = std::env::var("PATH").unwrap_or_default();
        let child = Command::new(program)
            .env("PATH", format!("{path}:/usr/sbin"))
            .env("HOME", workspace.root())
            .args(arguments)
            .current_dir(workspace.root())
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}, of Debian's package: {error}"));
        Self {
            child,
            output: workspace.path(output),
        }
    }

    /// Waits until it listens.
    pub(crate) fn listens(mut self, port: u16) -> Self {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = self.child.try_wait().expect("a child of our own") {
                let output = fs::read_to_string(&self.output).unwrap_or_default();
                panic!("the server ended: {status}\n{output}");
            }
            assert!(Instant::now() < until, "the server does not listen");
            thread::sleep(LOOK);
        }
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In order, so that it ends its own children too.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks for a target and gives what came. The client leaves after a moment when the path ends in `leave`, and sends
/// 4000 bytes when it ends in `large`.
pub(crate) fn ask(port: u16, target: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a socket takes a timeout");
    let (method, content) = if target.ends_with("large") {
        ("POST", "x".repeat(4000))
    } else {
        ("GET", String::new())
    };
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: servers-test\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{content}",
        content.len()
    );
    // A server may refuse a large content while it is sent.
    let _ = stream.write_all(request.as_bytes());
    if target.ends_with("leave") {
        thread::sleep(Duration::from_millis(300));
        return String::new();
    }
    answer(stream)
}

/// Sends these bytes, whatever they are, and gives what came.
pub(crate) fn ask_raw(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a socket takes a timeout");
    let _ = stream.write_all(bytes);
    answer(stream)
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until a log holds each of these words, which is until the server has written what it had to.
pub(crate) fn written(log: &Path, words: &[&str]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let bytes = fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some(missing) = words.iter().find(|word| !text.contains(**word)) else {
            return;
        };
        assert!(
            Instant::now() < until,
            "'{missing}' is not in {}:\n{text}",
            log.display()
        );
        thread::sleep(LOOK);
    }
}

//! The reference API is what its OpenAPI document says: checked by schemathesis, a tool that did not come from us.
//!
//! It stands in `target/schemathesis` when `.ci/run` has been there once; by hand:
//! `python3 -m venv target/schemathesis && target/schemathesis/bin/pip install -r crates/httpwhy-sim/tests/schemathesis.txt`.
//! In CI the test fails without it; elsewhere it says so and is over.

#![allow(clippy::print_stderr, reason = "says what to install")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use httpwhy_sim::{Config, Simulator};

/// The longest that it may take.
const LONGEST: Duration = Duration::from_mins(2);

/// The program, when it is there.
fn program() -> Option<PathBuf> {
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(target) => PathBuf::from(target),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
    };
    let there = std::env::var_os("SCHEMATHESIS").map(PathBuf::from);
    let program = there.unwrap_or_else(|| target.join("schemathesis/bin/schemathesis"));
    program.is_file().then_some(program)
}

fn wait(child: &mut Child) -> bool {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.success();
        }
        if start.elapsed() > LONGEST {
            child.kill().expect("ends");
            child.wait().expect("ended");
            panic!("schemathesis took more than {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_api_is_what_its_document_says() {
    let Some(program) = program() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "schemathesis is missing; .ci/run installs it into target/schemathesis"
        );
        eprintln!("not checked: no schemathesis; the head of this file says how to get it");
        return;
    };
    let simulator = Simulator::start(Config::default()).expect("ports are free");
    let place = tempfile::tempdir().expect("a directory");
    let said = place.path().join("said");
    let output = std::fs::File::create(&said).expect("a file");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis.toml");
    let mut child = Command::new(program)
        .args(["--config-file"])
        .arg(config)
        .arg("run")
        .arg(format!("http://{}/api/v1/openapi.json", simulator.http()))
        .current_dir(place.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file"))
        .stderr(output)
        .spawn()
        .expect("starts");
    let passed = wait(&mut child);
    let said = std::fs::read_to_string(&said).expect("its words");
    assert!(passed, "{said}");
    let (asked, answered) = cases(&said).unwrap_or_else(|| panic!("no count: {said}"));
    assert!(asked > 500 && answered == asked, "{said}");
}

/// How many requests were made up, and how many of the answers passed: `1378 generated, 1378 passed, 43 skipped`.
fn cases(said: &str) -> Option<(u32, u32)> {
    let (before, after) = said.split_once(" generated, ")?;
    let asked = before.split_whitespace().next_back()?.parse().ok()?;
    let answered = after.split_once(" passed")?.0.parse().ok()?;
    Some((asked, answered))
}

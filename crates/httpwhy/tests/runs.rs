//! `probe --save` and `httpwhy runs`, as a user runs them.

mod json;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_testkit::{Httpwhy, Ran, Reply, Server, Workspace};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

const SECRET: &str = "geheim-4711";

fn httpwhy(words: &[&str]) -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy")).args(words)
}

fn word(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A shop: some pages, some failures; broken, another page fails and one is mended.
fn shop(broken: &Arc<AtomicBool>) -> Server {
    let broken = Arc::clone(broken);
    Server::start(move |asked| {
        let now = broken.load(Ordering::Relaxed);
        let fields = [
            "Content-Type: text/html",
            "Set-Cookie: sid=geheim-4711; Path=/",
        ];
        let path = asked.target.split('?').next().unwrap_or_default();
        let status = match path {
            "/fragile" if now => "500 Internal Server Error",
            "/mended" if !now => "503 Service Unavailable",
            "/other" if now => "410 Gone",
            "/other" => "404 Not Found",
            "/private" => "401 Unauthorized",
            "/moved" => {
                return Reply::new("302 Found", &["Location: /items/1"], "");
            }
            _ => "200 OK",
        };
        Reply::new(status, &fields, format!("<h1>{status}</h1>"))
    })
}

const PAGES: [&str; 9] = [
    "/items/1", "/items/2", "/items/3", "/fragile", "/mended", "/other", "/private", "/moved",
    "/last",
];

/// Probes the shop into the store, and gives what the run came to by the probe's own account.
fn probed(server: &Server, folder: &Workspace, more: &[&str]) -> Value {
    let list: Vec<String> = PAGES.iter().map(|page| server.url(page)).collect();
    let list = folder.write("urls.txt", list.join("\n"));
    let save = format!("--save={}", word(&folder.path("runs.db")));
    let mut words = vec!["probe", word(&list), "-q", "--summary", "-", &save];
    let out = folder.path("out.jsonl");
    words.extend(["-o", word(&out)]);
    words.extend(more);
    let ran = httpwhy(&words).run().exits(0);
    serde_json::from_str(ran.text()).expect("one object")
}

/// `httpwhy runs …` on the store of that folder.
fn runs(folder: &Workspace, words: &[&str]) -> Ran {
    let command = httpwhy(&["runs"]).args(words);
    command
        .env("HTTPWHY_STORE", word(&folder.path("runs.db")))
        .run()
}

fn outcomes(run: &Value) -> BTreeMap<String, u64> {
    let list = run["outcomes"].as_array().expect("a list").iter();
    list.map(|row| {
        let outcome = row["outcome"].as_str().expect("an id").to_owned();
        (outcome, row["count"].as_u64().expect("a number"))
    })
    .collect()
}

#[test]
fn what_is_kept_is_what_was_told() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    let told = probed(&server, &folder, &[]);
    let list = json::lines(&runs(&folder, &["list", "--json"]).exits(0));
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["stored"]["state"], "ended");
    let shown = json::lines(&runs(&folder, &["show", "last", "--json"]).exits(0));
    let run = &shown[0];
    assert_eq!(outcomes(run), outcomes(&told));
    for name in [
        "targets",
        "failed",
        "exchanges",
        "bytes",
        "connections",
        "health",
    ] {
        assert_eq!(run[name], told[name], "{name}");
    }
    assert_eq!(
        (run["targets"].as_u64(), run["exchanges"].as_u64()),
        (Some(9), Some(10))
    );
    assert_eq!(run["stored"]["kept"], 10);
    assert_eq!(run["stored"]["run"], 1);

    let by = json::lines(&runs(&folder, &["show", "1", "--by", "entry-point", "--json"]).exits(0));
    let entry_points = by[0]["entry_points"].as_array().expect("a list");
    // /items/{n} once, /last, and the six others.
    assert_eq!(entry_points.len(), 7);
    let items = entry_points
        .iter()
        .find(|row| row["template"] == "/items/{n}")
        .expect("folded");
    assert_eq!(
        (&items["visits"]["ok"], &items["health"]),
        (&3.into(), &"ok".into())
    );
    let private = entry_points
        .iter()
        .find(|row| row["template"] == "/private")
        .expect("there");
    assert_eq!(private["health"], "unauthorized");
    // Five of seven are well: /moved led to a page.
    let percent = run["health"]["percent"].as_f64().expect("a share");
    assert!((percent - 57.14).abs() < 0.01, "{percent}");

    let by = json::lines(&runs(&folder, &["show", "--by", "code", "--json"]).exits(0));
    let codes = by[0]["codes"].as_array().expect("a list");
    let gone = codes
        .iter()
        .find(|row| row["code"] == "404")
        .expect("there");
    assert_eq!(
        (&gone["count"], &gone["title"]),
        (&1.into(), &"Not Found".into())
    );
    assert!(gone["meaning"].as_str().is_some_and(|text| text.len() > 20));
    assert!(gone["fix"].as_array().is_some_and(|fix| !fix.is_empty()));
    let by = json::lines(&runs(&folder, &["show", "--by", "host", "--json"]).exits(0));
    assert_eq!(by[0]["hosts"].as_array().map(Vec::len), Some(1));

    runs(&folder, &["show"]).exits(0).shows(&[
        "run 1  probe ",
        "Health     57 % of 7 entry points OK",
        "http/404  Not Found",
    ]);
    runs(&folder, &["show", "--by", "entry-point"])
        .exits(0)
        .shows(&["unauthorized", "GET http://127.0.0.1:", "/items/{n}"]);
    runs(&folder, &["show", "--by", "code"])
        .exits(0)
        .shows(&["404  Not Found", "Fix ("]);
}

#[test]
fn what_is_kept_is_judged_again_to_the_same() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    probed(&server, &folder, &[]);
    let lines = folder.path("again.jsonl");
    runs(
        &folder,
        &["export", "--format", "jsonl", "-o", word(&lines)],
    )
    .exits(0);
    let again = json::lines(&httpwhy(&["read", word(&lines), "--json"]).run().exits(0));
    let first = folder.read("out.jsonl");
    let judged = |value: &Value| {
        let of = |name: &str| value[name].clone();
        (
            of("step"),
            of("target"),
            of("outcome"),
            of("blame"),
            of("evidence"),
            of("findings"),
            of("retry"),
        )
    };
    let first: Vec<Value> = first
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let sorted = |all: &[Value]| {
        let mut all: Vec<String> = all
            .iter()
            .map(|value| format!("{:?}", judged(value)))
            .collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&again), sorted(&first));
}

#[test]
fn no_secret_is_kept() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    let user = format!("me:{SECRET}");
    let list = folder.write(
        "one.txt",
        server
            .url("/private")
            .replace("//", &format!("//me:{SECRET}@")),
    );
    let save = format!("--save={}", word(&folder.path("runs.db")));
    let key = format!("X-Api-Key: {SECRET}");
    httpwhy(&[
        "probe",
        word(&list),
        &save,
        "-q",
        "--user",
        &user,
        "-H",
        &key,
    ])
    .run()
    .exits(0);
    assert!(server.requests() > 0);
    let lines = runs(&folder, &["export"]).exits(0);
    lines.clone().shows(&["\"redacted\"", "/private"]);
    let har = runs(&folder, &["export", "--format", "har"]).exits(0);
    for text in [lines.text(), har.text()] {
        assert!(!text.contains(SECRET), "{text}");
    }
    for name in ["runs.db", "runs.db-wal"] {
        let bytes = fs::read(folder.path(name)).unwrap_or_default();
        let found = bytes
            .windows(SECRET.len())
            .any(|window| window == SECRET.as_bytes());
        assert!(!found, "{name}");
    }
}

#[test]
fn runs_are_compared() {
    let (folder, broken) = (Workspace::new(), Arc::new(AtomicBool::new(false)));
    let server = shop(&broken);
    probed(&server, &folder, &[]);
    probed(&server, &folder, &[]);
    runs(&folder, &["diff", "--fail-on", "new-failures,changes"])
        .exits(0)
        .shows(&["no target changed; 9 as before"]);
    broken.store(true, Ordering::Relaxed);
    probed(&server, &folder, &[]);
    let ran = runs(&folder, &["diff", "1", "last", "--fail-on", "new-failures"]).exits(1);
    ran.shows(&[
        "1 new, 1 fixed, 1 changed; 6 as before",
        "http/200 -> http/500",
        "http/404 -> http/410",
        "/fragile",
    ]);
    runs(
        &folder,
        &["diff", "last", "last~1", "--fail-on", "new-failures"],
    )
    .exits(1)
    .shows(&["/mended"]);
    let diff = json::lines(&runs(&folder, &["diff", "--json"]).exits(0)).remove(0);
    assert_eq!(diff["kind"], "diff");
    assert_eq!(
        diff["counts"],
        serde_json::json!({"new": 1, "fixed": 1, "changed": 1, "added": 0, "gone": 0})
    );
    let new = &diff["changes"][0];
    assert_eq!(
        (&new["change"], &new["before"], &new["after"]),
        (&"new".into(), &"http/200".into(), &"http/500".into())
    );
    assert!(
        new["examples"][0]
            .as_str()
            .is_some_and(|url| url.ends_with("/fragile"))
    );
}

/// All that HAR 1.2 demands of an object, by where it stands.
const DEMANDED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "startedDateTime",
            "time",
            "request",
            "response",
            "cache",
            "timings",
        ],
    ),
    (
        "request",
        &[
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        ],
    ),
    (
        "response",
        &[
            "status",
            "statusText",
            "httpVersion",
            "cookies",
            "headers",
            "content",
            "redirectURL",
            "headersSize",
            "bodySize",
        ],
    ),
    ("response/content", &["size", "mimeType"]),
    ("timings", &["send", "wait", "receive"]),
];

#[test]
fn exports_hold_every_exchange() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    probed(&server, &folder, &["-X", "+1"]);
    let export = |format: &str| {
        let file = folder.path(&format!("run.{format}"));
        runs(
            &folder,
            &["export", "1", "--format", format, "-o", word(&file)],
        )
        .exits(0);
        fs::read(file).expect("written")
    };
    let csv = String::from_utf8(export("csv")).expect("UTF-8");
    let rows: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 11, "{csv}");
    assert!(rows[0].starts_with("run,visit,step,"));
    // What a spreadsheet would calculate.
    assert!(
        rows[1..].iter().all(|row| row.contains(",\"'+1\",")),
        "{csv}"
    );

    let har: Value = serde_json::from_slice(&export("har")).expect("JSON");
    assert_eq!(har["log"]["version"], "1.2");
    assert!(
        har["log"]["creator"]["name"] == "httpwhy" && har["log"]["creator"]["version"].is_string()
    );
    let entries = har["log"]["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 10);
    for entry in entries {
        for (at, names) in DEMANDED {
            let place = if at.is_empty() {
                entry
            } else {
                entry.pointer(&format!("/{at}")).expect(at)
            };
            for name in *names {
                assert!(!place[*name].is_null(), "{at}.{name} in {entry}");
            }
        }
        let timings = entry["timings"].as_object().expect("times");
        let parts = timings.iter().filter(|(name, _)| *name != "ssl");
        let sum: f64 = parts
            .filter_map(|(_, took)| took.as_f64())
            .filter(|took| *took > 0.0)
            .sum();
        assert!(
            (sum - entry["time"].as_f64().expect("a time")).abs() < 0.01,
            "{entry}"
        );
    }
    let read = json::lines(
        &httpwhy(&["read", word(&folder.path("run.har")), "--json"])
            .run()
            .exits(0),
    );
    let mut statuses: Vec<u64> = read
        .iter()
        .filter_map(|line| line["status"].as_u64())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 302, 401, 404, 503]);

    let file = export("parquet");
    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).expect("a Parquet file");
    assert_eq!(reader.metadata().file_metadata().num_rows(), 10);
    let names = reader
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .len();
    assert_eq!(names, rows[0].split(',').count());
    runs(&folder, &["export", "--format", "parquet"])
        .exits(2)
        .says(&["--output"]);
}

#[test]
fn a_bad_name_is_told_what_there_is() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    runs(&folder, &["list"])
        .exits(2)
        .says(&["there is no store of runs at", "probe --save"]);
    let server = shop(&broken);
    probed(&server, &folder, &[]);
    probed(&server, &folder, &[]);
    runs(&folder, &["show", "7"])
        .exits(2)
        .says(&["there is no run 7", "holds 2, 1"]);
    runs(&folder, &["show", "last~2"])
        .exits(2)
        .says(&["there is no run last~2"]);
    runs(&folder, &["show", "first"]).exits(2).says(&["last~1"]);
    let notes = folder.write(
        "notes.txt",
        "no database at all, only a few words in a file, but long enough\n".repeat(20),
    );
    let refused = httpwhy(&["runs", "--store", word(&notes)]).run().exits(2);
    refused.says(&["is no store of runs"]);
    let save = format!("--save={}", word(&notes));
    let before = server.requests();
    httpwhy(&["probe", &server.url("/"), &save])
        .run()
        .exits(2)
        .says(&["is no store of runs"]);
    assert_eq!(
        server.requests(),
        before,
        "nothing is asked for what cannot be kept"
    );
    assert!(
        fs::read_to_string(&notes)
            .expect("there")
            .starts_with("no database")
    );
}

#[test]
fn what_is_pruned_is_said() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    for _ in 0..4 {
        probed(&server, &folder, &[]);
    }
    runs(&folder, &["prune"]).exits(2).says(&["--keep"]);
    runs(&folder, &["prune", "--older-than", "1d"])
        .exits(0)
        .shows(&["0 removed, 4 left"]);
    runs(&folder, &["prune", "2"])
        .exits(0)
        .shows(&["removed run 2 of ", "1 removed, 3 left"]);
    runs(&folder, &["prune", "--keep", "1"]).exits(0).shows(&[
        "removed run 1 ",
        "removed run 3 ",
        "2 removed, 1 left",
    ]);
    let left = json::lines(&runs(&folder, &["--json"]).exits(0));
    assert_eq!(left[0]["stored"]["run"], 4);
    let gone = json::lines(&runs(&folder, &["prune", "--older-than", "0s", "--json"]).exits(0));
    assert_eq!(
        (&gone[0]["stored"]["run"], &gone[0]["stored"]["state"]),
        (&4.into(), &"removed".into())
    );
    runs(&folder, &["show"]).exits(2).says(&["holds none yet"]);
}

#[test]
fn an_interrupted_run_is_kept_as_that() {
    let folder = Workspace::new();
    let server = Server::start(|asked| match asked.target.as_str() {
        target if target.starts_with("/slow") => Reply::raw("").then_silence(),
        _ => Reply::new("200 OK", &["Content-Type: text/plain"], "fine"),
    });
    let quick = (0..20).map(|n| server.url(&format!("/{n}")));
    let slow = (0..30).map(|n| server.url(&format!("/slow/{n}")));
    let list: Vec<String> = quick.chain(slow).collect();
    let list = folder.write("urls.txt", list.join("\n"));
    let file = folder.path("runs.db");
    let save = format!("--save={}", word(&file));
    let running = httpwhy(&["probe", word(&list), &save, "-q", "-c", "10"]).spawn();
    let until = Instant::now() + Duration::from_secs(30);
    // Ten at a time: once the first ten slow ones are asked for, all quick ones are over.
    while server.requests() < 30 && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    running.signal("INT");
    running.wait().exits(130);
    let shown = json::lines(&runs(&folder, &["show", "--json"]).exits(0)).remove(0);
    assert_eq!(shown["stored"]["state"], "interrupted");
    assert_eq!(
        (&shown["targets"], &shown["interrupted"]),
        (&50.into(), &true.into())
    );
    let counts = outcomes(&shown);
    assert_eq!(
        (counts["http/200"], counts["engine/cancelled"]),
        (20, 30),
        "{counts:?}"
    );
}

/// A simulator that is ended when the test is.
struct Sim(Child);

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_stored_run_is_replayed() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    let told = probed(&server, &folder, &[]);
    let store = folder.path("runs.db");
    let reference = format!("{}#last", word(&store));
    let child = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
        .args([
            "sim", "--json", "--port", "0", "--pace", "0", "--replay", &reference,
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut sim = Sim(child);
    let mut line = String::new();
    let out = sim.0.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    let base = format!("http://{}", ready["http"].as_str().expect("an address"));
    let list = folder.path("urls.txt");
    let save = format!("--save={}", word(&store));
    httpwhy(&["probe", word(&list), "--base", &base, "-q", &save])
        .run()
        .exits(0);
    let shown = json::lines(&runs(&folder, &["show", "--json"]).exits(0)).remove(0);
    assert_eq!(outcomes(&shown), outcomes(&told));
    let none = format!("{}#9", word(&store));
    httpwhy(&["sim", "--port", "0", "--replay", &none])
        .run()
        .exits(2)
        .says(&["there is no run 9"]);
}

/// What a person gets at a terminal: python's pty is one. CI is none.
#[test]
fn a_person_s_run_is_kept_by_itself() {
    let (folder, broken) = (Workspace::new(), Arc::default());
    let server = shop(&broken);
    let store = folder.path("data/httpwhy/runs.db");
    let data = folder.path("data");
    let url = server.url("/items/1");
    let program = env!("CARGO_BIN_EXE_httpwhy");
    let spawn = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    let at_terminal = |more: &[&str], ci: &str| {
        let command = Httpwhy::at("python3").args(["-c", spawn, program, "probe", &url]);
        command
            .args(more)
            .env("XDG_DATA_HOME", word(&data))
            .env("CI", ci)
            .run()
            .exits(0)
    };
    let piped = httpwhy(&["probe", &url])
        .env("XDG_DATA_HOME", word(&data))
        .run()
        .exits(0);
    assert!(!piped.stderr.contains("kept"), "{piped}");
    at_terminal(&["--no-save"], "");
    at_terminal(&[], "true");
    assert!(!store.exists(), "nobody asked for it");
    at_terminal(&[], "").shows(&["kept as run 1: httpwhy runs show 1"]);
    at_terminal(&["-q"], "");
    let shown = httpwhy(&["runs", "--json"])
        .env("XDG_DATA_HOME", word(&data))
        .run()
        .exits(0);
    assert_eq!(json::lines(&shown).len(), 2);
}

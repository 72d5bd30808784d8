//! Other people's clients meet the simulator's acts, and say what the table says: `table.md`, one row an act, one column
//! a client.
//!
//! curl is run once an act; Python requests, Node's fetch and a headless Chromium are each started once and given a list.
//! When something differs the whole table as it came out is written beside the build, to be read and, where the client is
//! right, taken over.

mod curl;
mod drivers;
mod jobs;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::Workspace;

use jobs::Job;
use table::{Client, Table};

/// The most that all clients together may take: a busy machine is no defect.
const LIMIT: Duration = Duration::from_mins(4);
/// So many acts each client meets at least.
const AT_LEAST: usize = 60;

/// What a client said, by the row's name.
type Said = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn read_table() -> Table {
    let text = std::fs::read_to_string(folder().join("table.md")).expect("readable");
    Table::read(&text).unwrap_or_else(|why| panic!("table.md: {why}"))
}

#[test]
fn the_table_is_large_enough_and_says_why_where_it_allows_more() {
    let table = read_table();
    for client in Client::ALL {
        let asked = table.rows.iter().filter(|row| row.is_asked(client)).count();
        assert!(asked >= AT_LEAST, "{client:?}: {asked}");
    }
    for row in &table.rows {
        let is_open = Client::ALL
            .iter()
            .any(|client| row.accepted(*client).len() > 1);
        assert!(!is_open || !row.note.is_empty(), "{}: why?", row.name);
    }
    let mut names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a row stands twice");
}

#[test]
fn clients_say_what_the_table_says() {
    let table = read_table();
    let simulator = Simulator::start(Config::default()).expect("ports are free");
    let workspace = Workspace::new();
    let ca = workspace.path("ca.pem");
    std::fs::write(&ca, simulator.ca_pem()).expect("written");
    let until = Instant::now() + LIMIT;
    let start = Instant::now();
    let said: BTreeMap<Client, Said> = thread::scope(|scope| {
        let started: Vec<_> = Client::ALL
            .into_iter()
            .map(|client| {
                let jobs = jobs_of(&table, &simulator, client, workspace.root());
                let (ca, folder) = (ca.as_path(), workspace.root());
                let work = move || {
                    let said = match client {
                        Client::Curl => curl::ask_all(&jobs, ca),
                        other => drivers::ask_all(other, &jobs, ca, folder, until),
                    };
                    println!(
                        "{client:?}: {} in {:.1} s",
                        said.len(),
                        start.elapsed().as_secs_f64()
                    );
                    (client, said)
                };
                scope.spawn(work)
            })
            .collect();
        started
            .into_iter()
            .map(|work| work.join().expect("no panic"))
            .collect()
    });
    let wrong = table.differences(&said);
    if !wrong.is_empty() {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients-table.md");
        std::fs::write(&file, table.with(&said).to_string()).expect("written");
        panic!(
            "{} differ; the table as it came out: {}\n{}",
            wrong.len(),
            file.display(),
            wrong.join("\n")
        );
    }
}

fn jobs_of(table: &Table, simulator: &Simulator, client: Client, folder: &Path) -> Vec<Job> {
    let asked = table.rows.iter().filter(|row| row.is_asked(client));
    asked
        .enumerate()
        .map(|(number, row)| Job::of(&row.name, number, client, simulator, folder))
        .collect()
}

//! Every code, outcome and rule of the five source documents is met by an entry. The facts needed stand in
//! `registry/seed-rows.csv`, the documents nowhere here.

mod csv;

use httpwhy_catalog::{Entry, Found, by_code, by_id, by_name, find, seed_rows};

struct Row {
    seed: String,
    code: String,
    name: String,
    kind: String,
    vendor: String,
    id: String,
}

fn rows() -> Vec<Row> {
    csv::rows(include_str!("../registry/seed-rows.csv"))
        .into_iter()
        .map(|[seed, code, name, kind, vendor, id]| Row {
            seed,
            code,
            name,
            kind,
            vendor,
            id,
        })
        .collect()
}

impl Row {
    fn label(&self) -> String {
        format!("{} {} \"{}\"", self.seed, self.code, self.name)
    }

    fn is_general(&self) -> bool {
        self.kind == "class"
    }

    /// The namespaces that can own such a row.
    fn namespaces(&self) -> &'static [&'static str] {
        match (self.kind.as_str(), self.vendor.as_str()) {
            ("http-status", _) => &["http"],
            ("websocket-close", _) => &["ws"],
            ("repeater-error", _) => &["repeater", "engine"],
            ("engine-error", _) => &[
                "engine",
                "input",
                "auth",
                "webdriver",
                "browser",
                "tls",
                "net",
            ],
            (_, "Laravel") => &["laravel"],
            (_, "Cloudflare") => &["cloudflare"],
            (_, "nginx") => &["nginx"],
            (_, "Esri") => &["esri"],
            (_, "IIS") => &["iis"],
            (_, "IIS / Exchange ActiveSync") => &["exchange"],
            (_, "Google resumable requests proposal") => &["google"],
            (_, "Spring Framework") => &["spring"],
            (_, "Twitter") => &["twitter"],
            (_, "Microsoft") => &["microsoft"],
            (_, "Apache/cPanel") => &["cpanel", "apache"],
            (_, "Pantheon") => &["pantheon"],
            (_, "HTTP proxies (informal)") => &["proxy"],
            _ => &[],
        }
    }

    /// The entries that are about this row: of that number in its namespace, or of that name.
    fn owners(&self) -> Vec<&'static Entry> {
        let is_number = self.code.bytes().all(|byte| byte.is_ascii_digit());
        let of_code = if is_number {
            by_code(&self.code)
        } else {
            by_name(&self.code)
        };
        of_code
            .into_iter()
            .filter(|entry| self.namespaces().contains(&entry.id.namespace()))
            .collect()
    }

    /// The class entry that answers a general rule's row.
    fn general_entry(&self) -> Option<&'static Entry> {
        match self.code.as_str() {
            // One status code a response, and every response has one: what breaks the rule has an entry of its own.
            "(status line)" => by_id("http/invalid-status"),
            "(nginx 4xx)" => by_id("nginx/499"),
            "(any 500)" => by_id("http/5xx"),
            code => {
                let class = code.strip_prefix("rule ").unwrap_or(code);
                by_id(&format!("http/{}xx", class.get(..1)?))
            }
        }
    }
}

#[test]
fn every_row_has_an_entry_that_names_its_seed() {
    let mut failures = Vec::new();
    for row in rows().iter().filter(|row| !row.is_general()) {
        let owners = row.owners();
        if owners.is_empty() {
            failures.push(format!(
                "{}: no entry under {:?}",
                row.label(),
                row.namespaces()
            ));
        } else if !owners
            .iter()
            .any(|entry| entry.seeds.contains(&row.seed.as_str()))
        {
            let ids: Vec<&str> = owners.iter().map(|entry| entry.id.0).collect();
            failures.push(format!("{}: seed not in {}", row.label(), ids.join(", ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_general_rule_is_met_by_its_class() {
    let failures: Vec<String> = rows()
        .iter()
        .filter(|row| row.is_general() && row.general_entry().is_none())
        .map(Row::label)
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_name_resolves() {
    let mut failures = Vec::new();
    for row in rows().iter().filter(|row| !row.is_general()) {
        for question in [&row.code, &row.name] {
            let found: Vec<&Entry> = match find(question) {
                Found::One(entry) => vec![entry],
                Found::Several(entries) => entries,
                Found::Class(..) | Found::Misspelt(..) | Found::Nothing(_) => Vec::new(),
            };
            let ids: Vec<&str> = found.iter().map(|entry| entry.id.0).collect();
            let owners = row.owners();
            let holds = found
                .iter()
                .any(|entry| owners.iter().any(|owner| owner.id == entry.id));
            if !holds {
                failures.push(format!("{}: '{question}' finds {ids:?}", row.label()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_row_is_answered_by_its_own_entry() {
    let failures: Vec<String> = rows()
        .iter()
        .filter(|row| {
            let owners = if row.is_general() {
                row.general_entry().into_iter().collect()
            } else {
                row.owners()
            };
            !owners.iter().any(|owner| owner.id.0 == row.id)
        })
        .map(|row| format!("{}: {} is not its entry", row.label(), row.id))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_compiled_rows_are_those_of_the_file_in_its_order() {
    let compiled: Vec<[&str; 4]> = seed_rows()
        .iter()
        .map(|row| [row.seed, row.code, row.name, row.entry().id.0])
        .collect();
    let rows = rows();
    let of_the_file: Vec<[&str; 4]> = rows
        .iter()
        .map(|row| [&*row.seed, &*row.code, &*row.name, &*row.id])
        .collect();
    assert_eq!(compiled, of_the_file);
}

#[test]
fn the_rows_are_all_there() {
    let rows = rows();
    let of = |seed: &str| rows.iter().filter(|row| row.seed == seed).count();
    assert_eq!(
        ["000", "001", "002", "003", "004"].map(of),
        [68, 47, 96, 78, 42]
    );
    let unowned: Vec<String> = rows
        .iter()
        .filter(|row| !row.is_general() && row.namespaces().is_empty())
        .map(Row::label)
        .collect();
    assert!(unowned.is_empty(), "{}", unowned.join("\n"));
}

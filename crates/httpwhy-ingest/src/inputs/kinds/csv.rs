//! Tables as spreadsheets write them: separated by commas, semicolons or tabs, with a column that holds the targets.

use crate::Unread;
use crate::inputs::call::{More, rebased};
use crate::inputs::kinds::list::is_uri;
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, failed};

pub(crate) static KIND: Kind = Kind {
    name: "csv",
    title: "a table (CSV)",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: true,
};

/// Names that the column of targets usually has.
const COLUMNS: &[&str] = &[
    "url", "uri", "target", "address", "link", "loc", "location", "href", "endpoint", "website",
];
const SEPARATORS: &[u8] = b",;\t";
/// The longest line that a target is taken from.
const LONGEST: usize = 1024 * 1024;

fn looks(look: &Look<'_>) -> Option<Sure> {
    let first = look.lines().next()?;
    let separator = separator(first)?;
    let cells = cells(first, separator);
    let named = cells.iter().any(|cell| is_column(cell));
    // A comma alone proves little: URLs hold commas.
    let table = cells.len() > 1 && cells.iter().any(|cell| is_uri(cell)) && separator != b'\t';
    let clean = cells.len() > 1 && !cells.iter().any(|cell| cell.contains("://"));
    match () {
        () if named && (clean || cells.len() == 1) => Some(Sure::Likely),
        () if table && !is_uri(first) => Some(Sure::Likely),
        () if table && separator == b';' => Some(Sure::Perhaps),
        () => None,
    }
}

fn is_column(cell: &str) -> bool {
    let lower = cell.trim().to_ascii_lowercase();
    COLUMNS.contains(&lower.as_str())
}

/// The separator that stands most often in the first line; a single column named like one of targets has none.
fn separator(line: &str) -> Option<u8> {
    let count = |separator: u8| line.bytes().filter(|&b| b == separator).count();
    let best = SEPARATORS
        .iter()
        .copied()
        .max_by_key(|&separator| count(separator))?;
    (count(best) > 0 || is_column(line.trim_matches('"'))).then_some(best)
}

fn cells(line: &str, separator: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .flexible(true)
        .from_reader(line.as_bytes());
    let first = reader.records().next().and_then(Result::ok);
    first.map_or_else(Vec::new, |record| {
        record.iter().map(str::to_owned).collect()
    })
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let (head, content) = content.first_line();
    let separator = separator(&head).unwrap_or(b',');
    let first = cells(&head, separator);
    let (column, has_names) = match column(&first, options.column.as_deref()) {
        Ok(found) => found,
        Err(error) => return failed(error),
    };
    let base = options.base.clone();
    let records = csv::ReaderBuilder::new()
        .has_headers(has_names)
        .delimiter(separator)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(content.stream())
        .into_byte_records();
    let mut gone = false;
    let calls = records.map_while(move |record| {
        if gone {
            return None;
        }
        Some(match record {
            Ok(record) => {
                let line = record.position().map_or(0, |at| at.line() as usize);
                cell(&record, column, line, base.as_deref())
            }
            Err(error) => {
                gone = error.is_io_error();
                let line = error.position().map_or(0, |at| at.line() as usize);
                Err(Unread::line(line, error.to_string()).worded("csv-row"))
            }
        })
    });
    Box::new(calls)
}

/// Which column it is, and whether the first line holds names.
fn column(first: &[String], wanted: Option<&str>) -> Result<(usize, bool), Unread> {
    let named = first.iter().position(|cell| is_column(cell));
    let has_names = !first.iter().any(|cell| cell.contains("://"));
    let names = || first.join(", ").chars().take(200).collect::<String>();
    let missing = |what: String| Err(Unread::line(1, what).worded("csv-column"));
    let Some(wanted) = wanted else {
        let uri = first.iter().position(|cell| is_uri(cell));
        return match named.or(uri) {
            Some(at) => Ok((at, has_names)),
            None => missing(format!(
                "which column holds the targets? There are: {}; name it with --column",
                names()
            )),
        };
    };
    let by_name = first
        .iter()
        .position(|cell| cell.trim().eq_ignore_ascii_case(wanted.trim()));
    let number = wanted.parse::<usize>().ok();
    let by_number = number
        .filter(|n| (1..=first.len()).contains(n))
        .map(|n| n - 1);
    match by_name.or(by_number) {
        Some(at) => Ok((at, has_names)),
        None => missing(format!(
            "no column is called '{wanted}'; there are: {}",
            names()
        )),
    }
}

fn cell(
    record: &csv::ByteRecord,
    column: usize,
    line: usize,
    base: Option<&str>,
) -> Result<Call, Unread> {
    let row = |what: String| Unread::line(line, what).worded("csv-row");
    let Some(cell) = record.get(column) else {
        return Err(row(format!(
            "this row has {} column(s), and the targets stand in column {}",
            record.len(),
            column + 1
        )));
    };
    if cell.len() > LONGEST {
        return Err(row("a cell of more than 1 MiB is no target".to_owned()));
    }
    let target = String::from_utf8_lossy(cell);
    let target = target.trim();
    if target.is_empty() {
        return Err(row(
            "the cell that should hold the target is empty".to_owned()
        ));
    }
    let more = More {
        line,
        ..More::default()
    };
    Ok(Call::new(rebased(target, base), more))
}

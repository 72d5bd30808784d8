//! Diagnoses and catalogue entries for a terminal, and as JSON.
//!
//! Whatever came from the other side is escaped before it gets here or here: a quote can neither move a cursor nor
//! colour a line.

mod choice;
mod entry;
mod formats;
mod group;
mod letter;
mod listed;
mod logs_report;
mod markdown;
mod steps;
mod style;

pub use choice::{Advice, choice_line, choice_text, question_line, question_text};
pub use entry::{candidates_text, entry_text, outcome_line};
pub use formats::{Format, Report, by_name, formats};
pub use group::groups_text;
pub use letter::{Letter, Occurrences, curl, letter_text};
pub use listed::listed_text;
pub use logs_report::logs_html;
pub use markdown::render as markdown_text;
pub use style::{Style, safe};

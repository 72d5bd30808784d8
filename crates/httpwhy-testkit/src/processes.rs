//! The processes of this machine, as Linux tells of them.

use std::fs;
use std::path::Path;

/// A process that is no zombie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// That of its parent.
    pub parent: u32,
    /// That of its process group.
    pub group: u32,
    /// Its command line, with spaces between the arguments.
    pub command: String,
}

/// The processes that have that text in their command line.
///
/// # Panics
/// On a system without `/proc`.
pub fn processes(text: &str) -> Vec<Process> {
    let all = fs::read_dir("/proc").expect("a system with /proc");
    all.filter_map(|entry| process(&entry.ok()?.path()))
        .filter(|process| process.command.contains(text))
        .collect()
}

/// State, parent and group stand behind the name in parentheses (proc(5), `/proc/pid/stat`).
fn process(folder: &Path) -> Option<Process> {
    let pid = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    let words: Vec<&str> = behind.split_ascii_whitespace().take(3).collect();
    let [state, parent, group] = words[..] else {
        return None;
    };
    let command = fs::read(folder.join("cmdline")).ok()?;
    let process = Process {
        pid,
        parent: parent.parse().ok()?,
        group: group.parse().ok()?,
        command: String::from_utf8_lossy(&command).replace('\0', " "),
    };
    (state != "Z").then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_one_is_there() {
        let own = processes("")
            .into_iter()
            .find(|it| it.pid == std::process::id());
        assert!(own.is_some_and(|own| own.group > 0 && own.parent > 0 && !own.command.is_empty()));
    }
}

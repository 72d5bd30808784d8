//! Paths that every file system and every shell can hold.

use std::collections::HashMap;

/// Two paths equal in lower case (one file would be lost on macOS and Windows), or a part that begins with `-`
/// (a command would take it for an option).
pub(super) fn problems(files: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen: HashMap<String, &str> = HashMap::new();
    for file in files {
        if file.split('/').any(|part| part.starts_with('-')) {
            problems.push(format!("{file}: a part of the path begins with '-'"));
        }
        if let Some(other) = seen.insert(file.to_lowercase(), file) {
            problems.push(format!("{file}: equal to {other} in lower case"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::problems;

    #[test]
    fn planted_paths() {
        let files = ["a/cD.md", "a/CD.md", "b/--.md", "b/c-d.md"].map(String::from);
        let found = problems(&files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("equal to a/cD.md") && found[1].starts_with("b/--.md"));
    }
}

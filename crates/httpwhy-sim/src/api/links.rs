//! Where an answer leads: OpenAPI's links from what was created to the operations that take it.

use serde_json::{Map, Value, json};

/// From an answer to operations.
struct Links {
    /// The operation that answers, and the status.
    from: &'static str,
    status: u16,
    /// Parameters of the other operations, and where their values stand in the answer or its request.
    parameters: &'static [(&'static str, &'static str)],
    /// The other operations.
    to: &'static [&'static str],
}

static LINKS: &[Links] = &[
    Links {
        from: "issue_key",
        status: 201,
        parameters: &[("key", "$response.body#/key")],
        to: &["read_key", "revoke_key"],
    },
    Links {
        from: "create_record",
        status: 201,
        parameters: &[("id", "$response.body#/id")],
        to: &[
            "read_record",
            "replace_record",
            "delete_record",
            "read_total",
            "download",
            "upload",
            "lock_record",
        ],
    },
    Links {
        from: "create_record",
        status: 201,
        parameters: &[],
        to: &["read_latest", "replace_latest"],
    },
    Links {
        from: "lock_record",
        status: 200,
        parameters: &[
            ("id", "$response.body#/record"),
            ("Lock-Token", "$response.header.Lock-Token"),
        ],
        to: &["unlock_record"],
    },
    Links {
        from: "start_job",
        status: 202,
        parameters: &[("job", "$response.body#/id")],
        to: &["look_at_job", "forget_job"],
    },
    Links {
        from: "look_at_job",
        status: 303,
        parameters: &[("job", "$request.path.job")],
        to: &["read_result"],
    },
    Links {
        from: "create_folder",
        status: 201,
        parameters: &[("folder", "$response.body#/id")],
        to: &["read_folder", "walk_folder"],
    },
];

/// The links of that answer; `None` when it leads nowhere.
pub(super) fn of(operation: &str, status: u16) -> Option<Value> {
    let here = LINKS
        .iter()
        .filter(|links| links.from == operation && links.status == status);
    let links: Map<String, Value> = here
        .flat_map(|links| {
            links
                .to
                .iter()
                .map(|to| ((*to).to_owned(), link(links, to)))
        })
        .collect();
    (!links.is_empty()).then_some(Value::Object(links))
}

fn link(links: &Links, to: &str) -> Value {
    let mut link = json!({"operationId": to});
    if !links.parameters.is_empty() {
        link["parameters"] = links
            .parameters
            .iter()
            .map(|(name, from)| ((*name).to_owned(), Value::from(*from)))
            .collect();
    }
    link
}

#[cfg(test)]
mod tests {
    use super::super::operation::Operation;
    use super::super::operations::OPERATIONS;
    use super::*;

    fn operation(id: &str) -> &'static Operation {
        let mut all = OPERATIONS.iter();
        all.find(|known| known.id == id).expect("an operation")
    }

    #[test]
    fn links_lead_from_answers_that_are_there_and_fill_in_all_of_the_path() {
        for links in LINKS {
            let answers = operation(links.from).answers;
            assert!(
                answers.iter().any(|answer| answer.status == links.status),
                "{}",
                links.from
            );
            for to in links.to {
                let target = operation(to);
                let filled = |name: &str| links.parameters.iter().any(|(known, _)| *known == name);
                for part in target.path.split('/') {
                    if let Some(name) = part.strip_prefix('{') {
                        assert!(filled(name.trim_end_matches('}')), "{to}: {name}");
                    }
                }
                for (name, _) in links.parameters {
                    let is_taken = target.path.contains(&format!("{{{name}}}"))
                        || target.fields.contains(name);
                    assert!(is_taken, "{to} takes no {name}");
                }
            }
        }
    }
}

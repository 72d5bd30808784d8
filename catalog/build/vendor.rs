//! One `signature.toml`: how a product is recognised.

use std::path::Path;

use serde::Deserialize;

use crate::{Defect, line_of};

pub(crate) struct Vendor {
    pub(crate) key: String,
    pub(crate) signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) evidence: Vec<Evidence>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    Intermediary,
    Origin,
    Either,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    pub(crate) field: Option<String>,
    pub(crate) cookie: Option<String>,
    #[serde(default)]
    pub(crate) body: bool,
    #[serde(default)]
    pub(crate) reason: bool,
    pub(crate) pattern: String,
    pub(crate) strength: Strength,
    pub(crate) says: Says,
    pub(crate) source: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Strength {
    Certain,
    Strong,
    Weak,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Says {
    Made,
    Passed,
}

impl Vendor {
    pub(crate) fn read(file: &Path, source: &str, defects: &mut Vec<Defect>) -> Option<Self> {
        let mut defect = |line: usize, what: String| {
            defects.push(Defect {
                file: file.to_owned(),
                line,
                what,
            });
        };
        let signature = match toml::from_str::<Signature>(source) {
            Ok(signature) => signature,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(source, span.start));
                defect(line, error.message().replace('\n', "; "));
                return None;
            }
        };
        for evidence in &signature.evidence {
            let places = [
                evidence.field.is_some(),
                evidence.cookie.is_some(),
                evidence.body,
                evidence.reason,
            ];
            if places.iter().filter(|&&place| place).count() != 1 {
                defect(
                    1,
                    format!(
                        "evidence '{}' names exactly one of field, cookie, body, reason",
                        evidence.pattern
                    ),
                );
            }
            if evidence.source.is_empty() {
                defect(1, format!("evidence '{}' has no source", evidence.pattern));
            }
        }
        let key = file.parent()?.file_name()?.to_str()?.to_owned();
        Some(Self { key, signature })
    }
}

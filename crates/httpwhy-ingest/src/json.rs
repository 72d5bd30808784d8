//! Our own JSON: exchanges and visits of schema v1, one a line.

use httpwhy_model::Visit;

use crate::Unread;

pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Visit>, Unread> {
    httpwhy_schema::read_visits(bytes)
        .map_err(|error| Unread::line(error.line, error.what).worded("json-mapping"))
}

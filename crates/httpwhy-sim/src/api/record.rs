//! One record: what is kept of it.

use std::collections::VecDeque;

use bytes::Bytes;
use httpwhy_respond::ETag;
use serde_json::{Value, json};

use super::BASE;
use super::built;
use super::trouble::Trouble;

/// The most former contents that are kept, to tell the difference from.
const MOST_FORMER: usize = 3;

/// What a client says of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// 1 to 100 characters.
    pub(super) title: String,
    /// How many there are.
    pub(super) quantity: u64,
    /// The price of one, in cents.
    pub(super) price: u64,
    /// The regions in which the law forbids it: two letters each.
    pub(super) blocked_in: Vec<String>,
}

/// A record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// What the client said.
    pub(super) said: Said,
    /// Counts the changes, from 1.
    pub(super) row_version: u64,
    /// The when of its creation among all of the key.
    pub(super) created: u64,
    /// The token of who locked it.
    pub(super) lock: Option<String>,
    /// The content to download.
    pub(super) content: Bytes,
    /// The contents before, the oldest first.
    pub(super) former: VecDeque<Bytes>,
}

impl Record {
    /// A new one; its content is its title.
    pub(super) fn new(said: Said, created: u64) -> Self {
        Self {
            content: format!("{}\n", said.title).into(),
            said,
            row_version: 1,
            created,
            lock: None,
            former: VecDeque::new(),
        }
    }

    /// As JSON.
    pub(super) fn json(&self, id: &str) -> Value {
        json!({
            "id": id,
            "row_version": self.row_version,
            "title": self.said.title,
            "quantity": self.said.quantity,
            "price": self.said.price,
            "blocked_in": self.said.blocked_in,
            "content": format!("{BASE}/records/{id}/content"),
        })
    }

    /// The tag of its state.
    pub(super) fn tag(&self, id: &str) -> Result<ETag, Trouble> {
        built::tag(self.json(id).to_string().as_bytes())
    }

    /// Another content; the one before is kept for a while.
    pub(super) fn write(&mut self, content: Bytes) {
        if self.former.len() >= MOST_FORMER {
            self.former.pop_front();
        }
        let former = std::mem::replace(&mut self.content, content);
        self.former.push_back(former);
        self.row_version += 1;
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let former: usize = self.former.iter().map(Bytes::len).sum();
        self.said.title.len() + self.content.len() + former
    }
}

//! Heads and contents: kept once however often they came, compressed.

use std::collections::HashMap;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use crate::Error;

/// Parts whose ids are remembered; when there are more, all are forgotten and looked up again.
const REMEMBERED: usize = 65_536;
/// zstd's own default: most of the gain for little time.
const LEVEL: i32 = 3;
/// Below it nothing is gained.
const WORTH_IT: usize = 64;
/// No part that was written is longer: a length beyond is damage, and no reason to ask for memory.
const LONGEST: u64 = 64 << 20;

/// The first bytes of a SHA-256: so long that no two parts meet by chance, nor by a peer's design.
type Hash = [u8; 16];

/// One of the two tables of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Head,
    Body,
}

impl Table {
    const fn find(self) -> &'static str {
        match self {
            Self::Head => "SELECT id FROM head WHERE hash = ?1",
            Self::Body => "SELECT id FROM body WHERE hash = ?1",
        }
    }

    const fn put(self) -> &'static str {
        match self {
            Self::Head => "INSERT INTO head (hash, length, coding, bytes) VALUES (?1, ?2, ?3, ?4)",
            Self::Body => "INSERT INTO body (hash, length, coding, bytes) VALUES (?1, ?2, ?3, ?4)",
        }
    }

    const fn get(self) -> &'static str {
        match self {
            Self::Head => "SELECT length, coding, bytes FROM head WHERE id = ?1",
            Self::Body => "SELECT length, coding, bytes FROM body WHERE id = ?1",
        }
    }
}

/// Writes parts, and remembers which are there.
pub(super) struct Parts {
    heads: HashMap<Hash, i64>,
    bodies: HashMap<Hash, i64>,
    compressor: zstd::bulk::Compressor<'static>,
}

impl Parts {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            heads: HashMap::new(),
            bodies: HashMap::new(),
            compressor: zstd::bulk::Compressor::new(LEVEL)
                .map_err(|error| Error::Backend(error.to_string()))?,
        })
    }

    /// Forgets what it remembers.
    pub(super) fn forget(&mut self) {
        self.heads.clear();
        self.bodies.clear();
    }

    /// The id of a part, which is written when it is new.
    pub(super) fn id(
        &mut self,
        connection: &Connection,
        table: Table,
        bytes: &[u8],
    ) -> Result<i64, Error> {
        let digest = Sha256::digest(bytes);
        let mut hash = Hash::default();
        hash.copy_from_slice(&digest[..16]);
        if let Some(&id) = self.known(table).get(&hash) {
            return Ok(id);
        }
        let id = match find(connection, table, &hash)? {
            Some(id) => id,
            None => self.put(connection, table, &hash, bytes)?,
        };
        let known = self.known(table);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(hash, id);
        Ok(id)
    }

    fn known(&mut self, table: Table) -> &mut HashMap<Hash, i64> {
        match table {
            Table::Head => &mut self.heads,
            Table::Body => &mut self.bodies,
        }
    }

    fn put(
        &mut self,
        connection: &Connection,
        table: Table,
        hash: &Hash,
        bytes: &[u8],
    ) -> Result<i64, Error> {
        let compressed = (bytes.len() >= WORTH_IT)
            .then(|| self.compressor.compress(bytes))
            .transpose()
            .map_err(|error| Error::Backend(error.to_string()))?
            .filter(|compressed| compressed.len() < bytes.len());
        let (coding, stored) = match &compressed {
            Some(compressed) => (1, &compressed[..]),
            None => (0, bytes),
        };
        connection.prepare_cached(table.put())?.execute(params![
            hash,
            bytes.len() as i64,
            coding,
            stored
        ])?;
        Ok(connection.last_insert_rowid())
    }
}

fn find(connection: &Connection, table: Table, hash: &Hash) -> Result<Option<i64>, Error> {
    let mut statement = connection.prepare_cached(table.find())?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
}

/// Reads a part.
pub(super) fn read(connection: &Connection, table: Table, id: i64) -> Result<Bytes, Error> {
    let mut statement = connection.prepare_cached(table.get())?;
    let found: Option<(i64, i64, Vec<u8>)> = statement
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let damaged = |what: &str| Error::Damaged(format!("part {id}: {what}"));
    let (length, coding, stored) = found.ok_or_else(|| damaged("it is not there"))?;
    let length = u64::try_from(length)
        .ok()
        .filter(|&length| length <= LONGEST);
    let length = length.ok_or_else(|| damaged("its length is wrong"))? as usize;
    let bytes = match coding {
        0 => stored,
        1 => zstd::bulk::decompress(&stored, length)
            .map_err(|error| damaged(&format!("it does not decompress: {error}")))?,
        _ => return Err(damaged("its coding is not known")),
    };
    if bytes.len() != length {
        return Err(damaged("its length is wrong"));
    }
    Ok(bytes.into())
}

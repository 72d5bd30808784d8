//! Tables as Parquet files, a row group at a time, so that memory is bounded whatever their length.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, GzipLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// A row group ends behind so many rows, or so many bytes of text.
const ROWS: usize = 32 * 1024;
const BYTES: usize = 2 << 20;

/// What a column of a Parquet file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Milliseconds since 1970, UTC.
    Time,
}

impl Kind {
    /// As the schema's language spells it (Parquet format, logical types).
    const fn declared(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("BYTE_ARRAY", " (STRING)"),
            Self::Int => ("INT64", ""),
            Self::Float => ("DOUBLE", ""),
            Self::Time => ("INT64", " (TIMESTAMP(MILLIS,true))"),
        }
    }
}

/// A value of a Parquet file; every column may hold nothing.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// For [`Kind::Text`].
    Text(Option<&'a str>),
    /// For [`Kind::Int`] and [`Kind::Time`].
    Int(Option<i64>),
    /// For [`Kind::Float`].
    Float(Option<f64>),
}

/// Rows of a Parquet file in hand.
#[derive(Debug, Default)]
pub struct Batch {
    columns: Vec<Values>,
    rows: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Values {
    /// 1 where there is a value.
    there: Vec<i16>,
    ints: Vec<i64>,
    floats: Vec<f64>,
    texts: Vec<ByteArray>,
}

impl Batch {
    /// Adds a row: a cell for each column, in their order.
    pub fn push(&mut self, cells: &[Cell<'_>]) {
        if self.columns.is_empty() {
            self.columns.resize_with(cells.len(), Values::default);
        }
        for (values, cell) in self.columns.iter_mut().zip(cells) {
            let there = match cell {
                Cell::Text(text) => {
                    self.bytes += text.map_or(0, str::len);
                    values.texts.extend(text.map(ByteArray::from));
                    text.is_some()
                }
                Cell::Int(number) => {
                    values.ints.extend(number);
                    number.is_some()
                }
                Cell::Float(number) => {
                    values.floats.extend(number);
                    number.is_some()
                }
            };
            values.there.push(i16::from(there));
        }
        self.rows += 1;
    }

    /// Whether it makes a row group.
    pub const fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }
}

/// A Parquet file under way.
pub struct Table {
    writer: SerializedFileWriter<File>,
    kinds: Vec<Kind>,
}

impl Table {
    /// Begins a file of that path, in place of one that is there.
    pub fn create(path: &Path, columns: &[(&str, Kind)]) -> io::Result<Self> {
        let mut message = String::from("message rows {");
        for (name, kind) in columns {
            let (physical, logical) = kind.declared();
            // Writing to a string cannot fail.
            let _ = write!(message, " OPTIONAL {physical} {name}{logical};");
        }
        message.push('}');
        let schema = parse_message_type(&message).map_err(failure)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(GzipLevel::default()))
            .set_created_by(concat!("httpwhy ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer =
            SerializedFileWriter::new(File::create(path)?, Arc::new(schema), Arc::new(properties))
                .map_err(failure)?;
        Ok(Self {
            writer,
            kinds: columns.iter().map(|(_, kind)| *kind).collect(),
        })
    }

    /// Writes the rows in hand as a row group, and empties them.
    pub fn take(&mut self, batch: &mut Batch) -> io::Result<()> {
        let batch = std::mem::take(batch);
        if batch.rows == 0 {
            return Ok(());
        }
        self.group(&batch).map_err(failure)
    }

    fn group(&mut self, batch: &Batch) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (values, kind) in batch.columns.iter().zip(&self.kinds) {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            let there = Some(&values.there[..]);
            match kind {
                Kind::Text => {
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(&values.texts, there, None)?
                }
                Kind::Int | Kind::Time => {
                    column
                        .typed::<Int64Type>()
                        .write_batch(&values.ints, there, None)?
                }
                Kind::Float => {
                    column
                        .typed::<DoubleType>()
                        .write_batch(&values.floats, there, None)?
                }
            };
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file; without it, nobody can read it.
    pub fn close(self) -> io::Result<()> {
        self.writer.close().map(drop).map_err(failure)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

fn failure(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => io::Error::other(inner),
        other => io::Error::other(other),
    }
}

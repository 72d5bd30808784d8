//! Encoded content: `/gzip`, `/deflate`, `/brotli`, `/base64`.

use std::io::{self, Write};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::Value;

use super::call::Call;
use super::mirror::told;
use super::reply::{Refusal, Reply};
use super::text;
use crate::json;

/// `/gzip`.
pub(crate) fn gzip(call: &Call<'_>) -> Result<Reply, Refusal> {
    encoded(call, "gzip", "gzipped", |content| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        encoder.finish()
    })
}

/// `/deflate`: with the wrapping of zlib, as RFC 9110 section 8.4.1.2 has it.
pub(crate) fn deflate(call: &Call<'_>) -> Result<Reply, Refusal> {
    encoded(call, "deflate", "deflated", |content| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        encoder.finish()
    })
}

/// `/brotli`.
pub(crate) fn brotli(call: &Call<'_>) -> Result<Reply, Refusal> {
    encoded(call, "br", "brotli", |content| Ok(stored_brotli(content)))
}

fn encoded(
    call: &Call<'_>,
    coding: &str,
    key: &str,
    encode: fn(&[u8]) -> io::Result<Vec<u8>>,
) -> Result<Reply, Refusal> {
    let mut told = told(call, &["headers", "method", "origin"])?;
    told[key] = Value::Bool(true);
    let content = json::pretty(&told);
    let encoded = encode(content.as_bytes()).map_err(|error| Refusal {
        status: 500,
        why: error.to_string(),
    })?;
    Ok(Reply::content("application/json", encoded).with("Content-Encoding", coding))
}

/// A valid brotli stream that compresses nothing: stored meta-blocks (RFC 7932 section 9.2), then an empty last one.
fn stored_brotli(content: &[u8]) -> Vec<u8> {
    let mut out = Bits::default();
    // WBITS: a window of 16 bits.
    out.push(0, 1);
    for block in content.chunks(1 << 16) {
        // ISLAST no, four nibbles of length, the length less one, ISUNCOMPRESSED.
        out.push(0, 1);
        out.push(0, 2);
        out.push(block.len() as u32 - 1, 16);
        out.push(1, 1);
        out.align();
        out.bytes.extend_from_slice(block);
    }
    // ISLAST, ISLASTEMPTY.
    out.push(0b11, 2);
    out.align();
    out.bytes
}

/// Bits, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.pending |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
    }
}

/// `/base64/{value}`: decodes it.
pub(crate) fn base64(call: &Call<'_>) -> Result<Reply, Refusal> {
    let decoded = decode(call.param("value")).and_then(|bytes| String::from_utf8(bytes).ok());
    let hint = "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l";
    let text = decoded.unwrap_or_else(|| hint.to_owned());
    Ok(shown(call, text.into_bytes(), "text/html; charset=utf-8"))
}

/// `/base64/{encode|decode}/{value}`; `?content-type=` for another media type.
pub(crate) fn base64_either(call: &Call<'_>) -> Result<Reply, Refusal> {
    let value = call.param("value");
    let result = match call.param("way") {
        "encode" => engine(true, true).encode(value).into_bytes(),
        "decode" => decode(value).ok_or_else(|| Refusal::bad("This is no base64."))?,
        _ => return Err(Refusal::missing()),
    };
    Ok(shown(call, result, "text/plain; charset=utf-8"))
}

/// What a browser would take for a page is escaped.
fn shown(call: &Call<'_>, content: Vec<u8>, kind: &str) -> Reply {
    let kind = call
        .arg("content-type")
        .filter(|kind| text::is_field_value(kind))
        .unwrap_or(kind);
    let is_harmless = ["text/plain", "application/json", "application/octet-stream"]
        .iter()
        .any(|harmless| kind.starts_with(harmless));
    if is_harmless {
        return Reply::content(kind, content);
    }
    Reply::content(kind, text::html(&String::from_utf8_lossy(&content)))
}

/// Decodes either alphabet, with or without padding.
fn decode(value: &str) -> Option<Vec<u8>> {
    let is_for_urls = value.contains(['-', '_']);
    engine(is_for_urls, false).decode(value).ok()
}

fn engine(for_urls: bool, padded: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(padded)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(if for_urls { &URL_SAFE } else { &STANDARD }, config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_streams() {
        // As a decoder of RFC 7932 takes them: the empty stream, and three bytes.
        assert_eq!(stored_brotli(b""), [0b110]);
        let expected = [0b0010_0000, 0, 0b1_0000, b'a', b'b', b'c', 0b11];
        assert_eq!(stored_brotli(b"abc"), expected);
    }
}

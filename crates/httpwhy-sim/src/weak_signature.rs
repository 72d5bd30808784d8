//! Certificates signed with SHA-1, which no library signs with any more: one is minted with SHA-256, and its signature
//! is made anew over a changed algorithm.

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use sha1::Sha1;

/// SEQUENCE { ecdsa-with-SHA1 } (RFC 5758 section 3.2, ANSI X9.62).
const ECDSA_SHA1: &[u8] = b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01";
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// Where the algorithm stands in the part that is signed: behind version and serial number (RFC 5280 section 4.1).
const ALGORITHM: usize = 2;

/// The same certificate, signed by that key of P-256 (PKCS #8) with SHA-1; `None` when either cannot be read.
pub(crate) fn sign_again(certificate: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let (whole, _) = element(certificate)?;
    let (signed, _) = element(content(whole)?)?;
    let mut fields = elements(content(signed)?)?;
    *fields.get_mut(ALGORITHM)? = ECDSA_SHA1;
    let signed = wrap(SEQUENCE, &fields.concat());
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key).ok()?;
    let signature = key.sign_digest(&as_long_digest(&signed)?).ok()?;
    let signature = wrap(BIT_STRING, &[&[0], signature.as_ref()].concat());
    Some(wrap(SEQUENCE, &[&signed, ECDSA_SHA1, &signature].concat()))
}

/// The SHA-1 digest in the form of one of SHA-256. ECDSA signs the digest as a number, which zeros in front do not change
/// (FIPS 186-5 section 6.4.1).
fn as_long_digest(bytes: &[u8]) -> Option<Digest> {
    let digest = <Sha1 as sha1::Digest>::digest(bytes);
    let mut long = [0; 32];
    long[12..].copy_from_slice(&digest);
    Digest::import_less_safe(&long, &SHA256).ok()
}

/// The first element of DER with its head, and what follows.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, length) = head(der)?;
    der.split_at_checked(head.checked_add(length)?)
}

fn elements(mut der: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while !der.is_empty() {
        let (first, rest) = element(der)?;
        all.push(first);
        der = rest;
    }
    Some(all)
}

fn content(element: &[u8]) -> Option<&[u8]> {
    element.get(head(element)?.0..)
}

/// The lengths of an element's head and content (X.690 section 8.1.3).
fn head(der: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*der.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let bytes = der.get(2..2 + (first & 0x7f))?;
    let length = bytes
        .iter()
        .fold(0, |length: usize, byte| (length << 8) | usize::from(*byte));
    Some((2 + bytes.len(), length))
}

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        // A certificate of ours is far below 64 KiB.
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_apart_and_put_together() {
        for length in [0, 1, 127, 128, 255, 256, 5000] {
            let wrapped = wrap(SEQUENCE, &vec![7; length]);
            let all = [&wrapped[..], &[5, 0]].concat();
            let (first, rest) = element(&all).expect("an element");
            assert_eq!((first, rest), (&wrapped[..], &[5, 0][..]));
            assert_eq!(content(first).expect("content").len(), length);
            assert_eq!(elements(&all).expect("two").len(), 2);
        }
        assert_eq!(element(b"\x30\x05abc"), None, "cut");
        assert_eq!(sign_again(b"\x30\x03abc", b""), None);
    }
}

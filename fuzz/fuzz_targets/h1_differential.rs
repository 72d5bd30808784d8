//! Our reader of response heads against httparse in its strict setting.
//!
//! Where httparse accepts, we read the same start line and fields, and note nothing but what it lets pass: a bare LF, a
//! status out of range. Where we note nothing in a head, httparse accepts it, unless it holds what we keep as data.

#![no_main]

use httparse::{EMPTY_HEADER, Response as Peer, Status};
use httpwhy_model::{Field, H1Defect, Response, Signal};
use httpwhy_wire::h1::{Limits, Message, read_response};
use libfuzzer_sys::fuzz_target;

/// Fields that httparse has room for.
const FIELDS: usize = 256;

fuzz_target!(|data: &[u8]| {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut peer = Peer::new(&mut fields);
    match peer.parse(data) {
        Ok(Status::Complete(length)) => same(&peer, &data[..length]),
        Ok(Status::Partial) => {}
        Err(error) => refused(error, data),
    }
});

fn same(peer: &Peer<'_, '_>, head: &[u8]) {
    let (message, consumed) = read_response(head, b"HEAD", false, Limits::default());
    if head.len() > Limits::default().head {
        return;
    }
    assert_eq!(consumed, head.len());
    let bad: Vec<H1Defect> = syntax_defects(&message)
        .filter(|it| !matches!(it, H1Defect::BareLf | H1Defect::StatusOutOfRange))
        .collect();
    assert!(bad.is_empty(), "httparse accepts, we found {bad:?}");
    let ours = only_response(&message).expect("httparse read one");
    assert_eq!(
        ours.version.last(),
        peer.version.map(|it| b'0' + it).as_ref()
    );
    assert_eq!(ours.status(), peer.code);
    if ours.reason.is_ascii() {
        assert_eq!(Some(&ours.reason[..]), peer.reason.map(str::as_bytes));
    }
    assert_eq!(ours.fields.list.len(), peer.headers.len());
    for (ours, theirs) in ours.fields.list.iter().zip(&*peer.headers) {
        assert_eq!(ours.name, theirs.name.as_bytes());
        assert_eq!(ours.value.as_bytes(), theirs.value);
    }
}

fn refused(error: httparse::Error, data: &[u8]) {
    if error == httparse::Error::TooManyHeaders {
        return;
    }
    let (message, _) = read_response(data, b"HEAD", false, Limits::default());
    let Some(ours) = only_response(&message) else {
        return;
    };
    let complete = message.complete || !message.interim.is_empty();
    if !complete || syntax_defects(&message).next().is_some() || has_other_data(ours) {
        return;
    }
    panic!("httparse refuses ({error}) what we find nothing in");
}

/// The first response read, when the bytes given end behind its head or before.
fn only_response(message: &Message) -> Option<&Response> {
    message.interim.first().or(message.response.as_ref())
}

/// The defects of the start line and the field lines; the framing is not httparse's affair.
fn syntax_defects(message: &Message) -> impl Iterator<Item = H1Defect> {
    message.defects.iter().filter_map(|signal| match signal {
        Signal::H1 { defect, .. } => Some(*defect).filter(|it| !is_framing(*it)),
        _ => None,
    })
}

fn is_framing(defect: H1Defect) -> bool {
    matches!(
        defect,
        H1Defect::ContentLengthInvalid
            | H1Defect::ContentLengthRepeated
            | H1Defect::ContentLengthConflict
            | H1Defect::LengthAndTransferEncoding
            | H1Defect::TransferEncodingUnknown
            | H1Defect::BodyOnBodyless
    )
}

/// Control characters in reason or values, which we keep as data, and versions that httparse does not know.
fn has_other_data(response: &Response) -> bool {
    let control = |bytes: &[u8]| bytes.iter().any(|b| b.is_ascii_control() && *b != b'\t');
    !matches!(&response.version[..], b"HTTP/1.0" | b"HTTP/1.1")
        || control(&response.reason)
        || response
            .fields
            .list
            .iter()
            .any(|Field { value, .. }| control(value.as_bytes()))
}

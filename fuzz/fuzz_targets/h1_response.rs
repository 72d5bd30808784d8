//! The HTTP/1 reader never panics, and however the stream is cut into pieces, the message is the same.
//!
//! The first byte says what is read (bits 0 and 1: response to GET, HEAD, CONNECT; request), whether the stream ends
//! (bit 2) and whether the bounds are small (bit 3); the second where it is cut. The rest is the stream.

#![no_main]

use httpwhy_wire::h1::{Limits, Message, Reader, State};
use libfuzzer_sys::fuzz_target;

const SMALL: Limits = Limits {
    head: 100,
    body: 20,
    interim: 2,
};

fuzz_target!(|data: &[u8]| {
    let [how, cut, stream @ ..] = data else {
        return;
    };
    let whole = read(*how, [stream]);
    assert_eq!(whole, read(*how, stream.chunks(1)));
    let (a, b) = stream.split_at(stream.len() * usize::from(*cut) / 256);
    assert_eq!(whole, read(*how, [a, b]));
});

fn read<'a>(how: u8, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Message, State, bool, u64) {
    let limits = if how & 8 == 0 {
        Limits::default()
    } else {
        SMALL
    };
    let mut reader = match how & 3 {
        0 => Reader::response(b"GET", limits),
        1 => Reader::response(b"HEAD", limits),
        2 => Reader::response(b"CONNECT", limits),
        _ => Reader::request(limits),
    };
    for piece in pieces {
        let progress = reader.feed(piece);
        assert_eq!(progress.state, reader.state());
        if progress.consumed < piece.len() {
            assert!(matches!(progress.state, State::Done | State::Upgraded));
            reader.extra(&piece[progress.consumed..]);
        }
    }
    if how & 4 != 0 {
        reader.eof();
    }
    let (state, reusable, head) = (reader.state(), reader.reusable(), reader.head_bytes());
    let message = reader.finish();
    assert!(message.complete || !reusable);
    assert!(head <= message.received);
    (message, state, reusable, head)
}

//! Answers that are cut at a named place.

use std::io;

use tokio::io::AsyncWriteExt;

use crate::answer::head_with;
use crate::wire::Wire;

const KIND: (&str, &str) = ("Content-Type", "text/plain");
/// The fields of an answer of 100 bytes.
pub(crate) const HEAD: &[(&str, &str)] = &[KIND, ("Content-Length", "100")];

/// Sends an answer up to that place: `before-head` nothing, `in-head` a status line and half a field line, `in-body` 34
/// of 100 bytes, `in-chunk` 5 of 16 bytes of the second chunk.
pub(crate) async fn send(wire: &mut Wire, at: &str, mark: Option<&str>) -> io::Result<()> {
    wire.write_all(&upto(at, mark)).await?;
    wire.flush().await
}

fn upto(at: &str, mark: Option<&str>) -> Vec<u8> {
    let (fields, content): (&[(&str, &str)], &[u8]) = match at {
        "in-head" => return b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec(),
        "in-body" => (HEAD, b"The first third of one hundred by\n"),
        "in-chunk" => (
            &[KIND, ("Transfer-Encoding", "chunked")],
            b"6\r\nwhole\n\r\n10\r\ncut o",
        ),
        _ => return Vec::new(),
    };
    let mut out = head_with(200, fields, mark);
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use httpwhy_catalog::Param::Text;

    use crate::simulator::Simulator;
    use crate::simulator::tests::playing;

    /// What comes before the end, and how it ends; `None`: in order.
    fn ask(simulator: &Simulator, id: &str) -> (String, Option<ErrorKind>) {
        let mut stream = TcpStream::connect(simulator.http()).expect("connects");
        let is_slow = simulator.scene(id).expect("a scene").slow;
        let patience = Duration::from_millis(if is_slow { 200 } else { 20_000 });
        stream.set_read_timeout(Some(patience)).expect("a timeout");
        write!(
            stream,
            "GET /outcome/{id} HTTP/1.1\r\nHost: sim.test\r\n\r\n"
        )
        .expect("sends");
        let mut got = Vec::new();
        let end = stream.read_to_end(&mut got).err();
        let got = String::from_utf8(got).expect("ASCII");
        (got, end.map(|error| error.kind()))
    }

    #[test]
    fn places_that_no_entry_asks_for() {
        let simulator = playing(&[
            ("reset", &[("at", Text("in-head"))]),
            ("reset", &[("at", Text("in-chunk"))]),
            ("stall", &[("at", Text("in-head"))]),
            ("stall", &[("at", Text("in-chunk"))]),
        ]);
        for (id, ends_with, end) in [
            ("act/0", "Content-Ty", ErrorKind::ConnectionReset),
            ("act/1", "10\r\ncut o", ErrorKind::ConnectionReset),
            ("act/2", "Content-Ty", ErrorKind::WouldBlock),
            ("act/3", "10\r\ncut o", ErrorKind::WouldBlock),
        ] {
            let (got, ended) = ask(&simulator, id);
            assert!(got.ends_with(ends_with), "{id}: {got}");
            assert_eq!(ended, Some(end), "{id}");
        }
    }

    #[test]
    fn raw_bytes_end_as_asked() {
        let simulator = playing(&[
            ("raw", &[("bytes", Text("one")), ("then", Text("reset"))]),
            ("raw", &[("bytes", Text("two")), ("then", Text("stall"))]),
            ("raw", &[("bytes", Text("three")), ("then", Text("close"))]),
            ("gateway", &[("upstream", Text("refused"))]),
        ]);
        assert_eq!(
            ask(&simulator, "act/0"),
            ("one".to_owned(), Some(ErrorKind::ConnectionReset))
        );
        assert_eq!(
            ask(&simulator, "act/1"),
            ("two".to_owned(), Some(ErrorKind::WouldBlock))
        );
        assert_eq!(ask(&simulator, "act/2"), ("three".to_owned(), None));
        let page = crate::answer::Answer::of(502);
        let mut stream = TcpStream::connect(simulator.http()).expect("connects");
        let request = "GET /outcome/act/3 HTTP/1.1\r\nHost: sim.test\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("sends");
        let mut got = String::new();
        stream.read_to_string(&mut got).expect("UTF-8");
        assert!(
            got.starts_with(&format!("HTTP/1.1 502 {}\r\n", page.reason)),
            "{got}"
        );
    }
}

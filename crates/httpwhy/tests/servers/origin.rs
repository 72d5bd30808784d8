//! The origin: what it does is its path's last word.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use httpwhy_testkit::free_port;

/// Longer than any proxy's patience in these tests.
const SILENCE: Duration = Duration::from_secs(20);

/// An origin that serves for as long as the test's process lives.
pub(crate) struct Origin {
    pub(crate) port: u16,
    /// A port of the loopback where nothing listens.
    pub(crate) dead: u16,
}

impl Origin {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        Self {
            port,
            dead: free_port(),
        }
    }
}

fn serve(mut stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(SILENCE));
    let mut head = [0; 8192];
    // The request is looked at and left where it is: closing then resets the connection.
    let Ok(count) = stream.peek(&mut head) else {
        return;
    };
    let text = String::from_utf8_lossy(&head[..count]).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default();
    let kind = path.rsplit('/').next().unwrap_or_default();
    if kind == "reset" {
        return;
    }
    let _ = stream.read(&mut head);
    let answer = match kind {
        "close" => return,
        "silent" | "leave" => {
            // Until the proxy gives up.
            let _ = stream.read(&mut head);
            return;
        }
        "garbage" => "this is no HTTP at all\r\n\r\n".to_owned(),
        "cut" => "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nbegun".to_owned(),
        "bighead" => format!(
            "HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n",
            "x".repeat(200_000)
        ),
        "said" => whole("500 Internal Server Error", "broken\n"),
        _ => whole("200 OK", "fine\n"),
    };
    // The proxy may be gone.
    let _ = stream.write_all(answer.as_bytes());
}

fn whole(status: &str, content: &str) -> String {
    let length = content.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{content}"
    )
}

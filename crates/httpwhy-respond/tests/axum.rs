//! What a client of an axum service gets, over a socket.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use httpwhy_respond::{Basic, Failure, Invalid, Location, NoContent, ResetContent, Unauthorized};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn in_or_out() -> Result<NoContent, Unauthorized> {
    let challenge = Basic::new("a").expect("a good realm");
    Err(Unauthorized::new(challenge).detail("Who?"))
}

async fn broken() -> Result<NoContent, Failure> {
    let error: Invalid = Location::new("a b").expect_err("a space");
    Err(error)?
}

/// The whole answer to `method` on `path`, without its Date.
async fn ask(method: &str, path: &str) -> String {
    let service = Router::new()
        .route("/in", get(in_or_out))
        .route("/broken", get(broken))
        .route("/nothing", get(async || NoContent::new()))
        .route("/reset", get(async || ResetContent::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("its address");
    let server = tokio::spawn(async move { axum::serve(listener, service).await });
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("a connection");
    let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer))
        .await
        .expect("an answer within ten seconds")
        .expect("text");
    server.abort();
    let lines = answer.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with("date: ")).collect()
}

#[tokio::test]
async fn the_bytes_on_the_wire() {
    let unauthorized = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"a\"\r\n\
        content-type: application/problem+json\r\ncontent-length: 74\r\nconnection: close\r\n\r\n";
    let problem = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Who?"}"#;
    let internal = "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/problem+json\r\n\
        content-length: 67\r\nconnection: close\r\n\r\n\
        {\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500}";
    let cases = [
        ("GET", "/in", format!("{unauthorized}{problem}")),
        ("HEAD", "/in", unauthorized.to_owned()),
        ("GET", "/broken", internal.to_owned()),
        (
            "GET",
            "/nothing",
            "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned(),
        ),
        (
            "GET",
            "/reset",
            "HTTP/1.1 205 Reset Content\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
        ),
    ];
    for (method, path, expected) in cases {
        assert_eq!(ask(method, path).await, expected, "{method} {path}");
    }
}

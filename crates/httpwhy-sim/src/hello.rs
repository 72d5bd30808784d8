//! TLS handshakes that end before they began: the ClientHello is read, and something else than TLS follows.

use std::io;

use httpwhy_wire::tls::{read_record_head, write_alert};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wire;

/// The level of alerts that end the connection (RFC 8446 section 6).
const FATAL: u8 = 2;
/// The longest record, in bytes.
const LONGEST: usize = 18_432;

/// Reads the first record of the client, whatever it is.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    let length = read_record_head(&head).map_or(0, |(_, _, length)| usize::from(length));
    let mut record = vec![0; length.min(LONGEST)];
    stream.read_exact(&mut record).await?;
    Ok(())
}

/// Reads a ClientHello, sends these bytes and ends the connection in order.
pub(crate) async fn answer(mut stream: TcpStream, bytes: &[u8]) -> io::Result<()> {
    read(&mut stream).await?;
    stream.write_all(bytes).await?;
    wire::close(stream).await;
    Ok(())
}

/// Reads a ClientHello and answers with a fatal alert in the clear.
pub(crate) async fn answer_with_alert(stream: TcpStream, code: u8) -> io::Result<()> {
    let mut record = Vec::new();
    write_alert(&mut record, FATAL, code);
    answer(stream, &record).await
}

//! The protocol `echo/1`, spoken after a 101: every byte comes back.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::act::After;
use crate::wire::Wire;

/// The longest silence.
const SILENCE: Duration = Duration::from_mins(1);

/// Sends back what comes, until the client ends the connection or is silent for a minute.
pub(crate) async fn serve(wire: &mut Wire) -> io::Result<After> {
    let mut buffer = [0; 4096];
    while let Ok(count) = timeout(SILENCE, wire.read(&mut buffer)).await {
        let count = count?;
        if count == 0 {
            break;
        }
        wire.write_all(&buffer[..count]).await?;
        wire.flush().await?;
    }
    Ok(After::Close)
}

//! What befalls a request whose content is still on its way.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::{Answer, head_with};
use crate::cut::HEAD;
use crate::serve::DEADLINE;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "upload",
    about: "reads no content: answers early and reads on, answers early and tears the connection down, tears it down, ends its side, or stands still",
    params: &["how", "request", "status"],
    perform,
};

/// More content than the buffers of two sockets hold, in bytes.
const CONTENT: usize = 12 << 20;
/// How long the client has to get stuck in sending.
const STUCK: Duration = Duration::from_millis(50);

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &["answer", "answer-reset", "close", "reset", "stall"];
    let how = params.word("how", HOWS)?;
    let status = match params.number("status")? {
        None => 413,
        Some(_) => params.number_within("status", 200, 599)?,
    };
    let mut fields = vec![(
        "Content-Type".to_owned(),
        "application/octet-stream".to_owned(),
    )];
    fields.extend(params.fields("request")?);
    Ok(Role {
        part: Part::Request(Box::new(Upload { how, status })),
        cue: Cue {
            method: "POST".to_owned(),
            fields,
            // Zeros need no memory before they are sent.
            body: Some(vec![0; CONTENT]),
            slow: how == "stall",
            fresh: true,
            ..Cue::default()
        },
    })
}

struct Upload {
    how: &'static str,
    status: u16,
}

impl OnRequest for Upload {
    fn begins_with_head(&self) -> bool {
        true
    }

    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            let Turn {
                wire, asked, mark, ..
            } = turn;
            sleep(STUCK).await;
            match self.how {
                // The orderly way (RFC 9112 section 9.6): after the answer our side ends, and what still comes is read.
                "answer" => {
                    let mut answer = Answer::of(self.status);
                    answer.set("Connection", "close");
                    return answer.send(wire, asked, mark).await;
                }
                // The other way: what the client has not read may be erased by the reset.
                "answer-reset" => {
                    let head = head_with(self.status, HEAD, mark);
                    wire.write_all(&head).await?;
                    wire.write_all(b"The first part of ").await?;
                    wire.flush().await?;
                    return Ok(After::Reset);
                }
                "reset" => return Ok(After::Reset),
                "close" => wire.shutdown().await?,
                _ => {}
            }
            sleep(DEADLINE).await;
            Ok(After::Reset)
        })
    }
}

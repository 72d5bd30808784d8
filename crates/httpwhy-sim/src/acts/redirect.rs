//! Redirects that lead nowhere, or elsewhere.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::Answer;
use crate::request::Asked;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "redirect",
    about: "302 to itself, without end, without a Location, to what is no URL, to another scheme, or to a login",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &[
        "bad-location",
        "login",
        "loop",
        "no-location",
        "too-many",
        "unsafe-scheme",
    ];
    let how = params.word("how", HOWS)?;
    Ok(Role {
        part: Part::Request(Box::new(Redirect { how })),
        cue: Cue {
            follow: true,
            ..Cue::default()
        },
    })
}

struct Redirect {
    how: &'static str,
}

impl OnRequest for Redirect {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        let mut answer = Answer::of(302);
        answer.remove("Location");
        if let Some(location) = location(self.how, turn.asked) {
            answer.set("Location", &location);
        }
        Box::pin(async move { answer.send(turn.wire, turn.asked, turn.mark).await })
    }
}

fn location(how: &str, asked: &Asked) -> Option<String> {
    let Asked { path, query, .. } = asked;
    match how {
        // Two pages that name each other.
        "loop" if query.is_some() => Some(path.clone()),
        "loop" => Some(format!("{path}?back")),
        "too-many" => {
            let hop: u64 = query
                .as_deref()
                .and_then(|hop| hop.parse().ok())
                .unwrap_or(0);
            Some(format!("{path}?{}", hop.saturating_add(1)))
        }
        "bad-location" => Some("http://[::1/new".to_owned()),
        "unsafe-scheme" => Some("file:///srv/data/catalogue.pdf".to_owned()),
        "login" => Some("/login?next=%2Forders".to_owned()),
        _ => None,
    }
}

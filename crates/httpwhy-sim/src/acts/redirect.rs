//! Redirects that lead nowhere, or elsewhere.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::Answer;
use crate::request::Asked;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "redirect",
    about: "302 to itself, without end, without a Location, to what is no URL, to another scheme, without TLS, to another origin that wants credentials, or to a login",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &[
        "bad-location",
        "downgrade",
        "login",
        "loop",
        "no-location",
        "other-origin",
        "too-many",
        "unsafe-scheme",
    ];
    let how = params.word("how", HOWS)?;
    let mut cue = Cue {
        follow: true,
        ..Cue::default()
    };
    if how == "downgrade" {
        cue.scheme = "https";
    }
    if how == "other-origin" {
        let credentials = ("Authorization".to_owned(), "Bearer sim-1".to_owned());
        cue.fields.push(credentials);
    }
    Ok(Role {
        part: Part::Request(Box::new(Redirect { how })),
        cue,
    })
}

struct Redirect {
    how: &'static str,
}

impl OnRequest for Redirect {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        let mut answer = Answer::of(302);
        answer.remove("Location");
        if let Some(location) = location(self.how, turn.asked, turn.world.http.port()) {
            answer.set("Location", &location);
        }
        Box::pin(async move { answer.send(turn.wire, turn.asked, turn.mark).await })
    }
}

fn location(how: &str, asked: &Asked, http: u16) -> Option<String> {
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
        "downgrade" => Some(format!("http://sim.test:{http}/landing")),
        "other-origin" => Some(format!("http://elsewhere.sim.test:{http}/bearer")),
        "login" => Some("/login?next=%2Forders".to_owned()),
        _ => None,
    }
}

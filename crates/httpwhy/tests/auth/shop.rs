//! A small web shop with a login: a CSRF form, sessions that end, a page that ends them, and defects on demand.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use httpwhy_testkit::{Asked, Reply, Server};

/// The user's name and password; they must never be seen in any output.
pub(crate) const USER: &str = "alice-7c1e";
pub(crate) const PASSWORD: &str = "pa&ss w\"ord-93";
/// How session ids, form tokens and tokens begin: what comes behind is secret too.
pub(crate) const SECRETS: &[&str] = &[
    USER,
    PASSWORD,
    "sid-secret-",
    "csrf-secret-",
    "tok-secret-",
    "ref-secret-",
];

/// What is wrong with it.
#[expect(clippy::struct_excessive_bools, reason = "independent defects")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Defects {
    /// Attributes of the session's cookie instead of `Path=/`.
    pub(crate) cookie: Option<&'static str>,
    /// A login ends all other sessions.
    pub(crate) one_session: bool,
    /// A colleague logs in whenever a session was used so often.
    pub(crate) colleague_after: Option<usize>,
    /// A session ends behind so many pages.
    pub(crate) pages: Option<usize>,
    /// Two servers without a store in common answer in turns.
    pub(crate) two_servers: bool,
    /// The form's token is another one behind the login, and `/me` wants it.
    pub(crate) rotates: bool,
    /// The life of JWTs, as their payload.
    pub(crate) token: Option<&'static str>,
    /// The login page asks for a second factor.
    pub(crate) second_factor: bool,
    /// `/me` is open to everybody.
    pub(crate) open: bool,
    /// The login page has no token.
    pub(crate) no_token: bool,
    /// `/me` has moved to this origin.
    pub(crate) moved: Option<&'static str>,
    /// Sessions and tokens are good only with the User-Agent of their login.
    pub(crate) bound_to_agent: bool,
    /// Sessions and tokens are good only from the address of their login.
    pub(crate) bound_to_address: bool,
    /// No session is ever known.
    pub(crate) forgets: bool,
    /// Where the identity provider is, for `/sso`.
    pub(crate) provider: Option<&'static str>,
    /// Seconds that a token lives, and how it says so.
    pub(crate) token_lives: Option<u64>,
    /// A refresh token is good once, and replaced by another.
    pub(crate) refresh_once: bool,
}

/// What happened to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) logins: usize,
    pub(crate) refused: usize,
    /// Sessions that were ended.
    pub(crate) ended: usize,
    /// Pages that were given, by their path.
    pub(crate) pages: BTreeMap<String, usize>,
    pub(crate) posts: usize,
    /// Tokens that were given.
    pub(crate) tokens: usize,
    /// Tokens that a page was given for, and how often.
    pub(crate) tokens_used: BTreeMap<String, usize>,
    /// Pages refused because the token was too old.
    pub(crate) too_old: usize,
}

#[derive(Default)]
struct State {
    counts: Counts,
    /// Sessions, with how many pages each has given.
    sessions: BTreeMap<String, usize>,
    tokens: usize,
    asked: usize,
    /// Who got which session or token.
    owners: BTreeMap<String, Owner>,
}

/// Who logged in, as the shop sees it.
struct Owner {
    agent: Option<String>,
    from: Option<IpAddr>,
    since: Instant,
}

impl Owner {
    fn of(asked: &Asked) -> Self {
        Self {
            agent: asked.field("user-agent").map(str::to_owned),
            from: asked.from,
            since: Instant::now(),
        }
    }

    fn is_asking(&self, defects: Defects, asked: &Asked) -> bool {
        let now = Self::of(asked);
        (!defects.bound_to_agent || self.agent == now.agent)
            && (!defects.bound_to_address || self.from == now.from)
    }
}

/// The shop, listening.
pub(crate) struct Shop {
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
}

impl Shop {
    pub(crate) fn open(defects: Defects) -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let server = Server::start(move |asked| answer(&mut lock(&shared), defects, asked));
        Self { server, state }
    }

    pub(crate) fn counts(&self) -> Counts {
        lock(&self.state).counts.clone()
    }

    /// A flow that logs in here; `more` is added at the end.
    pub(crate) fn flow(&self, more: &str) -> String {
        self.flow_with(more, "cookies: jar")
    }

    pub(crate) fn flow_with(&self, more: &str, apply: &str) -> String {
        let base = self.server.url("");
        format!(
            r#"auth: shop
secrets: {{user: env:SHOP_USER, pass: env:SHOP_PASS}}
scope: ["{base}/**"]
steps:
  - {{id: page, get: /login, extract: {{csrf: {{css: "input[name=csrf]@value"}}}}}}
  - id: login
    post: /login
    form: {{u: "${{user}}", p: "${{pass}}", csrf: "${{csrf}}"}}
    expect: {{status: [302], not_location: /login}}
apply: {{{apply}}}
verify: {{get: /me, in: {{status: [200], body: "\"id\":"}}}}
relogin: {{min_interval: 0s, max: 50}}
{more}"#
        )
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

const UNKNOWN: (&str, &[&str]) = (
    "401 Unauthorized",
    &["WWW-Authenticate: Form realm=\"shop\""],
);

fn answer(state: &mut State, defects: Defects, asked: &Asked) -> Reply {
    state.asked += 1;
    let path = asked.target.split('?').next().unwrap_or_default();
    match (asked.method.as_str(), path) {
        ("GET", "/login") => login_page(state, defects),
        ("POST", "/login") => log_in(state, defects, asked),
        ("POST", "/token") => token(state, defects, asked),
        ("GET", "/sso") => sign_on(defects),
        ("POST", "/callback") => called_back(state, asked),
        ("GET", "/logout") => {
            if let Some(sid) = cookie(asked, "sid")
                && state.sessions.remove(&sid).is_some()
            {
                state.counts.ended += 1;
            }
            let fields = ["Location: /login", "Set-Cookie: sid=; Path=/; Max-Age=0"];
            Reply::new("302 Found", &fields, "")
        }
        (_, path) if path.starts_with("/api") => bearer(state, defects, asked),
        (_, path) => protected(state, defects, asked, path),
    }
}

fn login_page(state: &mut State, defects: Defects) -> Reply {
    if defects.no_token {
        return Reply::new(
            "200 OK",
            &["Content-Type: text/html"],
            "<form>Sign in</form>",
        );
    }
    state.tokens += 1;
    let token = format!("csrf-secret-{}", state.tokens);
    let set = format!("Set-Cookie: form={token}; Path=/");
    let page = format!(
        "<!doctype html><title>Sign in</title><form method=post><input type=hidden name=csrf value={token}>\
         <input name=u><input name=p type=password><button>Sign in</button></form>"
    );
    Reply::new("200 OK", &["Content-Type: text/html", &set], page)
}

fn log_in(state: &mut State, defects: Defects, asked: &Asked) -> Reply {
    let html = ["Content-Type: text/html"];
    let form: BTreeMap<String, String> = pairs(&asked.body);
    let csrf = form.get("csrf").cloned().unwrap_or_default();
    if cookie(asked, "form") != Some(csrf.clone()) || csrf.is_empty() {
        return Reply::new("403 Forbidden", &html, "<h1>CSRF token mismatch</h1>");
    }
    let is = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
    if !is("u", USER) || !is("p", PASSWORD) {
        state.counts.refused += 1;
        return Reply::new(
            "200 OK",
            &html,
            "<p>Wrong name or password</p><form>Sign in</form>",
        );
    }
    if defects.second_factor {
        let page = "<form>Code: <input name=code autocomplete=one-time-code></form>";
        return Reply::new("200 OK", &html, page);
    }
    state.counts.logins += 1;
    if defects.one_session {
        state.sessions.clear();
    }
    let sid = format!("sid-secret-{}", state.counts.logins);
    state.sessions.insert(sid.clone(), 0);
    state.owners.insert(sid.clone(), Owner::of(asked));
    let attributes = defects.cookie.unwrap_or("Path=/");
    let set = format!("Set-Cookie: sid={sid}; {attributes}");
    Reply::new("302 Found", &["Location: /home", &set], "")
}

/// To an identity provider at another site, with a cookie by which its answer is known.
fn sign_on(defects: Defects) -> Reply {
    let Some(provider) = defects.provider else {
        return Reply::new("404 Not Found", &[], "");
    };
    let attributes = defects.cookie.unwrap_or("Path=/");
    let state = format!("Set-Cookie: state=sid-secret-state; {attributes}");
    let location = format!("Location: http://{provider}/authorize");
    Reply::new("302 Found", &[&location, &state], "")
}

/// The identity provider's answer: the browser brings it as a form.
fn called_back(state: &mut State, asked: &Asked) -> Reply {
    let html = "Content-Type: text/html";
    if cookie(asked, "state").as_deref() != Some("sid-secret-state") {
        return Reply::new("200 OK", &[html], "<p id=done>Please sign in</p>");
    }
    state.counts.logins += 1;
    let sid = format!("sid-secret-{}", state.counts.logins);
    state.sessions.insert(sid.clone(), 0);
    let set = format!("Set-Cookie: sid={sid}; Path=/");
    Reply::new("200 OK", &[html, &set], "<p id=done>Welcome</p>")
}

/// OAuth 2.0, client credentials and refresh token.
fn token(state: &mut State, defects: Defects, asked: &Asked) -> Reply {
    let json = ["Content-Type: application/json", "Cache-Control: no-store"];
    // id:tok-secret-key
    if asked.field("authorization") != Some("Basic aWQ6dG9rLXNlY3JldC1rZXk=") {
        return Reply::new("401 Unauthorized", &json, r#"{"error":"invalid_client"}"#);
    }
    let form = pairs(&asked.body);
    let is_refresh = form
        .get("grant_type")
        .is_some_and(|grant| grant == "refresh_token");
    let rotates = is_refresh && defects.refresh_once;
    let good = match state.counts.tokens {
        used @ 1.. if rotates => format!("ref-secret-{used}"),
        _ => "tok-secret-key".to_owned(),
    };
    if is_refresh && form.get("refresh_token") != Some(&good) {
        return Reply::new("400 Bad Request", &json, r#"{"error":"invalid_grant"}"#);
    }
    state.counts.tokens += 1;
    let made = format!("tok-secret-{}", state.counts.tokens);
    let token = defects.token.map_or(made, str::to_owned);
    state.owners.insert(token.clone(), Owner::of(asked));
    let lives = defects.token_lives.unwrap_or(3600);
    let more = if rotates {
        format!(r#","refresh_token":"ref-secret-{}""#, state.counts.tokens)
    } else {
        String::new()
    };
    let body =
        format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{lives}{more}}}"#);
    Reply::new("200 OK", &json, body)
}

fn bearer(state: &mut State, defects: Defects, asked: &Asked) -> Reply {
    let token = asked.field("authorization");
    let token = token.and_then(|value| value.strip_prefix("Bearer tok-secret-"));
    let token = token
        .map(|rest| format!("tok-secret-{rest}"))
        .unwrap_or_default();
    let owner = state.owners.get(&token);
    let lives = Duration::from_secs(defects.token_lives.unwrap_or(3600));
    let too_old = owner.is_some_and(|owner| owner.since.elapsed() > lives);
    state.counts.too_old += usize::from(too_old);
    if !too_old && owner.is_some_and(|owner| owner.is_asking(defects, asked)) {
        *state.counts.tokens_used.entry(token).or_default() += 1;
        return Reply::new("200 OK", &["Content-Type: application/json"], r#"{"id":1}"#);
    }
    Reply::new(
        "401 Unauthorized",
        &["WWW-Authenticate: Bearer realm=\"api\""],
        "",
    )
}

fn protected(state: &mut State, defects: Defects, asked: &Asked, path: &str) -> Reply {
    let refuse = || Reply::new(UNKNOWN.0, UNKNOWN.1, "");
    if let Some(to) = defects
        .moved
        .filter(|_| path == "/me" && cookie(asked, "sid").is_some())
    {
        return Reply::new(
            "301 Moved Permanently",
            &[&format!("Location: {to}/me")],
            "",
        );
    }
    let known = |sid: &String| {
        let owner = state.owners.get(sid);
        state.sessions.contains_key(sid)
            && !defects.forgets
            && owner.is_none_or(|owner| owner.is_asking(defects, asked))
    };
    let sid = cookie(asked, "sid").filter(known);
    let Some(sid) = sid else {
        if path == "/me" && defects.open {
            return Reply::new("200 OK", &[], r#"{"id":0}"#);
        }
        return refuse();
    };
    let by = format!(
        "X-Served-By: {}",
        if state.asked.is_multiple_of(2) {
            "a"
        } else {
            "b"
        }
    );
    if defects.two_servers && !state.asked.is_multiple_of(2) {
        return Reply::new(UNKNOWN.0, &[UNKNOWN.1[0], &by], "");
    }
    if defects.rotates && asked.field("x-csrf") != Some(&format!("csrf-secret-{}", state.tokens)) {
        return refuse();
    }
    let fine = |body: &str| Reply::new("200 OK", &["Content-Type: application/json", &by], body);
    match path {
        "/me" => fine(r#"{"id":1}"#),
        "/admin" => Reply::new("403 Forbidden", &[], "not for you"),
        "/nothing" => Reply::new("404 Not Found", &[], "nothing here"),
        _ => {
            if asked.method == "POST" {
                state.counts.posts += 1;
            }
            let used = state.sessions.entry(sid.clone()).or_default();
            *used += 1;
            let used = *used;
            *state.counts.pages.entry(path.to_owned()).or_default() += 1;
            if defects.pages.is_some_and(|most| used >= most) {
                state.sessions.remove(&sid);
                state.counts.ended += 1;
            }
            if defects.colleague_after.is_some_and(|after| used >= after) {
                state.sessions.clear();
            }
            fine(&format!(r#"{{"page":"{path}","for":"{USER}"}}"#))
        }
    }
}

fn cookie(asked: &Asked, name: &str) -> Option<String> {
    let mut pairs = asked.field("cookie")?.split("; ");
    pairs.find_map(|pair| {
        let (known, value) = pair.split_once('=')?;
        (known == name).then(|| value.to_owned())
    })
}

fn pairs(form: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(form)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

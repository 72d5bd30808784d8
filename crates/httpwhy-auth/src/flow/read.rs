//! From a file to a flow: what does not fit is named with line, column and what would.

use std::collections::BTreeMap;
use std::time::Duration;

use httpwhy_ingest::Unread;
use httpwhy_ingest::doc::{self, Node};
use httpwhy_schema::{
    AuthApply, AuthBrowserAct, AuthClient, AuthCookies, AuthExpect, AuthExtract, AuthFile,
    AuthGrant, AuthOauth2, AuthSign, AuthStep, AuthText, nearest,
};
use regex::Regex;
use serde_json::Value;
use url::Url;

use super::place::mistake;
use super::{
    Act, Action, Apply, Content, Expect, Flow, Http, Relogin, Sign, Step, Verify, Watch, literal,
};
use crate::extract::{Extract, From, Path, Selector};
use crate::pattern::PathPattern;
use crate::scope::Scope;
use crate::secrets::Reference;
use crate::template::{Template, is_name};
use crate::totp::Totp;

/// Bytes of a file at most.
const LARGEST: usize = 1024 * 1024;
/// Steps at most.
const MOST_STEPS: usize = 100;

impl Flow {
    /// Reads a flow from YAML, or from the same as JSON.
    ///
    /// # Errors
    /// The first thing that does not fit: line, column, JSON pointer, and the nearest known key where one is unknown.
    pub fn read(bytes: &[u8]) -> Result<Self, Unread> {
        if bytes.len() > LARGEST {
            return Err(Unread {
                what: format!("a flow has at most {LARGEST} bytes"),
                ..Unread::default()
            });
        }
        let document = doc::read(bytes)?;
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        let file = AuthFile::from_json(&document.to_json()).map_err(|error| {
            let key = error.what.starts_with("unknown key");
            mistake(text, &document, &error.pointer, key, error.what)
        })?;
        let mut reader = Reader {
            text,
            document: &document,
            names: Vec::new(),
        };
        reader.flow(&file)
    }
}

struct Reader<'a> {
    text: &'a str,
    document: &'a Node,
    /// Names that have a value by now.
    names: Vec<String>,
}

impl Reader<'_> {
    fn wrong(&self, pointer: &str, what: impl Into<String>) -> Unread {
        mistake(self.text, self.document, pointer, false, what)
    }

    fn wrong_key(&self, pointer: &str, what: impl Into<String>) -> Unread {
        mistake(self.text, self.document, pointer, true, what)
    }

    fn flow(&mut self, file: &AuthFile) -> Result<Flow, Unread> {
        let secrets = self.secrets(&file.secrets)?;
        let scope = Scope::read(&file.scope)
            .map_err(|(index, what)| self.wrong(&format!("/scope/{index}"), what))?;
        let base = self.base(file, &scope)?;
        if file.steps.len() > MOST_STEPS {
            return Err(self.wrong("/steps", format!("at most {MOST_STEPS} steps")));
        }
        let place = Surroundings { base, scope };
        let mut steps = Vec::new();
        for (index, step) in file.steps.iter().enumerate() {
            let step = self.step(step, index, &place)?;
            if steps.iter().any(|other: &Step| other.id == step.id) {
                let pointer = format!("/steps/{index}/id");
                return Err(self.wrong(&pointer, format!("two steps are called '{}'", step.id)));
            }
            steps.push(step);
        }
        let verify = self.verify(file, &place)?;
        let watch = match &file.watch {
            Some(watch) => Watch {
                out: self.sign(&watch.out_any_response, "/watch/out_any_response")?,
                exclude: self.paths(&watch.exclude, "/watch/exclude")?,
            },
            None => Watch {
                out: watched(verify.outside.as_ref()),
                exclude: Vec::new(),
            },
        };
        let relogin = Relogin {
            before_expiry: self.duration(&file.relogin.before_expiry, "/relogin/before_expiry")?,
            max: file.relogin.max,
            min_interval: self.duration(&file.relogin.min_interval, "/relogin/min_interval")?,
            on_fail: file.relogin.on_fail,
        };
        Ok(Flow {
            name: file.auth.clone(),
            apply: self.apply(&file.apply)?,
            secrets,
            steps,
            verify,
            watch,
            relogin,
            base: place.base,
            scope: place.scope,
        })
    }

    fn secrets(
        &mut self,
        given: &BTreeMap<String, String>,
    ) -> Result<Vec<(String, Reference)>, Unread> {
        let mut secrets = Vec::new();
        for (name, text) in given {
            let pointer = under("/secrets", name);
            self.name(name, &pointer)?;
            let reference = Reference::read(text).map_err(|what| self.wrong(&pointer, what))?;
            secrets.push((name.clone(), reference));
        }
        Ok(secrets)
    }

    /// Notes a name that has a value from here on.
    fn name(&mut self, name: &str, pointer: &str) -> Result<(), Unread> {
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(self.wrong_key(pointer, "a name holds letters, digits, _ and - alone"));
        }
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        Ok(())
    }

    fn base(&self, file: &AuthFile, scope: &Scope) -> Result<Url, Unread> {
        let Some(base) = &file.base else {
            return scope.origin().ok_or_else(|| {
                self.wrong("/scope/0", "base is needed where the first pattern of scope has a star in its host: base: https://shop.example")
            });
        };
        Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| self.wrong("/base", "an absolute http or https URL is expected"))
    }

    fn step(
        &mut self,
        step: &AuthStep,
        index: usize,
        place: &Surroundings,
    ) -> Result<Step, Unread> {
        let pointer = format!("/steps/{index}");
        let id = step.id.clone().unwrap_or_else(|| (index + 1).to_string());
        if id.is_empty() || !id.chars().all(is_name) {
            return Err(self.wrong(
                &format!("{pointer}/id"),
                "an id holds letters, digits, _ and - alone",
            ));
        }
        let action = self.action(step, &pointer, place)?;
        let mut extract = Vec::new();
        for (name, given) in &step.extract {
            let pointer = under(&format!("{pointer}/extract"), name);
            extract.push(self.extract(name, given, &pointer)?);
        }
        // What is read from another value comes behind it.
        extract.sort_by_key(|extract| matches!(extract.from, From::JwtExp(_)));
        for one in &extract {
            let pointer = under(&format!("{pointer}/extract"), &one.name);
            self.name(&one.name, &pointer)?;
        }
        for one in &extract {
            if let From::JwtExp(of) = &one.from {
                let pointer = format!(
                    "{}/jwt_exp",
                    under(&format!("{pointer}/extract"), &one.name)
                );
                self.known(of, &pointer)?;
            }
        }
        let tells_life = step.oauth2.is_some();
        if tells_life {
            for (name, optional, secret) in [
                ("access_token", false, true),
                ("refresh_token", true, true),
                ("expires_in", true, false),
            ] {
                if step.extract.contains_key(name) {
                    continue;
                }
                let path = format!("$.{name}");
                extract.push(Extract {
                    name: name.to_owned(),
                    from: From::Json(
                        Path::read(&path).map_err(|what| self.wrong(&pointer, what))?,
                        path,
                    ),
                    optional,
                    secret,
                });
                self.name(name, &pointer)?;
            }
        }
        let timeout = match &step.timeout {
            Some(text) => Some(self.duration(text, &format!("{pointer}/timeout"))?),
            None => None,
        };
        let expect = match &step.expect {
            Some(expect) => self.expect(expect, &format!("{pointer}/expect"))?,
            None => Expect::default(),
        };
        Ok(Step {
            id,
            action,
            expect,
            extract,
            timeout,
            tells_life,
        })
    }

    fn action(
        &mut self,
        step: &AuthStep,
        pointer: &str,
        place: &Surroundings,
    ) -> Result<Action, Unread> {
        let requests = [
            ("get", "GET", &step.get),
            ("head", "HEAD", &step.head),
            ("post", "POST", &step.post),
            ("put", "PUT", &step.put),
            ("patch", "PATCH", &step.patch),
            ("delete", "DELETE", &step.delete),
        ];
        let mut asked = requests
            .into_iter()
            .filter_map(|(key, method, url)| Some((key, method, url.as_ref()?)));
        let first = asked.next();
        let others = [
            step.oauth2.is_some(),
            step.totp.is_some(),
            step.exec.is_some(),
            step.browser.is_some(),
        ];
        let count = usize::from(first.is_some())
            + asked.count()
            + others.into_iter().filter(|there| *there).count();
        if count != 1 {
            return Err(self.wrong(
                pointer,
                "a step has exactly one of get, head, post, put, patch, delete, oauth2, totp, exec and browser",
            ));
        }
        if let Some((key, method, url)) = first {
            return self.request(
                step,
                method,
                url,
                &format!("{pointer}/{key}"),
                pointer,
                place,
            );
        }
        if step.form.is_some() || step.json.is_some() || step.body.is_some() {
            return Err(self.wrong(
                pointer,
                "form, json and body belong to a step that is a request",
            ));
        }
        if let Some(oauth2) = &step.oauth2 {
            return self.oauth2(oauth2, step, &format!("{pointer}/oauth2"), place);
        }
        if let Some(totp) = &step.totp {
            let at = format!("{pointer}/totp");
            let seed = self.template(&totp.seed, &format!("{at}/seed"))?;
            if seed.is_plain() {
                return Err(self.wrong(&format!("{at}/seed"), literal::SAID));
            }
            if !(6..=8).contains(&totp.digits) || totp.period == 0 {
                return Err(self.wrong(
                    &at,
                    "digits are 6 to 8, and a period has at least one second",
                ));
            }
            self.name(&totp.name, &format!("{at}/as"))?;
            return Ok(Action::Totp {
                totp: Totp {
                    digits: totp.digits,
                    period: totp.period,
                    hash: totp.algorithm,
                },
                seed,
                name: totp.name.clone(),
            });
        }
        if let Some(exec) = &step.exec {
            let at = format!("{pointer}/exec");
            if exec.command.is_empty() {
                return Err(self.wrong(&at, "command names a program: [vault, read, token]"));
            }
            let command = exec
                .command
                .iter()
                .enumerate()
                .map(|(n, text)| self.template(text, &format!("{at}/command/{n}")))
                .collect::<Result<_, _>>()?;
            self.name(&exec.name, &format!("{at}/as"))?;
            return Ok(Action::Exec {
                command,
                name: exec.name.clone(),
            });
        }
        let acts = step.browser.as_deref().unwrap_or_default();
        let acts = acts
            .iter()
            .enumerate()
            .map(|(n, act)| self.act(act, &format!("{pointer}/browser/{n}"), place));
        Ok(Action::Browser(acts.collect::<Result<_, _>>()?))
    }

    fn request(
        &self,
        step: &AuthStep,
        method: &'static str,
        url: &str,
        at: &str,
        pointer: &str,
        place: &Surroundings,
    ) -> Result<Action, Unread> {
        let contents = [
            step.form.is_some(),
            step.json.is_some(),
            step.body.is_some(),
        ];
        if contents.into_iter().filter(|there| *there).count() > 1 {
            return Err(self.wrong(pointer, "a request sends one of form, json and body"));
        }
        let content = if let Some(form) = &step.form {
            Content::Form(self.templates(form, &format!("{pointer}/form"), true)?)
        } else if let Some(json) = &step.json {
            let at = format!("{pointer}/json");
            if let Some(literal) = literal::within(json, &at) {
                return Err(self.wrong(&literal, literal::SAID));
            }
            self.json(json, &at)?;
            Content::Json(json.clone())
        } else if let Some(body) = &step.body {
            Content::Text(self.template(body, &format!("{pointer}/body"))?)
        } else {
            Content::Nothing
        };
        Ok(Action::Http(Http {
            method,
            url: self.url(url, at, place)?,
            fields: self.templates(&step.headers, &format!("{pointer}/headers"), true)?,
            basic: None,
            content,
            follow: step.follow,
        }))
    }

    fn oauth2(
        &self,
        oauth2: &AuthOauth2,
        step: &AuthStep,
        at: &str,
        place: &Surroundings,
    ) -> Result<Action, Unread> {
        let client = self.template(&oauth2.client_id, &format!("{at}/client_id"))?;
        let secret = match &oauth2.client_secret {
            Some(text) => {
                let pointer = format!("{at}/client_secret");
                let secret = self.template(text, &pointer)?;
                if secret.is_plain() {
                    return Err(self.wrong(&pointer, literal::SAID));
                }
                Some(secret)
            }
            None => None,
        };
        let plain = |text: &str| Template::read(text).unwrap_or_default();
        let mut form = Vec::new();
        match oauth2.grant {
            AuthGrant::ClientCredentials => {
                form.push(("grant_type".to_owned(), plain("client_credentials")));
            }
            AuthGrant::RefreshToken => {
                let pointer = format!("{at}/refresh_token");
                let token = oauth2.refresh_token.as_deref().unwrap_or_default();
                let token = self.template(token, &pointer)?;
                if token.is_plain() {
                    return Err(self.wrong(
                        &pointer,
                        "the grant refresh_token needs ${name} of a refresh token",
                    ));
                }
                form.push(("grant_type".to_owned(), plain("refresh_token")));
                form.push(("refresh_token".to_owned(), token));
            }
        }
        if let Some(scope) = &oauth2.scope {
            form.push((
                "scope".to_owned(),
                self.template(scope, &format!("{at}/scope"))?,
            ));
        }
        let basic = match (oauth2.client_auth, secret) {
            (AuthClient::Basic, Some(secret)) => Some((client, secret)),
            (_, secret) => {
                form.push(("client_id".to_owned(), client));
                form.extend(secret.map(|secret| ("client_secret".to_owned(), secret)));
                None
            }
        };
        form.extend(self.templates(&oauth2.params, &format!("{at}/params"), true)?);
        let mut fields = self.templates(&step.headers, "/headers", true)?;
        fields.push(("Accept".to_owned(), plain("application/json")));
        Ok(Action::Http(Http {
            method: "POST",
            url: self.url(&oauth2.token_url, &format!("{at}/token_url"), place)?,
            fields,
            basic,
            content: Content::Form(form),
            follow: false,
        }))
    }

    fn act(&self, act: &AuthBrowserAct, at: &str, place: &Surroundings) -> Result<Act, Unread> {
        let read = match (&act.goto, &act.fill, &act.click, &act.wait) {
            (Some(url), None, None, None) => {
                Act::Goto(self.url(url, &format!("{at}/goto"), place)?)
            }
            (None, Some(selector), None, None) => {
                let with = act.with.as_deref().ok_or_else(|| {
                    self.wrong(at, "fill needs with: {fill: \"#user\", with: \"${user}\"}")
                })?;
                let with = self.template(with, &format!("{at}/with"))?;
                return Ok(Act::Fill(selector.clone(), with));
            }
            (None, None, Some(selector), None) => Act::Click(selector.clone()),
            (None, None, None, Some(selector)) => Act::Wait(selector.clone()),
            _ => return Err(self.wrong(at, "an act is exactly one of goto, fill, click and wait")),
        };
        if act.with.is_some() {
            return Err(self.wrong(&format!("{at}/with"), "with belongs to fill"));
        }
        Ok(read)
    }

    fn extract(&self, name: &str, given: &AuthExtract, at: &str) -> Result<Extract, Unread> {
        let places = [
            ("header", &given.header),
            ("cookie", &given.cookie),
            ("json", &given.json),
            ("regex", &given.regex),
            ("css", &given.css),
            ("jwt_exp", &given.jwt_exp),
            ("url_param", &given.url_param),
        ];
        let mut said = places
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_ref()?)));
        let (Some((key, text)), None) = (said.next(), said.next()) else {
            return Err(self.wrong(
                at,
                "a value comes from exactly one of header, cookie, json, regex, css, jwt_exp and url_param",
            ));
        };
        let pointer = format!("{at}/{key}");
        let wrong = |what: String| self.wrong(&pointer, what);
        let from = match key {
            "header" => From::Header(text.clone()),
            "cookie" => From::Cookie(text.clone()),
            "json" => From::Json(Path::read(text).map_err(wrong)?, text.clone()),
            "regex" => From::Regex(Box::new(self.regex(text, &pointer)?)),
            "css" => From::Css(Selector::read(text).map_err(wrong)?, text.clone()),
            "jwt_exp" => From::JwtExp(text.clone()),
            _ => From::UrlParam(text.clone()),
        };
        let secret = given.secret.unwrap_or(key != "jwt_exp");
        Ok(Extract {
            name: name.to_owned(),
            from,
            optional: given.optional,
            secret,
        })
    }

    fn expect(&self, expect: &AuthExpect, at: &str) -> Result<Expect, Unread> {
        Ok(Expect {
            status: self.statuses(&expect.status, at)?,
            location: expect.location.clone(),
            not_location: expect.not_location.clone(),
            body: self.maybe_regex(expect.body.as_deref(), &format!("{at}/body"))?,
            not_body: self.maybe_regex(expect.not_body.as_deref(), &format!("{at}/not_body"))?,
        })
    }

    fn verify(&self, file: &AuthFile, place: &Surroundings) -> Result<Verify, Unread> {
        let verify = &file.verify;
        let inside = self.sign(&verify.inside, "/verify/in")?;
        let outside = match &verify.outside {
            Some(sign) => Some(self.sign(sign, "/verify/out")?),
            None => None,
        };
        let every = match &verify.every {
            Some(text) => Some(self.duration(text, "/verify/every")?),
            None => None,
        };
        Ok(Verify {
            url: self.url(&verify.get, "/verify/get", place)?,
            fields: self.templates(&verify.headers, "/verify/headers", true)?,
            inside,
            outside,
            anonymous_must_fail: verify.anonymous_must_fail,
            every,
        })
    }

    fn apply(&self, apply: &AuthApply) -> Result<Apply, Unread> {
        Ok(Apply {
            cookies: apply.cookies == AuthCookies::Jar,
            fields: self.templates(&apply.headers, "/apply/headers", true)?,
            query: self.templates(&apply.query, "/apply/query", true)?,
            on_conflict: apply.on_conflict,
        })
    }

    fn sign(&self, sign: &AuthSign, at: &str) -> Result<Sign, Unread> {
        if sign == &AuthSign::default() {
            return Err(self.wrong(at, "a sign says at least one of status, location and body"));
        }
        Ok(Sign {
            status: self.statuses(&sign.status, at)?,
            location: sign.location.clone(),
            body: self.maybe_regex(sign.body.as_deref(), &format!("{at}/body"))?,
        })
    }

    fn statuses(&self, statuses: &[u16], at: &str) -> Result<Vec<u16>, Unread> {
        match statuses
            .iter()
            .position(|status| !(100..=999).contains(status))
        {
            Some(index) => {
                Err(self.wrong(&format!("{at}/status/{index}"), "a status has three digits"))
            }
            None => Ok(statuses.to_vec()),
        }
    }

    fn maybe_regex(&self, text: Option<&str>, at: &str) -> Result<Option<Regex>, Unread> {
        text.map(|text| self.regex(text, at)).transpose()
    }

    fn regex(&self, text: &str, at: &str) -> Result<Regex, Unread> {
        Regex::new(text).map_err(|error| {
            let error = error.to_string();
            let what = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            self.wrong(at, format!("this is no regular expression: {what}"))
        })
    }

    fn templates(
        &self,
        given: &BTreeMap<String, AuthText>,
        at: &str,
        refuse: bool,
    ) -> Result<Vec<(String, Template)>, Unread> {
        let each = given.iter().map(|(name, text)| {
            let pointer = under(at, name);
            let template = self.template(&text.0, &pointer)?;
            if refuse && literal::is_one(name, &template) {
                return Err(self.wrong(&pointer, literal::SAID));
            }
            Ok((name.clone(), template))
        });
        each.collect()
    }

    fn json(&self, value: &Value, at: &str) -> Result<(), Unread> {
        match value {
            Value::String(text) => self.template(text, at).map(|_| ()),
            Value::Array(elements) => elements
                .iter()
                .enumerate()
                .try_for_each(|(n, element)| self.json(element, &format!("{at}/{n}"))),
            Value::Object(members) => members
                .iter()
                .try_for_each(|(name, member)| self.json(member, &under(at, name))),
            _ => Ok(()),
        }
    }

    fn template(&self, text: &str, at: &str) -> Result<Template, Unread> {
        let template = Template::read(text).map_err(|what| self.wrong(at, what))?;
        for name in template.names() {
            self.known(name, at)?;
        }
        Ok(template)
    }

    fn known(&self, name: &str, at: &str) -> Result<(), Unread> {
        if self.names.iter().any(|known| known == name) {
            return Ok(());
        }
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let near = nearest(name, &names).map_or_else(
            || format!("known here are {}", names.join(", ")),
            |near| format!("did you mean '{near}'?"),
        );
        Err(self.wrong(at, format!("nothing is called '{name}' by then: {near}")))
    }

    /// A URL, or what is relative to the base. What can be told now is told now: that it is one, and inside the scope.
    fn url(&self, text: &str, at: &str, place: &Surroundings) -> Result<Template, Unread> {
        let template = self.template(text, at)?;
        if template.is_plain() {
            let url = place
                .base
                .join(text)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .ok_or_else(|| {
                    self.wrong(at, "an http or https URL, or a path of base, is expected")
                })?;
            if !place.scope.holds(url.as_str()) {
                return Err(self.wrong(
                    at,
                    format!(
                        "{} is outside scope, where no credentials may go",
                        url.origin().ascii_serialization()
                    ),
                ));
            }
        }
        Ok(template)
    }

    fn paths(&self, patterns: &[String], at: &str) -> Result<Vec<PathPattern>, Unread> {
        let each = patterns.iter().enumerate().map(|(n, pattern)| {
            let pointer = format!("{at}/{n}");
            if !pattern.starts_with('/') {
                return Err(self.wrong(&pointer, "a path that begins with / is expected: /logout*"));
            }
            PathPattern::read(pattern).map_err(|what| self.wrong(&pointer, what))
        });
        each.collect()
    }

    fn duration(&self, text: &str, at: &str) -> Result<Duration, Unread> {
        duration(text).ok_or_else(|| self.wrong(at, "a duration is expected: 500ms, 30s, 5m or 1h"))
    }
}

/// Where URLs are resolved and held.
struct Surroundings {
    base: Url,
    scope: Scope,
}

/// What is watched when nothing is said: what can be told of any answer's head.
fn watched(out: Option<&Sign>) -> Sign {
    let sign = out.map(|out| Sign {
        status: out.status.clone(),
        location: out.location.clone(),
        body: None,
    });
    sign.filter(|sign| !sign.status.is_empty() || sign.location.is_some())
        .unwrap_or_else(|| Sign {
            status: vec![401],
            ..Sign::default()
        })
}

fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..at].parse().ok()?;
    let seconds = match text[at..].trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    (0.0..=31_536_000.0)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

/// A JSON pointer, longer by one name (RFC 6901).
fn under(above: &str, name: &str) -> String {
    format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"))
}

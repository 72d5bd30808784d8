//! Authentication flows: how a program logs in, proves that it is logged in, and sees that it no longer is.
//!
//! ```yaml
//! auth: shop-user
//! secrets: {user: env:SHOP_USER, pass: file:/run/secrets/shop}   # by reference only
//! scope: ["https://shop.example/**"]                              # credentials never leave it
//! steps:
//!   - {id: page, get: /login, extract: {csrf: {css: "input[name=csrf]@value"}}}
//!   - id: login
//!     post: /login
//!     form: {u: "${user}", p: "${pass}", csrf: "${csrf}"}
//!     expect: {status: [302], not_location: /login}
//! verify: {get: /me, in: {status: [200]}, out: {status: [401], location: /login}}
//! watch: {out_any_response: {status: [401], location: "*/login*"}, exclude: ["/logout*"]}
//! ```
//!
//! These types say what the file may hold; what its texts mean (templates, patterns, durations) is read where flows are run.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// An authentication flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthFile {
    /// Its name, for messages.
    pub auth: String,
    /// What targets that begin with / are relative to; without it the origin of the first entry of `scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Secrets by reference: `env:NAME`, `file:PATH` or `cmd:PROGRAM ARGUMENTS`, never the secret itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Where credentials may go: `https://shop.example/**`, `https://*.shop.example/**`; what begins with ! is left out.
    pub scope: Vec<String>,
    /// The login, in order. Without steps what `apply` says is all.
    #[serde(default)]
    pub steps: Vec<AuthStep>,
    /// How requests carry the session.
    #[serde(default)]
    pub apply: AuthApply,
    /// The request that tells whether one is logged in.
    pub verify: AuthVerify,
    /// What in any answer says that the session may be lost; without it status and location of `verify.out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<AuthWatch>,
    /// When and how often to log in again.
    #[serde(default)]
    pub relogin: AuthRelogin,
}

/// One step: exactly one of get, head, post, put, patch, delete, oauth2, totp, exec and browser.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthStep {
    /// Its name, for messages; its number when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// GET this URL, or path of `base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get: Option<String>,
    /// HEAD this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// POST to this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// PUT to this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put: Option<String>,
    /// PATCH this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// DELETE this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<String>,
    /// An OAuth 2.0 token request (RFC 6749).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<AuthOauth2>,
    /// A time-based one-time password (RFC 6238).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<AuthTotp>,
    /// A program that prints a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<AuthExec>,
    /// What to do in a browser, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Vec<AuthBrowserAct>>,
    /// A form to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<BTreeMap<String, AuthText>>,
    /// JSON to send; `${name}` in its texts is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<serde_json::Value>,
    /// Content to send as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Request fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, AuthText>,
    /// Follow redirects, inside the scope.
    #[serde(default, skip_serializing_if = "is_false")]
    pub follow: bool,
    /// How long the step may take: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// What its answer must be; without it a status of 200 to 299.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<AuthExpect>,
    /// Values to take from the answer, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extract: BTreeMap<String, AuthExtract>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_false(it: &bool) -> bool {
    !it
}

/// What an answer must be. All that is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthExpect {
    /// One of these statuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// Location holds this text; with * it is like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Location does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_location: Option<String>,
    /// A regular expression that the content fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// One that it does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_body: Option<String>,
}

/// Where a value is found: exactly one of the places.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthExtract {
    /// A response field of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A cookie of that name, as the answer sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// A path into JSON content: `$.data.token`, `$['a b'][0]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// A regular expression on the content: its first group, or all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// An element of HTML content and its attribute: `input[name=csrf]@value`; without @ its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
    /// The end of the life of the JWT (RFC 7519) in the value of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_exp: Option<String>,
    /// A parameter of the URL in Location, in its query or fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_param: Option<String>,
    /// The step is good without it; `${name}` is empty then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Whether it is hidden wherever it occurs; by itself all but `jwt_exp` are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
}

/// An OAuth 2.0 token request (RFC 6749 sections 4.4 and 6). The answer's `access_token`, `refresh_token` and `expires_in` are
/// taken by these names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthOauth2 {
    /// The grant.
    pub grant: AuthGrant,
    /// The token endpoint.
    pub token_url: String,
    /// The client's identifier.
    pub client_id: String,
    /// The client's secret: `${name}` of a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// How the client shows who it is.
    #[serde(default)]
    pub client_auth: AuthClient,
    /// With the grant refresh_token: `${name}` of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The scope asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// More parameters, such as audience or resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, AuthText>,
}

/// A grant of OAuth 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthGrant {
    /// RFC 6749 section 4.4.
    ClientCredentials,
    /// RFC 6749 section 6.
    RefreshToken,
}

/// How a client shows who it is (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthClient {
    /// By HTTP Basic.
    #[default]
    Basic,
    /// In the form.
    Body,
}

/// A time-based one-time password (RFC 6238).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthTotp {
    /// `${name}` of the secret that holds the seed, in base32.
    pub seed: String,
    /// The name of the value it gives.
    #[serde(rename = "as", default = "otp")]
    pub name: String,
    /// Digits, 6 to 8.
    #[serde(default = "six")]
    pub digits: u8,
    /// Seconds that one password lives.
    #[serde(default = "thirty")]
    pub period: u32,
    /// The hash function.
    #[serde(default)]
    pub algorithm: AuthHash,
}

fn otp() -> String {
    "otp".to_owned()
}

const fn six() -> u8 {
    6
}

const fn thirty() -> u32 {
    30
}

/// The hash function of a one-time password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthHash {
    /// SHA-1, what nearly all use.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// A program that prints a token on its standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthExec {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// The name of the value it gives.
    #[serde(rename = "as", default = "token")]
    pub name: String,
}

fn token() -> String {
    "token".to_owned()
}

/// One act in a browser: exactly one of goto, fill, click and wait.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthBrowserAct {
    /// Load this URL, or path of `base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<String>,
    /// Fill the element that this CSS selector names, with `with`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<String>,
    /// What to fill in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Click on the element that this CSS selector names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
    /// Wait for the element that this CSS selector names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
}

/// How requests carry the session.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthApply {
    /// Whether the cookies of the login are sent.
    #[serde(default)]
    pub cookies: AuthCookies,
    /// Request fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, AuthText>,
    /// Parameters added to the query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, AuthText>,
    /// What becomes of a field that a request has already.
    #[serde(default)]
    pub on_conflict: AuthConflict,
}

/// Whether cookies are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthCookies {
    /// Those of the login, by the rules of cookies (RFC 6265).
    #[default]
    Jar,
    /// None.
    None,
}

/// What becomes of a request's own field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthConflict {
    /// The session's replaces it.
    #[default]
    Replace,
    /// It stays.
    Keep,
}

/// The request that tells whether one is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthVerify {
    /// GET this URL, or path of `base`.
    pub get: String,
    /// Request fields besides the session's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, AuthText>,
    /// What shows that one is: all that is said must hold.
    #[serde(rename = "in")]
    pub inside: AuthSign,
    /// What shows that one is not: anything that is said. Without it, everything else.
    #[serde(rename = "out", default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<AuthSign>,
    /// Ask once without session first: it must show that one is not logged in.
    #[serde(default = "yes")]
    pub anonymous_must_fail: bool,
    /// Ask again whenever so much time has passed: `60s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
}

const fn yes() -> bool {
    true
}

/// What an answer shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthSign {
    /// One of these statuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// Location holds this text; with * it is like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A regular expression that the content fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What in any answer says that the session may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthWatch {
    /// Anything of this.
    pub out_any_response: AuthSign,
    /// Paths whose answers say nothing: `/logout*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// When and how often to log in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuthRelogin {
    /// So long before a known end of the session.
    pub before_expiry: String,
    /// After so many losses no more.
    pub max: u32,
    /// Not before so much time has passed since the last login.
    pub min_interval: String,
    /// What becomes of targets that need the login when it cannot be had.
    pub on_fail: AuthOnFail,
}

impl Default for AuthRelogin {
    fn default() -> Self {
        Self {
            before_expiry: "30s".to_owned(),
            max: 5,
            min_interval: "10s".to_owned(),
            on_fail: AuthOnFail::Stop,
        }
    }
}

/// What becomes of targets that need the login when it cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthOnFail {
    /// They are not asked for.
    #[default]
    Stop,
    /// They are asked for without credentials, and marked.
    ContinueMarked,
}

/// A text; a number or true and false are taken as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct AuthText(pub String);

impl<'de> Deserialize<'de> for AuthText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = AuthText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AuthText, E> {
                Ok(AuthText(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, is: bool) -> Result<AuthText, E> {
                Ok(AuthText(is.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<AuthText, E> {
                Ok(AuthText(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<AuthText, E> {
                Ok(AuthText(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<AuthText, E> {
                Ok(AuthText(number.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl JsonSchema for AuthText {
    fn schema_name() -> Cow<'static, str> {
        "AuthText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text; a number or true and false are taken as they are written.",
            "type": ["string", "number", "boolean"]
        })
    }
}

/// What of a document is no authentication flow, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthFileError {
    /// The place as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong, as a sentence without final stop; it repeats no value of the document.
    pub what: String,
}

impl fmt::Display for AuthFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.pointer, self.what)
    }
}

impl std::error::Error for AuthFileError {}

impl AuthFile {
    /// Takes a flow from JSON, which a YAML file was turned into.
    ///
    /// # Errors
    /// The first place that does not fit, with the nearest known key where one is unknown.
    pub fn from_json(json: &str) -> Result<Self, AuthFileError> {
        let mut reader = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| AuthFileError {
            pointer: pointer(error.path()),
            what: what(&error.inner().to_string()),
        })
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

/// The library's message without the place in the JSON, which nobody wrote, and without the value, which may be a secret.
fn what(message: &str) -> String {
    let message = message
        .rfind(" at line ")
        .map_or(message, |at| &message[..at]);
    if let Some(expected) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rfind(", expected ").map(|at| &rest[at + 11..]))
    {
        let expected = expected
            .strip_prefix("struct ")
            .map_or(expected, |_| "an object");
        let expected = match expected {
            "a map" => "an object",
            "a sequence" => "a list",
            "a string" => "a text",
            "a boolean" => "true or false",
            "u8" | "u16" | "u32" => "a number",
            other => other,
        };
        return format!("{expected} is expected here");
    }
    let mut words = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown ")
        && let Some(unknown) = words.next()
    {
        let known: Vec<&str> = words.collect();
        let kind = if message.starts_with("unknown variant") {
            "value"
        } else {
            "key"
        };
        return unknown_word(kind, unknown, &known);
    }
    message.replace('`', "'")
}

/// `unknown key 'extrat': did you mean 'extract'? Known are …`
pub(crate) fn unknown_word(kind: &str, unknown: &str, known: &[&str]) -> String {
    // A value in the place of a word may be a secret.
    let shown: String = unknown.chars().take(40).collect();
    let named = if kind == "key" {
        format!("unknown key '{}'", shown.escape_debug())
    } else {
        format!("this is none of the known {kind}s")
    };
    let near =
        nearest(unknown, known).map_or_else(String::new, |near| format!("did you mean '{near}'? "));
    format!("{named}: {near}known are {}", known.join(", "))
}

/// The known word that differs least, when that is little.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let far = |known: &str| distance(word, known);
    known
        .iter()
        .copied()
        .min_by_key(|known| far(known))
        .filter(|known| far(known) <= known.len().max(3).div_ceil(2))
}

/// How many letters have to be put in, left out or changed (Levenshtein), whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(64).flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str =
        r#"{"auth":"a","scope":["http://h/**"],"verify":{"get":"/me","in":{"status":[200]}}}"#;

    #[test]
    fn defaults_are_those_of_the_design() {
        let file = AuthFile::from_json(LEAST).expect("good");
        assert!(file.verify.anonymous_must_fail);
        assert_eq!(file.relogin, AuthRelogin::default());
        assert_eq!(file.apply.cookies, AuthCookies::Jar);
        let json = serde_json::to_string(&file).expect("JSON");
        assert_eq!(AuthFile::from_json(&json), Ok(file));
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place_and_without_its_value() {
        for (from, to, pointer, said) in [
            (
                "\"verify\"",
                "\"verfy\"",
                "/verfy",
                "unknown key 'verfy': did you mean 'verify'?",
            ),
            (
                "\"in\"",
                "\"inside\"",
                "/verify/inside",
                "known are get, headers, in, out",
            ),
            (
                "[200]",
                "\"hunter2\"",
                "/verify/in/status",
                "a list is expected here",
            ),
            (
                "[200]",
                "[\"hunter2\"]",
                "/verify/in/status/0",
                "a number is expected here",
            ),
            (
                "\"scope\":[\"http://h/**\"],",
                "",
                "",
                "missing field 'scope'",
            ),
            (
                "\"auth\":\"a\"",
                "\"auth\":\"a\",\"apply\":{\"cookies\":\"hunter2\"}",
                "/apply/cookies",
                "none of the known values: known are jar, none",
            ),
            (
                "\"auth\":\"a\"",
                "\"auth\":\"a\",\"steps\":[{\"pst\":\"/x\"}]",
                "/steps/0/pst",
                "did you mean 'post'?",
            ),
        ] {
            let error = AuthFile::from_json(&LEAST.replace(from, to)).expect_err(to);
            assert_eq!(error.pointer, pointer, "{to}: {error}");
            assert!(error.what.contains(said), "{to}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn near_words_are_near() {
        let known = ["extract", "expect", "exec"];
        assert_eq!(nearest("extrat", &known), Some("extract"));
        assert_eq!(nearest("Expects", &known), Some("expect"));
        assert_eq!(nearest("password", &known), None);
    }
}

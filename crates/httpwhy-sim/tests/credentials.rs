//! Authentication: Basic, Bearer, Digest (RFC 7617, 6750, 7616).

mod client;

use std::net::SocketAddr;

use client::{Answer, ask, get, start, text};
use md5::{Digest, Md5};
use sha2::{Sha256, Sha512};

#[test]
fn credentials() {
    let simulator = start();
    let known = "{\n  \"authenticated\": true,\n  \"user\": \"u\"\n}\n";
    for (path, value, status, body) in [
        ("/basic-auth/u/p", "Basic dTpw", 200, known),
        ("/basic-auth/u/p", "Basic dTpx", 401, ""),
        ("/hidden-basic-auth/u/p", "basic dTpw", 200, known),
        ("/hidden-basic-auth/u/p", "Basic !", 404, ""),
        (
            "/bearer",
            "Bearer abc",
            200,
            "{\n  \"authenticated\": true,\n  \"token\": \"abc\"\n}\n",
        ),
        ("/bearer", "Basic abc", 401, ""),
    ] {
        let answer = ask(
            simulator.http(),
            "GET",
            path,
            &[("Authorization", value)],
            b"",
        );
        assert_eq!(
            (answer.status(), text(&answer).as_str()),
            (status, body),
            "{path} {value}"
        );
    }
}

/// A client of digest authentication.
struct Client {
    algorithm: &'static str,
    qop: &'static str,
    nonce: String,
    realm: String,
}

impl Client {
    /// Asks for a challenge and keeps it.
    fn challenged(address: SocketAddr, path: &str) -> Self {
        let answer = get(address, path);
        assert_eq!(answer.status(), 401, "{path}");
        let field = answer.field("WWW-Authenticate").expect("a challenge");
        let value = |name: &str| {
            let rest = field.split(&format!("{name}=")).nth(1).expect(name);
            rest.trim_start_matches('"')
                .split(['"', ','])
                .next()
                .expect("a value")
                .to_owned()
        };
        Self {
            algorithm: ["SHA-256", "SHA-512"]
                .into_iter()
                .find(|name| field.contains(name))
                .unwrap_or("MD5"),
            qop: if field.contains("qop=\"auth-int\"") {
                "auth-int"
            } else {
                "auth"
            },
            nonce: value("nonce"),
            realm: value("realm"),
        }
    }

    fn hash(&self, text: &str) -> String {
        let hash = match self.algorithm {
            "SHA-256" => Sha256::digest(text).to_vec(),
            "SHA-512" => Sha512::digest(text).to_vec(),
            _ => Md5::digest(text).to_vec(),
        };
        let digits = hash.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<Vec<_>>().concat()
    }

    /// RFC 7616 section 3.4.
    fn ask(&self, address: SocketAddr, path: &str, password: &str) -> Answer {
        let Self {
            nonce,
            realm,
            qop,
            algorithm,
        } = self;
        let secret = self.hash(&format!("u:{realm}:{password}"));
        let content = if *qop == "auth-int" {
            format!(":{}", self.hash(""))
        } else {
            String::new()
        };
        let what = self.hash(&format!("GET:{path}{content}"));
        let response = self.hash(&format!("{secret}:{nonce}:00000001:c:{qop}:{what}"));
        let field = format!(
            "Digest username=\"u\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{path}\", qop={qop}, nc=00000001, \
             cnonce=\"c\", response=\"{response}\", algorithm={algorithm}"
        );
        ask(address, "GET", path, &[("Authorization", &field)], b"")
    }
}

#[test]
fn digests() {
    let simulator = start();
    let address = simulator.http();
    for path in [
        "/digest-auth/auth/u/p",
        "/digest-auth/auth/u/p?x=1",
        "/digest-auth/auth-int/u/p",
        "/digest-auth/any/u/p",
        "/digest-auth/auth/u/p/MD5",
        "/digest-auth/auth/u/p/SHA-256",
        "/digest-auth/auth-int/u/p/SHA-512",
        "/digest-auth/auth/u/p/none-such",
    ] {
        let client = Client::challenged(address, path);
        let answer = client.ask(address, path, "p");
        assert_eq!(answer.status(), 200, "{path}");
        assert!(text(&answer).contains("\"authenticated\": true"), "{path}");
        let refused = client.ask(address, path, "wrong");
        assert_eq!(refused.status(), 401, "{path}");
        let challenge = refused.field("WWW-Authenticate").expect("a challenge");
        assert!(challenge.contains("stale=FALSE"), "{challenge}");
    }
}

#[test]
fn nonces_are_used_up() {
    let simulator = start();
    let address = simulator.http();
    let path = "/digest-auth/auth/u/p/MD5/2";
    let client = Client::challenged(address, path);
    let statuses = [(); 3].map(|()| client.ask(address, path, "p"));
    assert_eq!(statuses.each_ref().map(Answer::status), [200, 200, 401]);
    let challenge = statuses[2].field("WWW-Authenticate").expect("a challenge");
    assert!(challenge.contains("stale=TRUE"), "{challenge}");
    let mine = Client {
        nonce: "mine".to_owned(),
        ..client
    };
    let answer = mine.ask(address, path, "p");
    let challenge = answer.field("WWW-Authenticate").expect("a challenge");
    assert!(
        challenge.contains("stale=TRUE"),
        "a nonce that was never given: {challenge}"
    );
}

#[test]
fn cookies_are_required_when_asked_for() {
    let simulator = start();
    let path = "/digest-auth/auth/u/p?require-cookie=1";
    let value = "Digest username=\"u\", nonce=\"x\", response=\"x\"";
    let with = |cookie| {
        let fields = [("Authorization", value), ("Cookie", cookie)];
        ask(simulator.http(), "GET", path, &fields, b"").status()
    };
    assert_eq!(with("other=1"), 403);
    assert_eq!(with("fake=fake_value"), 401);
}

//! Sessions that are bound to who logged in: to the User-Agent field, to the address; and cookies that a browser refuses.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use httpwhy_testkit::{Asked, Reply, Server, Workspace};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use super::{code, httpwhy, objects, probe, quiet};
use crate::shop::{Defects, Shop};

const LOST: &str = "auth/lost-right-after-login";

/// One try of a flow: its exit code, its lines, and all of them as text.
fn try_with(flow: &str, more: &[&str]) -> (i32, Vec<Value>, String) {
    let folder = Workspace::new();
    let file = folder.write("flow.yaml", flow);
    let run = httpwhy().args(["auth", "test", "--json"]).arg(&file);
    let ran = quiet(run.args(more));
    let lines = objects(ran.text());
    (code(&ran), lines, ran.text().to_owned())
}

/// What is said of the check that failed.
fn judged(lines: &[Value]) -> &Value {
    let found = lines
        .iter()
        .find(|line| line["kind"] == "diagnosis" && line["outcome"] == LOST);
    found.expect("a diagnosis of the loss")
}

/// A flow whose login goes out with another User-Agent than everything else.
fn as_mozilla(shop: &Shop) -> String {
    shop.flow("").replace(
        "    post: /login\n",
        "    post: /login\n    headers: {User-Agent: Mozilla/5.0}\n",
    )
}

#[test]
fn a_session_bound_to_the_user_agent_is_found_by_asking_with_that_of_the_login() {
    let shop = Shop::open(Defects {
        bound_to_agent: true,
        ..Defects::default()
    });
    let (code, lines, text) = try_with(&as_mozilla(&shop), &[]);
    assert_eq!(code, 1, "{text}");
    let fact = "auth:agent-changed login=Mozilla/5.0 now=httpwhy/";
    assert!(text.contains(fact) && text.contains("proven=yes"), "{text}");
    let judged = judged(&lines);
    let blame = (&judged["blame"]["party"], &judged["blame"]["certainty"]);
    assert_eq!(blame, (&"client".into(), &"proven".into()), "{judged}");
    assert!(
        judged["evidence"]
            .to_string()
            .contains("is bound to the User-Agent")
    );
    let asked: Vec<&Value> = lines
        .iter()
        .filter(|line| line["kind"] == "login-step")
        .map(|line| &line["step"])
        .collect();
    let tried = asked.iter().filter(|step| **step == "agent-as-login");
    assert_eq!(tried.count(), 2, "each request is shown: {asked:?}");
    // One agent all along: nothing is lost.
    let (code, _, text) = try_with(&shop.flow(""), &[]);
    assert_eq!(code, 0, "{text}");
    let (code, _, text) = try_with(&as_mozilla(&shop), &["-A", "Mozilla/5.0"]);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("agent-changed"), "{text}");
}

#[test]
fn another_user_agent_is_no_cause_where_it_does_not_matter() {
    // Two agents, and nobody minds.
    let shop = Shop::open(Defects::default());
    let (code, _, text) = try_with(&as_mozilla(&shop), &[]);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("agent-changed"), "{text}");
    // Two agents, and the session is lost for another reason: the difference is told, and nobody is blamed for it.
    let shop = Shop::open(Defects {
        forgets: true,
        ..Defects::default()
    });
    let (code, lines, text) = try_with(&as_mozilla(&shop), &[]);
    assert_eq!(code, 1, "{text}");
    let judged = judged(&lines);
    assert_eq!(judged["blame"]["certainty"], "unknown", "{judged}");
    let said = judged["evidence"].to_string();
    assert!(said.contains("could not be shown"), "{said}");
    assert!(
        !text.contains("proven=yes") && !said.contains("unknown with the other"),
        "{text}"
    );
    // One agent: there is no difference to tell.
    let (code, _, text) = try_with(&shop.flow(""), &[]);
    assert_eq!(code, 1, "{text}");
    assert!(!text.contains("-changed"), "{text}");
    // A reason that the messages show goes before, and no test is made.
    let shop = Shop::open(Defects {
        cookie: Some("Path=/shop"),
        bound_to_agent: true,
        ..Defects::default()
    });
    let (_, _, text) = try_with(&as_mozilla(&shop), &[]);
    assert!(
        text.contains("auth:cookie-path") && !text.contains("agent-changed"),
        "{text}"
    );
}

#[test]
fn servers_that_take_turns_prove_nothing_of_the_agent() {
    let shop = Shop::open(Defects {
        two_servers: true,
        ..Defects::default()
    });
    // The first check comes to the server that does not know the session.
    for before in ["", "  - {id: more, get: /login}\n"] {
        let flow = as_mozilla(&shop).replace("apply:", &format!("{before}apply:"));
        let (code, _, text) = try_with(&flow, &[]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("auth:verify-alternates"), "{text}");
        assert!(!text.contains("proven=yes"), "{text}");
    }
}

#[test]
fn requests_with_another_agent_than_the_login_are_told_from_forbidden_ones() {
    let shop = Shop::open(Defects {
        bound_to_agent: true,
        ..Defects::default()
    });
    let paths = ["/page/1", "/page/2", "/page/3"].map(str::to_owned);
    let other = ["-c", "1", "-H", "User-Agent: Recorded/1.0"];
    let (ran, verdicts, _) = probe(&shop, &shop.flow(""), &paths, &other);
    assert_eq!(verdicts.len(), 3, "{}", ran.stderr);
    for verdict in verdicts.values() {
        assert_eq!(verdict["outcome"], LOST, "{verdict}");
        let signals = verdict["signals"].to_string();
        let fact = "now=Recorded/1.0 proven=yes";
        assert!(
            signals.contains("auth:agent-changed") && signals.contains(fact),
            "{signals}"
        );
    }
    assert_eq!(
        shop.counts().logins,
        1,
        "no login is made for that: {}",
        ran.stderr
    );
    // The same inputs where the shop does not mind.
    let shop = Shop::open(Defects::default());
    let (ran, verdicts, _) = probe(&shop, &shop.flow(""), &paths, &other);
    for verdict in verdicts.values() {
        assert_eq!(verdict["outcome"], "http/200", "{}", ran.stderr);
    }
    // And one that is forbidden stays forbidden.
    let admin = ["/admin".to_owned()];
    let (_, verdicts, _) = probe(&shop, &shop.flow(""), &admin, &other);
    assert_eq!(verdicts[&1]["outcome"], "http/403");
}

/// A proxy that passes requests on from another address of this machine.
fn from_another_address() -> Server {
    Server::start(|asked| match pass_on(asked) {
        Ok(answer) => Reply::raw(answer).then_close(),
        Err(error) => Reply::new("502 Bad Gateway", &[], error.to_string()),
    })
}

fn pass_on(asked: &Asked) -> std::io::Result<Vec<u8>> {
    let url = url::Url::parse(&asked.target).map_err(std::io::Error::other)?;
    let port = url.port().unwrap_or(80);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    let mut stream = TcpStream::from(socket);
    let line = format!("{} {} HTTP/1.1\r\n", asked.method, url.path());
    stream.write_all(line.as_bytes())?;
    for (name, value) in &asked.fields {
        stream.write_all(format!("{name}: {value}\r\n").as_bytes())?;
    }
    stream.write_all(&[b"\r\n", &asked.body[..]].concat())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The token comes from one name of the server, and is used at another.
fn token_flow(shop: &Shop) -> String {
    let port = shop.server.address().port();
    format!(
        r#"auth: api
secrets: {{key: env:CLIENT_KEY}}
scope: ["http://localhost:{port}/**", "http://127.0.0.1:{port}/**"]
steps:
  - {{id: token, oauth2: {{grant: client_credentials, token_url: /token, client_id: id, client_secret: "${{key}}"}}}}
apply: {{cookies: none, headers: {{Authorization: "Bearer ${{access_token}}"}}}}
verify: {{get: "http://127.0.0.1:{port}/api", in: {{status: [200]}}}}
"#
    )
}

#[test]
fn a_session_bound_to_the_address_is_found_by_asking_the_way_of_the_login() {
    let proxy = from_another_address();
    let through = proxy.url("");
    // The login leaves by a proxy, and what follows does not.
    let parted = ["--proxy", &through, "--noproxy", "127.0.0.1"];
    let shop = Shop::open(Defects {
        bound_to_address: true,
        ..Defects::default()
    });
    let (code, lines, text) = try_with(&token_flow(&shop), &parted);
    assert_eq!(code, 1, "{text}");
    let fact = format!("auth:address-changed login={through} now=127.0.0.1 proven=yes");
    assert!(text.contains(&fact), "{fact} not in {text}");
    let judged = judged(&lines);
    let blame = (&judged["blame"]["party"], &judged["blame"]["certainty"]);
    assert_eq!(blame, (&"client".into(), &"proven".into()), "{judged}");
    assert_eq!(judged["way"]["local"], "127.0.0.1", "{judged}");
    // All by one way.
    for one in [
        &["--proxy", &through, "--noproxy", ""][..],
        &["--proxy", ""],
    ] {
        let (code, _, text) = try_with(&token_flow(&shop), one);
        assert_eq!(code, 0, "{one:?}: {text}");
        assert!(!text.contains("address-changed"), "{text}");
    }
    // Two ways, and nobody minds.
    let shop = Shop::open(Defects::default());
    let (code, _, text) = try_with(&token_flow(&shop), &parted);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("address-changed"), "{text}");
}

/// A flow that logs in with a browser.
fn by_browser(shop: &Shop) -> String {
    let base = shop.server.url("");
    format!(
        r#"auth: shop
secrets: {{user: env:SHOP_USER, pass: env:SHOP_PASS}}
scope: ["{base}/**"]
steps:
  - id: form
    browser:
      - {{goto: /login}}
      - {{fill: "input[name=u]", with: "${{user}}"}}
      - {{fill: "input[name=p]", with: "${{pass}}"}}
      - {{click: button}}
    timeout: 40s
    expect: {{status: [200, 401]}}
verify: {{get: /me, in: {{status: [200]}}}}
"#
    )
}

#[test]
fn a_browser_s_login_is_bound_to_its_agent_and_to_its_way() {
    let none = Defects::default();
    for (defects, more, facts) in [
        (
            Defects {
                bound_to_agent: true,
                ..none
            },
            &[][..],
            &["auth:agent-changed login=Mozilla/5.0_"][..],
        ),
        (
            Defects {
                bound_to_address: true,
                ..none
            },
            &["--interface", "127.0.0.2"],
            &["auth:address-changed login=browser now=127.0.0.2 proven=yes"],
        ),
        (
            Defects {
                bound_to_agent: true,
                bound_to_address: true,
                ..none
            },
            &["--interface", "127.0.0.2"],
            &[
                "auth:agent-changed",
                "auth:address-changed login=browser now=127.0.0.2 proven=yes",
            ],
        ),
        // The other way round: both differ, and nobody minds.
        (none, &["--interface", "127.0.0.2"], &[]),
    ] {
        let shop = Shop::open(defects);
        let (code, lines, text) = try_with(&by_browser(&shop), more);
        assert_eq!(code, i32::from(!facts.is_empty()), "{defects:?}: {text}");
        if facts.is_empty() {
            let told = ["agent-changed", "address-changed"];
            assert!(!told.iter().any(|fact| text.contains(fact)), "{text}");
            continue;
        }
        for fact in facts {
            assert!(text.contains(fact), "{fact} not in {text}");
        }
        assert!(!text.contains("proven=no"), "{text}");
        assert_eq!(judged(&lines)["blame"]["certainty"], "proven");
    }
}

#[test]
fn a_cookie_that_the_browser_refuses_is_named_with_its_reason() {
    let open = |cookie| {
        Shop::open(Defects {
            cookie: Some(cookie),
            ..Defects::default()
        })
    };
    let shop = open("Path=/; SameSite=None");
    let (code, lines, text) = try_with(&by_browser(&shop), &[]);
    assert_eq!(code, 1, "{text}");
    let fact = "auth:cookie-samesite name=sid by=browser reason=SameSiteNoneInsecure";
    assert!(text.contains(fact) && text.contains("proven=yes"), "{text}");
    let judged = judged(&lines);
    let blame = (&judged["blame"]["party"], &judged["blame"]["certainty"]);
    assert_eq!(blame, (&"origin".into(), &"proven".into()), "{judged}");
    for good in ["Path=/; SameSite=Lax", "Path=/; SameSite=Strict"] {
        let shop = open(good);
        let (code, _, text) = try_with(&by_browser(&shop), &[]);
        assert_eq!(code, 0, "{good}: {text}");
        assert!(!text.contains("cookie-samesite"), "{text}");
    }
    // Without a browser nobody asks for sites.
    let shop = open("Path=/; SameSite=None");
    let (code, _, text) = try_with(&shop.flow(""), &[]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_cookie_that_does_not_come_back_from_another_site_is_named() {
    for (attributes, fact) in [
        (
            "Path=/; SameSite=Strict",
            Some("SameSiteStrict from=localhost to=127.0.0.1"),
        ),
        (
            "Path=/; SameSite=Lax",
            Some("SameSiteLax from=localhost to=127.0.0.1"),
        ),
        // Without the attribute a young cookie goes along with a form all the same.
        ("Path=/", None),
    ] {
        let back: std::sync::Arc<std::sync::OnceLock<String>> = std::sync::Arc::default();
        let told = std::sync::Arc::clone(&back);
        let provider = Server::start(move |_| {
            let to = told.get().map_or("", String::as_str);
            let page = format!("<form method=post action={to}><button>I am Alice</button></form>");
            Reply::new("200 OK", &["Content-Type: text/html"], page)
        });
        let place = format!("localhost:{}", provider.address().port());
        let shop = Shop::open(Defects {
            cookie: Some(attributes),
            provider: Some(place.leak()),
            ..Defects::default()
        });
        back.set(shop.server.url("/callback")).expect("once");
        let base = shop.server.url("");
        let flow = format!(
            r##"auth: sso
scope: ["{base}/**"]
steps:
  - browser:
      - {{goto: /sso}}
      - {{click: button}}
      - {{wait: "#done"}}
    timeout: 40s
verify: {{get: /me, in: {{status: [200]}}}}
"##
        );
        let (code, lines, text) = try_with(&flow, &[]);
        assert_eq!(code, i32::from(fact.is_some()), "{attributes}: {text}");
        match fact {
            Some(fact) => {
                assert!(text.contains(fact), "{fact} not in {text}");
                let cookie = "auth:cookie-samesite name=state by=browser reason=";
                assert!(text.contains(cookie), "{text}");
                let judged = judged(&lines);
                let blame = (&judged["blame"]["party"], &judged["blame"]["certainty"]);
                assert_eq!(blame, (&"origin".into(), &"likely".into()), "{judged}");
            }
            None => assert!(!text.contains("cookie-samesite"), "{text}"),
        }
    }
}

#[test]
fn a_token_is_renewed_before_its_end() {
    let refresh = "grant: refresh_token, refresh_token: \"${key}\"";
    for (grant, refresh_once) in [
        ("grant: client_credentials", false),
        (refresh, false),
        (refresh, true),
    ] {
        let shop = Shop::open(Defects {
            token_lives: Some(6),
            refresh_once,
            ..Defects::default()
        });
        let flow = token_flow(&shop).replace("grant: client_credentials", grant)
            + "relogin: {before_expiry: 5s, min_interval: 0s, max: 0}\n";
        let paths: Vec<String> = (0..40).map(|n| format!("/api/{n}")).collect();
        // Half of its life is a token's own: the run takes longer than that.
        let slowly = ["-c", "1", "--rate", "10"];
        let (ran, verdicts, lines) = probe(&shop, &flow, &paths, &slowly);
        assert_eq!(verdicts.len(), 40, "{}", ran.stderr);
        for verdict in verdicts.values() {
            assert_eq!(verdict["outcome"], "http/200", "{verdict}");
        }
        let counts = shop.counts();
        assert!(counts.tokens >= 2, "{counts:?}\n{}", ran.stderr);
        assert_eq!(counts.too_old, 0, "none was used beyond its life");
        // Each token has its check; more than that are pages.
        let used = counts.tokens_used.values().filter(|uses| **uses > 1);
        assert!(used.count() >= 2, "{counts:?}");
        let said = format!(
            "0 sessions lost, {} renewed before the end",
            counts.tokens - 1
        );
        assert!(ran.stderr.contains(&said), "{said} not in {}", ran.stderr);
        let told = ran.stderr.contains("the server replaced the refresh token");
        assert_eq!(told, refresh_once, "{}", ran.stderr);
        let losses = lines
            .iter()
            .filter(|line| line["outcome"] == "auth/lost-during-run");
        assert_eq!(losses.count(), 0);
    }
}

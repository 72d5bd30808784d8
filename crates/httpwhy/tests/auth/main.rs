//! Authentication flows against a real local application: a CSRF form, sessions that end, a page that ends them, and each
//! defect named by its cause. No secret is ever printed.

mod bound;
mod files;
mod kept;
mod shop;

use std::collections::BTreeMap;
use std::fs;

use httpwhy_testkit::{Asked, Httpwhy, Ran, Reply, Server, Workspace};
use serde_json::Value;
use shop::{Defects, PASSWORD, SECRETS, Shop, USER};

fn httpwhy() -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .env("SHOP_USER", USER)
        .env("SHOP_PASS", PASSWORD)
        .env("CLIENT_KEY", "tok-secret-key")
}

fn code(ran: &Ran) -> i32 {
    ran.code.expect("it ended by itself")
}

/// Runs it, and looks for secrets in all that it printed.
fn quiet(run: Httpwhy) -> Ran {
    let ran = run.run();
    for secret in SECRETS {
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for written in [(*secret).to_owned(), form, secret.replace('"', "\\\"")] {
            assert!(
                !ran.text().contains(&written),
                "{written} in:\n{}",
                ran.text()
            );
            assert!(
                !ran.stderr.contains(&written),
                "{written} in:\n{}",
                ran.stderr
            );
        }
    }
    ran
}

fn try_flow(flow: &str) -> (Ran, Vec<Value>) {
    let folder = Workspace::new();
    let file = folder.path("flow.yaml");
    fs::write(&file, flow).expect("written");
    let text = quiet(httpwhy().args(["auth", "test"]).arg(&file));
    assert!(
        !text.text().is_empty() || code(&text) == 2,
        "{}",
        text.stderr
    );
    let ran = quiet(httpwhy().args(["auth", "test", "--json"]).arg(&file));
    let lines = objects(ran.text());
    assert_eq!(code(&ran), code(&text), "{}{}", text.text(), text.stderr);
    (ran, lines)
}

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Probes these paths with that flow; the verdict of each target by its number, and all lines.
fn probe(
    shop: &Shop,
    flow: &str,
    paths: &[String],
    more: &[&str],
) -> (Ran, BTreeMap<u64, Value>, Vec<Value>) {
    let folder = Workspace::new();
    let file = folder.path("flow.yaml");
    fs::write(&file, flow).expect("written");
    let list: String = paths
        .iter()
        .map(|path| shop.server.url(path) + "\n")
        .collect();
    let run = httpwhy()
        .args(["probe", "-", "--json", "--auth"])
        .arg(&file)
        .args(more)
        .stdin(list);
    let ran = quiet(run);
    let lines = objects(ran.text());
    let verdicts = lines
        .iter()
        .filter(|line| line["kind"] == "visit" || line["steps"] == 1)
        .filter_map(|line| Some((line["visit"].as_str()?.parse().ok()?, line.clone())))
        .collect();
    (ran, verdicts, lines)
}

fn said(line: &Value) -> String {
    line["evidence"].to_string()
}

#[test]
fn a_flow_is_tried_step_by_step() {
    let shop = Shop::open(Defects::default());
    let (ran, lines) = try_flow(&shop.flow(""));
    assert_eq!(code(&ran), 0, "{}{}", ran.text(), ran.stderr);
    let steps: Vec<&str> = lines
        .iter()
        .filter(|line| line["kind"] == "login-step")
        .filter_map(|line| line["step"].as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "anonymous",
            "page",
            "login",
            "verify",
            "verify-again",
            "verify-again",
            "verify-again"
        ]
    );
    let taken = &lines
        .iter()
        .find(|line| line["step"] == "page")
        .expect("there")["taken"][0];
    assert_eq!(
        (&taken["name"], &taken["bytes"]),
        (&"csrf".into(), &13.into())
    );
    let end = lines.last().expect("a last line");
    assert_eq!(
        (&end["kind"], &end["verdict"]),
        (&"login".into(), &"passed".into())
    );
    assert_eq!(shop.counts().logins, 2, "once as text, once as JSON");
}

#[test]
fn each_defect_is_named_by_its_cause() {
    let lost = "auth/lost-right-after-login";
    let none = Defects::default();
    for (defects, outcome, fact) in [
        (
            Defects {
                cookie: Some("Path=/; Secure"),
                ..none
            },
            lost,
            "auth:cookie-secure name=sid over=http",
        ),
        (
            Defects {
                cookie: Some("Path=/shop"),
                ..none
            },
            lost,
            "auth:cookie-path name=sid path=/shop wanted=/me",
        ),
        (
            Defects {
                cookie: Some("Path=/; Domain=other.example"),
                ..none
            },
            lost,
            "auth:cookie-domain name=sid domain=other.example host=127.0.0.1",
        ),
        (
            Defects {
                cookie: Some("Path=/; HttpOnly"),
                two_servers: true,
                ..none
            },
            lost,
            "auth:verify-alternates",
        ),
        (
            Defects {
                moved: Some("http://www.shop.example"),
                ..none
            },
            lost,
            "auth:credentials-left-behind status=301 to=http://www.shop.example in-scope=no",
        ),
        (
            Defects {
                second_factor: true,
                ..none
            },
            "auth/mfa-required",
            "auth:mfa-required",
        ),
        (
            Defects { open: true, ..none },
            "auth/verify-useless",
            "auth:verify-useless status=200",
        ),
        (
            Defects {
                no_token: true,
                ..none
            },
            "auth/extractor-empty",
            "auth:extractor-empty name=csrf step=page",
        ),
    ] {
        let shop = Shop::open(defects);
        let (ran, lines) = try_flow(&shop.flow(""));
        assert_eq!(code(&ran), 1, "{defects:?}: {}", ran.stderr);
        let end = lines.last().expect("a last line");
        assert_eq!(end["outcome"], outcome, "{defects:?}: {}", ran.text());
        assert!(ran.text().contains(fact), "{fact} not in {}", ran.text());
    }
}

#[test]
fn another_host_for_the_check_is_named() {
    let shop = Shop::open(Defects::default());
    let port = shop.server.address().port();
    let flow = shop
        .flow("")
        .replace("/**\"]", &format!("/**\", \"http://localhost:{port}/**\"]"))
        .replace("get: /me", &format!("get: \"http://localhost:{port}/me\""));
    let (ran, lines) = try_flow(&flow);
    let end = lines.last().expect("a last line");
    assert_eq!(
        end["outcome"],
        "auth/lost-right-after-login",
        "{}",
        ran.text()
    );
    let fact = "auth:host-switched name=form from=127.0.0.1 to=localhost";
    assert!(ran.text().contains(fact), "{}", ran.text());
}

#[test]
fn a_key_that_nobody_issued_is_refused_and_was_never_a_session() {
    let server = Server::start(|asked: &Asked| {
        let challenge = match asked.field("authorization") {
            None => "WWW-Authenticate: Bearer",
            Some(_) => "WWW-Authenticate: Bearer error=\"invalid_token\"",
        };
        Reply::new("401 Unauthorized", &[challenge], "")
    });
    let base = server.url("");
    let flow = format!(
        r#"auth: key
secrets: {{pass: env:SHOP_PASS}}
scope: ["{base}/**"]
steps:
  - {{id: home, get: /, expect: {{status: [401]}}}}
apply: {{headers: {{Authorization: "Bearer ${{pass}}"}}}}
verify: {{get: /me, in: {{status: [200]}}, out: {{status: [401]}}}}
"#
    );
    let (ran, lines) = try_flow(&flow);
    assert_eq!(code(&ran), 1);
    let end = lines.last().expect("a last line");
    assert_eq!(
        end["outcome"],
        "auth/bearer-invalid-token",
        "{}",
        ran.text()
    );
    assert!(
        !ran.text().contains("lost-right-after-login"),
        "{}",
        ran.text()
    );
}

#[test]
fn a_token_that_changes_at_the_login_is_found_by_taking_it_again() {
    let shop = Shop::open(Defects {
        rotates: true,
        ..Defects::default()
    });
    // Another page view between the form and the check makes the old token stale.
    let more = "";
    let flow = shop
        .flow_with(more, "headers: {X-Csrf: \"${csrf}\"}")
        .replace("    expect:", "    extract: {}\n    expect:")
        .replace("apply:", "  - {id: other, get: /login}\napply:");
    let (ran, lines) = try_flow(&flow);
    assert_eq!(code(&ran), 1, "{}", ran.stderr);
    assert_eq!(
        lines.last().expect("last")["outcome"],
        "auth/lost-right-after-login"
    );
    assert!(
        ran.text()
            .contains("auth:csrf-rotated name=csrf proven=yes"),
        "{}",
        ran.text()
    );
}

#[test]
fn a_stale_form_token_is_told_from_wrong_credentials() {
    let shop = Shop::open(Defects::default());
    let flow = shop
        .flow("")
        .replace("csrf: \"${csrf}\"", "csrf: \"x${csrf}\"");
    let (ran, lines) = try_flow(&flow);
    assert_eq!(
        (code(&ran), &lines.last().expect("last")["outcome"]),
        (1, &"auth/csrf-mismatch".into())
    );
    let flow = shop.flow("").replace("env:SHOP_PASS", "env:SHOP_USER");
    let (ran, lines) = try_flow(&flow);
    assert_eq!(
        (code(&ran), &lines.last().expect("last")["outcome"]),
        (1, &"auth/flow-not-200".into())
    );
    assert_eq!(shop.counts().refused, 2, "one attempt each");
}

#[test]
fn tokens_by_oauth_2_go_where_they_are_asked_for() {
    let oauth = |shop: &Shop, header: &str| {
        let base = shop.server.url("");
        format!(
            r#"auth: api
secrets: {{key: env:CLIENT_KEY}}
scope: ["{base}/**"]
steps:
  - {{id: token, oauth2: {{grant: client_credentials, token_url: /token, client_id: id, client_secret: "${{key}}"}}}}
apply: {{cookies: none, headers: {{{header}: "${{access_token}}"}}}}
verify: {{get: /api, in: {{status: [200]}}}}
"#
        )
    };
    let none = Defects::default();
    let shop = Shop::open(none);
    let good =
        oauth(&shop, "Authorization").replace(": \"${access_token}", ": \"Bearer ${access_token}");
    let (ran, _) = try_flow(&good);
    assert_eq!(code(&ran), 0, "{}", ran.text());
    for header in ["X-Token", "Authorization"] {
        let (ran, lines) = try_flow(&oauth(&shop, header));
        assert_eq!(
            lines.last().expect("last")["outcome"],
            "auth/lost-right-after-login",
            "{}",
            ran.text()
        );
        assert!(
            ran.text().contains("auth:token-scheme asked=bearer"),
            "{}",
            ran.text()
        );
        assert!(ran.text().contains("proven=yes"), "{}", ran.text());
    }
    let (ran, lines) = try_flow(&good.replace("client_id: id", "client_id: nobody"));
    assert_eq!(
        lines.last().expect("last")["outcome"],
        "auth/oauth-invalid-client",
        "{}",
        ran.text()
    );
    // Expired by the server's Date, 2026-11-21.
    let expired = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2ln";
    let shop = Shop::open(Defects {
        token: Some(expired),
        ..none
    });
    let flow =
        oauth(&shop, "Authorization").replace(": \"${access_token}", ": \"Bearer ${access_token}");
    let (ran, lines) = try_flow(&flow);
    assert_eq!(
        lines.last().expect("last")["outcome"],
        "auth/lost-right-after-login",
        "{}",
        ran.text()
    );
    assert!(
        ran.text()
            .contains("auth:token-expired name=access_token exp=Tue,_14_Nov_2023"),
        "{}",
        ran.text()
    );
    assert!(!ran.text().contains(expired));
}

#[test]
fn a_browser_fills_the_form() {
    let shop = Shop::open(Defects::default());
    let base = shop.server.url("");
    let flow = |act: &str| {
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
      - {act}
    timeout: 40s
    expect: {{status: [200, 401]}}
verify: {{get: /me, in: {{status: [200]}}}}
"#
        )
    };
    let (ran, lines) = try_flow(&flow("{click: button}"));
    let end = lines.last().expect("a last line");
    assert_eq!(end["verdict"], "passed", "{}", ran.text());
    assert_eq!(shop.counts().logins, 2);
    let impatient = flow("{click: \"#consent\"}").replace("40s", "8s");
    let folder = Workspace::new();
    let file = folder.write("flow.yaml", impatient);
    let ran = quiet(httpwhy().args(["auth", "test", "--json"]).arg(&file));
    assert_eq!(code(&ran), 1);
    assert!(
        ran.text()
            .contains("auth:step-failed step=form act=4 why=timeout"),
        "{}",
        ran.text()
    );
}

#[test]
fn pages_in_a_browser_are_inside_too() {
    // A page and its icon, again and again, in sessions of eight requests each.
    let shop = Shop::open(Defects {
        pages: Some(8),
        ..Defects::default()
    });
    let paths: Vec<String> = (0..8).map(|page| format!("/page/{page}")).collect();
    let alone = ["--browser", "--browser-leases", "1"];
    let (ran, verdicts, lines) = probe(&shop, &shop.flow(""), &paths, &alone);
    assert_eq!(verdicts.len(), paths.len(), "{}", ran.text());
    for (number, verdict) in &verdicts {
        assert_eq!(verdict["outcome"], "http/200", "{number}: {verdict}");
    }
    let counts = shop.counts();
    assert!(counts.ended > 0, "a session ended on the way");
    assert!(counts.logins <= counts.ended + 1, "{counts:?}");
    // Whose session was lost was loaded again, as a step of its own record.
    let again = lines
        .iter()
        .filter(|line| line["because"]["kind"] == "retry");
    let lost = lines
        .iter()
        .filter(|line| line["outcome"] == "auth/lost-during-run");
    assert!(again.count() > 0 && lost.count() > 0, "{}", ran.text());
    for (path, served) in &counts.pages {
        let icon = path == "/favicon.ico";
        assert!(icon || *served == 1, "{path} was served {served} times");
    }
}

#[test]
fn a_page_that_is_forbidden_is_no_lost_session() {
    let shop = Shop::open(Defects::default());
    let paths: Vec<String> = ["/admin", "/page/1"].map(str::to_owned).to_vec();
    let (ran, verdicts, _) = probe(&shop, &shop.flow(""), &paths, &["--browser"]);
    assert_eq!(verdicts[&1]["outcome"], "http/403", "{}", ran.text());
    assert_eq!(verdicts[&2]["outcome"], "http/200", "{}", ran.text());
    assert_eq!(shop.counts().logins, 1);
}

/// `HTTPWHY_AUTH_TARGETS`: how many targets; the soak run asks for a thousand.
fn targets() -> usize {
    let given = std::env::var("HTTPWHY_AUTH_TARGETS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(60)
}

#[test]
fn no_more_logins_than_sessions_that_ended() {
    let count = targets();
    let pages = (count / 3).clamp(7, 47);
    let shop = Shop::open(Defects {
        pages: Some(pages),
        ..Defects::default()
    });
    let mut paths: Vec<String> = (0..count).map(|n| format!("/page/{n}")).collect();
    paths.insert(count / 2, "/logout".to_owned());
    let at_once = ["-c", "8", "--per-host", "8"];
    let (ran, verdicts, lines) = probe(&shop, &shop.flow(""), &paths, &at_once);
    assert_eq!(verdicts.len(), count + 1, "{}", ran.stderr);
    let wrong: Vec<_> = verdicts
        .iter()
        .filter(|(number, line)| **number != count as u64 / 2 + 1 && line["outcome"] != "http/200")
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{}", ran.stderr);
    let counts = shop.counts();
    assert_eq!(counts.pages.len(), count);
    assert_eq!(
        counts.pages.values().sum::<usize>(),
        count,
        "each page once"
    );
    let (logins, necessary) = (counts.logins, counts.ended + 1);
    assert!(
        logins <= necessary,
        "{logins} for {necessary}: {}",
        ran.stderr
    );
    assert!(logins >= count.div_ceil(pages));
    let losses = lines
        .iter()
        .filter(|line| line["outcome"] == "auth/lost-during-run");
    assert!(losses.count() + 1 >= logins, "each loss has its record");
    println!(
        "figures: {count} targets, {pages} pages a session, one logout: {logins} logins, {necessary} necessary"
    );
}

#[test]
fn a_page_that_logs_out_costs_one_login_and_is_named() {
    let shop = Shop::open(Defects::default());
    let mut paths: Vec<String> = (0..12).map(|n| format!("/page/{n}")).collect();
    paths.insert(5, "/logout".to_owned());
    let (ran, verdicts, lines) = probe(&shop, &shop.flow(""), &paths, &["-c", "1"]);
    assert_eq!(shop.counts().logins, 2, "{}", ran.stderr);
    let pages = verdicts.iter().filter(|(number, _)| **number != 6);
    for (number, line) in pages {
        assert_eq!(line["outcome"], "http/200", "{number}: {line}");
    }
    let loss = lines
        .iter()
        .find(|line| line["outcome"] == "auth/lost-during-run")
        .expect("the loss has its record");
    assert!(
        said(loss).contains("auth:logout-visited target=/logout"),
        "{loss}"
    );
    // Left out of the scope, it ends nothing.
    let shop = Shop::open(Defects::default());
    let base = shop.server.url("");
    let flow = shop
        .flow("")
        .replace("/**\"]", &format!("/**\", \"!{base}/logout*\"]"));
    let (ran, verdicts, _) = probe(&shop, &flow, &paths, &["-c", "1"]);
    assert_eq!(
        (shop.counts().logins, verdicts.len()),
        (1, 13),
        "{}",
        ran.stderr
    );
}

#[test]
fn sessions_that_do_not_last_are_explained_and_not_made_for_ever() {
    let none = Defects::default();
    let paths: Vec<String> = (0..10).map(|n| format!("/page/{n}")).collect();
    for (defects, fact) in [
        (
            Defects {
                one_session: true,
                colleague_after: Some(1),
                ..none
            },
            "auth:session-displaced by=second-login",
        ),
        (
            Defects {
                two_servers: true,
                ..none
            },
            "auth:verify-alternates",
        ),
    ] {
        let shop = Shop::open(defects);
        let (ran, verdicts, lines) = probe(&shop, &shop.flow(""), &paths, &["-c", "2"]);
        assert_eq!(verdicts.len(), 10, "{}", ran.stderr);
        assert!(
            shop.counts().logins <= 4,
            "{defects:?}: {}",
            shop.counts().logins
        );
        let named = lines.iter().any(|line| {
            line["outcome"] == "auth/lost-right-after-login" && said(line).contains(fact)
        });
        assert!(named, "{defects:?}: {}\n{}", ran.stderr, ran.text());
        assert!(ran.stderr.contains("no session any more"), "{}", ran.stderr);
    }
}

#[test]
fn wrong_credentials_are_tried_twice_and_never_again() {
    let shop = Shop::open(Defects::default());
    let flow = shop.flow("").replace("env:SHOP_PASS", "env:SHOP_USER");
    let paths: Vec<String> = (0..20).map(|n| format!("/page/{n}")).collect();
    let (ran, verdicts, _) = probe(&shop, &flow, &paths, &["-c", "8"]);
    assert_eq!(
        (shop.counts().refused, shop.counts().logins),
        (2, 0),
        "{}",
        ran.stderr
    );
    assert_eq!(verdicts.len(), 20);
    for line in verdicts.values() {
        assert_eq!(
            (&line["outcome"], &line["sent"]),
            (&"auth/lockout-risk".into(), &"nothing".into())
        );
    }
    let flow = flow.replace("max: 50", "max: 50, on_fail: continue_marked");
    let (_, verdicts, _) = probe(&shop, &flow, &paths[..3], &[]);
    for line in verdicts.values() {
        assert_eq!(line["status"], 401);
        assert!(
            line["signals"]
                .to_string()
                .contains("auth:without-login why=lockout-risk"),
            "{line}"
        );
    }
}

#[test]
fn a_refused_address_is_asked_once_without_and_once_with_credentials() {
    let shop = Shop::open(Defects::default());
    let paths = ["/admin", "/nothing", "/page/1"].map(str::to_owned);
    let (ran, verdicts, lines) = probe(&shop, &shop.flow(""), &paths, &["-c", "1"]);
    assert_eq!(shop.counts().logins, 1, "{}", ran.stderr);
    for (number, status, shows) in [
        (1, 403, "the account is known, and may not do this"),
        (2, 404, "the address is guarded"),
    ] {
        let verdict = &verdicts[&number];
        assert_eq!(verdict["status"], status);
        assert!(said(verdict).contains(shows), "{verdict}");
        let steps: Vec<&Value> = lines
            .iter()
            .filter(|line| {
                let name = line["visit"].as_str().unwrap_or_default();
                name.parse() == Ok(number) && line["kind"] == "diagnosis"
            })
            .collect();
        assert_eq!(steps.len(), 2, "{steps:?}");
        assert_eq!(
            (&steps[1]["because"]["kind"], &steps[1]["status"]),
            (&"same".into(), &401.into())
        );
    }
    assert_eq!(verdicts[&3]["outcome"], "http/200");
    let (_, verdicts, _) = probe(
        &shop,
        &shop.flow(""),
        &["/admin".to_owned()],
        &["-X", "POST"],
    );
    assert!(
        !said(&verdicts[&1]).contains("without credentials"),
        "GET and HEAD alone"
    );
}

#[test]
fn what_is_kept_holds_no_secret_and_is_judged_alike() {
    let shop = Shop::open(Defects::default());
    let folder = Workspace::new();
    let flow = folder.write("flow.yaml", shop.flow(""));
    let store = folder.path("runs.db");
    let mut save = std::ffi::OsString::from("--save=");
    save.push(&store);
    let urls = [shop.server.url("/admin"), shop.server.url("/page/1")];
    let ran = quiet(
        httpwhy()
            .args(["probe", "--json", "--auth"])
            .arg(&flow)
            .arg(&save)
            .args(&urls),
    );
    assert_eq!(code(&ran), 0, "{}", ran.stderr);
    let kept = quiet(httpwhy().args(["runs", "export", "--store"]).arg(&store));
    assert!(kept.text().contains("sid=****"), "{}", kept.text());
    let file = folder.write("kept.jsonl", kept.text());
    let read = quiet(httpwhy().args(["read", "--json"]).arg(&file));
    assert!(
        read.text()
            .contains("the account is known, and may not do this"),
        "{}",
        read.text()
    );
}

#[test]
fn what_may_act_twice_is_not_sent_twice() {
    let shop = Shop::open(Defects {
        pages: Some(3),
        ..Defects::default()
    });
    let paths: Vec<String> = (0..8).map(|n| format!("/page/{n}")).collect();
    let (ran, verdicts, _) = probe(&shop, &shop.flow(""), &paths, &["-c", "1", "-X", "POST"]);
    let outcomes: Vec<&str> = verdicts
        .values()
        .filter_map(|line| line["outcome"].as_str())
        .collect();
    let lost = "auth/lost-during-run";
    let fine = "http/200";
    assert_eq!(
        outcomes,
        [fine, fine, fine, lost, fine, fine, fine, lost],
        "{}",
        ran.stderr
    );
    assert_eq!(shop.counts().posts, 6);
}

#[test]
fn credentials_never_leave_the_scope() {
    let stranger = Server::start(|asked| {
        let seen = ["cookie", "authorization", "x-shop"];
        let leaked = seen.iter().any(|name| asked.field(name).is_some());
        Reply::new(if leaked { "500 Leaked" } else { "200 OK" }, &[], "")
    });
    let away = stranger.url("/away");
    let target = away.clone();
    let home = Server::start(move |asked| match asked.target.as_str() {
        "/go" => Reply::new("302 Found", &[&format!("Location: {target}")], ""),
        "/me" if asked.field("x-shop").is_some() => Reply::new("200 OK", &[], ""),
        "/me" => Reply::new("401 Unauthorized", &["WWW-Authenticate: X"], ""),
        _ if asked.field("x-shop").is_some() && asked.field("cookie") == Some("a=1") => {
            Reply::new("200 OK", &[], "")
        }
        _ => Reply::new("403 Forbidden", &[], ""),
    });
    let flow = format!(
        "auth: x\nsecrets: {{user: env:SHOP_USER}}\nscope: [\"{}/**\"]\napply: {{headers: {{X-Shop: \"${{user}}\", Cookie: \"a=${{one}}\"}}}}\nsteps:\n  - {{exec: {{command: [echo, \"1\"], as: one}}}}\nverify: {{get: /me, in: {{status: [200]}}}}\n",
        home.url("")
    );
    let folder = Workspace::new();
    let file = folder.path("flow.yaml");
    fs::write(&file, &flow).expect("written");
    let list = [home.url("/go"), away, home.url("/page")].join("\n");
    let ran = quiet(
        httpwhy()
            .args(["probe", "-", "--json", "--auth"])
            .arg(&file)
            .stdin(list),
    );
    let statuses: Vec<Value> = objects(ran.text())
        .into_iter()
        .filter(|line| line["kind"] == "visit" || line["steps"] == 1)
        .filter(|line| {
            !line["visit"]
                .as_str()
                .is_some_and(|visit| visit.starts_with("login-"))
        })
        .map(|line| line["status"].clone())
        .collect();
    assert_eq!(statuses, [200, 200, 200], "{}", ran.text());
    let outside = flow.replace("get: /me", &format!("get: {}", stranger.url("/me")));
    fs::write(&file, outside).expect("written");
    let ran = quiet(httpwhy().args(["auth", "test"]).arg(&file));
    assert_eq!(code(&ran), 2);
    assert!(ran.stderr.contains("is outside scope"), "{}", ran.stderr);
}

#[test]
fn a_run_is_gone_on_with_although_logins_have_records_too() {
    let shop = Shop::open(Defects::default());
    let folder = Workspace::new();
    let (flow, list, out) = (
        folder.path("flow.yaml"),
        folder.path("list.txt"),
        folder.path("out.jsonl"),
    );
    fs::write(&flow, shop.flow("")).expect("written");
    let urls: Vec<String> = (0..4)
        .map(|n| shop.server.url(&format!("/page/{n}")))
        .collect();
    fs::write(&list, urls.join("\n") + "\n").expect("written");
    let go = || {
        quiet(
            httpwhy()
                .args(["probe", "--resume", "--json", "-o"])
                .arg(&out)
                .arg("--auth")
                .arg(&flow)
                .arg(&list),
        )
    };
    assert_eq!(code(&go()), 0);
    let first = fs::read_to_string(&out).expect("there");
    assert!(first.contains("\"visit\":\"login-1\""), "{first}");
    let cut: String = first
        .lines()
        .filter(|line| !line.contains("/page/3"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    fs::write(&out, cut).expect("written");
    let again = go();
    assert_eq!(code(&again), 0, "{}", again.stderr);
    let counts = shop.counts();
    assert_eq!((counts.pages["/page/3"], counts.pages["/page/0"]), (2, 1));
}

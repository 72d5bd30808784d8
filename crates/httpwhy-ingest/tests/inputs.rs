//! Real inputs are recognised and read, and broken ones say where and what they are.

use httpwhy_ingest::inputs::{Input, Options, all, kind};
use httpwhy_ingest::{Call, Unread};
use httpwhy_model::{End, Phase, Seen, Visit};

const CHROMIUM: &[u8] = include_bytes!("fixtures/chromium.har");
const PLAYWRIGHT: &[u8] = include_bytes!("fixtures/playwright.har");
const JUPYTER: &[u8] = include_bytes!("fixtures/jupyter-server.swagger.yaml");
const JUPYTERLAB: &[u8] = include_bytes!("fixtures/jupyterlab-server.openapi.yaml");
const AIRFLOW: &[u8] = include_bytes!("fixtures/airflow-simple-auth.openapi.yaml");
const KUBERNETES: &[u8] = include_bytes!("fixtures/kubernetes-1.10.swagger.json.gz");
const NEWMAN: &[u8] = include_bytes!("fixtures/newman.postman.json");
const COLLECTION: &[u8] = include_bytes!("fixtures/postman-collection.postman.json");

fn input(bytes: &[u8], options: Options) -> Result<Input, Unread> {
    Input::recognise(
        Box::new(std::io::Cursor::new(bytes.to_vec())),
        options,
        None,
    )
}

fn asked(base: Option<&str>) -> Options {
    Options {
        name: "input".to_owned(),
        base: base.map(str::to_owned),
        for_calls: true,
        ..Options::default()
    }
}

fn calls(bytes: &[u8], options: Options) -> (&'static str, Vec<Result<Call, Unread>>) {
    let input = input(bytes, options).expect("known");
    let name = input.kind.name;
    (name, input.calls().expect("has requests").collect())
}

fn good(bytes: &[u8], options: Options) -> Vec<Call> {
    let (_, calls) = calls(bytes, options);
    calls.into_iter().map(|call| call.expect("good")).collect()
}

fn visits(bytes: &[u8]) -> Vec<Result<Visit, Unread>> {
    let input = input(bytes, Options::default()).expect("known");
    input.visits().expect("has exchanges").collect()
}

#[test]
fn a_page_as_chromium_saves_it() {
    // DevTools also records the icon that the browser asks for by itself.
    is_the_shop(CHROMIUM, &["/favicon.ico 404 answered "]);
}

#[test]
fn a_page_as_playwright_records_it() {
    is_the_shop(PLAYWRIGHT, &[]);
}

/// A recording of the page that the fixtures' README describes, with `more` behind it.
fn is_the_shop(har: &[u8], more: &[&str]) {
    let visits: Vec<_> = visits(har)
        .into_iter()
        .map(|visit| visit.expect("good"))
        .collect();
    let lines: Vec<_> = visits
        .iter()
        .map(|visit| {
            let exchange = &visit.steps[0].exchange;
            let signals: Vec<_> = exchange
                .signals()
                .map(|(phase, signal)| format!("{phase} {signal}"))
                .collect();
            let path = exchange.target.trim_start_matches("http://127.0.0.1:18471");
            format!(
                "{path} {} {} {}",
                exchange.status().unwrap_or(0),
                exchange.end,
                signals.join(" ")
            )
        })
        .collect();
    let page = [
        "/ 200 answered ",
        "/style.css 200 answered ",
        "/logo.png 404 answered ",
        "/api/items/17 200 answered ",
        "/api/items/18 503 answered ",
        "/api/cart 403 answered ",
        "/old 302 answered ",
        "/drop 0 nothing wait chromium:net::ERR_EMPTY_RESPONSE",
        "http://127.0.0.1:1/ 0 nothing queue chromium:net::ERR_UNSAFE_PORT",
        "/api/items/17 200 answered ",
    ];
    assert_eq!(lines, [&page, more].concat());
    let first = &visits[0].steps[0].exchange;
    let response = first.response.as_ref().expect("answered");
    assert_eq!(response.fields.text("content-encoding"), Some("gzip"));
    let Seen::Present(body) = &response.body else {
        panic!("no content");
    };
    assert!(
        body.bytes.starts_with(b"<!doctype html>"),
        "as the browser read it"
    );
    assert!(matches!(first.observed_at, Seen::Present(_)));
    assert_eq!(
        first.peer.map(|peer| peer.to_string()).as_deref(),
        Some("127.0.0.1:18471")
    );
    assert!(first.timeline.get(Phase::Wait).is_some() && first.timeline.get(Phase::Tls).is_none());

    let calls = good(har, asked(Some("http://127.0.0.1:9/x")));
    assert_eq!(calls.len(), lines.len());
    let cart = calls.iter().find(|call| !call.is_safe()).expect("the POST");
    let sent = cart.more.as_deref().expect("whole");
    assert_eq!(cart.target, "http://127.0.0.1:9/x/api/cart");
    assert_eq!(sent.body.as_deref(), Some(&b"{\"item\":17}"[..]));
    let has = |name: &str| {
        sent.fields
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
    };
    assert!(has("content-type") && !has("host") && !has("content-length"));
}

#[test]
fn descriptions_of_several_makers() {
    for (name, bytes, base, operations, first, statuses) in [
        (
            "jupyter",
            JUPYTER,
            Some("http://h/"),
            32,
            "GET http://h/api/",
            "200",
        ),
        (
            "jupyterlab",
            JUPYTERLAB,
            Some("http://h"),
            12,
            "GET http://h/lab/api/listings/%40jupyterlab/extensionmanager-extension/listings.json",
            "200",
        ),
        (
            "airflow",
            AIRFLOW,
            Some("http://h"),
            4,
            "GET http://h/auth/token",
            "201,403",
        ),
        (
            "kubernetes",
            KUBERNETES,
            Some("http://h"),
            945,
            "GET http://h/api/",
            "200,401",
        ),
    ] {
        let calls = good(bytes, asked(base));
        let found: Vec<_> = calls
            .iter()
            .map(|call| {
                format!(
                    "{} {}",
                    String::from_utf8_lossy(call.method().expect("a method")),
                    call.target
                )
            })
            .collect();
        let documented = calls[0]
            .more
            .as_deref()
            .and_then(|more| more.documented.clone())
            .expect("documented");
        let listed: Vec<_> = documented
            .statuses
            .iter()
            .map(ToString::to_string)
            .collect();
        println!(
            "{name}: {} operations, {} with {}",
            found.len(),
            found[0],
            listed.join(",")
        );
        assert_eq!(found.len(), operations, "{name}");
        assert_eq!(found[0], first, "{name}");
        assert_eq!(listed.join(","), statuses, "{name}");
        assert!(
            found.iter().all(|line| !line.contains('{')),
            "{name}: every parameter has a value"
        );
    }
}

#[test]
fn a_description_without_a_host_asks_for_one() {
    let (kind, calls) = calls(KUBERNETES, asked(None));
    assert_eq!(kind, "openapi");
    let error = calls[0].as_ref().expect_err("no host");
    assert_eq!(error.word, "no-server");
}

#[test]
fn collections_of_postman() {
    let calls = good(NEWMAN, asked(None));
    let lines: Vec<_> = calls
        .iter()
        .map(|call| {
            let more = call.more.as_deref().expect("whole");
            format!(
                "{} {} {}",
                String::from_utf8_lossy(&more.method),
                call.target,
                more.body.as_ref().map_or(0, bytes::Bytes::len)
            )
        })
        .collect();
    assert!(
        lines[0].starts_with("GET https://postman-echo.com/get?source=newman"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3, "{lines:?}");
    let (kind, calls) = self::calls(COLLECTION, asked(None));
    assert_eq!(kind, "postman");
    assert!(calls.len() > 5 && calls.iter().any(Result::is_ok));
}

const API: &str = r##"openapi: 3.1.0
info: {title: Shop, version: "1"}
servers:
  - url: https://{region}.shop.example/v1
    variables: {region: {default: eu}}
components:
  parameters:
    Page: {name: page, in: query, schema: {type: integer, default: 2}}
    Id: {name: id, in: path, required: true, schema: {type: string, format: uuid}}
  schemas:
    Item:
      type: object
      required: [name, price, parent]
      properties:
        id: {type: string, readOnly: true}
        name: {type: string, minLength: 9}
        price: {type: [number, "null"], minimum: 5}
        parent: {$ref: "#/components/schemas/Item"}
paths:
  /items/{id}:
    parameters: [{$ref: "#/components/parameters/Id"}]
    get:
      operationId: getItem
      parameters:
        - {name: fields, in: query, required: true, schema: {type: array, items: {type: string, enum: [a b, c]}}}
        - {$ref: "#/components/parameters/Page"}
        - {name: X-Trace, in: header, required: true, example: "t 1"}
        - {name: lang, in: cookie, example: de}
      responses: {"200": {description: ok, content: {application/json: {}}}, 4XX: {description: no}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}
      responses: {default: {description: x}}
    delete:
      parameters: [{$ref: "other.yaml#/x"}]
      responses: {}
  x-note: 1
"##;

#[test]
fn operations_become_requests() {
    let (_, calls) = calls(API.as_bytes(), asked(None));
    assert_eq!(calls.len(), 3);
    let get = calls[0].as_ref().expect("good");
    assert_eq!(
        get.target,
        "https://eu.shop.example/v1/items/3f2504e0-4f89-41d3-9a0c-0305e82c3301?fields=a%20b"
    );
    let more = get.more.as_deref().expect("whole");
    let fields: Vec<_> = more
        .fields
        .iter()
        .map(|(name, value)| {
            format!(
                "{}: {}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            )
        })
        .collect();
    assert_eq!(
        fields,
        [
            "X-Trace: t 1",
            "Cookie: lang=de",
            "Accept: application/json"
        ]
    );
    let documented = more.documented.as_deref().expect("documented");
    assert_eq!(
        (&*documented.operation, &*documented.template),
        ("getItem", "/v1/items/{id}")
    );
    assert_eq!(documented.at, "input#/paths/~1items~1{id}/get");
    assert!(documented.covers(404) && !documented.covers(500));
    assert_eq!(more.pointer, "/paths/~1items~1{id}/get");

    let put = calls[1]
        .as_ref()
        .expect("good")
        .more
        .as_deref()
        .expect("whole");
    let body = String::from_utf8_lossy(put.body.as_deref().expect("content")).into_owned();
    assert!(
        body.starts_with(r#"{"name":"examplexx","price":5,"parent":{"name":"#),
        "{body}"
    );
    assert!(body.len() < 2000, "schemas that hold themselves end");

    let delete = calls[2].as_ref().expect_err("a reference to elsewhere");
    assert_eq!(delete.word, "json-mapping");
    assert!(
        delete.what.contains("another document") && delete.line == 34,
        "{delete}"
    );

    let given = Options {
        variables: vec![
            ("id".into(), "a/7".into()),
            ("region".into(), "us".into()),
            ("page".into(), "9".into()),
        ],
        ..asked(None)
    };
    let (_, calls) = self::calls(API.as_bytes(), given);
    assert_eq!(
        calls[0].as_ref().expect("good").target,
        "https://us.shop.example/v1/items/a%2F7?fields=a%20b&page=9"
    );
    let rebased = self::calls(API.as_bytes(), asked(Some("http://127.0.0.1:8"))).1;
    assert!(
        rebased[0]
            .as_ref()
            .expect("good")
            .target
            .starts_with("http://127.0.0.1:8/items/3f")
    );
}

const POSTMAN: &str = r#"{"info":{"name":"s","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
"variable":[{"key":"host","value":"http://{{name}}:8080"},{"key":"name","value":"a.example"}],
"auth":{"type":"basic","basic":[{"key":"username","value":"me"},{"key":"password","value":"pw"}]},
"item":[{"name":"f","variable":[{"key":"name","value":"b.example"}],"auth":{"type":"bearer","bearer":[{"key":"token","value":"t"}]},
 "item":[{"name":"r","request":{"method":"POST","url":{"raw":"{{host}}/o/:id?x=1","variable":[{"key":"id","value":"7"}]},
  "header":[{"key":"A","value":"b"},{"key":"Off","value":"x","disabled":true}],"body":{"mode":"raw","raw":"{}","options":{"raw":{"language":"json"}}}}}]},
 {"name":"k","request":{"url":"{{host}}/k","auth":{"type":"apikey","apikey":[{"key":"in","value":"query"},{"key":"key","value":"q"},{"key":"value","value":"v"}]},"method":"GET"}},
 {"name":"u","request":{"url":"{{nobody}}/u","method":"GET"}},
 {"name":"n"}]}"#;

#[test]
fn folders_variables_and_credentials() {
    let (_, calls) = calls(POSTMAN.as_bytes(), asked(None));
    let order = calls[0].as_ref().expect("good");
    assert_eq!(order.target, "http://b.example:8080/o/7?x=1");
    let more = order.more.as_deref().expect("whole");
    let fields: Vec<_> = more
        .fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(
        fields,
        [
            (&b"A"[..], &b"b"[..]),
            (b"Content-Type", b"application/json"),
            (b"Authorization", b"Bearer t"),
        ]
    );
    assert_eq!(
        calls[1].as_ref().expect("good").target,
        "http://a.example:8080/k?q=v"
    );
    let unknown = calls[2].as_ref().expect_err("no value");
    assert_eq!(
        (unknown.word, &*unknown.pointer),
        ("variable-unknown", "/item/2")
    );
    assert_eq!(
        calls[3].as_ref().expect_err("no request").pointer,
        "/item/3"
    );
    let based = self::calls(POSTMAN.as_bytes(), asked(Some("http://c/x"))).1;
    assert_eq!(
        based[2].as_ref().expect("the base stands for it").target,
        "http://c/x/u"
    );
}

#[test]
fn other_kinds() {
    let burp = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE items [<!ELEMENT items (item*)>]>\n<items burpVersion=\"2026.1\"><item><url><![CDATA[https://a.example/x?y=1]]></url><request base64=\"true\"><![CDATA[{}]]></request><response base64=\"true\"><![CDATA[{}]]></response></item></items>",
        "UE9TVCAveD95PTEgSFRUUC8xLjENCkhvc3Q6IGEuZXhhbXBsZQ0KQTogYg0KQ29udGVudC1MZW5ndGg6IDINCg0Kb2s=",
        "SFRUUC8xLjEgNDE4IFRlYXBvdA0KQ29udGVudC1MZW5ndGg6IDANCg0K"
    );
    let insomnia4 = r#"{"_type":"export","__export_format":4,"resources":[{"_type":"environment","data":{"base_url":"http://a.example"}},{"_type":"request","method":"PUT","url":"{{ _.base_url }}/p","headers":[{"name":"A","value":"b"}],"body":{"mimeType":"application/json","text":"{}"}}]}"#;
    let insomnia5 = "type: collection.insomnia.rest/5.0\nname: x\ncollection:\n  - name: f\n    children:\n      - url: \"{{ _.host }}/q\"\n        method: GET\n        authentication: {type: bearer, token: t}\nenvironments:\n  data:\n    host: http://b.example\n";
    for (kind, text, lines) in [
        ("burp", burp.as_str(), vec!["POST https://a.example/x?y=1"]),
        ("insomnia", insomnia4, vec!["PUT http://a.example/p"]),
        ("insomnia", insomnia5, vec!["GET http://b.example/q"]),
        (
            "sitemap",
            "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>http://a/?b&amp;c</loc><priority>1</priority></url></urlset>",
            vec!["- http://a/?b&c"],
        ),
        (
            "sitemap",
            "<?xml version='1.0'?><sitemapindex><sitemap><loc>http://a/1.xml</loc></sitemap></sitemapindex>",
            vec!["- http://a/1.xml"],
        ),
        (
            "csv",
            "name;URL;x\none;http://a/1;2\n\"t;wo\";http://a/2;3\n",
            vec!["- http://a/1", "- http://a/2"],
        ),
        (
            "csv",
            "1,http://a/1\n2,http://a/2\n",
            vec!["- http://a/1", "- http://a/2"],
        ),
        (
            "list",
            "# x\nhttp://a/1\tnote\n\nhttp://a/2\n",
            vec!["- http://a/1", "- http://a/2"],
        ),
        ("list", "hello\nworld\n", vec!["- hello", "- world"]),
        (
            "curl",
            "$ curl -X POST http://a/ -d x\n",
            vec!["POST http://a/"],
        ),
        (
            "raw-request",
            "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n",
            vec!["GET https://a.example/x"],
        ),
        (
            "har",
            "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"http://a/\"}}],\"version\":\"1.2\"}}",
            vec!["GET http://a/"],
        ),
    ] {
        let (found, calls) = calls(text.as_bytes(), asked(None));
        assert_eq!(found, kind, "{text}");
        let written: Vec<_> = calls
            .iter()
            .map(|call| {
                let call = call.as_ref().expect(text);
                let method = call.method().map_or("-".into(), |method| {
                    String::from_utf8_lossy(method).into_owned()
                });
                format!("{method} {}", call.target)
            })
            .collect();
        assert_eq!(written, lines, "{text}");
    }
    let seen = visits(burp.as_bytes()).remove(0).expect("good");
    assert_eq!(seen.steps[0].exchange.status(), Some(418));
    assert_eq!(seen.asked, "https://a.example/x?y=1");
}

#[test]
fn what_cannot_be_read_says_where_and_what_it_is() {
    for (text, word, line, pointer, part) in [
        ("", "file-empty", 0, "", "empty"),
        ("\u{feff}  \n", "file-empty", 0, "", "empty"),
        ("<!doctype html><html>", "format-unknown", 1, "", "HTML"),
        (
            "{\"traceEvents\":[]}",
            "format-unknown",
            1,
            "",
            "traceEvents",
        ),
        (
            "{\"log\":{\"pages\":[]}}",
            "har-not-har",
            0,
            "",
            "log.entries",
        ),
        (
            "{\"log\":{\"entries\":{}}}",
            "json-mapping",
            1,
            "/log/entries",
            "a list",
        ),
        (
            "{\"log\":{\"entries\":[\n{\"request\":{}}]}}",
            "json-mapping",
            2,
            "/log/entries/0/request/url",
            "URL",
        ),
        (
            "{\"log\":{\"entries\":[\n{\"request\":{\"url\":\"http://a/\"}}]}}",
            "har-entry-incomplete",
            2,
            "/log/entries/0",
            "no response",
        ),
        (
            "{\"log\":{\"entries\":[\n{\"request\":",
            "json-parse",
            2,
            "",
            "cut off",
        ),
        ("[1,2]", "format-unknown", 1, "", "a list in JSON"),
    ] {
        let error = input(text.as_bytes(), Options::default())
            .and_then(Input::visits)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .expect_err(text);
        assert_eq!(
            (error.word, error.line, &*error.pointer),
            (word, line, pointer),
            "{text}: {error}"
        );
        assert!(error.what.contains(part), "{text}: {error}");
        let visit = error.visit("x.har");
        assert!(
            visit.steps[0]
                .exchange
                .signals()
                .any(|(_, signal)| signal.is(&format!("input:{word}")))
        );
    }
    let utf16 = input(b"\xff\xfeh\0", Options::default())
        .err()
        .expect("UTF-16");
    assert_eq!(utf16.word, "encoding-not-utf8");
}

#[test]
fn good_entries_of_a_bad_recording_are_read() {
    let text = r#"{"log":{"entries":[{"request":{"url":"http://a/"},"response":{"status":200}},{},7,
{"request":{"url":"http://b/"},"response":{"status":0,"_error":"net::ERR_NAME_NOT_RESOLVED"}},
{"request":{"url":"http://c/"},"response":{"status":0}},
{"request":{"url":"http://d/"},"response":{"status":200,"content":{"text":"?","encoding":"base64"}}}]}}"#;
    let items = visits(text.as_bytes());
    let shown: Vec<_> = items
        .iter()
        .map(|item| match item {
            Ok(visit) => {
                let exchange = &visit.steps[0].exchange;
                let signals: Vec<_> = exchange
                    .signals()
                    .map(|(_, signal)| format!("{}:{}", signal.dialect(), signal.word_text()))
                    .collect();
                format!("{} {}", exchange.target, signals.join(" "))
            }
            Err(error) => format!("{} {}", error.word, error.pointer),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "http://a/ ",
            "har-entry-incomplete /log/entries/1",
            "json-mapping /log/entries/2",
            "http://b/ chromium:net::ERR_NAME_NOT_RESOLVED",
            "http://c/ input:har-status-zero",
            "http://d/ input:har-body-base64",
            "har-redacted ",
            "har-version ",
        ]
    );
    assert!(
        items
            .iter()
            .flatten()
            .any(|visit| visit.steps[0].exchange.end == End::Nothing)
    );
    assert!(
        items
            .iter()
            .rev()
            .take(2)
            .all(|item| matches!(item, Err(note) if note.is_note()))
    );
}

#[test]
fn kinds_have_names_of_their_own() {
    for one in all() {
        let found = kind(one.name).expect("by its name");
        assert_eq!(found.title, one.title);
    }
    assert!(kind("nothing").is_none());
}

//! Kept connections, and who may go over them.

use std::collections::HashSet;
use std::sync::Mutex;
use std::thread::{self, ThreadId};

use httpwhy_testkit::{Reply, Server};

use crate::{code, try_flow};

/// The server answers a POST on a new connection alone, and closes one that was used before.
#[test]
fn a_login_does_not_hang_on_a_kept_connection() {
    let met: Mutex<HashSet<ThreadId>> = Mutex::default();
    let server = Server::start(move |asked| {
        let is_new = met.lock().expect("no panic").insert(thread::current().id());
        match (&*asked.method, asked.field("cookie")) {
            ("POST", _) if !is_new => Reply::raw("").then_close(),
            ("POST", _) => Reply::new("200 OK", &["Set-Cookie: s=1"], "in"),
            (_, Some(_)) => Reply::new("200 OK", &[], "hello"),
            (_, None) => Reply::new("401 Unauthorized", &[], ""),
        }
    });
    let base = server.url("");
    let (ran, lines) = try_flow(&format!(
        r#"auth: shop
secrets: {{pass: env:SHOP_PASS}}
scope: ["{base}/**"]
steps:
  - {{id: form, get: {base}/login, expect: {{status: [401]}}}}
  - {{id: enter, post: {base}/login, form: {{p: "${{pass}}"}}}}
verify: {{get: {base}/me, in: {{status: [200]}}}}
"#
    ));
    assert_eq!(code(&ran), 0, "{lines:?}");
}

//! Flows that cannot be read: what is wrong, and where.

use std::fs;

use httpwhy_testkit::Workspace;

use super::{code, httpwhy, quiet};

#[test]
fn a_bad_file_says_where_and_what() {
    let folder = Workspace::new();
    let file = folder.path("flow.yaml");
    for (text, said) in [
        (
            "auth: x\nscope: [\"http://h/**\"]\nverify: {get: /me, in: {status: [200]}}\nstps: []\n",
            "line 4, column 1: at /stps: unknown key 'stps': did you mean 'steps'?",
        ),
        (
            "auth: x\nsecrets: {pass: tok-secret-inline}\nscope: [\"http://h/**\"]\nverify: {get: /me, in: {status: [200]}}\n",
            "line 2, column 17: at /secrets/pass: a secret stands here itself",
        ),
        (
            "auth: x\nsecrets: {pass: env:NO_SUCH_NAME_HERE}\nscope: [\"http://h/**\"]\nverify: {get: /me, in: {status: [200]}}\n",
            "the environment variable NO_SUCH_NAME_HERE is not set",
        ),
    ] {
        fs::write(&file, text).expect("written");
        for command in [&["auth", "test"][..], &["probe", "http://h/", "--auth"]] {
            let ran = quiet(httpwhy().args(command).arg(&file));
            assert_eq!(code(&ran), 2, "{}", ran.stderr);
            assert!(ran.stderr.contains(said), "{}", ran.stderr);
        }
    }
}

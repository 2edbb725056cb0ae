//! How a command starts, what it gets, and how its end is told.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use evident_core::evidence::{Exit, OriginKind};

use crate::fixture::*;

#[tokio::test]
async fn a_run_gives_both_streams_and_its_origin() {
    let fixture = Fixture::new();
    let evidence = fixture.sh("echo out; echo err >&2").await;
    assert_sound(&evidence);
    assert_eq!(names(&evidence), ["stderr", "stdout"]);
    assert_eq!(fixture.text(&evidence, "stdout"), "out\n");
    assert_eq!(fixture.text(&evidence, "stderr"), "err\n");
    let origin = &evidence.origin;
    assert_eq!((origin.kind, origin.source.as_str()), (OriginKind::Produced, "s"));
    assert_eq!(origin.argv, ["sh", "-c", "echo out; echo err >&2"]);
    assert_eq!((origin.exit, origin.exit_accepted), (Some(Exit::Code(0)), true));
    assert!(origin.started <= origin.ended && origin.doubts.is_empty() && origin.age_ms.is_none());
    fixture.assert_tidy();
}

#[tokio::test]
async fn an_exit_code_is_accepted_only_if_the_contract_lists_it() {
    let fixture = Fixture::new();
    let mut run = sh("exit 3");
    let evidence = fixture.collect(&run_source(run.clone())).await;
    assert_sound(&evidence);
    assert_eq!((evidence.origin.exit, evidence.origin.exit_accepted), (Some(Exit::Code(3)), false));
    run.exit = vec![0, 3];
    assert!(fixture.collect(&run_source(run)).await.origin.exit_accepted);
}

#[tokio::test]
async fn silence_is_an_artifact_of_no_bytes() {
    let fixture = Fixture::new();
    let evidence = fixture.sh(":").await;
    assert_sound(&evidence);
    assert_eq!(evidence.artifacts.iter().map(|artifact| artifact.size).collect::<Vec<_>>(), [0, 0]);
}

#[tokio::test]
async fn a_signal_is_named() {
    let fixture = Fixture::new();
    let evidence = fixture.sh("echo before; kill -SEGV $$").await;
    assert_short(&evidence, "no-evidence(signal)", "SIGSEGV");
    assert_eq!((evidence.origin.exit, evidence.origin.exit_accepted), (Some(Exit::Signal(11)), false));
    assert_eq!(fixture.text(&evidence, "stdout"), "before\n", "a person can look at it");
}

#[tokio::test]
async fn what_does_not_start_says_why() {
    let fixture = Fixture::new();
    fs::set_permissions(fixture.write("plain", "text"), PermissionsExt::from_mode(0o644)).expect("ours");
    let script = fixture.write("script", "#!/no/such/interpreter\n");
    fs::set_permissions(script, PermissionsExt::from_mode(0o755)).expect("ours");
    let table = [
        ("cargo-no-such", "`cargo-no-such` was not found on PATH"),
        ("./absent", "`./absent` does not exist"),
        ("./plain", "`./plain` is not executable"),
        ("./script", "`./script` is there, but not the interpreter"),
        ("with\0zero", "did not start"),
    ];
    for (program, detail) in table {
        let evidence = fixture.collect(&run_source(argv(&[program]))).await;
        assert_short(&evidence, "no-evidence(spawn)", detail);
        assert_eq!((evidence.origin.exit, evidence.artifacts.len()), (None, 0));
    }
}

#[tokio::test]
async fn a_program_with_a_slash_is_sought_from_its_folder() {
    let fixture = Fixture::new();
    let tool = fixture.write("sub/tool", "#!/bin/sh\npwd\n");
    fs::set_permissions(tool, PermissionsExt::from_mode(0o755)).expect("ours");
    let mut run = argv(&["./tool"]);
    run.cwd = "sub".to_owned();
    let evidence = fixture.collect(&run_source(run)).await;
    assert_sound(&evidence);
    let folder = fixture.workspace.join("sub");
    assert_eq!(fixture.text(&evidence, "stdout").trim(), folder.to_str().expect("is UTF-8"));
}

#[tokio::test]
async fn a_folder_outside_is_refused() {
    let fixture = Fixture::new();
    symlink(&fixture.outside, fixture.workspace.join("link")).expect("links");
    fixture.write("file", "");
    for (cwd, detail) in
        [("..", "out of"), ("link", "out of"), ("/", "out of"), ("none", "none"), ("file", "folder")]
    {
        let mut run = sh("touch ran");
        run.cwd = cwd.to_owned();
        assert_short(&fixture.collect(&run_source(run)).await, "no-evidence(spawn)", detail);
    }
    assert!(!fixture.outside.join("ran").exists());
}

#[tokio::test]
async fn no_argument_is_read_by_a_shell() {
    let fixture = Fixture::new();
    let evidence = fixture.collect(&run_source(argv(&["printf", "%s", "$HOME; `id` *"]))).await;
    assert_eq!(fixture.text(&evidence, "stdout"), "$HOME; `id` *");
}

#[tokio::test]
async fn the_environment_is_the_declared_minimum() {
    let fixture = Fixture::new();
    let mut run = argv(&["env"]);
    run.env_set.insert("PLACE".to_owned(), "{out}".to_owned());
    run.env_set.insert("HOME".to_owned(), "/set".to_owned());
    // Cargo sets this one for every test; the host must not hand on what nobody asked for.
    let not_declared = "CARGO_MANIFEST_DIR";
    let passed = "CARGO_PKG_NAME";
    run.env_pass = vec![passed.to_owned(), "NO_SUCH_VARIABLE".to_owned(), "A=B".to_owned()];
    assert!(std::env::var_os(not_declared).is_some() && std::env::var_os(passed).is_some());
    let evidence = fixture.collect(&run_source(run)).await;
    let text = fixture.text(&evidence, "stdout");
    let minimum = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
    for line in text.lines() {
        let (name, value) = line.split_once('=').expect("name and value");
        match name {
            "HOME" => assert_eq!(value, "/set", "what is set wins"),
            "PLACE" => assert!(value.starts_with(fixture.scratch.to_str().expect("is UTF-8"))),
            name => assert!(name == passed || minimum.contains(&name), "{line} got through"),
        }
    }
    assert!(text.contains("PLACE=") && text.contains(&format!("{passed}=evident-collect")));
}

#[tokio::test]
async fn input_is_closed() {
    let fixture = Fixture::new();
    let evidence = fixture.sh("cat; echo done").await;
    assert_eq!(fixture.text(&evidence, "stdout"), "done\n");
}

/// The test above proves something only where the host's own input has something to read.
#[test]
fn the_input_of_the_host_does_not_leak() {
    let this = std::env::current_exe().expect("has a path");
    let mut inner = Command::new(this);
    inner.args(["--exact", "runs::input_is_closed"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut inner = inner.spawn().expect("starts");
    inner.stdin.take().expect("is piped").write_all(b"foreign\n").expect("writes");
    assert!(inner.wait().expect("ends").success());
}

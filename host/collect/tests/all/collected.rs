//! `collect`: ignored workspace files that must be made during the run.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use evident_core::contract::Run;

use crate::fixture::*;

/// A workspace that looks like a git working tree which ignores `target/` and `*.xml`.
fn repository() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(".git/HEAD", "ref: refs/heads/main\n");
    for folder in [".git/objects", ".git/refs"] {
        fs::create_dir(fixture.workspace.join(folder)).expect("makes");
    }
    fixture.write(".gitignore", "target/\n*.xml\n!kept.xml\n");
    fixture
}

fn collecting(script: &str, globs: &[&str]) -> Run {
    let mut run = sh(script);
    run.collect = globs.iter().map(|glob| placed(glob)).collect();
    run
}

#[tokio::test]
async fn what_the_run_makes_is_taken() {
    let fixture = repository();
    fixture.write("target/report.xml", "old");
    fixture.write("target/stale.xml", "old");
    let run = collecting(
        "mkdir -p target/sub; echo new > target/report.xml; echo sub > target/sub/b.xml",
        &["target/**/*.xml", "target/report.xml"],
    );
    let evidence = fixture.collect(&run_source(run)).await;
    assert_sound(&evidence);
    assert_eq!(names(&evidence), ["stderr", "stdout", "target/report.xml", "target/sub/b.xml"]);
    assert_eq!(fixture.text(&evidence, "target/report.xml"), "new\n");
}

#[tokio::test]
async fn an_old_report_is_removed_and_not_taken() {
    let fixture = repository();
    let old = fixture.write("target/report.xml", "<green/>");
    let evidence = fixture.collect(&run_source(collecting(":", &["target/report.xml"]))).await;
    assert_short(&evidence, "no-evidence(missing)", "`target/report.xml`: the run made no such file");
    assert!(!old.exists());
}

#[tokio::test]
async fn an_old_file_that_is_moved_in_from_elsewhere_keeps_its_content_but_needs_the_run() {
    let fixture = repository();
    fixture.write("target/hidden", "old");
    // A symlink to an old file is new itself; its content is not.
    let run = collecting("ln -s hidden target/report.xml", &["target/report.xml"]);
    let evidence = fixture.collect(&run_source(run)).await;
    assert_short(&evidence, "no-evidence(unreadable)", "`target/report.xml` is a symlink");
}

#[tokio::test]
async fn a_file_with_a_forged_time_is_still_new() {
    let fixture = repository();
    let run = collecting(
        "mkdir target; echo x > target/a.xml; touch -d 2001-01-01 target/a.xml",
        &["target/a.xml"],
    );
    assert_sound(&fixture.collect(&run_source(run)).await);
}

#[tokio::test]
async fn a_file_that_is_not_ignored_is_never_removed() {
    let fixture = repository();
    let ignored = fixture.write("a.xml", "ignored");
    let kept = fixture.write("kept.xml", "precious");
    let plain = fixture.write("src/main.rs", "precious");
    for (glob, detail) in
        [("*.xml", "`kept.xml` is not ignored by git"), ("src/*", "`src/main.rs` is not ignored")]
    {
        let evidence = fixture.collect(&run_source(collecting("touch ran", &["a.xml", glob]))).await;
        assert_short(&evidence, "no-evidence(unreadable)", detail);
        assert_eq!(evidence.origin.exit, None, "nothing ran");
    }
    assert!(ignored.exists() && kept.exists() && plain.exists() && !fixture.workspace.join("ran").exists());
}

#[tokio::test]
async fn a_file_that_git_tracks_in_spite_of_its_rules_is_never_removed() {
    let formats = [["2", "sha1"], ["4", "sha1"], ["2", "sha256"]];
    for [version, hash] in formats {
        let fixture = Fixture::new();
        let tracked = fixture.write("target/golden.xml", "precious");
        fixture.write("target/golden-2.xml", "precious");
        fixture.write("target/free.xml", "not tracked");
        fixture.write(".gitignore", "target/\n");
        git(&fixture, &["init", "--quiet", "--object-format", hash]);
        git(&fixture, &["add", "--force", "target/golden.xml", "target/golden-2.xml", ".gitignore"]);
        git(&fixture, &["update-index", "--index-version", version]);
        let evidence = fixture.collect(&run_source(collecting(":", &["target/*.xml"]))).await;
        assert_short(&evidence, "no-evidence(unreadable)", "is tracked by git");
        assert!(tracked.exists());
        let free = collecting("echo new > target/free.xml", &["target/free.xml"]);
        assert_sound(&fixture.collect(&run_source(free)).await);
    }
}

#[tokio::test]
async fn a_damaged_index_protects_everything() {
    let fixture = repository();
    let old = fixture.write("target/a.xml", "old");
    for index in ["", "nonsense", "DIRC\0\0\0\u{2}\0\0\0\u{5}cut off", "DIRC\0\0\0\u{9}\0\0\0\0"] {
        fixture.write(".git/index", index);
        let evidence = fixture.collect(&run_source(collecting(":", &["target/a.xml"]))).await;
        assert_short(&evidence, "no-evidence(unreadable)", "cannot tell what git tracks");
        assert!(old.exists());
    }
}

#[tokio::test]
async fn a_folder_that_leads_elsewhere_is_not_entered() {
    let fixture = repository();
    let precious = fixture.outside.join("a.xml");
    fs::write(&precious, "precious").expect("writes");
    symlink(&fixture.outside, fixture.workspace.join("target")).expect("links");
    for glob in ["target/a.xml", "target/*.xml"] {
        let evidence = fixture.collect(&run_source(collecting(":", &[glob]))).await;
        assert_short(&evidence, "no-evidence(unreadable)", "target");
    }
    let evidence = fixture.collect(&run_source(collecting(":", &["**/*.xml"]))).await;
    assert_short(&evidence, "no-evidence(missing)", "**/*.xml");
    assert!(precious.exists());
}

#[tokio::test]
async fn a_workspace_without_git_has_a_file_of_its_own() {
    let fixture = Fixture::new();
    let old = fixture.write("a.xml", "old");
    fixture.write(".gitignore", "*.xml\n");
    let run = run_source(collecting("echo new > a.xml", &["a.xml"]));
    assert_short(&fixture.collect(&run).await, "no-evidence(unreadable)", "name it in `.evident-ignore`");
    assert!(old.exists());
    fixture.write(".evident-ignore", "*.xml\n");
    assert_sound(&fixture.collect(&run).await);
}

#[test]
fn lint_names_globs_that_could_meet_other_files() {
    let fixture = repository();
    fixture.write("src/main.rs", "");
    let harmless = ["target/report.xml", "target/**", "*.xml.xml", "reports/*.xml"];
    let harmful = ["src/*.rs", "report.json", "kept.xml", "logs/**/*.log", "../x"];
    let run = collecting(":", &[harmless.as_slice(), harmful.as_slice()].concat());
    let found = fixture.collector.unignored(&run).expect("reads");
    assert_eq!(found.iter().map(|found| found.glob.value.as_str()).collect::<Vec<_>>(), harmful);
    assert!(found[0].explanation.contains("`src/main.rs` is not ignored by git"));
}

fn git(fixture: &Fixture, arguments: &[&str]) {
    let status = Command::new("git").arg("-C").arg(&fixture.workspace).args(arguments).status();
    assert!(status.expect("git runs").success(), "{arguments:?}");
}

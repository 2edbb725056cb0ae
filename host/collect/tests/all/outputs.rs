//! What a command puts into `{out}`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::fixture::*;

#[tokio::test]
async fn every_file_is_taken_in_byte_order() {
    let fixture = Fixture::new();
    let script =
        r#"cd "$0"; mkdir b; echo 1 > b/x; echo 2 > B; echo 3 > b.txt; echo 4 > é; echo $PWD > where"#;
    let evidence = fixture.collect(&run_source(sh_out(script))).await;
    assert_sound(&evidence);
    assert_eq!(names(&evidence), ["B", "b.txt", "b/x", "stderr", "stdout", "where", "é"]);
    assert_eq!(fixture.text(&evidence, "b/x"), "1\n");
    assert_eq!(evidence.origin.argv.last().map(String::as_str), Some("{out}"), "the same in every run");
    fixture.assert_tidy();
}

#[tokio::test]
async fn the_folder_is_new_empty_and_private_every_time() {
    let fixture = Fixture::new();
    let source = run_source(sh_out(r#"ls -A "$0"; ls -ld "$0" | cut -c1-10; echo old > "$0/file""#));
    for _ in 0..2 {
        let evidence = fixture.collect(&source).await;
        assert_eq!(fixture.text(&evidence, "stdout"), "drwx------\n");
    }
    let mode = fs::metadata(&fixture.scratch).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn only_regular_files_are_evidence() {
    let fixture = Fixture::new();
    fixture.write("secret", "old");
    let table = [
        (r#"ln -s "$PWD/secret" "$0/link""#, "`{out}/link` is a symlink"),
        (r#"ln -s / "$0/root""#, "`{out}/root` is a symlink"),
        (r#"mkfifo "$0/pipe""#, "`{out}/pipe` is a FIFO"),
        (r#"touch "$0/$(printf '\377')""#, "not UTF-8"),
        (r#"rmdir "$0"; ln -s "$PWD" "$0""#, "`{out}` is no longer a folder"),
        (r#"rmdir "$0"; echo 1 > "$0""#, "`{out}` is no longer a folder"),
        (r#"echo 1 > "$0/stdout""#, "two artifacts have the name `stdout`"),
        (r#"echo 1 > "$0/stderr""#, "two artifacts have the name `stderr`"),
    ];
    for (script, detail) in table {
        let evidence = fixture.collect(&run_source(sh_out(script))).await;
        assert_short(&evidence, "no-evidence(unreadable)", detail);
        fixture.assert_tidy();
    }
    assert!(fixture.workspace.join("secret").exists(), "cleaning up followed a link");
}

#[tokio::test]
async fn a_tool_may_make_the_folder_anew() {
    let fixture = Fixture::new();
    let evidence = fixture.collect(&run_source(sh_out(r#"rmdir "$0"; mkdir "$0"; echo 1 > "$0/a""#))).await;
    assert_sound(&evidence);
    assert_eq!(names(&evidence), ["a", "stderr", "stdout"]);
}

#[tokio::test]
async fn too_many_files_or_folders_are_refused() {
    let fixture = Fixture::new();
    let many = r#"cd "$0"; i=0; while [ $i -lt 10001 ]; do : > $i; i=$((i+1)); done"#;
    let evidence = fixture.collect(&run_source(sh_out(many))).await;
    assert_short(&evidence, "no-evidence(overflow)", "more than 10000 files");
    let deep = r#"cd "$0"; i=0; while [ $i -lt 70 ]; do mkdir d; cd d; i=$((i+1)); done"#;
    let evidence = fixture.collect(&run_source(sh_out(deep))).await;
    assert_short(&evidence, "no-evidence(overflow)", "64 folders deep");
    fixture.assert_tidy();
}

#[tokio::test]
async fn a_large_file_is_refused_by_its_size() {
    let fixture = Fixture::new();
    let mut source = run_source(sh_out(r#"printf 123456 > "$0/report""#));
    source.artifact_bytes_max = 5;
    assert_short(&fixture.collect(&source).await, "no-evidence(overflow)", "`report` has 6 bytes");
}

#[tokio::test]
async fn the_files_of_a_killed_command_are_not_taken() {
    let fixture = Fixture::new();
    let evidence = fixture.collect(&run_source(sh_out(r#"echo half > "$0/report"; kill -9 $$"#))).await;
    assert_short(&evidence, "no-evidence(signal)", "SIGKILL");
    assert_eq!(names(&evidence), ["stderr", "stdout"]);
}

//! The comparison document.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use evident_collect::Error;
use evident_collect::tree::{Contents, Side};
use evident_core::tree::Tree;
use serde_json::{Value, json};

use super::Ground;

fn document(ground: &Ground, from: &Tree, to: &Tree) -> Result<Vec<Value>, Error> {
    let from = Side { name: "start", tree: from, contents: Contents::Blobs };
    let to = Side { name: "work", tree: to, contents: Contents::Folder(&ground.work) };
    let mut text = Vec::new();
    ground.trees.describe(&from, &to, &mut text)?;
    assert!(text.ends_with(b"\n"));
    let text = String::from_utf8(text).expect("is text");
    Ok(text.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect())
}

/// The changes between a stored start and what `edit` makes of it.
fn changes(files: &[(&str, &str)], edit: impl Fn(&Ground)) -> Vec<Value> {
    let ground = Ground::with(files);
    let rules = ground.rules();
    let start = ground.trees.store(&rules, &ground.work).expect("stores");
    edit(&ground);
    let lines = document(&ground, &start, &ground.scan(&rules)).expect("describes");
    lines[1..lines.len() - 1].to_vec()
}

#[test]
fn has_a_head_a_line_per_change_and_an_end() {
    let ground = Ground::with(&[("a.rs", "one\ntwo\n"), ("gone", "1\n2\n"), ("same", "x")]);
    let rules = ground.rules();
    let start = ground.trees.store(&rules, &ground.work).expect("stores");
    ground.write("a.rs", "one\n2\nthree\n");
    ground.write("new", "n");
    fs::remove_file(ground.work.join("gone")).expect("removes");
    let work = ground.scan(&rules);
    let lines = document(&ground, &start, &work).expect("describes");
    let digest = |tree: &Tree| evident_collect::tree::Trees::digest(tree).to_string();
    let leaf = |tree: &Tree, path: &str| {
        let leaf = tree.get(path.as_bytes()).expect("is there");
        json!({"kind": "file", "size": leaf.size, "digest": leaf.digest.to_string()})
    };
    let head = json!({
        "format": "evident-changes", "version": 1, "compared": 4,
        "from": {"name": "start", "digest": digest(&start), "files": 3},
        "to": {"name": "work", "digest": digest(&work), "files": 3},
    });
    let modified = json!({
        "path": "a.rs", "change": "modified", "before": leaf(&start, "a.rs"), "after": leaf(&work, "a.rs"),
        "binary": false, "lines_added": 2, "lines_removed": 1, "added": ["2", "three"],
        "unscanned": null, "moved_from": null,
    });
    let removed = json!({
        "path": "gone", "change": "removed", "before": leaf(&start, "gone"), "after": null,
        "binary": false, "lines_added": 0, "lines_removed": 2, "added": [], "unscanned": null, "moved_from": null,
    });
    let added = json!({
        "path": "new", "change": "added", "before": null, "after": leaf(&work, "new"),
        "binary": false, "lines_added": 1, "lines_removed": 0, "added": ["n"], "unscanned": null, "moved_from": null,
    });
    assert_eq!(lines, [head, modified, removed, added, json!({"end": true, "changes": 3})]);
}

#[test]
fn no_changes_are_said_so() {
    let ground = Ground::with(&[("a", "1")]);
    let start = ground.trees.store(&ground.rules(), &ground.work).expect("stores");
    let lines = document(&ground, &start, &ground.tree()).expect("describes");
    assert_eq!(
        (lines.len(), &lines[0]["compared"], &lines[1]),
        (2, &json!(1), &json!({"end": true, "changes": 0}))
    );
}

#[test]
fn a_zero_byte_hides_nothing() {
    let changes = changes(&[("a", "one\n")], |ground| {
        fs::write(ground.work.join("a"), b"one\n\0\nfn evil() {}\n\xff\n").expect("writes");
    });
    assert_eq!(changes[0]["binary"], true);
    assert_eq!(changes[0]["added"], json!(["\0", "fn evil() {}", "\u{fffd}"]));
    assert_eq!((&changes[0]["lines_added"], &changes[0]["lines_removed"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_symlink_in_place_of_a_file_shows_both() {
    let changes = changes(&[("a", "one\n"), ("b", "1")], |ground| {
        fs::remove_file(ground.work.join("a")).expect("removes");
        symlink("/etc/passwd", ground.work.join("a")).expect("links");
    });
    assert_eq!(
        (&changes[0]["before"]["kind"], &changes[0]["after"]["kind"]),
        (&json!("file"), &json!("symlink"))
    );
    assert_eq!((changes.len(), &changes[0]["added"]), (1, &json!(["/etc/passwd"])));
}

#[test]
fn moves_and_modes_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let changes = changes(&[("a", "one\ntwo\n"), ("run", "1")], |ground| {
        fs::rename(ground.work.join("a"), ground.work.join("b")).expect("renames");
        fs::set_permissions(ground.work.join("run"), fs::Permissions::from_mode(0o755)).expect("ours");
    });
    assert_eq!((&changes[0]["change"], &changes[0]["path"]), (&json!("removed"), &json!("a")));
    assert_eq!((&changes[1]["change"], &changes[1]["moved_from"]), (&json!("added"), &json!("a")));
    assert_eq!((&changes[2]["after"]["kind"], &changes[2]["added"]), (&json!("executable"), &json!([])));
    assert_eq!(changes[2]["lines_added"], 0);
}

#[test]
fn what_is_not_looked_at_is_said_so() {
    let large = "x\n".repeat(9 << 20);
    let grown = changes(&[("a", "one\n")], |ground| ground.write("a", &large));
    assert_eq!((&grown[0]["added"], &grown[0]["unscanned"]), (&Value::Null, &json!("larger than 16 MiB")));
    let shrunk = changes(&[("a", &large)], |ground| ground.write("a", "one\ntwo\n"));
    assert_eq!((&shrunk[0]["added"], &shrunk[0]["unscanned"]), (&json!(["one", "two"]), &Value::Null));
    assert_eq!(shrunk[0]["lines_added"], Value::Null);
}

#[test]
fn odd_names_are_told_whole() {
    let names: [&[u8]; 4] = [b"\"\n", b"-a", b"\xff", b"~"];
    let changes = changes(&[], |ground| {
        for name in names {
            fs::write(ground.work.join(std::ffi::OsStr::from_bytes(name)), "").expect("writes");
        }
    });
    let told: Vec<_> = changes.iter().map(|change| (&change["path"], change.get("path_bytes"))).collect();
    let expected = [
        (json!("\"\n"), None),
        (json!("-a"), None),
        (json!("~"), None),
        (json!("\u{fffd}"), Some(json!("ff"))),
    ];
    assert_eq!(told, expected.iter().map(|(path, bytes)| (path, bytes.as_ref())).collect::<Vec<_>>());
}

#[test]
fn a_work_tree_that_moved_is_no_comparison() {
    let edits: [&dyn Fn(&Ground); 4] = [
        &|ground| ground.write("a", "tri"),
        &|ground| fs::remove_file(ground.work.join("a")).expect("removes"),
        &|ground| {
            fs::remove_file(ground.work.join("a")).expect("removes");
            symlink("b", ground.work.join("a")).expect("links");
        },
        &|ground| {
            fs::remove_file(ground.work.join("a")).expect("removes");
            crate::fixture::mkfifo(&ground.work.join("a"));
        },
    ];
    for (index, edit) in edits.iter().enumerate() {
        let ground = Ground::with(&[("a", "one"), ("b", "two")]);
        let rules = ground.rules();
        let start = ground.trees.store(&rules, &ground.work).expect("stores");
        ground.write("a", "two");
        let work = ground.scan(&rules);
        edit(&ground);
        let told = document(&ground, &start, &work);
        assert!(matches!(&told, Err(Error::Unsteady { path }) if path.ends_with("a")), "{index}: {told:?}");
    }
}

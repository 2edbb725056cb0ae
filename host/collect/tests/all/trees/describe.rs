//! The comparison document.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use evident_collect::Error;
use evident_collect::tree::{Contents, Described, LinesOf, Side};
use evident_core::tree::Tree;
use serde_json::{Value, json};

use super::Ground;

fn written(ground: &Ground, trees: (&Tree, &Tree), lines: LinesOf, most: u64) -> Result<Vec<u8>, Error> {
    let from = Side { name: "start", tree: trees.0, contents: Contents::Blobs };
    let to = Side { name: "work", tree: trees.1, contents: Contents::Folder(&ground.work) };
    let mut text = Vec::new();
    let described = ground.trees.describe(&from, &to, lines, most, &mut text)?;
    assert_eq!(described == Described::Whole, text.ends_with(b"}\n"), "{most}");
    assert!(text.len() as u64 <= most);
    Ok(text)
}

fn document(ground: &Ground, from: &Tree, to: &Tree) -> Result<Vec<Value>, Error> {
    Ok(parsed(&written(ground, (from, to), LinesOf::Everything, u64::MAX)?))
}

fn parsed(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).expect("is text");
    text.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect()
}

/// The changes between a stored start and what `edit` makes of it.
fn changes(files: &[(&str, &str)], edit: impl Fn(&Ground)) -> Vec<Value> {
    let lines = parsed(&changed(files, edit, LinesOf::Everything));
    lines[1..lines.len() - 1].to_vec()
}

fn changed(files: &[(&str, &str)], edit: impl Fn(&Ground), lines: LinesOf) -> Vec<u8> {
    let ground = Ground::with(files);
    let rules = ground.rules();
    let start = ground.trees.store(&rules, &ground.work).expect("stores");
    edit(&ground);
    let work = ground.scan(&rules);
    written(&ground, (&start, &work), lines, u64::MAX).expect("describes")
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
    assert_eq!(changes[0]["added"], json!(["fn evil() {}", "\u{fffd}"]));
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

/// What is done to a workspace.
type Edit<'a> = &'a dyn Fn(&Ground);

/// Bytes of the largest file whose lines are still compared.
const LARGEST: usize = 16 << 20;

/// Bytes of one that has more than there is room for, where each byte takes three.
const LARGE: usize = 6 << 20;

fn of_bytes(byte: u8, count: usize) -> impl Fn(&Ground) {
    move |ground| fs::write(ground.work.join("new"), vec![byte; count]).expect("writes")
}

fn sparse(ground: &Ground) {
    let file = fs::File::create(ground.work.join("new")).expect("makes");
    file.set_len(LARGEST as u64).expect("is sparse");
}

/// Catches a document that costs many times what the work holds, in each check.
#[test]
fn what_no_clause_searches_takes_little_room() {
    let many = |ground: &Ground| {
        for number in 0..40 {
            fs::write(ground.work.join(format!("{number}")), "x".repeat(1 << 20)).expect("writes");
        }
    };
    let little = 4096;
    let (lines, text) = (LARGE + little, LARGEST + 64 * 1024);
    let files: [(&str, Edit<'_>, usize); 7] = [
        ("sparse", &sparse, little),
        ("zero bytes", &of_bytes(0, LARGE), little),
        ("line feeds", &of_bytes(b'\n', LARGE), little),
        ("control characters", &of_bytes(1, LARGE), little),
        ("no text", &of_bytes(0xff, LARGE), little),
        ("one line", &of_bytes(b'x', LARGE), lines),
        ("many files", &many, text),
    ];
    for (name, edit, most) in files {
        let document = changed(&[], edit, LinesOf::Text);
        assert!(document.len() <= most, "{name}: {} bytes", document.len());
        let lines = parsed(&document);
        let told = &lines[1];
        let is_silent = told["added"].is_null() && told["unscanned"].is_null();
        assert_eq!(is_silent, told["binary"] == true, "{name}: lines are there, or it says why not");
    }
}

/// Catches a clause that searches lines and finds nothing, because nobody wrote them down.
#[test]
fn what_a_clause_searches_is_written_down() {
    let hidden = |ground: &Ground| {
        let mut bytes = vec![0; LARGE];
        bytes.extend_from_slice(b"#[ignore]\0\n\0\0");
        fs::write(ground.work.join("new"), bytes).expect("writes");
    };
    let edits: [(&str, Edit<'_>, Value); 3] = [
        ("sparse", &sparse, json!([])),
        ("hidden in zero bytes", &hidden, json!(["#[ignore]"])),
        ("control characters", &of_bytes(1, LARGEST), Value::Null),
    ];
    for (name, edit, added) in edits {
        let document = changed(&[], edit, LinesOf::Everything);
        assert!(document.len() < 4096, "{name}: {} bytes", document.len());
        let told = &parsed(&document)[1];
        assert_eq!(told["added"], added, "{name}");
        assert_eq!(told["unscanned"].is_null(), !added.is_null(), "{name}");
    }
    let feeds = changed(&[], of_bytes(b'\n', LARGE), LinesOf::Everything);
    assert!(feeds.len() < 3 * LARGE + 4096, "three bytes for each: {}", feeds.len());
}

/// Catches a document that is measured when it is whole.
#[test]
fn writing_stops_at_the_bound() {
    let ground = Ground::new();
    let rules = ground.rules();
    let start = ground.trees.store(&rules, &ground.work).expect("stores");
    for number in 0..200 {
        ground.write(&format!("{number}"), "x");
    }
    let work = ground.scan(&rules);
    let whole = written(&ground, (&start, &work), LinesOf::Text, u64::MAX).expect("describes");
    for most in [0, 1, 1000, whole.len() - 1, whole.len()] {
        let text = written(&ground, (&start, &work), LinesOf::Text, most as u64).expect("describes");
        assert_eq!(text == whole, most == whole.len(), "{most}");
    }
}

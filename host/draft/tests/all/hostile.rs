//! Repositories that want to be read without end, elsewhere, or as something else.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use evident_draft::{ENTRIES_MAX, FILE_BYTES_MAX, LEVELS_MAX, Template, draft, look};

use crate::made::{fill, findings, refused, repository};

/// Generous: what is bounded takes milliseconds, what is not takes for ever.
const SOON: Duration = Duration::from_secs(20);

/// Catches a manifest that is opened without a look at what it is.
#[test]
fn what_is_no_text_is_noted() {
    let folder = repository(&[("package.json/", ""), ("go.mod", "\u{0}"), ("pyproject.toml", "[[[")]);
    fs::write(folder.path().join("Cargo.toml"), b"\xff\xfe").expect("writes");
    let notes = refused(folder.path());
    for expected in [
        "package.json: is not a regular file",
        "Cargo.toml: is not UTF-8",
        "pyproject.toml: is not TOML",
        "go.mod: names no module",
    ] {
        assert!(notes.iter().any(|note| note.starts_with(expected)), "{expected}: {notes:?}");
    }
    let folder = repository(&[("package.json", "{\"scripts\": ")]);
    assert!(refused(folder.path())[0].starts_with("package.json: is not JSON"));
    // The parser's own limit of nesting; without one the stack would end first.
    let folder = repository(&[
        ("package.json", &"[".repeat(500_000)),
        ("Cargo.toml", &format!("a = {}", "[".repeat(500_000))),
    ]);
    assert_eq!(refused(folder.path()).len(), 2);
}

/// Catches reading without a bound: a file without holes would cost the same.
#[test]
fn a_large_file_is_not_read() {
    let folder = repository(&[]);
    let large = File::create(folder.path().join("package.json")).expect("makes");
    large.set_len(100 * 1024 * 1024 * 1024).expect("a file with a hole");
    let begin = Instant::now();
    assert_eq!(refused(folder.path()), ["package.json: is larger than 1048576 bytes"]);
    assert!(begin.elapsed() < SOON);
    let just = format!(
        "[package]\nname = \"a\"\n#{}",
        "x".repeat(usize::try_from(FILE_BYTES_MAX).expect("is small") - 22)
    );
    assert_eq!(just.len() as u64, FILE_BYTES_MAX);
    assert_eq!(findings(&[("Cargo.toml", &just)]).name(), "a");
    assert_eq!(refused(repository(&[("Cargo.toml", &format!("{just}x"))]).path()).len(), 1);
}

/// Catches an open that waits for somebody to write.
#[test]
fn a_pipe_is_not_opened() {
    let folder = repository(&[]);
    let path = folder.path().join("package.json");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("makes a pipe");
    assert_eq!(refused(folder.path()), ["package.json: is not a regular file"]);
}

/// Catches a look that leaves the folder, or that never ends.
#[test]
fn symlinks_lead_nowhere() {
    let elsewhere = repository(&[
        ("Cargo.toml", "[package]\nname = \"secret\"\n"),
        ("nextest.toml", "[profile.default.junit]\npath = \"junit.xml\"\n"),
        ("test_a.py", ""),
    ]);
    let folder = repository(&[]);
    let link = |to: &std::path::Path, name: &str| symlink(to, folder.path().join(name)).expect("links");
    link(&elsewhere.path().join("Cargo.toml"), "Cargo.toml");
    link(std::path::Path::new("."), "tests");
    link(std::path::Path::new("loop"), "loop");
    link(elsewhere.path(), "test");
    link(elsewhere.path(), ".config");
    assert_eq!(refused(folder.path()), ["Cargo.toml: is a symlink, which is not followed"]);
    fs::remove_file(folder.path().join("Cargo.toml")).expect("removes");
    fill(folder.path(), &[("Cargo.toml", "[package]\nname = \"own\"\n")]);
    let found = look(folder.path(), &|_| false).expect("is a package");
    assert_eq!((found.name(), found.test_commands()[0][1].as_str()), ("own", "test"));
}

/// Catches a walk without a bound, in width and in depth.
#[test]
fn a_large_tree_is_listed_in_part() {
    let folder = repository(&[("go.mod", "module a\n")]);
    for number in 0..ENTRIES_MAX + 10 {
        File::create(folder.path().join(format!("f{number}"))).expect("makes");
    }
    let found = look(folder.path(), &|_| false).expect("is a module");
    assert_eq!(found.notes().len(), 1, "{:?}", found.notes());
    assert!(found.notes()[0].says.starts_with("only 10000 entries"), "{:?}", found.notes());
    let at = |levels: usize| format!("tests/{}test_a.py", "a/".repeat(levels));
    assert!(look(repository(&[(&at(LEVELS_MAX - 2), "")]).path(), &|_| false).is_ok());
    assert!(refused(repository(&[(&at(LEVELS_MAX - 1), "")]).path()).is_empty());
}

/// Catches a repository that writes clauses, commands or comments of its own into the contract.
#[test]
fn no_text_of_the_repository_becomes_structure() {
    const ATTACK: &str = "x\"\n[criteria.mine]\nchecker = \"none\"\n# \u{1b}[2J\u{202e}";
    let json = serde_json::to_string(ATTACK).expect("is text");
    let toml = toml::Value::String(ATTACK.into()).to_string();
    let manifest =
        format!("[package]\nname = {toml}\n[workspace]\nmembers = [{toml}]\n[[bin]]\nname = {toml}\n");
    let nextest = format!("[profile.default.junit]\npath = {toml}\n");
    let package = format!(
        r#"{{"name": {json}, "workspaces": [{json}], "scripts": {{"test": "node --test '\n[goal]", "bench": {json}}}}}"#
    );
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (".config/nextest.toml", &nextest),
        ("package.json", &package),
        ("go.mod", "module a/x\"]\r\n[goal]\n"),
        ("tests/test_\"\n[goal]\n.py", ""),
        ("pk\"\n[goal]/__init__.py", ""),
    ];
    let plain = [
        ("Cargo.toml", "[package]\nname = \"x\"\n[workspace]\n"),
        (".config/nextest.toml", ""),
        ("package.json", r#"{"workspaces": ["y y"], "scripts": {"test": "node --test $x", "bench": "x"}}"#),
        ("go.mod", "module x\n"),
        ("tests/test_a.py", ""),
    ];
    let found = findings(&files);
    for reason in found.reasons().iter().chain(found.notes()) {
        let shown = format!("{}{}", reason.file, reason.says);
        assert!(!shown.chars().any(|it| it.is_control() || it == '\u{202e}'), "{shown:?}");
    }
    for template in Template::ALL.iter().copied().map(Some).chain([None]) {
        let (attacked, expected) = (draft(&findings(&files), template), draft(&findings(&plain), template));
        let mut attacked: toml::Table = attacked.parse().expect("is TOML");
        assert_eq!(attacked["goal"]["name"].as_str(), Some(ATTACK));
        attacked["goal"]["name"] = "x".into();
        let expected: toml::Table = expected.parse().expect("is TOML");
        assert_eq!(attacked, expected, "{template:?}");
        let text = draft(&findings(&files), template);
        assert!(
            !text.chars().any(|it| it != '\n' && it.is_control()) && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
}

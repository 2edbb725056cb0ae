//! Stories of a goal, one text file each under `tests/scripts/`: inputs in, events and decisions out.
//!
//! A story is a golden file: `BLESS=1 cargo test -p evident-core --test scripts` writes what follows under each
//! input again. Its head says which lie it would catch, and which behaviours of Codex goals it shows.
#![expect(clippy::disallowed_methods, reason = "core reads no file; the stories that test it are files")]

mod built;
mod player;
mod random;
mod read;
mod show;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts")
}

fn is_blessed() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Compares with a golden file, or writes it.
fn golden(path: &Path, told: &str) -> Result<(), String> {
    if is_blessed() {
        fs::write(path, told).expect("the golden can be written");
        return Ok(());
    }
    let known = fs::read_to_string(path).unwrap_or_default();
    let mut lines = known.lines().zip(told.lines()).enumerate();
    let different = lines.find(|(_, (known, told))| known != told);
    match different {
        _ if known == told => Ok(()),
        Some((number, (known, told))) => {
            Err(format!("{}:{}\n  known: {known}\n  told:  {told}", path.display(), number + 1))
        }
        None => Err(format!("{}: one ends before the other", path.display())),
    }
}

/// Catches every change of what follows from an input, a story without a golden, and a file that nobody runs.
#[test]
fn every_story_is_told_as_before() {
    let mut wrong = Vec::new();
    let mut stories = 0;
    for entry in fs::read_dir(folder()).expect("the stories are there") {
        let path = entry.expect("is read").path();
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        if name == table::FILE {
            continue;
        }
        assert!(name.ends_with(".txt"), "`{name}` is not a story: nobody runs it");
        let text = fs::read_to_string(&path).expect("a story is text");
        assert!(text.starts_with("# Catches "), "{name}: the first line says which lie the story catches");
        assert!(
            is_blessed() || text.lines().any(|line| line.starts_with(player::TOLD)),
            "{name} has no golden: nothing is compared"
        );
        let told = player::tell(&text).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        wrong.extend(golden(&path, &told).err());
        stories += 1;
    }
    assert!(stories >= 30, "{stories} stories: some are gone");
    assert!(wrong.is_empty(), "{}\nBLESS=1 writes them again", wrong.join("\n"));
}

/// Catches a harness that compares nothing.
#[test]
fn a_story_that_was_told_otherwise_is_seen() {
    let story = "# Catches nothing\ncontract criteria=a\n> pause\n  owner: active -> blocked(idle)\n";
    let told = player::tell(story).expect("can be told");
    assert!(
        told != story && told.contains("  owner: active -> paused (pause): its owner paused it\n"),
        "{told}"
    );
    assert!(
        player::tell("# Catches nothing\ncontract criteria=a\n> jump\n").is_err(),
        "an unknown input is refused"
    );
}

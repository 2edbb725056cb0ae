//! Links that carry bytes which no digest is taken of, in the workspace and in a private copy.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use evident_collect::tree::{Cached, Materialised, Rules};
use evident_core::defence::{Defence, without};
use evident_core::tree::{LeadsOut, Tree};

use super::{Ground, changes};
use crate::fixture::mkfifo;

/// Links of each kind: where they lie, what they say, and what they say in a private copy. `WORK` is the
/// workspace. Those that lead to what does not count come first.
const OUT: &[(&str, &str, &str)] = &[
    ("ignored", "build/data", "build/data"),
    ("ignored-absolute", "WORK/build/data", "build/data"),
    ("ignored-folder", "build", "build"),
    ("ignored-later", "later.log", "later.log"),
    ("git", ".git/config", ".git/config"),
    ("outside", "/etc/passwd", ".evident-leads-out-of-the-copy"),
    ("outside-later", "/nonexistent/x", ".evident-leads-out-of-the-copy"),
    ("above", "../outside", ".evident-leads-out-of-the-copy"),
    ("back", "../work/src/a", ".evident-leads-out-of-the-copy"),
    ("proc", "/proc/self/cwd/src/a", ".evident-leads-out-of-the-copy"),
    ("through", "build/../src/a", ".evident-leads-out-of-the-copy"),
    ("chain", "src/chained", "src/chained"),
    ("src/chained", "../ignored", "../ignored"),
    ("chain-outside", "outside", ".evident-leads-out-of-the-copy"),
    ("to-pipe", "pipe", "pipe"),
];

const INSIDE: &[(&str, &str, &str)] = &[
    ("file", "src/a", "src/a"),
    ("folder", "src/deep", "src/deep"),
    ("self", ".", "."),
    ("src/up", "../c", "../c"),
    ("absolute", "WORK/src/a", "src/a"),
    ("src/deep/absolute", "WORK/c", "../../c"),
    ("top", "WORK", "."),
    ("broken", "nothing/here", "nothing/here"),
    ("circle", "circle", "circle"),
    ("through-link", "folder/b", "folder/b"),
];

fn ground() -> Ground {
    let ground = Ground::with(&[
        (".evident-ignore", "build/\n*.log\n"),
        ("src/a", "1"),
        ("src/deep/b", "2"),
        ("c", "3"),
        ("build/data", "not counted"),
    ]);
    mkfifo(&ground.work.join("pipe"));
    let work = ground.work.to_str().expect("is text");
    for (path, target, _) in OUT.iter().chain(INSIDE) {
        symlink(target.replace("WORK", work), ground.work.join(path)).expect("links");
    }
    ground
}

fn names(leads_out: &[LeadsOut]) -> Vec<String> {
    leads_out.iter().map(|out| String::from_utf8_lossy(&out.path).into_owned()).collect()
}

fn expected() -> Vec<String> {
    let mut names: Vec<String> = OUT.iter().map(|(path, ..)| (*path).to_owned()).collect();
    names.push("pipe".to_owned());
    names.sort();
    names
}

fn copy(ground: &Ground) -> (Tree, Rules, Materialised) {
    let rules = ground.rules();
    let tree = ground.trees.store(&rules, &ground.work).expect("stores");
    let rules = ground.trees.rules_of(&tree, &rules).expect("loads");
    let own = ground.root.join("private/snapshot");
    let held = ground.trees.materialise(&tree, &rules, &own, &ground.work, Duration::ZERO).expect("brings");
    (tree, rules, held)
}

#[test]
fn links_to_what_does_not_count_are_named() {
    let ground = ground();
    let looked = ground.trees.look(&ground.rules(), &ground.work, Cached::Never).expect("looks");
    assert_eq!(names(&looked.leads_out), expected());
    // Named as an input, what it leads to counts.
    let rules = ground.rules().with_marked(super::patterns(&["build/**"]), Vec::new());
    let looked = ground.trees.look(&rules, &ground.work, Cached::Never).expect("looks");
    assert!(!names(&looked.leads_out).contains(&"ignored".to_owned()));
}

/// Every link of a copy is relative and stays in it, and the honest ones lead where they led.
#[test]
fn no_link_of_a_copy_leads_out_of_it() {
    let ground = ground();
    let (_, rules, held) = copy(&ground);
    for (path, _, said) in OUT.iter().chain(INSIDE) {
        let target = fs::read_link(held.folder().join(path)).expect("is a link");
        assert_eq!(target, PathBuf::from(said), "{path}");
    }
    assert_eq!(names(held.leads_out()), expected());
    assert_eq!(fs::read_to_string(held.folder().join("src/deep/absolute")).expect("leads inside"), "3");
    fs::write(ground.work.join("src/a"), "live").expect("writes");
    assert_eq!(fs::read_to_string(held.folder().join("absolute")).expect("leads inside"), "1");
    let scanned = ground.trees.scan(&rules, held.folder(), Cached::Never).expect("scans");
    assert_eq!(changes(held.tree(), &scanned), [""; 0]);
    drop(held);
    let (_, _, again) = copy(&ground);
    assert_eq!(fs::read_to_string(again.folder().join("absolute")).expect("leads inside"), "live");
}

/// A run leaves links where the rules ignore them, for the next run to follow.
#[test]
fn a_link_that_a_run_left_in_a_copy_stays_only_if_it_stays_inside() {
    let ground = ground();
    let (_, _, held) = copy(&ground);
    let folder = held.folder().to_owned();
    let links = [
        ("build", "/etc", false),
        ("src/x.log", "../../y", false),
        ("src/deep/x.log", "../../../y", false),
        ("src/z.log", "../c", true),
        ("y.log", "src/deep/../a", true),
    ];
    for (path, target, _) in links {
        symlink(target, folder.join(path)).expect("links");
    }
    drop(held);
    let (_, _, _held) = copy(&ground);
    for (path, _, stays) in links {
        assert_eq!(fs::symlink_metadata(folder.join(path)).is_ok(), stays, "{path}");
    }
}

#[test]
fn without_the_defence_a_copy_reads_the_live_workspace() {
    let ground = ground();
    without(Defence::LinksOut, || {
        let (tree, _, held) = copy(&ground);
        fs::write(ground.work.join("src/a"), "live").expect("writes");
        assert_eq!(fs::read_to_string(held.folder().join("absolute")).expect("leads out"), "live");
        let without_pipe = tree.entries().len() - 1;
        assert_eq!((held.leads_out().len(), held.tree().entries().len()), (0, without_pipe));
    });
}

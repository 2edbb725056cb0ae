//! Trees of commits are what a fresh clone would be.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use evident_collect::Error;
use evident_collect::tree::{Cached, Rules, Trees};

use super::{Ground, changes, commit_all, git, paths};

#[test]
fn a_commit_is_what_a_clone_of_it_is() {
    let ground = Ground::with(&[
        ("/", ""),
        ("a.txt", "one"),
        ("same.txt", "one"),
        ("empty", ""),
        ("src/run.sh", "#!/bin/sh"),
        (".gitignore", "*.log\n"),
        ("forced.log", "1"),
    ]);
    for name in [&b"-rf"[..], b"a\nb", b"\"q\"\\", b"\xff.txt", b" "] {
        fs::write(ground.work.join(OsStr::from_bytes(name)), name).expect("writes");
    }
    fs::set_permissions(ground.work.join("src/run.sh"), fs::Permissions::from_mode(0o755)).expect("ours");
    symlink("nowhere", ground.work.join("link")).expect("links");
    git(&ground.work, &["add", "-f", "forced.log"]);
    let commit = commit_all(&ground.work);
    ground.write("a.txt", "changed since");
    let tree = ground.trees.of_commit(&ground.work, &commit).expect("reads");
    let clone = ground.root.join("clone");
    git(&ground.root, &["clone", "-q", "work", "clone"]);
    let rules = Rules::of_workspace(&clone).expect("reads");
    let scanned = ground.trees.scan(&rules, &clone, Cached::Never).expect("scans");
    assert_eq!(changes(&scanned, &tree), [""; 0]);
    assert_eq!(
        (scanned.entries().len(), ground.trees.load(Trees::digest(&tree)).expect("is kept")),
        (12, tree)
    );
}

#[test]
fn only_what_lies_below_the_workspace_is_taken() {
    let ground = Ground::with(&[("/", ""), ("w/a", "1"), ("w/b/c", "1"), ("other", "1"), ("w2/x", "1")]);
    let commit = commit_all(&ground.work);
    let below = ground.work.join("w");
    assert_eq!(ground.trees.resolve(&below, "HEAD").expect("is one"), commit);
    let tree = ground.trees.of_commit(&below, &commit).expect("reads");
    assert_eq!(paths(&tree), ["a", "b/c"]);
}

#[test]
fn submodules_come_from_their_own_repositories() {
    let ground = Ground::with(&[("/", ""), ("a", "1")]);
    let inner = ground.root.join("inner");
    fs::create_dir(&inner).expect("makes");
    git(&inner, &["init", "-q", "-b", "main"]);
    super::write(&inner.join("deep/x"), "1");
    let first = commit_all(&inner);
    git(&ground.work, &["submodule", "add", "-q", "../inner", "libs/inner"]);
    let commit = commit_all(&ground.work);
    let tree = ground.trees.of_commit(&ground.work, &commit).expect("reads");
    assert_eq!(paths(&tree), [".gitmodules", "a", "libs/inner", "libs/inner/deep/x"]);
    assert_eq!(changes(&tree, &ground.tree()), [""; 0], "as it is checked out");
    let leaf = tree.get(b"libs/inner").expect("is there");
    assert_eq!(leaf.digest, evident_blobs::Blobs::digest(first.as_bytes()));

    git(&ground.work, &["submodule", "-q", "deinit", "-f", "libs/inner"]);
    let absent = ground.trees.of_commit(&ground.work, &commit);
    assert!(
        matches!(&absent, Err(Error::Git { problem, .. }) if problem.contains("git submodule update")),
        "{absent:?}"
    );
    git(&ground.work, &["submodule", "-q", "update", "--init"]);
    let missing = "1".repeat(40);
    git(&ground.work, &["update-index", "--cacheinfo", &format!("160000,{missing},libs/inner")]);
    git(&ground.work, &["commit", "-qm", "a commit that nobody has"]);
    let absent = ground.trees.of_commit(&ground.work, "HEAD");
    assert!(
        matches!(&absent, Err(Error::Git { problem, .. }) if problem.contains("git fetch")),
        "{absent:?}"
    );
}

#[test]
fn what_git_refuses_is_told() {
    let ground = Ground::with(&[("/", ""), ("a", "1")]);
    commit_all(&ground.work);
    for revision in ["nowhere", "HEAD:a", "--help", "--output=x", ""] {
        let refused = ground.trees.resolve(&ground.work, revision);
        assert!(matches!(refused, Err(Error::Git { .. })), "{revision}: {refused:?}");
    }
    let outside = Ground::new();
    assert!(matches!(outside.trees.resolve(&outside.work, "HEAD"), Err(Error::Git { .. })));
    assert!(matches!(outside.trees.of_commit(&outside.work, "HEAD"), Err(Error::Git { .. })));
}

/// What a repository is set up to do must not decide what its commits hold.
#[test]
fn a_repository_cannot_lie_about_its_commits() {
    let ground = Ground::with(&[("/", ""), ("a", "the truth")]);
    let commit = commit_all(&ground.work);
    let truth = ground.trees.of_commit(&ground.work, &commit).expect("reads");
    ground.write("a", "a lie");
    let lie = git(&ground.work, &["hash-object", "-w", "a"]);
    let blob = git(&ground.work, &["rev-parse", &format!("{commit}:a")]);
    git(&ground.work, &["replace", &blob, &lie]);
    ground.write(".gitattributes", "a filter=lie working-tree-encoding=UTF-16 ident\n");
    git(&ground.work, &["config", "filter.lie.smudge", "echo lie"]);
    git(&ground.work, &["config", "core.fsmonitor", "touch ran; false"]);
    assert_eq!(
        git(&ground.work, &["cat-file", "-p", &format!("{commit}:a")]),
        "a lie",
        "the lie works on git"
    );
    let again = ground.trees.of_commit(&ground.work, &commit).expect("reads");
    assert_eq!(changes(&truth, &again), [""; 0]);
    assert!(!ground.work.join("ran").exists());
}

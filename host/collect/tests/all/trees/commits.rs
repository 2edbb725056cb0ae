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

/// Catches a clone of a build server that is called damaged, or of which nothing says how to get the rest.
#[test]
fn what_a_clone_lacks_is_told() {
    let ground = Ground::with(&[("/", ""), ("a", "old")]);
    let first = commit_all(&ground.work);
    ground.write("a", "new");
    commit_all(&ground.work);
    git(&ground.work, &["config", "uploadpack.allowFilter", "true"]);
    let origin = format!("file://{}", ground.work.display());
    let clones = [("shallow", "--depth=1", "this clone is shallow: `git fetch --depth=1 origin ID`")];
    let clones = clones.into_iter().chain([(
        "partial",
        "--filter=blob:none",
        "this clone is partial: `git fetch --refetch",
    )]);
    for (name, how, told) in clones {
        git(&ground.root, &["clone", "-q", how, &origin, name]);
        let clone = ground.root.join(name);
        let read = || ground.trees.resolve(&clone, &first).and_then(|id| ground.trees.of_commit(&clone, &id));
        let refused = read().expect_err("is not there").to_string();
        assert!(refused.contains(told), "{refused}");
        let fetch: &[&str] = match name {
            "shallow" => &["fetch", "-q", "--depth=1", "origin", &first],
            _ => &["fetch", "-q", "--refetch", "--no-filter"],
        };
        git(&clone, fetch);
        assert!(read().is_ok(), "what is told works: {name}");
    }
    let whole = ground.trees.resolve(&ground.work, "nowhere").expect_err("is not there").to_string();
    assert!(!whole.contains("this clone"), "{whole}");
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

/// Git gives the bytes of a file that somebody edited in the repository, and says nothing.
#[test]
fn an_object_with_another_content_is_never_taken() {
    for format in ["sha1", "sha256"] {
        for name in ["HEAD:src/a", "HEAD:src", "HEAD"] {
            let ground = Ground::new();
            git(&ground.work, &["init", "-q", "-b", "main", "--object-format", format]);
            ground.write("src/a", "the truth");
            let commit = commit_all(&ground.work);
            let first = object(&ground, "HEAD:src/a");
            let truth = ground.trees.of_commit(&ground.work, &commit).expect("reads");
            assert_eq!(paths(&truth), ["src/a"]);
            let lie = lie(&ground, name);
            let (from, to) = (object(&ground, &lie), object(&ground, name));
            fs::remove_file(&to).expect("removes");
            fs::copy(from, &to).expect("copies");
            if name == "HEAD:src/a" {
                assert_eq!(git(&ground.work, &["cat-file", "-p", name]), "a lie", "the lie works on git");
            } else {
                // The file of the tree itself is sound.
                assert!(first.exists());
            }
            let id = to.to_string_lossy().replace('/', "");
            let refused = ground.trees.of_commit(&ground.work, &commit);
            let Err(Error::Git { problem, .. }) = refused else { panic!("{format} {name}: {refused:?}") };
            let named = problem.split('`').nth(1).expect("names an object");
            assert!(problem.contains("git fsck") && id.ends_with(named), "{format} {name}: {problem}");
        }
    }
}

/// Makes an object of the same type as the one of that name, and gives a name for it.
fn lie(ground: &Ground, name: &str) -> String {
    git(&ground.work, &["checkout", "-q", "-b", "lie"]);
    ground.write("src/a", "a lie");
    commit_all(&ground.work);
    git(&ground.work, &["checkout", "-q", "main"]);
    name.replace("HEAD", "lie")
}

/// The file in which git keeps an object.
fn object(ground: &Ground, name: &str) -> std::path::PathBuf {
    let id = git(&ground.work, &["rev-parse", name]);
    ground.work.join(".git/objects").join(&id[..2]).join(&id[2..])
}

/// The ignore files above the workspace are those of the commit, not those that lie there now.
#[test]
fn rules_of_a_commit_are_those_of_the_commit() {
    let ground = Ground::with(&[("/", ""), ("w/.gitignore", "*.b\n"), ("w/x", "1"), (".gitignore", "*.a\n")]);
    let commit = commit_all(&ground.work);
    ground.write(".gitignore", "*\n!w/\n");
    ground.write("w/.gitignore", "*\n");
    for name in ["w/new", "w/new.a", "w/new.b"] {
        ground.write(name, "1");
    }
    let below = ground.work.join("w");
    let scan = |rules: &Rules| paths(&ground.trees.scan(rules, &below, Cached::Never).expect("scans"));
    let tree = ground.trees.of_commit(&below, &commit).expect("reads");
    let rules = ground.trees.rules_of_commit(&below, &commit, &tree).expect("reads");
    assert_eq!(scan(&rules), [".gitignore", "new", "x"]);
    let live = Rules::of_workspace(&below).expect("reads");
    let of_both = ground.trees.rules_of(&tree, &live).expect("reads");
    assert!(!scan(&of_both).contains(&"new".to_owned()), "the live file above decides");
    // At the top of the repository there is nothing above.
    let tree = ground.trees.of_commit(&ground.work, &commit).expect("reads");
    let rules = ground.trees.rules_of_commit(&ground.work, &commit, &tree).expect("reads");
    let whole = ground.scan(&rules);
    assert_eq!(paths(&whole), [".gitignore", "w/.gitignore", "w/new", "w/x"]);
}

/// A workspace that the commit ignores as a whole is one without git, and the rules say so in it.
#[test]
fn a_commit_that_ignores_the_workspace_says_nothing_about_it() {
    let ground = Ground::with(&[("/", ""), (".gitignore", "w/\n"), ("w/.evident-ignore", "*.b\n")]);
    ground.write("w/x", "1");
    git(&ground.work, &["add", "-f", "w"]);
    let commit = commit_all(&ground.work);
    ground.write("w/y.b", "1");
    let below = ground.work.join("w");
    let tree = ground.trees.of_commit(&below, &commit).expect("reads");
    let rules = ground.trees.rules_of_commit(&below, &commit, &tree).expect("reads");
    let scanned = ground.trees.scan(&rules, &below, Cached::Never).expect("scans");
    assert_eq!(paths(&scanned), [".evident-ignore", "x"]);
}

//! What is part of a tree, and what changes its digest.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use evident_collect::Error;
use evident_collect::tree::{Cached, Rules, Trees};
use evident_core::tree::Kind;

use super::{Ground, changes, commit_all, git, paths, patterns};
use crate::fixture::mkfifo;

fn ground() -> Ground {
    let ground =
        Ground::with(&[("a.txt", "one"), ("src/b.txt", "two"), (".evident-ignore", "*.log\nout/\n")]);
    symlink("a.txt", ground.work.join("link")).expect("links");
    ground
}

/// The change that is expected, and what makes it.
type Edit<'a> = (&'a str, &'a dyn Fn(&Ground));

#[test]
fn every_change_of_the_work_changes_the_digest() {
    let edits: &[Edit<'_>] = &[
        ("modified a.txt", &|ground| ground.write("a.txt", "two")),
        ("modified a.txt", &|ground| {
            fs::set_permissions(ground.work.join("a.txt"), Permissions::from_mode(0o755)).expect("ours");
        }),
        ("modified link", &|ground| {
            fs::remove_file(ground.work.join("link")).expect("removes");
            symlink("src/b.txt", ground.work.join("link")).expect("links");
        }),
        // The same bytes, but no file any more.
        ("modified a.txt", &|ground| {
            fs::remove_file(ground.work.join("a.txt")).expect("removes");
            symlink("one", ground.work.join("a.txt")).expect("links");
        }),
        ("removed src/b.txt", &|ground| fs::remove_file(ground.work.join("src/b.txt")).expect("removes")),
        ("added src/c.txt", &|ground| ground.write("src/c.txt", "")),
        ("added fifo", &|ground| mkfifo(&ground.work.join("fifo"))),
        ("added inner", &|ground| ground.write("inner/", "")),
    ];
    for (expected, edit) in edits {
        let ground = ground();
        let before = ground.tree();
        edit(&ground);
        let after = ground.tree();
        assert_eq!(changes(&before, &after), [*expected]);
        assert_ne!(Trees::digest(&before), Trees::digest(&after), "{expected}");
    }
    let ground = ground();
    let before = ground.tree();
    fs::rename(ground.work.join("src"), ground.work.join("source")).expect("renames");
    assert_eq!(changes(&before, &ground.tree()), ["added source/b.txt", "removed src/b.txt"]);
}

#[test]
fn nothing_else_changes_it() {
    let edits: &[&dyn Fn(&Ground)] = &[
        &|ground| {
            let file = File::options().write(true).open(ground.work.join("a.txt")).expect("opens");
            file.set_modified(SystemTime::now() - Duration::from_secs(1000)).expect("sets");
        },
        &|ground| {
            fs::rename(ground.work.join("a.txt"), ground.work.join("z.txt")).expect("renames");
            ground.write("a.txt", "one");
            fs::remove_file(ground.work.join("z.txt")).expect("removes");
        },
        &|ground| ground.write("x.log", "noise"),
        &|ground| ground.write("out/deep/x.txt", "noise"),
        &|ground| fs::create_dir_all(ground.work.join("empty/folder")).expect("makes"),
        &|ground| {
            fs::set_permissions(ground.work.join("a.txt"), Permissions::from_mode(0o600)).expect("ours");
        },
    ];
    for (index, edit) in edits.iter().enumerate() {
        let ground = ground();
        let before = Trees::digest(&ground.tree());
        edit(&ground);
        assert_eq!(before, Trees::digest(&ground.tree()), "{index}");
    }
}

#[test]
fn a_commit_in_a_submodule_is_a_change() {
    let ground = Ground::with(&[("inner/", ""), ("inner/a", "1")]);
    let unborn = ground.tree();
    assert_eq!(unborn.get(b"inner").map(|leaf| leaf.kind), Some(Kind::Submodule));
    let inner = ground.work.join("inner");
    let head = commit_all(&inner);
    let loose = ground.tree();
    assert_eq!(changes(&unborn, &loose), ["modified inner"]);
    let digest = evident_blobs::Blobs::digest(head.as_bytes());
    assert_eq!(loose.get(b"inner").map(|leaf| leaf.digest), Some(digest));
    git(&inner, &["pack-refs", "--all"]);
    assert!(!inner.join(".git/refs/heads/main").exists());
    assert_eq!(changes(&loose, &ground.tree()), [""; 0], "packed");
    git(&inner, &["checkout", "-q", "--detach"]);
    assert_eq!(changes(&loose, &ground.tree()), [""; 0], "detached");
    git(&inner, &["worktree", "add", "-q", "../linked", "main"]);
    assert_eq!(ground.tree().get(b"linked").map(|leaf| leaf.digest), Some(digest), "a linked working tree");
    git(&inner, &["commit", "-q", "--allow-empty", "-m", "next"]);
    assert_eq!(changes(&loose, &ground.tree())[..1], ["modified inner"]);
}

#[test]
fn what_git_tracks_counts_though_it_is_ignored() {
    let ground =
        Ground::with(&[("/", ""), (".gitignore", "out/\n*.log\n"), ("out/kept", "1"), ("a.log", "1")]);
    git(&ground.work, &["add", "-f", "out/kept", "a.log"]);
    ground.write("out/other", "1");
    ground.write("out/deep/er", "1");
    ground.write("b.log", "1");
    assert_eq!(paths(&ground.tree()), [".gitignore", "a.log", "out/kept"]);
}

#[test]
fn marked_files_count_though_they_are_ignored() {
    let ground = Ground::with(&[
        (".evident-ignore", "out/\n.env*\n"),
        (".env.test", "1"),
        (".env.other", "1"),
        ("out/deep/fixture.json", "1"),
        ("out/deep/other.json", "1"),
        ("out/kept/x", "1"),
    ]);
    let rules = ground
        .rules()
        .with_marked(patterns(&["/.env.test", "out/**/fixture.json"]), patterns(&["out/kept/**"]));
    let all = [".env.test", ".evident-ignore", "out/deep/fixture.json", "out/kept/x"];
    assert_eq!(paths(&ground.scan(&rules)), all);
    evident_core::defence::without(evident_core::defence::Defence::Inputs, || {
        assert_eq!(paths(&ground.scan(&rules)), [".evident-ignore", "out/kept/x"]);
    });
    assert!(rules.is_input(b"out/fixture.json") && !rules.is_input(b"out/kept/x"));
}

#[test]
fn repositories_inside_follow_their_own_rules() {
    let ground = Ground::with(&[
        ("/", ""),
        (".gitignore", "*.log\nbuild/\n"),
        ("inner/", ""),
        ("inner/.gitignore", "*.tmp\nforced\n"),
        ("inner/a.log", "1"),
        ("inner/a.tmp", "1"),
        ("inner/forced", "1"),
        ("build/", ""),
        ("build/x", "1"),
        ("a.log", "1"),
    ]);
    git(&ground.work.join("inner"), &["add", "-f", "forced"]);
    assert_eq!(
        paths(&ground.tree()),
        [".gitignore", "inner", "inner/.gitignore", "inner/a.log", "inner/forced"]
    );
}

#[test]
fn a_workspace_inside_a_repository_follows_the_rules_around_it() {
    let ground = Ground::with(&[
        ("/", ""),
        (".gitignore", "*.log\n/w/top\n"),
        ("w/.gitignore", "!keep.log\n"),
        ("w/a.log", "1"),
        ("w/keep.log", "1"),
        ("w/forced.log", "1"),
        ("w/top", "1"),
        ("w/sub/top", "1"),
        ("other", "1"),
    ]);
    git(&ground.work, &["add", "-f", "w/forced.log"]);
    let below = ground.work.join("w");
    let rules = Rules::of_workspace(&below).expect("reads");
    let tree = ground.trees.scan(&rules, &below, Cached::Never).expect("scans");
    assert_eq!(paths(&tree), [".gitignore", "forced.log", "keep.log", "sub/top"]);
}

#[test]
fn a_workspace_that_git_ignores_counts_as_one_without_git() {
    let ground = Ground::with(&[("/", ""), (".gitignore", "*\n"), ("w/a", "1"), ("w/.gitignore", "a\n")]);
    let below = ground.work.join("w");
    let rules = Rules::of_workspace(&below).expect("reads");
    let tree = ground.trees.scan(&rules, &below, Cached::Never).expect("scans");
    assert_eq!(paths(&tree), [".gitignore", "a"]);
}

#[test]
fn odd_names_count() {
    let ground = Ground::new();
    let names: [&[u8]; 6] = [b"-rf", b"a\nb", b"\"q\"\\", b"\xff\xfe.txt", b" ", b"\x1b[31m"];
    for name in names {
        fs::write(ground.work.join(OsStr::from_bytes(name)), name).expect("writes");
    }
    let tree = ground.trees.store(&ground.rules(), &ground.work).expect("stores");
    for name in names {
        assert_eq!(tree.get(name).map(|leaf| leaf.digest), Some(evident_blobs::Blobs::digest(name)));
    }
    let loaded = ground.trees.load(Trees::digest(&tree)).expect("is there");
    assert_eq!((&loaded, names.len()), (&tree, tree.entries().len()));
}

#[test]
fn git_itself_never_counts() {
    let ground = Ground::with(&[("/", ""), ("a", "1")]);
    let rules = ground.rules().with_marked(patterns(&["**"]), patterns(&[".git/**"]));
    assert_eq!(paths(&ground.scan(&rules)), ["a"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let ground = Ground::with(&[("a", "1"), ("locked/b", "1")]);
    let rules = ground.rules();
    let locked = ground.work.join("locked");
    fs::set_permissions(&locked, Permissions::from_mode(0o000)).expect("ours");
    // Who may do everything is not refused.
    let is_refused = fs::read_dir(&locked).is_err();
    let result = ground.trees.scan(&rules, &ground.work, Cached::Never);
    fs::set_permissions(&locked, Permissions::from_mode(0o700)).expect("ours");
    match result {
        Err(error @ Error::Closed { .. }) => {
            let (path, _) = error.of_the_work().expect("the work closed it");
            assert_eq!((path, is_refused), (locked, true));
        }
        result => assert!(result.is_ok() && !is_refused, "{result:?}"),
    }
}

#[test]
fn stored_contents_are_blobs() {
    let ground = ground();
    let large = "x".repeat(3 << 20);
    ground.write("large", &large);
    let tree = ground.trees.store(&ground.rules(), &ground.work).expect("stores");
    for digest in tree.digests() {
        let (file, _) = ground.blobs.read(digest).expect("is there");
        ground.blobs.verify(&file, digest).expect("is sound");
    }
    assert_eq!(tree, ground.tree());
    assert!(matches!(ground.trees.load(evident_blobs::Blobs::digest(b"one")), Err(Error::NotATree { .. })));
}

/// A file that never rests has no content: what was read was never there together.
#[test]
fn a_file_that_never_rests_is_named() {
    use std::sync::atomic::{AtomicBool, Ordering};
    const BYTES: u64 = 256 << 20;
    let ground = Ground::with(&[("a", "1"), ("restless", "")]);
    let path = ground.work.join("restless");
    let rules = ground.rules();
    let is_done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        let file = File::options().write(true).open(&path).expect("opens");
        file.set_len(BYTES).expect("is sparse");
        let is_done = &is_done;
        scope.spawn(move || {
            for step in 1_u64.. {
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
                file.set_len(BYTES + step % 2).expect("is sparse");
                std::thread::yield_now();
            }
        });
        let result = ground.trees.scan(&rules, &ground.work, Cached::Never);
        is_done.store(true, Ordering::Relaxed);
        result
    });
    assert!(matches!(&result, Err(Error::Unsteady { path: named }) if *named == path), "{result:?}");
    assert!(ground.trees.scan(&rules, &ground.work, Cached::Never).is_ok(), "at rest it is fine");
}

/// What a repository keeps for itself is not an entry: where it lies below a protected path, its folder is one.
#[test]
fn a_repository_in_a_protected_folder_is_seen() {
    let ground = Ground::with(&[(".evident-ignore", "tests/\n"), ("src/a", "1")]);
    let rules = ground.rules().with_marked(Vec::new(), patterns(&["tests/**"]));
    let start = ground.scan(&rules);
    fs::create_dir_all(ground.work.join("tests/.git")).expect("makes");
    ground.write("tests/.git/hidden", "1");
    assert_eq!(
        changes(&start, &ground.scan(&rules)),
        ["added tests/.git"],
        "what it hides counts by its name"
    );
    ground.write("tests/.git/HEAD", "ref: refs/heads/main\n");
    fs::create_dir_all(ground.work.join("tests/.git/objects")).expect("makes");
    fs::create_dir_all(ground.work.join("tests/.git/refs")).expect("makes");
    assert_eq!(changes(&start, &ground.scan(&rules)), ["added tests"]);
    assert_eq!(changes(&start, &ground.scan(&ground.rules())), [""; 0], "ignored, and nothing protects it");
}

/// Catches by-products of tests that count, and protected files that do not because something is ignored.
#[test]
fn what_is_ignored_in_a_protected_folder_is_a_by_product() {
    let ignores = "__pycache__/\n*.so\nvendor/\n.env\n";
    let ground = Ground::with(&[(".evident-ignore", ignores), ("tests/a.py", "1"), ("vendor/lib.py", "1")]);
    let protect = patterns(&["tests/**", "vendor/**", ".env"]);
    let marked = |inputs: &[&str]| ground.rules().with_marked(patterns(inputs), protect.clone());
    let (rules, inputs) = (marked(&[]), marked(&["tests/fast.so"]));
    let (start, start_of_inputs) = (ground.scan(&rules), ground.scan(&inputs));
    for by_product in ["tests/__pycache__/a.pyc", "tests/fast.so", "tests/deep/__pycache__/b.pyc"] {
        ground.write(by_product, "1");
    }
    assert_eq!(changes(&start, &ground.scan(&rules)), [""; 0]);
    assert_eq!(changes(&start_of_inputs, &ground.scan(&inputs)), ["added tests/fast.so"]);
    // The owner named these, though they are ignored.
    ground.write("vendor/lib.py", "2");
    ground.write(".env", "KEY=1");
    ground.write("tests/b.py", "1");
    let changed = ["added .env", "added tests/b.py", "modified vendor/lib.py"];
    assert_eq!(changes(&start, &ground.scan(&rules)), changed);
}

/// Catches a folder of the work that counts as a foreign repository because a sandbox left an empty `.git` in it, and
/// files that are hidden by a `.git` which makes no repository.
#[test]
fn a_git_folder_that_is_none_changes_nothing_and_hides_nothing() {
    let ground = Ground::with(&[("src/a", "1"), ("src/.gitignore", "*.log\n"), ("lib/b", "1")]);
    let rules = ground.rules();
    let start = ground.scan(&rules);
    let seen = || changes(&start, &ground.scan(&rules));
    fs::create_dir_all(ground.work.join("src/.git/refs/heads")).expect("makes");
    ground.write("lib/.git", "");
    assert_eq!(seen(), [""; 0]);
    ground.write("src/a", "2");
    ground.write("lib/c", "1");
    assert_eq!(seen(), ["added lib/c", "modified src/a"], "what lies beside it counts as before");
    ground.write("lib/.git", "gitdir: /nowhere\n");
    ground.write("src/.git/evil.py", "1");
    let told = seen();
    assert_eq!(told, ["added lib/.git", "added lib/c", "added src/.git", "modified src/a"]);
    let stored = ground.trees.store(&rules, &ground.work).expect("is stored");
    assert_eq!(ground.trees.load(Trees::digest(&stored)).expect("is read again"), stored);
    ground.write("src/.git/HEAD", "ref: refs/heads/main\n");
    fs::create_dir(ground.work.join("src/.git/objects")).expect("makes");
    assert!(seen().contains(&"added src".to_owned()), "it became one: {:?}", seen());
}

/// A sparse file costs nobody anything to make, and everybody much to keep.
#[test]
fn a_file_beyond_the_bound_is_not_kept() {
    let ground = Ground::with(&[("a", "1")]);
    let large = File::create(ground.work.join("disk.img")).expect("creates");
    large.set_len(4 * 1024 * 1024 * 1024 + 1).expect("is sparse");
    let refused = ground.trees.store(&ground.rules(), &ground.work);
    let Err(Error::TooLarge { path, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(path, ground.work.join("disk.img"));
}

/// Catches a message that sends a person to a folder where nothing is wrong.
#[test]
fn an_index_that_cannot_be_read_is_named_by_its_top() {
    let ground = Ground::with(&[("/", ""), (".gitignore", "out/\n"), ("a", "1"), ("lib/out/b", "2")]);
    commit_all(&ground.work);
    git(&ground.work, &["update-index", "--split-index"]);
    let error = Rules::of_workspace(&ground.work).expect_err("is split");
    let (path, what) = error.of_the_work().expect("is the work's doing");
    assert_eq!(path, ground.work);
    assert!(what.ends_with("the index is split: run `git update-index --no-split-index`"), "{what}");
}

//! A private folder becomes the tree, whatever lies in it.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use evident_blobs::Blobs;
use evident_collect::Error;
use evident_collect::tree::{Cached, Materialised, Rules, keep_only};
use evident_core::defence::{Defence, without};
use evident_core::tree::Tree;

use crate::fixture::mkfifo;

use super::{Ground, changes, commit_all, paths, patterns, write};

struct Private {
    ground: Ground,
    tree: Tree,
    rules: Rules,
    /// What is asked for.
    own: PathBuf,
    /// Where the copy is.
    folder: PathBuf,
}

impl Private {
    fn new() -> Self {
        let ground = Ground::with(&[
            (".evident-ignore", "target/\n*.log\n"),
            ("src/a.rs", "one"),
            ("src/deep/b.rs", "two"),
            ("run.sh", "#!/bin/sh"),
        ]);
        fs::set_permissions(ground.work.join("run.sh"), Permissions::from_mode(0o755)).expect("ours");
        symlink("src/a.rs", ground.work.join("link")).expect("links");
        let rules = ground.rules();
        let tree = ground.trees.store(&rules, &ground.work).expect("stores");
        let rules = ground.trees.rules_of(&tree, &rules).expect("loads");
        let own = ground.root.join("private/base");
        let folder = own.join("tree");
        Self { ground, tree, rules, own, folder }
    }

    fn bring(&self) -> Result<Materialised, Error> {
        self.ground.trees.materialise(&self.tree, &self.rules, &self.own, &self.ground.work, Duration::ZERO)
    }

    fn scan(&self) -> Tree {
        self.ground.trees.scan(&self.rules, &self.folder, Cached::Never).expect("scans")
    }

    #[track_caller]
    fn assert_right(&self) {
        let held = self.bring().expect("brings");
        assert_eq!(changes(&self.tree, &self.scan()), [""; 0]);
        assert_eq!(held.tree(), &self.tree);
    }
}

#[test]
fn a_new_folder_becomes_the_tree() {
    let private = Private::new();
    private.assert_right();
    let mode = |name: &str| fs::metadata(private.folder.join(name)).expect("is there").mode() & 0o7777;
    assert_eq!((mode(""), mode("run.sh"), mode("src/a.rs")), (0o700, 0o755, 0o644));
}

#[test]
fn what_commands_leave_behind_is_cleared() {
    let outside = |private: &Private| {
        let outside = private.ground.root.join("outside");
        write(&outside.join("a.rs"), "precious");
        write(&outside.join("deep/b.rs"), "precious");
        outside
    };
    let leave: &[&dyn Fn(&Private)] = &[
        // A symlink in place of a folder, and of a file.
        &|private| {
            fs::remove_dir_all(private.folder.join("src")).expect("removes");
            symlink(outside(private), private.folder.join("src")).expect("links");
        },
        &|private| {
            fs::remove_file(private.folder.join("src/a.rs")).expect("removes");
            symlink(outside(private).join("a.rs"), private.folder.join("src/a.rs")).expect("links");
        },
        // The name under which files are written.
        &|private| {
            fs::remove_file(private.folder.join("src/a.rs")).expect("removes");
            symlink(outside(private).join("a.rs"), private.folder.join("src/.evident-unfinished"))
                .expect("links");
        },
        // A second name of a file outside, with the right content.
        &|private| {
            let outside = outside(private);
            write(&outside.join("twin"), "one");
            fs::remove_file(private.folder.join("src/a.rs")).expect("removes");
            fs::hard_link(outside.join("twin"), private.folder.join("src/a.rs")).expect("links");
        },
        // Another content with the same size and times.
        &|private| {
            let path = private.folder.join("src/a.rs");
            let modified = fs::metadata(&path).expect("is there").modified().expect("has one");
            fs::write(&path, "evi").expect("writes");
            File::options().write(true).open(&path).expect("opens").set_modified(modified).expect("sets");
        },
        &|private| {
            fs::write(private.folder.join("src/a.rs"), "evil").expect("writes");
            fs::set_permissions(private.folder.join("src/a.rs"), Permissions::from_mode(0o000))
                .expect("ours");
            fs::set_permissions(private.folder.join("src"), Permissions::from_mode(0o500)).expect("ours");
        },
        &|private| {
            fs::set_permissions(private.folder.join("src/deep"), Permissions::from_mode(0o000))
                .expect("ours");
        },
        // A folder in place of a file, a file in place of a folder, a FIFO, a repository, new files.
        &|private| {
            fs::remove_file(private.folder.join("run.sh")).expect("removes");
            write(&private.folder.join("run.sh/x"), "1");
            fs::remove_dir_all(private.folder.join("src/deep")).expect("removes");
            write(&private.folder.join("src/deep"), "1");
        },
        &|private| {
            fs::remove_file(private.folder.join("run.sh")).expect("removes");
            mkfifo(&private.folder.join("run.sh"));
        },
        &|private| {
            write(&private.folder.join(".git/config"), "[core]");
            write(&private.folder.join(".git/ignored.log"), "stays elsewhere");
        },
        &|private| write(&private.folder.join("src/build.rs"), "evil"),
        &|private| write(&private.folder.join(".evident-ignore"), "*"),
        &|private| {
            fs::remove_dir_all(&private.folder).expect("removes");
            symlink(outside(private), &private.folder).expect("links");
        },
        &|private| {
            fs::set_permissions(private.folder.join("run.sh"), Permissions::from_mode(0o4644)).expect("ours");
        },
    ];
    for (index, leave) in leave.iter().enumerate() {
        let private = Private::new();
        private.bring().expect("brings");
        leave(&private);
        private.assert_right();
        let outside = private.ground.root.join("outside");
        if outside.exists() {
            assert_eq!(fs::read_to_string(outside.join("a.rs")).expect("is there"), "precious", "{index}");
            assert_eq!(
                fs::read_dir(&outside).expect("lists").count(),
                2 + usize::from(outside.join("twin").exists()),
                "{index}"
            );
        }
        let a = fs::metadata(private.folder.join("src/a.rs")).expect("is there");
        assert_eq!((a.nlink(), private.folder.join(".git").exists()), (1, false), "{index}");
        let run = fs::metadata(private.folder.join("run.sh")).expect("is there").mode();
        assert_eq!(run & 0o7777, 0o755, "{index}");
    }
}

#[test]
fn builds_stay_and_right_files_keep_their_times() {
    let private = Private::new();
    private.bring().expect("brings");
    write(&private.folder.join("target/debug/x"), "built");
    write(&private.folder.join("src/run.log"), "noise");
    write(&private.folder.join("gone/run.log"), "noise");
    write(&private.folder.join("gone/x"), "1");
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let path = private.folder.join("src/a.rs");
    File::options().write(true).open(&path).expect("opens").set_modified(old).expect("sets");
    private.assert_right();
    assert_eq!(fs::metadata(&path).expect("is there").modified().expect("has one"), old);
    let stays =
        ["target/debug/x", "src/run.log", "gone/run.log"].map(|name| private.folder.join(name).exists());
    assert_eq!((stays, private.folder.join("gone/x").exists()), ([true; 3], false));
}

/// Tools look for settings in the folders above: nothing that a command left there acts on the next one.
#[test]
fn nothing_lies_around_a_copy() {
    let private = Private::new();
    let outside = private.ground.root.join("outside");
    write(&outside.join("precious"), "1");
    private.assert_right();
    let around = private.own.parent().expect("has one").to_owned();
    for folder in [&private.own, &around] {
        write(&folder.join(".cargo/config.toml"), "evil");
        write(&folder.join("pytest.ini"), "evil");
        fs::create_dir(folder.join("node_modules")).expect("makes");
        fs::set_permissions(folder.join("node_modules"), Permissions::from_mode(0o000)).expect("ours");
        symlink(&outside, folder.join("link")).expect("links");
        mkfifo(&folder.join("fifo"));
    }
    write(&around.join("snapshot/tree/x"), "another copy");
    let held = private.bring().expect("brings");
    assert_eq!(held.folder(), private.folder);
    assert_eq!(names(&private.own), ["cache", "tree"]);
    let belongs = |name: &OsStr| ["base", "base.lock", "snapshot"].iter().any(|known| name == *known);
    keep_only(&around, belongs).expect("removes");
    assert_eq!(names(&around), ["base", "base.lock", "snapshot"]);
    assert!(around.join("snapshot/tree/x").exists() && outside.join("precious").exists());
    assert!(matches!(private.bring(), Err(Error::Busy { .. })), "still held");
    fs::remove_dir_all(&around).expect("removes");
    symlink(&outside, &around).expect("links");
    keep_only(&around, belongs).expect("makes");
    assert!(around.symlink_metadata().expect("is there").is_dir() && outside.join("precious").exists());
}

/// However deep, and whatever is beyond mending: the next run has a right copy.
#[test]
fn a_copy_that_cannot_be_mended_is_made_anew() {
    let private = Private::new();
    for name in ["deep", "src/deep.log", "target"] {
        private.assert_right();
        write(&private.folder.join("target/built"), "1");
        nest(&private.folder.join(name), 400);
        private.assert_right();
        assert_eq!(names(&private.own), ["cache", "tree"], "{name}");
    }
    let around = private.own.parent().expect("has one");
    assert_eq!(names(around), ["base", "base.lock"]);
}

/// Folders inside each other, more than a walk goes and more than a path can name.
fn nest(folder: &Path, levels: usize) {
    let name = "a".repeat(20);
    let script = format!(
        "mkdir -p \"$0\" && cd \"$0\" && i=0; while [ $i -lt {levels} ]; do mkdir {name} && cd -P {name} || exit 1; i=$((i+1)); done"
    );
    let status = std::process::Command::new("sh").args(["-c", &script]).arg(folder).status();
    assert!(status.expect("sh runs").success());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("lists");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(entry.expect("readable"))).collect();
    names.sort();
    names
}

#[test]
fn without_the_proof_a_changed_file_stays() {
    let private = Private::new();
    private.bring().expect("brings");
    fs::write(private.folder.join("src/a.rs"), "evi").expect("writes");
    without(Defence::MaterialisedProof, || private.bring().expect("brings"));
    assert_eq!(changes(&private.tree, &private.scan()), ["modified src/a.rs"]);
    private.assert_right();
}

#[test]
fn one_at_a_time() {
    let private = Private::new();
    let held = private.bring().expect("brings");
    assert!(matches!(private.bring(), Err(Error::Busy { folder }) if folder == private.own));
    drop(held);
    private.bring().expect("is free");
}

/// What a command puts in the place of the lock keeps nobody out.
#[test]
fn a_lock_that_is_none_is_made_anew() {
    let private = Private::new();
    let lock = private.own.with_extension("lock");
    let outside = private.ground.root.join("outside");
    let makes: [&dyn Fn(); 3] =
        [&|| write(&lock.join("deep/x"), "1"), &|| symlink(&outside, &lock).expect("links"), &|| {
            mkfifo(&lock);
        }];
    for make in makes {
        private.bring().expect("brings");
        fs::remove_file(&lock).expect("removes");
        make();
        let _held = private.bring().expect("brings");
        assert!(lock.symlink_metadata().expect("is there").is_file());
        assert!(matches!(private.bring(), Err(Error::Busy { .. })));
    }
    assert!(!outside.exists());
}

#[test]
fn a_damaged_blob_is_never_brought() {
    let private = Private::new();
    let blob = private.ground.blobs.path(Blobs::digest(b"one"));
    fs::remove_file(&blob).expect("removes");
    fs::write(&blob, "evi").expect("writes");
    assert!(matches!(private.bring(), Err(Error::Blobs(_))));
    assert!(!private.folder.join("src/a.rs").exists());
}

#[test]
fn a_snapshot_has_the_protected_paths_of_the_start() {
    let private = Private::new();
    let ground = &private.ground;
    ground.write("src/a.rs", "work");
    ground.write("src/deep/b.rs", "cheated");
    ground.write("src/deep/new.rs", "cheated");
    let rules = ground.rules();
    let work = ground.trees.store(&rules, &ground.work).expect("stores");
    let protected = patterns(&["src/deep/**"]);
    let snapshot = work.with_paths_of(&private.tree, |path| protected[0].matches_bytes(path));
    let rules = ground.trees.rules_of(&snapshot, &rules).expect("loads");
    let held = ground
        .trees
        .materialise(&snapshot, &rules, &private.own, &ground.work, Duration::ZERO)
        .expect("brings");
    let scanned = ground.trees.scan(&rules, held.folder(), Cached::Never).expect("scans");
    assert_eq!(changes(&private.tree, &scanned), ["modified src/a.rs"]);
}

#[test]
fn the_tree_of_a_commit_is_brought_with_its_submodules() {
    let ground = Ground::with(&[
        ("/", ""),
        (".gitignore", "*.log\n"),
        ("forced.log", "1"),
        ("inner/", ""),
        ("inner/x.log", "1"),
    ]);
    let inner = ground.work.join("inner");
    commit_all(&inner);
    super::git(&ground.work, &["add", "-f", "forced.log"]);
    super::git(&ground.work, &["-c", "advice.addEmbeddedRepo=false", "add", "inner"]);
    let commit = commit_all(&ground.work);
    let tree = ground.trees.of_commit(&ground.work, &commit).expect("reads");
    let rules = ground.trees.rules_of(&tree, &ground.rules()).expect("loads");
    let folder = ground.root.join("private/base");
    let held =
        ground.trees.materialise(&tree, &rules, &folder, &ground.work, Duration::ZERO).expect("brings");
    // There is no index here that says what is tracked: the paths of the tree count by themselves.
    let scanned = ground.trees.scan(&rules, held.folder(), Cached::Never).expect("scans");
    assert_eq!(paths(&scanned), [".gitignore", "forced.log", "inner/x.log"]);
    assert_eq!(changes(held.tree(), &scanned), [""; 0]);
    write(&held.folder().join("new.log"), "1");
    write(&held.folder().join("inner/new.log"), "1");
    let again = ground.trees.scan(&rules, held.folder(), Cached::Never).expect("scans");
    assert_eq!(changes(&scanned, &again), ["added inner/new.log"]);
}

/// The name under which files are written is a name like any other.
#[test]
fn unfinished_files_are_in_nobodys_way() {
    let name = ".evident-unfinished";
    let ground = Ground::with(&[(".evident-ignore", ".evident-unf*\n"), ("z", "1")]);
    let tree_with = |own: bool| {
        if own {
            ground.write(name, "mine");
        }
        let rules = ground.rules().with_marked(patterns(&[name]), Vec::new());
        let tree = ground.trees.store(&rules, &ground.work).expect("stores");
        let rules = ground.trees.rules_of(&tree, &ground.rules()).expect("loads");
        (tree, rules)
    };
    for own in [false, true] {
        let (tree, rules) = tree_with(own);
        let folder = ground.root.join("private").join(own.to_string());
        for left in [name, ".evident-unfinished-"] {
            write(&folder.join("tree").join(left).join("deep/x"), "left behind, and ignored");
        }
        let held =
            ground.trees.materialise(&tree, &rules, &folder, &ground.work, Duration::ZERO).expect("brings");
        let scanned = ground.trees.scan(&rules, held.folder(), Cached::Never).expect("scans");
        assert_eq!((changes(&tree, &scanned), tree.entries().len()), (Vec::new(), 2 + usize::from(own)));
    }
}

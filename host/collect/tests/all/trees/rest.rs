//! What moves while a folder is looked at, or between two looks, and what is put back before the second.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use evident_collect::tree::{Cached, Looked};
use evident_collect::{CallOff, Error};
use evident_core::defence::{Defence, without};

use super::{Ground, changes, write};

/// Waits until the clock of the file system has gone on: what happens then carries another time.
fn tick(ground: &Ground) {
    let probe = ground.root.join("probe");
    let stamp = || {
        fs::write(&probe, "1").expect("writes");
        let found = fs::metadata(&probe).expect("is there");
        (found.ctime(), found.ctime_nsec())
    };
    let begun = stamp();
    while stamp() == begun {}
}

fn ground() -> Ground {
    let ground =
        Ground::with(&[(".evident-ignore", "*.log\n"), ("src/a", "one"), ("src/deep/b", "two"), ("c", "3")]);
    symlink("src/a", ground.work.join("link")).expect("links");
    ground
}

fn look(ground: &Ground) -> Looked {
    ground.trees.look(&ground.rules(), &ground.work, Cached::Use).expect("looks")
}

/// Renames a file or folder of the workspace away, lets `between` work, and renames it back.
fn renamed(ground: &Ground, name: &str, between: impl Fn(&Path)) {
    let (path, away) = (ground.work.join(name), ground.root.join("away"));
    fs::rename(&path, &away).expect("renames");
    between(&path);
    if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir_all(&path).expect("removes");
    } else {
        fs::remove_file(&path).expect("removes");
    }
    fs::rename(&away, &path).expect("renames");
}

/// What it moves, and how.
type Attack<'a> = (&'a str, &'a dyn Fn(&Ground));

/// The tree is the same after each of them, and so are size, mode and the times that a program can set.
#[test]
fn what_is_swapped_and_put_back_has_moved() {
    let attacks: [Attack<'_>; 8] = [
        ("src/a", &|ground| {
            let path = ground.work.join("src/a");
            let modified = fs::metadata(&path).expect("is there").modified().expect("has one");
            fs::write(&path, "evi").expect("writes");
            fs::write(&path, "one").expect("writes");
            File::options().write(true).open(&path).expect("opens").set_modified(modified).expect("sets");
        }),
        ("src/a", &|ground| renamed(ground, "src/a", |path| write(path, "evil"))),
        ("src/a", &|ground| {
            let path = ground.work.join("src/a");
            for mode in [0o600, 0o644] {
                fs::set_permissions(&path, Permissions::from_mode(mode)).expect("ours");
            }
        }),
        ("src/a", &|ground| {
            let other = ground.root.join("other");
            write(&other, "one");
            fs::rename(other, ground.work.join("src/a")).expect("replaces");
        }),
        ("link", &|ground| renamed(ground, "link", |path| symlink("c", path).expect("links"))),
        ("src", &|ground| renamed(ground, "src", |path| write(&path.join("a"), "evil"))),
        ("src/deep", &|ground| {
            renamed(ground, "src/deep", |path| symlink("../../other", path).expect("links"));
        }),
        (".", &|ground| {
            let away = ground.root.join("away");
            fs::rename(&ground.work, &away).expect("renames");
            write(&ground.work.join("src/a"), "evil");
            fs::remove_dir_all(&ground.work).expect("removes");
            fs::rename(&away, &ground.work).expect("renames");
        }),
    ];
    for (number, (path, attack)) in attacks.into_iter().enumerate() {
        let ground = ground();
        fs::set_permissions(ground.work.join("src/a"), Permissions::from_mode(0o644)).expect("ours");
        let before = look(&ground);
        tick(&ground);
        attack(&ground);
        let after = look(&ground);
        assert_eq!(changes(&before.tree, &after.tree), [""; 0], "{number}");
        let moved = after.stand.moved_since(&before.stand);
        assert!(moved.contains(&path.as_bytes().to_vec()), "{number}: {moved:?}");
    }
}

/// The workspace itself stays as it is, and its path leads elsewhere for a while.
#[test]
fn a_folder_above_that_is_renamed_for_a_while_has_moved() {
    let mut ground = ground();
    let (above, away) = (ground.root.join("above"), ground.root.join("away"));
    fs::create_dir(&above).expect("makes");
    fs::rename(&ground.work, above.join("work")).expect("renames");
    ground.work = above.join("work");
    let before = look(&ground);
    tick(&ground);
    fs::rename(&above, &away).expect("renames");
    write(&ground.work.join("src/a"), "evil");
    fs::remove_dir_all(&above).expect("removes");
    fs::rename(&away, &above).expect("renames");
    let after = look(&ground);
    assert_eq!(changes(&before.tree, &after.tree), [""; 0]);
    assert_eq!(after.stand.moved_since(&before.stand), [above.as_os_str().as_encoded_bytes()]);
}

/// Catches a host that calls honest suites liars: they read, and leave things that are ignored.
#[test]
fn what_an_honest_command_does_moves_nothing() {
    let ground = ground();
    let before = look(&ground);
    tick(&ground);
    for name in ["src/a", "link", "c"] {
        fs::read(ground.work.join(name)).expect("reads");
    }
    ground.write("src/build.log", "made");
    ground.write("kept.log", "made");
    fs::create_dir(ground.work.join("src/deep/empty")).expect("makes");
    fs::remove_dir(ground.work.join("src/deep/empty")).expect("removes");
    fs::write(ground.work.join("temporary"), "made").expect("writes");
    fs::remove_file(ground.work.join("temporary")).expect("removes");
    let after = look(&ground);
    assert_eq!(after.stand.moved_since(&before.stand), Vec::<Vec<u8>>::new());
    let stand = ground.trees.stand(&ground.rules(), &ground.work).expect("looks");
    assert_eq!(stand.moved_since(&before.stand), Vec::<Vec<u8>>::new(), "without reading a file");
}

/// True while this process has the file open.
fn is_open(path: &Path) -> bool {
    let open = fs::read_dir("/proc/self/fd").expect("lists");
    open.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))
}

/// Looks at the whole folder; when the file `z` is being read, `a` was read before, and is edited.
fn edited_behind_the_reader(last_walk: bool) -> (Looked, Ground) {
    let ground = Ground::with(&[("a", "one")]);
    let large = ground.work.join("z");
    File::create(&large).and_then(|file| file.set_len(256 << 20)).expect("is sparse");
    let rules = ground.rules();
    let looked = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let looking = || ground.trees.look(&rules, &ground.work, Cached::Never);
            if last_walk { looking() } else { without(Defence::LastWalk, looking) }
        });
        while !is_open(&large) && !reader.is_finished() {
            thread::yield_now();
        }
        fs::write(ground.work.join("a"), "two").expect("writes");
        reader.join().expect("does not panic").expect("looks")
    });
    (looked, ground)
}

#[test]
fn what_is_edited_behind_the_reader_is_read_again() {
    let content = |looked: &Looked| looked.tree.get(b"a").expect("is there").digest;
    let (looked, ground) = edited_behind_the_reader(true);
    assert_eq!(content(&looked), evident_blobs::Blobs::digest(b"two"));
    assert_eq!(changes(&looked.tree, &ground.tree()), [""; 0]);
    let (looked, _) = edited_behind_the_reader(false);
    assert_eq!(content(&looked), evident_blobs::Blobs::digest(b"one"), "without the last walk");
}

/// Nothing waits for work that no caller wants any more, however much there is to read.
#[test]
fn work_that_is_called_off_ends() {
    let ground = ground();
    let rules = ground.rules();
    let tree = ground.trees.store(&rules, &ground.work).expect("stores");
    let call_off = CallOff::new();
    let trees = ground.trees.clone().as_long_as(call_off.wanted());
    trees.scan(&rules, &ground.work, Cached::Never).expect("is wanted");
    drop(call_off);
    let (work, own): (&Path, PathBuf) = (&ground.work, ground.root.join("private/base"));
    let results = [
        trees.rules(work).map(drop),
        trees.scan(&rules, work, Cached::Use).map(drop),
        trees.stand(&rules, work).map(drop),
        trees.store(&rules, work).map(drop),
        trees.materialise(&tree, &rules, &own, work, std::time::Duration::ZERO).map(drop),
    ];
    for (number, result) in results.into_iter().enumerate() {
        assert!(matches!(result, Err(Error::CalledOff)), "{number}: {result:?}");
    }
}

/// Within one large file as well.
#[test]
fn the_reading_of_one_file_is_called_off() {
    let ground = ground();
    let large = ground.work.join("z");
    File::create(&large).and_then(|file| file.set_len(4 << 30)).expect("is sparse");
    let rules = ground.rules();
    let call_off = CallOff::new();
    let trees = ground.trees.clone().as_long_as(call_off.wanted());
    let result = thread::scope(|scope| {
        let reader = scope.spawn(|| trees.scan(&rules, &ground.work, Cached::Never));
        while !is_open(&large) && !reader.is_finished() {
            thread::yield_now();
        }
        drop(call_off);
        reader.join().expect("does not panic")
    });
    assert!(matches!(result, Err(Error::CalledOff)), "{result:?}");
}

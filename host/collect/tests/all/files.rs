//! `files`: what is already in the workspace, whole, inside, and as fresh as it must be.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use evident_blobs::Blobs;
use evident_core::evidence::{OriginKind, Timestamp};

use crate::fixture::*;

fn set_age(path: &std::path::Path, modified: SystemTime) {
    File::options().write(true).open(path).expect("opens").set_modified(modified).expect("sets");
}

#[tokio::test]
async fn globs_give_files_in_byte_order() {
    let fixture = Fixture::new();
    for name in ["logs/b.txt", "logs/a.txt", "logs/.hidden.txt", "logs/deep/c.txt", ".git/d.txt", "z"] {
        fixture.write(name, name);
    }
    let evidence = fixture.collect(&file_source(files(&["z", "logs/*.txt", "logs/a.txt"]))).await;
    assert_sound(&evidence);
    assert_eq!(names(&evidence), ["logs/.hidden.txt", "logs/a.txt", "logs/b.txt", "z"]);
    let evidence = fixture.collect(&file_source(files(&["**/*.txt"]))).await;
    assert_eq!(names(&evidence), ["logs/.hidden.txt", "logs/a.txt", "logs/b.txt", "logs/deep/c.txt"]);
    let origin = &evidence.origin;
    assert_eq!((origin.kind, origin.doubts.is_empty()), (OriginKind::Found, false));
    assert!(origin.argv.is_empty() && origin.exit.is_none());
    assert_eq!(origin.age_ms, None, "nobody asked for an age");
}

#[tokio::test]
async fn a_glob_without_a_file_is_missing() {
    let fixture = Fixture::new();
    fixture.write("logs/a.txt", "");
    for pattern in ["logs/*.json", "absent", "absent/**/x", "*"] {
        let evidence = fixture.collect(&file_source(files(&["logs/a.txt", pattern]))).await;
        assert_short(&evidence, "no-evidence(missing)", &format!("`{pattern}` matches no file"));
    }
}

#[tokio::test]
async fn what_is_no_regular_file_is_named() {
    let fixture = Fixture::new();
    fixture.write("folder/x", "");
    mkfifo(&fixture.workspace.join("pipe"));
    symlink("pipe", fixture.workspace.join("to-pipe")).expect("links");
    let _socket = std::os::unix::net::UnixListener::bind(fixture.workspace.join("socket")).expect("binds");
    let table = [
        ("folder", "`folder` is a folder"),
        ("pipe", "`pipe` is a FIFO"),
        ("pip*", "`pipe` is a FIFO"),
        ("to-pipe", "`to-pipe` is a FIFO"),
        ("socket", "`socket` is a socket"),
        ("../outside", "not a path inside the workspace"),
        ("/etc/passwd", "not a path inside the workspace"),
        ("a[", "a["),
    ];
    for (path, detail) in table {
        let evidence = fixture.collect(&file_source(files(&[path]))).await;
        assert_short(&evidence, "no-evidence(unreadable)", detail);
    }
}

#[tokio::test]
async fn a_symlink_may_stay_inside_and_never_leave() {
    let fixture = Fixture::new();
    fixture.write("real/file", "inside");
    fs::write(fixture.outside.join("file"), "outside").expect("writes");
    symlink("real/file", fixture.workspace.join("inside")).expect("links");
    symlink("real", fixture.workspace.join("folder")).expect("links");
    let evidence = fixture.collect(&file_source(files(&["inside", "folder/*"]))).await;
    assert_sound(&evidence);
    assert_eq!(fixture.text(&evidence, "inside"), "inside");
    assert_eq!(fixture.text(&evidence, "folder/file"), "inside");
    symlink(&fixture.outside, fixture.workspace.join("out")).expect("links");
    symlink(fixture.outside.join("file"), fixture.workspace.join("leaf")).expect("links");
    symlink("../outside/file", fixture.workspace.join("dots")).expect("links");
    symlink("/dev/zero", fixture.workspace.join("zero")).expect("links");
    for path in ["out/file", "out/*", "leaf", "le*", "dots", "zero"] {
        let evidence = fixture.collect(&file_source(files(&[path]))).await;
        assert_short(&evidence, "no-evidence(unreadable)", "leads out of the workspace");
        assert!(evidence.artifacts.is_empty());
    }
    symlink("nowhere", fixture.workspace.join("dangling")).expect("links");
    assert_short(
        &fixture.collect(&file_source(files(&["dangling"]))).await,
        "no-evidence(missing)",
        "dangling",
    );
    symlink("loop", fixture.workspace.join("loop")).expect("links");
    assert_short(&fixture.collect(&file_source(files(&["loop"]))).await, "no-evidence(unreadable)", "loop");
}

#[tokio::test]
async fn a_large_file_is_refused_before_it_is_read() {
    let fixture = Fixture::new();
    let path = fixture.write("large", "");
    File::options().write(true).open(path).expect("opens").set_len(1 << 40).expect("is sparse");
    let evidence = fixture.collect(&file_source(files(&["large"]))).await;
    assert_short(&evidence, "no-evidence(overflow)", "`large` has 1099511627776 bytes, at most 1048576");
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_is_refused() {
    let fixture = Fixture::new();
    let path = fixture.write("log", &"x".repeat(32 << 20));
    let stop = Arc::new(AtomicBool::new(false));
    let (begun, writes) = std::sync::mpsc::channel();
    let writer = {
        let stop = stop.clone();
        let mut file = OpenOptions::new().append(true).open(path).expect("opens");
        std::thread::spawn(move || {
            let mut begun = Some(begun);
            while !stop.load(Ordering::Relaxed) {
                file.write_all(b"y").expect("writes");
                begun.take().map(|begun| begun.send(()));
            }
        })
    };
    writes.recv().expect("the thread writes");
    let mut source = file_source(files(&["log"]));
    source.artifact_bytes_max = 1 << 30;
    let evidence = fixture.collect(&source).await;
    stop.store(true, Ordering::Relaxed);
    writer.join().expect("ends");
    assert_short(&evidence, "no-evidence(unreadable)", "`log` changed while it was read");
}

#[tokio::test]
async fn an_old_file_is_stale() {
    let fixture = Fixture::new();
    let path = fixture.write("log", "x");
    let mut fresh = files(&["log"]);
    fresh.max_age = Some(Duration::from_secs(900));
    let source = file_source(fresh);
    assert_sound(&fixture.collect(&source).await);
    set_age(&path, SystemTime::now() - Duration::from_secs(7200));
    let evidence = fixture.collect(&source).await;
    assert_short(&evidence, "stale", "`log` is 2 h");
    assert_short(&evidence, "stale", "at most 15 m");
    set_age(&path, SystemTime::now() + Duration::from_secs(3600));
    let evidence = fixture.collect(&source).await;
    assert_short(&evidence, "stale", "in the future");
    assert_eq!(evidence.origin.age_ms, None);
}

#[tokio::test]
async fn the_age_is_that_of_the_oldest() {
    let fixture = Fixture::new();
    set_age(&fixture.write("a", "x"), SystemTime::now() - Duration::from_secs(7200));
    fixture.write("b", "x");
    let asked =
        evident_core::contract::Files { max_age: Some(Duration::from_secs(10_000)), ..files(&["a", "b"]) };
    let evidence = fixture.collect(&file_source(asked)).await;
    assert_sound(&evidence);
    assert!(evidence.origin.age_ms.is_some_and(|age| (7_200_000..7_300_000).contains(&age)));
}

#[tokio::test]
async fn a_file_from_before_the_other_source_is_stale() {
    let fixture = Fixture::new();
    let path = fixture.write("log", "x");
    set_age(&path, SystemTime::now() - Duration::from_secs(5));
    let first = run_source(sh("touch new"));
    let started = fixture.collect(&first).await.origin.started;
    let mut later = files(&["log"]);
    later.after = Some(placed("suite"));
    let evidence = fixture.collect_after(&file_source(later.clone()), Some(started)).await;
    assert_short(&evidence, "stale", "before `suite` was collected");
    // Written in the very first moment of the run: the clocks of files and of the system must agree.
    later.paths = vec![placed("new")];
    assert_sound(&fixture.collect_after(&file_source(later.clone()), Some(started)).await);
    let evidence = fixture.collect_after(&file_source(later), Some(Timestamp(u64::MAX))).await;
    assert_short(&evidence, "stale", "`new` was written");
}

#[tokio::test]
async fn a_pinned_file_must_have_its_digest() {
    let fixture = Fixture::new();
    fixture.write("baseline", "right");
    fixture.write("other", "right");
    let mut pinned = files(&["baseline"]);
    pinned.sha256 = Some(Blobs::digest(b"right"));
    let evidence = fixture.collect(&file_source(pinned.clone())).await;
    assert_sound(&evidence);
    assert_eq!(evidence.origin.doubts, []);
    pinned.paths.push(placed("other"));
    assert_short(&fixture.collect(&file_source(pinned.clone())).await, "stale", "but 2 match");
    pinned.paths.pop();
    fixture.write("baseline", "wrong");
    let evidence = fixture.collect(&file_source(pinned)).await;
    assert_short(&evidence, "stale", &Blobs::digest(b"right").short());
    assert_short(&evidence, "stale", &Blobs::digest(b"wrong").short());
}

#[tokio::test]
async fn too_many_files_are_refused() {
    let fixture = Fixture::new();
    for index in 0..10_001 {
        File::create(fixture.workspace.join(format!("{index}.txt"))).expect("makes");
    }
    let evidence = fixture.collect(&file_source(files(&["*.txt"]))).await;
    assert_short(&evidence, "no-evidence(overflow)", "more than 10000 files");
}

/// In a private copy, what an earlier run left behind is not evidence, however it is reached.
#[tokio::test]
async fn a_place_that_is_held_to_a_tree_gives_nothing_else() {
    let fixture = Fixture::new();
    fixture.write(".evident-ignore", "out/\n");
    fixture.write("reports/a.xml", "of the tree");
    symlink("reports/a.xml", fixture.workspace.join("good.xml")).expect("links");
    symlink("out/old.xml", fixture.workspace.join("bad.xml")).expect("links");
    let rules = evident_collect::tree::Rules::of_workspace(&fixture.workspace).expect("reads");
    let cache = fixture.outside.join("cache");
    let trees = evident_collect::tree::Trees::new(&cache, fixture.blobs.clone()).expect("opens");
    let tree = trees.store(&rules, &fixture.workspace).expect("stores");
    fixture.write("out/old.xml", "left behind");
    fixture.write("reports/new.xml", "left behind");
    symlink("reports", fixture.workspace.join("way")).expect("links");
    let only = fixture.collector.clone().only(&tree, std::path::Path::new("/nowhere")).expect("opens");
    for glob in ["out/old.xml", "out/*", "bad.xml", "reports/new.xml", "way/a.xml"] {
        let source = file_source(files(&[glob]));
        assert_sound(&fixture.collect(&source).await);
        let evidence = only.collect(&source, None).await.expect("the host works");
        assert_short(&evidence, "no-evidence(missing)", glob);
        assert_eq!(evidence.artifacts, []);
    }
    let evidence = only.collect(&file_source(files(&["*.xml", "reports/*"])), None).await.expect("works");
    assert_sound(&evidence);
    assert_eq!(names(&evidence), ["good.xml", "reports/a.xml"]);
}

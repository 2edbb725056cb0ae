//! How long a scan takes beside `git status`: 50,000 files, cold and warm.
//!
//! `cargo bench -p evident-collect --bench tree`. Prints milliseconds, the best of five; where git is
//! absent it says so.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use evident_blobs::Blobs;
use evident_collect::tree::{Cached, Rules, Trees};

const FILES: usize = 50_000;
const FILES_PER_FOLDER: usize = 50;
const RUNS: usize = 5;

/// How much slower than `git status` a warm scan may be.
const FACTOR_MAX: f64 = 3.0;

/// How much of an assessment's own looks the walks may cost that compare change times and come last.
const WALKS_MAX: f64 = 0.3;

fn main() {
    let mut out = std::io::stdout();
    let mut say = |line: String| writeln!(out, "{line}").expect("stdout is open");
    let has_git = Command::new("git").arg("--version").stdout(Stdio::null()).status();
    if !has_git.is_ok_and(|status| status.success()) {
        say("skipped: no git".to_owned());
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let work = folder.path().join("work");
    fill(&work);
    git(&work, &["init", "-q"]);
    git(&work, &["add", "."]);
    git(&work, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"]);
    // What is younger than two seconds is read again by both.
    std::thread::sleep(Duration::from_secs(3));
    git(&work, &["status", "--porcelain"]);
    let blobs = Blobs::open(folder.path().join("blobs")).expect("opens");
    let trees = Trees::new(&folder.path().join("cache"), blobs).expect("opens");
    let (frozen, rules) = best(1, || Rules::of_workspace(&work).expect("reads"));
    let (cold, tree) = best(1, || trees.scan(&rules, &work, Cached::Use).expect("scans"));
    assert_eq!(tree.entries().len(), FILES + 1);
    let (warm, _) = best(RUNS, || trees.scan(&rules, &work, Cached::Use).expect("scans"));
    let (whole, _) = best(RUNS, || trees.scan(&rules, &work, Cached::Never).expect("scans"));
    let (walk, _) = best(RUNS, || trees.stand(&rules, &work).expect("walks"));
    let (status, ()) = best(RUNS, || git(&work, &["status", "--porcelain"]));
    let (first, _) = best(1, || trees.store(&rules, &work).expect("stores"));
    let (again, _) = best(1, || trees.store(&rules, &work).expect("stores"));
    say(format!("{FILES} files, milliseconds"));
    let rows = [
        ("git status, warm index", status),
        ("rules", frozen),
        ("scan, cold", cold),
        ("scan, warm", warm),
        ("scan, every file read", whole),
        ("a walk alone", walk),
        ("store, first", first),
        ("store, again", again),
    ];
    for (name, time) in rows {
        say(format!("{name:<24} {:>8.1}", time.as_secs_f64() * 1000.0));
    }
    let factor = warm.as_secs_f64() / status.as_secs_f64();
    say(format!("warm scan / git status   {factor:>8.2} (at most {FACTOR_MAX})"));
    assert!(factor <= FACTOR_MAX, "a warm scan is too slow");
    // An assessment of one source looks twice with the cache, and once at every file with a walk after it.
    let walks = walk.as_secs_f64() / (2 * warm + whole - walk).as_secs_f64();
    say(format!("last walk / looks without it {walks:>5.2} (at most {WALKS_MAX})"));
    assert!(walks <= WALKS_MAX, "the last walk is too slow");
}

fn fill(work: &Path) {
    for index in 0..FILES {
        let part = index / FILES_PER_FOLDER;
        let folder = work.join(format!("src{}/part{part}", part % 40));
        fs::create_dir_all(&folder).expect("makes");
        let text = format!("line {index}\n").repeat(1 + index % 200);
        fs::write(folder.join(format!("file{index}.txt")), text).expect("writes");
    }
    fs::write(work.join(".gitignore"), "target/\n*.log\n/build\n").expect("writes");
}

fn git(work: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(work).stdout(Stdio::null()).status();
    assert!(status.expect("git runs").success(), "{arguments:?}");
}

fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let timed = |work: &mut dyn FnMut() -> T| {
        let start = Instant::now();
        let result = work();
        (start.elapsed(), result)
    };
    let mut best = timed(&mut work);
    for _ in 1..runs {
        let next = timed(&mut work);
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}

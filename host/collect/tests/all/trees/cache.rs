//! The stat cache saves time and never the truth.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use evident_collect::tree::{Cached, Rules};
use evident_core::defence::{Defence, without};
use evident_core::tree::Tree;

use super::{Ground, changes};

/// The one cache file.
fn cache_file(ground: &Ground) -> PathBuf {
    let mut files = fs::read_dir(ground.root.join("cache")).expect("lists");
    files.next().expect("is one").expect("lists").path()
}

fn scan(ground: &Ground, rules: &Rules) -> Tree {
    ground.trees.scan(rules, &ground.work, Cached::Use).expect("scans")
}

/// A scan of files that were written long ago, as far as it knows: what is young is recorded too.
fn at_rest(ground: &Ground, rules: &Rules) -> Tree {
    without(Defence::RacyStat, || scan(ground, rules))
}

#[test]
fn a_change_a_moment_later_is_seen() {
    let ground = Ground::with(&[("a", "one")]);
    let rules = ground.rules();
    let path = ground.work.join("a");
    for round in 0..50 {
        let before = scan(&ground, &rules);
        let modified = fs::metadata(&path).expect("is there").modified().expect("has one");
        fs::write(&path, if round % 2 == 0 { "two" } else { "one" }).expect("writes");
        File::options().write(true).open(&path).expect("opens").set_modified(modified).expect("sets");
        assert_eq!(changes(&before, &scan(&ground, &rules)), ["modified a"], "{round}");
    }
}

/// Sets the clock of the file back as far as a program can; only the change time stays.
#[test]
fn a_restored_time_hides_nothing() {
    let ground = Ground::with(&[("a", "one")]);
    let path = ground.work.join("a");
    let old = SystemTime::now() - Duration::from_secs(3600);
    let age = || File::options().write(true).open(&path).expect("opens").set_modified(old).expect("sets");
    age();
    let rules = ground.rules();
    let before = at_rest(&ground, &rules);
    fs::write(&path, "two").expect("writes");
    age();
    assert_eq!(changes(&before, &at_rest(&ground, &rules)), ["modified a"]);
}

#[test]
fn a_damaged_cache_is_none() {
    let ground = Ground::with(&[("a", "one"), ("b", "two")]);
    let rules = ground.rules();
    let truth = at_rest(&ground, &rules);
    let file = cache_file(&ground);
    let sound = fs::read(&file).expect("is there");
    assert!(sound.len() > 200, "both files are recorded");
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x55;
        fs::write(&file, &damaged).expect("writes");
        assert_eq!(at_rest(&ground, &rules), truth, "byte {at}");
        assert_eq!(fs::read(&file).expect("is there"), sound, "byte {at}: written anew");
    }
    for cut in [0, 1, 15, 40, sound.len() - 1] {
        fs::write(&file, &sound[..cut]).expect("writes");
        assert_eq!(at_rest(&ground, &rules), truth, "{cut} bytes");
    }
    fs::remove_file(&file).expect("removes");
    fs::create_dir(&file).expect("makes");
    let told = without(Defence::RacyStat, || ground.trees.scan(&rules, &ground.work, Cached::Use));
    assert!(told.is_err(), "what cannot be written is told");
}

/// The cache is believed where it may be, and only there: a forged one with a right sum shows who asks it.
#[test]
fn the_last_word_does_not_ask_it() {
    let ground = Ground::with(&[("a", "one")]);
    let rules = ground.rules();
    let truth = at_rest(&ground, &rules);
    let file = cache_file(&ground);
    let mut forged = fs::read(&file).expect("is there");
    let end = forged.len() - 32;
    let digest = evident_blobs::Blobs::digest(b"one");
    let at = forged.windows(32).position(|window| window == digest.as_bytes()).expect("is recorded");
    forged[at..at + 32].fill(7);
    let sum = evident_blobs::Blobs::digest(&forged[..end]);
    forged[end..].copy_from_slice(sum.as_bytes());
    fs::write(&file, &forged).expect("writes");
    assert_eq!(changes(&truth, &at_rest(&ground, &rules)), ["modified a"], "it is used");
    assert_eq!(changes(&truth, &ground.scan(&rules)), [""; 0], "it is not used");
}

#[test]
fn the_cache_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let ground = Ground::with(&[("a", "one")]);
    at_rest(&ground, &ground.rules());
    let mode = |path: PathBuf| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!((mode(ground.root.join("cache")), mode(cache_file(&ground))), (0o700, 0o600));
}

//! What costs nothing to make and everything to read: every look refuses it before it reads a byte.

use std::fs::{self, File};
use std::path::PathBuf;

use evident_collect::Error;
use evident_collect::tree::Cached;
use evident_core::defence::{Defence, without};
use evident_patterns::Pattern;

use super::{Ground, patterns};

/// Every look at the workspace, by the rules that are given.
fn looks(ground: &Ground, inputs: Vec<Pattern>, protected: Vec<Pattern>) -> Vec<Result<(), Error>> {
    let rules = match ground.trees.rules(&ground.work) {
        Ok(rules) => rules.with_marked(inputs, protected),
        Err(error) => return vec![Err(error)],
    };
    vec![
        ground.trees.scan(&rules, &ground.work, Cached::Use).map(drop),
        ground.trees.scan(&rules, &ground.work, Cached::Never).map(drop),
        ground.trees.stand(&rules, &ground.work).map(drop),
        ground.trees.store(&rules, &ground.work).map(drop),
    ]
}

#[track_caller]
fn refused(results: Vec<Result<(), Error>>, expected: &PathBuf, words: &str) {
    for (number, result) in results.into_iter().enumerate() {
        let error = result.expect_err("is beyond the bounds");
        let (path, what) = error.of_the_work().expect("the work did it");
        assert_eq!(&path, expected, "{number}");
        assert!(what.contains(words), "{number}: {what}");
    }
}

fn sparse(path: &PathBuf, size: u64) {
    fs::create_dir_all(path.parent().expect("has one")).expect("makes");
    File::create(path).and_then(|file| file.set_len(size)).expect("is sparse");
}

#[test]
fn a_file_of_any_size_is_refused_before_it_is_read() {
    let ground = Ground::with(&[(".evident-ignore", "*.img\ncache/\n"), ("a", "1")]);
    let large = ground.work.join("disk.data");
    sparse(&large, 4 << 40);
    refused(looks(&ground, Vec::new(), Vec::new()), &large, "in one file that counts");
    fs::remove_file(&large).expect("removes");
    // Ignored, it is not looked at; an input, or what is protected, is.
    let ignored = ground.work.join("cache/disk.img");
    sparse(&ignored, 4 << 40);
    assert!(looks(&ground, Vec::new(), Vec::new()).into_iter().all(|result| result.is_ok()));
    refused(looks(&ground, patterns(&["cache/*.img"]), Vec::new()), &ignored, "in one file");
    refused(looks(&ground, Vec::new(), patterns(&["cache/**"])), &ignored, "in one file");
}

#[test]
fn many_large_files_are_refused_before_the_first_is_read() {
    let ground = Ground::with(&[("a", "1")]);
    for number in 0..17 {
        sparse(&ground.work.join(format!("large{number:02}")), 4 << 30);
    }
    refused(looks(&ground, Vec::new(), Vec::new()), &ground.work.join("large15"), "bytes that count");
}

#[test]
fn folders_of_any_depth_are_refused() {
    let ground = Ground::with(&[("a", "1")]);
    let mut deep = ground.work.clone();
    for _ in 0..129 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).expect("makes");
    refused(looks(&ground, Vec::new(), Vec::new()), &deep, "folders in each other");
    without(Defence::TreeBounds, || {
        assert!(looks(&ground, Vec::new(), Vec::new()).into_iter().all(|result| result.is_ok()));
    });
    fs::remove_dir(&deep).expect("removes");
    assert!(looks(&ground, Vec::new(), Vec::new()).into_iter().all(|result| result.is_ok()));
}

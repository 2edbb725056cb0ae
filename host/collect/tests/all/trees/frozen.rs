//! Rules that were frozen hold, whatever becomes of the ignore files.

use evident_collect::tree::{Cached, Rules};
use evident_core::defence::{Defence, without};

use super::{Ground, changes, git, paths};

#[test]
fn an_ignore_file_that_changes_later_hides_nothing() {
    for file in [".gitignore", "src/.gitignore", "new/.gitignore"] {
        let ground = Ground::with(&[("/", ""), (".gitignore", "*.log\n"), ("src/a.rs", "1")]);
        let rules = ground.rules();
        let start = ground.scan(&rules);
        ground.write(file, "*\n");
        ground.write("src/evil.rs", "1");
        ground.write("new/evil.rs", "1");
        let seen = changes(&start, &ground.scan(&rules));
        for path in ["added src/evil.rs", "added new/evil.rs"] {
            assert!(seen.iter().any(|change| change == path), "{file}: {seen:?}");
        }
        let unseen = without(Defence::StartRules, || changes(&start, &ground.scan(&rules)));
        assert!(
            unseen.iter().all(|change| !change.ends_with(&file.replace(".gitignore", "evil.rs"))),
            "{unseen:?}"
        );
    }
}

#[test]
fn what_was_ignored_at_the_start_stays_so() {
    let ground = Ground::with(&[("/", ""), (".gitignore", "*.log\n"), ("a.log", "1")]);
    let rules = ground.rules();
    ground.write(".gitignore", "");
    assert_eq!(paths(&ground.scan(&rules)), [".gitignore"]);
}

#[test]
fn paths_of_the_start_count_after_they_were_untracked() {
    let ground = Ground::with(&[("/", ""), (".gitignore", "*.log\n"), ("a.log", "1"), ("out.log/x", "1")]);
    git(&ground.work, &["add", "-f", "a.log", "out.log/x"]);
    let start = ground.tree();
    let rules = ground.rules().with_start(&start);
    git(&ground.work, &["rm", "-q", "--cached", "-r", "a.log", "out.log"]);
    ground.write("out.log/x", "2");
    assert_eq!(changes(&start, &ground.scan(&rules)), ["modified out.log/x"]);
    std::fs::remove_dir_all(ground.work.join(".git")).expect("removes");
    ground.write("a.log", "2");
    assert_eq!(changes(&start, &ground.scan(&rules)), ["modified a.log", "modified out.log/x"]);
}

#[test]
fn a_repository_that_appears_does_not_change_the_rules() {
    let ground = Ground::with(&[("/", ""), (".gitignore", "*.log\n"), ("sub/a.log", "1")]);
    let rules = ground.rules();
    ground.write("sub/", "");
    ground.write("sub/.gitignore", "*\n");
    assert_eq!(paths(&ground.scan(&rules)), [".gitignore", "sub", "sub/.gitignore"]);
}

#[test]
fn kept_rules_are_the_same_rules() {
    let ground = Ground::with(&[
        ("/", ""),
        (".gitignore", "*.log\n"),
        ("w/.gitignore", "!keep.log\n/out/\n"),
        ("w/keep.log", "1"),
        ("w/a.log", "1"),
        ("w/out/x", "1"),
        ("w/inner/", ""),
        ("w/inner/a.log", "1"),
    ]);
    let work = ground.work.join("w");
    let rules = Rules::of_workspace(&work).expect("reads");
    let digest = ground.trees.keep_rules(&rules).expect("keeps");
    let loaded = ground.trees.load_rules(digest).expect("loads");
    let tree = |rules: &Rules| ground.trees.scan(rules, &work, Cached::Never).expect("scans");
    assert_eq!(paths(&tree(&loaded)), [".gitignore", "inner", "inner/a.log", "keep.log"]);
    assert_eq!(ground.trees.keep_rules(&loaded).expect("keeps"), digest);
    let stored = ground.trees.store(&rules, &work).expect("stores");
    ground.write("w/.gitignore", "*\n");
    ground.write("w/new.log", "1");
    // The texts come from the tree, those above the workspace from the rules.
    let of_tree = ground.trees.rules_of(&stored, &Rules::of_workspace(&work).expect("reads")).expect("loads");
    assert_eq!(changes(&stored, &tree(&of_tree)), ["modified .gitignore"]);
    let manifest = ground.trees.keep(&stored).expect("keeps");
    assert!(ground.trees.load_rules(manifest).is_err());
}

//! Trees as values: what is refused, what is written, what differs.

use proptest::collection::btree_map;
use proptest::prelude::*;

use super::*;

fn leaf(kind: Kind, content: u8) -> Leaf {
    Leaf { kind, size: u64::from(content), digest: Digest::from_bytes([content; 32]) }
}

fn entry(path: &str, content: u8) -> Entry {
    Entry { path: path.into(), leaf: leaf(Kind::File, content) }
}

fn tree(files: &[(&str, u8)]) -> Tree {
    Tree::new(files.iter().map(|(path, content)| entry(path, *content)).collect()).expect("is a tree")
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.entries().iter().map(|entry| entry.text().into_owned()).collect()
}

#[test]
fn paths_that_could_lead_astray_are_refused() {
    for path in
        ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0", ".git", "a/.git/hooks", &"a".repeat(5000)]
    {
        assert!(matches!(Tree::new(vec![entry(path, 1)]), Err(NotATree::Path(_))), "{path}");
    }
    assert!(Tree::new(vec![entry(".gitignore", 1), entry("...", 1), entry(" ", 1)]).is_ok());
}

#[test]
fn nothing_lies_twice_or_below_a_file() {
    let twice = Tree::new(vec![entry("a", 1), entry("b", 1), entry("a", 2)]);
    assert_eq!(twice, Err(NotATree::Twice("a".to_owned())));
    // `a-b` stands between `a` and `a/b`.
    let below = Tree::new(vec![entry("a/b", 1), entry("a-b", 1), entry("a", 1)]);
    assert_eq!(below, Err(NotATree::Below("a/b".to_owned())));
    let submodule = Entry { path: b"a".to_vec(), leaf: leaf(Kind::Submodule, 1) };
    assert!(Tree::new(vec![submodule, entry("a/b", 1)]).is_ok());
}

#[test]
fn finds_what_lies_below_a_folder() {
    let tree = tree(&[("a", 1), ("b-c", 1), ("b/a", 1), ("b/z/a", 1), ("b0", 1), ("c", 1)]);
    let below = |folder: &str| tree.below(folder.as_bytes()).len();
    assert_eq!(
        [below(""), below("b"), below("b/z"), below("a"), below("x"), below("b/")],
        [6, 2, 1, 0, 0, 0]
    );
}

#[test]
fn takes_paths_of_another_tree() {
    let work = tree(&[("src/a", 1), ("tests/a", 2), ("tests/new", 2)]);
    let start = tree(&[("src/a", 0), ("tests/a", 1), ("tests/gone", 1)]);
    let mixed = work.with_paths_of(&start, |path| path.starts_with(b"tests/"));
    assert_eq!(mixed, tree(&[("src/a", 1), ("tests/a", 1), ("tests/gone", 1)]));
    let file = tree(&[("src/a", 1), ("tests", 3)]);
    assert_eq!(
        paths(&file.with_paths_of(&start, |path| path.starts_with(b"tests/"))),
        paths(&mixed)[..1]
            .iter()
            .cloned()
            .chain(["tests/a".to_owned(), "tests/gone".to_owned()])
            .collect::<Vec<_>>()
    );
    let folder = work.with_paths_of(&tree(&[("src", 9)]), |path| path == b"src");
    assert_eq!(paths(&folder), ["src", "tests/a", "tests/new"]);
}

#[test]
fn changes_are_found_by_kind_and_content() {
    let from = tree(&[("both", 1), ("content", 1), ("gone", 2), ("mode", 3), ("zero", 0)]);
    let mut entries =
        vec![entry("both", 1), entry("content", 9), entry("new", 2), entry("new2", 2), entry("null", 0)];
    entries.push(Entry { path: b"mode".to_vec(), leaf: leaf(Kind::Executable, 3) });
    let changes = compare(&from, &Tree::new(entries).expect("is a tree"));
    let found: Vec<_> = changes
        .changes
        .iter()
        .map(|change| {
            let moved = change.moved_from.as_deref().map(String::from_utf8_lossy);
            format!(
                "{} {} {}",
                change.kind().name(),
                String::from_utf8_lossy(&change.path),
                moved.unwrap_or_default()
            )
        })
        .collect();
    let expected = [
        "modified content ",
        "removed gone ",
        "modified mode ",
        "added new gone",
        "added new2 ",
        "added null ",
        "removed zero ",
    ];
    assert_eq!((changes.compared, found), (8, expected.map(str::to_owned).to_vec()));
}

#[test]
fn a_damaged_manifest_is_no_tree() {
    let whole = tree(&[("a", 1), ("b", 2)]).manifest();
    for length in 0..whole.len() {
        assert!(Tree::parse(&whole[..length]).is_err(), "{length}");
    }
    assert!(Tree::parse(&[whole.as_slice(), b"x"].concat()).is_err());
    let mut many = whole.clone();
    many[15..23].fill(0xff);
    assert_eq!(Tree::parse(&many), Err(NotATree::TooMany));
    let mut outside = whole;
    let at = outside.iter().position(|byte| *byte == b'a').expect("is there");
    outside[at] = b'/';
    assert!(Tree::parse(&outside).is_err());
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let kind = prop::sample::select(vec![Kind::File, Kind::Executable, Kind::Symlink, Kind::Special]);
    btree_map("[ab](/[ab\u{e4}]){0,2}", (kind, 0_u8..3), 0..6).prop_map(|files| {
        let mut entries: Vec<Entry> = Vec::new();
        for (path, (kind, content)) in files {
            let path = path.into_bytes();
            if !folders(&path).any(|folder| entries.iter().any(|entry| entry.path == folder)) {
                entries.push(Entry { path, leaf: leaf(kind, content) });
            }
        }
        Tree::new(entries).expect("is a tree")
    })
}

proptest! {
    #[test]
    fn nothing_changed_exactly_where_the_manifests_are_the_same(left in any_tree(), right in any_tree()) {
        prop_assert_eq!(compare(&left, &right).changes.is_empty(), left.manifest() == right.manifest());
        prop_assert!(compare(&left, &left).changes.is_empty());
        prop_assert_eq!(Tree::parse(&left.manifest()), Ok(left));
    }
}

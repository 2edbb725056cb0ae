//! The misbehaving checkers of `tests/guests`, for tests that have the binary call one. They are built once
//! for all of them, in the folder of the test of `evident checker build`: what both need is compiled once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use evident_componentize::{Build, build};

use crate::workspace::repository;

/// Those that a test here asks for; all of them are built for `tests/all`.
const GUESTS: &[&str] = &[
    "contradiction",
    "log_huge",
    "not_a_number",
    "not_examined",
    "panic",
    "read_whole",
    "spin",
    "unread",
    "unread_half",
];

/// The component of that name.
pub(crate) fn guest(name: &str) -> &'static [u8] {
    static BUILT: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let arguments: Vec<&str> = GUESTS.iter().flat_map(|name| ["--example", name]).collect();
        let manifest = repository().join("tests/guests/Cargo.toml");
        let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checker");
        let built =
            build(Build { manifest: &manifest, arguments: &arguments, target_folder: &target_folder });
        built.expect("the guests build").into_iter().map(|guest| (guest.name, guest.bytes)).collect()
    });
    built.get(name).unwrap_or_else(|| panic!("`{name}` is not among the guests here"))
}

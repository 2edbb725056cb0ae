//! The checker `changes` over any bytes, with every kind of rule.
//!
//! An input: a byte that chooses, then the host's comparison or a patch; for the rules about a public API also
//! its listing and the one before, with a record separator (0x1e) between two.

use evident_changes::Changes;
use evident_checker::Status;

use super::verdict::{Slot, accepted, cuts, judged, parts};

const NOTHING_MAY: &str = r#"{"allow":[]}"#;

const CONFIGS: [&str; 10] = [
    r#"{"allow":["**"]}"#,
    r#"{"allow":["src/**","/a"],"deny":["*.lock","tests/**"]}"#,
    NOTHING_MAY,
    r#"{"deny":["a","b/","/c/*"]}"#,
    r#"{"max_files":1,"max_lines":2}"#,
    r##"{"added":["#[ignore]","x"],"added_paths":["*.rs","a"]}"##,
    r#"{"added":["x"],"max_lines":1000}"#,
    r#"{"kinds_denied":["removed","moved","mode","symlink","submodule","binary","special"]}"#,
    r#"{"allow":["**"],"api":"unchanged"}"#,
    r#"{"max_files":3,"api":"no-removals"}"#,
];

/// See [`accepted`].
pub(crate) fn configs_are_accepted() {
    CONFIGS.iter().for_each(|config| accepted::<Changes>(config));
}

/// Judges; see the module for the shape of `bytes`.
///
/// # Panics
/// When the outcome cannot be right.
pub fn changes(bytes: &[u8]) {
    let Some((choice, parts)) = parts(bytes) else { return };
    let config = CONFIGS[choice % CONFIGS.len()];
    let slots = |changes| slots(changes, &parts[1..]);
    let outcome = judged::<Changes>(config, &slots(parts[0])).0;
    match outcome.status {
        Status::Pass => {
            let changed = outcome.metrics.iter().find(|metric| metric.name == "changed files");
            let changed = changed.expect("is always told").value;
            assert!(config != NOTHING_MAY || changed == 0.0, "{changed} changed, and nothing may");
            return;
        }
        Status::Fail => {}
        Status::Inconclusive(_) => return,
    }
    // A patch has no end: cut behind a file it is a smaller patch. The host's comparison has one.
    let is_comparison = parts[0].trim_ascii_start().starts_with(b"{");
    for cut in cuts(parts[0]).filter(|_| is_comparison) {
        let outcome = judged::<Changes>(config, &slots(cut)).0;
        assert_ne!(
            outcome.status,
            Status::Pass,
            "it fails as a whole, cut at {}: {}",
            cut.len(),
            outcome.summary
        );
    }
}

fn slots<'a>(changes: &'a [u8], listings: &[&'a [u8]]) -> [Slot<'a>; 3] {
    let listing = |name, at: usize| {
        let bytes = listings.get(at).copied();
        Slot { name, artifacts: bytes.map(|bytes| ("listing".to_owned(), bytes)).into_iter().collect() }
    };
    let changes = vec![("changes".to_owned(), changes)];
    [Slot { name: "changes", artifacts: changes }, listing("api", 0), listing("api-before", 1)]
}

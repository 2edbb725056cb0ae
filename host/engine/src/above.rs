//! What a workspace is a part of: a working tree of git, or a workspace of a package manager, whose top lies above.
//!
//! A command that runs in the workspace reads what lies there, by a relative path or where its tool builds. None of
//! it belongs to the tree, so that no digest says what it was.

use std::path::{Path, PathBuf};

use evident_collect::tree::Rules;
use evident_regular::{Members, workspace_above};

/// The outermost top above the canonical `workspace`. A folder that a working tree ignores as a whole, such as one
/// in a home folder under git, is not part of it.
pub(crate) fn of(workspace: &Path, rules: &Rules) -> Option<PathBuf> {
    let tops = Members::ALL.into_iter().filter_map(|members| workspace_above(workspace, members));
    tops.chain(rules.top_above(workspace)).min_by_key(|top| top.as_os_str().len())
}

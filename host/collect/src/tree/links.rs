//! Links, and what else counts, that carry bytes which no digest is taken of.
//!
//! It follows no link on the disk: where one leads is known from the tree and the rules alone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use evident_core::tree::{Entry, Kind, Leads, LeadsOut, Links, Tree};

use super::Rules;

/// What a link holds in a private copy where it would lead out of it: nothing is there.
pub(super) const NOWHERE: &[u8] = b".evident-leads-out-of-the-copy";

/// The entries that lead to bytes which do not count, in byte order: links whose way ends at what is ignored, is
/// `.git`, or lies outside; and FIFOs, sockets and devices. A link to nothing is none of them where what
/// appeared there would count.
pub(super) fn out(tree: &Tree, links: &Links<'_>, rules: &Rules) -> Vec<LeadsOut> {
    let is_out = |path: &[u8]| match links.leads(path) {
        Leads::Inside(_) => false,
        Leads::Nothing(path) => is_ignored(rules, &path),
        Leads::Uncounted | Leads::Outside => true,
    };
    let leads_out = tree.entries().iter().filter(|entry| match entry.leaf.kind {
        Kind::Symlink => is_out(&entry.path),
        Kind::Special => true,
        Kind::File | Kind::Executable | Kind::Submodule => false,
    });
    let told = |entry: &Entry| LeadsOut {
        path: entry.path.clone(),
        target: links.target(&entry.path).map(<[u8]>::to_vec),
    };
    leads_out.map(told).collect()
}

/// True where a file, or a folder with all that it holds, would not count.
fn is_ignored(rules: &Rules, path: &[u8]) -> bool {
    let name = Path::new(OsStr::from_bytes(path));
    rules.is_ignored(name) || rules.is_ignored_folder(name)
}

//! Where everything that counts stands: what the file system says about each file, link and folder at one
//! moment.
//!
//! Two of them tell what was rewritten, replaced or renamed in between, whatever it holds after: the change
//! time is set by the system alone, and nothing sets it back. It never says what a file holds.

use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::scan::Walked;
use super::stat::Stat;

/// What the file system says, by path, in byte order.
#[derive(Debug, Clone, Default)]
pub struct Stand {
    files: Vec<(Vec<u8>, Stat)>,
    folders: Vec<(Vec<u8>, Stat)>,
    /// The folders above, by their absolute paths: one that is renamed leads every command elsewhere.
    above: Vec<(Vec<u8>, Stat)>,
}

impl Stand {
    /// Of what was walked in a canonical folder.
    pub(super) fn of(walked: &Walked, folder: &Path) -> Self {
        let files = walked.found.iter().filter_map(|found| Some((found.path.clone(), found.stat?)));
        let above = folder.ancestors().skip(1).filter_map(|above| {
            // One that is gone was renamed: it is missing here, and the next look at the folder fails.
            let stat = rustix::fs::lstat(above).ok()?;
            Some((above.as_os_str().as_bytes().to_vec(), Stat::of(&stat)))
        });
        let mut above: Vec<_> = above.collect();
        above.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        Self { files: files.collect(), folders: walked.folders.clone(), above }
    }

    /// Paths that are in both and moved in between, files before folders: a file or a link with another inode
    /// or change time; a folder with another inode, or one that was renamed or got another mode. A folder in
    /// which something ignored was made or removed has not moved. The folder itself is `.`, and those above it
    /// have absolute paths.
    #[must_use]
    pub fn moved_since(&self, before: &Self) -> Vec<Vec<u8>> {
        let mut moved = Vec::new();
        both(&before.files, &self.files, |path, old, now| {
            if !is_same_inode(old, now) || old.changed != now.changed {
                moved.push(path.to_vec());
            }
        });
        let mut folder = |path: &[u8], old: &Stat, now: &Stat| {
            // A new name in the folder sets both times; a new name, or mode, of the folder only the one.
            let is_renamed = old.changed != now.changed && old.modified == now.modified;
            if !is_same_inode(old, now) || is_renamed {
                moved.push(if path.is_empty() { b".".to_vec() } else { path.to_vec() });
            }
        };
        both(&before.folders, &self.folders, &mut folder);
        both(&before.above, &self.above, &mut folder);
        moved
    }
}

fn is_same_inode(old: &Stat, now: &Stat) -> bool {
    (old.device, old.inode) == (now.device, now.inode)
}

/// Shows what is at a path in both.
fn both(old: &[(Vec<u8>, Stat)], now: &[(Vec<u8>, Stat)], mut show: impl FnMut(&[u8], &Stat, &Stat)) {
    let (mut old, mut now) = (old.iter().peekable(), now.iter().peekable());
    while let (Some((old_path, was)), Some((now_path, is))) = (old.peek(), now.peek()) {
        let order = old_path.cmp(now_path);
        if order == Ordering::Equal {
            show(now_path, was, is);
        }
        if order != Ordering::Greater {
            old.next();
        }
        if order != Ordering::Less {
            now.next();
        }
    }
}

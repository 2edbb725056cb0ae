//! Where everything that counts stands: what the file system says about each file, link and folder at one
//! moment.
//!
//! Two of them tell what was rewritten, replaced or renamed in between, whatever it holds after: the change
//! time is set by the system alone, and nothing sets it back. It never says what a file holds.

use std::cmp::Ordering;

use super::scan::Walked;
use super::stat::Stat;

/// What the file system says, by path, in byte order.
#[derive(Debug, Clone, Default)]
pub struct Stand {
    files: Vec<(Vec<u8>, Stat)>,
    folders: Vec<(Vec<u8>, Stat)>,
}

impl Stand {
    pub(super) fn of(walked: &Walked) -> Self {
        let files = walked.found.iter().filter_map(|found| Some((found.path.clone(), found.stat?)));
        Self { files: files.collect(), folders: walked.folders.clone() }
    }

    /// Paths that are in both and moved in between, files before folders: a file or a link with another inode
    /// or change time; a folder with another inode, or one that was renamed or got another mode. A folder in
    /// which something ignored was made or removed has not moved. The folder itself is `.`.
    #[must_use]
    pub fn moved_since(&self, before: &Self) -> Vec<Vec<u8>> {
        let mut moved = Vec::new();
        both(&before.files, &self.files, |path, old, now| {
            if !is_same_inode(old, now) || old.changed != now.changed {
                moved.push(path.to_vec());
            }
        });
        both(&before.folders, &self.folders, |path, old, now| {
            // A new name in the folder sets both times; a new name, or mode, of the folder only the one.
            let is_renamed = old.changed != now.changed && old.modified == now.modified;
            if !is_same_inode(old, now) || is_renamed {
                moved.push(if path.is_empty() { b".".to_vec() } else { path.to_vec() });
            }
        });
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

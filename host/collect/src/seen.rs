//! What lies in a workspace by its looks, for waits: names, sizes and times of files, and not one byte of them.
//!
//! What cannot be looked at is never a failure of the host: the agent can make it so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use evident_blobs::Blobs;
use evident_core::digest::Digest;
use rustix::fs::{AtFlags, FileType, Stat};

use crate::globs::{Links, Pattern};
use crate::halt::{Halt, short};
use crate::offload::Wanted;
use crate::walk::Walk;
use evident_core::outcome::NoEvidence;

/// Files that are kept in mind, some 200 bytes each: the largest workspaces with all that git ignores have some
/// 100,000.
const FILES_MAX: usize = 200_000;

/// The clock of a file system is at most this far behind the clock of the system: a tick, and some.
const TICK: Duration = Duration::from_millis(20);

/// One file, as a look tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    device: u64,
    inode: u64,
    size: i64,
    modified: (i64, i64),
    /// When it, or its name, changed; not compared: a new mode is not news of a job.
    changed: (i64, i64),
}

impl Looks {
    fn same(self, other: Self) -> bool {
        Self { changed: (0, 0), ..self } == Self { changed: (0, 0), ..other }
    }
}

/// Every file of a workspace at one time, those that git ignores too; nothing below a `.git`.
#[derive(Debug)]
pub struct Seen {
    files: BTreeMap<PathBuf, Looks>,
    /// False where there was too much, or something could not be listed.
    is_whole: bool,
    /// Before the first look.
    began: Duration,
}

impl Seen {
    /// Looks at everything in a folder. Blocks.
    #[must_use]
    pub fn all(workspace: &Path) -> Self {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(TICK);
        let mut seen = Self { files: BTreeMap::new(), is_whole: false, began };
        if let Ok(root) = Dir::open_ambient_dir(workspace, ambient_authority()) {
            let wanted = Wanted::always();
            let walked = Walk::source(&wanted, usize::MAX)
                .visit(&root, Path::new(""), &mut |path, kind| seen.note(&root, path, kind));
            seen.is_whole = walked.is_ok();
        }
        seen
    }

    fn note(&mut self, root: &Dir, path: &Path, kind: FileType) -> Result<(), Halt> {
        if self.files.len() == FILES_MAX {
            return Err(short(NoEvidence::Overflow, format!("more than {FILES_MAX} files")));
        }
        if let Some(looks) = looks(root, path, kind) {
            self.files.insert(path.to_owned(), looks);
        }
        Ok(())
    }

    /// A file that one of the globs matches and that is not as it was `before`, or was not there then, or is gone.
    #[must_use]
    pub fn changed_since(&self, before: &Self, globs: &[String]) -> Option<String> {
        let patterns: Vec<Pattern> = globs.iter().filter_map(|glob| Pattern::parse(glob).ok()).collect();
        let is_meant = |path: &Path| patterns.iter().any(|pattern| pattern.covers_below(path));
        let is_new = |path: &Path, now: Looks| match before.files.get(path) {
            Some(then) => !now.same(*then),
            None => before.is_whole || before.is_younger(now),
        };
        let came = self.files.iter().find(|(path, now)| is_meant(path) && is_new(path, **now));
        let is_gone = |path: &Path| self.is_whole && !self.files.contains_key(path);
        let gone = || before.files.keys().find(|path| is_meant(path) && is_gone(path));
        came.map(|(path, _)| path).or_else(gone).map(|path| path.display().to_string())
    }

    /// True where one of the globs matches anything.
    #[must_use]
    pub fn has(&self, globs: &[String]) -> bool {
        let patterns: Vec<Pattern> = globs.iter().filter_map(|glob| Pattern::parse(glob).ok()).collect();
        self.files.keys().any(|path| patterns.iter().any(|pattern| pattern.covers_below(path)))
    }

    fn is_younger(&self, looks: Looks) -> bool {
        let seconds = i64::try_from(self.began.as_secs()).unwrap_or(i64::MAX);
        looks.changed >= (seconds, i64::from(self.began.subsec_nanos()))
    }
}

/// Names what the globs match now: another name where a file came, went, or was written. Each glob is looked at for
/// itself, so that one which matches nothing hides no other; a literal folder stands for what it holds. Blocks.
#[must_use]
pub fn mark(workspace: &Path, globs: &[String]) -> Digest {
    let mut text = String::new();
    for glob in globs {
        let told = match Dir::open_ambient_dir(workspace, ambient_authority()) {
            Ok(root) => listed(&root, glob).unwrap_or_else(|halt| format!("{halt:?}")),
            Err(error) => error.to_string(),
        };
        text += &format!("{glob:?}\n{told}");
    }
    Blobs::digest(text.as_bytes())
}

fn listed(root: &Dir, glob: &str) -> Result<String, Halt> {
    let pattern = Pattern::parse(glob)?;
    let mut lines = Vec::new();
    let wanted = Wanted::always();
    pattern.visit(root, Links::Inside, &wanted, &mut |path, kind| {
        if lines.len() == FILES_MAX {
            return Err(short(NoEvidence::Overflow, format!("more than {FILES_MAX} files")));
        }
        if let Some(Looks { device, inode, size, modified, .. }) = looks(root, path, kind) {
            lines.push(format!("{path:?} {device} {inode} {size} {modified:?}\n"));
        }
        Ok(())
    })?;
    lines.sort_unstable();
    Ok(lines.concat())
}

/// Of what a link leads to, where it leads to something: that is what changes.
fn looks(root: &Dir, path: &Path, kind: FileType) -> Option<Looks> {
    let stat = |flags| rustix::fs::statat(root, path, flags).ok();
    let followed = if kind == FileType::Symlink { stat(AtFlags::empty()) } else { None };
    let stat: Stat = followed.or_else(|| stat(AtFlags::SYMLINK_NOFOLLOW))?;
    Some(Looks {
        device: stat.st_dev,
        inode: stat.st_ino,
        size: stat.st_size,
        modified: (stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or_default()),
        changed: (stat.st_ctime, i64::try_from(stat.st_ctime_nsec).unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn globs(globs: &[&str]) -> Vec<String> {
        globs.iter().map(|&glob| glob.to_owned()).collect()
    }

    /// Catches a wait that is never woken: what came, changed or went before it began was not seen by anybody.
    #[test]
    fn what_changed_since_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["out/old", "out/written", "out/replaced", "lock", ".git/index.lock"] {
            fs::create_dir_all(at(name).parent().expect("has one")).expect("makes");
            fs::write(at(name), "a").expect("writes");
        }
        std::os::unix::fs::symlink("out/written", at("latest")).expect("links");
        let before = Seen::all(folder.path());
        assert!(before.is_whole && before.files.len() == 5);
        let since = |list: &[&str]| Seen::all(folder.path()).changed_since(&before, &globs(list));
        assert_eq!(since(&["**", "none", "../a"]), None, "nothing changed yet");
        fs::write(at("out/written"), "more").expect("writes");
        fs::write(at("out/new"), "").expect("writes");
        fs::write(at("fresh"), "b").expect("writes");
        fs::rename(at("fresh"), at("out/replaced")).expect("moves");
        fs::remove_file(at("lock")).expect("removes");
        for (list, named) in [
            (&["out/old"][..], None),
            (&["out/o*"], None),
            (&[".git/index.lock"], None),
            (&["out/written"], Some("out/written")),
            (&["latest"], Some("latest")),
            (&["never", "out/new"], Some("out/new")),
            (&["out/n*"], Some("out/new")),
            (&["out"], Some("out/new")),
            (&["out/replaced"], Some("out/replaced")),
            (&["lock"], Some("lock")),
            (&["*"], Some("latest")),
        ] {
            assert_eq!(since(list).as_deref(), named, "{list:?}");
        }
        assert!(before.has(&globs(&["nothing", "lock"])) && !before.has(&globs(&["out/new", "[", "/etc"])));
    }

    /// Catches a workspace that is too large to be kept in mind, in which nothing ever comes.
    #[test]
    fn what_was_not_seen_before_is_held_against_the_clock() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("old"), "").expect("writes");
        let now = Seen::all(folder.path());
        let hours = Duration::from_secs(3600);
        let before = |began| Seen { files: BTreeMap::new(), is_whole: false, began };
        let list = globs(&["old"]);
        assert_eq!(now.changed_since(&before(now.began + hours), &list), None);
        assert_eq!(now.changed_since(&before(now.began - hours), &list), Some("old".to_owned()));
    }

    /// Catches a glob that matches nothing and so hides that another one does, and looks that read bytes.
    #[test]
    fn a_mark_changes_with_what_is_waited_for_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let list = globs(&["done", "failed", "out/*.log", "sparse", "up"]);
        let mut marks = vec![mark(folder.path(), &list)];
        let mut again = |what: &str| {
            let now = mark(folder.path(), &list);
            assert!(!marks.contains(&now), "{what}");
            assert_eq!(mark(folder.path(), &list), now, "{what}: nothing changed since");
            marks.push(now);
        };
        fs::write(at("failed"), "").expect("writes");
        again("the second of two came");
        fs::create_dir(at("out")).expect("makes");
        fs::write(at("out/a.log"), "1").expect("writes");
        again("a glob matches now");
        fs::write(at("out/a.log"), "12").expect("writes");
        again("it grew");
        fs::File::create(at("sparse")).and_then(|file| file.set_len(1 << 42)).expect("is sparse");
        again("4 TiB");
        fs::create_dir(at("up")).expect("makes");
        fs::write(at("up/x"), "").expect("writes");
        again("a folder stands for what it holds");
        fs::remove_file(at("failed")).expect("removes");
        again("it is gone");
        fs::write(at("out/other.txt"), "").expect("writes");
        assert_eq!(marks.last(), Some(&mark(folder.path(), &list)), "nobody waits for that");
    }
}

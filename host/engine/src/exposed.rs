//! Whether what the host keeps can be changed by another user of the machine: owner and mode of a folder, of
//! every folder around it, of every link on the way, and of what lies in it.
//!
//! It looks, and mends nothing. Access lists are seen where they let others write, as POSIX draws them; what
//! a network file system grants beyond owner and mode is not.

mod mend;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::{Error, Places};

use mend::{Exposed, Found, Mend};

/// Links on the way to a folder, as many as the kernel follows.
const LINKS_MAX: usize = 40;

/// Entries of the state folder that are looked at: far more evidence than a year of goals leaves. What is beyond
/// is refused, not passed over.
const ENTRIES_MAX: usize = 5_000_000;

/// Private copies of trees, in the cache folder.
pub(crate) const COPIES: &str = "trees";

/// Folders from the one of all private copies down to a copy: `trees`, `trees/KEY`, `trees/KEY/snapshot` and
/// `trees/KEY/snapshot/tree`. The modes of what lies below are those of the work.
const COPY_DEPTH: usize = 4;

/// Where the groups of this machine stand, and the users with the group that each begins with.
const GROUPS: &str = "/etc/group";
const USERS: &str = "/etc/passwd";

/// Others may write, and not only their own files.
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

impl Places {
    /// Refuses folders that another user can change: what such a user writes there would be the host's word.
    ///
    /// # Errors
    /// [`Error::Exposed`]; [`Error::State`] where something cannot be looked at.
    pub(crate) fn refuse_exposed(&self) -> Result<(), Error> {
        let groups = Groups::look();
        let mut found = Found::default();
        for place in [&self.state, &self.cache, &self.policy] {
            groups.on_the_way(place, &mut found)?;
        }
        groups.within(&self.state, |_| false, &mut found)?;
        groups.within(&self.cache, is_of_the_work, &mut found)?;
        found.told().map_or(Ok(()), |told| Err(Error::Exposed(told)))
    }

    /// What another user can change on the way to the state folder or to the cache, in one line with the command
    /// that mends it.
    pub(crate) fn exposed(&self) -> Option<String> {
        exposed(&[&self.state, &self.cache])
    }
}

/// True for what lies in a private copy, by its path in the cache folder. The copy is brought to its tree before
/// it is used, and nobody else comes past the folders around it.
fn is_of_the_work(path: &Path) -> bool {
    path.starts_with(COPIES) && path.components().count() > COPY_DEPTH
}

/// The same for these places. What cannot be looked at shows where it is used.
pub(crate) fn exposed(places: &[&Path]) -> Option<String> {
    let (groups, mut found) = (Groups::look(), Found::default());
    for place in places {
        let _shows_in_use = groups.on_the_way(place, &mut found);
    }
    found.told()
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::State { action: "look at", path: path.to_owned(), source }
}

/// Who is in which group, as the files of the machine tell.
struct Groups {
    groups: String,
    users: String,
    /// The user that runs the host.
    own: u32,
}

impl Groups {
    fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self { groups: read(GROUPS), users: read(USERS), own: rustix::process::geteuid().as_raw() }
    }

    fn is_own(&self, user: u32) -> bool {
        user == 0 || user == self.own
    }

    /// True if nobody but root and the host's own user is in that group: a user's private group, as most systems
    /// give one to each. A group that these files do not know may hold anybody.
    fn is_private(&self, group: u32) -> bool {
        let fields = |text: &'_ str| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
        };
        let users = fields(&self.users);
        let number = |text: Option<&String>| text.and_then(|text| text.parse::<u32>().ok());
        let is_own_name = |name: &str| {
            users.iter().any(|user| {
                user.first().is_some_and(|own| own == name)
                    && number(user.get(2)).is_some_and(|user| self.is_own(user))
            })
        };
        let groups = fields(&self.groups);
        let Some(found) = groups.iter().find(|fields| number(fields.get(2)) == Some(group)) else {
            return false;
        };
        let members = found.get(3).map_or("", String::as_str);
        let begins_here = |user: &&Vec<String>| number(user.get(3)) == Some(group);
        members.split(',').filter(|name| !name.is_empty()).all(is_own_name)
            && users
                .iter()
                .filter(begins_here)
                .all(|user| number(user.get(2)).is_some_and(|it| self.is_own(it)))
    }

    /// What is wrong with one entry. A folder of files that only their owners may move, as `/tmp`, is fine on the
    /// way to an entry that is there.
    fn wrong(&self, path: &Path, about: &Metadata, on_the_way: bool) -> Option<Exposed> {
        let found =
            |what: String, mend: Mend| Some(Exposed { path: path.to_owned(), what, mend, below: None });
        if !self.is_own(about.uid()) {
            let what =
                format!("belongs to user {}, who is neither root nor the one that runs evident", about.uid());
            return found(what, Mend::Owner { user: self.own, is_link: about.is_symlink() });
        }
        let mode = about.mode();
        if about.is_symlink() || (on_the_way && about.is_dir() && mode & STICKY != 0) {
            return None;
        }
        if mode & OTHERS_WRITE != 0 {
            return found(format!("can be written by everybody (mode {:o})", mode & 0o7777), Mend::Mode);
        }
        if mode & GROUP_WRITES != 0 && has_list(path) {
            return found("can be written by users of its access list".into(), Mend::List);
        }
        if mode & GROUP_WRITES != 0 && !self.is_private(about.gid()) {
            let what = format!("can be written by group {} (mode {:o})", about.gid(), mode & 0o7777);
            return found(what, Mend::Mode);
        }
        None
    }

    /// Looks at the place and at every folder and link on the way to it. Of a place that is not there yet, the
    /// folder that it would be made in counts like the place.
    fn on_the_way(&self, place: &Path, exposed: &mut Found) -> Result<(), Error> {
        let mut left: VecDeque<OsString> = components(place);
        let mut here = PathBuf::from("/");
        let mut about = fs::symlink_metadata(&here).map_err(failed(&here))?;
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            let is_way_up = name == "..";
            let next = if is_way_up { here.parent().unwrap_or(&here).to_owned() } else { here.join(&name) };
            let found = match fs::symlink_metadata(&next) {
                Ok(found) => found,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => return Err(failed(&next)(error)),
            };
            exposed.extend(self.wrong(&here, &about, true));
            if !found.is_symlink() {
                (here, about) = (next, found);
                continue;
            }
            exposed.extend(self.wrong(&next, &found, true));
            links += 1;
            if links > LINKS_MAX {
                return Err(failed(place)(rustix::io::Errno::LOOP.into()));
            }
            let target = fs::read_link(&next).map_err(failed(&next))?;
            if target.is_absolute() {
                here = PathBuf::from("/");
                about = fs::symlink_metadata(&here).map_err(failed(&here))?;
            }
            for name in components(&target).into_iter().rev() {
                left.push_front(name);
            }
        }
        exposed.extend(self.wrong(&here, &about, false));
        Ok(())
    }

    /// Looks at everything below a folder, but for what `passes` by its path from there.
    fn within(
        &self,
        folder: &Path,
        passes: impl Fn(&Path) -> bool,
        exposed: &mut Found,
    ) -> Result<(), Error> {
        let mut folders = vec![folder.to_owned()];
        let mut seen = 0;
        while let Some(here) = folders.pop() {
            let listed = match fs::read_dir(&here) {
                Ok(listed) => listed,
                // Another command of the host removed it meanwhile, or it was never made.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(&here)(error)),
            };
            for entry in listed {
                let path = entry.map_err(failed(&here))?.path();
                if path.strip_prefix(folder).is_ok_and(&passes) {
                    continue;
                }
                seen += 1;
                if seen > ENTRIES_MAX {
                    let many = std::io::Error::other(format!("it has more than {ENTRIES_MAX} entries"));
                    return Err(failed(folder)(many));
                }
                let about = match fs::symlink_metadata(&path) {
                    Ok(about) => about,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(failed(&path)(error)),
                };
                let wrong = self.wrong(&path, &about, false);
                // What lies in the folder of another user may be closed to this one.
                if about.is_dir() && self.is_own(about.uid()) {
                    folders.push(path);
                }
                exposed.extend(wrong.map(|wrong| Exposed { below: Some(folder.to_owned()), ..wrong }));
                if exposed.is_full() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The parts of a path, `..` too; the root is where every walk begins.
fn components(path: &Path) -> VecDeque<OsString> {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    parts.map(|part| part.as_os_str().to_owned()).collect()
}

/// True if an access list says more than the mode: its widest grant stands where the group's does.
#[cfg(target_os = "linux")]
fn has_list(path: &Path) -> bool {
    let mut empty: [u8; 0] = [];
    // Asked for its length alone.
    rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut empty).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn has_list(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn groups(own: u32) -> Groups {
        Groups {
            groups: "root:x:0:\nstaff:x:50:\nshared:x:60:me,other\nme:x:1000:\nmine:x:70:me,root\n".into(),
            users: "root:x:0:0::/:\nme:x:1000:1000::/:\nother:x:1001:61::/:\nthird:x:1002:50::/:\n".into(),
            own,
        }
    }

    #[test]
    fn a_group_is_private_where_nobody_else_is_in_it() {
        let private = |own| [0, 50, 60, 61, 70, 1000, 9].map(|group| groups(own).is_private(group));
        // `staff` is where `third` begins, `shared` has a member, and two groups are not known.
        assert_eq!(private(1000), [true, false, false, false, true, true, false]);
        assert_eq!(private(0), [true, false, false, false, false, false, false]);
    }

    /// Folders that this user made, in a place that is fine.
    fn made(modes: &[(&str, u32)]) -> (tempfile::TempDir, Groups) {
        let root = tempfile::tempdir().expect("a temporary folder");
        for (name, mode) in modes {
            fs::create_dir_all(root.path().join(name)).expect("makes");
            fs::set_permissions(root.path().join(name), Permissions::from_mode(*mode)).expect("is ours");
        }
        (root, Groups { own: rustix::process::geteuid().as_raw(), ..groups(0) })
    }

    /// What is told of a place, with its own folder as `ROOT`.
    fn told(root: &tempfile::TempDir, groups: &Groups, place: &str) -> Option<String> {
        let mut found = Found::default();
        groups.on_the_way(&root.path().join(place), &mut found).expect("can be looked at");
        found.told().map(|told| told.replace(&root.path().display().to_string(), "ROOT"))
    }

    #[test]
    fn every_folder_and_link_on_the_way_counts() {
        let (root, groups) = made(&[
            ("good/state", 0o700),
            ("open", 0o777),
            ("open/state", 0o700),
            ("sticky", 0o1777),
            ("sticky/state", 0o755),
            ("wide", 0o700),
            ("wide/state", 0o777),
        ]);
        let open = "`ROOT/open` can be written by everybody (mode 777): `chmod go-w ROOT/open` mends it";
        assert_eq!(told(&root, &groups, "good/state"), None);
        assert_eq!(told(&root, &groups, "good/none/state"), None, "is made in a good folder");
        assert_eq!(told(&root, &groups, "open/state").as_deref(), Some(open));
        assert_eq!(told(&root, &groups, "open/none").as_deref(), Some(open));
        assert_eq!(told(&root, &groups, "good/../open/state").as_deref(), Some(open));
        assert_eq!(told(&root, &groups, "sticky/state"), None);
        assert!(told(&root, &groups, "sticky/none").is_some_and(|told| told.contains("mode 1777")));
        assert!(told(&root, &groups, "wide/state").is_some_and(|told| told.contains("ROOT/wide/state")));
        symlink("../open", root.path().join("good/link")).expect("links");
        symlink(root.path().join("good"), root.path().join("open/back")).expect("links");
        symlink("round", root.path().join("round")).expect("links");
        assert_eq!(told(&root, &groups, "good/link/state").as_deref(), Some(open), "where it leads");
        assert_eq!(told(&root, &groups, "open/back/state").as_deref(), Some(open), "where it lies");
        assert!(groups.on_the_way(&root.path().join("round/state"), &mut Found::default()).is_err());
    }

    /// What is wrong below a folder.
    fn paths(groups: &Groups, folder: &Path, passes: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        let mut found = Found::default();
        groups.within(folder, passes, &mut found).expect("can be looked at");
        found.into_paths()
    }

    #[test]
    fn what_lies_in_it_counts_too() {
        let (root, groups) = made(&[("state/goals/deep", 0o700), ("state/other", 0o777)]);
        let state = root.path().join("state");
        assert_eq!(paths(&groups, &state, |_| false), [state.join("other")]);
        let file = state.join("goals/deep/head");
        fs::write(&file, "").expect("writes");
        fs::set_permissions(&file, Permissions::from_mode(0o666)).expect("is ours");
        assert_eq!(paths(&groups, &state, |path| path == Path::new("other")), std::slice::from_ref(&file));
        let mut both = paths(&groups, &state, |_| false);
        both.sort();
        assert_eq!(both, [file, state.join("other")]);
    }

    /// Catches a folder around a private copy, or the copy, that another user can put one of its own in place of.
    #[test]
    fn a_copy_counts_and_what_lies_in_it_does_not() {
        for (open, counts) in [
            ("trees", true),
            ("trees/12ab", true),
            ("trees/12ab/snapshot", true),
            ("trees/12ab/snapshot/tree", true),
            ("trees/12ab/snapshot/tree/src", false),
        ] {
            let (root, groups) = made(&[("cache/trees/12ab/snapshot/tree/src", 0o700)]);
            let cache = root.path().join("cache");
            fs::set_permissions(cache.join(open), Permissions::from_mode(0o777)).expect("is ours");
            let found = paths(&groups, &cache, is_of_the_work);
            assert_eq!(found, counts.then(|| cache.join(open)).into_iter().collect::<Vec<_>>());
        }
    }
}

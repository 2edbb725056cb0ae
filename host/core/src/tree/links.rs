//! Where the symlinks of a tree lead, by the tree alone.
//!
//! A link is followed through entries of the tree, part by part, as the system follows it. It never looks at a
//! folder: what the tree does not hold, it does not know.

use std::collections::BTreeMap;

use super::{Kind, Tree};

/// Links that are followed on one way: as many as Linux follows.
const HOPS_MAX: usize = 40;

/// Parts of a way: a path of links that name each other could grow without end.
const PARTS_MAX: usize = 65_536;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// To this entry, or to this folder of entries.
    Inside(Vec<u8>),
    /// To this path, at which the tree holds nothing; or in a circle, to a path of that.
    Nothing(Vec<u8>),
    /// To what does not count or carries no bytes that are digested: `.git`, a FIFO, a device.
    Uncounted,
    /// Out of the folder, or on a way that the tree does not know.
    Outside,
}

/// An entry that carries bytes of which no digest is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadsOut {
    /// The entry.
    pub path: Vec<u8>,
    /// What the link says; absent for a FIFO, a socket or a device.
    pub target: Option<Vec<u8>>,
}

/// The symlinks of a tree with their targets.
#[derive(Debug)]
pub struct Links<'a> {
    tree: &'a Tree,
    targets: BTreeMap<&'a [u8], Vec<u8>>,
    /// The folder of the tree by its absolute name.
    top: Vec<u8>,
}

impl<'a> Links<'a> {
    /// `target` gives the content of a symlink. `top` is the absolute name of the folder, for links that say it.
    ///
    /// # Errors
    /// Where a target cannot be had.
    pub fn new<E>(
        tree: &'a Tree,
        top: &[u8],
        mut target: impl FnMut(&'a super::Entry) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let links = tree.entries().iter().filter(|entry| entry.leaf.kind == Kind::Symlink);
        let named = links.map(|entry| Ok((entry.path.as_slice(), target(entry)?)));
        let targets = named.collect::<Result<_, E>>()?;
        Ok(Self { tree, targets, top: top.to_vec() })
    }

    /// The paths of all links, in byte order.
    pub fn paths(&self) -> impl Iterator<Item = &'a [u8]> {
        self.targets.keys().copied()
    }

    /// What the link at this path says.
    #[must_use]
    pub fn target(&self, link: &[u8]) -> Option<&[u8]> {
        self.targets.get(link).map(Vec::as_slice)
    }

    /// Where the link at this path leads.
    #[must_use]
    pub fn leads(&self, link: &[u8]) -> Leads {
        let Some(target) = self.targets.get(link) else { return Leads::Outside };
        let mut way = Way { here: parent(link).to_vec(), todo: Vec::new(), hops: 0 };
        if !self.follow(&mut way, target) {
            return Leads::Outside;
        }
        self.walk(way)
    }

    /// What the link says, as a target that leads to the same path from where the link lies, and never out of
    /// the folder, wherever that is: as it is where it is relative, and made relative where it names the folder.
    /// Nothing where it leads outside.
    #[must_use]
    pub fn portable(&self, link: &[u8]) -> Option<Vec<u8>> {
        let target = self.targets.get(link)?;
        if self.leads(link) == Leads::Outside {
            return None;
        }
        if !target.starts_with(b"/") {
            return Some(target.clone());
        }
        let depth = link.iter().filter(|byte| **byte == b'/').count();
        let mut parts = vec![b"..".as_slice(); depth];
        parts.extend(self.below_top(target)?.into_iter().rev());
        if parts.is_empty() {
            parts.push(b".");
        }
        Some(parts.join(&b'/'))
    }

    fn walk(&self, mut way: Way) -> Leads {
        while let Some(part) = way.todo.pop() {
            if part == b".." {
                if way.here.is_empty() {
                    return Leads::Outside;
                }
                way.here = parent(&way.here).to_vec();
                continue;
            }
            if part == b".git" {
                return way.ends(Leads::Uncounted);
            }
            let next = join(&way.here, &part);
            match self.tree.get(&next).map(|leaf| leaf.kind) {
                Some(Kind::Symlink) => {
                    let Some(target) = self.targets.get(next.as_slice()) else { return Leads::Outside };
                    if way.hops == HOPS_MAX || way.todo.len() > PARTS_MAX {
                        return way.ends(Leads::Nothing(next));
                    }
                    if !self.follow(&mut way, target) {
                        return Leads::Outside;
                    }
                }
                Some(Kind::File | Kind::Executable) if way.todo.is_empty() => return Leads::Inside(next),
                Some(Kind::File | Kind::Executable) => return way.ends(Leads::Nothing(next)),
                Some(Kind::Special) => return way.ends(Leads::Uncounted),
                Some(Kind::Submodule) => way.here = next,
                None if self.tree.has_below(&next) => way.here = next,
                None => {
                    let rest: Vec<_> = way.todo.iter().rev().map(Vec::as_slice).collect();
                    let whole = [vec![next.as_slice()], rest].concat().join(&b'/');
                    return way.ends(Leads::Nothing(whole));
                }
            }
        }
        Leads::Inside(way.here)
    }

    /// Puts what a link says before the rest of the way; false where that leads outside at once.
    fn follow(&self, way: &mut Way, target: &[u8]) -> bool {
        way.hops += 1;
        if !target.starts_with(b"/") {
            way.todo.extend(parts(target).into_iter().rev().map(<[u8]>::to_vec));
            return true;
        }
        let Some(below) = self.below_top(target) else { return false };
        way.here.clear();
        way.todo.extend(below.into_iter().map(<[u8]>::to_vec));
        true
    }

    /// The parts of an absolute target below the folder, the last first.
    fn below_top<'b>(&self, target: &'b [u8]) -> Option<Vec<&'b [u8]>> {
        let mut below = parts(target);
        for part in parts(&self.top) {
            if below.is_empty() || below.remove(0) != part {
                return None;
            }
        }
        below.reverse();
        Some(below)
    }
}

/// A way that is being followed.
struct Way {
    /// A folder of the tree.
    here: Vec<u8>,
    /// Parts that are left, the last first.
    todo: Vec<Vec<u8>>,
    hops: usize,
}

impl Way {
    /// Where a way ends of which the tree knows no more: one that then goes up again can lead anywhere, because
    /// another link can be made where nothing counts.
    fn ends(&self, leads: Leads) -> Leads {
        if self.todo.iter().any(|part| part == b"..") { Leads::Outside } else { leads }
    }
}

/// Without what stands for the same folder.
fn parts(path: &[u8]) -> Vec<&[u8]> {
    path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect()
}

fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').map_or(b"", |at| &path[..at])
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::digest::Digest;
    use crate::tree::{Entry, Leaf};

    /// Files, and links with their targets.
    fn leads(files: &[(&str, Kind)], links: &[(&str, &str)]) -> Vec<(Leads, Option<String>)> {
        let leaf = |kind| Leaf { kind, size: 0, digest: Digest::from_bytes([0; 32]) };
        let entry = |(path, kind): (&str, Kind)| Entry { path: path.into(), leaf: leaf(kind) };
        let files = files.iter().copied().map(entry);
        let tree = Tree::new(files.chain(links.iter().map(|link| entry((link.0, Kind::Symlink)))).collect());
        let tree = tree.expect("is a tree");
        let target = |entry: &Entry| {
            let named = links.iter().find(|link| link.0.as_bytes() == entry.path).expect("is one");
            Ok::<_, Infallible>(named.1.as_bytes().to_vec())
        };
        let Ok(known) = Links::new(&tree, b"/home/w", target);
        let told = |link: &(&str, &str)| {
            let portable = known.portable(link.0.as_bytes());
            (known.leads(link.0.as_bytes()), portable.map(|text| String::from_utf8(text).expect("is text")))
        };
        links.iter().map(told).collect()
    }

    #[test]
    fn a_link_is_followed_part_by_part() {
        let files = [
            ("src/a", Kind::File),
            ("src/deep/b", Kind::Executable),
            ("pipe", Kind::Special),
            ("sub", Kind::Submodule),
            ("sub/c", Kind::File),
        ];
        let inside = |path: &str| Leads::Inside(path.into());
        let nothing = |path: &str| Leads::Nothing(path.into());
        let table = [
            ("src/a", inside("src/a"), Some("src/a")),
            ("./src//deep/../a", inside("src/a"), Some("./src//deep/../a")),
            ("src/deep/", inside("src/deep"), Some("src/deep/")),
            (".", inside(""), Some(".")),
            ("sub/c", inside("sub/c"), Some("sub/c")),
            ("sub", inside("sub"), Some("sub")),
            ("/home/w/src/a", inside("src/a"), Some("src/a")),
            ("/home/w", inside(""), Some(".")),
            ("/home/./w//src/../src/a", inside("src/a"), Some("src/../src/a")),
            ("target/x", nothing("target/x"), Some("target/x")),
            ("/home/w/target/x", nothing("target/x"), Some("target/x")),
            ("src/a/x", nothing("src/a"), Some("src/a/x")),
            ("link", nothing("link"), Some("link")),
            (".git/config", Leads::Uncounted, Some(".git/config")),
            ("src/.git", Leads::Uncounted, Some("src/.git")),
            ("pipe", Leads::Uncounted, Some("pipe")),
            ("..", Leads::Outside, None),
            ("src/../../w/src/a", Leads::Outside, None),
            ("target/../../x", Leads::Outside, None),
            ("target/../src/a", Leads::Outside, None),
            ("/home/w2/src/a", Leads::Outside, None),
            ("/proc/self/cwd/src/a", Leads::Outside, None),
            ("/", Leads::Outside, None),
        ];
        for (target, expected, portable) in table {
            let found = leads(&files, &[("link", target)]);
            assert_eq!(found, [(expected, portable.map(str::to_owned))], "{target}");
        }
    }

    #[test]
    fn the_whole_chain_must_stay_inside() {
        let links = [
            ("a/one", "two"),
            ("a/two", "../b/three"),
            ("b/three", "/etc/passwd"),
            ("b/four", "../c/../../x"),
            ("c", "src"),
            ("d", "e/a"),
            ("e", "/home/w/src"),
            ("deep/er/f", "/home/w/src/a"),
            ("g", "h"),
            ("h", "g"),
        ];
        let found = leads(&[("src/a", Kind::File)], &links);
        let outside = || (Leads::Outside, None);
        let inside = |path: &str, portable: &str| (Leads::Inside(path.into()), Some(portable.to_owned()));
        assert_eq!(found[0], outside());
        assert_eq!(found[1], outside());
        assert_eq!(found[2], outside());
        assert_eq!(found[3], outside(), "`..` is above where the link `c` leads");
        assert_eq!(found[4], inside("src", "src"));
        assert_eq!(found[5], inside("src/a", "e/a"));
        assert_eq!(found[6], inside("src", "src"));
        assert_eq!(found[7], inside("src/a", "../../src/a"));
        assert!(matches!(found[8].0, Leads::Nothing(_)), "a circle: {:?}", found[8]);
        assert!(matches!(found[9].0, Leads::Nothing(_)));
    }

    /// Catches two links that double the way at each step.
    #[test]
    fn a_way_that_grows_has_an_end() {
        let long = "a/".repeat(2000);
        let found = leads(&[], &[("a", &long)]);
        assert!(matches!(found[0].0, Leads::Nothing(_) | Leads::Outside));
    }
}

//! The rules that say which files count, frozen at one moment.
//!
//! A command, or the agent, can edit an ignore file. What it hides by that must still be seen, so the
//! texts are read once, all of them, and kept with the start tree. A folder that is new since then has no
//! rules of its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evident_blobs::Blobs;
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::tree::{Kind, Tree};
use evident_patterns::Pattern;
use evident_regular::is_repository;

use super::bounds::{self, Entries};
use super::bytes::{Reader, Writer};
use crate::ignored::{Folder, GIT_FILE, IGNORE_BYTES_MAX, Ignored, OWN_FILE};
use crate::tracked::Tracked;
use crate::{Error, Wanted};

/// Bytes of all ignore files: a hundred times those of the largest repositories. Each line costs memory and time.
const IGNORES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Begins every kept form; its number is the version.
const MARK: &[u8] = b"evident-rules 1\n";

/// Which files of a folder count.
///
/// Every file that the ignore files do not ignore; and in any case what the inputs of the contract match, what
/// is in a start tree, and what git tracks. Never `.git`. What is ignored inside a protected folder does not
/// count: it is a by-product, and no snapshot holds it. A protected file or folder that is ignored itself does.
#[derive(Debug, Clone)]
pub struct Rules {
    ignored: Arc<Ignored>,
    inputs: Vec<Pattern>,
    protected: Vec<Pattern>,
    /// The protected patterns that name what is ignored itself: not only something in it is.
    named: Vec<Pattern>,
    /// Their paths count in any case.
    trees: Vec<Arc<Tree>>,
}

impl Rules {
    /// Reads every ignore file that counts for the workspace now, and none later.
    ///
    /// # Errors
    /// When a folder, or the index of git, cannot be read.
    pub fn of_workspace(workspace: &Path) -> Result<Self, Error> {
        of_workspace(workspace, &Wanted::always())
    }

    fn of(ignored: Ignored) -> Self {
        let (inputs, protected, named) = Default::default();
        Self { ignored: Arc::new(ignored), inputs, protected, named, trees: Vec::new() }
    }

    /// With the `inputs` and the `protect` patterns of a boundary. What an input matches counts, ignored or not;
    /// what a protected pattern matches where the file or folder that the pattern begins with is ignored.
    #[must_use]
    pub fn with_marked(mut self, inputs: Vec<Pattern>, protected: Vec<Pattern>) -> Self {
        let is_named = |pattern: &&Pattern| {
            let beginning = pattern.literal_beginning();
            let name = Path::new(OsStr::from_bytes(&beginning));
            !beginning.is_empty() && (self.ignored.check(name, false) || self.ignored.check(name, true))
        };
        self.named = protected.iter().filter(is_named).cloned().collect();
        (self.inputs, self.protected) = (inputs, protected);
        self
    }

    /// Every path of `start` counts, ignored or not.
    #[must_use]
    pub fn with_start(mut self, start: &Tree) -> Self {
        self.trees.push(Arc::new(start.clone()));
        self
    }

    /// The top of the working tree, where that lies above the `workspace` of these rules.
    #[must_use]
    pub fn top_above(&self, workspace: &Path) -> Option<PathBuf> {
        let levels = self.ignored.prefix().components().count();
        (levels > 0).then(|| workspace.ancestors().nth(levels).map(Path::to_owned)).flatten()
    }

    /// True if a file of that path says which files are ignored.
    #[must_use]
    pub fn is_ignore_file(&self, path: &str) -> bool {
        Path::new(path).file_name() == Some(OsStr::new(self.ignored.file_name()))
    }

    /// True if the ignore files name the file, whatever makes it count all the same.
    #[must_use]
    pub fn names_ignored(&self, path: &str) -> bool {
        self.ignored.check(Path::new(path), false)
    }

    /// True if one of the inputs matches the path.
    #[must_use]
    pub fn is_input(&self, path: &[u8]) -> bool {
        self.inputs.iter().any(|pattern| pattern.matches_bytes(path))
    }

    /// True for a file, relative to the workspace, that does not count by these rules. What git tracks counts
    /// all the same: an index says that.
    #[must_use]
    pub fn ignores(&self, name: &Path) -> bool {
        self.is_ignored(name)
    }

    /// True for a file that the ignore files ignore and that nothing else makes count. What git tracks is
    /// for whoever has an index to say.
    pub(crate) fn is_ignored(&self, name: &Path) -> bool {
        self.ignored.check(name, false) && !self.forces(name.as_os_str().as_bytes())
    }

    /// True for a folder in which no file counts.
    pub(crate) fn is_ignored_folder(&self, name: &Path) -> bool {
        self.ignored.check(name, true) && !self.forces_below(name.as_os_str().as_bytes())
    }

    /// True if the path counts even where it is ignored.
    pub(crate) fn forces(&self, path: &[u8]) -> bool {
        self.marks().any(|pattern| pattern.matches_bytes(path))
            || self.trees.iter().any(|tree| tree.get(path).is_some())
    }

    /// True if a repository that begins in the folder counts even where it is ignored: what it keeps for
    /// itself lies below what the patterns match.
    pub(crate) fn forces_repository(&self, folder: &[u8]) -> bool {
        self.forces(folder) || {
            let inner = [folder, b"/.git"].concat();
            self.marks().any(|pattern| pattern.matches_bytes(&inner))
        }
    }

    /// True if a path below the folder can count even where it is ignored.
    pub(crate) fn forces_below(&self, folder: &[u8]) -> bool {
        self.marks().any(|pattern| pattern.can_match_below_bytes(folder))
            || self.trees.iter().any(|tree| tree.has_below(folder))
    }

    fn marks(&self) -> impl Iterator<Item = &Pattern> {
        let inputs: &[Pattern] = if Defence::Inputs.stands() { &self.inputs } else { &[] };
        inputs.iter().chain(&self.named)
    }

    /// True for a file that may stay in a private copy although it is not in the tree: build output, outside of
    /// what is protected.
    pub(crate) fn stays(&self, name: &Path) -> bool {
        self.is_ignored(name) && !self.is_protected(name)
    }

    /// The same for a folder with all that it holds.
    pub(crate) fn stays_folder(&self, name: &Path) -> bool {
        self.is_ignored_folder(name) && !self.is_protected(name)
    }

    fn is_protected(&self, name: &Path) -> bool {
        self.protected.iter().any(|pattern| pattern.matches_bytes(name.as_os_str().as_bytes()))
    }

    pub(crate) fn ignored(&self) -> &Ignored {
        &self.ignored
    }

    /// The same patterns and trees with the ignore files as they are in `folder` now.
    pub(crate) fn thawed(&self, folder: &Path) -> Result<Self, Error> {
        Ok(Self { ignored: Self::of_workspace(folder)?.ignored, ..self.clone() })
    }
}

/// [`Rules::of_workspace`].
pub(super) fn of_workspace(workspace: &Path, wanted: &Wanted) -> Result<Rules, Error> {
    let workspace = fs::canonicalize(workspace).map_err(Error::inside("find the workspace", workspace))?;
    let mut ignored = Ignored::new(&workspace);
    load_all(&mut ignored, &workspace, wanted)?;
    Ok(Rules::of(ignored.freeze()))
}

/// Reads the rules of every folder in which files can count.
fn load_all(ignored: &mut Ignored, workspace: &Path, wanted: &Wanted) -> Result<(), Error> {
    let mut entries_seen = Entries::default();
    let mut text_bytes = 0;
    let mut tracked = Tracked::default();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let whole = workspace.join(&folder);
        bounds::depth(folder.iter().count().saturating_sub(1), &|| whole.clone())?;
        ignored.load(&folder);
        text_bytes += ignored.text_bytes(&folder);
        if text_bytes > IGNORES_BYTES_MAX {
            let what = format!("with its ignore file, more than {IGNORES_BYTES_MAX} bytes of ignore files");
            return Err(Error::TooLarge { path: whole, what });
        }
        let entries = match fs::read_dir(&whole) {
            Err(error) if !folder.as_os_str().is_empty() && error.kind() == io::ErrorKind::NotFound => {
                continue;
            }
            entries => entries.map_err(Error::inside("list", &whole))?,
        };
        for entry in entries {
            let entry = entry.map_err(Error::inside("list", &whole))?;
            wanted.check()?;
            entries_seen.add(folder.as_os_str().len() + entry.file_name().len(), &|| whole.clone())?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder || entry.file_name() == ".git" {
                continue;
            }
            let inner = folder.join(entry.file_name());
            if !ignored.is_ignored_folder(&inner) || is_tracked(&mut tracked, &entry.path())? {
                folders.push(inner);
            }
        }
    }
    Ok(())
}

fn is_tracked(tracked: &mut Tracked, folder: &Path) -> Result<bool, Error> {
    tracked.contains(folder).map_err(|error| {
        // The index is what could not be read, not the folder.
        let top = folder.ancestors().skip(1).find(|folder| is_repository(folder));
        Error::inside("read the index of git in", top.unwrap_or(folder))(error)
    })
}

/// Writes the rules into a blob, without patterns and trees.
pub(super) fn keep(blobs: &Blobs, rules: &Rules) -> Result<Digest, Error> {
    let mut folders: Vec<_> = rules.ignored.folders().iter().collect();
    folders.sort_by_key(|(path, _)| path.as_os_str());
    let mut bytes = Writer::new(MARK);
    bytes.part(rules.ignored.file_name().as_bytes());
    bytes.part(rules.ignored.prefix().as_os_str().as_bytes());
    bytes.number(folders.len() as u64);
    for (path, folder) in folders {
        bytes.part(path.as_os_str().as_bytes());
        bytes.number(u64::from(folder.is_top));
        bytes.part(folder.text.as_bytes());
    }
    super::manifest::put(blobs, &bytes.finish())
}

/// Reads what [`keep`] wrote.
pub(super) fn load(blobs: &Blobs, digest: Digest) -> Result<Rules, Error> {
    let bytes = super::manifest::get(blobs, digest)?;
    let ignored =
        read(&bytes).ok_or_else(|| Error::NotATree { digest, problem: "damaged rules".to_owned() })?;
    Ok(Rules::of(ignored))
}

fn read(bytes: &[u8]) -> Option<Ignored> {
    let mut bytes = Reader::new(bytes, MARK)?;
    let file_name = match bytes.part()? {
        name if name == GIT_FILE.as_bytes() => GIT_FILE,
        name if name == OWN_FILE.as_bytes() => OWN_FILE,
        _ => return None,
    };
    let prefix = path(bytes.part()?);
    let mut folders = Vec::new();
    for _ in 0..bytes.number()? {
        let path = path(bytes.part()?);
        let is_top = bytes.number()? == 1;
        let text = String::from_utf8(bytes.part()?.to_vec()).ok()?;
        folders.push((path, Folder::new(text, is_top)));
    }
    bytes.is_empty().then(|| Ignored::frozen(prefix, file_name, folders))
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

/// The rules with the ignore files of a tree in place of those in the workspace; its own paths count.
pub(super) fn of_tree(blobs: &Blobs, tree: &Tree, rules: &Rules) -> Result<Rules, Error> {
    let old = &rules.ignored;
    let prefix = old.prefix();
    let mut folders: Vec<(PathBuf, Folder)> = Vec::new();
    for (path, folder) in old.folders() {
        let is_around = prefix.starts_with(path) && path != prefix;
        if is_around || path == prefix {
            let text = if is_around { folder.text.clone() } else { String::new() };
            folders.push((path.clone(), Folder::new(text, folder.is_top)));
        }
    }
    let mut add = |path: PathBuf, text: Option<String>, is_top: bool| {
        let known = folders.iter().position(|(known, _)| *known == path);
        let (_, before) =
            known.map_or((path.clone(), Folder::new(String::new(), false)), |at| folders.swap_remove(at));
        folders.push((path, Folder::new(text.unwrap_or(before.text), is_top || before.is_top)));
    };
    for entry in tree.entries() {
        let name = Path::new(OsStr::from_bytes(&entry.path));
        match entry.leaf.kind {
            Kind::Submodule if old.file_name() == GIT_FILE => add(old.below_top(name), None, true),
            Kind::File | Kind::Executable if name.file_name() == Some(OsStr::new(old.file_name())) => {
                let folder = old.below_top(name.parent().expect("a path of a tree has one"));
                add(folder, Some(beginning(blobs, entry.leaf.digest, IGNORE_BYTES_MAX)?), false);
            }
            _ => {}
        }
    }
    let ignored = Ignored::frozen(prefix.to_owned(), old.file_name(), folders);
    let mut trees = rules.trees.clone();
    trees.push(Arc::new(tree.clone()));
    Ok(Rules { ignored: Arc::new(ignored), trees, ..rules.clone() })
}

/// The rules of a commit: `around` are the texts of the ignore files in the folders above the workspace,
/// which lies at `prefix` in the repository.
pub(super) fn of_commit(
    blobs: &Blobs,
    tree: &Tree,
    prefix: &Path,
    around: Vec<(PathBuf, String)>,
) -> Result<Rules, Error> {
    let mut folders: Vec<_> = vec![(PathBuf::new(), Folder::new(String::new(), true))];
    for (path, text) in around {
        let is_top = path.as_os_str().is_empty();
        folders.retain(|(known, _)| *known != path);
        folders.push((path, Folder::new(text, is_top)));
    }
    let mut ignored = Ignored::frozen(prefix.to_owned(), GIT_FILE, folders);
    // As in `Ignored::new`: of a workspace that git ignores as a whole, git says nothing.
    if ignored.is_ignored_folder(Path::new("")) {
        ignored = Ignored::frozen(PathBuf::new(), OWN_FILE, []);
    }
    of_tree(blobs, tree, &Rules::of(ignored))
}

/// The beginning of a blob, which is proven.
pub(super) fn beginning(blobs: &Blobs, digest: Digest, bytes_max: u64) -> Result<String, Error> {
    let (file, _) = blobs.read(digest)?;
    blobs.verify(&file, digest)?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes).map_err(Error::io("read", &blobs.path(digest)))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Rules that are asked about a place: its own, or those of the workspace as it is.
#[derive(Debug)]
pub(crate) enum Asked<'a> {
    Frozen(&'a Rules),
    Live(Ignored),
}

impl<'a> Asked<'a> {
    pub(crate) fn new(rules: Option<&'a Rules>, workspace: &Path) -> Self {
        rules.map_or_else(|| Self::Live(Ignored::new(workspace)), Self::Frozen)
    }

    /// True if the file `name`, relative to the workspace, is ignored whether or not it is there.
    pub(crate) fn is_ignored(&mut self, name: &Path) -> bool {
        match self {
            Self::Frozen(rules) => rules.is_ignored(name),
            Self::Live(ignored) => ignored.is_ignored(name),
        }
    }

    /// True if the folder `name` is ignored with all that it holds.
    pub(crate) fn is_ignored_folder(&mut self, name: &Path) -> bool {
        match self {
            Self::Frozen(rules) => rules.is_ignored_folder(name),
            Self::Live(ignored) => ignored.is_ignored_folder(name),
        }
    }

    /// What to add a file to so that it is ignored, for people.
    pub(crate) fn file_name(&self) -> &'static str {
        match self {
            Self::Frozen(rules) => rules.ignored.file_name(),
            Self::Live(ignored) => ignored.file_name(),
        }
    }
}

//! Which lines an ignore file lacks, so that what tools leave behind is not a change of the tree.
//!
//! It understands the lines that people write for whole folders. A line that it does not understand
//! counts as absent: advice too much costs one line, advice too little a refused run.

use std::path::Path;

use crate::findings::{Advice, Git};
use crate::folder::Folder;

/// What a tool leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// As an ignore file names it; a last `/` says that it is a folder.
    pub(crate) line: &'static str,
    /// A lower-case fragment.
    pub(crate) why: &'static str,
}

/// Levels above that may hold an ignore file of the same repository.
const ANCESTORS_MAX: usize = 64;

/// The lines to add.
pub(crate) fn advice(folder: &Folder, git: Git, leftovers: &[Leftover]) -> Vec<Advice> {
    let file = file(git);
    let is_ignored = rules(folder, git);
    let mut advice: Vec<Advice> = Vec::new();
    for Leftover { line, why } in leftovers.iter().filter(|leftover| !is_ignored(leftover.line)) {
        if !advice.iter().any(|known| known.line == *line) {
            advice.push(Advice { file, line, why });
        }
    }
    advice
}

/// True for a folder at the top that is there and that an ignore file names.
pub(crate) fn is_ignored_folder(folder: &Folder, git: Option<Git>, name: &str) -> bool {
    folder.is_folder(name) && rules(folder, git.unwrap_or(Git::Absent))(name)
}

/// True if an ignore file names it in whatever folder it lies.
pub(crate) fn is_ignored_everywhere(folder: &Folder, git: Option<Git>, line: &str) -> bool {
    let git = git.unwrap_or(Git::Absent);
    let own = folder.text(file(git)).unwrap_or_default();
    let above = if git == Git::Absent { Vec::new() } else { above(folder.root()) };
    let texts = std::iter::once(&own).chain(&above);
    texts.into_iter().find_map(|text| verdict(text, line, false)).unwrap_or(false)
}

fn file(git: Git) -> &'static str {
    if git == Git::Absent { ".evident-ignore" } else { ".gitignore" }
}

/// Says of a name at the top whether an ignore file names it.
fn rules(folder: &Folder, git: Git) -> impl Fn(&str) -> bool {
    let own = folder.text(file(git)).unwrap_or_default();
    let above = if git == Git::Absent { Vec::new() } else { above(folder.root()) };
    move |line| {
        let own = verdict(&own, line, true);
        own.or_else(|| above.iter().find_map(|text| verdict(text, line, false))).unwrap_or(false)
    }
}

/// The ignore files above the folder up to the top of the repository, nearest first.
fn above(root: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for pair in root.ancestors().take(ANCESTORS_MAX).collect::<Vec<_>>().windows(2) {
        if evident_regular::is_repository(pair[0]) {
            break;
        }
        texts.extend(Folder::open_only(pair[1]).ok().and_then(|folder| folder.text(".gitignore")));
    }
    texts
}

/// What the last line that speaks of `name` says; nothing if none does. Lines that begin at their own
/// folder say nothing about one below.
fn verdict(text: &str, name: &str, is_own: bool) -> Option<bool> {
    let name = name.trim_end_matches('/');
    let speaks = |line: &str| {
        let (line, is_anchored) = match line.strip_prefix('/') {
            Some(rest) => (rest, true),
            None => (line.strip_prefix("**/").unwrap_or(line), false),
        };
        let line = ["/**", "/*", "/"].iter().find_map(|end| line.strip_suffix(end)).unwrap_or(line);
        (is_own || !is_anchored) && (line == name || line == "*" || (line == ".*" && name.starts_with('.')))
    };
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| match line.strip_prefix('!') {
            Some(rest) => speaks(rest).then_some(false),
            None => speaks(line).then_some(true),
        })
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_speaks_decides() {
        for (text, own, above) in [
            ("target/\n", Some(true), Some(true)),
            ("target", Some(true), Some(true)),
            ("/target\n", Some(true), None),
            ("**/target/**\r\n", Some(true), Some(true)),
            ("/target/*", Some(true), None),
            ("*\n!target/", Some(false), Some(false)),
            ("# target/\n\n", None, None),
            ("targets/\nmy/target\n", None, None),
            ("!target/\ntarget/", Some(true), Some(true)),
        ] {
            assert_eq!(verdict(text, "target/", true), own, "{text:?}");
            assert_eq!(verdict(text, "target/", false), above, "{text:?}");
        }
        assert_eq!(verdict(".*", ".pytest_cache/", true), Some(true));
        assert_eq!(verdict(".*", "target/", true), None);
    }
}

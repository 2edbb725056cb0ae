//! What a source needs that git ignores, and which files decide what it is.
//!
//! A preparation depends on its command and on the lock files that it reads. They are named, or found by the
//! names that package managers give them; a file that the command itself names counts too. Nothing here opens
//! a file: the caller says what a tree has.

use super::Placed;

/// Lock files by the names of their tools, and the lists that pip reads.
pub const LOCK_FILES: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.txt",
    "Gemfile.lock",
    "composer.lock",
    "Cargo.lock",
    "go.sum",
    "mix.lock",
    "pubspec.lock",
];

/// A command that fills a private copy with what git ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepare {
    /// Program and arguments. Not empty.
    pub argv: Vec<String>,
    /// Lock files, relative to the workspace; empty where they are found by their names.
    pub from: Vec<Placed<String>>,
    /// Where the command stands in the text.
    pub span: crate::problem::Span,
}

impl Prepare {
    /// The files that decide what the command makes, relative to the workspace, in byte order. `cwd` is the
    /// folder that it runs in; `has` says whether there is a file of that path.
    #[must_use]
    pub fn lock_files(&self, cwd: &str, has: impl Fn(&str) -> bool) -> Vec<String> {
        let mut found: Vec<String> = self.from.iter().filter_map(|path| normal(&path.value)).collect();
        if found.is_empty() {
            let cwd = normal(cwd).unwrap_or_default();
            let mut folder = Some(cwd.as_str());
            while let Some(here) = folder {
                found.extend(LOCK_FILES.iter().map(|name| join(here, name)));
                folder = here.rsplit_once('/').map(|(above, _)| above).or((!here.is_empty()).then_some(""));
            }
            let words = self
                .argv
                .iter()
                .flat_map(|word| [Some(word.as_str()), word.split_once('=').map(|two| two.1)]);
            found.extend(words.flatten().filter_map(|word| normal(&join(&cwd, word))));
        }
        found.retain(|path| has(path));
        found.sort();
        found.dedup();
        found
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Without `.` and `..`; nothing for a path that leaves the workspace or names it.
fn normal(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(argv: &[&str], from: &[&str], cwd: &str, tree: &[&str]) -> Vec<String> {
        let from = from.iter().map(|path| Placed { value: (*path).to_owned(), span: 0..0 });
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let prepare = Prepare { argv, from: from.collect(), span: 0..0 };
        prepare.lock_files(cwd, |path| tree.contains(&path))
    }

    /// Catches packages that stay although the file that names them has changed.
    #[test]
    fn lock_files_are_found_where_tools_find_them() {
        let tree = ["package-lock.json", "web/yarn.lock", "other/uv.lock", "req/dev.txt", "uv.lock"];
        let npm = ["npm", "ci"];
        assert_eq!(found(&npm, &[], ".", &tree), ["package-lock.json", "uv.lock"]);
        assert_eq!(found(&npm, &[], "web", &tree), ["package-lock.json", "uv.lock", "web/yarn.lock"]);
        assert_eq!(found(&npm, &["web/../other/uv.lock"], ".", &tree), ["other/uv.lock"]);
        let pip = ["pip", "install", "-r", "../req/dev.txt", "--constraint=../../uv.lock"];
        assert_eq!(found(&pip, &[], "web", &tree[3..4]), ["req/dev.txt"]);
        assert_eq!(found(&["sh", "req/dev.txt"], &[], ".", &tree[3..4]), ["req/dev.txt"]);
        assert_eq!(found(&npm, &[], ".", &[]), [""; 0]);
        assert_eq!(found(&npm, &["gone.lock"], ".", &tree), [""; 0]);
    }
}

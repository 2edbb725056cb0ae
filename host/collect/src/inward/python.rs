//! Where an interpreter of Python was told to import from the workspace: an editable install leaves a file
//! among the installed packages that names the folder of the project.
//!
//! Source: the reference of Python's module `site`, and PEP 660. Places that a virtual environment, Debian,
//! pyenv and `pip install --user` have are looked at; an interpreter that is installed in another way is not
//! known here.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one such file: some lines.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Entries of one folder of packages.
const ENTRIES_MAX: usize = 20_000;

/// A file that makes the interpreter `program` import from the folder `workspace`. `home` is that of the run.
pub(super) fn leads(program: &Path, home: Option<&Path>, workspace: &Path) -> Option<PathBuf> {
    let name = program.file_name()?.to_string_lossy();
    let is_python = ["python", "pypy", "pytest", "py.test"].iter().any(|known| name.starts_with(known));
    let text = workspace.to_str().filter(|_| is_python)?;
    prefixes(program, home).iter().flat_map(|prefix| packages(prefix)).find_map(|folder| {
        let entries = fs::read_dir(folder).ok()?.take(ENTRIES_MAX).filter_map(Result::ok);
        let files = entries.map(|entry| entry.path()).filter(|path| is_leading(path));
        files.into_iter().find(|path| bounded(path).is_some_and(|bytes| names(&bytes, text)))
    })
}

/// The folders that installations lie in.
fn prefixes(program: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let of = |program: &Path| program.ancestors().nth(2).map(Path::to_owned);
    let mut prefixes: Vec<PathBuf> = ["/usr", "/usr/local"].map(PathBuf::from).into();
    prefixes.extend(of(program));
    prefixes.extend(fs::canonicalize(program).ok().as_deref().and_then(of));
    if let Some(home) = home {
        prefixes.push(home.join(".local"));
    }
    // A shim of pyenv stands for any of the versions.
    let root = program.ancestors().nth(2).map(|root| root.join("versions"));
    prefixes.extend(root.into_iter().flat_map(|versions| below(&versions)));
    prefixes
}

fn packages(prefix: &Path) -> Vec<PathBuf> {
    let versions = below(&prefix.join("lib"))
        .into_iter()
        .filter(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("py")));
    versions.flat_map(|version| ["site-packages", "dist-packages"].map(|name| version.join(name))).collect()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(ENTRIES_MAX).filter_map(Result::ok);
    entries.map(|entry| entry.path()).collect()
}

/// `NAME.pth`, the finder of an editable install, and what setuptools wrote before there were any.
fn is_leading(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".pth") || name.ends_with(".egg-link") || name.starts_with("__editable__")
}

fn bounded(path: &Path) -> Option<Vec<u8>> {
    let file = File::open(path).ok().filter(|_| path.is_file())?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// True if the path stands there, itself or with something below it.
fn names(bytes: &[u8], path: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.match_indices(path).any(|(at, _)| {
        let next = text[at + path.len()..].chars().next();
        next.is_none_or(|next| next == '/' || next == '\'' || next == '"' || next.is_whitespace())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a copy whose tests import from the workspace after all, and a project whose name only begins
    /// like it.
    #[test]
    fn an_editable_install_is_named() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (venv, workspace) = (root.path().join("venv"), root.path().join("shop"));
        let program = venv.join("bin/python3");
        let installed = venv.join("lib/python3.11/site-packages");
        for folder in [&installed, &workspace, &venv.join("bin")] {
            fs::create_dir_all(folder).expect("makes");
        }
        fs::write(&program, "").expect("writes");
        let found = || leads(&program, None, &workspace);
        let shown = workspace.display();
        for (file, text, is_led) in [
            ("other.pth", format!("{shown}-tools/src\n"), false),
            ("read.me", format!("{shown}/src\n"), false),
            ("shop.pth", format!("/x\n{shown}/src\n"), true),
            ("__editable___shop_1_finder.py", format!("MAPPING = {{'shop': '{shown}'}}\n"), true),
            ("shop.egg-link", format!("{shown}"), true),
        ] {
            fs::write(installed.join(file), text).expect("writes");
            assert_eq!(found().is_some(), is_led, "{file}");
            fs::remove_file(installed.join(file)).expect("is there");
        }
        fs::write(installed.join("shop.pth"), format!("{shown}\n")).expect("writes");
        assert_eq!(leads(&venv.join("bin/node"), None, &workspace), None, "another program");
        let of_user = root.path().join(".local/lib/python3.11/site-packages");
        fs::create_dir_all(of_user.parent().expect("has one")).expect("makes");
        fs::rename(&installed, &of_user).expect("moves");
        assert_eq!(found(), None);
        assert_eq!(leads(&program, Some(root.path()), &workspace), Some(of_user.join("shop.pth")));
    }
}

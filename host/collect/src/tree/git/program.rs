//! Finds the program `git`, outside of everything that somebody who works in the workspace could have
//! put there.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use evident_regular::is_repository;

use super::refused;
use crate::Error;

/// The program, and the folders in which it may find others.
#[derive(Debug, Clone)]
pub(in crate::tree) struct Git {
    pub(super) program: PathBuf,
    pub(super) path: OsString,
}

impl Git {
    /// The first one in `PATH` that lies outside of a canonical `workspace` and of its working tree.
    pub(in crate::tree) fn outside(workspace: &Path) -> Result<Self, Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let top = workspace.ancestors().find(|folder| is_repository(folder)).unwrap_or(workspace);
        find(&path, top).ok_or_else(|| {
            let problem = "no `git` in PATH: relative folders, and those in the workspace or its working \
                           tree, are passed over";
            refused("find `git`", problem)
        })
    }
}

/// By the folders of `path` that are absolute and, symlinks followed, outside of `top`.
fn find(path: &OsStr, top: &Path) -> Option<Git> {
    let is_outside = |path: &Path| fs::canonicalize(path).is_ok_and(|path| !path.starts_with(top));
    let folders = std::env::split_paths(path);
    let folders: Vec<_> = folders.filter(|folder| folder.is_absolute() && is_outside(folder)).collect();
    let is_program = |path: &Path| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let mut programs = folders.iter().map(|folder| folder.join("git"));
    let program = programs.find(|program| is_program(program) && is_outside(program))?;
    let path = std::env::join_paths(&folders).expect("parts of a list make a list");
    Some(Git { program, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path) {
        fs::create_dir_all(folder).expect("makes");
        fs::write(folder.join("git"), "#!/bin/sh\n").expect("writes");
        fs::set_permissions(folder.join("git"), fs::Permissions::from_mode(0o755)).expect("ours");
    }

    #[test]
    fn a_program_in_the_workspace_is_never_taken() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("is there");
        let (work, good) = (root.join("here"), root.join("bin"));
        program(&work.join("node_modules/.bin"));
        program(&good);
        fs::create_dir(root.join("linked")).expect("makes");
        std::os::unix::fs::symlink(work.join("node_modules/.bin"), root.join("bin-link")).expect("links");
        std::os::unix::fs::symlink(work.join("node_modules/.bin/git"), root.join("linked/git"))
            .expect("links");
        fs::create_dir(root.join("plain")).expect("makes");
        fs::write(root.join("plain/git"), "no program").expect("writes");
        let bad = [
            work.join("node_modules/.bin"),
            "node_modules/.bin".into(),
            "".into(),
            root.join("linked"),
            root.join("bin-link"),
            root.join("bin/../here/node_modules/.bin"),
            root.join("plain"),
            root.join("absent"),
        ];
        let list = |more: &[PathBuf]| std::env::join_paths(bad.iter().chain(more)).expect("a list");
        assert!(find(&list(&[]), &work).is_none());
        let found = find(&list(std::slice::from_ref(&good)), &work).expect("is there");
        assert_eq!(found.program, good.join("git"));
        let passed: Vec<_> = std::env::split_paths(&found.path).collect();
        assert_eq!(passed, [root.join("linked"), root.join("plain"), good], "what git itself finds");
    }
}

//! What in a command that runs in a private copy leads into the workspace: there, ignored files act, and the
//! worker may write them.
//!
//! It looks at the words of the command, at where its program is found, at its environment, and at what is
//! installed for Python; what another program opens by a name that it knows itself cannot be seen from outside.

mod python;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evident_process::Launch;

/// Names something of `command` that leads into the canonical folder `workspace`.
pub(crate) fn leads(command: &Launch, workspace: &Path) -> Option<String> {
    let within = |path: &Path| {
        path.is_absolute()
            && (path.starts_with(workspace)
                || fs::canonicalize(path).is_ok_and(|path| path.starts_with(workspace)))
    };
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let (program, arguments) = command.argv.split_first()?;
    if let Some(found) = found(program, command) {
        if within(&found) {
            return Some(shown(&found));
        }
        let home =
            command.environment.iter().find(|(name, _)| name == "HOME").map(|(_, value)| Path::new(value));
        if let Some(file) = python::leads(&found, home, workspace) {
            return Some(shown(&file));
        }
    }
    let mut words = arguments.iter().flat_map(|word| paths_of(word));
    if let Some(word) = words.find(|word| within(word)) {
        return Some(shown(&word));
    }
    command.environment.iter().find_map(|(name, value)| {
        let mut paths = std::env::split_paths(value);
        // A folder of PATH that is not there gives no program; the agent could make it, so it counts.
        let path = paths.find(|path| within(path))?;
        Some(format!("{}: {}", name.to_string_lossy(), shown(&path)))
    })
}

/// The paths that a word can mean: itself, and what stands behind a `=`.
fn paths_of(word: &OsStr) -> impl Iterator<Item = PathBuf> + use<> {
    let behind = word.as_bytes().iter().position(|byte| *byte == b'=').map(|at| &word.as_bytes()[at + 1..]);
    let paths = [Some(word.as_bytes()), behind]
        .map(|bytes| bytes.map(|bytes| PathBuf::from(OsStr::from_bytes(bytes))));
    paths.into_iter().flatten()
}

/// Where the program is found, as execvp(3) looks for it.
fn found(program: &OsStr, command: &Launch) -> Option<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Some(command.folder.join(program));
    }
    let path: &OsString =
        command.environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value)?;
    let mut places = std::env::split_paths(path).map(|place| command.folder.join(place).join(program));
    places.find(|place| place.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use evident_process::Input;

    fn led(workspace: &Path, argv: &[&str], environment: &[(&str, String)]) -> Option<String> {
        let command = Launch {
            argv: argv.iter().map(OsString::from).collect(),
            folder: workspace.parent().expect("has one").join("copy"),
            environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            input: Input::Closed,
            user: None,
        };
        leads(&command, workspace)
    }

    /// Catches a copy in which a program of the workspace runs after all.
    #[test]
    fn a_program_or_a_path_of_the_workspace_is_named() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("is there");
        let workspace = root.join("work");
        for folder in ["work/.venv/bin", "copy/.venv/bin", "bin"] {
            fs::create_dir_all(root.join(folder)).expect("makes");
        }
        for file in ["work/.venv/bin/python", "copy/.venv/bin/python", "bin/cargo"] {
            fs::write(root.join(file), "").expect("writes");
        }
        std::os::unix::fs::symlink(workspace.join(".venv/bin/python"), root.join("bin/py")).expect("links");
        let own = root.join("bin").display().to_string();
        let venv = workspace.join(".venv/bin").display().to_string();
        let path = |path: String| [("PATH", path)];
        for argv in [["cargo", "test"], [".venv/bin/python", "-m"], ["cargo", "--config=/x"]] {
            assert_eq!(led(&workspace, &argv, &path(own.clone())), None, "{argv:?}");
        }
        let python = format!("{venv}/python");
        assert_eq!(led(&workspace, &["python"], &path(format!("{venv}:{own}"))), Some(python.clone()));
        let through_a_link = root.join("bin/py").display().to_string();
        assert_eq!(led(&workspace, &["py"], &path(own.clone())), Some(through_a_link));
        assert_eq!(
            led(&workspace, &["cargo"], &path(format!("{own}:{venv}"))),
            Some(format!("PATH: {venv}"))
        );
        assert_eq!(led(&workspace, &[&python], &path(own.clone())), Some(python.clone()));
        let word = format!("--path={venv}");
        assert_eq!(led(&workspace, &["cargo", &word], &path(own.clone())), Some(venv.clone()));
        let set = [("PATH", own), ("PYTHONPATH", format!("/y:{venv}"))];
        assert_eq!(led(&workspace, &["cargo"], &set), Some(format!("PYTHONPATH: {venv}")));
    }
}

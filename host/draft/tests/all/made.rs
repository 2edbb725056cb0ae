//! Makes repositories in a fresh folder.

use std::fs;
use std::path::Path;

use evident_draft::{Error, Findings, look};
use tempfile::TempDir;

/// Paths and texts.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// Makes the files, with their folders; a path that ends with `/` is a folder.
pub(crate) fn repository(files: Files<'_>) -> TempDir {
    // The name is part of what is found where no manifest states one.
    let folder = tempfile::Builder::new().prefix("made").tempdir().expect("a folder for the test");
    fill(folder.path(), files);
    folder
}

pub(crate) fn fill(folder: &Path, files: Files<'_>) {
    for (path, text) in files {
        let path = folder.join(path);
        if path.to_string_lossy().ends_with('/') {
            fs::create_dir_all(&path).expect("makes a folder");
        } else {
            fs::create_dir_all(path.parent().expect("has a folder")).expect("makes a folder");
            fs::write(&path, text).expect("writes a file");
        }
        // Without these two a `HEAD` makes no repository.
        if let Some(git) = path.parent().filter(|_| path.ends_with(".git/HEAD")) {
            fs::create_dir_all(git.join("objects")).expect("makes a folder");
            fs::create_dir_all(git.join("refs")).expect("makes a folder");
        }
    }
}

pub(crate) fn findings(files: Files<'_>) -> Findings {
    look(repository(files).path(), &|_| false).unwrap_or_else(|error| panic!("{files:?}: {error:?}"))
}

/// What was there and did not help.
pub(crate) fn refused(folder: &Path) -> Vec<String> {
    match look(folder, &|_| false) {
        Err(Error::NothingRecognised { notes, .. }) => {
            notes.into_iter().map(|note| format!("{}: {}", note.file, note.says)).collect()
        }
        other => panic!("expected nothing, found {other:?}"),
    }
}

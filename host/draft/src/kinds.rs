//! The kinds of projects: one module each. A kind reads its own files and nobody else's.

pub(crate) mod cargo;
pub(crate) mod go;
pub(crate) mod node;
pub(crate) mod pytest;

use crate::folder::Folder;

/// Texts, owned.
pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// True for a path, seen from the top, that leads out of the folder.
pub(crate) fn leaves(path: &str) -> bool {
    let mut depth = 0_i32;
    path.starts_with('/')
        || path.split('/').any(|part| {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            depth < 0
        })
}

/// The files of these that are there.
pub(crate) fn present(folder: &Folder, names: &[&str]) -> Vec<String> {
    owned(&names.iter().copied().filter(|name| folder.has_file(name)).collect::<Vec<_>>())
}

/// Patterns of the folders of these that are there.
pub(crate) fn folders(folder: &Folder, names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| folder.has_folder(name)).map(|name| format!("{name}/**")).collect()
}

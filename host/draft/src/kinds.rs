//! The kinds of projects: one module each. A kind reads its own files and nobody else's.

pub(crate) mod cargo;
pub(crate) mod go;
pub(crate) mod node;
pub(crate) mod pytest;
pub(crate) mod screens;

use std::path::PathBuf;

use evident_regular::{Members, workspace_above};

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

/// The top of the workspace that the folder is a member of, which is noted for `manifest`.
pub(crate) fn top_above(folder: &Folder, members: Members, manifest: &str) -> Option<PathBuf> {
    let top = workspace_above(folder.root(), members)?;
    let shown = top.display();
    folder.note(
        manifest,
        format!(
            "is a member of the workspace in {shown}: run `evident init` there for passes that are proven"
        ),
    );
    Some(top)
}

/// The files of these that are there.
pub(crate) fn present(folder: &Folder, names: &[&str]) -> Vec<String> {
    owned(&names.iter().copied().filter(|name| folder.has_file(name)).collect::<Vec<_>>())
}

/// Patterns of the folders of these that are there.
pub(crate) fn folders(folder: &Folder, names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| folder.has_folder(name)).map(|name| format!("{name}/**")).collect()
}

//! Writes the attachments of outcomes into a folder of the person's choice.
//!
//! A checker chooses their names, so that none is taken as a path, and no file that is there is written over.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use evident_core::outcome::Attachment;
use evident_engine::Blobs;

use crate::exit::UsageError;

/// Bytes of all attachments of a check: the host takes no more from a checker.
const BYTES_MAX: u64 = 64 << 20;

/// Bytes of a file name.
const NAME_BYTES_MAX: usize = 200;

/// Writes each attachment into `folder`, which is made where it is not there, and gives their paths in order.
///
/// # Errors
/// When a name is taken by a file with other bytes, or a file cannot be written.
pub(super) fn save(attachments: &[Attachment], blobs: &Blobs, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)
        .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    let mut names: Vec<String> = Vec::new();
    attachments
        .iter()
        .map(|attachment| {
            let name = file_name(&attachment.name, &names);
            names.push(name.clone());
            let path = folder.join(name);
            write(&path, &blobs.bytes(attachment.digest, BYTES_MAX)?)?;
            Ok(path)
        })
        .collect()
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            file.write_all(bytes).with_context(|| format!("failed to write `{}`", path.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if path.is_file() && fs::read(path).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            let taken = UsageError::new(format!("`{}` is there already, with other bytes", path.display()));
            Err(taken.hint("name an empty folder").into())
        }
        Err(error) => Err(error).with_context(|| format!("failed to write `{}`", path.display())),
    }
}

/// A name without anything that a path or a shell makes something of, and that none of the others has.
fn file_name(name: &str, others: &[String]) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let plain: String =
        name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    let plain = plain.trim_start_matches(['.', '-']);
    let plain = &plain[..plain.len().min(NAME_BYTES_MAX)];
    let plain = if plain.is_empty() { "attachment" } else { plain };
    let numbered = (2_u32..).map(|number| format!("{number}-{plain}"));
    let mut names = std::iter::once(plain.to_owned()).chain(numbered);
    names.find(|name| !others.contains(name)).expect("there are more numbers than attachments")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches an attachment that is written outside of the folder, or over another one.
    #[test]
    fn a_name_is_no_path() {
        for (name, expected) in [
            ("home-diff.png", "home-diff.png"),
            ("../../.bashrc", "_.._.bashrc"),
            (".gitignore", "gitignore"),
            ("/etc/passwd", "_etc_passwd"),
            ("-rf", "rf"),
            ("", "attachment"),
            ("a b\n\u{202e}c", "a_b__c"),
        ] {
            assert_eq!(file_name(name, &[]), expected);
        }
        assert_eq!(file_name("a/b", &["a_b".to_owned()]), "2-a_b");
        assert_eq!(file_name(&"x".repeat(900), &[]).len(), NAME_BYTES_MAX);
    }

    /// Catches a file of the person's that an attachment replaces.
    #[test]
    fn no_file_is_written_over() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(root.path().join("blobs")).expect("opens");
        let digest = blobs.keep(b"picture").expect("keeps");
        let attachment = Attachment { name: "a.png".into(), media_type: "image/png".into(), size: 7, digest };
        let folder = root.path().join("new/folder");
        let attachments = [attachment.clone(), attachment];
        let saved = save(&attachments, &blobs, &folder).expect("saves");
        assert_eq!(saved, [folder.join("a.png"), folder.join("2-a.png")]);
        assert_eq!(save(&attachments, &blobs, &folder).expect("the same bytes"), saved);
        fs::write(folder.join("a.png"), "mine").expect("writes");
        let refused = save(&attachments, &blobs, &folder).expect_err("is there").to_string();
        assert!(refused.ends_with("a.png` is there already, with other bytes"), "{refused}");
        assert_eq!(fs::read(folder.join("a.png")).expect("is there"), b"mine");
    }
}

//! Opens one file safely and copies it into a blob.
//!
//! Only regular files beneath a root; never waits for the other end of a FIFO; a file that changes
//! meanwhile is refused, because its bytes were never there together.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use evident_blobs::Blobs;
use evident_core::evidence::{Artifact, media_type};
use evident_core::outcome::NoEvidence;
use rustix::fs::{FileType, OFlags};

use crate::Error;
use crate::age::Stamp;
use crate::capture::BUFFER_BYTES;
use crate::globs::{Links, why};
use crate::halt::{Halt, short};
use crate::offload::Wanted;

/// An open regular file, as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    file: File,
    name: String,
    pub(crate) metadata: Metadata,
}

/// What a path beneath `root` is in the end; symlinks that leave it are refused.
pub(crate) fn kind(root: &Dir, name: &str, links: Links) -> Result<FileType, Halt> {
    let metadata = match links {
        Links::Inside => root.metadata(name),
        Links::Never => root.symlink_metadata(name),
    };
    Ok(FileType::from_raw_mode(metadata.map_err(|error| refused(name, &error))?.mode()))
}

/// Opens a regular file beneath `root`.
pub(crate) fn open(root: &Dir, name: &str, links: Links) -> Result<Opened, Halt> {
    // Looks first: opening alone can already act on a device or wake up who writes to a FIFO.
    regular(name, kind(root, name, links)?)?;
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Never {
        flags |= OFlags::NOFOLLOW;
    }
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(i32::try_from(flags.bits()).expect("flags of open(2) fit an int"));
    let opened = root.open_with(name, &options).map_err(|error| refused(name, &error))?;
    let file = opened.into_std();
    let metadata = file.metadata().map_err(|error| refused(name, &error))?;
    regular(name, FileType::from_raw_mode(metadata.mode()))?;
    Ok(Opened { file, name: name.to_owned(), metadata })
}

impl Opened {
    /// Copies the file into a blob.
    pub(crate) fn copy(mut self, blobs: &Blobs, bytes_max: u64, wanted: &Wanted) -> Result<Artifact, Halt> {
        let size = self.metadata.len();
        if size > bytes_max {
            let detail = format!("`{}` has {size} bytes, at most {bytes_max} are taken", self.name);
            return Err(short(NoEvidence::Overflow, detail));
        }
        let mut writer = blobs.create()?;
        let mut buffer = vec![0; BUFFER_BYTES];
        // A file that only grows would never end: one byte more than expected is enough to know.
        while writer.size() <= size {
            wanted.check()?;
            match self.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => writer.write_all(&buffer[..count]).map_err(Error::Write)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(refused(&self.name, &error)),
            }
        }
        let after = self.file.metadata().map_err(|error| refused(&self.name, &error))?;
        if writer.size() != size || !is_same(&self.metadata, &after) {
            return Err(short(NoEvidence::Unreadable, format!("`{}` changed while it was read", self.name)));
        }
        let (digest, size) = writer.finish()?;
        Ok(Artifact { media_type: media_type(&self.name).to_owned(), name: self.name, size, digest })
    }
}

fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len()
        && Stamp::modified(before) == Stamp::modified(after)
        && Stamp::changed(before) == Stamp::changed(after)
}

/// Refuses everything but a regular file, by what it is.
pub(crate) fn regular(name: &str, kind: FileType) -> Result<(), Halt> {
    let what = match kind {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a folder",
        FileType::Symlink => "a symlink",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "of an unknown kind",
    };
    Err(short(NoEvidence::Unreadable, format!("`{name}` is {what}, not a regular file")))
}

/// Why a path could not be read.
pub(crate) fn refused(name: &str, error: &io::Error) -> Halt {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => NoEvidence::Missing,
        _ => NoEvidence::Unreadable,
    };
    short(kind, why(Path::new(name), error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};

    use cap_std::ambient_authority;

    /// Opens a file, changes it, and copies it.
    fn copied(change: impl Fn(&Path)) -> Result<Artifact, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path().join("blobs")).expect("opens");
        let path = folder.path().join("file");
        fs::write(&path, "0123456789").expect("writes");
        let root = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opens");
        let opened = open(&root, "file", Links::Never).expect("is a file");
        // The change shall carry another time than the file: waits for the next tick.
        while crate::age::file_now(folder.path()).expect("makes") <= Stamp::changed(&opened.metadata) {}
        change(&path);
        opened.copy(&blobs, 10, &Wanted::always()).map_err(|halt| halt.shortfall().expect("is data").detail)
    }

    #[test]
    fn a_file_that_changes_is_refused() {
        let append = |path: &Path| {
            OpenOptions::new().append(true).open(path).expect("opens").write_all(b"!").expect("writes");
        };
        let shorten = |path: &Path| fs::write(path, "0").expect("writes");
        let rewrite = |path: &Path| {
            let modified = fs::metadata(path).expect("is there").modified().expect("has one");
            fs::write(path, "9876543210").expect("writes");
            let file = OpenOptions::new().write(true).open(path).expect("opens");
            file.set_modified(modified).expect("forges");
        };
        // Nobody may wait for the end of this one.
        let explode = |path: &Path| {
            OpenOptions::new().write(true).open(path).expect("opens").set_len(1 << 40).expect("is sparse");
        };
        let changes: [&dyn Fn(&Path); 4] = [&append, &shorten, &rewrite, &explode];
        for change in changes {
            assert_eq!(copied(change), Err("`file` changed while it was read".to_owned()));
        }
    }

    #[test]
    fn a_file_that_is_replaced_gives_what_was_opened() {
        let replace = |path: &Path| {
            fs::write(path.with_extension("new"), "another").expect("writes");
            fs::rename(path.with_extension("new"), path).expect("renames");
        };
        // Losing its name changes the file's change time on some systems: then it is refused.
        match copied(replace) {
            Ok(artifact) => assert_eq!(artifact.digest, Blobs::digest(b"0123456789")),
            Err(detail) => assert_eq!(detail, "`file` changed while it was read"),
        }
    }
}

//! Reads objects of git, each proven by its name.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use evident_blobs::Blobs;
use evident_core::digest::Digest;

use super::name::Naming;
use super::watch::{SILENCE, Watch};
use super::{Git, SILENT, absent, refused};
use crate::Error;
use crate::capture::BUFFER_BYTES;

/// Bytes of one line that `cat-file` writes before an object.
const HEADER_BYTES_MAX: usize = 1024;

/// Bytes of an object that is held in memory, a commit or a tree: a folder of a million files has some 50
/// MB.
const HELD_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tree) enum Type {
    Commit,
    Tree,
}

impl Type {
    fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
        }
    }
}

/// Gives objects in the order in which they were asked for.
pub(in crate::tree) struct Objects {
    action: String,
    child: Child,
    watch: Watch,
    answers: BufReader<std::process::ChildStdout>,
    /// Writes the questions, so that git never waits for us while we wait for it.
    asker: Option<JoinHandle<io::Result<()>>>,
}

impl Objects {
    /// Asks for the objects with these ids.
    pub(in crate::tree) fn ask(
        git: &Git,
        action: &str,
        folder: &Path,
        ids: Vec<String>,
    ) -> Result<Self, Error> {
        let mut command = git.command(folder);
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| absent(action, &error))?;
        let mut questions = child.stdin.take().expect("is piped");
        let asker = std::thread::spawn(move || {
            for id in ids {
                writeln!(questions, "{id}")?;
            }
            Ok(())
        });
        let answers = BufReader::new(child.stdout.take().expect("is piped"));
        let watch = Watch::over(&child, SILENCE);
        Ok(Self { action: action.to_owned(), child, watch, answers, asker: Some(asker) })
    }

    /// Puts the next object, a file or a symlink, into a blob: its digest and its size. At most
    /// `bytes_max`; nothing where it has more, and then there is no next one.
    pub(in crate::tree) fn store(
        &mut self,
        id: &str,
        blobs: &Blobs,
        bytes_max: u64,
    ) -> Result<Option<(Digest, u64)>, Error> {
        let size = self.size(id, "blob")?;
        if size > bytes_max {
            return Ok(None);
        }
        let mut writer = blobs.create()?;
        self.copy(id, "blob", size, &mut |bytes| writer.write_all(bytes).map_err(Error::Write))?;
        Ok(Some(writer.finish()?))
    }

    /// The content of the next object.
    pub(in crate::tree) fn read(&mut self, id: &str, kind: Type) -> Result<Vec<u8>, Error> {
        let size = self.size(id, kind.word())?;
        if size > HELD_BYTES_MAX {
            let problem = format!("the {} `{id}` has {size} bytes, at most {HELD_BYTES_MAX}", kind.word());
            return Err(refused(&self.action, &problem));
        }
        let mut content = Vec::new();
        self.copy(id, kind.word(), size, &mut |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(content)
    }

    /// Reads the line before an object.
    fn size(&mut self, id: &str, kind: &str) -> Result<u64, Error> {
        let header = match self.header() {
            Err(_) if self.watch.stop() => return Err(refused(&self.action, SILENT)),
            header => header.map_err(Error::Pipe)?,
        };
        self.watch.hear();
        let mut words = header.split(' ');
        let size = match (words.next(), words.next(), words.next()) {
            (Some(found), Some(word), Some(size)) if found == id && word == kind => size.parse().ok(),
            _ => None,
        };
        size.ok_or_else(|| refused(&self.action, &format!("git says `{header}` about the {kind} `{id}`")))
    }

    fn copy(
        &mut self,
        id: &str,
        kind: &str,
        size: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut naming = Naming::new(id, kind, size);
        let mut rest = size;
        let mut buffer = vec![0; BUFFER_BYTES];
        while rest > 0 {
            let length = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
            self.answers.read_exact(&mut buffer[..length]).map_err(Error::Pipe)?;
            self.watch.hear();
            naming.update(&buffer[..length]);
            take(&buffer[..length])?;
            rest -= length as u64;
        }
        let mut end = [0];
        self.answers.read_exact(&mut end).map_err(Error::Pipe)?;
        if naming.finish().as_deref() == Some(id) {
            return Ok(());
        }
        let problem = format!("the {kind} `{id}` is damaged or forged, run `git fsck`");
        Err(refused(&self.action, &problem))
    }

    fn header(&mut self) -> io::Result<String> {
        let mut header = Vec::new();
        let mut byte = [0];
        loop {
            self.answers.read_exact(&mut byte)?;
            if byte == *b"\n" {
                return Ok(String::from_utf8_lossy(&header).into_owned());
            }
            header.push(byte[0]);
            if header.len() > HEADER_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // Where all was read it has ended by itself. Otherwise nobody waits for the rest, and the one who
        // asks finds a closed pipe.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(asker) = self.asker.take() {
            let _ = asker.join();
        }
    }
}

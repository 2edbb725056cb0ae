//! Asks `git` about commits, and never lets it act.
//!
//! It runs in an environment without any `GIT_*` variable of ours, with hooks, monitors, replacement
//! objects, lazy fetching and optional locks switched off: what a repository is set up to do must not
//! decide what its commits hold.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use evident_blobs::Blobs;
use evident_core::digest::Digest;

use crate::Error;
use crate::capture::BUFFER_BYTES;

/// What `git` gets from our environment: where programs are, and whose configuration says which folders
/// it may trust.
const PASSED: &[&str] = &["PATH", "HOME", "XDG_CONFIG_HOME"];

/// What holds for every call.
const SETTINGS: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
];

/// Bytes of one line that `cat-file` writes before an object.
const HEADER_BYTES_MAX: usize = 1024;

/// Bytes of what git says when it refuses, as far as it is shown.
const REFUSAL_BYTES_MAX: usize = 512;

pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(PASSED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs(SETTINGS.iter().copied());
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    command.arg("-C").arg(folder);
    command
}

/// Runs git to its end and gives what it wrote.
pub(super) fn output(action: &str, command: &mut Command) -> Result<Vec<u8>, Error> {
    let output = command.output().map_err(|error| absent(action, &error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr[..output.stderr.len().min(REFUSAL_BYTES_MAX)]);
    let said = said.trim().trim_start_matches("fatal: ");
    Err(refused(action, if said.is_empty() { "git refused, and did not say why" } else { said }))
}

pub(super) fn refused(action: &str, problem: &str) -> Error {
    Error::Git { action: action.to_owned(), problem: evident_core::text::line(problem) }
}

fn absent(action: &str, error: &io::Error) -> Error {
    refused(action, &format!("`git` could not be run: {error}"))
}

/// Puts objects into blobs, in the order in which they are asked for.
pub(super) struct Objects {
    action: String,
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
    /// Writes the questions, so that git never waits for us while we wait for it.
    asker: Option<JoinHandle<io::Result<()>>>,
}

impl Objects {
    /// Asks for the objects with these ids.
    pub(super) fn ask(action: &str, folder: &Path, ids: Vec<String>) -> Result<Self, Error> {
        let mut command = command(folder);
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
        Ok(Self { action: action.to_owned(), child, answers, asker: Some(asker) })
    }

    /// The next object: its digest and its size.
    pub(super) fn next(&mut self, id: &str, blobs: &Blobs) -> Result<(Digest, u64), Error> {
        let header = self.header().map_err(Error::Pipe)?;
        let mut words = header.split(' ');
        let size = match (words.next(), words.next(), words.next()) {
            (Some(found), Some("blob"), Some(size)) if found == id => size.parse::<u64>().ok(),
            _ => None,
        };
        let size = size.ok_or_else(|| refused(&self.action, &format!("git says `{header}` about `{id}`")))?;
        let mut writer = blobs.create()?;
        let mut rest = size;
        let mut buffer = vec![0; BUFFER_BYTES];
        while rest > 0 {
            let length = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
            self.answers.read_exact(&mut buffer[..length]).map_err(Error::Pipe)?;
            writer.write_all(&buffer[..length]).map_err(Error::Write)?;
            rest -= length as u64;
        }
        let mut end = [0];
        self.answers.read_exact(&mut end).map_err(Error::Pipe)?;
        Ok(writer.finish()?)
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

//! The real world of a goal: its workspace, its contract as it was put in force, and the evidence.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use evident_agent::Pending;
use evident_blobs::Blobs;
use evident_collect::CallOff;
use evident_collect::seen::{self, Seen};
use evident_core::assessment::Assessment;
use evident_core::contract::CONTRACT_BYTES_MAX;
use evident_core::contract::terms::WakeOn;
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::evidence::{Evidence, Timestamp};
use evident_core::goal::Waiting;
use evident_core::goal::assessed::{self, Known};
use evident_core::goal::event::{Assessed, Scope};
use evident_core::roll_up::RollUp;
use evident_patterns::Pattern;
use evident_regular::Links;
use evident_store::{Filter, GoalId, ThreadId};

use super::Trouble;
use super::world::{Assess, Look, World};
use crate::collecting::blocking;
use crate::obstacle::obstacle;
use crate::{Asked, ContractFile, Engine, Error, Listener, Opened, clock};

/// Bytes of a stored assessment: ten thousand findings of each of many clauses.
pub(crate) const ASSESSMENT_BYTES_MAX: u64 = 1 << 30;

/// Bytes of a stored text: a prompt or a message.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Bytes of one write while it is looked whether there is room.
const ROOM_PIECE_BYTES: usize = 64 * 1024;

/// Bytes of a file with the number of a process.
const PID_FILE_BYTES_MAX: u64 = 64;

/// The real world of a goal.
pub(super) struct Site {
    engine: Engine,
    /// Where the contract was read; its text is that of the revision in force.
    file: ContractFile,
    goal: GoalId,
    thread: ThreadId,
    listener: Listener,
    /// Contracts that were opened, by digest.
    opened: Mutex<BTreeMap<Digest, Arc<Opened>>>,
    /// What lay around when this host began, or later a turn ended or a wait was over.
    last: Mutex<Option<Arc<Seen>>>,
    /// Absent until a turn of this host began.
    noted: Mutex<Option<Arc<Noted>>>,
}

impl Site {
    pub(super) fn new(
        engine: Engine,
        opened: Opened,
        goal: GoalId,
        thread: ThreadId,
        listener: Listener,
        seen: Arc<Seen>,
    ) -> Self {
        let file = opened.file.clone();
        let opened = Mutex::new(BTreeMap::from([(file.digest, Arc::new(opened))]));
        Self {
            engine,
            file,
            goal,
            thread,
            listener,
            opened,
            last: Mutex::new(Some(seen)),
            noted: Mutex::default(),
        }
    }

    /// The contract of that digest, from its stored text: what the file says now does not matter.
    async fn contract(&self, digest: Digest) -> Result<Arc<Opened>, Trouble> {
        if let Some(opened) = lock(&self.opened).get(&digest).filter(|_| Defence::StoredContract.stands()) {
            return Ok(Arc::clone(opened));
        }
        let (engine, file, listener) = (self.engine.clone(), self.file.clone(), Arc::clone(&self.listener));
        let opened = blocking(move || engine.open_stored(&file, digest, &listener)).await.map_err(trouble)?;
        let opened = Arc::new(opened);
        lock(&self.opened).insert(digest, Arc::clone(&opened));
        Ok(opened)
    }

    async fn judge(&self, asked: Assess) -> Result<Assessed, Trouble> {
        let opened = self.contract(asked.contract).await?;
        let part = match asked.scope {
            Scope::All => None,
            Scope::Constraints => Some(opened.constraints_only()),
        };
        let opened = part.as_ref().unwrap_or(&opened);
        let asked_for = Asked { assurance: asked.assurance, ..Asked::default() };
        let mut assessment = self.engine.assess(opened, &asked_for, &self.listener).await.map_err(trouble)?;
        let (engine, file, text) = (self.engine.clone(), self.file.clone(), opened.file.text.clone());
        blocking(move || {
            let edited = is_edited(&file.path, asked.contract);
            // What completion rests on is there, as it was judged.
            if assessment.roll_up == RollUp::Met {
                engine.blobs.keep(text.as_bytes())?;
                engine.take_back_damaged(&mut assessment)?;
            }
            // What the log names survives the loss of power.
            engine.sync_evidence(&assessment)?;
            let json = serde_json::to_vec(&assessment).expect("an assessment has a JSON form");
            let known = Known {
                why: asked.why,
                scope: asked.scope,
                assessment: engine.blobs.keep(&json)?,
                evidence: Blobs::digest(assessed::evidence_text(&assessment).as_bytes()),
                contract_edited: edited,
            };
            if asked.scope == Scope::All {
                engine.keep(&file, &assessment)?;
            }
            Ok(assessed::of(&assessment, known))
        })
        .await
        .map_err(trouble)
    }

    async fn collect_source(&self, contract: Digest, name: &str) -> Result<Option<String>, Trouble> {
        let opened = self.contract(contract).await?;
        let Some(part) = opened.source_only(name) else { return Ok(None) };
        let evidence = match self.engine.attempt(&part, &self.listener).await {
            Ok(evidence) => evidence,
            Err(error) => return Ok(Some(unreadable(error)?)),
        };
        let named = evidence.iter().find(|evidence| evidence.origin.source == name);
        Ok(named.map(marked))
    }

    /// What happened to the files of a wait since the note that its turn is held against.
    async fn came_meanwhile(&self, globs: &[String]) -> Result<Option<String>, Trouble> {
        let (noted, workspace) = (self.noted(), self.file.workspace.clone());
        let globs = globs.to_vec();
        blocking(move || {
            let now = Seen::all(&workspace);
            Ok(match noted {
                Some(noted) => {
                    let changed = now.changed_since(&noted.seen, &globs);
                    changed.map(|path| format!("`{path}` changed before the wait began"))
                }
                // A turn too much is better than a wait for what is there already.
                None => now.has(&globs).then(|| "it is there, and no host saw since when".to_owned()),
            })
        })
        .await
        .map_err(trouble)
    }

    /// The same of a source: what it gave in the last assessment before the turn.
    async fn differs_meanwhile(&self, name: &str, mark: &str) -> Result<Option<String>, Trouble> {
        let Some(known) = self.noted().and_then(|noted| noted.known) else { return Ok(None) };
        let assessment = self.assessment(known).await?;
        let before = assessment.evidence.iter().find(|evidence| evidence.origin.source == name);
        let differs = before.is_some_and(|before| marked(before) != mark);
        Ok(differs.then(|| format!("`{name}` gives something else than before the turn")))
    }

    fn noted(&self) -> Option<Arc<Noted>> {
        lock(&self.noted).clone()
    }
}

/// What the waits of a turn are held against.
struct Noted {
    seen: Arc<Seen>,
    /// The newest assessment then.
    known: Option<Digest>,
}

/// True if the file is not the contract in force.
fn is_edited(path: &Path, contract: Digest) -> bool {
    // The agent can put anything in the place of it: a pipe there must not hold the host.
    let text = evident_regular::whole(path, Links::Followed, CONTRACT_BYTES_MAX);
    text.map_or(true, |text| Blobs::digest(&text) != contract)
}

/// Whether the process whose number stands in a file has ended; a file that is not there names none.
fn has_ended(workspace: &Path, path: &str) -> Option<String> {
    let gone = || Some(format!("`{path}` names no process"));
    let Ok(path_inside) = fs::canonicalize(workspace.join(path)) else { return gone() };
    if !path_inside.starts_with(workspace) {
        return gone();
    }
    // The agent can put anything in the place of it: a pipe there must not hold the host.
    let read = evident_regular::beginning(&path_inside, Links::Followed, PID_FILE_BYTES_MAX).ok();
    let text = read.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    // A negative number would mean a group, or everybody.
    let number = text.trim().parse::<u32>().ok().and_then(|number| i32::try_from(number).ok());
    let Some(pid) = number.and_then(rustix::process::Pid::from_raw) else { return gone() };
    match rustix::process::test_kill_process(pid) {
        Err(rustix::io::Errno::SRCH) => Some(format!("process {} has ended", pid.as_raw_nonzero())),
        _ if is_dead(pid) => Some(format!("process {} has ended", pid.as_raw_nonzero())),
        _ => None,
    }
}

/// True for a process that has ended and that nobody has asked how: it keeps its number.
fn is_dead(pid: rustix::process::Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The name before it is in parentheses and may hold anything.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, Some('Z' | 'X'))
}

impl World for Site {
    fn wall(&self) -> Timestamp {
        clock::now()
    }

    fn keep(&self, bytes: Vec<u8>) -> Pending<'_, Result<Digest, Trouble>> {
        let blobs = self.engine.blobs.clone();
        Box::pin(async move { blocking(move || Ok(blobs.keep(&bytes)?)).await.map_err(trouble) })
    }

    fn room(&self, bytes: u64) -> Pending<'_, Result<(), Trouble>> {
        let places = Arc::clone(&self.engine.places);
        let look = move || {
            // One after the other: both may lie on one disk.
            for folder in [&places.state.join("blobs"), &places.cache] {
                room(folder, bytes).map_err(|source| Error::State {
                    action: "write into",
                    path: folder.clone(),
                    source,
                })?;
            }
            Ok(())
        };
        Box::pin(async move { blocking(look).await.map_err(trouble) })
    }

    fn text(&self, digest: Digest) -> Pending<'_, Result<String, Trouble>> {
        let blobs = self.engine.blobs.clone();
        Box::pin(async move {
            let bytes = blocking(move || Ok(blobs.bytes(digest, TEXT_BYTES_MAX)?)).await.map_err(trouble)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn assessment(&self, digest: Digest) -> Pending<'_, Result<Assessment, Trouble>> {
        let engine = self.engine.clone();
        Box::pin(async move { blocking(move || engine.stored_assessment(digest)).await.map_err(trouble) })
    }

    fn assess(&self, asked: Assess) -> Pending<'_, Result<Assessed, Trouble>> {
        Box::pin(self.judge(asked))
    }

    fn settle(&self) -> Pending<'_, ()> {
        Box::pin(self.engine.end_orphans())
    }

    fn tree(&self, contract: Digest) -> Pending<'_, Result<Digest, Trouble>> {
        Box::pin(async move {
            let call_off = CallOff::new();
            let engine = self.engine.as_long_as(call_off.wanted());
            let opened = self.contract(contract).await?;
            let tree = blocking(move || engine.tree(&opened)).await;
            // A work that cannot be read is not a failure: the assessment that follows says what is wrong.
            tree.or_else(|error| obstacle(&error).map(|obstacle| obstacle.digest()).ok_or(error))
                .map_err(trouble)
        })
    }

    fn revise(&self, contract: Digest, revision: u32) -> Pending<'_, Result<(), Trouble>> {
        Box::pin(async move {
            let (engine, goal, opened) = (self.engine.clone(), self.goal, self.contract(contract).await?);
            blocking(move || engine.accept_revision(&opened, goal, revision)).await.map_err(trouble)
        })
    }

    fn note(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            let workspace = self.file.workspace.clone();
            let seen = blocking(move || Ok(Seen::all(&workspace))).await;
            // Without it a wait wakes once too often.
            *lock(&self.last) = seen.ok().map(Arc::new);
        })
    }

    fn begins(&self, known: Option<Digest>) {
        let seen = lock(&self.last).clone();
        *lock(&self.noted) = seen.map(|seen| Arc::new(Noted { seen, known }));
    }

    fn look<'a>(
        &'a self,
        contract: Digest,
        waiting: &'a Waiting,
        waited_ms: u64,
    ) -> Pending<'a, Result<Look, Trouble>> {
        Box::pin(async move {
            let wake = &waiting.wake;
            let is_first = waiting.is_new() && waiting.since_turn;
            let (mark, fired) = match &wake.on {
                WakeOn::At(time) => (None, (self.wall() >= *time).then(|| "the time has come".to_owned())),
                WakeOn::Every => (None, (waited_ms >= wake.every_ms).then(|| "the wait is over".to_owned())),
                WakeOn::Files(globs) => {
                    // Before the mark: what comes between the two is seen by the next look.
                    let came = if is_first { self.came_meanwhile(globs).await? } else { None };
                    let (workspace, globs) = (self.file.workspace.clone(), globs.clone());
                    let mark = blocking(move || Ok(seen::mark(&workspace, &globs))).await.map_err(trouble)?;
                    (Some(mark.hex()), came)
                }
                WakeOn::PidFile(path) => {
                    let (workspace, path) = (self.file.workspace.clone(), path.clone());
                    let ended = blocking(move || Ok(has_ended(&workspace, &path))).await.map_err(trouble)?;
                    (Some("it runs".to_owned()), ended)
                }
                WakeOn::Source(name) => match self.collect_source(contract, name).await? {
                    Some(mark) => {
                        let differs =
                            if is_first { self.differs_meanwhile(name, &mark).await? } else { None };
                        (Some(mark), differs)
                    }
                    None => (None, Some(format!("the contract has no source `{name}` any more"))),
                },
            };
            Ok(Look { mark, fired })
        })
    }

    fn is_superseded(&self) -> bool {
        let newer = |engine: &Engine| {
            let heads = engine.store()?.heads(Filter::Thread(self.thread), None, 1)?;
            Ok::<_, Error>(heads.first().is_some_and(|head| head.goal.id != self.goal))
        };
        // A store that cannot be read now fails again when the decision is written down.
        newer(&self.engine).unwrap_or(false)
    }

    fn matched(&self, patterns: &[String], paths: &[String]) -> Vec<String> {
        let matches = |text: &&String| match Pattern::parse(text) {
            Ok(pattern) => paths.iter().any(|path| pattern.matches(path.trim_start_matches("./"))),
            // Lint refuses such a contract; should one get here, a person decides.
            Err(_) => true,
        };
        patterns.iter().filter(matches).cloned().collect()
    }
}

impl Engine {
    /// A stored assessment.
    ///
    /// # Errors
    /// Where it is not there, or not as it was stored.
    pub fn stored_assessment(&self, digest: Digest) -> Result<Assessment, Error> {
        let bytes = self.blobs.bytes(digest, ASSESSMENT_BYTES_MAX)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::Stored { path: self.blobs.path(digest), message: error.to_string() })
    }

    /// Opens a contract from its stored text, as if it were the file that it was read from.
    pub(crate) fn open_stored(
        &self,
        file: &ContractFile,
        digest: Digest,
        listener: &Listener,
    ) -> Result<Opened, Error> {
        let bytes = match Defence::StoredContract.stands() {
            true => self.blobs.bytes(digest, CONTRACT_BYTES_MAX)?,
            false => ContractFile::read(&file.path, Some(&file.workspace))?.text.into_bytes(),
        };
        let refused = |message: String| Error::Stored { path: self.blobs.path(digest), message };
        let text = String::from_utf8(bytes).map_err(|error| refused(error.to_string()))?;
        let opened = self.open(ContractFile { text, digest, ..file.clone() }, listener)?;
        if opened.is_sound() {
            return Ok(opened);
        }
        let first = opened.problems.iter().map(|problem| problem.message.clone()).next();
        Err(refused(format!("the contract in force is refused now: {}", first.unwrap_or_default())))
    }
}

fn marked(evidence: &Evidence) -> String {
    let mut text = String::new();
    for artifact in &evidence.artifacts {
        text += &format!("{} {}\n", artifact.name, artifact.digest);
    }
    let shortfall = evidence.shortfall.as_ref().map(|shortfall| shortfall.reason.to_string());
    Blobs::digest(format!("{text}{}", shortfall.unwrap_or_default()).as_bytes()).hex()
}

/// What is waited for as it looks where the work cannot be read: it wakes when that changes.
fn unreadable(error: Error) -> Result<String, Trouble> {
    obstacle(&error).map(|obstacle| obstacle.digest().hex()).ok_or(error).map_err(trouble)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes that many bytes into a folder and removes them.
fn room(folder: &Path, bytes: u64) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(folder)?;
    let piece = vec![0; ROOM_PIECE_BYTES];
    let mut left = bytes;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        file.write_all(&piece[..count])?;
        left -= count as u64;
    }
    // Some file systems say only now that there is no room.
    file.sync_all()
}

/// A disk that takes nothing is not a failure of the host: it is full, a quota is used up, it is mounted for reading
/// only, or it fails. Where that passes, the goal goes on.
pub(super) fn trouble(error: Error) -> Trouble {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(now) = cause {
        let is_storage = now.downcast_ref::<io::Error>().is_some_and(takes_nothing);
        if is_storage || now.downcast_ref().is_some_and(evident_store::Error::is_storage) {
            return Trouble::Full(told(&error));
        }
        cause = now.source();
    }
    Trouble::Host(error)
}

fn takes_nothing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    use std::io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::StorageFull | Kind::QuotaExceeded | Kind::ReadOnlyFilesystem | Kind::FileTooLarge
    ) || error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

/// An error with its last cause, in one line: the first says what, the last says why.
fn told(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let (what, why) = (error.to_string(), cause.to_string());
    if what.ends_with(&why) { what } else { format!("{what}: {why}") }
}

/// The folder that a goal works in, as the store knows it.
pub(super) fn workspace_text(workspace: &Path) -> String {
    PathBuf::from(workspace).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a host that an agent ends with a number, or that waits for a process which never was.
    #[test]
    fn a_pid_file_names_one_process_or_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let workspace = folder.path().canonicalize().expect("is there");
        let told = |text: &str| {
            fs::write(workspace.join("pid"), text).expect("writes");
            has_ended(&workspace, "pid")
        };
        let none = Some("`pid` names no process".to_owned());
        for text in ["-1", "-7", "0", "", "4294967295", "99999999999", "seven", "+", "1 2"] {
            assert_eq!(told(text), none, "{text:?}");
        }
        assert_eq!(told(&format!(" {}\n", std::process::id())), None, "we run");
        assert_eq!(told("2147483647"), Some("process 2147483647 has ended".to_owned()));
        fs::remove_file(workspace.join("pid")).expect("is there");
        assert_eq!(has_ended(&workspace, "pid"), none);
    }
}

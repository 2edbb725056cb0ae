//! Collects one run: prepares, runs, and takes what the command wrote.
//!
//! What was captured before something went wrong stays with the evidence for a person; the shortfall
//! keeps it from every checker.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evident_core::contract::{Run, Source};
use evident_core::defence::Defence;
use evident_core::doubt::Doubt;
use evident_core::evidence::{Artifact, Evidence, Exit, Origin, Timestamp, media_type};
use evident_core::freshness;
use evident_core::outcome::NoEvidence;
use evident_process::{Input, Launch};

use crate::age::{file_now, now, span};
use crate::capture::{Captured, End};
use crate::halt::{Halt, short};
use crate::made::Made;
use crate::offload::offload;
use crate::out::Out;
use crate::process::{Ended, run};
use crate::{Error, Place, environment, inward, signals};

/// What a run gave so far.
#[derive(Debug, Default)]
struct Yield {
    artifacts: Vec<Artifact>,
    exit: Option<Exit>,
    /// What led the command out of a private copy.
    led: Option<String>,
}

/// Runs the command of `source`.
///
/// The origin keeps `{out}` as it is written, so that the same command is the same text in every run.
pub(crate) async fn collect(place: &Arc<Place>, source: &Source, command: &Run) -> Result<Evidence, Error> {
    let scratch = place.clone();
    let started = offload(move |_| file_now(&scratch.scratch)).await?.timestamp();
    let mut so_far = Yield::default();
    let shortfall = match go(place, source, command, &mut so_far).await {
        Ok(()) => None,
        Err(halt) => Some(halt.shortfall()?),
    };
    let Yield { mut artifacts, exit, led } = so_far;
    artifacts.sort_by(|left, right| left.name.as_bytes().cmp(right.name.as_bytes()));
    let mut origin = origin(source, command, exit, started);
    let doubt = |what| Doubt::IntoWorkspace { source: source.name.value.clone(), what };
    origin.doubts.extend(led.map(doubt));
    Ok(Evidence { origin, artifacts, shortfall })
}

fn origin(source: &Source, command: &Run, exit: Option<Exit>, started: Timestamp) -> Origin {
    Origin {
        exit,
        exit_accepted: matches!(exit, Some(Exit::Code(code)) if command.exit.contains(&code)),
        ended: now(),
        ..freshness::origin(source, started)
    }
}

async fn go(place: &Arc<Place>, source: &Source, command: &Run, so_far: &mut Yield) -> Result<(), Halt> {
    let (program, out, made) = prepare(place, command).await?;
    if Defence::Inward.stands() {
        so_far.led = place.copy_of.as_deref().and_then(|workspace| inward::leads(&program, workspace));
    }
    let bytes_max = source.artifact_bytes_max;
    let ended = run(place, &program, command.timeout, bytes_max).await?;
    so_far.exit = ended.exit;
    so_far.artifacts.push(artifact("stdout", &ended.stdout));
    so_far.artifacts.push(artifact("stderr", &ended.stderr));
    let ending = sound(&ended, command, bytes_max);
    let place = place.clone();
    // Also removes the folder, whichever way this ends.
    let (files, gathered) = offload(move |wanted| {
        let mut files = Vec::new();
        let gathered = ending
            .and_then(|()| out.gather(&place, bytes_max, wanted, &mut files))
            .and_then(|()| made.gather(&place, bytes_max, wanted, &mut files));
        (files, gathered)
    })
    .await;
    so_far.artifacts.extend(files);
    gathered.and_then(|()| distinct(&so_far.artifacts))
}

async fn prepare(place: &Arc<Place>, command: &Run) -> Result<(Launch, Out, Made), Halt> {
    let (place, command) = (place.clone(), command.clone());
    offload(move |wanted| {
        let folder = folder(&place, &command.cwd)?;
        let out = Out::new(&place.scratch, place.cache.as_deref(), &command)?;
        let program = Launch {
            argv: command.argv.iter().map(|argument| out.fill(argument)).collect(),
            folder,
            environment: environment::of(&command, |value| out.fill(value)),
            input: Input::Closed,
            user: None,
        };
        // Last: nothing is removed for a run that cannot begin.
        let made = Made::prepare(&place, &command.collect, wanted)?;
        Ok((program, out, made))
    })
    .await
}

/// The folder that a command runs in: inside the workspace, also after symlinks.
fn folder(place: &Place, cwd: &str) -> Result<PathBuf, Halt> {
    let folder = place.workspace.join(Path::new(cwd));
    let found = folder.canonicalize();
    let found = found.map_err(|error| short(NoEvidence::Spawn, format!("cannot run in `{cwd}`: {error}")))?;
    if !found.starts_with(&place.workspace) {
        return Err(short(NoEvidence::Spawn, format!("`{cwd}` leads out of the workspace")));
    }
    if !found.is_dir() {
        return Err(short(NoEvidence::Spawn, format!("cannot run in `{cwd}`: it is not a folder")));
    }
    Ok(found)
}

/// Refuses what a killed or flooding command left.
fn sound(ended: &Ended, command: &Run, bytes_max: u64) -> Result<(), Halt> {
    if let Some(stream) = ended.stream(End::Overflow) {
        let detail = format!("more than {bytes_max} bytes on {stream}: the command was killed");
        return Err(short(NoEvidence::Overflow, detail));
    }
    if ended.timed_out {
        let detail = format!("not done after {}: the command was killed", span(command.timeout));
        return Err(short(NoEvidence::Timeout, detail));
    }
    if let Some(stream) = ended.stream(End::Held) {
        let detail = format!("a process that the command left behind holds {stream} open");
        return Err(short(NoEvidence::Timeout, detail));
    }
    if let Some(left) = &ended.left {
        return Err(short(NoEvidence::Timeout, left.to_string()));
    }
    match ended.exit {
        Some(Exit::Code(_)) => Ok(()),
        Some(Exit::Signal(signal)) => {
            Err(short(NoEvidence::Signal, format!("the command was killed by {}", signals::name(signal))))
        }
        None => Err(short(NoEvidence::Timeout, "the command does not even end when it is killed")),
    }
}

fn artifact(name: &str, captured: &Captured) -> Artifact {
    Artifact {
        name: name.to_owned(),
        media_type: media_type(name).to_owned(),
        size: captured.size,
        digest: captured.digest,
    }
}

/// A name that two artifacts have would let one stand for the other.
fn distinct(artifacts: &[Artifact]) -> Result<(), Halt> {
    let mut names = BTreeSet::new();
    match artifacts.iter().find(|artifact| !names.insert(&artifact.name)) {
        Some(artifact) => {
            let detail = format!("two artifacts have the name `{}`: name the file otherwise", artifact.name);
            Err(short(NoEvidence::Unreadable, detail))
        }
        None => Ok(()),
    }
}

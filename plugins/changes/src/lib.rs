//! The checker `changes`: judges which files changed between two trees, and whether a public API did.
//!
//! It reads the host's own comparison of two trees, or a patch. What it cannot read whole is never "no
//! change". It never looks at the files themselves, at the name of an artifact, or at who wrote a line.
//!
//! The form of the host's comparison is read only where the host made it itself, so where its origin has no
//! command: a command that prints this form proves nothing, however well it fits together.
//!
//! A patch is what a command printed, and only as good as that command: it may leave out what it likes, and
//! the configuration of git decides how it names files, what it leaves out and what it calls binary. The
//! host's comparison depends on none of that; prefer it.
//!
//! A repository inside the tree is one path, and its files are not in the evidence. It is held against the
//! patterns as its path and as the `.git` in it, and a rule about added text or lines stays open over it.

mod about;
mod api;
mod change;
mod document;
mod finding;
mod judge;
mod lines;
mod modes;
mod patch;
mod path;
mod settings;
mod text;
mod words;

use std::io::BufRead;

use evident_checker::{
    Artifact, Checker, Config, Description, Error, Evidence, OriginKind, Outcome, Reason, Sink, Slot,
};
use judge::Judge;
pub use settings::Settings;

/// The slot with the changes to judge.
const CHANGES: &str = "changes";
/// The slot with the public API as it is now.
const API: &str = "api";
/// The slot with the public API to compare with.
const API_BEFORE: &str = "api-before";

/// The checker. Its config is described in `settings`, its outcomes in `judge`.
#[derive(Debug)]
pub struct Changes;

impl Checker for Changes {
    type Settings = Settings;

    fn describe() -> Description {
        let changes = Slot::new(CHANGES, "what changed: the host's comparison of two trees, or a patch")
            .media_type("application/x-ndjson")
            .media_type("text/x-diff");
        let api = Slot::new(API, "the public API now, one item a line; several listings are one")
            .optional()
            .many()
            .media_type("text/plain");
        let before = Slot::new(API_BEFORE, "the public API to compare with, one item a line")
            .optional()
            .many()
            .trusted()
            .media_type("text/plain");
        Description::new(
            "changes",
            env!("CARGO_PKG_VERSION"),
            "Changes between two trees that stay where they may be",
        )
        .slot(changes)
        .slot(api)
        .slot(before)
        .example(about::EXAMPLE)
        .inconclusive(&about::INCONCLUSIVE)
    }

    fn configure(config: &mut Config) -> Settings {
        settings::configure(config)
    }

    fn check(settings: Settings, evidence: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        let changes = evidence.one(CHANGES)?;
        let (api, before) = (evidence.all(API), evidence.all(API_BEFORE));
        agree(&settings, api, before)?;
        let mut judge = Judge::new(&settings, sink);
        let extent = read(changes, |change| judge.change(change))?;
        let difference = settings.api.is_some().then(|| api::compare(before, api)).transpose()?;
        Ok(judge.finish(extent, difference.as_ref()))
    }
}

evident_checker::export!(Changes);

/// The rule about the API and the slots that it needs come together.
fn agree(settings: &Settings, api: &[Artifact], before: &[Artifact]) -> Result<(), Error> {
    let problem = match (settings.api.is_some(), api.is_empty(), before.is_empty()) {
        (true, true, _) => "the config has `api`, but nothing is bound to slot `api`",
        (true, _, true) => "the config has `api`, but nothing is bound to slot `api-before`",
        (false, false, _) => "slot `api` is bound, but the config has no rule `api`",
        (false, _, false) => "slot `api-before` is bound, but the config has no rule `api`",
        (true, false, false) | (false, true, true) => return Ok(()),
    };
    Err(Error::Inconclusive(Reason::Config, problem.into()))
}

/// Finds out by content what the evidence is, and reads it.
fn read(artifact: &Artifact, take: impl FnMut(&change::Change)) -> Result<change::Extent, Error> {
    let mut reader = artifact.reader();
    let first = reader.fill_buf()?.trim_ascii_start().first().copied();
    match first {
        Some(b'{') => document::read(reader, || is_of_host(artifact), take),
        _ => patch::read(reader, take),
    }
}

/// True if the host made it and ran nothing for it. An answer that asks this is not used again for the same
/// bytes, as it is not about the bytes alone.
fn is_of_host(artifact: &Artifact) -> bool {
    let origin = artifact.origin();
    origin.kind == OriginKind::Produced && origin.argv.is_empty() && origin.exit.is_none()
}

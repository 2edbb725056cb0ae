//! Lists the actual screens with the expected ones that they would replace: for an owner who accepts them.
//!
//! The host copies files by this list, so that it names them by slot and number, never by path. A screen that
//! cannot be read whole, or that shows nothing, is listed with what is wrong with it: it must not become what
//! later screens are compared with.

use evident_checker::{Artifact, AttachmentError, Error, Outcome, Reason, Sink, Status};
use serde_json::{Value, json};

use crate::blank::Blank;
use crate::decode::Source;
use crate::pair::Screens;
use crate::settings::Settings;
use crate::work::Work;
use crate::{ACTUAL, EXPECTED};

/// The name that the host looks for.
const LIST: &str = "baseline-files.json";
/// Version of the form.
const VERSION: u64 = 1;

/// Attaches the list. No screen is compared, so that this never passes.
///
/// # Errors
/// When the host cannot read an artifact, or does not take the list.
pub(crate) fn list(
    settings: &Settings,
    screens: &Screens<'_>,
    [expected, actual]: [&[Artifact]; 2],
    sink: &mut dyn Sink,
) -> Result<Outcome, Error> {
    let replaced = screens.pairs.iter().map(|screen| (&screen.name, screen.actual, Some(screen.expected)));
    let new = screens.new.iter().map(|(name, artifact)| (name, *artifact, None));
    let mut work = Work::new(settings.work_max, actual.iter().map(|screen| screen.info().size).sum());
    let mut files: Vec<(usize, Value)> = Vec::new();
    for (name, artifact, replaces) in replaced.chain(new) {
        let file = number(actual, artifact);
        let replaces = replaces.map(|artifact| number(expected, artifact));
        let problem = problem(settings, artifact, &mut work)?;
        files.push((file, json!({ "name": name, "file": file, "replaces": replaces, "problem": problem })));
    }
    // As they are bound: a person finds them in the order of the contract.
    files.sort_by_key(|(file, _)| *file);
    let files: Vec<Value> = files.into_iter().map(|(_, file)| file).collect();
    let summary = format!("{} screens are listed, and none is compared", files.len());
    let list = json!({ "version": VERSION, "slot": ACTUAL, "replaced": EXPECTED, "files": files });
    match sink.attach(LIST, "application/json", list.to_string().as_bytes()) {
        Ok(()) => Ok(Outcome::new(Status::Inconclusive(Reason::NotExamined), summary)),
        Err(AttachmentError::TooMany | AttachmentError::TooLarge) => {
            Err(Error::limit(format!("the host does not take `{LIST}`: it is too large")))
        }
        Err(AttachmentError::Unwritable) => Err(Error::Broken(format!("the host could not write `{LIST}`"))),
    }
}

/// The place of an artifact in its slot.
fn number(artifacts: &[Artifact], artifact: &Artifact) -> usize {
    let number = artifacts.iter().position(|other| std::ptr::eq(other, artifact));
    number.expect("screens are paired from the artifacts of their slots")
}

/// Why a screen cannot stand for how things should look.
fn problem(settings: &Settings, artifact: &Artifact, work: &mut Work) -> Result<Option<String>, Error> {
    match is_blank(artifact, work) {
        Ok(true) if !settings.allow_blank => {
            let name = &artifact.info().name;
            Ok(Some(format!("`{name}`: it shows one colour, or nearly; `blank = \"allow\"` lets it pass")))
        }
        Ok(_) => Ok(None),
        Err(Error::Inconclusive(_, why)) => Ok(Some(why)),
        Err(broken) => Err(broken),
    }
}

/// Reads a picture to its end.
fn is_blank(artifact: &Artifact, work: &mut Work) -> Result<bool, Error> {
    let mut source = Source::open(artifact, 1, work)?;
    let size = source.size();
    let mut blank = Blank::new(size.pixels());
    let (mut bytes, mut words) = (vec![0; source.row_bytes()], vec![0; size.width()]);
    for _ in 0..size.height() {
        source.next(&mut bytes)?;
        if blank.is_open() {
            source.layout().expand(&bytes, &mut words);
            blank.row(&words, None);
        }
    }
    source.finish()?;
    Ok(blank.is_blank())
}

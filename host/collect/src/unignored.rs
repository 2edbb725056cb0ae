//! For lint: `collect` globs that touch files which the workspace does not ignore.
//!
//! It removes nothing. A glob that it passes can still meet a file that is not ignored later; the run
//! then gives no evidence.

use std::path::Path;

use evident_core::contract::{Placed, Run};

use crate::globs::{Links, Pattern};
use crate::halt::Halt;
use crate::made::not_ignored;
use crate::offload::Wanted;
use crate::tree::Asked;
use crate::{Error, Place};

/// One glob of `collect` that meets a file which is not ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unignored {
    /// The glob and its place in the contract.
    pub glob: Placed<String>,
    /// Names the file and what to do, in one line.
    pub explanation: String,
}

/// The offending globs of a run, in its order.
pub(crate) fn find(place: &Place, run: &Run) -> Result<Vec<Unignored>, Error> {
    let mut ignored = Asked::new(place.rules.as_ref(), &place.workspace);
    let mut offending = Vec::new();
    for glob in &run.collect {
        let explanation = match Pattern::parse(&glob.value) {
            Ok(pattern) => explain(place, &mut ignored, &glob.value, &pattern).or_else(|halt| {
                // A walk that cannot go on is the work's doing, and no mistake of the contract: the run gives no
                // evidence then, and says why.
                halt.shortfall().map(|_| None)
            })?,
            Err(halt) => Some(halt.shortfall()?.detail),
        };
        offending.extend(explanation.map(|explanation| Unignored { glob: glob.clone(), explanation }));
    }
    Ok(offending)
}

fn explain(
    place: &Place,
    ignored: &mut Asked<'_>,
    glob: &str,
    pattern: &Pattern,
) -> Result<Option<String>, Halt> {
    if pattern.is_literal() {
        let is_ignored = ignored.is_ignored(&pattern.prefix);
        return Ok((!is_ignored).then(|| not_ignored(glob, ignored)));
    }
    // Below an ignored folder no rule can make an exception.
    if ignored.is_ignored_folder(&pattern.prefix) {
        return Ok(None);
    }
    for found in pattern.matches(&place.root, Links::Never, &Wanted::always())? {
        if !ignored.is_ignored(Path::new(&found.name)) {
            return Ok(Some(not_ignored(&found.name, ignored)));
        }
    }
    let sample = sample(glob);
    let could = pattern.covers(Path::new(&sample)) && !ignored.is_ignored(Path::new(&sample));
    Ok(could.then(|| not_ignored(&sample, ignored)))
}

/// A name that the glob could match; classes and alternatives give none that does.
fn sample(glob: &str) -> String {
    glob.trim_start_matches("./").replace("**", "example").replace('*', "example").replace('?', "x")
}

//! Compares two listings of a public API as sets of lines.
//!
//! It never reads a line: an item that was reworded is one that is gone and one that is new.

use std::collections::BTreeSet;

use evident_checker::{Artifact, Error, Reason};

use crate::words::shown;

/// Bytes of one listing, which is read whole: some hundred thousand items.
const LISTING_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What a listing has more than the other, in the order of the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) removed: Vec<String>,
    pub(crate) added: Vec<String>,
}

/// Compares what two slots list.
///
/// # Errors
/// Inconclusive: `not-examined` where a slot lists nothing, `malformed` for what is not text, `limit` for a
/// listing that is too large.
pub(crate) fn compare(before: &[Artifact], after: &[Artifact]) -> Result<Difference, Error> {
    let (before, after) = (items("api-before", before)?, items("api", after)?);
    let only =
        |these: &BTreeSet<String>, those: &BTreeSet<String>| these.difference(those).cloned().collect();
    Ok(Difference { removed: only(&before, &after), added: only(&after, &before) })
}

fn items(slot: &str, artifacts: &[Artifact]) -> Result<BTreeSet<String>, Error> {
    let mut all = BTreeSet::new();
    for artifact in artifacts {
        let name = shown(&artifact.info().name);
        let bytes = artifact.read_whole(LISTING_BYTES_MAX)?;
        let text =
            std::str::from_utf8(&bytes).map_err(|error| Error::malformed(format!("`{name}`: {error}")))?;
        if text.contains('\0') {
            return Err(Error::malformed(format!("`{name}` has a NUL, so it is not a listing")));
        }
        all.extend(text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    if all.is_empty() {
        // Most often the tool could not do its work.
        let problem = format!("slot `{slot}` lists no public item");
        return Err(Error::Inconclusive(Reason::NotExamined, problem));
    }
    Ok(all)
}

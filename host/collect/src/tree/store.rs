//! Scans a folder and keeps all that it holds as blobs.

use std::path::Path;

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::Tree;

use super::scan::{self, Take};
use super::stat::Stat;
use super::{Rules, hash, manifest};
use crate::{Error, Wanted};

/// Reads every file; nothing rests on the stat cache.
pub(super) fn store(blobs: &Blobs, rules: &Rules, folder: &Path, wanted: &Wanted) -> Result<Tree, Error> {
    let tree = scan::through(rules, folder, &mut Keep { blobs }, wanted)?;
    manifest::keep(blobs, &tree)?;
    Ok(tree)
}

struct Keep<'a> {
    blobs: &'a Blobs,
}

impl Take for Keep<'_> {
    fn known(&mut self, _: &[u8], _: &Stat) -> Option<Digest> {
        None
    }

    fn small(&self, content: &[u8]) -> Result<Digest, Error> {
        manifest::put(self.blobs, content)
    }

    fn files(&self, place: &hash::Place<'_>, jobs: &[hash::Job<'_>]) -> Result<Vec<Digest>, Error> {
        hash::store(self.blobs, place, jobs)
    }
}

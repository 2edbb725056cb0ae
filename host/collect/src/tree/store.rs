//! Scans a folder and keeps all that it holds as blobs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cap_std::fs::Dir;
use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::Tree;

use super::bounds::Total;
use super::scan::{self, Take};
use super::stat::Stat;
use super::{Rules, hash, manifest};
use crate::Error;

/// Reads every file; nothing rests on the stat cache.
pub(super) fn store(blobs: &Blobs, rules: &Rules, folder: &Path) -> Result<Tree, Error> {
    let folder = scan::canonical(folder)?;
    let (tree, _) = scan::attempts(|| scan::once(rules, &folder, &mut Keep { blobs }))?;
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

    fn files(&self, root: &Dir, folder: &Path, jobs: &[hash::Job<'_>]) -> Result<Vec<Digest>, Error> {
        let mut total = Total::default();
        for job in jobs {
            total.add(job.stat.size, &|| folder.join(OsStr::from_bytes(job.path)))?;
        }
        hash::store(self.blobs, root, folder, jobs)
    }
}

//! Manifests, and other small texts about trees, as blobs.

use std::io::{Read, Write};

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::Tree;

use crate::Error;

/// Keeps the manifest of a tree; its name is the digest of the tree.
pub(super) fn keep(blobs: &Blobs, tree: &Tree) -> Result<Digest, Error> {
    put(blobs, &tree.manifest())
}

/// Loads a tree.
pub(super) fn load(blobs: &Blobs, digest: Digest) -> Result<Tree, Error> {
    let bytes = get(blobs, digest)?;
    Tree::parse(&bytes).map_err(|problem| Error::NotATree { digest, problem: problem.to_string() })
}

/// Writes bytes into a blob.
pub(super) fn put(blobs: &Blobs, bytes: &[u8]) -> Result<Digest, Error> {
    let mut writer = blobs.create()?;
    writer.write_all(bytes).map_err(Error::Write)?;
    Ok(writer.finish()?.0)
}

/// Reads a blob whole and proves it.
pub(super) fn get(blobs: &Blobs, digest: Digest) -> Result<Vec<u8>, Error> {
    let (mut file, _) = blobs.read(digest)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(Error::io("read", &blobs.path(digest)))?;
    let found = Blobs::digest(&bytes);
    if found == digest { Ok(bytes) } else { Err(evident_blobs::Error::Damaged { digest, found }.into()) }
}

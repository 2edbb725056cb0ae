//! Keeps compiled code on the disk under a seal.
//!
//! Compiled code runs with the rights of the host, and nothing in it can be checked, so the host loads only
//! what it made itself: the seal (`evident_sealed`) covers every byte of an entry and its name, and the name
//! is a hash of everything that the code depends on.
//!
//! An entry that is not as it should be is removed and made again. Nothing here is ever an error.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use evident_core::contract::Wasi;
use evident_core::defence::Defence;
use evident_sealed::{Opened, Places, Seal, Sealed};
use wasmtime::Engine;

use crate::limits::{CACHE_BYTES_MAX, CACHE_ENTRIES_MAX, CODE_BYTES_MAX};
use crate::reflect::Interfaces;

/// Where compiled code is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeCache {
    /// Made where it is not there, readable by its owner alone. May be removed at any time.
    pub folder: PathBuf,
    /// 32 bytes, made at the first use. Belongs with the state, not with the cache.
    pub key_file: PathBuf,
}

/// What the seal is for, with the version of an entry's form.
const PURPOSE: &str = "evident code 1";

/// Bytes of the names of an entry: far more than a component has.
const INTERFACES_BYTES_MAX: usize = 1 << 20;

const ENTRY_BYTES_MAX: u64 = CODE_BYTES_MAX + (INTERFACES_BYTES_MAX as u64) + 1024;

/// The cache, opened.
#[derive(Debug)]
pub(crate) struct Cache(Sealed);

/// Names the code of one component for one engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name(blake3::Hash);

/// What an entry holds.
pub(crate) struct Entry {
    pub(crate) interfaces: Interfaces,
    opened: Opened,
    code_start: usize,
}

impl Entry {
    /// The compiled code.
    pub(crate) fn code(&self) -> &[u8] {
        &self.opened.bytes()[self.code_start..]
    }
}

impl Name {
    /// A hash of the component, the profile, and everything of the engine that shapes code: its version,
    /// its settings, and the processor.
    pub(crate) fn of(component: &[u8], profile: Wasi, engine: &Engine) -> Self {
        let mut hash = blake3::Hasher::new_derive_key("evident 2026-11 name of compiled code");
        hash.update(PURPOSE.as_bytes());
        hash.update(&(component.len() as u64).to_le_bytes());
        hash.update(component);
        hash.update(profile.to_string().as_bytes());
        let mut hash = Fed(hash);
        // Holds the version of wasmtime too.
        engine.precompile_compatibility_hash().hash(&mut hash);
        Self(hash.0.finalize())
    }

    fn file(self) -> String {
        self.0.to_hex().to_string()
    }
}

/// Feeds what hashes itself to a hash of 256 bits.
struct Fed(blake3::Hasher);

impl Hasher for Fed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks: the hash is taken from what was fed.
    fn finish(&self) -> u64 {
        0
    }
}

impl Cache {
    /// Opens the cache, or none where its folder or its key are not fit.
    pub(crate) fn open(places: &CodeCache) -> Option<Self> {
        let places = Places {
            folder: places.folder.clone(),
            key_file: places.key_file.clone(),
            purpose: PURPOSE,
            file_bytes_max: ENTRY_BYTES_MAX,
            bytes_max: CACHE_BYTES_MAX,
            files_max: CACHE_ENTRIES_MAX,
        };
        Sealed::open(places).map(Self)
    }

    /// The entry of that name, if it carries its seal.
    pub(crate) fn get(&self, name: Name) -> Option<Entry> {
        let seal = if Defence::CodeSeal.stands() { Seal::Proven } else { Seal::Ignored };
        let entry = entry(self.0.get(&name.file(), seal)?);
        if entry.is_none() {
            self.remove(name);
        }
        entry
    }

    /// Keeps code, and drops the oldest above the bounds. What is not kept is compiled again: that costs
    /// time and nothing else.
    pub(crate) fn put(&self, name: Name, interfaces: &Interfaces, code: &[u8]) {
        let Ok(names) = serde_json::to_vec(&(&interfaces.imports, &interfaces.exports)) else { return };
        if names.len() > INTERFACES_BYTES_MAX {
            return;
        }
        let length = u32::try_from(names.len()).expect("at most 1 MiB").to_le_bytes();
        self.0.put(&name.file(), &[&length, &names, code]);
    }

    /// Removes an entry.
    pub(crate) fn remove(&self, name: Name) {
        self.0.remove(&name.file());
    }
}

/// The names and the code of sealed bytes.
fn entry(opened: Opened) -> Option<Entry> {
    let (length, rest) = opened.bytes().split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (imports, exports) = serde_json::from_slice(rest.get(..length)?).ok()?;
    Some(Entry { interfaces: Interfaces { imports, exports }, code_start: 4 + length, opened })
}

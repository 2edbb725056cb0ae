//! What tests and benchmarks share: guests, evidence from bytes, judging, measuring, and the fixtures.
//!
//! It expects nothing: what is right stands in the tests.

pub mod fuzzed;
pub mod hostile;
mod judge;
mod memory;
pub mod simulated;

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use evident_blobs::Blobs;
use evident_core::contract::{At, Wasi};
use evident_core::evidence::{Artifact, Exit, Origin, OriginKind, Timestamp, media_type};
use evident_sandbox::{Bound, Ceilings, Checked, Checker, Input, Limits, Request, Sandbox};

pub use judge::Case;
pub use memory::{Cost, alone, beside_others};

include!(concat!(env!("OUT_DIR"), "/foreach.rs"));

/// A component of `tests/guests`.
#[derive(Debug, Clone, Copy)]
pub struct Guest {
    /// Name of its file.
    pub name: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// Every guest, in the order of their names.
pub const GUESTS: &[Guest] = include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The one sandbox of the test process.
pub static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().expect("WebAssembly runs here"));

/// The usual limits of a check over that many bytes.
#[must_use]
pub fn limits(bytes: u64) -> Limits {
    Limits::for_check(bytes, &Ceilings::default())
}

/// The component bytes of a guest.
///
/// # Panics
/// When there is no such guest.
#[must_use]
pub fn guest(name: &str) -> &'static [u8] {
    let guest = GUESTS.iter().find(|guest| guest.name == name);
    guest.unwrap_or_else(|| panic!("no guest `{name}`")).bytes
}

/// Loads a guest in the link profile `none`.
///
/// # Panics
/// When it is refused.
#[must_use]
pub fn load(name: &str) -> Checker {
    load_as(name, Wasi::None)
}

/// Loads a guest in a link profile.
///
/// # Panics
/// When it is refused.
#[must_use]
pub fn load_as(name: &str, profile: Wasi) -> Checker {
    let _beside_others = beside_others();
    SANDBOX.load(guest(name), profile).unwrap_or_else(|fault| panic!("`{name}` is refused: {fault:?}"))
}

/// Loads a built-in checker.
///
/// # Panics
/// When there is none of that name or it is refused.
#[must_use]
pub fn load_builtin(name: &str) -> Checker {
    let builtin = evident_builtin::BUILTINS.iter().find(|builtin| builtin.name == name);
    let builtin = builtin.unwrap_or_else(|| panic!("no checker `{name}`"));
    let _beside_others = beside_others();
    SANDBOX.load(builtin.bytes, Wasi::None).unwrap_or_else(|fault| panic!("`{name}` is refused: {fault:?}"))
}

/// A blob store that goes with the test.
#[derive(Debug)]
pub struct Store {
    /// The store.
    pub blobs: Blobs,
    _folder: tempfile::TempDir,
}

impl Default for Store {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path()).expect("opens");
        Self { blobs, _folder: folder }
    }
}

impl Store {
    /// Makes an artifact of bytes, as if a command which exited 0 had produced it.
    ///
    /// # Panics
    /// When the disk is full.
    #[must_use]
    pub fn input(&self, name: &str, bytes: &[u8]) -> Input {
        // A file of its own, not a blob: the store would sync each of thousands of inputs to the disk.
        let mut file = tempfile::tempfile().expect("creates");
        file.write_all(bytes).expect("writes");
        let (digest, size) = (Blobs::digest(bytes), bytes.len() as u64);
        let artifact = Artifact { name: name.into(), media_type: media_type(name).into(), size, digest };
        let origin = Origin {
            source: "source".into(),
            kind: OriginKind::Produced,
            argv: vec!["produce".into()],
            at: At::Work,
            repeat: 1,
            exit: Some(Exit::Code(0)),
            exit_accepted: true,
            started: Timestamp(0),
            ended: Timestamp(1),
            age_ms: None,
            doubts: Vec::new(),
            tree: None,
            prepared: None,
        };
        Input { artifact, origin, file: Arc::new(file) }
    }

    /// Checks with one artifact in one slot and the usual limits.
    #[must_use]
    pub fn check(&self, checker: &Checker, config: &str, slot: &str, name: &str, bytes: &[u8]) -> Checked {
        let bound = vec![Bound { slot: slot.into(), inputs: vec![self.input(name, bytes)] }];
        self.check_bound(checker, config, bound, limits(bytes.len() as u64))
    }

    /// Checks what is bound within limits.
    #[must_use]
    pub fn check_bound(&self, checker: &Checker, config: &str, bound: Vec<Bound>, limits: Limits) -> Checked {
        checker.check(Request {
            config: config.into(),
            bound,
            limits,
            blobs: self.blobs.clone(),
            progress: None,
        })
    }
}

/// The folder of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("lies in the repository").to_owned()
}

/// A folder of the shared fixtures: `$EVIDENT_FIXTURES/KIND`, else `../shared/fixtures/KIND` beside the
/// repository. Where there is none, says so and gives nothing: the test is skipped.
#[must_use]
pub fn fixtures(kind: &str) -> Option<PathBuf> {
    let beside = || repository().join("../shared/fixtures");
    let folder = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from).join(kind);
    if fs::metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
        return Some(folder);
    }
    let said = writeln!(std::io::stderr(), "skipped: no fixtures in `{}`", folder.display());
    said.expect("stderr is open");
    None
}

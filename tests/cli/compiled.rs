//! Compiled checkers, made once for all tests: each would spend seconds of processor time to compile the same
//! components again.
//!
//! A test gets copies of its own, under the key of its own state: nothing is shared while it runs. What a test
//! says about compiling itself begins from an empty cache and does not use this.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Below the folder of the state, and below that of the cache.
const KEY: &str = "seal/key";
const CODE: &str = "code";

/// The folder with `state` and `cache`. It outlives the run: a binary that changed compiles what it needs.
static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    fs::create_dir_all(&folder).expect("makes");
    let mut command = Command::new(env!("CARGO_BIN_EXE_evident"));
    command.args(["checker", "list"]).env_clear().env("HOME", &folder);
    command.env("EVIDENT_STATE", folder.join("state")).env("EVIDENT_CACHE", folder.join("cache"));
    let output = command.output().expect("the binary is built");
    assert!(output.status.success(), "{output:?}");
    folder
});

/// Puts compiled first-party checkers into a state and a cache that are not there yet.
pub(crate) fn lend(state: &Path, cache: &Path) {
    if state.exists() || cache.exists() {
        return;
    }
    private(state.join(KEY).parent().expect("has one"));
    private(&cache.join(CODE));
    // Copying keeps the mode, without which the host would not read them.
    fs::copy(MADE.join("state").join(KEY), state.join(KEY)).expect("was made");
    for entry in fs::read_dir(MADE.join("cache").join(CODE)).expect("was made") {
        let entry = entry.expect("lists");
        fs::copy(entry.path(), cache.join(CODE).join(entry.file_name())).expect("was made");
    }
}

fn private(folder: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).expect("makes");
}

//! Builds a Rust checker to a WebAssembly component: cargo makes a core module, wit-component wraps it.
//!
//! Used by the build script of the built-in checkers, by that of the test guests, and by
//! `evident checker build`. It does not judge what it builds; the sandbox does that at load.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wit_component::ComponentEncoder;

/// The target of first-party checkers: it has no WASI, so a component imports nothing but its world.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Only tests set it: names a target instead of [`TARGET`], to see what a missing one looks like.
pub const TEST_TARGET_VARIABLE: &str = "EVIDENT_TEST_TARGET";

/// Without SIMD, scanning bytes is 4 to 7 times slower. The debug information goes, the names stay:
/// they are what a fault shows.
const RUST_FLAGS: &str = "-Ctarget-feature=+simd128 -Cstrip=debuginfo";

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The WebAssembly target is not there.
    #[error("the target `{0}` is not installed: run `rustup toolchain install` in this folder")]
    NoTarget(String),
    /// A program could not be run.
    #[error("failed to run `{program}`")]
    Run {
        /// Which.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// cargo said no.
    #[error("`cargo build` failed:\n{0}")]
    Build(String),
    /// The package makes no module.
    #[error("`{0}` makes no WebAssembly module; a checker needs `crate-type = [\"cdylib\"]`")]
    NoModule(PathBuf),
    /// The module cannot be wrapped.
    #[error("failed to make a component of `{module}`: {message}")]
    Encode {
        /// The core module.
        module: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file could not be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What to build.
#[derive(Debug, Clone, Copy)]
pub struct Build<'a> {
    /// `Cargo.toml` of the package or workspace.
    pub manifest: &'a Path,
    /// Further arguments of `cargo build`, for example `--package` and a name.
    pub arguments: &'a [&'a str],
    /// Build folder of its own: the outer cargo holds the lock of the usual one.
    pub target_folder: &'a Path,
}

/// A component that was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// Name of the library or example, as cargo names the target.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
}

/// Builds every module of `build` and wraps each as a component, in the order of their names.
///
/// # Errors
/// [`Error::NoTarget`] before anything else when the target is not installed.
pub fn build(build: Build<'_>) -> Result<Vec<Built>, Error> {
    let target = env::var(TEST_TARGET_VARIABLE).unwrap_or_else(|_| TARGET.into());
    require_target(&target)?;
    let output = cargo(build, &target)?;
    if !output.status.success() {
        return Err(Error::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let mut modules = modules(&output.stdout);
    modules.sort();
    if modules.is_empty() {
        return Err(Error::NoModule(build.manifest.to_owned()));
    }
    modules.into_iter().map(|(name, module)| Ok(Built { name, bytes: encode(&module)? })).collect()
}

/// Wraps a core module that carries its world in a custom section, as wit-bindgen leaves it.
///
/// # Errors
/// When the module cannot be read or has no such section.
pub fn encode(module: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(module).map_err(|source| Error::Read { path: module.to_owned(), source })?;
    let encode = || ComponentEncoder::default().validate(true).module(&bytes)?.encode();
    encode().map_err(|error| Error::Encode { module: module.to_owned(), message: format!("{error:#}") })
}

/// Asks the compiler where the standard library of `target` is, and looks.
fn require_target(target: &str) -> Result<(), Error> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(&rustc);
    command.args(["--print", "target-libdir", "--target", target]);
    let output = run(command, &rustc)?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && Path::new(&folder).is_dir() {
        Ok(())
    } else {
        Err(Error::NoTarget(target.to_owned()))
    }
}

fn cargo(build: Build<'_>, target: &str) -> Result<Output, Error> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command
        .args(["build", "--release", "--message-format", "json-render-diagnostics", "--target", target])
        .arg("--manifest-path")
        .arg(build.manifest)
        .arg("--target-dir")
        .arg(build.target_folder)
        .args(build.arguments);
    for (variable, _) in env::vars_os().filter(|(variable, _)| is_inherited(variable)) {
        command.env_remove(variable);
    }
    command.env("RUSTFLAGS", RUST_FLAGS);
    run(command, &cargo)
}

/// What the outer cargo sets for its own build would change the inner one.
fn is_inherited(variable: &OsString) -> bool {
    const KEPT: &[&str] = &["CARGO_HOME", "CARGO_NET_OFFLINE"];
    const OWN: &[&str] = &["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "RUSTDOCFLAGS", "CARGO"];
    let Some(name) = variable.to_str() else { return false };
    let of_cargo =
        name.starts_with("CARGO_") && !name.starts_with("CARGO_REGISTR") && !name.starts_with("CARGO_HTTP");
    (of_cargo && !KEPT.contains(&name)) || OWN.contains(&name)
}

fn run(mut command: Command, program: &OsString) -> Result<Output, Error> {
    command.output().map_err(|source| Error::Run { program: program.to_string_lossy().into_owned(), source })
}

/// Name and path of each `.wasm` file in cargo's messages.
fn modules(messages: &[u8]) -> Vec<(String, PathBuf)> {
    let messages = String::from_utf8_lossy(messages);
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact");
    artifacts
        .flat_map(|artifact| {
            let name = artifact["target"]["name"].as_str().unwrap_or_default().to_owned();
            let files = artifact["filenames"].as_array().cloned().unwrap_or_default();
            let paths = files.into_iter().filter_map(|file| file.as_str().map(PathBuf::from));
            let wasm = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
            wasm.map(|path| (name.clone(), path)).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_outer_cargo_sets_is_not_handed_on() {
        for name in
            ["CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO"]
        {
            assert!(is_inherited(&name.into()), "{name}");
        }
        for name in ["CARGO_HOME", "PATH", "HOME", "RUSTUP_TOOLCHAIN", "CARGO_REGISTRIES_X_INDEX"] {
            assert!(!is_inherited(&name.into()), "{name}");
        }
    }

    #[test]
    fn modules_are_found_in_the_messages_of_cargo() {
        let messages =
            br#"{"reason":"compiler-artifact","target":{"name":"one"},"filenames":["/x/one.wasm","/x/one.d"]}
{"reason":"compiler-artifact","target":{"name":"serde"},"filenames":["/x/libserde.rlib"]}
noise
{"reason":"build-finished","success":true}"#;
        assert_eq!(modules(messages), [("one".to_owned(), PathBuf::from("/x/one.wasm"))]);
    }

    #[test]
    fn a_missing_target_ends_with_one_sentence() {
        let error = require_target("wasm32-absent-target").expect_err("is not there");
        let expected = "the target `wasm32-absent-target` is not installed: run `rustup toolchain install` in this folder";
        assert_eq!(error.to_string(), expected);
    }
}

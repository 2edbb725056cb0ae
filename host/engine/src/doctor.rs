//! Looks at the machine: whether everything that the host needs is there and as it should be.
//!
//! It changes nothing but a probe file in each folder of the host.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use evident_core::contract::values::show_size;
use evident_core::text;
use evident_sandbox::RELEASE;

use crate::{Engine, registry};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Good,
    /// Works, with something to know.
    Note,
    /// Something cannot be done until it is mended.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// What was seen, in one line.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Free bytes below which a folder is too full: an artifact has up to this much.
const FREE_BYTES_LEAST: u64 = 1 << 30;

impl Engine {
    /// Looks at everything. Blocks.
    #[must_use]
    pub fn examine(&self) -> Vec<Finding> {
        vec![
            version(),
            webassembly(),
            folder("state folder", &self.places.state, "EVIDENT_STATE"),
            folder("cache folder", &self.places.cache, "EVIDENT_CACHE"),
            self.policy(),
            self.compiler(),
            git(),
            toolchain(),
        ]
    }

    fn policy(&self) -> Finding {
        // A policy that is wrong stops the engine from starting, so here it is right or absent.
        let path = self.places.policy.display();
        let found = self.places.policy.exists();
        let detail = if found {
            format!("read from `{path}`")
        } else {
            format!("none at `{path}`; the host's own limits hold")
        };
        good("policy", detail)
    }

    /// Compiles a checker in a child and asks it to describe itself.
    fn compiler(&self) -> Finding {
        let Some(resolved) = registry::builtin("test-report") else {
            return bad("checkers", "no checker is built in".into(), "build evident again");
        };
        match self.load(resolved) {
            Ok(loaded) => good("checkers", format!("`{}` compiles and answers", loaded.descriptor.id)),
            Err(fault) => {
                let detail = format!("{}: {}", fault.class, fault.message);
                bad(
                    "checkers",
                    detail,
                    "checkers are compiled in a child of this program: can it be started here?",
                )
            }
        }
    }
}

fn good(name: &'static str, detail: String) -> Finding {
    Finding { name, health: Health::Good, detail, hint: None }
}

fn bad(name: &'static str, detail: String, hint: &str) -> Finding {
    Finding { name, health: Health::Bad, detail, hint: Some(hint.to_owned()) }
}

fn note(name: &'static str, detail: String, hint: &str) -> Finding {
    Finding { name, health: Health::Note, detail, hint: Some(hint.to_owned()) }
}

fn version() -> Finding {
    let (version, system, processor) =
        (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    let detail = format!("{version} on {system} {processor}");
    if (system, processor) == ("linux", "x86_64") {
        return good("evident", detail);
    }
    note("evident", detail, "only Linux on x86-64 is tested")
}

/// The machine that runs checkers: an old patch has known holes.
fn webassembly() -> Finding {
    let age = (crate::clock::now().0 / 1000).saturating_sub(RELEASE.released);
    let version = RELEASE.version;
    if age <= RELEASE.fresh {
        return good("webassembly", format!("engine {version}"));
    }
    let detail = format!("engine {version}, released {} days ago", age / (24 * 3600));
    note("webassembly", detail, "a newer patch is likely: build a newer evident")
}

fn folder(name: &'static str, path: &Path, variable: &str) -> Finding {
    let shown = path.display();
    let another = format!("make it yours, or name another folder in `{variable}`");
    if let Err(error) = fs::metadata(path) {
        return bad(name, format!("`{shown}`: {error}"), &another);
    }
    if let Err(error) = tempfile::tempfile_in(path) {
        return bad(name, format!("`{shown}` cannot be written: {error}"), &another);
    }
    let free = rustix::fs::statvfs(path).map_or(0, |system| system.f_bavail.saturating_mul(system.f_frsize));
    let detail = format!("`{shown}`, {} free", show_size(free));
    // Whoever writes there can write what is judged: that weighs more than a full disk.
    if let Some(told) = crate::exposed::exposed(&[path]) {
        let hint = format!("others could change what is kept there: {told}");
        return note(name, format!("{detail}; others can write it"), &hint);
    }
    if free < FREE_BYTES_LEAST {
        return note(name, detail, "make room: evidence can take a gigabyte");
    }
    good(name, detail)
}

fn git() -> Finding {
    match first_line("git", &["--version"]) {
        Some(line) => good("git", line),
        None => note("git", "not found".into(), "`[goal] base` and `--since` need it; nothing else does"),
    }
}

fn toolchain() -> Finding {
    const TARGET: &str = "wasm32-unknown-unknown";
    let hint = "only `evident checker build` needs Rust and that target";
    let Some(compiler) = first_line("rustc", &["--version"]) else {
        return note("toolchain", "no `rustc`".into(), hint);
    };
    let folder = first_line("rustc", &["--print", "target-libdir", "--target", TARGET]);
    if folder.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return good("toolchain", format!("{compiler}, with {TARGET}"));
    }
    note("toolchain", format!("{compiler}, without {TARGET}"), hint)
}

/// The first line that a tool prints; nothing where it cannot be run.
fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    // Without it, rustup installs the toolchain that the folder asks for.
    command.env("RUSTUP_AUTO_INSTALL", "0");
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    printed.lines().next().map(text::line)
}

//! `evident checker`: look at checkers, build them, and try them.

mod bench;
mod build;
mod inspect;
mod list;
mod test;

use std::borrow::Cow;
use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use evident_core::contract::{LimitEntries, Wasi};
use evident_core::problem::listed;
use evident_engine::registry::{self, Resolved};
use evident_engine::{COMPONENT_BYTES_MAX, Engine, LoadedChecker};

use crate::exit::{Exit, UsageError};

/// Look at checkers, build them, and try them
#[derive(Debug, Subcommand)]
pub(crate) enum Checker {
    List(list::List),
    Inspect(inspect::Inspect),
    Build(build::Build),
    Test(test::Test),
    Bench(bench::Bench),
}

/// Which checker a command is about.
#[derive(Debug, Args)]
struct Which {
    /// Name of a built-in checker, or path of a component
    checker: String,
    /// What the component may import beside its world
    #[arg(long, value_enum, default_value_t = Profile::None)]
    wasi: Profile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Nothing
    None,
    /// A WASI 0.2 without any effect
    Inert,
}

pub(crate) fn run(command: &Checker) -> anyhow::Result<Exit> {
    match command {
        Checker::List(command) => list::run(command),
        Checker::Inspect(command) => inspect::run(command),
        Checker::Build(command) => build::run(command),
        Checker::Test(command) => test::run(command),
        Checker::Bench(command) => bench::run(command),
    }
}

impl Which {
    /// Loads it; one that is refused is the caller's to mend.
    fn load(&self, engine: &Engine) -> anyhow::Result<LoadedChecker> {
        let loaded = engine.load(self.resolve()?);
        Ok(loaded.map_err(|fault| {
            UsageError::new(format!("`{}` is refused ({}): {}", self.checker, fault.class, fault.message))
        })?)
    }

    fn resolve(&self) -> anyhow::Result<Resolved> {
        if let Some(builtin) = registry::builtin(&self.checker) {
            return Ok(builtin);
        }
        let path = Path::new(&self.checker);
        let bytes = registry::read(path, COMPONENT_BYTES_MAX).map_err(|error| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            UsageError::new(format!("{error}{cause}"))
                .hint(format!("name a file, or one of {}", listed(registry::builtin_names())))
        })?;
        Ok(Resolved {
            digest: registry::digest(&bytes),
            from: registry::From::Path(path.to_owned()),
            bytes: Cow::Owned(bytes),
            wasi: match self.wasi {
                Profile::None => Wasi::None,
                Profile::Inert => Wasi::Inert,
            },
            limits: LimitEntries::default(),
            pinned: false,
        })
    }
}

//! The environment of a command: a declared minimum, what the contract hands on, what it sets.
//!
//! Nothing else of the host's environment reaches a command: no secret, and nothing that makes the same
//! command say different things on two machines without the contract saying so.

use std::ffi::OsString;

use evident_core::contract::Run;
use evident_core::defence::Defence;

/// What every command gets where the host has it.
pub(crate) const MINIMUM: &[&str] = &[
    // Finds programs.
    "PATH", // Tool chains keep their installation and their caches there (`~/.cargo`, `~/.m2`).
    "HOME",
    // Tools that must not ask the system for the account: databases and version control in tests.
    "USER", "LOGNAME",
    // The encoding of output and the order of sorted lists are those that the person sees.
    "LANG", "LC_ALL", "LC_CTYPE", // Dates in reports as the person sees them.
    "TZ",
    // The folder for temporary files; on macOS there is no usable default.
    "TMPDIR",
    // Not `TERM`: there is no terminal, and colours would end up in the evidence. Not `SHELL`: no tool
    // needs it to judge, and it is the person's taste.
];

/// The whole environment of a run as it is written: `{out}` and `{cache}` stand where folders will.
#[must_use]
pub fn environment(run: &Run) -> Vec<(OsString, OsString)> {
    of(run, |value| value.into())
}

/// The whole environment of a run; `fill` puts folders in place of `{out}` and `{cache}`.
///
/// A variable that `pass` names and the host does not have stays absent.
pub(crate) fn of(run: &Run, fill: impl Fn(&str) -> OsString) -> Vec<(OsString, OsString)> {
    let passed = MINIMUM.iter().copied().chain(run.env_pass.iter().map(String::as_str));
    // Asking for a name with `=` or a zero byte would panic on some systems; no variable has one.
    let possible = passed.filter(|name| !name.is_empty() && !name.contains(['=', '\0']));
    let inherited = possible.filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let set = run.env_set.iter().map(|(name, value)| (OsString::from(name), fill(value)));
    let everything = std::env::vars_os().filter(|_| !Defence::Environment.stands());
    inherited.chain(everything).chain(set).collect()
}

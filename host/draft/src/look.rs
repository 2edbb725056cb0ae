//! Asks every kind whether the folder is one of its own, and puts the answers together.

use std::fs;
use std::path::Path;

use crate::Error;
use crate::findings::{Bench, Findings, First, Git, Reason, Screens, Suite};
use crate::folder::Folder;
use crate::ignored::{self, Leftover};
use crate::kinds::{cargo, go, node, pytest, screens};
use crate::{git, skips, text};

/// Characters of a name: one line of a report.
const NAME_CHARACTERS_MAX: usize = 100;

/// Variables without which an installation fails behind a proxy, a certificate or a registry of one's own.
const OF_INSTALLATIONS: &[&str] = &[
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "NPM_CONFIG_CAFILE",
    "NPM_CONFIG_REGISTRY",
    "NPM_CONFIG_USERCONFIG",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "npm_config_cafile",
    "npm_config_registry",
    "npm_config_userconfig",
];

/// What the kinds have found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) suites: Vec<Suite>,
    pub(crate) bench: Option<Bench>,
    pub(crate) screens: Option<Screens>,
    /// The name that the first manifest states.
    pub(crate) name: Option<String>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) leftovers: Vec<Leftover>,
    /// Where `HEAD` leads, and so which ignore files count.
    pub(crate) git: Option<Git>,
    pub(crate) first: Vec<First>,
}

impl Found {
    /// Says which file decided what.
    pub(crate) fn because(&mut self, file: &str, says: impl Into<String>) {
        self.reasons.push(Reason { file: text::one_line(file), says: text::one_line(&says.into()) });
    }

    /// Takes a name where none is known yet.
    pub(crate) fn named(&mut self, name: Option<&str>) {
        let usable = name.filter(|name| !name.trim().is_empty());
        self.name = self.name.take().or_else(|| usable.map(str::to_owned));
    }
}

/// Looks at a folder: reads at most [`crate::FILE_BYTES_MAX`] of a file, lists at most
/// [`crate::ENTRIES_MAX`] entries down to [`crate::LEVELS_MAX`] levels, runs and writes nothing.
///
/// `is_set` says whether the environment has a variable: those that lead an installation through a proxy or to
/// another registry are handed on by name.
///
/// # Errors
/// When the folder cannot be listed, or no test command is recognised.
pub fn look(folder: &Path, is_set: &dyn Fn(&str) -> bool) -> Result<Findings, Error> {
    let given = folder;
    let unreadable = |source| Error::Folder { folder: given.to_owned(), source };
    let root = fs::canonicalize(folder).map_err(unreadable)?;
    let folder = Folder::open(&root).map_err(unreadable)?;
    let git = git::of(&root);
    let mut found = Found { git: Some(git), ..Found::default() };
    for recognise in [cargo::recognise, pytest::recognise, node::recognise, go::recognise] {
        recognise(&folder, &mut found);
    }
    if found.suites.is_empty() {
        let looked_for = [cargo::LOOKED_FOR, pytest::LOOKED_FOR, node::LOOKED_FOR, go::LOOKED_FOR].concat();
        let notes = folder.into_notes();
        return Err(Error::NothingRecognised { folder: given.to_owned(), looked_for, notes });
    }
    screens::recognise(&folder, &mut found);
    let advice = ignored::advice(&folder, git, &found.leftovers);
    let name = name(found.name, &root);
    let Found { mut suites, bench, mut screens, reasons, first, .. } = found;
    let set = || OF_INSTALLATIONS.iter().copied().filter(|name| is_set(name)).collect();
    for suite in &mut suites {
        suite.skips = skips::any(&folder, suite.kind);
        if !suite.needs.prepare.is_empty() {
            suite.needs.pass = set();
        }
    }
    let making = screens.as_mut().and_then(|screens| screens.made.as_mut());
    if let Some(making) = making.filter(|making| !making.needs.prepare.is_empty()) {
        making.needs.pass = set();
    }
    Ok(Findings { name, git, suites, bench, screens, reasons, notes: folder.into_notes(), advice, first })
}

/// Of the package, else of the folder.
fn name(stated: Option<String>, root: &Path) -> String {
    let of_folder = || root.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = stated.or_else(of_folder).unwrap_or_default();
    let name: String = name.trim().chars().take(NAME_CHARACTERS_MAX).collect();
    // A contract's name must not be empty; one of nothing but invisible characters is as good as that.
    if name.chars().all(|character| character.is_whitespace() || evident_core::text::is_hidden(character)) {
        return "goal".to_owned();
    }
    name
}

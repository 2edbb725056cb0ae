//! A case as its folder states it, and whether an answer is the right one. It runs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::Answer;

/// What a case is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Files for the slots of a checker.
    #[default]
    Checker,
    /// A tree, before and after an edit.
    Tree,
    /// A contract as it stands.
    Contract,
    /// A goal with its agent.
    Agent,
}

/// A case. A key that is not known here is refused: nothing of a case is overlooked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    #[serde(skip)]
    pub(super) name: String,
    #[serde(skip)]
    pub(super) folder: PathBuf,
    #[serde(rename = "origin")]
    _origin: String,
    #[serde(rename = "what")]
    _what: String,
    #[serde(rename = "made_by")]
    _made_by: Option<String>,
    expect: String,
    why: String,
    #[serde(default)]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) checker: String,
    #[serde(default)]
    pub(super) config: Table,
    /// Names of files by slot.
    #[serde(default)]
    pub(super) files: BTreeMap<String, Vec<String>>,
    /// Of the command that hands the report over.
    #[serde(default)]
    pub(super) exit: i32,
    pub(super) accept_exit: Option<Vec<i32>>,
    #[serde(default)]
    pub(super) write: Vec<String>,
    #[serde(default)]
    pub(super) protect: Vec<String>,
    #[serde(default = "correct")]
    pub(super) clause: String,
    /// Texts that must be told.
    #[serde(default)]
    says: Vec<String>,
    turns_max: Option<u64>,
    /// Seconds, path and content of a file that appears while the goal goes on.
    pub(super) later: Option<(String, String, String)>,
    /// The run may wait.
    #[serde(default)]
    pub(super) waits: bool,
    pub(super) seconds_max: Option<u64>,
    /// How long the run is watched; it need not end by itself.
    pub(super) watch_seconds: Option<u64>,
}

fn correct() -> String {
    "correct".into()
}

/// The folder of all cases, or nothing (with a line saying so) where it is not there.
fn root() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let root = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from).join("public");
    if root.is_dir() {
        return Some(root);
    }
    writeln!(std::io::stderr(), "skipped: no fixtures in `{}`", root.display()).expect("stderr is open");
    None
}

/// Names of the folders that hold a case.
pub(super) fn folders() -> Option<BTreeSet<String>> {
    let entries = fs::read_dir(root()?).expect("is readable").map(|entry| entry.expect("is readable"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    Some(folders.map(|entry| entry.file_name().into_string().expect("is text")).collect())
}

/// The cases of a kind, by name.
pub(super) fn cases(kind: Kind) -> Option<Vec<Case>> {
    let root = root()?;
    let read = |name: String| {
        let folder = root.join(&name);
        let text = fs::read_to_string(folder.join("case.toml")).expect("every folder holds a case");
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        Case { name, folder, ..case }
    };
    Some(folders()?.into_iter().map(read).filter(|case| case.kind == kind).collect())
}

impl Case {
    /// What is wrong with the answer, in one paragraph.
    pub(super) fn wrong(&self, answer: &Answer) -> Option<String> {
        let mut wrong = Vec::new();
        let is = match self.expect.strip_prefix('!') {
            Some(not) => answer.outcome != not,
            None => self.expect.split('|').any(|right| right == answer.outcome),
        };
        if !is {
            wrong.push(format!("`{}`, right is `{}`: {}", answer.outcome, self.expect, self.why));
        }
        let silent = self.says.iter().filter(|text| !answer.said.contains(*text));
        wrong.extend(silent.map(|text| format!("`{text}` is not told")));
        if let Some(most) = self.turns_max.filter(|most| answer.turns > *most) {
            wrong.push(format!("{} turns, at most {most} are right", answer.turns));
        }
        if let Some(most) = self.seconds_max.filter(|most| answer.seconds > *most) {
            wrong.push(format!("{} s, at most {most} s are right", answer.seconds));
        }
        (!wrong.is_empty()).then(|| format!("{}: {}\n{}", self.name, wrong.join("; "), answer.said))
    }

    /// The config as a table inside a line.
    pub(super) fn config(&self) -> String {
        let keys = self.config.iter().map(|(key, value)| format!("{key} = {}", inline(value)));
        format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
    }
}

fn inline(value: &Value) -> String {
    value.to_string()
}

#[test]
fn a_wrong_answer_is_told() {
    let case: Case = toml::from_str(
        "origin = 'a#1'\nwhat = 'x'\nexpect = 'fail|inconclusive'\nwhy = 'y'\nsays = ['name']\nturns_max = 3\nseconds_max = 9\n",
    )
    .expect("reads");
    let answer = |outcome: &str, said: &str, turns, seconds| Answer {
        outcome: outcome.into(),
        said: said.into(),
        turns,
        seconds,
    };
    assert_eq!(case.wrong(&answer("fail", "a name", 3, 9)), None);
    for (wrong, says) in [
        (answer("pass", "a name", 3, 9), "`pass`, right is `fail|inconclusive`: y"),
        (answer("inconclusive", "nothing", 3, 9), "`name` is not told"),
        (answer("fail", "a name", 4, 9), "4 turns"),
        (answer("fail", "a name", 3, 10), "10 s"),
    ] {
        assert!(case.wrong(&wrong).expect("is wrong").contains(says), "{wrong:?}");
    }
    let not: Case =
        toml::from_str("origin = ''\nwhat = ''\nexpect = '!complete'\nwhy = ''\n").expect("reads");
    assert!(not.wrong(&answer("complete", "", 0, 0)).is_some());
    assert!(not.wrong(&answer("blocked(idle)", "", 0, 0)).is_none());
}

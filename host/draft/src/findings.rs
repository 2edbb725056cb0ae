//! What a look at a repository gave: the suites, the benchmark, what may change, and who said so.
//!
//! Nothing here is read from a file again: a draft is made from it alone.

/// A tool chain with its own test command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A package or workspace of cargo.
    Cargo,
    /// Tests that pytest runs.
    Pytest,
    /// Tests that vitest, jest or node's own runner runs.
    Node,
    /// A module of Go.
    Go,
}

impl Kind {
    /// For the names of sources where there are several suites.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cargo => "rust",
            Self::Pytest => "python",
            Self::Node => "javascript",
            Self::Go => "go",
        }
    }
}

/// What a file said. Both texts are one line without control characters: what the repository says can be
/// shown on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Relative to the folder.
    pub file: String,
    /// A lower-case fragment.
    pub says: String,
}

/// A line that keeps a run from changing the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Relative to the folder: `.gitignore`, or `.evident-ignore` without git.
    pub file: &'static str,
    /// To be added at its end, without a line break.
    pub line: &'static str,
    /// A lower-case fragment.
    pub why: &'static str,
}

/// A command that a person runs once, before the first check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// A line for a shell.
    pub command: &'static str,
    /// A lower-case fragment.
    pub why: &'static str,
}

/// How far git can name a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Git {
    /// The folder is in no repository.
    Absent,
    /// There is a repository without a commit: `HEAD` means nothing yet.
    NoCommit,
    /// `HEAD` means a commit.
    Commit,
}

/// One test command and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suite {
    pub(crate) kind: Kind,
    /// Program and arguments.
    pub(crate) run: Vec<String>,
    /// Variables and their values.
    pub(crate) set: Vec<(&'static str, &'static str)>,
    /// What its runs need that git ignores.
    pub(crate) needs: Needs,
    /// Ignored files that it leaves in the workspace.
    pub(crate) collect: Vec<String>,
    /// The artifact with the report, or nothing for the files of the source.
    pub(crate) report: Option<&'static str>,
    /// Exit code when a test failed.
    pub(crate) failed: u8,
    /// What a person should know, each a line above the command.
    pub(crate) remarks: Vec<String>,
    /// Texts that switch a test off.
    pub(crate) shortcuts: &'static [&'static str],
    /// How a test is named in a report, for example.
    pub(crate) example: &'static str,
    /// True if some of its tests are switched off at the start.
    pub(crate) skips: bool,
    /// A command that makes a figure, and the pattern of its files.
    pub(crate) experiment: (Vec<String>, &'static str),
    pub(crate) paths: Paths,
}

/// How what git ignores reaches the private copy that a suite runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Program and arguments that install it from a lock file; empty where there is no such command.
    pub(crate) prepare: Vec<String>,
    /// The lock files, where their names do not say that they are.
    pub(crate) prepare_from: Vec<String>,
    /// Variables of the person's environment that it takes.
    pub(crate) pass: Vec<&'static str>,
    /// True where that command builds the project itself, so that what it made is good for one tree alone.
    pub(crate) builds: bool,
    /// Patterns of ignored files that belong to the start tree instead.
    pub(crate) inputs: Vec<&'static str>,
    /// Patterns of inputs that a run of the worker's own changes.
    pub(crate) changed: Vec<&'static str>,
    /// True where a copy of the folder alone cannot be built.
    pub(crate) only_in_place: bool,
}

/// Patterns as in CODEOWNERS, in order of importance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// Code.
    pub(crate) sources: Vec<String>,
    /// Tests, and what belongs to tests alone.
    pub(crate) tests: Vec<String>,
    /// Files that say how tests run.
    pub(crate) settings: Vec<String>,
    /// Files that name dependencies, and lock files.
    pub(crate) manifests: Vec<String>,
}

/// A command whose time can be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bench {
    /// In the report.
    pub(crate) name: String,
    /// What it needs that git ignores.
    pub(crate) needs: Needs,
    /// Run once before it is measured, in a copy that holds no ignored files.
    pub(crate) setup: Option<&'static str>,
    /// Without a shell, words separated by blanks.
    pub(crate) command: String,
}

/// Screenshots that are in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screens {
    /// Globs of those that are expected.
    pub(crate) expected: Vec<String>,
    /// How the actual ones are made; nothing where nobody but a person knows.
    pub(crate) made: Option<Making>,
    /// Patterns of what decides how they look, and of the expected ones.
    pub(crate) protect: Vec<String>,
}

/// A command that makes screenshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Making {
    /// Lines above it.
    pub(crate) remarks: String,
    /// Program and arguments.
    pub(crate) run: Vec<String>,
    /// Variables and their values.
    pub(crate) set: Vec<(&'static str, &'static str)>,
    /// Exit codes that say nothing about the screens, as a list of TOML; empty for 0 alone.
    pub(crate) exit: &'static str,
    /// Ignored files that it leaves in the workspace.
    pub(crate) collect: Vec<String>,
    /// Which artifacts of the source are screens; all of them where it is nothing.
    pub(crate) select: Option<String>,
    /// What it needs that git ignores.
    pub(crate) needs: Needs,
}

/// What a look at a repository gave. At least one suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    pub(crate) name: String,
    pub(crate) git: Git,
    pub(crate) suites: Vec<Suite>,
    pub(crate) bench: Option<Bench>,
    pub(crate) screens: Option<Screens>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) notes: Vec<Reason>,
    pub(crate) advice: Vec<Advice>,
    pub(crate) first: Vec<First>,
}

impl Findings {
    /// Of the package, else of the folder; at most 100 characters, not escaped.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One for each suite, in the order of the draft.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        self.suites.iter().map(|suite| suite.kind).collect()
    }

    /// Program and arguments of each suite, in the same order.
    #[must_use]
    pub fn test_commands(&self) -> Vec<&[String]> {
        self.suites.iter().map(|suite| suite.run.as_slice()).collect()
    }

    /// The command whose time [`crate::Template::Performance`] measures, if one was recognised.
    #[must_use]
    pub fn bench_command(&self) -> Option<&str> {
        self.bench.as_ref().map(|bench| bench.command.as_str())
    }

    /// Patterns of the folders and files that hold code.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        self.patterns(|paths| &paths.sources)
    }

    /// Patterns of the folders and files that hold tests.
    #[must_use]
    pub fn tests(&self) -> Vec<&str> {
        self.patterns(|paths| &paths.tests)
    }

    /// True if the folder is in a git repository.
    #[must_use]
    pub fn is_git(&self) -> bool {
        self.git != Git::Absent
    }

    /// Which file decided what.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What was there and was not used, and why: for a person to see.
    #[must_use]
    pub fn notes(&self) -> &[Reason] {
        &self.notes
    }

    /// Lines without which a run, or the worker's own runs, would change the tree.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        self.advice.clone()
    }

    /// What to run before the first check, which is undecided without it.
    #[must_use]
    pub fn first(&self) -> &[First] {
        &self.first
    }

    /// True where `HEAD` can stand for the tree of before. A commit whose ignore file lacks a line cannot:
    /// a run on it changes it.
    pub(crate) fn has_usable_commit(&self) -> bool {
        self.git == Git::Commit && self.advice.is_empty()
    }

    /// Screens that the draft compares: those that a command makes.
    pub(crate) fn compared_screens(&self) -> impl Iterator<Item = &Screens> {
        self.screens.iter().filter(|screens| screens.made.is_some())
    }

    /// The patterns of every suite, each once.
    pub(crate) fn patterns(&self, which: impl Fn(&Paths) -> &Vec<String>) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for pattern in self.suites.iter().flat_map(|suite| which(&suite.paths)) {
            if !all.contains(&pattern.as_str()) {
                all.push(pattern);
            }
        }
        all
    }
}

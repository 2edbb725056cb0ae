//! Defences that a test can switch off, to show that the attack behind each succeeds without it.
//!
//! A test of a defence that passes for another reason proves nothing. So every case of `docs/threats.md`
//! runs twice: as it is, and with its defence off. That needs the feature `undefended`, which nothing but
//! the tests of this workspace enables. Without it [`Defence::stands`] is the constant `true`, and neither
//! a variable nor a caller can change that.

macro_rules! defences {
    ($($(#[$doc:meta])* $defence:ident = $name:literal;)*) => {
        /// One guard of the host.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Defence { $($(#[$doc])* $defence,)* }

        impl Defence {
            /// Every defence.
            pub const ALL: &[Self] = &[$(Self::$defence,)*];

            /// As tests and `docs/threats.md` name it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$defence => $name,)* }
            }
        }
    };
}

defences! {
    /// A check has only so much fuel.
    Fuel = "fuel";
    /// A check ends at its deadline.
    Deadline = "deadline";
    /// What crosses between guest and host costs fuel, and each crossing looks at the clock.
    Crossing = "crossing";
    /// Guest memory is bounded.
    Memory = "memory";
    /// Guest tables are bounded.
    Tables = "tables";
    /// The number of instances, memories and tables is bounded.
    Instances = "instances";
    /// What one call hands to the host is bounded.
    CallBytes = "call-bytes";
    /// Live handles are bounded.
    Handles = "handles";
    /// Findings, metrics, attachments and log are capped.
    OutputCaps = "output-caps";
    /// A component imports only what its profile links.
    Imports = "imports";
    /// Component types are nested only so deep.
    Nesting = "nesting";
    /// Compilation has only so much memory and time.
    CompileLimits = "compile-limits";
    /// Compiled code is taken from the cache only under its MAC and key.
    CodeSeal = "code-seal";
    /// A panic of the host inside a check is a fault of that check.
    CatchPanic = "catch-panic";
    /// A reused outcome is taken only under its MAC.
    OutcomeSeal = "outcome-seal";
    /// A blob is proven before it is judged and again before a pass stands.
    BlobProof = "blob-proof";
    /// What lies under the name of a blob is compared with it before it is taken for one that is kept already.
    KeptBlobProof = "kept-blob-proof";
    /// A pass beside an exit code that supports none is refused.
    ExitMismatch = "exit-mismatch";
    /// A pass that examined nothing is refused.
    NotExamined = "not-examined";
    /// A pass that left a slot partly unread is refused.
    Unread = "unread";
    /// A pass beside an error or a number that is not finite is refused.
    Contradiction = "contradiction";
    /// Evidence of a source that changed the tree, or ran on another one, is refused.
    TreeUnchanged = "tree-unchanged";
    /// A pass is refused where the tree changed before the assessment was written down.
    TreeAtTheEnd = "tree-at-the-end";
    /// Ignore rules are those of the start tree.
    StartRules = "start-rules";
    /// Files that changed a moment ago are hashed again, whatever the stat cache says.
    RacyStat = "racy-stat";
    /// The last word on a tree does not rest on the stat cache.
    FullDigest = "full-digest";
    /// A pass against a commit that is named by what can be moved is asserted.
    MovableRevision = "movable-revision";
    /// What a scan reads has a bound, known before a byte is read.
    TreeBounds = "tree-bounds";
    /// A file that is rewritten while a source runs is told by its change time, whatever it holds after.
    ChangeTime = "change-time";
    /// After the last full read the folder is walked once more, and what moved is read again.
    LastWalk = "last-walk";
    /// A link of a private copy stays in it, and a link to what does not count leaves no pass proven.
    LinksOut = "links-out";
    /// `boundary` is judged.
    Boundary = "boundary";
    /// `boundary.inputs` belong to the tree.
    Inputs = "inputs";
    /// A source at `snapshot` sees protected paths as they were at the start.
    ProtectedFromStart = "protected-from-start";
    /// A materialised tree is proven before a source runs in it.
    MaterialisedProof = "materialised-proof";
    /// A pass never rests on build output that another tree may have left in a private copy.
    OwnOutput = "own-output";
    /// A command in a private copy that is led into the workspace proves nothing.
    Inward = "inward";
    /// The record of what lies in a private copy is taken only under its seal.
    OutputSeal = "output-seal";
    /// What was run in a private copy with other programs, or by another contract, counts as another tree's.
    OwnRuns = "own-runs";
    /// A folder that was put in the place of a private copy is one of which nothing is known.
    OwnCopy = "own-copy";
    /// `{out}` is fresh and `collect` files are removed before a run.
    FreshOutput = "fresh-output";
    /// `collect` files are taken only if the run made them.
    MadeDuringRun = "made-during-run";
    /// Files older than the contract allows are stale.
    Age = "age";
    /// A pinned file or component must have its digest.
    Pin = "pin";
    /// A command gets only the declared environment.
    Environment = "environment";
    /// What the host starts has a session of its own, without the host's terminal.
    Session = "session";
    /// What loses its parent below the host becomes the host's, and is ended.
    Orphans = "orphans";
    /// An agent that lives from turn to turn is stopped while its work is judged.
    StillAgent = "still-agent";
    /// Owner's commands that come from a process of a driver are refused.
    Descendants = "descendants";
    /// With another user as the agent, folders that this user can change are refused.
    Unexposed = "unexposed";
    /// Turns without progress are further and further apart.
    BackOff = "back-off";
    /// A goal is judged by the stored text of its contract, whatever the file says.
    StoredContract = "stored-contract";
    /// Only an assessment of every clause completes a goal.
    ScopeAll = "scope-all";
    /// Text from outside is made safe to show.
    SafeText = "safe-text";
    /// Nothing that is printed is a command to a build server.
    ServerCommands = "server-commands";
}

impl Defence {
    /// True, except in a test that switched it off.
    #[cfg(not(feature = "undefended"))]
    #[must_use]
    pub const fn stands(self) -> bool {
        true
    }
}

#[cfg(feature = "undefended")]
pub use switches::{VARIABLE, without};

#[cfg(feature = "undefended")]
mod switches {
    use std::cell::Cell;
    use std::sync::OnceLock;

    use super::Defence;

    /// Names the defences that are off in this process, with commas between them.
    pub const VARIABLE: &str = "EVIDENT_UNDEFENDED";

    static OFF: OnceLock<Vec<Defence>> = OnceLock::new();

    thread_local! {
        static OFF_HERE: Cell<Option<Defence>> = const { Cell::new(None) };
    }

    impl Defence {
        /// True, except in a test that switched it off.
        #[must_use]
        pub fn stands(self) -> bool {
            OFF_HERE.get() != Some(self) && !OFF.get_or_init(of_process).contains(&self)
        }
    }

    /// Calls `body` with one defence off on this thread.
    pub fn without<T>(defence: Defence, body: impl FnOnce() -> T) -> T {
        let before = OFF_HERE.replace(Some(defence));
        let result = body();
        OFF_HERE.set(before);
        result
    }

    #[expect(clippy::disallowed_methods, reason = "tests switch the built binary by a variable")]
    fn of_process() -> Vec<Defence> {
        let names = std::env::var(VARIABLE).unwrap_or_default();
        let named = |name: &str| {
            let defence = Defence::ALL.iter().copied().find(|defence| defence.name() == name);
            defence.unwrap_or_else(|| panic!("`{name}` in `{VARIABLE}` is not a defence"))
        };
        names.split(',').filter(|name| !name.is_empty()).map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Defence;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = Defence::ALL.iter().map(|defence| defence.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Defence::ALL.len());
    }
}

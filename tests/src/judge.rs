//! Judges evidence the way the engine does: binds it by a contract, checks, applies the host's
//! downgrades. The engine itself needs a workspace and commands; here evidence comes from bytes.

use evident_core::binding::{self, BoundSlot};
use evident_core::contract::{self, Clause};
use evident_core::downgrade;
use evident_core::evidence::{Evidence, Exit};
use evident_sandbox::{Bound, Checked, Checker, Input, Limits, Request};

use crate::Store;
use crate::memory::{self, Cost};

const CONTRACT: &str = r#"
version = 1
goal = { name = "one", objective = "One criterion over one source." }
evidence.source.run = ["produce"]
criteria.one = { checker = "any", evidence = "source" }
"#;

/// One thing to judge: a config, files of one source, and how its command ended.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// JSON text, an object.
    pub config: &'a str,
    /// Name and bytes.
    pub files: &'a [(&'a str, &'a [u8])],
    /// How the command ended.
    pub exit: Exit,
    /// True where that supports a pass.
    pub exit_accepted: bool,
    /// What the check may use up.
    pub limits: Limits,
}

impl<'a> Case<'a> {
    /// Files of a command that exited 0, no config, the usual limits.
    #[must_use]
    pub fn new(files: &'a [(&'a str, &'a [u8])]) -> Self {
        let bytes = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let limits = crate::limits(bytes);
        Self { config: "{}", files, exit: Exit::Code(0), exit_accepted: true, limits }
    }

    /// With a config.
    #[must_use]
    pub fn config(self, config: &'a str) -> Self {
        Self { config, ..self }
    }
}

impl Store {
    /// Judges; the outcome is the one after the host's downgrades.
    ///
    /// # Panics
    /// When the checker does not describe itself or takes none of the files.
    #[must_use]
    pub fn judge(&self, checker: &Checker, case: Case<'_>) -> Checked {
        let _beside_others = memory::beside_others();
        self.judge_now(checker, &case)
    }

    /// Judges with nothing else going on, and says what it cost.
    ///
    /// # Panics
    /// As [`Store::judge`].
    #[must_use]
    pub fn judge_alone(&self, checker: &Checker, case: Case<'_>) -> (Checked, Cost) {
        memory::alone(|| self.judge_now(checker, &case))
    }

    fn judge_now(&self, checker: &Checker, case: &Case<'_>) -> Checked {
        let clause = clause();
        let descriptor = checker.describe().unwrap_or_else(|fault| panic!("no descriptor: {fault:?}"));
        let inputs = self.inputs(case);
        let evidence = [Evidence {
            origin: inputs[0].origin.clone(),
            artifacts: inputs.iter().map(|input| input.artifact.clone()).collect(),
            shortfall: None,
        }];
        let bound = if descriptor.slots.is_empty() {
            Vec::new()
        } else {
            binding::bind(&clause, &descriptor, &evidence)
                .unwrap_or_else(|unbound| panic!("{}", unbound.summary))
        };
        let mut checked = checker.check(Request {
            config: case.config.into(),
            bound: bound.iter().map(|slot| served(slot, &inputs)).collect(),
            limits: case.limits,
            blobs: self.blobs.clone(),
            progress: None,
        });
        let read = |slot: usize, index: usize| checked.bytes_read[slot][index];
        if let Some(refused) = downgrade::downgrade(&checked.outcome, checked.observed, &bound, read) {
            checked.outcome = downgrade::apply(checked.outcome, &refused);
        }
        checked
    }

    fn inputs(&self, case: &Case<'_>) -> Vec<Input> {
        let inputs = case.files.iter().map(|(name, bytes)| {
            let mut input = self.input(name, bytes);
            input.origin.exit = Some(case.exit);
            input.origin.exit_accepted = case.exit_accepted;
            input
        });
        inputs.collect()
    }
}

fn clause() -> Clause {
    let reading = contract::read(CONTRACT);
    assert_eq!(reading.problems, [], "the contract of the tests is sound");
    reading.contract.clauses.into_iter().next().expect("it has one criterion")
}

fn served(slot: &BoundSlot<'_>, inputs: &[Input]) -> Bound {
    let input =
        |name: &str| inputs.iter().find(|input| input.artifact.name == name).expect("was bound").clone();
    Bound {
        slot: slot.slot.name.clone(),
        inputs: slot.artifacts.iter().map(|(artifact, _)| input(&artifact.name)).collect(),
    }
}

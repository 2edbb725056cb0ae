//! What a workspace is compared with: the start tree and the base that were recorded, or a commit that the caller
//! names in their place, and the ignore rules that were frozen with them.
//!
//! Everything here blocks.

use evident_collect::tree::{Rules, Trees};
use evident_core::assessment::Start;
use evident_core::contract::{Contract, Placed};
use evident_core::defence::Defence;
use evident_core::doubt::Doubt;
use evident_core::tree::Tree;
use evident_patterns::Pattern;

use crate::{Engine, Error, Opened, clock, start};

/// The start tree and the base.
pub(crate) struct Origins {
    pub(crate) start: Tree,
    pub(crate) base: Tree,
    /// Why nothing that rests on the base is proven.
    pub(crate) base_doubt: Option<Doubt>,
    pub(crate) told: Start,
    /// Why no pass that stands on these is proven.
    pub(crate) doubts: Vec<Doubt>,
}

impl Engine {
    /// The frozen rules of a contract, and what its workspace is compared with, if anything is recorded.
    /// `since` names a commit that takes the place of the recorded start.
    pub(crate) fn origins(
        &self,
        opened: &Opened,
        trees: &Trees,
        since: Option<&str>,
    ) -> Result<(Rules, Option<Origins>), Error> {
        let workspace = &opened.file.workspace;
        if let Some(revision) = since {
            return self.since(opened, trees, revision).map(|(rules, origins)| (rules, Some(origins)));
        }
        let Some(found) = self.start(opened, trees)? else {
            return Ok((marked(trees.rules(workspace)?, &opened.contract)?, None));
        };
        let record = found.record;
        let start = trees.load(record.tree)?;
        let base = found.base.as_ref().map(|base| trees.load(base.tree)).transpose()?;
        let rules = marked(trees.load_rules(record.rules)?, &opened.contract)?.with_start(&start);
        let told = Start {
            tree: record.tree,
            recorded: record.recorded,
            fresh: found.fresh,
            base: found.base.map(|base| base.commit),
            contract: record.contract,
            accepted: record.accepted().0,
            accepted_last: record.accepted().1,
        };
        // Without a name for it, the base is the start tree, and as fresh as that.
        let fresh = found.fresh.then_some(Doubt::FreshBase);
        let base_doubt = if base.is_some() { found.base_doubt } else { fresh };
        let base = base.unwrap_or_else(|| start.clone());
        Ok((rules, Some(Origins { start, base, base_doubt, told, doubts: Vec::new() })))
    }

    /// A commit in the place of the recorded start, and of the base.
    fn since(&self, opened: &Opened, trees: &Trees, revision: &str) -> Result<(Rules, Origins), Error> {
        let workspace = &opened.file.workspace;
        let commit = start::commit(trees, workspace, revision)?;
        let tree = trees.of_commit(workspace, &commit)?;
        let rules = marked(trees.rules_of_commit(workspace, &commit, &tree)?, &opened.contract)?;
        let (start, unrecorded) = self.with_inputs_beside(opened, trees, &rules, tree)?;
        let mut doubts = Vec::new();
        if !start::is_full_id(revision, &commit) && Defence::MovableRevision.stands() {
            doubts.push(Doubt::MovableRevision { name: revision.to_owned(), commit: commit.clone() });
        }
        doubts.extend(unrecorded);
        // The contract as the commit has it. One that lies elsewhere is the caller's own; one in the workspace can
        // be the worker's.
        let path = start::contract_in(&opened.file);
        let contract = path.as_ref().and_then(|path| start.get(path.as_bytes()).map(|leaf| leaf.digest));
        let unrecorded = path.filter(|_| contract.is_none());
        doubts.extend(unrecorded.map(|path| Doubt::UnrecordedContract { path, commit: commit.clone() }));
        let told = Start {
            tree: Trees::digest(&start),
            recorded: clock::now(),
            fresh: false,
            base: Some(commit),
            contract: contract.unwrap_or(opened.file.digest),
            accepted: 0,
            accepted_last: None,
        };
        let rules = rules.with_start(&start);
        Ok((rules, Origins { base: start.clone(), start, base_doubt: None, told, doubts }))
    }

    /// The tree of a commit with the inputs that are in no commit: those of the recorded start, or, where there
    /// is none, as they are now. What they were then is not known, and a doubt says so.
    fn with_inputs_beside(
        &self,
        opened: &Opened,
        trees: &Trees,
        rules: &Rules,
        commit: Tree,
    ) -> Result<(Tree, Option<Doubt>), Error> {
        if opened.contract.boundary.inputs.is_empty() {
            return Ok((commit, None));
        }
        let record = start::read(&self.record_path(&opened.file, start::FOLDER))?;
        let is_recorded = record.is_some();
        let from = match record {
            Some(record) => trees.load(record.tree)?,
            // Their contents are needed where a source runs on this tree.
            None => trees.store(&rules.clone().with_start(&commit), &opened.file.workspace)?,
        };
        let is_beside = |path: &[u8]| rules.is_input(path) && commit.get(path).is_none();
        let tree = commit.with_paths_of(&from, is_beside);
        let mut added = tree.entries().iter().filter(|entry| commit.get(&entry.path).is_none());
        let example = added.next().map(|entry| String::from_utf8_lossy(&entry.path).into_owned());
        let doubt = example.filter(|_| !is_recorded).map(|example| Doubt::UnrecordedInputs { example });
        Ok((tree, doubt))
    }
}

/// Rules with the patterns of a contract.
pub(crate) fn marked(rules: Rules, contract: &Contract) -> Result<Rules, Error> {
    Ok(rules.with_marked(patterns(&contract.boundary.inputs)?, patterns(&contract.boundary.protect)?))
}

/// Patterns of a sound contract: lint, and the checker of the boundary, have refused the others.
pub(crate) fn patterns(texts: &[Placed<String>]) -> Result<Vec<Pattern>, Error> {
    texts.iter().map(|text| Pattern::parse(&text.value).map_err(Error::Pattern)).collect()
}

//! The order in which sources are collected.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Source;

/// Sources that are collected beside each other at the most: each is a command of its own.
pub const CONCURRENT_SOURCES_MAX: usize = 4;

/// Sources that are collected in one go, as indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// Beside each other; most often one alone.
    Beside(Vec<usize>),
    /// Taking turns: see [`turns`].
    Turns([usize; 2]),
}

impl Batch {
    /// Every source in it.
    #[must_use]
    pub fn members(&self) -> &[usize] {
        match self {
            Self::Beside(members) => members,
            Self::Turns(members) => members,
        }
    }
}

/// The order in which two sources take turns: which of them, and its go, from 1. It changes sides every
/// time (A B, B A, A B ...), so that neither always comes second.
pub fn turns(repeat: u32) -> impl Iterator<Item = (usize, u32)> {
    (1..=repeat).flat_map(|go| if go % 2 == 1 { [(0, go), (1, go)] } else { [(1, go), (0, go)] })
}

/// Batches, one after the other.
///
/// Sources go in the order of the text, each alone, except that a source waits for those that it
/// needs, neighbours that say `concurrent` share a batch, and two that are interleaved go together.
///
/// # Errors
/// The names of the sources that wait for each other. A need that names no source is passed over:
/// lint reports it.
pub fn batches(sources: &[Source]) -> Result<Vec<Batch>, Vec<String>> {
    let mut queue = Queue::new(sources);
    let mut batches: Vec<Batch> = Vec::new();
    while let Some(first) = queue.first() {
        let batch = queue.batch(first);
        queue.finish(batch.members());
        batches.push(batch);
    }
    if queue.waiting.is_empty() {
        return Ok(batches);
    }
    Err(queue.waiting.iter().map(|&index| sources[index].name.value.clone()).collect())
}

/// What is still to be collected, as indices. Every need is looked at once in all: a walk over the
/// sources for each of them took a minute for a long chain.
struct Queue<'a> {
    sources: &'a [Source],
    /// Neither collected nor in a batch yet.
    waiting: BTreeSet<usize>,
    /// Those of `waiting` that nothing holds up.
    ready: BTreeSet<usize>,
    /// By source: its needs that are not collected yet.
    missing: Vec<usize>,
    /// By source: who needs it, once for each need.
    needed_by: Vec<Vec<usize>>,
    /// By source: with whom it takes turns.
    partner: Vec<Option<usize>>,
}

impl<'a> Queue<'a> {
    fn new(sources: &'a [Source]) -> Self {
        let named = sources.iter().enumerate().map(|(index, source)| (source.name.value.as_str(), index));
        let indices: BTreeMap<&str, usize> = named.collect();
        let mut missing = vec![0; sources.len()];
        let mut needed_by = vec![Vec::new(); sources.len()];
        for (index, source) in sources.iter().enumerate() {
            for needed in source.needs.iter().filter_map(|need| indices.get(need.value.as_str())) {
                missing[index] += 1;
                needed_by[*needed].push(index);
            }
        }
        let mut partner = vec![None; sources.len()];
        for (index, source) in sources.iter().enumerate() {
            let named = source.interleave.as_ref().and_then(|other| indices.get(other.value.as_str()));
            if let Some(&other) = named.filter(|other| **other != index) {
                (partner[index], partner[other]) = (Some(other), Some(index));
            }
        }
        let waiting: BTreeSet<usize> = (0..sources.len()).collect();
        let ready = waiting.iter().copied().filter(|&index| missing[index] == 0).collect();
        Self { sources, waiting, ready, missing, needed_by, partner }
    }

    /// The first that nothing holds up, its partner included.
    fn first(&self) -> Option<usize> {
        let may_go = |index: &&usize| {
            self.partner[**index]
                .is_none_or(|other| !self.waiting.contains(&other) || self.ready.contains(&other))
        };
        self.ready.iter().find(may_go).copied()
    }

    /// Takes `first`, and those waiting next that may go beside it.
    fn batch(&mut self, first: usize) -> Batch {
        self.take(first);
        if let Some(other) = self.partner[first].filter(|other| self.waiting.contains(other)) {
            self.take(other);
            return Batch::Turns([first, other]);
        }
        let mut batch = vec![first];
        while self.sources[first].concurrent && batch.len() < CONCURRENT_SOURCES_MAX {
            let next = self.waiting.range(first..).next().copied();
            let fits = |next: &usize| {
                self.sources[*next].concurrent && self.ready.contains(next) && self.partner[*next].is_none()
            };
            match next.filter(fits) {
                Some(next) => {
                    self.take(next);
                    batch.push(next);
                }
                None => break,
            }
        }
        Batch::Beside(batch)
    }

    fn take(&mut self, index: usize) {
        self.waiting.remove(&index);
        self.ready.remove(&index);
    }

    /// Only a whole batch makes others ready: its members do not wait for each other.
    fn finish(&mut self, batch: &[usize]) {
        for &index in batch {
            for &needing in &self.needed_by[index] {
                self.missing[needing] -= 1;
                if self.missing[needing] == 0 {
                    self.ready.insert(needing);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, CONCURRENT_SOURCES_MAX, turns};
    use crate::contract::{self, Source};

    fn batches(text: &str) -> Result<Vec<Vec<usize>>, Vec<String>> {
        members(super::batches(&contract::read(text).contract.sources))
    }

    fn members(batches: Result<Vec<Batch>, Vec<String>>) -> Result<Vec<Vec<usize>>, Vec<String>> {
        batches.map(|batches| batches.iter().map(|batch| batch.members().to_vec()).collect())
    }

    fn source(name: &str, needs: &[&str], concurrent: bool) -> String {
        format!("[evidence.{name}]\nrun = [\"true\"]\nneeds = {needs:?}\nconcurrent = {concurrent}\n")
    }

    #[test]
    fn one_at_a_time_in_the_order_of_the_text() {
        let text = source("b", &[], false) + &source("a", &[], false) + &source("c", &[], false);
        assert_eq!(batches(&text), Ok(vec![vec![0], vec![1], vec![2]]));
    }

    #[test]
    fn a_source_waits_for_what_it_needs() {
        let text = source("late", &["early"], false) + &source("early", &[], false);
        assert_eq!(batches(&text), Ok(vec![vec![1], vec![0]]));
    }

    #[test]
    fn concurrent_neighbours_share_a_batch_and_others_part_them() {
        let text = source("a", &[], true)
            + &source("b", &[], true)
            + &source("c", &[], false)
            + &source("d", &[], true);
        assert_eq!(batches(&text), Ok(vec![vec![0, 1], vec![2], vec![3]]));
        let text = source("a", &[], true) + &source("b", &["a"], true);
        assert_eq!(batches(&text), Ok(vec![vec![0], vec![1]]), "a need parts them too");
        let many: String = ["a", "b", "c", "d", "e"].iter().map(|name| source(name, &[], true)).collect();
        assert_eq!(batches(&many), Ok(vec![vec![0, 1, 2, 3], vec![4]]));
    }

    /// Catches a pair of which one goes before what the other needs, and one that is never collected.
    #[test]
    fn two_that_take_turns_go_together() {
        let pair = |name: &str, other: &str, needs: &[&str]| {
            source(name, needs, false) + &format!("interleave = \"{other}\"\n")
        };
        let text = pair("new", "old", &[]) + &source("build", &[], false) + &source("old", &["build"], false);
        let sources = contract::read(&text).contract.sources;
        let expected = vec![Batch::Beside(vec![1]), Batch::Turns([0, 2])];
        assert_eq!(super::batches(&sources), Ok(expected));
        assert!(batches(&(pair("new", "old", &["old"]) + &source("old", &[], false))).is_err());
        assert_eq!(turns(3).collect::<Vec<_>>(), [(0, 1), (1, 1), (1, 2), (0, 2), (0, 3), (1, 3)]);
    }

    #[test]
    fn a_cycle_is_named() {
        let text = source("a", &["b"], false) + &source("b", &["a"], false) + &source("c", &[], false);
        assert_eq!(batches(&text), Err(vec!["a".into(), "b".into()]));
        assert!(batches(&source("a", &["a"], false)).is_err());
        assert!(batches(&source("a", &["nowhere"], false)).is_ok());
    }

    /// Catches a walk over all sources for every need of every source: a minute for 3,000.
    #[test]
    fn a_long_chain_in_reverse_takes_no_time() {
        const SOURCES: usize = contract::SOURCES_MAX;
        let one = |index: usize| {
            let needs = if index + 1 < SOURCES { vec![format!("s{}", index + 1)] } else { vec![] };
            format!("[evidence.s{index}]\nrun = [\"true\"]\nneeds = {needs:?}\n")
        };
        let text: String = (0..SOURCES).map(one).collect();
        let expected: Vec<Vec<usize>> = (0..SOURCES).rev().map(|index| vec![index]).collect();
        assert_eq!(batches(&text), Ok(expected));
    }

    /// Catches an order that differs from the plain reading of the rule: the first that is ready goes.
    #[test]
    fn the_order_is_that_of_the_plain_rule() {
        let mut state = 7_u64;
        let mut below = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % bound
        };
        for _ in 0..300 {
            let count = 1 + below(9);
            let text: String = (0..count)
                .map(|index| {
                    let needs: Vec<String> =
                        (0..below(3)).map(|_| format!("s{}", below(count + 1))).collect();
                    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
                    source(&format!("s{index}"), &needs, below(2) == 0)
                })
                .collect();
            let sources = contract::read(&text).contract.sources;
            assert_eq!(members(super::batches(&sources)), plain(&sources), "{text}");
        }
    }

    /// The rule word by word, without regard to time.
    fn plain(sources: &[Source]) -> Result<Vec<Vec<usize>>, Vec<String>> {
        let mut order: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = (0..sources.len()).collect();
        let mut batches = Vec::new();
        while !waiting.is_empty() {
            let ready = |index: usize| {
                sources[index].needs.iter().all(|need| {
                    let needed = sources.iter().position(|source| source.name.value == need.value);
                    needed.is_none_or(|needed| order.contains(&needed))
                })
            };
            let Some(at) = waiting.iter().position(|&index| ready(index)) else {
                return Err(waiting.iter().map(|&index| sources[index].name.value.clone()).collect());
            };
            let beside = |&&index: &&usize| sources[index].concurrent && ready(index);
            let rest = waiting[at + 1..].iter().take_while(beside).take(CONCURRENT_SOURCES_MAX - 1).count();
            let rest = if sources[waiting[at]].concurrent { rest } else { 0 };
            let batch: Vec<usize> = waiting.drain(at..=at + rest).collect();
            order.extend(&batch);
            batches.push(batch);
        }
        Ok(batches)
    }
}

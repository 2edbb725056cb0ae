//! The order in which sources are collected.

use crate::contract::Source;

/// Sources that are collected beside each other at the most: each is a command of its own.
pub const CONCURRENT_SOURCES_MAX: usize = 4;

/// Batches of indices into `sources`: one batch after the other, its members beside each other.
///
/// Sources go in the order of the text, each alone, except that a source waits for those that it
/// needs, and neighbours that say `concurrent` share a batch.
///
/// # Errors
/// The names of the sources that wait for each other. A need that names no source is passed over:
/// lint reports it.
pub fn batches(sources: &[Source]) -> Result<Vec<Vec<usize>>, Vec<String>> {
    let mut order: Vec<usize> = Vec::new();
    let mut waiting: Vec<usize> = (0..sources.len()).collect();
    let mut batches: Vec<Vec<usize>> = Vec::new();
    while !waiting.is_empty() {
        let ready = |index: &usize, done: &[usize]| {
            sources[*index].needs.iter().all(|need| {
                let needed = sources.iter().position(|source| source.name.value == need.value);
                needed.is_none_or(|needed| done.contains(&needed))
            })
        };
        let Some(at) = waiting.iter().position(|index| ready(index, &order)) else {
            return Err(waiting.iter().map(|&index| sources[index].name.value.clone()).collect());
        };
        let mut batch = vec![waiting.remove(at)];
        while sources[batch[0]].concurrent && batch.len() < CONCURRENT_SOURCES_MAX {
            let next = waiting.get(at).copied();
            match next.filter(|index| sources[*index].concurrent && ready(index, &order)) {
                Some(index) => batch.push(index),
                None => break,
            }
            waiting.remove(at);
        }
        order.extend(&batch);
        batches.push(batch);
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use crate::contract;

    fn batches(text: &str) -> Result<Vec<Vec<usize>>, Vec<String>> {
        super::batches(&contract::read(text).contract.sources)
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

    #[test]
    fn a_cycle_is_named() {
        let text = source("a", &["b"], false) + &source("b", &["a"], false) + &source("c", &[], false);
        assert_eq!(batches(&text), Err(vec!["a".into(), "b".into()]));
        assert!(batches(&source("a", &["a"], false)).is_err());
        assert!(batches(&source("a", &["nowhere"], false)).is_ok());
    }
}

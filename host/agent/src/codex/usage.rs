//! Tokens that codex used: it tells the total of a thread, a turn is told the difference.
//!
//! It knows no money: codex does not tell any.

use std::collections::BTreeMap;

use evident_core::agent::Usage;
use serde_json::Value;

use super::protocol::count;

/// Threads whose totals are remembered: the main one and those of helpers that the agent starts. Of further
/// ones what the last request used is counted, which codex tells as well.
const THREADS_MAX: usize = 64;

/// The totals of the threads as they were last told.
#[derive(Debug, Default)]
pub(super) struct Totals {
    threads: BTreeMap<String, Usage>,
}

impl Totals {
    /// Takes the `tokenUsage` of a notification and gives what was used since the one before. A thread that
    /// was not seen before counts from before its last request: a resumed one has a past.
    pub(super) fn add(&mut self, thread: &str, told: &Value) -> Usage {
        let total = read(&told["total"], CAMEL);
        let before = self.threads.get(thread).copied();
        let before = before.unwrap_or_else(|| since(total, read(&told["last"], CAMEL)));
        self.set(thread, total);
        since(total, before)
    }

    /// Takes the `usage` at the end of a turn of `codex exec`: the total of a thread, without the last request.
    /// A thread that was not seen before counts whole unless it was resumed: how much of it is new is unknown.
    pub(super) fn add_turn(&mut self, thread: &str, told: &Value, resumed: bool) -> Usage {
        let total = read(told, SNAKE);
        let before = self.threads.get(thread).copied();
        self.set(thread, total);
        match before {
            None if resumed => Usage::default(),
            before => since(total, before.unwrap_or_default()),
        }
    }

    fn set(&mut self, thread: &str, total: Usage) {
        if self.threads.len() < THREADS_MAX || self.threads.contains_key(thread) {
            self.threads.insert(thread.to_string(), total);
        }
    }
}

/// Where the three figures stand: the two interfaces spell them differently.
const CAMEL: [&str; 3] = ["/inputTokens", "/cachedInputTokens", "/outputTokens"];
const SNAKE: [&str; 3] = ["/input_tokens", "/cached_input_tokens", "/output_tokens"];

fn read(figures: &Value, [input, cached, output]: [&str; 3]) -> Usage {
    Usage {
        input_tokens: count(figures, input),
        cached_input_tokens: count(figures, cached),
        output_tokens: count(figures, output),
        ..Usage::default()
    }
}

fn since(total: Usage, before: Usage) -> Usage {
    Usage {
        input_tokens: total.input_tokens.saturating_sub(before.input_tokens),
        cached_input_tokens: total.cached_input_tokens.saturating_sub(before.cached_input_tokens),
        output_tokens: total.output_tokens.saturating_sub(before.output_tokens),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(total: [u64; 3], last: [u64; 3]) -> Value {
        let figures = |[input, cached, output]: [u64; 3]| json!({"inputTokens": input, "cachedInputTokens": cached, "outputTokens": output});
        json!({"total": figures(total), "last": figures(last)})
    }

    fn used(input: u64, cached: u64, output: u64) -> Usage {
        Usage { input_tokens: input, cached_input_tokens: cached, output_tokens: output, ..Usage::default() }
    }

    /// Adding up totals would charge a goal for its first request in every turn.
    #[test]
    fn totals_become_differences() {
        let mut totals = Totals::default();
        assert_eq!(totals.add("a", &told([100, 20, 10], [100, 20, 10])), used(100, 20, 10));
        assert_eq!(totals.add("a", &told([250, 90, 25], [150, 70, 15])), used(150, 70, 15));
        assert_eq!(totals.add("b", &told([7, 0, 1], [7, 0, 1])), used(7, 0, 1));
        assert_eq!(totals.add("a", &told([250, 90, 25], [150, 70, 15])), used(0, 0, 0));
    }

    #[test]
    fn the_past_of_a_resumed_thread_is_not_charged_again() {
        let mut totals = Totals::default();
        assert_eq!(totals.add("a", &told([1000, 0, 100], [60, 0, 6])), used(60, 0, 6));
    }

    #[test]
    fn exec_tells_totals_without_the_last_request() {
        let mut totals = Totals::default();
        let usage = |input: u64| json!({"input_tokens": input, "cached_input_tokens": 0, "output_tokens": input / 10});
        assert_eq!(totals.add_turn("a", &usage(200), false), used(200, 0, 20));
        assert_eq!(totals.add_turn("a", &usage(300), true), used(100, 0, 10));
        assert_eq!(totals.add_turn("b", &usage(900), true), used(0, 0, 0));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut totals = Totals::default();
        for number in 0..1000 {
            totals.add(&number.to_string(), &told([1, 0, 1], [1, 0, 1]));
        }
        assert_eq!(totals.threads.len(), THREADS_MAX);
        assert_eq!(totals.add("999", &told([9, 0, 9], [4, 0, 4])), used(4, 0, 4));
    }
}

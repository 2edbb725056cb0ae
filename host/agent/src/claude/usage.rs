//! What a stretch of a conversation used: told early by the messages of the model, and in full by the
//! result of a run. No token is told twice.
//!
//! Figures only. The figures of a message are not final: its output is counted when it has only begun.

use std::collections::BTreeMap;
use std::time::Duration;

use evident_core::agent::Usage;

use super::line::{Finished, Spent, Tokens};

/// Messages whose figures are told before the result of their run; those of later ones wait for it.
const MESSAGES_MAX: usize = 4096;

/// The account of one process.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// What each message since the last result was told to have used, by its id.
    messages: BTreeMap<String, Usage>,
    /// Their sum.
    told: Usage,
    /// What the conversation cost in all, when that was last told; absent while it is not known.
    cost: Option<u64>,
}

impl Account {
    /// The account of a conversation that begins, or that another process began.
    pub(crate) fn new(resumed: bool) -> Self {
        Self { cost: (!resumed).then_some(0), ..Self::default() }
    }

    /// What the message used beyond what was told of it already: each of its blocks repeats its figures.
    pub(crate) fn of_message(&mut self, id: &str, tokens: &Tokens) -> Usage {
        if !self.messages.contains_key(id) && self.messages.len() == MESSAGES_MAX {
            return Usage::default();
        }
        let known = self.messages.entry(id.to_owned()).or_default();
        let grown = beyond(of_tokens(tokens), *known);
        *known = known.plus(grown);
        self.told = self.told.plus(grown);
        grown
    }

    /// What the run used beyond what its messages told.
    pub(crate) fn of_result(&mut self, finished: &Finished) -> Usage {
        let all = match &finished.model_usage_since_last_result {
            Some(models) => models.values().map(of_model).fold(Usage::default(), Usage::plus),
            None => self.of_older_result(finished),
        };
        if let Some(cost) = finished.total_cost_usd {
            self.cost = Some(microusd(cost));
        }
        self.messages.clear();
        beyond(all, std::mem::take(&mut self.told))
    }

    /// Its figures leave subagents out, and its cost is that of the conversation.
    fn of_older_result(&self, finished: &Finished) -> Usage {
        let cost = finished.total_cost_usd.map(microusd);
        let cost_microusd = cost.zip(self.cost).map_or(0, |(now, before)| now.saturating_sub(before));
        Usage { cost_microusd, ..of_tokens(&finished.usage) }
    }
}

fn of_tokens(tokens: &Tokens) -> Usage {
    let cached = tokens.cache_read_input_tokens.unwrap_or(0);
    let written = tokens.cache_creation_input_tokens.unwrap_or(0);
    Usage {
        input_tokens: tokens.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(written),
        cached_input_tokens: cached,
        output_tokens: tokens.output_tokens.unwrap_or(0),
        ..Usage::default()
    }
}

fn of_model(spent: &Spent) -> Usage {
    let tokens = Tokens {
        input_tokens: Some(spent.input_tokens),
        cache_creation_input_tokens: Some(spent.cache_creation_input_tokens),
        cache_read_input_tokens: Some(spent.cache_read_input_tokens),
        output_tokens: Some(spent.output_tokens),
    };
    Usage { cost_microusd: microusd(spent.cost_usd), ..of_tokens(&tokens) }
}

/// What is told later beyond what was told before; never less than nothing.
fn beyond(later: Usage, before: Usage) -> Usage {
    Usage {
        tool_calls: later.tool_calls.saturating_sub(before.tool_calls),
        input_tokens: later.input_tokens.saturating_sub(before.input_tokens),
        cached_input_tokens: later.cached_input_tokens.saturating_sub(before.cached_input_tokens),
        output_tokens: later.output_tokens.saturating_sub(before.output_tokens),
        cost_microusd: later.cost_microusd.saturating_sub(before.cost_microusd),
    }
}

/// Millionths, rounded down from billionths: a duration is the standard library's exact way from a float.
fn microusd(usd: f64) -> u64 {
    let exact = Duration::try_from_secs_f64(usd).map(|amount| amount.as_micros());
    exact.ok().and_then(|amount| u64::try_from(amount).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: u64, cached: u64, output: u64) -> Tokens {
        Tokens {
            input_tokens: Some(input),
            cache_creation_input_tokens: None,
            cache_read_input_tokens: Some(cached),
            output_tokens: Some(output),
        }
    }

    fn usage(input: u64, cached: u64, output: u64, cost: u64) -> Usage {
        Usage {
            tool_calls: 0,
            input_tokens: input,
            cached_input_tokens: cached,
            output_tokens: output,
            cost_microusd: cost,
        }
    }

    fn result(text: &str) -> Finished {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_blocks_of_a_message_are_told_once() {
        let mut account = Account::new(false);
        assert_eq!(account.of_message("a", &tokens(100, 50, 1)), usage(150, 50, 1, 0));
        assert_eq!(account.of_message("a", &tokens(100, 50, 1)), usage(0, 0, 0, 0));
        assert_eq!(account.of_message("a", &tokens(100, 50, 9)), usage(0, 0, 8, 0));
        assert_eq!(account.of_message("b", &tokens(100, 0, 1)), usage(100, 0, 1, 0));
    }

    #[test]
    fn a_result_tells_only_what_its_messages_did_not() {
        let mut account = Account::new(false);
        account.of_message("a", &tokens(100, 0, 1));
        let models = r#"{"total_cost_usd":0.0024,"model_usage_since_last_result":{
            "one":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":7,"costUSD":0.0018000000000000002},
            "two":{"inputTokens":30,"outputTokens":3,"costUSD":0.0006000000000000001}}}"#;
        assert_eq!(account.of_result(&result(models)), usage(37, 7, 12, 2400));
        assert_eq!(account.of_message("a", &tokens(100, 0, 1)), usage(100, 0, 1, 0), "a new run");
    }

    #[test]
    fn the_cost_of_an_older_version_is_a_difference() {
        let mut account = Account::new(false);
        let first = r#"{"total_cost_usd":0.5,"usage":{"input_tokens":10,"output_tokens":1}}"#;
        assert_eq!(account.of_result(&result(first)), usage(10, 0, 1, 500_000));
        let second = r#"{"total_cost_usd":0.75,"usage":{"input_tokens":10,"output_tokens":1}}"#;
        assert_eq!(account.of_result(&result(second)), usage(10, 0, 1, 250_000));
        let mut resumed = Account::new(true);
        assert_eq!(
            resumed.of_result(&result(second)),
            usage(10, 0, 1, 0),
            "what was paid before is not known"
        );
    }

    #[test]
    fn a_result_without_figures_takes_nothing_back() {
        let mut account = Account::new(false);
        account.of_message("a", &tokens(100, 0, 1));
        assert_eq!(account.of_result(&result("{}")), usage(0, 0, 0, 0));
    }
}

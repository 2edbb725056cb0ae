//! The file of a script: turns with what is said, edited, asked, used and suffered in them.

use std::num::NonZeroU32;
use std::time::Duration;

use evident_core::agent::{Act, FailureClass, Usage};
use evident_core::contract::values;
use serde::Deserialize;

use super::edit::Edit;
use crate::turn::{from_toml, microusd};

/// The one version of the format.
const VERSION: u32 = 1;

/// What is said after the last turn, unless the script says otherwise.
const NOTHING_LEFT: &str = "nothing left to do";

/// A script that was read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    #[serde(rename = "version")]
    _version: Version,
    #[serde(default, rename = "turn")]
    turns: Vec<Entry>,
    #[serde(default)]
    end: End,
}

/// One kind of turn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The final message.
    #[serde(default)]
    pub(super) say: String,
    /// In this order.
    #[serde(default)]
    pub(super) edit: Vec<Edit>,
    /// Asked before anything is edited.
    pub(super) ask: Option<Act>,
    pub(super) usage: Option<Used>,
    pub(super) wait: Option<Wait>,
    pub(super) fail: Option<FailureClass>,
    #[serde(default)]
    pub(super) hang: bool,
    /// The prompt must contain it.
    pub(super) expect: Option<String>,
    times: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    say: String,
}

impl Default for End {
    fn default() -> Self {
        Self { say: NOTHING_LEFT.to_owned() }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        let problem = || format!("version {version} is not known; this evident reads version {VERSION}");
        (version == VERSION).then_some(Self).ok_or_else(problem)
    }
}

/// A duration as a contract writes it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Wait(pub(super) Duration);

impl TryFrom<String> for Wait {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        values::duration(&text).map(Self)
    }
}

/// What a turn says that it used.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "UsedKeys")]
pub(super) struct Used {
    usage: Usage,
    /// Absent where the edits are counted.
    tool_calls: Option<u64>,
}

impl Used {
    /// As a turn with so many edits tells it.
    pub(super) fn usage(self, edits: u64) -> Usage {
        Usage { tool_calls: self.tool_calls.unwrap_or(edits), ..self.usage }
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct UsedKeys {
    tool_calls: Option<u64>,
    input_tokens: u64,
    cached_input_tokens: u64,
    output_tokens: u64,
    cost_usd: f64,
}

impl TryFrom<UsedKeys> for Used {
    type Error = String;

    fn try_from(keys: UsedKeys) -> Result<Self, String> {
        let cost = microusd(keys.cost_usd)
            .ok_or_else(|| format!("`{}` is not an amount of money", keys.cost_usd))?;
        let usage = Usage {
            tool_calls: 0,
            input_tokens: keys.input_tokens,
            cached_input_tokens: keys.cached_input_tokens,
            output_tokens: keys.output_tokens,
            cost_microusd: cost,
        };
        Ok(Self { usage, tool_calls: keys.tool_calls })
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// One line with the place, from 1, and what is wrong there.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        from_toml(text)
    }

    /// What happens in the turn of that number, from 1: it follows from the number alone, so that a host
    /// that starts again goes on where it was.
    pub(super) fn entry(&self, turn: u32) -> Entry {
        let mut left = turn.max(1);
        for entry in &self.turns {
            let times = entry.times.map_or(1, NonZeroU32::get);
            if left <= times {
                return entry.clone();
            }
            left -= times;
        }
        Entry { say: self.end.say.clone(), ..Entry::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(script: &str, turns: &[u32]) -> Vec<String> {
        let script = Script::parse(script).expect("is a script");
        turns.iter().map(|&turn| script.entry(turn).say).collect()
    }

    #[test]
    fn the_number_of_a_turn_alone_names_its_entry() {
        let script = "version = 1\n[[turn]]\nsay = 'a'\ntimes = 2\n[[turn]]\nsay = 'b'\n";
        assert_eq!(says(script, &[3, 1, 2, 4, u32::MAX]), ["b", "a", "a", NOTHING_LEFT, NOTHING_LEFT]);
        assert_eq!(says("version = 1\nend = { say = 'over' }", &[1]), ["over"]);
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place() {
        let problem = |text: &str| Script::parse(text).expect_err("is refused");
        let cases = [
            ("version = 2", "line 1, column 11: version 2 is not known"),
            ("[[turn]]\nsay = 'a'", "line 1, column 1: missing field `version`"),
            ("version = 1\n[[turn]]\nsays = 'a'", "line 3, column 1: unknown field `says`"),
            (
                "version = 1\n[[turn]]\nedit = [{ path = 'a', form = 'b' }]",
                "line 3, column 23: unknown field `form`",
            ),
            ("version = 1\n[[turn]]\nedit = [{ path = 'a', from = 'b' }]", "line 3, column 8: `a` needs"),
            ("version = 1\n[[turn]]\nedit = [{ path = '../a', delete = true }]", "line 3, column 8: `../a` "),
            ("version = 1\n[[turn]]\nedit = [{ path = '/a', write = '' }]", "line 3, column 8: `/a` "),
            ("version = 1\n[[turn]]\nask = { order = 'x' }", "line 3, column 9: unknown variant `order`"),
            ("version = 1\n[[turn]]\nfail = 'bored'", "line 3, column 8: unknown variant `bored`"),
            ("version = 1\n[[turn]]\nwait = '5'", "line 3, column 8: unknown unit"),
            ("version = 1\n[[turn]]\ntimes = 0", "line 3, column 9: invalid value"),
            ("version = 1\n[[turn]]\nusage = { cost_usd = -1.0 }", "line 3, column 9: `-1` is not an amount"),
        ];
        for (text, wanted) in cases {
            let problem = problem(text);
            assert!(problem.starts_with(wanted), "{text}: {problem}");
        }
    }
}

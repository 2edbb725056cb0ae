//! What a command says as JSON, one value a line, in the words of a driver.
//!
//! A mapping is a small table: which JSON pointer (RFC 6901) holds what, in lines that meet a condition. It
//! reads; what it finds is a claim or a figure to account, never evidence.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use evident_core::agent::{Failure, FailureClass, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::turn::{from_toml, microusd};

/// Bytes of a file that holds a mapping: a page of rules.
pub const MAPPING_BYTES_MAX: u64 = 64 * 1024;

/// The one version of the format.
const VERSION: u32 = 1;

/// The mappings that come with the driver, each tested on what the agent really wrote.
const NAMED: &[(&str, &str)] = &[
    ("copilot", include_str!("mappings/copilot.toml")),
    ("gemini", include_str!("mappings/gemini.toml")),
    ("opencode", include_str!("mappings/opencode.toml")),
    ("qwen", include_str!("mappings/qwen.toml")),
];

/// How the lines of one kind of agent are read.
///
/// ```toml
/// version = 1
/// [[rule]]
/// when = { "/type" = "text" }        # every value must be there and be this, as text; default: every line
/// each = "/content"                  # the rule is about each value of this list, its pointers included
/// session = "/id"                    # the agent's name for the conversation
/// message = "/text"                  # a message; the last one that is not empty is the final message
/// part = "/text"                     # a piece of a message, which ends with the next tool call
/// tool = "/name"                     # a tool call: what it is called,
/// detail = "/input"                  # and what is shown behind it
/// input = ["/input", "/cache"]       # tokens read, cached ones included: the sum
/// cached = ["/cache"]                # tokens of these read from a cache
/// output = ["/output"]               # tokens written, reasoning included
/// cost = "/cost"                     # US dollars
/// ```
///
/// Figures are what was used since the last line that told some: a running total cannot be told in a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonlMapping {
    version: u32,
    /// All that fit a line are followed, in this order.
    #[serde(rename = "rule")]
    rules: Vec<Rule>,
}

/// What to take from a line, or from each value of a list in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rule {
    when: BTreeMap<Pointer, String>,
    each: Option<Pointer>,
    session: Option<Pointer>,
    message: Option<Pointer>,
    part: Option<Pointer>,
    tool: Option<Pointer>,
    detail: Option<Pointer>,
    input: Vec<Pointer>,
    cached: Vec<Pointer>,
    output: Vec<Pointer>,
    cost: Option<Pointer>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Pointer(String);

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.is_empty() || text.starts_with('/') {
            true => Ok(Self(text)),
            false => Err(format!("`{text}` is not a JSON pointer, which starts with `/`")),
        }
    }
}

/// One thing that a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Session(String),
    Message(String),
    Part(String),
    ToolCall(String),
    Usage(Usage),
}

impl JsonlMapping {
    /// A mapping that comes with the driver (`copilot`, `gemini`, `opencode`, `qwen`), or else the one in the
    /// file of that name, which holds a slash or ends in `.toml`.
    ///
    /// # Errors
    /// [`FailureClass::Setup`], one line that says what is wrong and what is known.
    pub fn find(name: &str) -> Result<Self, Failure> {
        let setup = |message: String| Failure::new(FailureClass::Setup, message);
        let problem = |problem: String| setup(format!("mapping `{name}`: {problem}"));
        if let Some((_, text)) = NAMED.iter().find(|(known, _)| *known == name) {
            return Self::parse(text).map_err(problem);
        }
        if !name.contains('/') && !name.ends_with(".toml") {
            let known: Vec<_> = NAMED.iter().map(|(known, _)| format!("`{known}`")).collect();
            let known = known.join(", ");
            return Err(setup(format!(
                "there is no mapping `{name}`; there are {known}, or a file: `./{name}.toml`"
            )));
        }
        let mut text = String::new();
        let read = File::open(Path::new(name))
            .and_then(|file| file.take(MAPPING_BYTES_MAX + 1).read_to_string(&mut text));
        match read.map_err(|error| problem(error.to_string()))? as u64 {
            0..=MAPPING_BYTES_MAX => Self::parse(&text).map_err(problem),
            _ => Err(problem(format!("it holds more than {MAPPING_BYTES_MAX} bytes"))),
        }
    }

    /// Reads a mapping.
    ///
    /// # Errors
    /// One line with the place and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = from_toml(text)?;
        match mapping.version {
            VERSION => Ok(mapping),
            other => Err(format!("version {other} is not known; this evident reads version {VERSION}")),
        }
    }

    /// True if a rule tells of tool calls.
    pub(super) fn tells_tool_calls(&self) -> bool {
        self.rules.iter().any(|rule| rule.tool.is_some())
    }

    /// True if rules tell of tokens, read and written.
    pub(super) fn tells_tokens(&self) -> bool {
        let any = |of: fn(&Rule) -> &[Pointer]| self.rules.iter().any(|rule| !of(rule).is_empty());
        any(|rule| &rule.input) && any(|rule| &rule.output)
    }

    /// True if a rule tells of money.
    pub(super) fn tells_cost(&self) -> bool {
        self.rules.iter().any(|rule| rule.cost.is_some())
    }

    /// True if a rule tells of the session.
    pub(super) fn tells_session(&self) -> bool {
        self.rules.iter().any(|rule| rule.session.is_some())
    }

    /// What a line tells, in the order of the rules. Nothing where no rule fits or nothing is there.
    pub(super) fn read(&self, line: &Value) -> Vec<Told> {
        let mut told = Vec::new();
        for rule in &self.rules {
            match &rule.each {
                None => rule.read(line, &mut told),
                Some(list) => {
                    let values = line.pointer(&list.0).and_then(Value::as_array);
                    values.into_iter().flatten().for_each(|value| rule.read(value, &mut told));
                }
            }
        }
        told
    }
}

impl Rule {
    fn read(&self, value: &Value, told: &mut Vec<Told>) {
        let fits = |(at, wanted): (&Pointer, &String)| text(value, at).is_some_and(|found| found == *wanted);
        if !self.when.iter().all(fits) {
            return;
        }
        let at = |pointer: &Option<Pointer>| {
            pointer.as_ref().and_then(|at| text(value, at)).filter(|text| !text.is_empty())
        };
        told.extend(at(&self.session).map(Told::Session));
        told.extend(at(&self.message).map(Told::Message));
        told.extend(at(&self.part).map(Told::Part));
        if let Some(name) = at(&self.tool) {
            let detail = at(&self.detail).map_or_else(String::new, |detail| format!(" {detail}"));
            told.push(Told::ToolCall(format!("{name}{detail}")));
        }
        told.extend(self.usage(value).map(Told::Usage));
    }

    /// Absent where none of the figures is there: what is not told is unknown, never zero.
    fn usage(&self, value: &Value) -> Option<Usage> {
        let sum = |pointers: &[Pointer]| {
            let figures = pointers.iter().filter_map(|at| value.pointer(&at.0)?.as_u64());
            figures.reduce(u64::saturating_add)
        };
        let cost = self.cost.as_ref().and_then(|at| value.pointer(&at.0)?.as_f64()).and_then(microusd);
        let (input, cached, output) = (sum(&self.input), sum(&self.cached), sum(&self.output));
        input.or(cached).or(output).or(cost)?;
        Some(Usage {
            tool_calls: 0,
            input_tokens: input.unwrap_or(0),
            cached_input_tokens: cached.unwrap_or(0),
            output_tokens: output.unwrap_or(0),
            cost_microusd: cost.unwrap_or(0),
        })
    }
}

/// A value as text: a string as it is, anything else as JSON; absent where there is none or `null`.
fn text(value: &Value, at: &Pointer) -> Option<String> {
    match value.pointer(&at.0)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(rules: &str, line: &Value) -> Vec<Told> {
        JsonlMapping::parse(&format!("version = 1\n{rules}")).expect("is a mapping").read(line)
    }

    #[test]
    fn a_rule_takes_from_lines_that_meet_every_condition() {
        let rule = "[[rule]]\nwhen = { '/type' = 'text', '/final' = 'true' }\nmessage = '/text'";
        let told = vec![Told::Message("hi".into())];
        assert_eq!(read(rule, &json!({"type": "text", "final": true, "text": "hi"})), told);
        for line in [json!({"type": "text", "text": "hi"}), json!({"type": "text", "final": false}), json!(3)]
        {
            assert_eq!(read(rule, &line), []);
        }
        assert_eq!(read(rule, &json!({"type": "text", "final": true, "text": ""})), []);
    }

    #[test]
    fn a_rule_for_each_value_counts_each() {
        let rule =
            "[[rule]]\neach = '/calls'\nwhen = { '/kind' = 'tool' }\ntool = '/name'\ndetail = '/input'";
        let line = json!({"calls": [{"kind": "tool", "name": "a", "input": {"x": 1}}, {"kind": "text"},
            {"kind": "tool", "name": "b"}]});
        assert_eq!(read(rule, &line), [Told::ToolCall("a {\"x\":1}".into()), Told::ToolCall("b".into())]);
    }

    #[test]
    fn figures_are_summed_and_never_made_up() {
        let rule = "[[rule]]\ninput = ['/i', '/c']\ncached = ['/c']\noutput = ['/o']\ncost = '/d'";
        let usage = Usage {
            tool_calls: 0,
            input_tokens: 7,
            cached_input_tokens: 2,
            output_tokens: 1,
            cost_microusd: 500_000,
        };
        assert_eq!(read(rule, &json!({"i": 5, "c": 2, "o": 1, "d": 0.5})), [Told::Usage(usage)]);
        assert_eq!(read(rule, &json!({"i": -5, "o": "1", "d": -1, "c": null})), []);
        let most = Usage { input_tokens: u64::MAX, cached_input_tokens: 2, ..Usage::default() };
        assert_eq!(read(rule, &json!({"i": u64::MAX, "c": 2})), [Told::Usage(most)]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let cases = [
            ("version = 2\nrule = []", "version 2 is not known"),
            ("version = 1\n[[rule]]\nmessages = '/a'", "line 3, column 1: unknown field `messages`"),
            ("version = 1\n[[rule]]\nmessage = 'a'", "line 3, column 11: `a` is not a JSON pointer"),
        ];
        for (text, wanted) in cases {
            let problem = JsonlMapping::parse(text).expect_err("is refused");
            assert!(problem.starts_with(wanted), "{problem}");
        }
        let unknown = JsonlMapping::find("opencod").expect_err("is not there");
        assert!(
            unknown.message.starts_with("there is no mapping `opencod`; there are `copilot`"),
            "{unknown}"
        );
    }

    #[test]
    fn every_mapping_that_comes_along_can_be_read() {
        for (name, _) in NAMED {
            assert!(JsonlMapping::find(name).is_ok_and(|mapping| mapping.tells_session()), "{name}");
        }
    }
}

//! Reads a checker's config: one definition of a key gives its schema, its checks and its value.
//!
//! [`Config`] is handed to [`Checker::configure`](crate::Checker::configure). Every call both declares
//! a key and reads it, so the JSON Schema can never disagree with what is accepted. All problems are
//! collected; a value with a problem reads as if it were absent.

use std::ops::{Range, RangeInclusive};

use serde_json::{Map, Value, json};

use crate::Quantity;

/// One thing that is wrong with a config: mirrors `problem` of the WIT interface `checker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer (RFC 6901); the empty string means the whole config.
    pub pointer: String,
    /// The bytes of the string value that are wrong.
    pub range: Option<Range<usize>>,
    /// Lower-case fragment.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// A config object while it is read.
pub struct Config {
    values: Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<String>,
    problems: Vec<Problem>,
}

impl Config {
    /// Reads JSON text with `configure`; gives the settings and everything that is wrong.
    pub(crate) fn read<T>(text: &str, configure: impl FnOnce(&mut Self) -> T) -> (T, Vec<Problem>) {
        let (values, problem) = match serde_json::from_str(text) {
            Ok(Value::Object(values)) => (values, None),
            Ok(_) => (Map::new(), Some("expected an object".into())),
            Err(error) => (Map::new(), Some(format!("not JSON: {error}"))),
        };
        let mut config = Self::over(values);
        let settings = configure(&mut config);
        if let Some(message) = problem {
            config.problems = vec![Problem { pointer: String::new(), range: None, message, hint: None }];
        } else {
            config.refuse_unknown();
        }
        (settings, config.problems)
    }

    /// The JSON Schema (2020-12) of what `configure` declares.
    pub(crate) fn schema<T>(configure: impl FnOnce(&mut Self) -> T) -> Value {
        let mut config = Self::over(Map::new());
        configure(&mut config);
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": config.properties,
            "required": config.required,
            "additionalProperties": false,
        })
    }

    fn over(values: Map<String, Value>) -> Self {
        Self { values, properties: Map::new(), required: Vec::new(), problems: Vec::new() }
    }

    /// Says that `key` must be there; call it beside the call that declares the key.
    pub fn require(&mut self, key: &str) {
        self.required.push(key.into());
        if !self.values.contains_key(key) {
            self.problem("", format!("missing key `{key}`"), None);
        }
    }

    /// A text.
    pub fn text(&mut self, key: &str, title: &str) -> Option<String> {
        self.declare(key, json!({ "type": "string", "description": title }));
        self.typed(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A list of texts; empty when absent.
    pub fn texts(&mut self, key: &str, title: &str) -> Vec<String> {
        self.declare(key, json!({ "type": "array", "items": { "type": "string" }, "description": title }));
        let read = |value: &Value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()
        };
        self.typed(key, "a list of strings", read).unwrap_or_default()
    }

    /// True or false.
    pub fn boolean(&mut self, key: &str, title: &str, default: bool) -> bool {
        self.declare(key, json!({ "type": "boolean", "default": default, "description": title }));
        self.typed(key, "`true` or `false`", Value::as_bool).unwrap_or(default)
    }

    /// A whole number within `bounds`.
    pub fn integer(&mut self, key: &str, title: &str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let (least, most) = (*bounds.start(), *bounds.end());
        self.declare(
            key,
            json!({ "type": "integer", "minimum": least, "maximum": most, "description": title }),
        );
        let expected = format!("a whole number from {least} to {most}");
        self.typed(key, &expected, |value| value.as_u64().filter(|number| bounds.contains(number)))
    }

    /// A number within `bounds`, both inclusive.
    pub fn number(&mut self, key: &str, title: &str, bounds: RangeInclusive<f64>) -> Option<f64> {
        let (least, most) = (*bounds.start(), *bounds.end());
        self.declare(
            key,
            json!({ "type": "number", "minimum": least, "maximum": most, "description": title }),
        );
        let expected = format!("a number from {least} to {most}");
        self.typed(key, &expected, |value| value.as_f64().filter(|number| bounds.contains(number)))
    }

    /// A number with a unit: a string such as `"120 ms"`, or a plain number.
    pub fn quantity(&mut self, key: &str, title: &str) -> Option<Quantity> {
        self.declare(key, json!({ "type": ["string", "number"], "description": title }));
        match self.values.get(key)? {
            Value::Number(number) => number.as_f64().map(|value| Quantity::new(value, "")),
            Value::String(text) => match Quantity::parse(text) {
                Ok(quantity) => Some(quantity),
                Err(error) => {
                    let pointer = pointer_to(key);
                    let Range { start, end } = error.range;
                    self.problems.push(Problem {
                        pointer,
                        range: Some(start..end),
                        message: error.message,
                        hint: None,
                    });
                    None
                }
            },
            other => {
                let message = format!("expected a quantity such as `\"120 ms\"`, found {}", kind(other));
                self.problem(key, message, None);
                None
            }
        }
    }

    /// One of several words.
    pub fn choice<T: Clone>(&mut self, key: &str, title: &str, options: &[(&str, T)], default: &str) -> T {
        let words: Vec<&str> = options.iter().map(|(word, _)| *word).collect();
        self.declare(key, json!({ "enum": words, "default": default, "description": title }));
        let expected = format!("one of {}", quoted(&words));
        let word = self.typed(key, &expected, |value| value.as_str().map(str::to_owned));
        let word = word.as_deref().unwrap_or(default);
        let chosen = options.iter().find(|(option, _)| *option == word);
        if chosen.is_none() {
            let hint = nearest(word, &words).map(|near| format!("did you mean `{near}`?"));
            self.problem(key, format!("expected {expected}, found `{word}`"), hint);
        }
        let fallback = options.iter().find(|(option, _)| *option == default);
        chosen.or(fallback).map(|(_, value)| value.clone()).expect("the default is one of the options")
    }

    /// Names the unit of a key that was declared: `pixels`, `bytes`. An annotation, `x-unit`: nothing is converted.
    pub fn unit(&mut self, key: &str, unit: &str) {
        self.annotate(key, "x-unit", unit);
    }

    /// Says what holds where a key that was declared is absent, as a person reads it: for a default that is not
    /// one word, or that depends on other keys. An annotation, `x-default`.
    pub fn absent(&mut self, key: &str, meaning: &str) {
        self.annotate(key, "x-default", meaning);
    }

    /// Reports a problem of the checker's own, for example two keys that exclude each other. `key` is
    /// empty for the config as a whole.
    pub fn problem(&mut self, key: &str, message: impl Into<String>, hint: Option<String>) {
        let pointer = if key.is_empty() { String::new() } else { pointer_to(key) };
        self.problems.push(Problem { pointer, range: None, message: message.into(), hint });
    }

    /// True if the config has the key, whatever its value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    fn annotate(&mut self, key: &str, keyword: &str, text: &str) {
        let schema = self.properties.get_mut(key).expect("the key was declared before");
        schema[keyword] = text.into();
    }

    fn declare(&mut self, key: &str, schema: Value) {
        self.properties.insert(key.into(), schema);
    }

    fn typed<T>(&mut self, key: &str, expected: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.values.get(key)?;
        let read = read(value);
        if read.is_none() {
            let message = format!("expected {expected}, found {}", kind(value));
            self.problem(key, message, None);
        }
        read
    }

    fn refuse_unknown(&mut self) {
        let known: Vec<&str> = self.properties.keys().map(String::as_str).collect();
        let unknown = self.values.keys().filter(|key| !self.properties.contains_key(*key));
        let problems: Vec<Problem> = unknown
            .map(|key| Problem {
                pointer: pointer_to(key),
                range: None,
                message: format!("unknown key `{key}`"),
                hint: Some(match nearest(key, &known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "this checker takes no config".into(),
                    None => format!("known keys: {}", quoted(&known)),
                }),
            })
            .collect();
        self.problems.extend(problems);
    }
}

fn pointer_to(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The word that somebody may have meant: close enough that it is not a coincidence.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    const SIMILARITY_MIN: f64 = 0.75;
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {text:?}"),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a table".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Settings {
        max: Option<Quantity>,
        skipped: bool,
        count: Option<u64>,
        ids: Vec<String>,
    }

    fn configure(config: &mut Config) -> Settings {
        config.require("max");
        let settings = Settings {
            max: config.quantity("max", "the bound"),
            skipped: config.choice("skipped", "skipped tests", &[("allow", true), ("deny", false)], "deny"),
            count: config.integer("count", "how many", 1..=10),
            ids: config.texts("ids", "which"),
        };
        config.unit("count", "tests");
        config.absent("count", "all");
        settings
    }

    #[test]
    fn reads_typed_values_and_defaults() {
        let (settings, problems) = Config::read(r#"{"max": "120 ms", "ids": ["a"]}"#, configure);
        assert_eq!(problems, []);
        let expected = Settings {
            max: Some(Quantity::new(120.0, "ms")),
            skipped: false,
            count: None,
            ids: vec!["a".into()],
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn names_every_problem_at_once() {
        let text = r#"{"max": "120 m s", "skiped": "allow", "count": 11, "ids": [1], "skipped": "alow"}"#;
        let (_, problems) = Config::read(text, configure);
        let told: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(told, ["/max", "/skipped", "/count", "/ids", "/skiped"]);
        assert_eq!(problems[0].range, Some(5..7));
        assert_eq!(problems[1].hint.as_deref(), Some("did you mean `allow`?"));
        assert_eq!(problems[4].hint.as_deref(), Some("did you mean `skipped`?"));
    }

    #[test]
    fn a_missing_key_and_a_wrong_document_are_told() {
        let (_, problems) = Config::read("{}", configure);
        assert_eq!(problems[0].message, "missing key `max`");
        let (_, problems) = Config::read("[]", configure);
        assert_eq!((problems.len(), problems[0].pointer.as_str()), (1, ""));
    }

    #[test]
    fn the_schema_lists_what_is_read() {
        let schema = Config::schema(configure);
        assert_eq!(schema["required"], json!(["max"]));
        assert_eq!(schema["properties"]["skipped"]["enum"], json!(["allow", "deny"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(
            (&schema["properties"]["count"]["x-unit"], &schema["properties"]["count"]["x-default"]),
            (&json!("tests"), &json!("all"))
        );
    }
}

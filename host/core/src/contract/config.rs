//! A checker's config inside the contract: JSON for the checker, with a place for every value, so that
//! a problem which the checker names by JSON Pointer is shown where it stands in the text.

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::Placed;
use crate::problem::Span;

/// A config as JSON, with the places of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigValue {
    /// What the checker gets: an object.
    pub json: Value,
    /// The whole config, or the clause where there is none.
    pub span: Span,
    /// JSON Pointer and place of every value.
    places: Vec<(String, Span)>,
}

impl ConfigValue {
    /// The config of a clause that has none.
    #[must_use]
    pub fn empty(span: Span) -> Self {
        Self { json: Value::Object(Map::new()), span, places: Vec::new() }
    }

    /// Turns a TOML value into JSON. Numbers that JSON does not have are given back as problems: their
    /// place and what they are.
    #[must_use]
    pub fn from_toml(value: &Spanned<DeValue<'_>>) -> (Self, Vec<Placed<String>>) {
        let mut reader = Reader { places: Vec::new(), problems: Vec::new() };
        let json = reader.json(value, "");
        (Self { json, span: value.span(), places: reader.places }, reader.problems)
    }

    /// Where the value at `pointer` stands, or its bytes `range` where the text shows the string as it
    /// is. A pointer that is not in the config gives the nearest parent.
    #[must_use]
    pub fn place(&self, text: &str, pointer: &str, range: Option<Span>) -> Span {
        let mut pointer = pointer;
        loop {
            if let Some((_, place)) = self.places.iter().find(|(known, _)| known == pointer) {
                return self.inside(text, pointer, place, range);
            }
            match pointer.rfind('/') {
                Some(at) => pointer = &pointer[..at],
                None => return self.span.clone(),
            }
        }
    }

    fn inside(&self, text: &str, pointer: &str, whole: &Span, range: Option<Span>) -> Span {
        let whole = whole.clone();
        let range = range.filter(|range| range.start <= range.end);
        let (Some(range), Some(value)) = (range, self.json.pointer(pointer).and_then(Value::as_str)) else {
            return whole;
        };
        // Without escapes the text holds the string as it is, between its quotes.
        let shown = text.get(whole.clone()).and_then(|quoted| quoted.find(value));
        // The range comes from the checker: it may lie outside the value, or in the middle of a letter.
        match shown {
            Some(at) if value.is_char_boundary(range.start) && value.is_char_boundary(range.end) => {
                whole.start + at + range.start..whole.start + at + range.end
            }
            _ => whole,
        }
    }
}

struct Reader {
    places: Vec<(String, Span)>,
    problems: Vec<Placed<String>>,
}

impl Reader {
    fn json(&mut self, value: &Spanned<DeValue<'_>>, pointer: &str) -> Value {
        let span = value.span();
        self.places.push((pointer.to_owned(), span.clone()));
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(boolean) => Value::Bool(*boolean),
            DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
            DeValue::Integer(integer) => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix());
                number.map_or_else(|_| self.refuse(span, "the number is too large"), Value::from)
            }
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                number.map_or_else(|| self.refuse(span, "the number is not finite"), Value::Number)
            }
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                Value::Array(
                    items.map(|(index, item)| self.json(item, &format!("{pointer}/{index}"))).collect(),
                )
            }
            DeValue::Table(table) => {
                let entries = table.iter().map(|(key, item)| {
                    let token = key.get_ref().replace('~', "~0").replace('/', "~1");
                    (key.get_ref().to_string(), self.json(item, &format!("{pointer}/{token}")))
                });
                Value::Object(entries.collect())
            }
        }
    }

    fn refuse(&mut self, span: Span, message: &str) -> Value {
        self.problems.push(Placed { value: message.into(), span });
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::DeTable;

    fn config(text: &str) -> (ConfigValue, Vec<Placed<String>>) {
        let table = DeTable::parse(text).expect("TOML");
        let (_, value) = table.get_ref().iter().next().expect("one key");
        ConfigValue::from_toml(value)
    }

    #[test]
    fn becomes_json() {
        let (config, problems) =
            config("config = { max = \"120 ms\", deep = { list = [1, 2.5, true] }, day = 2026-01-01 }");
        assert_eq!(problems, []);
        let expected = serde_json::json!(
            { "max": "120 ms", "deep": { "list": [1, 2.5, true] }, "day": "2026-01-01" }
        );
        assert_eq!(config.json, expected);
    }

    #[test]
    fn places_point_into_the_text() {
        let text = "config = { max = \"120 m s\", deep = { list = [1, 22] } }";
        let (config, _) = config(text);
        let shown = |pointer: &str, range| &text[config.place(text, pointer, range)];
        assert_eq!(shown("/max", None), "\"120 m s\"");
        assert_eq!(shown("/max", Some(4..7)), "m s");
        assert_eq!(shown("/max", Some(4..99)), "\"120 m s\"");
        assert_eq!(shown("/deep/list/1", None), "22");
        assert_eq!(shown("/deep/absent", None), "{ list = [1, 22] }");
        assert_eq!(shown("", None), &text[9..]);
    }

    #[test]
    fn a_range_inside_a_letter_gives_the_whole_value() {
        let text = "config = { max = \"ä ms\" }";
        let (config, _) = config(text);
        for range in [0..1, 1..2, 1..5] {
            assert_eq!(&text[config.place(text, "/max", Some(range))], "\"ä ms\"");
        }
    }

    #[test]
    fn numbers_without_json_form_are_named() {
        assert_eq!(config("c = { a = nan }").1.len(), 1);
        assert_eq!(config("c = { a = inf, b = 99999999999999999999 }").1.len(), 2);
    }
}

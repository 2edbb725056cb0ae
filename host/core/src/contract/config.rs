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
    /// The whole config first, every other value after its parent; empty without a config.
    places: Vec<Place>,
}

/// Where a value stands. A whole JSON Pointer with every value could take the square of the text.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    /// Index of the list or table that it stands in; its own for the whole config.
    parent: usize,
    token: Token,
    span: Span,
}

/// The last part of a value's JSON Pointer.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// The whole config has none.
    Whole,
    Key(String),
    Index(usize),
}

impl ConfigValue {
    /// The config of a clause that has none.
    #[must_use]
    pub fn empty(span: Span) -> Self {
        Self { json: Value::Object(Map::new()), span, places: Vec::new() }
    }

    /// Lists of texts under keys of the host's own, each text with the place where the contract has it;
    /// an empty list is left out.
    #[must_use]
    pub fn of_lists(span: Span, lists: &[(&str, &[Placed<String>])]) -> Self {
        let mut json = Map::new();
        let mut places = vec![Place { parent: 0, token: Token::Whole, span: span.clone() }];
        for (key, texts) in lists.iter().filter(|(_, texts)| !texts.is_empty()) {
            let parent = places.len();
            places.push(Place { parent: 0, token: Token::Key((*key).to_owned()), span: span.clone() });
            places.extend(texts.iter().enumerate().map(|(index, text)| Place {
                parent,
                token: Token::Index(index),
                span: text.span.clone(),
            }));
            json.insert((*key).to_owned(), texts.iter().map(|text| text.value.as_str()).collect());
        }
        Self { json: Value::Object(json), span, places }
    }

    /// Turns a TOML value into JSON. Numbers that JSON does not have are given back as problems: their
    /// place and what they are.
    #[must_use]
    pub fn from_toml(value: &Spanned<DeValue<'_>>) -> (Self, Vec<Placed<String>>) {
        let mut reader = Reader { places: Vec::new(), problems: Vec::new() };
        let json = reader.json(value, 0, Token::Whole);
        (Self { json, span: value.span(), places: reader.places }, reader.problems)
    }

    /// Where the value at `pointer` stands, or its bytes `range` where the text shows the string as it
    /// is. A pointer that is not in the config gives the nearest parent.
    #[must_use]
    pub fn place(&self, text: &str, pointer: &str, range: Option<Span>) -> Span {
        let mut tokens = pointer.split('/');
        if self.places.is_empty() || tokens.next() != Some("") {
            return self.span.clone();
        }
        let (mut at, mut end) = (0, 0);
        for token in tokens {
            let Some(child) = self.child(at, token) else { break };
            (at, end) = (child, end + 1 + token.len());
        }
        self.inside(text, &pointer[..end], &self.places[at].span, range)
    }

    /// The value below the one at `parent`. Children come after their parent, so that a whole pointer
    /// is looked up in one pass over the places.
    fn child(&self, parent: usize, token: &str) -> Option<usize> {
        let key = token.replace("~1", "/").replace("~0", "~");
        // `01` and `+1` are not indices.
        let index = token.parse().ok().filter(|index: &usize| index.to_string() == token);
        let is_meant = |place: &Place| match &place.token {
            Token::Whole => false,
            Token::Key(known) => *known == key,
            Token::Index(known) => Some(*known) == index,
        };
        let ahead =
            self.places[parent + 1..].iter().position(|place| place.parent == parent && is_meant(place));
        ahead.map(|ahead| parent + 1 + ahead)
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
    places: Vec<Place>,
    problems: Vec<Placed<String>>,
}

impl Reader {
    fn json(&mut self, value: &Spanned<DeValue<'_>>, parent: usize, token: Token) -> Value {
        let span = value.span();
        let own = self.places.len();
        self.places.push(Place { parent, token, span: span.clone() });
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
                Value::Array(items.map(|(index, item)| self.json(item, own, Token::Index(index))).collect())
            }
            DeValue::Table(table) => {
                let entries = table.iter().map(|(key, item)| {
                    let key = key.get_ref().to_string();
                    (key.clone(), self.json(item, own, Token::Key(key)))
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
    fn keys_are_escaped_in_pointers() {
        let text = r#"config = { "a/b" = { "~1" = 3 }, a = { b = 4 }, "" = 5, list = [[6], [7]] }"#;
        let (config, _) = config(text);
        let shown = |pointer: &str| &text[config.place(text, pointer, None)];
        assert_eq!(shown("/a~1b/~01"), "3");
        assert_eq!(shown("/a/b"), "4");
        assert_eq!(shown("/"), "5");
        assert_eq!(shown("/list/1/0"), "7");
        for absent in ["/list/01", "/list/+1", "/list/2", "/list/1/0/0/0", "/list/-"] {
            assert!(shown(absent).contains('7'), "the nearest parent of {absent}");
        }
        for absent in ["list", "a/b", "/c/list", "//"] {
            let parent = if absent == "//" { "5" } else { &text[9..] };
            assert_eq!(shown(absent), parent, "{absent}");
        }
    }

    /// Catches a pointer that is stored with every value: 200,000 of 400 kB are 80 GB.
    #[test]
    fn memory_is_linear_in_the_text() {
        const VALUES: usize = 200_000;
        let key = "k".repeat(400_000);
        let text = format!("config = {{ {key} = [{}22] }}", "1,".repeat(VALUES));
        let (config, _) = config(&text);
        assert_eq!(&text[config.place(&text, &format!("/{key}/{VALUES}"), None)], "22");
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

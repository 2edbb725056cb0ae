//! Holds the text of a contract against the key table and reads every value that fits.
//!
//! It goes on after each mistake, so that one run names all of them; a value that does not fit becomes
//! [`Value::Bad`], which later rules take as "there, but already reported".

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::config::ConfigValue;
use super::keys::{Key, Kind, Presence};
use super::{Placed, values};
use crate::evidence::Timestamp;
use crate::problem::{Problem, Rule, Span, did_you_mean, listed};

/// A table that was read, in the order of the text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub span: Span,
    pub entries: Vec<(Placed<String>, Value)>,
}

/// A value that fits its key.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Version,
    Text(Placed<String>),
    Boolean(bool),
    Texts(Vec<Placed<String>>),
    ExitCodes(Vec<i32>),
    TextMap(BTreeMap<String, String>),
    Duration(Placed<Duration>),
    Size(Placed<u64>),
    Count(Placed<u64>),
    Whole(Placed<u32>),
    /// Millionths of a US dollar.
    Money(Placed<u64>),
    Moment(Placed<Timestamp>),
    Slots(Vec<(Placed<String>, Vec<Placed<String>>)>),
    Config(ConfigValue),
    Table(Table),
    Tables(Vec<Table>),
    /// Reported already.
    Bad,
}

impl Table {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn key_span(&self, name: &str) -> Span {
        let key = self.entries.iter().find(|(key, _)| key.value == name);
        key.map_or_else(|| self.span.clone(), |(key, _)| key.span.clone())
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Self> {
        match self.get(name)? {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The tables that the author named below `name`.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = (&Placed<String>, &Self)> {
        let entries = self.table(name).map_or(&[][..], |table| &table.entries);
        entries.iter().filter_map(|(key, value)| match value {
            Value::Table(table) => Some((key, table)),
            _ => None,
        })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&Placed<String>> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<Placed<String>> {
        match self.get(name) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    /// The tables of the list `name`, in the order of the text.
    pub(crate) fn tables(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Value::Tables(tables)) => tables,
            _ => &[],
        }
    }

    pub(crate) fn count(&self, name: &str) -> Option<&Placed<u64>> {
        match self.get(name)? {
            Value::Count(count) => Some(count),
            _ => None,
        }
    }

    pub(crate) fn duration(&self, name: &str) -> Option<&Placed<Duration>> {
        match self.get(name)? {
            Value::Duration(duration) => Some(duration),
            _ => None,
        }
    }
}

/// Reads the text as TOML and holds it against a key table; `whose` names it in messages.
pub(crate) fn walk(text: &str, keys: &[Key], whose: &str) -> (Table, Vec<Problem>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let end = text.len();
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| Problem::new(Rule::Syntax, error.span().unwrap_or(end..end), error.message()))
        .collect();
    // What recovery made of a broken text is not what its author wrote: its mistakes come first.
    if !problems.is_empty() {
        return (Table::default(), problems);
    }
    let root = Walker { problems: &mut problems }.table(document.get_ref(), 0..end, keys, whose);
    (root, problems)
}

struct Walker<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Walker<'_> {
    fn table(&mut self, table: &DeTable<'_>, span: Span, keys: &[Key], whose: &str) -> Table {
        let mut entries = Vec::new();
        for (name, value) in in_text_order(table) {
            let Some(key) = keys.iter().find(|key| key.name == name.value) else {
                self.unknown_key(&name, keys, whose);
                continue;
            };
            let value = if key.presence == Presence::NotYet {
                let message = format!("`{}` is not supported yet", key.name);
                let hint = "this version would not enforce it, so it refuses it; remove the key for now";
                self.problems
                    .push(Problem::new(Rule::NotSupportedYet, name.span.clone(), message).hint(hint));
                Value::Bad
            } else {
                self.value(value, key)
            };
            entries.push((name, value));
        }
        for key in keys.iter().filter(|key| key.presence == Presence::Required) {
            if !entries.iter().any(|(name, _)| name.value == key.name) {
                let place = if span.start == 0 { 0..0 } else { span.clone() };
                let message = format!("missing key `{}` in {whose}", key.name);
                self.problems.push(Problem::new(Rule::MissingKey, place, message).hint(key.doc));
            }
        }
        Table { span, entries }
    }

    fn unknown_key(&mut self, name: &Placed<String>, keys: &[Key], whose: &str) {
        let known = || keys.iter().filter(|key| key.presence != Presence::NotYet).map(|key| key.name);
        let hint = did_you_mean(&name.value, keys.iter().map(|key| key.name))
            .unwrap_or_else(|| format!("known keys of {whose}: {}", listed(known())));
        let message = format!("unknown key `{}` in {whose}", name.value);
        self.problems.push(Problem::new(Rule::UnknownKey, name.span.clone(), message).hint(hint));
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, key: &Key) -> Value {
        let span = value.span();
        let read = match (key.kind, value.get_ref()) {
            (Kind::Version, DeValue::Integer(number)) => {
                if i64::from_str_radix(number.as_str(), number.radix()) != Ok(1) {
                    let message = format!("this version of evident reads version 1, not {number}");
                    self.problems.push(Problem::new(Rule::BadValue, span, message));
                }
                Some(Value::Version)
            }
            (Kind::Text, DeValue::String(text)) => Some(self.text(text, span)),
            (Kind::Boolean, DeValue::Boolean(boolean)) => Some(Value::Boolean(*boolean)),
            (Kind::Texts { least }, DeValue::Array(_)) => Some(self.texts(value, key.name, least)),
            (Kind::ExitCodes, DeValue::Array(_)) => Some(self.exit_codes(value, key.name)),
            (Kind::TextMap, DeValue::Table(table)) => Some(self.text_map(table, key.name)),
            (Kind::Duration, DeValue::String(text)) => {
                Some(self.typed(values::duration(text), span, Value::Duration))
            }
            (Kind::Size, DeValue::String(text)) => Some(self.typed(values::size(text), span, Value::Size)),
            (Kind::Count, DeValue::String(text)) => Some(self.typed(values::count(text), span, Value::Count)),
            (Kind::Count, DeValue::Integer(number)) => {
                Some(self.typed(values::count(&decimal(number)), span, Value::Count))
            }
            (Kind::Whole { most }, DeValue::Integer(number)) => {
                Some(self.typed(values::whole(&decimal(number), most), span, Value::Whole))
            }
            (Kind::Money, DeValue::Integer(number)) => {
                Some(self.typed(values::money(&decimal(number)), span, Value::Money))
            }
            (Kind::Money, DeValue::Float(number)) => {
                Some(self.typed(values::money(number.as_str()), span, Value::Money))
            }
            (Kind::Moment, DeValue::String(text)) => {
                Some(self.typed(values::moment(text), span, Value::Moment))
            }
            (Kind::Moment, DeValue::Datetime(date)) => {
                Some(self.typed(values::moment(&date.to_string()), span, Value::Moment))
            }
            (Kind::Choice(words), DeValue::String(text)) => Some(self.choice(text, span, words)),
            (Kind::Bindings, DeValue::String(text)) => Some(self.text(text, span)),
            (Kind::Bindings, DeValue::Table(table)) => Some(self.bindings(table)),
            (Kind::Config, DeValue::Table(_)) => Some(self.config(value)),
            (Kind::Table(keys), DeValue::Table(table)) => {
                Some(Value::Table(self.table(table, span, keys, &format!("`{}`", key.name))))
            }
            (Kind::Named(keys), DeValue::Table(table)) => Some(self.named(table, span, keys, key.name)),
            (Kind::Tables(keys), DeValue::Array(_)) => Some(self.tables(value, keys, key.name)),
            _ => None,
        };
        read.unwrap_or_else(|| self.wrong_type(key.name, key.kind.expected(), value))
    }

    fn wrong_type(&mut self, name: &str, expected: &str, value: &Spanned<DeValue<'_>>) -> Value {
        let message = format!("`{name}` takes {expected}, found {}", found(value.get_ref()));
        self.problems.push(Problem::new(Rule::WrongType, value.span(), message));
        Value::Bad
    }

    fn text(&mut self, text: &str, span: Span) -> Value {
        if text.trim().is_empty() {
            self.problems.push(Problem::new(Rule::BadValue, span, "the text is empty"));
            return Value::Bad;
        }
        Value::Text(Placed { value: text.to_owned(), span })
    }

    fn texts(&mut self, value: &Spanned<DeValue<'_>>, name: &str, least: usize) -> Value {
        let items = value.get_ref().as_array().into_iter().flat_map(|items| items.iter());
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Placed { value: text.to_string(), span: item.span() }),
                _ => return self.wrong_type(name, "a list of texts", item),
            }
        }
        if texts.len() < least {
            self.problems.push(Problem::new(Rule::BadValue, value.span(), format!("`{name}` is empty")));
            return Value::Bad;
        }
        Value::Texts(texts)
    }

    fn exit_codes(&mut self, value: &Spanned<DeValue<'_>>, name: &str) -> Value {
        let items = value.get_ref().as_array().into_iter().flat_map(|items| items.iter());
        let mut codes = Vec::new();
        for item in items {
            let code = item.get_ref().as_integer();
            let code = code.and_then(|code| i32::from_str_radix(code.as_str(), code.radix()).ok());
            match code.filter(|code| (0..=255).contains(code)) {
                Some(code) => codes.push(code),
                None => return self.wrong_type(name, "a list of exit codes from 0 to 255", item),
            }
        }
        if codes.is_empty() {
            let message = format!("`{name}` is empty: no exit code could support a pass");
            self.problems.push(Problem::new(Rule::BadValue, value.span(), message));
            return Value::Bad;
        }
        Value::ExitCodes(codes)
    }

    fn text_map(&mut self, table: &DeTable<'_>, name: &str) -> Value {
        let mut map = BTreeMap::new();
        for (key, value) in in_text_order(table) {
            match value.get_ref() {
                DeValue::String(text) => drop(map.insert(key.value, text.to_string())),
                _ => return self.wrong_type(name, "texts as values", value),
            }
        }
        Value::TextMap(map)
    }

    fn typed<T>(&mut self, read: Result<T, String>, span: Span, wrap: fn(Placed<T>) -> Value) -> Value {
        match read {
            Ok(value) => wrap(Placed { value, span }),
            Err(message) => {
                self.problems.push(Problem::new(Rule::BadValue, span, message));
                Value::Bad
            }
        }
    }

    fn choice(&mut self, text: &str, span: Span, words: &[&str]) -> Value {
        if words.contains(&text) {
            return Value::Text(Placed { value: text.to_owned(), span });
        }
        let message = format!("unknown word `{text}`, expected {}", listed(words.iter().copied()));
        self.problems.push(Problem::new(Rule::BadValue, span, message));
        Value::Bad
    }

    fn bindings(&mut self, table: &DeTable<'_>) -> Value {
        let mut slots = Vec::new();
        for (slot, value) in in_text_order(table) {
            let selectors = match value.get_ref() {
                DeValue::String(text) => self.text(text, value.span()),
                DeValue::Array(_) => self.texts(value, &slot.value, 1),
                _ => self.wrong_type(&slot.value, "a text or a list of texts", value),
            };
            let selectors = match selectors {
                Value::Text(text) => vec![text],
                Value::Texts(texts) => texts,
                _ => Vec::new(),
            };
            slots.push((slot, selectors));
        }
        Value::Slots(slots)
    }

    fn config(&mut self, value: &Spanned<DeValue<'_>>) -> Value {
        let (config, refused) = ConfigValue::from_toml(value);
        let refused = refused.into_iter();
        self.problems.extend(refused.map(|place| Problem::new(Rule::BadValue, place.span, place.value)));
        Value::Config(config)
    }

    fn named(&mut self, table: &DeTable<'_>, span: Span, keys: &[Key], kind: &str) -> Value {
        let mut entries = Vec::new();
        for (name, value) in in_text_order(table) {
            let whose = format!("`{kind}.{}`", name.value);
            self.name(&name);
            let read = match value.get_ref() {
                DeValue::Table(table) => Value::Table(self.table(table, value.span(), keys, &whose)),
                _ => self.wrong_type(&name.value, "a table", value),
            };
            entries.push((name, read));
        }
        Value::Table(Table { span, entries })
    }

    fn tables(&mut self, value: &Spanned<DeValue<'_>>, keys: &[Key], name: &str) -> Value {
        let items = value.get_ref().as_array().into_iter().flat_map(|items| items.iter());
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(self.table(table, item.span(), keys, &format!("`{name}`")));
                }
                _ => return self.wrong_type(name, "a list of tables", item),
            }
        }
        Value::Tables(tables)
    }

    /// Names go into file names, prompts and selectors, where `/` has a meaning.
    fn name(&mut self, name: &Placed<String>) {
        const NAME_BYTES_MAX: usize = 64;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.value.is_empty() || name.value.len() > NAME_BYTES_MAX || !name.value.bytes().all(fits) {
            let message = format!("`{}` is not a name", name.value);
            let hint = "a name has 1 to 64 letters, digits, `-` and `_`";
            self.problems.push(Problem::new(Rule::BadName, name.span.clone(), message).hint(hint));
        }
    }
}

/// The parser sorts by name; people read, and the host collects, in the order of the text.
fn in_text_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(Placed<String>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| (Placed { value: key.get_ref().to_string(), span: key.span() }, value))
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    entries
}

/// A whole number in the notation that every reader of values knows; one that is none of 64 bits as written.
fn decimal(number: &DeInteger<'_>) -> String {
    let read = u64::from_str_radix(number.as_str(), number.radix());
    read.map_or_else(|_| number.to_string(), |number| number.to_string())
}

fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(boolean) => format!("`{boolean}`"),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

//! The outline of a JSON document: keys and first items down to three levels, no figures.
//!
//! It tells formats apart without holding the document, and checks on the way that it is JSON to its
//! last byte. It never recurses deeper than three levels, whatever the document does.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Enough levels to see `{"benchmarks": [{"stats": …}]}`.
const LEVELS: u8 = 3;
/// Keys of one object that are kept; formats are told by keys that come early.
const KEYS_MAX: usize = 64;

/// What a value looks like from outside.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// The first 64 keys in order.
    Object(Vec<(String, Shape)>),
    /// The first item.
    List(Option<Box<Shape>>),
    /// Neither, or deeper than three levels.
    Plain,
}

impl Shape {
    /// The value of a key; none if this is not an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(keys) => keys.iter().find(|(name, _)| name == key).map(|(_, shape)| shape),
            _ => None,
        }
    }

    /// True for an object with this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The first item; none if this is not a list or an empty one.
    pub(super) fn first(&self) -> Option<&Self> {
        match self {
            Self::List(first) => first.as_deref(),
            _ => None,
        }
    }

    /// What a person would call it.
    pub(super) fn describe(&self) -> String {
        const KEYS_SHOWN: usize = 4;
        match self {
            Self::Object(keys) if keys.is_empty() => "an empty JSON object".into(),
            Self::Object(keys) => {
                let shown: Vec<String> = keys
                    .iter()
                    .take(KEYS_SHOWN)
                    .map(|(key, _)| format!("`{}`", crate::figure::name(key)))
                    .collect();
                format!("a JSON object with {}", shown.join(", "))
            }
            Self::List(_) => "a JSON list of something else".into(),
            Self::Plain => "a single JSON value".into(),
        }
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level(LEVELS).deserialize(deserializer)
    }
}

/// How many levels may still be entered.
#[derive(Clone, Copy)]
struct Level(u8);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        if self.0 == 0 {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Shape::Plain);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut keys = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if keys.len() < KEYS_MAX {
                keys.push((key, map.next_value_seed(Self(self.0 - 1))?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Shape::Object(keys))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let first = list.next_element_seed(Self(self.0 - 1))?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::List(first.map(Box::new)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Plain)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Plain)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Plain)
    }
}

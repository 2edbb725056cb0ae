//! Holds a JSON document against a JSON Schema: the part of the language that our schemas use.

use serde_json::{Map, Value};

/// Every place where `document` does not conform to `schema`.
pub(crate) fn violations(schema: &Value, document: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    Walk { root: schema, violations: &mut violations }.value(schema, document, "");
    violations
}

struct Walk<'a> {
    root: &'a Value,
    violations: &'a mut Vec<String>,
}

impl Walk<'_> {
    fn report(&mut self, place: &str, what: impl std::fmt::Display) {
        self.violations.push(format!("{place}: {what}"));
    }

    fn value(&mut self, schema: &Value, value: &Value, place: &str) {
        let Some(keywords) = schema.as_object() else {
            if schema == &Value::Bool(false) {
                self.report(place, "nothing is allowed here");
            }
            return;
        };
        for (keyword, wanted) in keywords {
            match keyword.as_str() {
                "$ref" => {
                    let pointer = wanted.as_str().and_then(|text| text.strip_prefix('#')).expect("is local");
                    let target = self.root.pointer(pointer).expect("the schema has what it names");
                    self.value(target, value, place);
                }
                "type" if !types(wanted).any(|name| is(name, value)) => {
                    self.report(place, format_args!("{value} is not {wanted}"));
                }
                "enum" if !wanted.as_array().expect("a list").contains(value) => {
                    self.report(place, format_args!("{value} is none of {wanted}"));
                }
                "const" if wanted != value => self.report(place, format_args!("{value} is not {wanted}")),
                "minimum" if value.is_number() && value.as_f64() < wanted.as_f64() => {
                    self.report(place, "is too small");
                }
                "anyOf" | "oneOf" => self.one_of(wanted, value, place),
                "allOf" => {
                    wanted.as_array().expect("a list").iter().for_each(|it| self.value(it, value, place));
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(wanted, item, &format!("{place}/{index}"));
                    }
                }
                _ => {}
            }
        }
        if let Some(object) = value.as_object() {
            self.object(keywords, object, place);
        }
    }

    fn one_of(&mut self, schemas: &Value, value: &Value, place: &str) {
        let fits = |schema: &Value| {
            let mut violations = Vec::new();
            Walk { root: self.root, violations: &mut violations }.value(schema, value, place);
            violations.is_empty()
        };
        if !schemas.as_array().expect("a list").iter().any(fits) {
            self.report(place, format_args!("{value} is none of the alternatives"));
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, object: &Map<String, Value>, place: &str) {
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                self.report(place, format_args!("`{key}` is missing"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in object {
            let place = format!("{place}/{key}");
            match (properties.and_then(|properties| properties.get(key)), schema.get("additionalProperties"))
            {
                (Some(schema), _) | (None, Some(schema)) => self.value(schema, value, &place),
                // Our documents hold nothing that their schema does not tell.
                (None, None) if properties.is_some() => self.report(&place, "is not in the schema"),
                (None, None) => {}
            }
        }
    }
}

fn types(wanted: &Value) -> impl Iterator<Item = &str> {
    let several = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
    wanted.as_str().into_iter().chain(several)
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("no JSON Schema has the type `{other}`"),
    }
}

#[test]
fn what_does_not_conform_is_found() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": { "$ref": "#/$defs/number" },
            "b": { "anyOf": [{ "type": "null" }, { "enum": ["x", "y"] }] },
            "c": { "type": "array", "items": { "type": ["string", "null"] } },
        },
        "$defs": { "number": { "type": "integer", "minimum": 0 } },
    });
    let table = [
        (r#"{ "a": 1, "b": "x", "c": ["t", null] }"#, &[][..]),
        (r#"{ "b": null }"#, &[": `a` is missing"]),
        (r#"{ "a": -1 }"#, &["/a: is too small"]),
        (
            r#"{ "a": 1.5, "b": "z" }"#,
            &["/a: 1.5 is not \"integer\"", "/b: \"z\" is none of the alternatives"],
        ),
        (
            r#"{ "a": 1, "c": ["t", 2], "d": 0 }"#,
            &["/c/1: 2 is not [\"string\",\"null\"]", "/d: is not in the schema"],
        ),
        ("[]", &[": [] is not \"object\""]),
    ];
    for (document, expected) in table {
        let document = serde_json::from_str(document).expect("is JSON");
        assert_eq!(violations(&schema, &document), expected, "{document}");
    }
}

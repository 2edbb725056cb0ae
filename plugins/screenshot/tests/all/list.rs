//! The list of screens that an owner can accept: which they are, what they replace, and which must not be taken.

use evident_checker::Reason;
use serde_json::{Value, json};

use crate::make::{self, WHITE, page};
use crate::{Verdict, judged};

fn list(config: &str, expected: crate::Files<'_>, actual: crate::Files<'_>) -> Value {
    let checked = judged(config, expected, actual, &[]);
    assert_eq!(checked.verdict(), Verdict::Inconclusive(Reason::NotExamined), "a list is not a judgement");
    let [(name, kind, bytes)] = checked.said.attachments.as_slice() else {
        panic!("one attachment: {:?}", checked.outcome)
    };
    assert_eq!((name.as_str(), kind.as_str()), ("baseline-files.json", "application/json"));
    serde_json::from_slice(bytes).unwrap()
}

/// Catches a screen that would be written over another one, and one that nobody could compare with later.
#[test]
fn every_screen_is_listed_with_what_it_replaces() {
    let (home, other) = (make::png(64, 64, page), make::png(64, 64, |x, y| page(x + 99, y)));
    let blank = make::png(64, 64, |_, _| WHITE);
    let expected = [("old/gone.png", home.as_slice()), ("old/home-expected.png", &home)];
    let actual: [(&str, &[u8]); 5] = [
        ("cut.png", &home[..home.len() - 20]),
        ("home-actual.png", &other),
        ("new.png", &home),
        ("text.png", b"no picture"),
        ("white.png", &blank),
    ];
    let told = list(r#"{"manifest":true}"#, &expected, &actual);
    assert_eq!(
        (&told["version"], &told["slot"], &told["replaced"]),
        (&json!(1), &json!("actual"), &json!("expected"))
    );
    let files = told["files"].as_array().unwrap();
    let figures: Vec<Value> = files
        .iter()
        .map(|file| json!([file["name"], file["file"], file["replaces"], file["problem"].is_string()]))
        .collect();
    assert_eq!(
        json!(figures),
        json!([
            ["cut", 0, null, true],
            ["home", 1, 1, false],
            ["new", 2, null, false],
            ["text", 3, null, true],
            ["white", 4, null, true],
        ])
    );
    let told = list(r#"{"manifest":true,"blank":"allow"}"#, &[], &[("white.png", &blank)]);
    assert_eq!(told["files"][0]["problem"], Value::Null);
}

//! Properties of the reader of contracts: whatever the text is, reading ends with places that can be
//! shown, and what is right is read as it was meant.

use evident_core::contract::{Bindings, Recipe, read};
use evident_core::problem::{Problem, has_errors};
use proptest::prelude::*;

/// Every kind of key, and a text with letters of more than one byte where people write them.
const WHOLE: &str = r#"
version = 1

[goal]
name = "größe"
objective = "Bring the 尺寸 below 120 ms — and keep it there."
hold = true
assess = "request"

[evidence.suite]
run = ["cargo", "test", "--", "ü"]
timeout = "15m"
exit = [0, 101]
cwd = "."
env = { pass = ["JAVA_HOME"], set = { RUST_LOG = "info" } }
collect = ["target/*.xml"]
max_bytes = "1 GiB"

[evidence.known]
files = ["tests/baseline.json"]
sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
needs = ["suite"]

[criteria.correct]
checker = "test-report"
evidence = { report = ["suite", "suite/stdout"], baseline = "known" }
config = { skipped = "deny", required = ["ä::b", "c"], nested = { at = [1, 2.5, true] } }

[constraints.quiet]
checker = "mine"
evidence = "suite/*.xml"
on_fail = "stop"

[[approve]]
when = { command = "git push **" }
why = "Veröffentlichen needs a person."
headless = "stop"

[budget]
turns = 40
tokens = "2M"
wall = "3h"
cost_usd = 10.5
unknown = "stop"

[policy]
stall_turns = 0
note = "Notizen — kürzer."

[stop]
ask = ["Änderungen of the API."]

[wake.night]
at = 2030-12-24T18:00:00+01:00
until = "1d"

[wake.ci]
source = "suite"
every = "5m"

[checkers.mine]
path = "checkers/mine.wasm"
wasi = "inert"
limits = { fuel = "5G", memory = "128 MiB", wall = "10s" }
"#;

/// Every place must be one that a diagnostic can underline.
fn assert_places(text: &str, problems: &[Problem]) {
    for problem in problems {
        let shown = text.get(problem.span.clone());
        assert!(shown.is_some(), "{:?} is not a place in {} bytes: {problem:?}", problem.span, text.len());
        assert!(!problem.message.is_empty());
    }
    let order: Vec<usize> = problems.iter().map(|problem| problem.span.start).collect();
    assert!(order.is_sorted(), "in the order of the text: {order:?}");
}

/// Reads, looks at every place, and asks the config for places as a hostile checker would.
fn read_anything(text: &str) {
    let reading = read(text);
    assert_places(text, &reading.problems);
    for clause in &reading.contract.clauses {
        for pointer in ["", "/skipped", "/required/0", "/nested/at/9", "/~1", "no pointer"] {
            for range in [None, Some(0..0), Some(0..1), Some(1..2), Some(1..usize::MAX), Some(9..9)] {
                let place = clause.config.place(text, pointer, range.clone());
                assert!(text.get(place.clone()).is_some(), "{pointer} {range:?} gives {place:?}");
            }
        }
    }
}

/// One change of a text, at a place given as a fraction so that it fits every text.
#[derive(Debug, Clone)]
enum Change {
    DeleteLine(f64),
    DuplicateLine(f64),
    SwapLines(f64, f64),
    Replace(f64, String),
    Cut(f64),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || 0.0..1.0;
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("=".to_owned()),
        Just("[".to_owned()),
        Just("]]".to_owned()),
        Just("nan".to_owned()),
        Just("9223372036854775808".to_owned()),
        Just("1979-05-27".to_owned()),
        Just("ü\u{202e}".to_owned()),
        "\\PC{0,3}",
    ];
    prop_oneof![
        at().prop_map(Change::DeleteLine),
        at().prop_map(Change::DuplicateLine),
        (at(), at()).prop_map(|(one, other)| Change::SwapLines(one, other)),
        (at(), piece).prop_map(|(at, piece)| Change::Replace(at, piece)),
        at().prop_map(Change::Cut),
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a small length")]
#[expect(clippy::cast_precision_loss, reason = "texts of a test are short")]
fn index(length: usize, fraction: f64) -> usize {
    (length as f64 * fraction) as usize
}

fn changed(text: &str, change: &Change) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return String::new();
    }
    match change {
        Change::DeleteLine(at) => drop(lines.remove(index(lines.len(), *at))),
        Change::DuplicateLine(at) => {
            let at = index(lines.len(), *at);
            lines.insert(at, lines[at]);
        }
        Change::SwapLines(one, other) => {
            let (one, other) = (index(lines.len(), *one), index(lines.len(), *other));
            lines.swap(one, other);
        }
        Change::Replace(at, piece) => {
            let mut characters: Vec<char> = text.chars().collect();
            let at = index(characters.len(), *at);
            characters.splice(at..(at + 1).min(characters.len()), piece.chars());
            return characters.into_iter().collect();
        }
        Change::Cut(at) => return text.chars().take(index(text.chars().count(), *at)).collect(),
    }
    lines.join("\n")
}

#[test]
fn the_whole_contract_is_sound() {
    assert_eq!(read(WHOLE).problems, []);
    read_anything(WHOLE);
}

/// Catches a number that is read as another one because of how it is written.
#[test]
fn whole_numbers_mean_the_same_in_every_notation() {
    for (exit, expected) in [("0x10", 16), ("0b11", 3), ("0o17", 15), ("1_0", 10), ("+7", 7)] {
        let text = WHOLE.replace("exit = [0, 101]", &format!("exit = [{exit}]"));
        let reading = read(&text);
        assert_eq!(reading.problems, [], "{exit}");
        let Recipe::Run(run) = &reading.contract.sources[0].recipe else { panic!("a command") };
        assert_eq!(run.exit, [expected], "{exit}");
    }
    for (fuel, expected) in [("0x10", 16), ("1_000", 1000), ("\"5G\"", 5_000_000_000)] {
        let text = WHOLE.replace("fuel = \"5G\"", &format!("fuel = {fuel}"));
        let reading = read(&text);
        assert_eq!(reading.problems, [], "{fuel}");
        let limits = &reading.contract.checkers[0].limits;
        assert_eq!(limits.fuel.as_ref().map(|fuel| fuel.value), Some(expected), "{fuel}");
    }
}

/// Catches a host that a hostile checker makes slice a text in the middle of a letter.
#[test]
fn a_range_inside_a_letter_gives_the_whole_value() {
    let reading = read(WHOLE);
    let config = &reading.contract.clauses[0].config;
    let shown = |range| &WHOLE[config.place(WHOLE, "/required/0", Some(range))];
    assert_eq!(shown(0..2), "ä");
    assert_eq!(shown(2..5), "::b");
    for range in [0..1, 1..2, 1..5, 3..99, 99..99, 0..usize::MAX] {
        assert_eq!(shown(range), "\"ä::b\"");
    }
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{1,20}"
}

fn prose() -> impl Strategy<Value = String> {
    "[\\PC&&[^\"\\\\']]{0,40}".prop_map(|text| format!("x{text}"))
}

proptest! {
    #[test]
    fn arbitrary_text_is_read_to_its_end(text in "\\PC{0,400}") {
        read_anything(&text);
    }

    #[test]
    fn text_like_toml_is_read_to_its_end(text in "[\\[\\]{}=.,\"'#\\n a-d0-9ü_-]{0,200}") {
        read_anything(&text);
        read_anything(&format!("version = 1\n[goal]\n{text}"));
        read_anything(&format!("criteria.a = {{ {text} }}"));
    }

    #[test]
    fn a_damaged_contract_is_read_to_its_end(changes in prop::collection::vec(change(), 1..8)) {
        let mut text = WHOLE.to_owned();
        for change in &changes {
            text = changed(&text, change);
            read_anything(&text);
        }
    }

    /// A key too many is never ignored, wherever it stands.
    #[test]
    fn an_unknown_key_is_refused_in_every_table(line in 0..WHOLE.lines().count(), key in "zz[a-z]{1,8}") {
        let mut lines: Vec<&str> = WHOLE.lines().collect();
        let added = format!("{key} = 1");
        lines.insert(line, &added);
        let text = lines.join("\n");
        prop_assert!(has_errors(&read(&text).problems), "{text}");
    }

    #[test]
    fn sound_parts_make_a_sound_contract(
        sources in prop::collection::btree_set(word(), 1..6),
        criteria in prop::collection::btree_set(word(), 1..6),
        objective in prose(),
        argument in prose(),
        minutes in 1..5000_u32,
        bytes in 1..60_000_u32,
        exit in prop::collection::vec(0..=255_i32, 1..4),
        figure in any::<f64>().prop_filter("finite", |figure| figure.is_finite()),
        whole in any::<i64>(),
        on_stdout in any::<bool>(),
    ) {
        let first = sources.iter().next().unwrap();
        let mut text = format!("version = 1\n[goal]\nname = \"n\"\nobjective = \"{objective}\"\n");
        for source in &sources {
            text += &format!(
                "[evidence.\"{source}\"]\nrun = [\"program\", \"{argument}\"]\ntimeout = \"{minutes}m\"\n\
                 exit = {exit:?}\nmax_bytes = \"{bytes} kB\"\n"
            );
        }
        let suffix = if on_stdout { "/stdout" } else { "" };
        for criterion in &criteria {
            text += &format!(
                "[criteria.\"{criterion}\"]\nchecker = \"any\"\nevidence = \"{first}{suffix}\"\n\
                 config = {{ figure = {figure:?}, whole = {whole}, text = \"{objective}\" }}\n"
            );
        }
        let reading = read(&text);
        prop_assert_eq!(&reading.problems, &[], "{}", text);
        let contract = reading.contract;
        prop_assert_eq!(&contract.objective, &objective);
        prop_assert_eq!((contract.sources.len(), contract.clauses.len()), (sources.len(), criteria.len()));
        for source in &contract.sources {
            let Recipe::Run(run) = &source.recipe else { panic!("a command") };
            prop_assert_eq!(&run.argv[1], &argument);
            prop_assert_eq!(&run.exit, &exit);
            prop_assert_eq!(run.timeout.as_secs(), u64::from(minutes) * 60);
            prop_assert_eq!(source.artifact_bytes_max, u64::from(bytes) * 1000);
        }
        for clause in &contract.clauses {
            let Bindings::Lone(selector) = &clause.evidence else { panic!("a lone text") };
            prop_assert_eq!(&selector.value.source, first);
            prop_assert_eq!(selector.value.pattern.as_deref(), on_stdout.then_some("stdout"));
            prop_assert_eq!(clause.config.json["figure"].as_f64(), Some(figure));
            prop_assert_eq!(clause.config.json["whole"].as_i64(), Some(whole));
        }
    }
}

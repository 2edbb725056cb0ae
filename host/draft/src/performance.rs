//! The part of a draft that measures: one command on two trees in turns.
//!
//! Where no command was recognised, the same text stands as a comment: an invented command would fail, and
//! a limit without one would prove nothing.

use crate::draft::{EDIT, EDIT_COMMAND, at_snapshot, prepared};
use crate::findings::{Bench, Findings, Needs};
use crate::text::{Text, list, quoted};

/// Goes of each side: what drifts on the machine meets both, and hyperfine runs the command at least ten
/// times in each.
const REPEAT: u32 = 5;

/// Runs before the first that counts: caches are warm on both sides.
const WARMUP: u32 = 3;

/// How much of the time of before may be left; below 1 the command must have become faster.
const RATIO_MAX: &str = "0.9";

/// Adds the two sources and their criterion, or says how to write them.
pub(crate) fn sources_and_criterion(text: &mut Text, findings: &Findings) {
    match &findings.bench {
        Some(bench) => measured(text, bench),
        None => explained(text),
    }
}

fn measured(text: &mut Text, bench: &Bench) {
    let mut keys = vec![
        ("run", format!("{}{EDIT_COMMAND}", list(&command(bench)))),
        ("timeout", quoted("30m")),
        ("repeat", REPEAT.to_string()),
        ("interleave", format!("{}  # the two take turns", quoted("bench-before"))),
    ];
    keys.extend(at_snapshot(&bench.needs));
    let comment = "Needs hyperfine. Give the command the arguments that make it do the work that counts, here and in\n\
                   `bench-before`. What the host's machine does besides is part of the time.";
    text.table(comment, "evidence.bench", &keys);
    let mut keys = vec![
        ("run", format!("{}{EDIT_COMMAND}", list(&command(bench)))),
        ("timeout", quoted("30m")),
        ("repeat", REPEAT.to_string()),
        ("at", quoted("base")),
    ];
    keys.extend(prepared(&bench.needs));
    text.table(
        "The same command on the tree of before, in a private copy of it.",
        "evidence.bench-before",
        &keys,
    );
    let config = format!("{{ benchmark = {}, ratio_max = {RATIO_MAX} }}{EDIT}", quoted(&bench.name));
    let keys = [
        ("checker", quoted("benchmark")),
        ("evidence", format!("{{ current = {}, baseline = {} }}", quoted("bench"), quoted("bench-before"))),
        ("config", config),
    ];
    let comment =
        "The median time is at most this share of the time of before, judged by a confidence interval.";
    text.table(comment, "criteria.fast", &keys);
}

fn command(bench: &Bench) -> Vec<String> {
    let mut command = vec!["hyperfine".to_owned(), "--shell=none".to_owned(), format!("--warmup={WARMUP}")];
    command.extend(bench.setup.map(|setup| format!("--setup={setup}")));
    command.push("--export-json={out}/bench.json".to_owned());
    command.push(format!("--command-name={}", bench.name));
    command.push(bench.command.clone());
    command
}

fn explained(text: &mut Text) {
    let needs = Needs::default();
    let bench = Bench { name: "main".into(), needs, setup: None, command: "COMMAND".into() };
    let mut example = Text::default();
    measured(&mut example, &bench);
    text.0.push('\n');
    text.comment(
        "No benchmark command was recognised, so nothing is measured yet. Put yours in place of COMMAND and take\n\
         the comment signs away. Instead of hyperfine, a program of your own may write into {out}/bench.json:\n\
         [{ \"name\": \"main\", \"unit\": \"ms\", \"samples\": [1.25, 1.31] }]",
    );
    text.comment(&example.0);
}

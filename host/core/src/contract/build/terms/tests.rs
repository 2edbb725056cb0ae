//! The keys that only `evident run` reads: what they become, and what is said about each mistake.

use super::*;
use crate::contract;
use crate::evidence::Timestamp;

const HEAD: &str = "version = 1\n[goal]\nname = \"n\"\nobjective = \"o\"\n";

/// Code, place and message of each problem of the text.
fn problems(text: &str) -> Vec<(&'static str, String, String)> {
    let text = format!("{HEAD}{text}");
    let problems = contract::read(&text).problems.into_iter();
    let place = |problem: &Problem| text[problem.span.clone()].to_owned();
    problems.map(|problem| (problem.rule.code(), place(&problem), problem.message)).collect()
}

fn sound(text: &str) -> Terms {
    assert_eq!(problems(text), [], "{text}");
    contract::read(&format!("{HEAD}{text}")).contract.terms
}

/// Catches a term that is read as another, or falls back to its default.
#[test]
fn every_term_is_read() {
    let terms = sound(
        r#"hold = true
assess = "request"
[criteria.fast]
checker = "x"
evidence = "s"
[constraints.quiet]
checker = "x"
evidence = "s"
on_fail = "stop"
[constraints.tidy]
checker = "x"
evidence = "s"
[boundary]
protect = ["tests/**"]
[[approve]]
when = { command = "git push **" }
why = "Publishing needs a person."
headless = "stop"
[[approve]]
when = { path = "/migrations/" }
why = "Data."
[[approve]]
when.tool = "web_*"
why = "Costs."
[budget]
turns = 40
tool_calls = "5k"
tokens = 2_000_000
wall = "3h"
turn_wall = "30m"
cost_usd = 10.25
unknown = "stop"
[policy]
idle_turns = 0
stall_turns = 1000
blocked_turns = 4
note = "What was tried."
[stop]
ask = ["The API changes.", "It costs."]
[wake.night]
at = 2030-12-24T18:00:00Z
[wake.hourly]
every = "1h"
until = "1h"
[wake.built]
files = ["out/*.xml"]
until = "2h"
[wake.done]
pid_file = "out/pid"
every = "1s"
"#,
    );
    let approval = |when, why: &str, headless| Approval { when, why: why.into(), headless };
    let wake = |name: &str, on, every_ms, until_ms| NamedWake {
        name: name.into(),
        wake: Wake { on, every_ms, until_ms },
    };
    let clause = |name: &str, kind, on_fail| ClauseTerms { name: name.into(), kind, on_fail };
    let expected = Terms {
        budget: Budget {
            turns: Some(40),
            tool_calls: Some(5000),
            tokens: Some(2_000_000),
            wall_ms: Some(10_800_000),
            turn_wall_ms: Some(1_800_000),
            cost_microusd: Some(10_250_000),
            unknown: WhenUnknown::Stop,
        },
        policy: Iteration {
            idle_turns: 0,
            stall_turns: 1000,
            blocked_turns: 4,
            note: Some("What was tried.".into()),
        },
        ask: vec!["The API changes.".into(), "It costs.".into()],
        approve: vec![
            approval(
                ApprovalWhen::Command("git push **".into()),
                "Publishing needs a person.",
                Headless::Stop,
            ),
            approval(ApprovalWhen::Path("/migrations/".into()), "Data.", Headless::Deny),
            approval(ApprovalWhen::Tool("web_*".into()), "Costs.", Headless::Deny),
        ],
        wakes: vec![
            wake("night", WakeOn::At(Timestamp(1_924_365_600_000)), 60_000, None),
            wake("hourly", WakeOn::Every, 3_600_000, Some(3_600_000)),
            wake("built", WakeOn::Files(vec!["out/*.xml".into()]), 60_000, Some(7_200_000)),
            wake("done", WakeOn::PidFile("out/pid".into()), 1000, None),
        ],
        hold: true,
        assess: AssessWhen::Request,
        clauses: vec![
            clause("fast", ClauseKind::Criterion, OnFail::Continue),
            clause("quiet", ClauseKind::Constraint, OnFail::Stop),
            clause("tidy", ClauseKind::Constraint, OnFail::Continue),
            clause("boundary", ClauseKind::Constraint, OnFail::Continue),
        ],
        write: Vec::new(),
        protect: vec!["tests/**".into()],
    };
    assert_eq!(terms, expected);
}

#[test]
fn without_a_term_the_defaults_hold() {
    assert_eq!(sound(""), Terms::default());
    assert_eq!(sound("[budget]\n[policy]\n[stop]\n[wake]\n"), Terms::default());
    let source = sound("[wake.ci]\nsource = \"ci\"\n").wakes.remove(0).wake;
    let every_ms = 60_000;
    assert_eq!(source, Wake { on: WakeOn::Source("ci".into()), every_ms, until_ms: None });
    let at = |at: &str| sound(&format!("[wake.w]\nat = {at}\n"));
    assert_eq!(at("\"2030-12-24T19:00:00+01:00\""), at("2030-12-24T18:00:00Z"));
}

/// One mistake each, with its code, its place and its message.
#[test]
fn mistakes_are_named_in_their_place() {
    for (text, code, place, message) in MISTAKES {
        let expected = [(*code, (*place).to_owned(), (*message).to_owned())];
        assert_eq!(problems(text), expected, "{text}");
    }
}

/// Text below the goal, and code, place and message of its one problem.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("hold = 1", "wrong-type", "1", "`hold` takes `true` or `false`, found the number 1"),
    (r#"assess = "never""#, "bad-value", r#""never""#, "unknown word `never`, expected `turn` and `request`"),
    (
        "[constraints.c]\nchecker = \"x\"\nevidence = \"s\"\non_fail = \"halt\"",
        "bad-value",
        r#""halt""#,
        "unknown word `halt`, expected `continue` and `stop`",
    ),
    (
        "[criteria.c]\nchecker = \"x\"\nevidence = \"s\"\non_fail = \"stop\"",
        "unknown-key",
        "on_fail",
        "unknown key `on_fail` in `criteria.c`",
    ),
    ("[budget]\nturns = 0", "bad-value", "0", "`0` must be above zero"),
    ("[budget]\nturns = -1", "bad-value", "-1", "expected a count such as `5G`, found `-1`"),
    (
        "[budget]\ntool_calls = 1.5",
        "wrong-type",
        "1.5",
        r#"`tool_calls` takes a count such as `"5G"`, found the number 1.5"#,
    ),
    (
        "[budget]\ntokens = \"2 million\"",
        "bad-value",
        r#""2 million""#,
        "unknown unit `million` in `2 million`; counts use k, M, G and T",
    ),
    (
        "[budget]\nwall = 3",
        "wrong-type",
        "3",
        r#"`wall` takes a duration in quotes such as `"15m"`, found the number 3"#,
    ),
    ("[budget]\nturn_wall = \"0s\"", "bad-value", r#""0s""#, "a duration must be above zero"),
    (
        "[budget]\ncost_usd = \"10\"",
        "wrong-type",
        r#""10""#,
        r#"`cost_usd` takes an amount of US dollars such as `10.0`, found the text "10""#,
    ),
    ("[budget]\ncost_usd = 0.0", "bad-value", "0.0", "`0.0` must be above zero"),
    (
        "[budget]\ncost_usd = -1",
        "bad-value",
        "-1",
        "expected an amount of US dollars such as `10.0`, found `-1`",
    ),
    (
        "[budget]\ncost_usd = nan",
        "bad-value",
        "nan",
        "expected an amount of US dollars such as `10.0`, found `nan`",
    ),
    (
        "[budget]\ncost_usd = 1_000_000_001",
        "bad-value",
        "1_000_000_001",
        "`1000000001` is more than 1000000000 US dollars",
    ),
    ("[budget]\nunknown = \"go\"", "bad-value", r#""go""#, "unknown word `go`, expected `warn` and `stop`"),
    ("[budget]\nmoney = 1", "unknown-key", "money", "unknown key `money` in `budget`"),
    (
        "[policy]\nidle_turns = 1001",
        "bad-value",
        "1001",
        "expected a whole number from 0 to 1000, found `1001`",
    ),
    ("[policy]\nstall_turns = -1", "bad-value", "-1", "expected a whole number from 0 to 1000, found `-1`"),
    (
        "[policy]\nblocked_turns = \"3\"",
        "wrong-type",
        r#""3""#,
        r#"`blocked_turns` takes a whole number, found the text "3""#,
    ),
    ("[policy]\nnote = \" \"", "bad-value", r#"" ""#, "the text is empty"),
    ("[stop]\nask = \"me\"", "wrong-type", r#""me""#, r#"`ask` takes a list of texts, found the text "me""#),
    ("[stop]\nask = []", "bad-value", "[]", "`ask` is empty"),
    ("[stop]\nask = [\"a\", \"\"]", "bad-value", r#""""#, "the text is empty"),
    ("[approve]\nwhy = \"w\"", "wrong-type", "[approve]", "`approve` takes a list of tables, found a table"),
    ("[[approve]]\nwhen = { tool = \"t\" }", "missing-key", "[[approve]]", "missing key `why` in `approve`"),
    ("[[approve]]\nwhy = \"w\"", "missing-key", "[[approve]]", "missing key `when` in `approve`"),
    (
        "[[approve]]\nwhy = \"w\"\nwhen = \"push\"",
        "wrong-type",
        r#""push""#,
        r#"`when` takes a table, found the text "push""#,
    ),
    (
        "[[approve]]\nwhy = \"w\"\nwhen = {}",
        "missing-key",
        "{}",
        "`when` has none of `command`, `path` and `tool`",
    ),
    (
        "[[approve]]\nwhy = \"w\"\nwhen = { tool = \"t\", command = \"c\" }",
        "key-conflict",
        "tool",
        "`when` has both `command` and `tool`",
    ),
    ("[[approve]]\nwhy = \"w\"\nwhen = { tool = \"\" }", "bad-value", r#""""#, "the text is empty"),
    (
        "[[approve]]\nwhy = \"w\"\nwhen = { tool = \"t\" }\nheadless = \"allow\"",
        "bad-value",
        r#""allow""#,
        "unknown word `allow`, expected `deny` and `stop`",
    ),
    ("[wake]\nw = 1", "wrong-type", "1", "`w` takes a table, found the number 1"),
    ("[wake.\"a b\"]\nevery = \"1m\"", "bad-name", r#""a b""#, "`a b` is not a name"),
    (
        "[wake.w]\n",
        "missing-key",
        "w",
        "`wake.w` has none of `at`, `every`, `files`, `pid_file` and `source`",
    ),
    (
        "[wake.w]\nuntil = \"1h\"",
        "missing-key",
        "w",
        "`wake.w` has none of `at`, `every`, `files`, `pid_file` and `source`",
    ),
    (
        "[wake.w]\nsource = \"s\"\npid_file = \"p\"",
        "key-conflict",
        "source",
        "`wake.w` has both `pid_file` and `source`",
    ),
    (
        "[wake.w]\nat = 2030-12-24T18:00:00Z\nevery = \"1m\"",
        "key-conflict",
        "every",
        "`every` says how often to look, `at` names the moment",
    ),
    (
        "[wake.w]\nat = \"tomorrow\"",
        "bad-value",
        r#""tomorrow""#,
        "expected a moment such as `2030-12-24T18:00:00Z`, found `tomorrow`",
    ),
    (
        "[wake.w]\nat = 2030-12-24T18:00:00",
        "bad-value",
        "2030-12-24T18:00:00",
        "`2030-12-24T18:00:00` has no offset: end it with `Z`, or with one such as `+01:00`",
    ),
    (
        "[wake.w]\nat = 2030-12-24",
        "bad-value",
        "2030-12-24",
        "expected a moment such as `2030-12-24T18:00:00Z`, found `2030-12-24`",
    ),
    (
        "[wake.w]\nat = 1924365600",
        "wrong-type",
        "1924365600",
        "`at` takes a moment such as `2030-12-24T18:00:00Z`, found the number 1924365600",
    ),
    ("[wake.w]\nevery = \"999ms\"", "bad-value", r#""999ms""#, "a wake looks at most every 1.0 s"),
    (
        "[wake.w]\nevery = \"often\"",
        "bad-value",
        r#""often""#,
        "expected a duration such as `90s`, `15m` or `1h30m`, found `often`",
    ),
    (
        "[wake.w]\nevery = \"5m\"\nuntil = \"4m\"",
        "key-conflict",
        r#""4m""#,
        "`until` ends the wait before it looks, every 5m00s",
    ),
    (
        "[wake.w]\nsource = \"s\"\nuntil = \"59s\"",
        "key-conflict",
        r#""59s""#,
        "`until` ends the wait before it looks, every 1m00s",
    ),
    ("[wake.w]\nfiles = []", "bad-value", "[]", "`files` is empty"),
    ("[wake.w]\nfiles = [\"../x\"]", "bad-value", r#""../x""#, "`../x` leaves the workspace"),
    ("[wake.w]\nfiles = [\"a[b\"]", "bad-value", r#""a[b""#, "`a[b` is not a glob"),
    ("[wake.w]\npid_file = \"/run/pid\"", "bad-value", r#""/run/pid""#, "`/run/pid` leaves the workspace"),
    ("[wake.w]\nsource = 3", "wrong-type", "3", "`source` takes a text, found the number 3"),
];

/// Catches a list without an end, and a text that crowds out the rest of a prompt.
#[test]
fn terms_are_bounded() {
    let approvals = |count| "[[approve]]\nwhy = \"w\"\nwhen = { tool = \"t\" }\n".repeat(count);
    let ask = |count| format!("[stop]\nask = [{}]\n", "\"a\",".repeat(count));
    let wake = |index| format!("[wake.w{index}]\nevery = \"1m\"\n");
    let wakes = |count: usize| (0..count).map(wake).collect::<String>();
    let note = |bytes| format!("[policy]\nnote = \"{}\"\n", "n".repeat(bytes));
    assert_eq!(sound(&approvals(APPROVALS_MAX)).approve.len(), APPROVALS_MAX);
    assert_eq!(sound(&ask(ASK_MAX)).ask.len(), ASK_MAX);
    assert_eq!(sound(&wakes(WAKES_MAX)).wakes.len(), WAKES_MAX);
    assert_eq!(sound(&note(PROSE_BYTES_MAX)).policy.note.map(|note| note.len()), Some(PROSE_BYTES_MAX));
    let note_beyond = note(PROSE_BYTES_MAX + 1);
    let quoted = &note_beyond["[policy]\nnote = ".len()..note_beyond.len() - 1];
    for (text, place, message) in [
        (approvals(APPROVALS_MAX + 2), "[[approve]]", "the contract has more than 100 tables `[[approve]]`"),
        (ask(ASK_MAX + 2), "\"a\"", "the contract has more than 50 texts in `ask`"),
        (wakes(WAKES_MAX + 2), "w100", "the contract has more than 100 wakes"),
        (note_beyond.clone(), quoted, "the text has 2001 bytes, at most 2000 fit"),
    ] {
        assert_eq!(problems(&text), [("bad-value", place.to_owned(), message.to_owned())]);
    }
    let terms = contract::read(&format!("{HEAD}{}{}", approvals(500), wakes(500))).contract.terms;
    assert_eq!((terms.approve.len(), terms.wakes.len()), (APPROVALS_MAX, WAKES_MAX));
}

//! How long a decision takes on a goal with 1,000 events, and how long its log takes to fold.
//!
//! `cargo bench -p evident-core --bench goal`. Prints microseconds: the median and the slowest hundredth of
//! many steps, the median of many folds of the largest event, and the best of several folds of the log.
#![expect(clippy::disallowed_methods, reason = "core reads no clock; what measures it does")]

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use evident_core::agent::{Capabilities, Ending, Usage};
use evident_core::contract::ClauseKind;
use evident_core::contract::terms::{ClauseTerms, Iteration, OnFail, Terms};
use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::goal::continuation::Facts;
use evident_core::goal::event::{
    Assessed, ClauseResult, ClauseStatus, Created, Event, Gap, Recorded, Scope, Why,
};
use evident_core::goal::progress::FINGERPRINTS_MAX;
use evident_core::goal::state::Actor;
use evident_core::goal::step::{Action, Input, step};
use evident_core::goal::{Goal, replay};
use evident_core::roll_up::RollUp;

const EVENTS: u64 = 1000;
const CLAUSES: usize = 20;
const STEPS: usize = 2000;
const RUNS: usize = 20;

/// The longest that the median step may take on such a goal.
const STEP_MAX: Duration = Duration::from_micros(50);

fn main() {
    let mut out = std::io::stdout();
    let mut say = |line: String| writeln!(out, "{line}").expect("stdout is open");
    let log = life();
    let goal = replay(&log).expect("is legal").expect("is a goal");
    let is_judged = |recorded: &Recorded| matches!(recorded.event, Event::Assessed(_));
    let judged = log.iter().rposition(is_judged).expect("was judged") + 1;
    let at_rest = replay(&log[..judged]).expect("is legal").expect("is a goal");
    assert!(goal.turn.is_some() && at_rest.turn.is_none() && at_rest.seq + 10 > EVENTS);
    say(format!(
        "a goal with {EVENTS} events and {CLAUSES} clauses, microseconds: median, slowest hundredth"
    ));
    let facts = Facts { idle_ms: u64::MAX, patient: true, ..Facts::default() };
    let inputs = [
        ("step: tick", &at_rest, Input::Tick(facts)),
        ("step: tick in a turn", &goal, Input::Tick(Facts { live: true, ..facts })),
        ("step: usage", &goal, Input::Used(Usage { output_tokens: 1, ..Usage::default() }, 1)),
        ("step: end of a turn", &goal, ended()),
        (
            "step: an assessment",
            &at_rest,
            Input::Assessed { assessed: Box::new(assessed(Why::Turn, 7)), superseded: false },
        ),
    ];
    let mut slowest = Duration::ZERO;
    for (name, goal, input) in &inputs {
        let (median, hundredth) = times(goal, input);
        slowest = slowest.max(median);
        say(format!("{name:<24} {:>8.1} {:>8.1}", micros(median), micros(hundredth)));
    }
    // An assessment is the largest event: it holds every finding that progress is measured by.
    let before = replay(&log[..judged - 1]).expect("is legal").expect("is a goal");
    let mut folds: Vec<Duration> = (0..STEPS / 10)
        .map(|_| {
            let mut goal = before.clone();
            timed(|| goal.fold(&log[judged - 1]).expect("is legal"))
        })
        .collect();
    folds.sort_unstable();
    say(format!("{:<24} {:>8.1}", "fold: an assessment", micros(folds[folds.len() / 2])));
    let fold = (0..RUNS).map(|_| timed(|| replay(&log).expect("is legal"))).min().expect("runs");
    say(format!("{:<24} {:>8.1}", "fold: the whole log", micros(fold)));
    say(format!("{:<24} {:>8.1}", "fold: one event", micros(fold) / log.len() as f64));
    assert!(slowest <= STEP_MAX, "a step is too slow");
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let _result = std::hint::black_box(work());
    start.elapsed()
}

fn times(goal: &Goal, input: &Input) -> (Duration, Duration) {
    let mut times: Vec<Duration> =
        (0..STEPS).map(|_| timed(|| step(goal, input).expect("is not a command"))).collect();
    times.sort_unstable();
    (times[STEPS / 2], times[STEPS - STEPS / 100])
}

/// Turns that change the tree and are assessed, until there are enough events. The last one runs.
fn life() -> Vec<Recorded> {
    let mut log = vec![Recorded::new(1, Timestamp(1), Actor::Owner, created())];
    let mut goal = Goal::create(&log[0]).expect("is created");
    let can = Capabilities { tokens: true, tool_calls: true, ..Capabilities::default() };
    let attached =
        Event::Attached { process: 1, driver: "scripted".into(), capabilities: can, assurance: "L0".into() };
    let facts = Facts { idle_ms: u64::MAX, live: true, patient: true, ..Facts::default() };
    let mut input = Input::Attached(attached);
    let mut used = 0;
    while goal.seq < EVENTS || goal.turn.is_none() {
        assert!(goal.seq < 2 * EVENTS, "the life has turns");
        let next = step(&goal, &input).expect("is not a command");
        for (actor, event) in next.events {
            let recorded = Recorded::new(goal.seq + 1, Timestamp(goal.seq), actor, event);
            goal.fold(&recorded).expect("is legal");
            log.push(recorded);
        }
        input = match next.actions.first() {
            Some(Action::Begin(kind)) => Input::Beginning { kind: *kind, prompt: digest(3) },
            Some(Action::Assess(why, _)) => {
                Input::Assessed { assessed: Box::new(assessed(*why, goal.turns)), superseded: false }
            }
            _ if goal.turn.is_some() && used < 4 => {
                used += 1;
                Input::Used(Usage { output_tokens: 10, ..Usage::default() }, 1000)
            }
            _ if goal.turn.is_some() => {
                used = 0;
                ended()
            }
            _ => Input::Tick(facts),
        };
    }
    log
}

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn ended() -> Input {
    let message = "Some words.\n```evident\n{\"request\": \"none\", \"tried\": [\"this\", \"that\"]}\n```\n";
    Input::Ended {
        ending: Ending::Completed,
        message: message.repeat(20),
        stored: Some(digest(5)),
        tree: digest(9),
        tool_calls: Some(3),
    }
}

fn name(number: usize) -> String {
    format!("clause-{number}")
}

fn created() -> Event {
    let clause =
        |number| ClauseTerms { name: name(number), kind: ClauseKind::Criterion, on_fail: OnFail::Continue };
    let terms = Terms {
        clauses: (0..CLAUSES).map(clause).collect(),
        policy: Iteration { stall_turns: 0, idle_turns: 0, blocked_turns: 0, note: None },
        ..Terms::default()
    };
    Event::Created(Box::new(Created {
        id: "0".repeat(32),
        thread: "1".repeat(32),
        name: "bench".into(),
        objective: "Measure it.".into(),
        workspace: "/shop".into(),
        contract_path: "/shop/goal.toml".into(),
        contract: digest(1),
        terms,
    }))
}

/// As many findings as are ever compared, some of them new in each turn.
fn assessed(why: Why, turn: u32) -> Assessed {
    let clause = |number: usize| ClauseResult {
        name: name(number),
        kind: ClauseKind::Criterion,
        status: if number == 0 { ClauseStatus::Fail } else { ClauseStatus::Pass },
        reason: None,
        summary: "as it is".into(),
        asserted: false,
        doubts: Vec::new(),
        gaps: BTreeMap::from([("p95".to_owned(), Gap { beyond: 4.0, noise: 1.0 })]),
        attachments: Vec::new(),
    };
    let finding = |number: usize| format!("clause-0:{:064x}", number + 20 * turn as usize);
    Assessed {
        why,
        scope: Scope::All,
        assessment: digest(6),
        tree: digest(if turn.is_multiple_of(2) { 7 } else { 8 }),
        contract: digest(1),
        roll_up: RollUp::Unmet,
        clauses: (0..CLAUSES).map(clause).collect(),
        evidence: digest(10),
        fingerprints: (0..FINGERPRINTS_MAX).map(finding).collect(),
        fingerprints_cut: false,
        contract_edited: false,
        progress: Vec::new(),
    }
}

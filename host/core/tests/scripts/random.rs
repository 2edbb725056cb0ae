//! Random lives of goals: whatever comes in, in whatever order, some things never happen.

use evident_core::goal::budget;
use evident_core::goal::state::State;
use proptest::prelude::*;

use crate::player::Player;
use crate::read::Words;

/// Lives in every run; `PROPTEST_CASES` asks for more. One that fails is printed, and becomes a story.
const CASES: u32 = 400;

/// Every line that a story can have; many are nonsense where they come.
const LINES: &[&str] = &[
    "attach",
    "attach driver=other can=tokens",
    "tick",
    "tick idle=0s",
    "tick lost",
    "tick busy",
    "tick impatient",
    "tick silent=10m",
    "tick look=60s probe=60s wall=3650d",
    "begin",
    "taken",
    "used output=40 calls=1 wall=20s cost=30",
    "used output=1 wall=1s",
    "asked 1 -- git push",
    "asked 2 headless -- git push",
    "withdrawn 1",
    "planning on",
    "planning off",
    "ended tree=a calls=1",
    "ended tree=b calls=0",
    "ended calls=0",
    "ended interrupted",
    "ended tree=c calls=1 -- {\"request\": \"complete\"}",
    "ended calls=0 -- {\"request\": \"wait\", \"wait\": {\"every\": \"60s\", \"until\": \"2m\"}}",
    "ended calls=1 -- {\"request\": \"blocked\", \"blocker\": {\"kind\": \"key\", \"needs\": \"a key\"}}",
    "ended failed=unavailable",
    "ended failed=quota until=1h",
    "ended failed=flood",
    "not-begun exited",
    "looked-up",
    "looked-up unsent",
    "assessed correct=pass quiet=pass",
    "assessed correct=pass quiet=pass tree=old contract=contract",
    "assessed correct=pass",
    "assessed correct=fail quiet=pass f=a",
    "assessed correct=fail quiet=fail f=b,c",
    "assessed correct=undecided quiet=pass",
    "assessed quiet=pass constraints-only",
    "assessed correct=fail quiet=pass superseded",
    "looked 60s",
    "looked 60s fired",
    "looked 1s mark=a",
    "probed",
    "probed ok",
    "storage -- full",
    "pause",
    "pause now",
    "resume",
    "say -- Hello.",
    "say bytes=16000",
    "edit criteria=correct constraints=quiet:stop turns=6 tokens=300",
    "edit criteria=correct constraints=quiet turns=2 tokens=100 hold as=new",
    "wake every=60s until=2m",
    "wake files=*.log",
    "wake",
    "approve",
    "deny",
    "clear",
];

/// Those that carry a life on come more often.
fn line() -> impl Strategy<Value = &'static str> {
    let any = proptest::sample::select(LINES);
    let usual = proptest::sample::select(vec![
        "tick",
        "begin",
        "taken",
        "used output=40 calls=1 wall=20s cost=30",
        "ended tree=a calls=1",
        "ended tree=b calls=1",
        "assessed correct=fail quiet=pass f=a",
    ]);
    prop_oneof![2 => usual, 1 => any]
}

const CONTRACTS: &[&str] = &[
    "criteria=correct constraints=quiet",
    "criteria=correct constraints=quiet:stop turns=3 tokens=200 wall=2m approve=git+push usage-limit=1m",
    "criteria=correct constraints=quiet hold assess-on-request stall_turns=2 idle_turns=2 cost=100",
    "criteria=correct constraints=quiet tokens=100 unknown=stop turn_wall=30s blocked_turns=1 approve=* or-stop",
    "criteria=correct idle_turns=0 stall_turns=0 blocked_turns=0",
];

/// Plays a line; one that has no meaning where it comes is left out.
fn play(player: &mut Player, line: &str) {
    let before = player.goal.clone();
    let can_turn = budget::exhausted(&before).is_none();
    let Ok(told) = player.play(line) else { return };
    let goal = &player.goal;
    let overruns = before.turn.as_ref().is_some_and(|turn| turn.interrupted.is_none())
        && budget::cut_off(&before).is_some();
    let is_ended = told.iter().any(|line| line == "do interrupt" || line == "do look up");
    assert!(!(line == "tick" && overruns) || is_ended, "a turn goes on without budget: {told:?}");
    let is_new_turn = goal.turns > before.turns;
    let is_wrap_up = goal.wrapped_up && !before.wrapped_up;
    assert!(!is_new_turn || can_turn || is_wrap_up, "a turn began without budget: {line}");
    assert!(!is_new_turn || before.state == State::Active, "a turn began in {}", before.state);
    let completed = goal.state == State::Complete && before.state != State::Complete;
    assert!(!completed || (goal.is_met() && goal.turn.is_none()), "complete without evidence: {line}");
    if goal.state != before.state {
        assert!(
            goal.state == State::Active || !goal.detail.trim().is_empty(),
            "{} has no reason",
            goal.state
        );
    }
    let held = |goal: &evident_core::goal::Goal| {
        goal.messages.len() + goal.turn.as_ref().map_or(0, |turn| turn.messages.len())
    };
    assert!(held(goal) >= held(&before) || before.turn.is_some(), "a message is lost: {line}");
    assert!(goal.approvals.is_empty() || goal.turn.is_some(), "a question outlives its turn: {line}");
}

/// Once nothing goes wrong any more, a goal comes to an end that its owner can see.
fn settle(player: &mut Player) {
    for _ in 0..400 {
        let rested =
            |player: &Player| !matches!(player.goal.state, State::Active) && player.goal.turn.is_none();
        if rested(player)
            && player.play("tick impatient").expect("ticks").iter().any(|line| line == "do stop")
        {
            return;
        }
        let told = player.play("tick look=48h probe=60s wall=30000d").expect("ticks");
        let next = match told.iter().find_map(|line| line.strip_prefix("do ")) {
            Some(action) if action.starts_with("begin") => "begin",
            Some(action) if action.starts_with("assess") => "assessed correct=fail quiet=pass",
            Some("look") => "looked 48h",
            Some("probe") => "probed",
            Some("look up") => "looked-up",
            Some("stop") => return,
            _ if player.goal.turn.is_some() => "ended calls=1",
            _ if player.goal.planning && budget::exhausted(&player.goal).is_none() => "planning off",
            _ => continue,
        };
        player.play(next).expect("is an input");
    }
    panic!("the goal never rests: {} {:?}", player.goal.state, player.goal.due);
}

fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.max(CASES), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

    /// Catches an illegal transition, a turn without budget, a completion without evidence, a stop without a
    /// reason, a message that is lost, a log that gives another goal, and a state without a way out.
    #[test]
    fn whatever_comes_in(contract in proptest::sample::select(CONTRACTS), lines in prop::collection::vec(line(), 1..120)) {
        let mut player = Player::new(&mut Words::of(contract));
        player.play("attach").expect("attaches");
        for line in lines {
            play(&mut player, line);
        }
        player.prove();
        // Without a rule that stops, turns may go on for ever: that is what the contract says.
        if player.goal.terms.policy.stall_turns > 0 {
            settle(&mut player);
            player.prove();
        }
    }
}

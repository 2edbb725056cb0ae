//! Every command in every state, as one golden table: what happens, or why not.

use evident_core::goal::state::State;

use crate::player::Player;
use crate::read::Words;
use crate::{folder, golden};

/// The golden, beside the stories.
pub(crate) const FILE: &str = "every-command.table";

/// How a story comes to each state.
const WAYS: &[(&str, &[&str])] = &[
    ("active", &[]),
    ("active, a turn runs", &["tick", "begin", "taken"]),
    ("active, a turn asks", &["tick", "begin", "taken", "asked 1 -- git push"]),
    ("active, waiting", &["wake every=60s"]),
    ("paused", &["pause"]),
    ("paused, a turn runs", &["tick", "begin", "taken", "pause"]),
    ("usage-limited", &["tick", "begin", "ended failed=quota", "tick"]),
    ("budget-limited", &["edit turns=0 criteria=a", "tick", "assessed a=fail", "tick"]),
    ("complete", &["edit criteria=a", "tick", "assessed a=pass"]),
    ("cleared", &["clear"]),
    ("blocked(storage)", &["storage -- the disk is full"]),
    ("blocked(driver)", &["tick", "begin", "not-begun missing", "tick"]),
    ("blocked(idle)", &["tick", "begin", "ended calls=0", "tick", "assessed a=fail", "tick"]),
    (
        "blocked(stall)",
        &[
            "edit stall_turns=1 idle_turns=0 criteria=a",
            "tick",
            "assessed a=fail",
            "tick",
            "begin",
            "ended calls=1",
            "tick",
        ],
    ),
    (
        "blocked(blocker)",
        &[
            "edit approve=git+push or-stop criteria=a",
            "tick",
            "assessed a=fail",
            "tick",
            "begin",
            "asked 1 headless -- git push",
            "ended calls=1 interrupted",
        ],
    ),
    (
        "blocked(constraint)",
        &["edit criteria=a constraints=b:stop", "tick", "assessed a=pass b=fail", "tick"],
    ),
    ("blocked(wake-expired)", &["wake every=60s until=60s", "tick look=60s", "looked 60s"]),
    (
        "blocked(revoked)",
        &["edit criteria=a hold", "tick", "assessed a=pass", "attach", "tick", "assessed a=fail superseded"],
    ),
];

const COMMANDS: &[&str] = &[
    "pause",
    "pause now",
    "resume",
    "say -- hello",
    "edit turns=9 criteria=a",
    "wake every=60s",
    "wake",
    "approve",
    "deny",
    "clear",
];

fn player(way: &[&str]) -> Player {
    let mut words = Words::of("criteria=a approve=git+push");
    let mut player = Player::new(&mut words);
    for line in ["attach", "tick", "assessed a=fail"].iter().chain(way) {
        player.play(line).unwrap_or_else(|problem| panic!("{line}: {problem}"));
    }
    player
}

/// Catches a command that does something in a state where it must not, or nothing where it must.
#[test]
fn every_command_in_every_state() {
    let mut table = String::from("# Every command in every state: what follows, or why not.\n");
    for (name, way) in WAYS {
        let state = player(way).goal.state;
        assert_eq!(name.split(',').next(), Some(state.to_string().as_str()), "{name}");
        table += &format!("\n{name}\n");
        for command in COMMANDS {
            let mut player = player(way);
            let told = player.play(command).expect("is a command");
            player.prove();
            for (number, line) in told.iter().enumerate() {
                let head = if number == 0 { command } else { "" };
                table += format!("  {head:<26}{line}\n").as_str();
            }
        }
    }
    let shown =
        |state: &State| WAYS.iter().any(|(name, _)| name.split(',').next() == Some(&state.to_string()));
    let missing: Vec<State> = State::all().into_iter().filter(|state| !shown(state)).collect();
    assert_eq!(missing, [], "states that the table leaves out");
    if let Err(problem) = golden(&folder().join(FILE), &table) {
        panic!("{problem}\nBLESS=1 writes it again");
    }
}

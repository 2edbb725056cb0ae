//! `kill -9` of `evident run` at a random instant: what it told is stored, and the next host gets to the end.
//! `EVIDENT_SOAK=1` kills more often, `EVIDENT_SEED=N` begins with another sequence of instants.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use evident_core::goal::event::{Event, Recorded};
use evident_core::goal::state::State;
use evident_core::goal::{Goal, replay};
use evident_engine::goals::for_each;
use evident_engine::store::{Filter, Sqlite, Store};

use crate::reports::{GREEN, RED, contract};
use crate::workspace::Workspace;

/// Hosts that are killed in the plain run, and in the soak.
const ROUNDS: [u64; 2] = [150, 1000];

/// Time of the rounds of a plain run, on a machine that does other things: what is left out is told.
const PLAIN_TIME: Duration = Duration::from_secs(60);

/// Events of a run that nobody kills, at most: a kill comes after a random one of them.
const EVENTS: u64 = 16;

/// For a host to end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const SCRIPT: &str = r#"
version = 1

[[turn]]
say = "begun"
wait = "2ms"
edit = [{ path = "note.txt", write = "one" }]

[[turn]]
say = "half of it"
edit = [{ path = "note.txt", write = "two" }]

[[turn]]
times = 1000
say = """
done
```evident
{"request": "complete"}
```
"""
edit = [{ path = "report.xml", write = '<testsuite><testcase classname="cart" name="is_priced"/></testsuite>' }]
"#;

/// Catches an event that was told and is not stored, a log that cannot be gone on with, and a prompt that is
/// repeated without a mark or more often than hosts died.
#[test]
fn a_run_that_is_killed_loses_nothing_that_it_told() {
    let soaks = std::env::var_os("EVIDENT_SOAK").is_some();
    let rounds = ROUNDS[usize::from(soaks)];
    let mut chance = std::env::var("EVIDENT_SEED").map_or(1, |seed| seed.parse().unwrap_or(1));
    assert!(SCRIPT.contains(GREEN), "the script makes the report green");
    let workspace = Workspace::new(&contract(r#"run = ["cat", "report.xml"]"#));
    fs::write(workspace.outside("script.toml"), SCRIPT).expect("writes");
    let (began, mut done, mut killed) = (Instant::now(), 0, 0);
    for round in 0..rounds {
        if !soaks && began.elapsed() > PLAIN_TIME {
            break;
        }
        workspace.write("report.xml", RED);
        let instant = next(&mut chance);
        let (told, died) = kill(&workspace, instant % EVENTS, instant >> 48);
        // Where it was killed before there was a goal, the next run makes one.
        let told = [told, go_on(&workspace)].concat();
        check(&workspace.outside("state/goals"), &told, round);
        (done, killed) = (done + 1, killed + u64::from(died));
    }
    let said =
        format!("{killed} of {done} hosts were killed, of {rounds} planned, in {:?}\n", began.elapsed());
    std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).expect("stderr is open");
    assert!(killed * 3 > done * 2 && done > 20, "{said}");
}

fn next(chance: &mut u64) -> u64 {
    *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*chance ^ (*chance >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

fn arguments(workspace: &Workspace) -> Vec<String> {
    let script = format!("script:{}", workspace.outside("script.toml").display());
    let words = ["run", "--headless", "--no-wait", "--format", "jsonl", "--agent", &script];
    words.map(str::to_owned).to_vec()
}

/// Kills a run once it told so many events, and a moment later; gives what it told, and whether it still ran.
fn kill(workspace: &Workspace, events: u64, moment: u64) -> (Vec<Recorded>, bool) {
    let told = workspace.outside("told");
    let out = File::create(&told).expect("makes");
    let mut command = workspace.command(arguments(workspace));
    let mut host = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).spawn().expect("starts");
    let began = Instant::now();
    let lines = || fs::read(&told).expect("is there").iter().filter(|byte| **byte == b'\n').count() as u64;
    let mut ended = None;
    while lines() < events && ended.is_none() {
        assert!(began.elapsed() < PATIENCE, "the host neither tells nor ends");
        thread::yield_now();
        ended = host.try_wait().expect("is ours");
    }
    for _ in 0..moment % 200 {
        thread::yield_now();
    }
    host.kill().expect("is ours");
    let status = host.wait().expect("ends");
    let died = std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
    (events_of(&fs::read_to_string(&told).expect("is text")), died)
}

/// Runs the goal to its end.
fn go_on(workspace: &Workspace) -> Vec<Recorded> {
    let run = workspace.run(arguments(workspace));
    assert_eq!(run.exit, 0, "{run:#?}");
    events_of(&run.stdout)
}

/// The events of whole lines; the report at the end is none.
fn events_of(text: &str) -> Vec<Recorded> {
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn check(folder: &Path, told: &[Recorded], round: u64) {
    let store = Sqlite::open(folder).expect("opens");
    let heads = store.heads(Filter::All, None, 2).expect("can be read");
    let id = heads.first().expect("a goal was made").goal.id;
    let mut stored = Vec::new();
    for_each(&store, id, 0, |recorded| {
        stored.push(recorded);
        Ok(())
    })
    .expect("can be read");
    let seen = |recorded: &Recorded| stored.iter().any(|stored| stored == recorded);
    if let Some(before) = heads.get(1).filter(|_| !told.iter().all(seen)) {
        // Killed when it had told that the goal was complete: the next run made another one.
        for_each(&store, before.goal.id, 0, |recorded| {
            stored.push(recorded);
            Ok(())
        })
        .expect("can be read");
    }
    let lost = told.iter().find(|told| !stored.contains(told));
    assert_eq!(lost, None, "round {round}: an event was told and is not stored");
    assert!(store.verify(Some(id)).expect("can be read").is_sound(), "round {round}: the chain");
    let newest = stored.iter().take_while(|recorded| recorded.seq > 0);
    let log: Vec<&Recorded> = newest.scan(0, |last, recorded| in_order(last, recorded)).collect();
    let goal = replay(log.iter().copied()).expect("every event can follow").expect("it was created");
    assert_eq!(goal.state, State::Complete, "round {round}: {}", goal.detail);
    repeats(&goal, &log, round);
}

/// The events of the first log of two.
fn in_order<'a>(last: &mut u64, recorded: &'a Recorded) -> Option<&'a Recorded> {
    (recorded.seq > *last).then(|| {
        *last = recorded.seq;
        recorded
    })
}

/// One host died: one turn at most is lost, and the one after it is marked.
fn repeats(goal: &Goal, log: &[&Recorded], round: u64) {
    let is_lost = |recorded: &&Recorded| matches!(recorded.event, Event::TurnLost { unsent: false, .. });
    let starts = log.iter().filter_map(|recorded| match recorded.event {
        Event::TurnStarted { repeated, .. } => Some((recorded.seq, repeated)),
        _ => None,
    });
    let lost: Vec<u64> = log.iter().copied().filter(is_lost).map(|recorded| recorded.seq).collect();
    assert!(lost.len() <= 1, "round {round}: turns lost at {lost:?}");
    // Where the lost turn had done the work, none comes after it.
    let after = lost.first().and_then(|lost| starts.clone().find(|(seq, _)| seq > lost));
    let marked: Vec<_> = starts.filter(|(_, repeated)| *repeated).collect();
    let wanted: Vec<_> = after.map(|(seq, _)| (seq, true)).into_iter().collect();
    assert_eq!(marked, wanted, "round {round}: after {lost:?}, {} turns", goal.turns);
}

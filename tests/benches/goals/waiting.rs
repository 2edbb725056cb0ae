//! A thousand goals that wait in one engine: what each keeps in memory, and what all of them take of a core.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use evident_core::goal::event::Event;
use evident_engine::goals::{Manner, Notice, Observer};
use evident_engine::{Engine, Listener};
use tokio::task::JoinSet;

use crate::{Script, begin, engine};

/// Goals that are there before anything is measured: code, caches and threads are not theirs.
const BEFORE: usize = 20;

/// Goals that are measured.
const GOALS: usize = 1000;

/// Goals that begin at the same time.
const AT_ONCE: usize = 4;

/// Threads for blocking work end after ten seconds without any.
const REST: Duration = Duration::from_secs(12);

/// How long their time is measured, and how often.
const WINDOW: (Duration, usize) = (Duration::from_secs(10), 3);

/// What a waiting goal may keep, in bytes.
const BYTES_MAX: u64 = 64 << 10;

const CONTRACT: &str = r#"version = 1

[goal]
name = "waits"
objective = "Every test of the cart is green."

[evidence.suite]
files = ["report.xml"]

[criteria.correct]
checker  = "test-report"
evidence = "suite"

[boundary]
write = ["src/**"]
"#;

const RED: &str =
    "<testsuite><testcase name='is_priced'><failure message='expected 19, got 20'/></testcase></testsuite>\n";

/// What they wait for, in turn; an agent may ask for a day at most.
const WAITS: [&str; 3] =
    [r#"{"every": "12h"}"#, r#"{"files": ["inbox/*"], "every": "12h"}"#, r#"{"at": "2100-01-01T00:00:00Z"}"#];

/// Measures, and prints.
pub(crate) async fn measure(folder: &Path) {
    let engine = engine(folder);
    let mut waiting = Waiting { engine, folder: folder.to_owned(), tasks: JoinSet::new(), made: 0 };
    waiting.add(BEFORE).await;
    tokio::time::sleep(REST).await;
    let before = Memory::now();
    let began = Instant::now();
    waiting.add(GOALS).await;
    println!("{GOALS} goals began and wait after {:.1} s", began.elapsed().as_secs_f64());
    tokio::time::sleep(REST).await;
    let after = Memory::now();
    let each = |before: u64, after: u64| after.saturating_sub(before) / GOALS as u64;
    let (resident, anonymous) =
        (each(before.resident, after.resident), each(before.anonymous, after.anonymous));
    println!(
        "waiting goal: {:.1} KiB resident, {:.1} KiB of it anonymous (target: at most 64): {}",
        kibibytes(resident),
        kibibytes(anonymous),
        if resident <= BYTES_MAX { "met" } else { "missed" }
    );
    println!(
        "the process: {:.1} MiB resident, {:.1} MiB anonymous; {:.1} and {:.1} before them",
        kibibytes(after.resident) / 1024.0,
        kibibytes(after.anonymous) / 1024.0,
        kibibytes(before.resident) / 1024.0,
        kibibytes(before.anonymous) / 1024.0
    );
    let mut shares = Vec::new();
    for _ in 0..WINDOW.1 {
        let (used, began) = (processor_time(), Instant::now());
        tokio::time::sleep(WINDOW.0).await;
        shares.push(100.0 * (processor_time() - used).as_secs_f64() / began.elapsed().as_secs_f64());
    }
    assert_eq!(waiting.tasks.len(), BEFORE + GOALS, "a goal did not go on waiting");
    let most = shares.iter().copied().fold(0.0, f64::max);
    let told: Vec<String> = shares.iter().map(|share| format!("{share:.2} %")).collect();
    println!(
        "waiting goals together: {} of a core, over {:?} each (target: at most 1 %): {}",
        told.join(", "),
        WINDOW.0,
        if most <= 1.0 { "met" } else { "missed" }
    );
    waiting.tasks.shutdown().await;
}

/// Bytes as KiB.
fn kibibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

struct Waiting {
    engine: Engine,
    folder: PathBuf,
    tasks: JoinSet<()>,
    made: usize,
}

impl Waiting {
    /// Adds so many goals, and returns once all of them wait.
    async fn add(&mut self, count: usize) {
        let waiting = Arc::new(AtomicUsize::new(0));
        for number in 0..count {
            while number > waiting.load(Ordering::Acquire) + AT_ONCE {
                self.pause().await;
            }
            let workspace = self.folder.join(format!("work/{}", self.made));
            let wait = WAITS[self.made % WAITS.len()];
            self.made += 1;
            self.tasks.spawn(one(self.engine.clone(), workspace, wait, Arc::clone(&waiting)));
        }
        while waiting.load(Ordering::Acquire) < count {
            self.pause().await;
        }
    }

    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if let Some(ended) = self.tasks.try_join_next() {
            ended.expect("does not panic");
            panic!("a goal ended instead of waiting");
        }
    }
}

/// A workspace of its own, a goal in it, an agent that asks to wait, and then nothing.
async fn one(engine: Engine, workspace: PathBuf, wait: &'static str, waiting: Arc<AtomicUsize>) {
    fs::create_dir_all(workspace.join("src")).expect("can be made");
    for (name, text) in [("goal.toml", CONTRACT), ("report.xml", RED), ("src/cart.rs", "// prices\n")] {
        fs::write(workspace.join(name), text).expect("writes");
    }
    let script = workspace.with_extension("agent.toml");
    let block = format!("```evident\n{{\"request\": \"wait\", \"wait\": {wait}}}\n```");
    fs::write(&script, format!("version = 1\n[[turn]]\nsay = '''\nLater.\n{block}\n'''\n")).expect("writes");
    let drivers = Script { script, workspace: workspace.clone() };
    let running = begin(&engine, &workspace).await;
    // The first look at files is the mark that a change is measured against.
    let looks = wait.contains("files");
    let observer: Observer = Arc::new(move |_, notice| {
        let Notice::Recorded(recorded) = notice else { return };
        let rests = match &recorded.event {
            Event::Waiting { .. } => !looks,
            Event::Waited { .. } => looks,
            _ => false,
        };
        if rests {
            waiting.fetch_add(1, Ordering::Release);
        }
    });
    let listener: Listener = Arc::new(|_| {});
    let manner = Manner { attended: false, patient: true };
    running.drive(&drivers, manner, listener, observer, |_| {}).await.expect("waits");
}

/// Memory of this process, in bytes.
struct Memory {
    resident: u64,
    anonymous: u64,
}

impl Memory {
    fn now() -> Self {
        let text = fs::read_to_string("/proc/self/smaps_rollup").expect("Linux 4.14 or newer");
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says it");
            let kibibytes = line.trim().strip_suffix("kB").expect("in kB").trim();
            kibibytes.parse::<u64>().expect("a number") * 1024
        };
        Self { resident: field("Rss:"), anonymous: field("Anonymous:") }
    }
}

/// Time that this process has used, of every thread, user and system.
fn processor_time() -> Duration {
    /// Ticks of a second: fixed in what Linux tells processes (`USER_HZ`).
    const TICKS: u64 = 100;
    let text = fs::read_to_string("/proc/self/stat").expect("Linux");
    // The name, in parentheses, may hold blanks; what follows it are fields 3 and on (proc_pid_stat(5)).
    let fields: Vec<&str> = text.rsplit_once(')').expect("has a name").1.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

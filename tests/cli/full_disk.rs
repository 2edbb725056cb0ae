//! A disk of a few pages under the host's files: it neither spins nor ignores the owner, and where there is room
//! again, the goal goes on.
//!
//! A small disk is a tmpfs in a mount namespace of its own. Where that is not permitted, the tests say so and are
//! skipped.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::reports::{RED, contract};
use crate::workspace::Workspace;

/// Sizes of the disk, in KiB: below what a store takes, around each size of a ballast, and above what the turns write.
const SIZES: &[u64] = &[
    64, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288,
    16384, 20480,
];

/// Disks that are tried at the same time, on a machine with few cores.
const BESIDE: usize = 4;

/// In this time a host that has nothing to do uses next to nothing.
const WINDOW: Duration = Duration::from_secs(1);

/// What it may use in that window, beside what the machine makes of an idle runtime.
const IDLE_CPU: Duration = Duration::from_millis(150);

/// What the host itself uses in all, on a debug build.
const CPU_MAX: Duration = Duration::from_secs(5);

/// For a host to come to rest, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// From a signal to the end.
const SOON: Duration = Duration::from_secs(15);

/// Ticks of the clock in `/proc`, a second: fixed on Linux.
const TICKS: u64 = 100;

/// Bytes of evidence of one run, at most.
const NOISE_BYTES_MAX: u64 = 3_000_000;

const TERMS: &str = "\n[policy]\nstall_turns = 0\nidle_turns = 0\n";

/// An agent that says it is done, turn after turn, with a message of some KiB.
const CLAIMS: &str = r#"version = 1
[[turn]]
times = 100000
say = """
FILL
```evident
{"request": "complete"}
```
"""
"#;

/// A suite that is red and leaves an eighth of the disk as evidence, other bytes in each run.
fn goal() -> Workspace {
    let workspace = Workspace::empty();
    let noise = format!(
        "n=$(stat -f -c %b '{0}'); s=$(stat -f -c %S '{0}'); n=$((n * s / 8)); \
         [ $n -lt {NOISE_BYTES_MAX} ] || n={NOISE_BYTES_MAX}; head -c $n /dev/urandom > {{out}}/noise",
        workspace.outside("state/blobs").display()
    );
    let run = format!("run = [\"sh\", \"-c\", \"{noise}; cat report.xml\"]");
    let contract = contract(&run).replace("evidence = \"suite\"", "evidence = \"suite/stdout\"");
    workspace.write("report.xml", RED);
    fs::write(workspace.outside("agent.toml"), CLAIMS.replace("FILL", &"x".repeat(3000))).expect("writes");
    // Checkers are compiled once, not on each disk; here the disk is large.
    workspace.write("goal.toml", contract.replace(&noise, "true"));
    let run = workspace.run(["check"]);
    assert_eq!(run.exit, 1, "{run:#?}");
    workspace.write("goal.toml", contract + TERMS);
    workspace
}

/// Whether a disk can be made here.
fn can_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]).stderr(Stdio::null());
    let can = command.status().is_ok_and(|status| status.success());
    if !can {
        let _ = std::io::stderr().write_all(b"skipped: no file system can be mounted here\n");
    }
    can
}

/// A host on a small disk.
struct Host {
    child: Child,
    /// What it printed so far.
    told: Arc<Mutex<Vec<String>>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Host {
    /// Starts a run whose state folder is a tmpfs with these options; `before` is a shell command that runs there
    /// first.
    fn start(workspace: &Workspace, options: &str, before: &str) -> Self {
        let agent = format!("script:{}", workspace.outside("agent.toml").display());
        let host = workspace.command(["run", "--headless", "--format", "jsonl", "--agent", &agent]);
        // The key of the compiled checkers lies where the disk is going to be.
        let key = workspace.outside("key");
        fs::copy(workspace.outside("state/seal/key"), &key).expect("checkers were compiled");
        let script = format!(
            r#"mount -t tmpfs -o {options} tmpfs "$AT" && cd "$AT" || exit 9
               mkdir seal && cp "$KEY" seal/key; {before}; cd "$HERE" && exec "$0" "$@""#
        );
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &script]).arg(host.get_program()).args(host.get_args());
        command.env_clear();
        for (name, value) in host.get_envs() {
            command.env(name, value.expect("is set"));
        }
        command.env("KEY", key).env("AT", workspace.outside("state")).env("HERE", workspace.folder());
        // Turns follow each other at once: the disk is to be full soon.
        command.env("EVIDENT_UNDEFENDED", "back-off");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("unshare runs");
        let told = Arc::new(Mutex::new(Vec::new()));
        let (heard, out) = (Arc::clone(&told), child.stdout.take().expect("is piped"));
        let reader = thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                heard.lock().expect("no reader panics").push(line);
            }
        });
        Self { child, told, reader: Some(reader) }
    }

    fn has_told(&self, what: &str) -> bool {
        self.told.lock().expect("no reader panics").iter().any(|line| line.contains(what))
    }

    /// What the process used itself, in user and system mode.
    fn cpu(&self) -> Duration {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("is not buried yet");
        let after_name = text.rsplit_once(") ").expect("has a name").1;
        let fields: Vec<&str> = after_name.split(' ').collect();
        // Fields 14 and 15 of proc_pid_stat(5), of which two stand before the name's end.
        let ticks: u64 =
            [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(ticks * 1000 / TICKS)
    }

    fn has_ended(&self) -> bool {
        // Not buried: its times are still to be read.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), options).expect("is ours").is_some()
    }

    /// Waits until it ended, or tells nothing and uses next to nothing for a while; gives whether it ended.
    fn comes_to_rest(&self) -> bool {
        let began = Instant::now();
        let lines = || self.told.lock().expect("no reader panics").len();
        loop {
            let before = (self.cpu(), lines());
            // What works for it, such as the suite, is not counted: it may take its time.
            let windows = if self.has_told("\"storage\"") { 1 } else { 3 };
            let until = Instant::now() + WINDOW * windows;
            while Instant::now() < until {
                if self.has_ended() {
                    return true;
                }
                thread::sleep(Duration::from_millis(20));
            }
            let used = self.cpu().saturating_sub(before.0);
            if used < IDLE_CPU && lines() == before.1 && self.has_told("attached") {
                return false;
            }
            assert!(began.elapsed() < PATIENCE, "it does not come to rest: {:?}", self.said());
        }
    }

    fn said(&self) -> Vec<String> {
        let told = self.told.lock().expect("no reader panics");
        told.iter().rev().take(5).map(|line| line.chars().take(300).collect()).collect()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("still runs");
    }

    /// Waits for its end; gives what it used and its exit code.
    fn end(mut self) -> (Duration, Option<i32>, String) {
        let asked = Instant::now();
        while !self.has_ended() {
            assert!(asked.elapsed() < SOON, "it does not end: {:?}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
        let used = self.cpu();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().expect("is piped"), &mut said)
            .expect("is text");
        let status = self.child.wait().expect("ends");
        self.reader.take().expect("reads").join().expect("ends");
        (used, status.code(), said)
    }
}

/// A path of the small disk, as the host sees it.
fn inside(host: &Host, path: &Path) -> PathBuf {
    Path::new("/proc")
        .join(host.child.id().to_string())
        .join("root")
        .join(path.strip_prefix("/").expect("is absolute"))
}

/// One disk: comes to rest, hears the first signal, and has not spun until then.
fn tried(workspace: &Workspace, [name, options, before]: &[String; 3]) -> String {
    let host = Host::start(workspace, options, before);
    let ended = host.comes_to_rest();
    let blocked = host.has_told("\"storage\"");
    if !ended {
        host.signal(Signal::TERM);
    }
    let (used, code, said) = host.end();
    assert!(matches!(code, Some(4 | 5 | 130)), "{name}: exit {code:?}: {said}");
    assert!(!said.contains("panicked"), "{name}: {said}");
    assert!(used < CPU_MAX, "{name}: {used:?}");
    format!(
        "{name}: {}, blocked {blocked}, exit {code:?}, {used:?}\n",
        if ended { "ended" } else { "waited" }
    )
}

/// Catches a host that spins on a full disk, and one that hears no signal there.
#[test]
fn no_disk_is_too_small_to_end() {
    if !can_mount() {
        return;
    }
    let sized = SIZES.iter().map(|kib| [format!("{kib} KiB"), format!("size={kib}k"), "true".to_owned()]);
    let mut disks: Vec<[String; 3]> = sized.collect();
    for inodes in [8, 16, 24, 40, 80] {
        disks.push([format!("{inodes} inodes"), format!("size=64m,nr_inodes={inodes}"), "true".to_owned()]);
    }
    for kib in [256, 2048] {
        let blobs = format!("mkdir blobs; mount -t tmpfs -o size={kib}k tmpfs blobs");
        disks.push([format!("blobs of {kib} KiB"), "size=64m".to_owned(), blobs]);
    }
    let workspace = goal();
    let next = AtomicUsize::new(0);
    let some = || {
        while let Some(disk) = disks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let told = tried(&workspace, disk);
            std::io::stderr().write_all(told.as_bytes()).expect("stderr is open");
        }
    };
    thread::scope(|scope| {
        for _ in 0..BESIDE {
            scope.spawn(some);
        }
    });
}

/// Catches a goal that stays blocked when there is room again.
#[test]
fn a_goal_goes_on_when_there_is_room_again() {
    if !can_mount() {
        return;
    }
    let workspace = goal();
    // Most of the disk is taken by somebody else.
    let host = Host::start(&workspace, "size=24m", "head -c 12m /dev/zero > filler");
    assert!(!host.comes_to_rest(), "{:?}", host.said());
    assert!(host.has_told("\"storage\""), "{:?}", host.said());
    fs::remove_file(inside(&host, &workspace.outside("state/filler"))).expect("is there");
    let began = Instant::now();
    while !host.has_told("what kept it from going on is gone") {
        assert!(began.elapsed() < PATIENCE, "{:?}", host.said());
        thread::sleep(Duration::from_millis(100));
    }
    host.signal(Signal::TERM);
    let (_, code, said) = host.end();
    assert!(matches!(code, Some(4 | 130)), "{code:?}: {said}");
}

//! Catalogue A of `docs/threats.md`: a hostile checker. Each case by its number, and again with its defence
//! off, to see that the attack succeeds then and that nothing else stood in its way.

use std::thread;
use std::time::{Duration, Instant};

use evident_core::contract::Wasi;
use evident_core::defence::{Defence, without};
use evident_core::outcome::{FaultClass, Reason, Status};
use evident_sandbox::{Bound, Checked, Checker, Limits};
use evident_tests::{
    Case, SANDBOX, Store, alone, beside_others, guest, hostile, limits, load, load_as, load_builtin,
};

use crate::compile;

/// Time beyond a deadline that a debug build on a loaded machine may take.
const MARGIN: Duration = Duration::from_secs(2);

/// Host memory beside the guest's own, in a process that runs other tests too.
const MARGIN_BYTES: u64 = 160 << 20;

const MIB: u64 = 1 << 20;

fn of(component: &[u8]) -> Checker {
    let _beside_others = beside_others();
    SANDBOX.load(component, Wasi::None).unwrap_or_else(|fault| panic!("is refused: {fault:?}"))
}

fn check(checker: &Checker, limits: Limits) -> Checked {
    Store::default().check_bound(checker, "{}", Vec::new(), limits)
}

fn lowered(fuel: Option<u64>, wall_ms: Option<u64>, memory_bytes: Option<u64>) -> Limits {
    limits(0).lowered(fuel, wall_ms.map(Duration::from_millis), memory_bytes)
}

#[track_caller]
fn stopped(checked: &Checked, class: FaultClass) {
    assert_eq!(checked.outcome.status, Status::Inconclusive(Reason::Fault(class)), "{:?}", checked.fault);
}

/// A check that never ends: by the clock, then by its work.
#[track_caller]
fn never_ends(checker: &Checker) {
    let by_clock = lowered(None, Some(100), None);
    let started = Instant::now();
    stopped(&check(checker, by_clock), FaultClass::Deadline);
    assert!(started.elapsed() < Duration::from_millis(100) + MARGIN, "{:?}", started.elapsed());
    let by_work = lowered(Some(10_000_000), None, None);
    let checked = check(checker, by_work);
    stopped(&checked, FaultClass::Fuel);
    assert_eq!(checked.usage.fuel, 10_000_000);
    // Without the one, only the other ends it.
    let both = lowered(Some(1_000_000_000), Some(1), None);
    let late = without(Defence::Deadline, || check(checker, both));
    stopped(&late, FaultClass::Fuel);
    assert!(late.usage.wall_us > 10_000, "ran beyond its millisecond: {} us", late.usage.wall_us);
    let both = lowered(Some(1_000_000), Some(100), None);
    let spent = without(Defence::Fuel, || check(checker, both));
    stopped(&spent, FaultClass::Deadline);
    assert!(spent.usage.fuel > 1_000_000, "{}", spent.usage.fuel);
}

#[test]
fn a01_infinite_loop() {
    never_ends(&load("spin"));
}

/// The loop is in a start function, so it runs before anything can be called.
#[test]
fn a02_infinite_loop_at_start() {
    never_ends(&of(&hostile::spin_at_start()));
}

#[test]
fn a04_memory() {
    let growing = of(&hostile::memory_at_start(64));
    let little = lowered(None, None, Some(16 * MIB));
    let checked = check(&growing, little);
    stopped(&checked, FaultClass::Memory);
    assert!(checked.usage.memory_bytes <= 16 * MIB);
    let checked = without(Defence::Memory, || check(&growing, little));
    assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    assert!(checked.usage.memory_bytes > 64 * MIB, "{}", checked.usage.memory_bytes);
    // One that writes to all that it takes, for ever: what the host gave, it gets back.
    let checker = load("memory_growth");
    let (checked, cost) = alone(|| check(&checker, lowered(None, None, Some(64 * MIB))));
    stopped(&checked, FaultClass::Memory);
    assert!(cost.peak_bytes > 32 * MIB && cost.peak_bytes < 64 * MIB + MARGIN_BYTES, "{cost:?}");
    assert!(cost.kept_bytes < 32 * MIB, "{cost:?}");
}

#[test]
fn a04_table() {
    let growing = of(&hostile::table_at_start(300));
    let checked = check(&growing, limits(0));
    stopped(&checked, FaultClass::Memory);
    assert_eq!(checked.outcome.summary, "asked for more than 200000 table elements");
    let checked = without(Defence::Tables, || check(&growing, limits(0)));
    assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    let fits = check(&of(&hostile::table_at_start(100)), limits(0));
    assert_eq!(fits.outcome.status, Status::Pass, "{:?}", fits.fault);
}

#[test]
fn a04_instances() {
    let crowd = of(&hostile::instances(100));
    let checked = check(&crowd, limits(0));
    stopped(&checked, FaultClass::Memory);
    assert_eq!(checked.outcome.summary, "asked for more than 64 instances, memories or tables");
    let checked = without(Defence::Instances, || check(&crowd, limits(0)));
    assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    let million = hostile::instances(1_000_000);
    let (refused, cost) = alone(|| SANDBOX.load(&million, Wasi::None).err().expect("is refused"));
    assert_eq!(refused.class, FaultClass::BadArtifact);
    assert!(cost.peak_bytes < MARGIN_BYTES && cost.elapsed < 5 * MARGIN, "{cost:?}");
}

#[test]
fn a06_huge_answer() {
    let checker = load("return_huge");
    let (checked, cost) = alone(|| check(&checker, limits(0)));
    stopped(&checked, FaultClass::OutputCap);
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
    let (checked, cost) = alone(|| without(Defence::CallBytes, || check(&checker, limits(0))));
    // Once the host has it all, the guest is to free each piece, and it had only one.
    stopped(&checked, FaultClass::Trap);
    assert!(cost.peak_bytes > 512 * MIB, "the host holds what it was handed: {cost:?}");
}

#[test]
fn a06_output_floods() {
    let said = |name: &str| {
        let checked = check(&load(name), limits(0));
        let outcome = &checked.outcome;
        (outcome.findings.len(), outcome.metrics.len(), outcome.attachments.len(), checked.log.len())
    };
    let undefended = |name: &str| without(Defence::OutputCaps, || said(name));
    assert_eq!((said("finding_flood").0, undefended("finding_flood").0), (10_000, 20_113));
    assert_eq!(said("metric_flood").1, 256);
    assert!(undefended("metric_flood").1 > 256);
    assert_eq!((said("attachments_many").2, undefended("attachments_many").2), (32, 1000));
    assert!(said("log_flood").3 < (256 << 10) + 100);
    assert!(undefended("log_flood").3 > 300 << 10);
}

/// The guest works next to nothing and hands over 5 GB: it pays for that, in fuel and in time.
#[test]
fn a06_host_calls() {
    let checker = load("log_huge");
    let by_clock = lowered(None, Some(100), None);
    let started = Instant::now();
    stopped(&check(&checker, by_clock), FaultClass::Deadline);
    assert!(started.elapsed() < Duration::from_millis(100) + MARGIN, "{:?}", started.elapsed());
    let by_work = lowered(Some(500_000_000), None, None);
    stopped(&check(&checker, by_work), FaultClass::Fuel);
    let both = lowered(Some(500_000_000), Some(100), None);
    let late = without(Defence::Crossing, || check(&checker, both));
    assert_eq!(late.outcome.status, Status::Pass, "{:?}", late.fault);
    assert!(late.usage.wall_us > 200_000, "ran beyond its 100 ms: {} us", late.usage.wall_us);
    assert!(late.usage.fuel < 50_000_000, "{}", late.usage.fuel);
}

/// What compiled code asks of the runtime costs no fuel either: strings of 16 MiB between two components.
#[test]
fn a06_strings_between_components() {
    let checker = of(&hostile::strings_at_start(60));
    let little_time = lowered(None, Some(100), None);
    let started = Instant::now();
    stopped(&check(&checker, little_time), FaultClass::Deadline);
    assert!(started.elapsed() < Duration::from_millis(100) + MARGIN, "{:?}", started.elapsed());
    let late = without(Defence::Crossing, || check(&checker, little_time));
    assert_eq!(late.outcome.status, Status::Pass, "{:?}", late.fault);
    assert!(late.usage.wall_us > 200_000, "ran beyond its 100 ms: {} us", late.usage.wall_us);
}

#[test]
fn a06_handles() {
    let checker = load("handle_flood");
    let some_work = lowered(Some(3_000_000), None, None);
    let bound = || {
        let store = Store::default();
        vec![Bound { slot: "file".into(), inputs: vec![store.input("file.txt", b"evidence")] }]
    };
    let store = Store::default();
    let checked = store.check_bound(&checker, "{}", bound(), some_work);
    stopped(&checked, FaultClass::Memory);
    assert_eq!(checked.outcome.summary, "holds more than 1024 handles");
    let checked = without(Defence::Handles, || store.check_bound(&checker, "{}", bound(), some_work));
    stopped(&checked, FaultClass::Fuel);
}

#[test]
fn a07_recursion() {
    let checked = check(&load("recursion"), limits(0));
    stopped(&checked, FaultClass::Stack);
}

/// The parser calls itself for each level: no bound, no host.
#[test]
fn a07_nested_types() {
    assert_eq!(hostile::nested_types(60), hostile::nested_types_encoded(60), "is written as it should be");
    assert_eq!(check(&of(&hostile::nested_types(60)), limits(0)).outcome.status, Status::Pass);
    let too_deep = "its components or types are nested more than 100 deep";
    for depth in [200, 10_000, 1_000_000] {
        let refused = SANDBOX.load(&hostile::nested_types(depth), Wasi::None).err().expect("is refused");
        assert_eq!((refused.class, refused.message.as_str()), (FaultClass::BadArtifact, too_deep), "{depth}");
    }
    let deep = hostile::nested_types(1_000_000);
    let (answer, _) = compile::apart(&deep, None);
    assert_eq!(answer.as_deref(), Some(format!("bad-artifact: {too_deep}").as_str()));
    let (answer, status) = compile::apart(&deep, Some(Defence::Nesting));
    assert!(answer.is_none() && status.code().is_none(), "without it the process is gone: {status}");
}

#[test]
fn a07_nested_components() {
    assert_eq!(check(&of(&hostile::nested_components(60)), limits(0)).outcome.status, Status::Pass);
    let deep = SANDBOX.load(&hostile::nested_components(10_000), Wasi::None).err().expect("is refused");
    let too_deep = "its components or types are nested more than 100 deep";
    assert_eq!((deep.class, deep.message.as_str()), (FaultClass::BadArtifact, too_deep));
}

/// A guest that fills its memory with a secret, ten thousand times: none sees one of another.
#[test]
fn a09_memory_of_a_predecessor() {
    let checker = load("secret");
    let store = Store::default();
    for run in 0..10_000 {
        let checked = store.check_bound(&checker, "{}", Vec::new(), limits(0));
        assert_eq!(checked.outcome.status, Status::Pass, "run {run}: {}", checked.outcome.summary);
        assert_eq!(checked.outcome.summary, "saw 0 words that were not 0");
    }
}

/// Every name stands in the refusal. Without the check of names the component is compiled, and only the
/// linker, which has none of these either, stops it.
#[test]
fn a10_foreign_imports() {
    let effects = ["wasi:filesystem/types@0.2.0", "wasi:cli/environment@0.2.0"];
    let foreign = ["wasi:sockets/tcp@0.2.0", "wasi:http/types@0.2.0", "evil:corporation/backdoor@1.0.0"];
    let all = hostile::imports(&[effects.as_slice(), &foreign].concat());
    let refused = |profile| SANDBOX.load(&all, profile).err().expect("is refused");
    let none = refused(Wasi::None);
    let expected = format!(
        "imports {}, {}, which the profile `none` does not link",
        effects.join(", "),
        foreign.join(", ")
    );
    assert_eq!((none.class, none.message), (FaultClass::Link, expected));
    let inert = refused(Wasi::Inert);
    let expected = format!("imports {}, which the profile `inert` does not link", foreign.join(", "));
    assert_eq!((inert.class, inert.message), (FaultClass::Link, expected));
    let further = without(Defence::Imports, || refused(Wasi::None));
    assert!(further.message.starts_with("does not link: "), "got as far as the linker: {}", further.message);
    for name in ["sockets", "http", "foreign_import", "ambient"] {
        let refused = SANDBOX.load(guest(name), Wasi::None).err().expect("is refused");
        assert_eq!(refused.class, FaultClass::Link, "{name}");
    }
}

/// A host that says nothing of an effect: the clock stands, the environment is empty.
#[test]
fn a10_inert_is_without_effect() {
    let checked = check(&load_as("ambient", Wasi::Inert), limits(0));
    assert!(checked.outcome.summary.starts_with("environment [] arguments [] folder None wall 0.0 "));
}

/// A thousand times, on ten threads: the same outcome bytes, the same fuel.
#[test]
fn a13_same_inputs_same_answer() {
    const REPORT: &[u8] =
        b"<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>";
    let checker = load_builtin("test-report");
    let answer = || {
        let checked = Store::default().judge(&checker, Case::new(&[("report.xml", REPORT)]));
        assert_eq!(checked.outcome.status, Status::Fail, "{:?}", checked.fault);
        (serde_json::to_vec(&checked.outcome).unwrap(), checked.usage.fuel, checked.usage.memory_bytes)
    };
    let first = answer();
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..10).map(|_| scope.spawn(|| (0..100).filter(|_| answer() == first).count())).collect();
        let same: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(same, 1000);
    });
}

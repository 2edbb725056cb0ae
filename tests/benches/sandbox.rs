//! Benchmarks of the sandbox, each beside its own baseline from the same run. After criterion's own
//! report, prints the ratios that `BENCHMARKS.md` keeps.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use evident_checker::testing;
use evident_core::outcome::{FaultClass, Reason, Status};
use evident_sandbox::Bound;
use evident_tests::{Store, guest, limits, load, load_builtin};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store as RawStore};

/// The baseline speaks to wasmtime without any code of ours.
mod raw {
    #![allow(missing_docs, unreachable_pub, reason = "generated from the WIT package")]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "checker-component",
        exports: { default: async },
    });
}

#[path = "sandbox/cold.rs"]
mod cold;

fn main() {
    let mut criterion = Criterion::default().output_directory(&figures()).configure_from_args();
    fresh_instance(&mut criterion);
    junit(&mut criterion);
    read_at(&mut criterion);
    criterion.final_summary();
    print_ratios();
    deadline();
    cold::print();
}

/// A fresh store, an instance, one call and their end, against the same by hand.
fn fresh_instance(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fresh-instance");
    let checker = load("spin");
    group.bench_function("evident", |bencher| bencher.iter(|| checker.validate("{}").expect("answers")));
    let engine = raw_engine();
    let component = Component::from_binary(&engine, guest("spin")).expect("compiles");
    let mut linker: Linker<wasmtime::StoreLimits> = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component).expect("links");
    let pre = linker.instantiate_pre(&component).expect("links");
    let pre = raw::CheckerComponentPre::new(pre).expect("is a checker");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("builds");
    group.bench_function("baseline", |bencher| {
        bencher.iter(|| {
            let limits = wasmtime::StoreLimitsBuilder::new().memory_size(256 << 20).build();
            let mut store = RawStore::new(&engine, limits);
            store.limiter(|limits| limits);
            store.set_hostcall_fuel(8 << 20);
            store.set_fuel(500_000_000).expect("meters");
            store.fuel_async_yield_interval(Some(500_000)).expect("meters");
            runtime.block_on(async {
                let instance = pre.instantiate_async(&mut store).await.expect("instantiates");
                let problems = instance.evident_checker_checker().call_validate(&mut store, "{}").await;
                black_box(problems.expect("answers"));
            });
        });
    });
    group.finish();
}

/// The sandbox's own configuration, so that only the host's code differs.
pub(crate) fn raw_engine() -> Engine {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false)
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20);
    Engine::new(&config).expect("WebAssembly runs here")
}

/// A warm check of a 1 MiB JUnit report, against the same code native and against a script.
fn junit(criterion: &mut Criterion) {
    let report = junit_report(1 << 20);
    let store = Store::default();
    let checker = load_builtin("test-report");
    let mut group = criterion.benchmark_group("junit-1mib");
    group.throughput(Throughput::Bytes(report.len() as u64)).sample_size(30);
    group.bench_function("evident", |bencher| {
        let input = store.input("report.xml", &report);
        bencher.iter(|| {
            let bound = vec![Bound { slot: "report".into(), inputs: vec![input.clone()] }];
            let checked = store.check_bound(&checker, "{}", bound, limits(report.len() as u64));
            assert_eq!(checked.outcome.status, Status::Pass, "{}", checked.outcome.summary);
        });
    });
    group.bench_function("native", |bencher| {
        bencher.iter(|| {
            let mut evidence = evident_checker::Evidence::new();
            evidence.bind("report", [testing::artifact("report.xml", &report)]);
            let (outcome, _) = testing::check::<evident_test_report::TestReport>("{}", &evidence);
            assert_eq!(outcome.expect("answers").status, evident_checker::Status::Pass);
        });
    });
    if let Some(python) = python() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), &report).expect("writes");
        group.sample_size(10);
        group.bench_function("python", |bencher| {
            bencher.iter(|| {
                let script = "import sys, xml.etree.ElementTree as tree\n\
                              cases = list(tree.parse(sys.argv[1]).iter('testcase'))\n\
                              failed = [c for c in cases if c.find('failure') is not None]\n\
                              sys.exit(1 if failed or not cases else 0)";
                let status = Command::new(&python).args(["-c", script]).arg(file.path()).status();
                assert!(status.expect("runs").success());
            });
        });
    }
    group.finish();
}

/// The interpreter itself: a shim before it would make the script look slower than it is.
fn python() -> Option<PathBuf> {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn junit_report(bytes: usize) -> Vec<u8> {
    let mut cases = String::new();
    let mut count = 0;
    while cases.len() < bytes {
        cases += &format!(
            "    <testcase classname=\"shop.checkout.CartTest{}\" name=\"prices a cart with {count} lines\" \
             file=\"src/test/cart.rs\" line=\"{count}\" time=\"0.00{}\"/>\n",
            count % 40,
            count % 10
        );
        count += 1;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"cart\" tests=\"{count}\" \
         failures=\"0\" errors=\"0\" skipped=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
    .into_bytes()
}

/// Reads of 256 KiB through the sandbox, against the same reads by the host itself.
fn read_at(criterion: &mut Criterion) {
    const SIZE: usize = 256 << 20;
    let store = Store::default();
    let input = store.input("large.bin", &vec![7; SIZE]);
    let checker = load("read_whole");
    let mut group = criterion.benchmark_group("read-at-256kib");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(10);
    group.bench_function("evident", |bencher| {
        bencher.iter(|| {
            let bound = vec![Bound { slot: "file".into(), inputs: vec![input.clone()] }];
            let checked = store.check_bound(&checker, "{}", bound, limits(SIZE as u64));
            assert_eq!(checked.outcome.examined.count, SIZE as u64, "{:?}", checked.fault);
        });
    });
    let file = Arc::clone(&input.file);
    group.bench_function("baseline", |bencher| {
        let mut buffer = vec![0; 256 << 10];
        bencher.iter(|| {
            let mut offset = 0;
            while offset < SIZE as u64 {
                file.read_exact_at(&mut buffer, offset).expect("reads");
                black_box(&buffer);
                offset += buffer.len() as u64;
            }
        });
    });
    group.finish();
}

/// How long after its deadline a spinning guest is stopped. A figure of its own: no baseline can spin.
fn deadline() {
    const DEADLINE: Duration = Duration::from_millis(50);
    let store = Store::default();
    let checker = load("spin");
    let mut late: Vec<Duration> = (0..20)
        .map(|_| {
            let limits = limits(0).lowered(None, Some(DEADLINE), None);
            let started = Instant::now();
            let checked = store.check_bound(&checker, "{}", Vec::new(), limits);
            let took = started.elapsed();
            assert_eq!(checked.outcome.status, Status::Inconclusive(Reason::Fault(FaultClass::Deadline)));
            took.saturating_sub(DEADLINE)
        })
        .collect();
    late.sort();
    println!("deadline: stopped {:?} late at the median, {:?} at the most (20 runs)", late[10], late[19]);
}

fn print_ratios() {
    let rows = [
        ("fresh-instance", "evident", "baseline", "x raw wasmtime with the same limits"),
        ("junit-1mib", "evident", "native", "x the same code native"),
        ("junit-1mib", "python", "evident", "x faster than a Python script process"),
        ("read-at-256kib", "evident", "baseline", "x the host's own reads"),
    ];
    println!();
    for (group, numerator, denominator, words) in rows {
        let (Some(above), Some(below)) = (median(group, numerator), median(group, denominator)) else {
            continue;
        };
        println!("{group}: {:.2} {words} ({} / {})", above / below, show(above), show(below));
    }
    if let Some(nanoseconds) = median("read-at-256kib", "evident") {
        println!("read-at-256kib: {:.1} GiB/s", 0.25 / (nanoseconds / 1e9));
    }
}

fn show(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 1e6 => format!("{:.1} us", short / 1e3),
        long => format!("{:.2} ms", long / 1e6),
    }
}

/// Where criterion stores what it measured, so that the ratios are those of this run.
fn figures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/criterion")
}

/// The median that criterion has just stored, in nanoseconds.
fn median(group: &str, name: &str) -> Option<f64> {
    let estimates = fs::read(figures().join(group).join(name).join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_slice(&estimates).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

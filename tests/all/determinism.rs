//! Same component, config and evidence: same outcome bytes, same fuel, on any number of threads.

use std::thread;

use evident_tests::{Case, Store, load_builtin};

const REPORT: &[u8] = b"<testsuite name='suite'><testcase name='a' time='0.5'/><testcase name='b'>\
    <failure message='b is not a'>at b.rs:7</failure></testcase><testcase name='c'><skipped/></testcase></testsuite>";

/// Enough samples that the bootstrap, which draws random numbers, has work to do.
fn samples(centre: u32) -> Vec<u8> {
    let figures: Vec<String> =
        (0..40_u32).map(|number| format!("{}.{}", centre + number * 7919 % 11, number)).collect();
    format!(r#"{{"name":"checkout","unit":"ms","samples":[{}]}}"#, figures.join(",")).into_bytes()
}

/// Name and bytes of each artifact.
type Files<'a> = &'a [(&'a str, &'a [u8])];

/// Catches a map in the order of its hashes, a random seed, and a figure that depends on the machine.
#[test]
fn a_check_a_hundred_times_on_one_thread_and_on_eight() {
    let figures = samples(100);
    let cases: [(&str, &str, Files<'_>); 3] = [
        ("test-report", "{}", &[("report.xml", REPORT), ("stdout", b"running 1 test\ntest x ... ok\n")]),
        ("benchmark", r#"{"metric":"p95","max":"120 ms"}"#, &[("bench.json", &figures)]),
        ("benchmark", r#"{"metric":"mean","max":"104.5 ms"}"#, &[("bench.json", &figures)]),
    ];
    for (name, config, files) in cases {
        let checker = load_builtin(name);
        let store = Store::default();
        let case = Case::new(files).config(config);
        let answer = || {
            let checked = store.judge(&checker, case);
            assert!(checked.fault.is_none(), "{:?}", checked.fault);
            (serde_json::to_string(&checked.outcome).unwrap(), checked.usage.fuel, checked.usage.memory_bytes)
        };
        let first = answer();
        assert!(first.1 > 0);
        for _ in 0..100 {
            assert_eq!(answer(), first, "{name} on one thread");
        }
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| (0..13).map(|_| answer()).collect::<Vec<_>>())).collect();
            for thread in threads {
                assert!(
                    thread.join().unwrap().iter().all(|other| *other == first),
                    "{name} on eight threads"
                );
            }
        });
    }
}

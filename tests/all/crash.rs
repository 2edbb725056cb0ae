//! A panic of the host inside a check. A guest cannot cause one; a caller's own callback can.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evident_core::contract::Wasi;
use evident_core::defence::{Defence, without};
use evident_core::outcome::{FaultClass, Reason, Status};
use evident_sandbox::{Checked, Checker, Request, Sandbox};
use evident_tests::{Store, guest, limits};

fn check(checker: &Checker, panics: bool) -> Checked {
    let progress: evident_sandbox::Progress = Arc::new(move |_, _| assert!(!panics, "a mistake of the host"));
    checker.check(Request {
        config: "{}".into(),
        bound: Vec::new(),
        limits: limits(0),
        blobs: Store::default().blobs,
        progress: Some(progress),
    })
}

#[test]
fn a_panic_ends_the_check_and_the_sandbox() {
    let sandbox = Sandbox::new().unwrap();
    let checker = sandbox.load(guest("progresses"), Wasi::None).unwrap();
    let other = sandbox.load(guest("remembers"), Wasi::None).unwrap();
    assert_eq!(check(&checker, false).outcome.status, Status::Pass);
    assert!(!sandbox.crashed());
    let crashed = Status::Inconclusive(Reason::Fault(FaultClass::WorkerCrash));
    let checked = check(&checker, true);
    assert_eq!(checked.outcome.status, crashed);
    let message = "the host panicked while this checker ran, which is a fault of the host";
    assert_eq!(checked.outcome.summary, message);
    assert_eq!(checked.outcome.findings.len(), 1, "what was said before is kept");
    assert!(sandbox.crashed() && sandbox.clone().crashed());
    // Nothing runs any more, in any checker of this sandbox.
    let message = "was not run: the host panicked before, and runs no checker until it is started again";
    for checker in [&checker, &other] {
        let checked = check(checker, false);
        assert_eq!((checked.outcome.status, checked.outcome.summary.as_str()), (crashed, message));
        assert_eq!((checked.usage.fuel, checked.outcome.findings.len()), (0, 0), "nothing ran");
        assert_eq!(checker.describe().unwrap_err().class, FaultClass::WorkerCrash);
        assert_eq!(checker.validate("{}").unwrap_err().class, FaultClass::WorkerCrash);
    }
    // Another sandbox, as another process would have, is not concerned.
    let fresh = Sandbox::new().unwrap();
    let checker = fresh.load(guest("progresses"), Wasi::None).unwrap();
    assert_eq!(check(&checker, false).outcome.status, Status::Pass);
}

#[test]
fn without_the_catch_the_caller_is_gone() {
    let sandbox = Sandbox::new().unwrap();
    let checker = sandbox.load(guest("progresses"), Wasi::None).unwrap();
    let gone = without(Defence::CatchPanic, || catch_unwind(AssertUnwindSafe(|| check(&checker, true))));
    assert!(gone.is_err(), "the panic went through");
}

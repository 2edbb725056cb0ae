//! Calls every import that takes and gives next to nothing, ten thousand times each.

use evident_guests::bindings::evident::checker::types::{Finding, Outcome, Severity};
use evident_guests::bindings::evident::checker::{evidence, sink};

fn check() -> Outcome {
    let artifact = evidence::open("file", 0).expect("one is bound");
    let attachment = sink::attach("picture", "image/png").expect("one is taken");
    let finding = Finding {
        rule: String::new(),
        severity: Severity::Note,
        message: String::new(),
        location: None,
        fingerprint: None,
    };
    for number in 0..10_000 {
        evidence::count("file");
        drop(evidence::open("file", 0));
        artifact.info();
        artifact.origin();
        artifact.read_at(u64::MAX, u32::MAX).expect("nothing is behind the end");
        sink::emit(&finding);
        attachment.write(&[]).expect("nothing is no more");
        sink::progress(number, None);
        sink::log(sink::Level::Debug, "");
    }
    evident_guests::pass("called all of them".into())
}

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![evident_guests::slot("file")],
        ..evident_guests::descriptor("calls-flood")
    },
    check
);

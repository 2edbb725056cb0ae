//! Panics in the middle of its work, after a finding, an attachment and a line of log.

use evident_checker::{Finding, Level};

#[inline(never)]
fn stumble(count: usize) -> usize {
    let empty: &[usize] = std::hint::black_box(&[]);
    assert!(count < empty.len(), "stumbled over {count} stones");
    empty[count]
}

evident_guests::guest!("panic", |_, sink| {
    sink.log(Level::Info, "about to stumble");
    sink.emit(Finding::error("stone", "a stone lies here"));
    sink.attach("picture", "image/png", b"not really").expect("the first is taken");
    let left = stumble(std::hint::black_box(3));
    Err(evident_checker::Error::Broken(format!("{left}")))
});

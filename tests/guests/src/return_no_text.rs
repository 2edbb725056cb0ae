//! Returns bytes that are not UTF-8 where the interface says text.

use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    let bytes = std::hint::black_box(vec![0xff, 0xfe, 0xff]);
    // SAFETY: not safe at all; the host must look itself.
    evident_guests::pass(unsafe { String::from_utf8_unchecked(bytes) })
}

evident_guests::raw_guest!(evident_guests::descriptor("return-no-text"), check);

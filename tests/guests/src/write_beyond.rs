//! Hands over a list that reaches far beyond the end of its memory.

use evident_guests::bindings::evident::checker::sink;
use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    let attachment = sink::attach("beyond", "text/plain").expect("the first is taken");
    let start = std::hint::black_box(vec![b'x'; 64].leak().as_ptr());
    // SAFETY: not safe at all; the host must not believe the length.
    let chunk = unsafe { std::slice::from_raw_parts(start, std::hint::black_box(0x7fff_0000)) };
    let written = attachment.write(chunk);
    evident_guests::pass(format!("{written:?}"))
}

evident_guests::raw_guest!(evident_guests::descriptor("write-beyond"), check);

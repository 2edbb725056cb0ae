//! Returns a text that reaches far beyond the end of its memory.

use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    const LENGTH: usize = 0x7fff_0000;
    let start = vec![b'x'; 64].leak().as_mut_ptr();
    // SAFETY: not safe at all; the host must not believe the length.
    evident_guests::pass(unsafe { String::from_raw_parts(start, LENGTH, LENGTH) })
}

evident_guests::raw_guest!(evident_guests::descriptor("return-beyond"), check);

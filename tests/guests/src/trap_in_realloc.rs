//! Traps while the host asks it for room for an answer.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::BufRead;

use evident_checker::Outcome;

struct Grudging;

/// More than anything else here needs.
const LARGE_BYTES: usize = 100_000;

// SAFETY: it gives what the system gives, or nothing at all.
unsafe impl GlobalAlloc for Grudging {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE_BYTES {
            std::process::abort();
        }
        // SAFETY: the caller keeps the same rules.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same rules.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static GRUDGING: Grudging = Grudging;

evident_guests::guest!("trap-in-realloc", |evidence, _| {
    let mut reader = evidence.one("file")?.reader();
    let read = reader.fill_buf()?.len() as u64;
    Ok(Outcome::decide(true, "fine").examined(read, "bytes"))
});

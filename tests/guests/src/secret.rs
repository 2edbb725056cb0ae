//! Looks through all of its memory for what a predecessor left, then leaves a secret everywhere it can.

use evident_checker::Outcome;

const SECRET: u64 = 0x5ec2_e75e_c2e7_5ec2;
const WORDS: usize = (256 << 10) / 8;

evident_guests::guest!("secret", |_, _| {
    let pages = core::arch::wasm32::memory_grow::<0>(WORDS * 8 / 65536);
    let start = (pages * 65536) as *mut u64;
    let mut seen = 0_u64;
    for word in 0..WORDS {
        // SAFETY: these pages were just given, and nobody else knows of them.
        unsafe {
            let place = start.add(word);
            seen += u64::from(place.read_volatile() != 0);
            place.write_volatile(SECRET);
        }
    }
    Ok(Outcome::decide(seen == 0, format!("saw {seen} words that were not 0")).examined(WORDS as u64, "words"))
});

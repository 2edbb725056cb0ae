//! Takes memory for ever while it is instantiated.

use evident_checker::Outcome;

#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    loop {
        std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

evident_guests::guest!("memory-in-start", |_, _| Ok(Outcome::decide(true, "fine").examined(1, "units")));

//! Never ends while it is instantiated: wit-component calls `_initialize` before any export can be called.

use evident_checker::Outcome;

#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    let mut number: u64 = 0;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

evident_guests::guest!("spin-start", |_, _| Ok(Outcome::decide(true, "fine").examined(1, "units")));

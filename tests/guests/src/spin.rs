//! Never ends.

evident_guests::guest!("spin", |_, _| {
    let mut number: u64 = 0;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
});

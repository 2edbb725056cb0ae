//! Copies its whole memory for ever: one instruction each, and no look at the clock inside of it.

const BYTES: usize = 200 << 20;

evident_guests::guest!("copy-flood", |_, _| {
    let mut bytes = std::hint::black_box(vec![1_u8; BYTES]);
    loop {
        bytes.copy_within(..BYTES - 1, 1);
        std::hint::black_box(&mut bytes);
    }
});

//! Takes memory for ever and writes to each page, so that the host would have to give it.

const PIECE_BYTES: usize = 1 << 20;

evident_guests::guest!("memory-growth", |_, _| {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(std::hint::black_box(vec![1; PIECE_BYTES]));
    }
});

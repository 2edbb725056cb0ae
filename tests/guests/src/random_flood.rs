//! Asks for 1 TiB of randomness, which the host would have to make up.

use evident_checker::Outcome;

evident_guests::guest!("random-flood", |_, _| {
    let bytes = evident_guests::wasi::wasi::random::random::get_random_bytes(1 << 40);
    Ok(Outcome::decide(true, format!("{}", bytes.len())).examined(1, "units"))
});
